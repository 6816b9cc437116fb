"""The journal's SQL: load a process, look up facts, write what was decided. Core statements; this is the hot path."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, Final

from sqlalchemy import Connection, Table, TextClause, bindparam, delete, func, insert, select, text, update

from domain import snapshots
from domain.kernel import Process, Record
from domain.process import CaseFact, Envelope, ItemFact, Need, Todo, UnitFact
from storage.models import (
    AgendaRow,
    CaseRow,
    ClaimRow,
    CommandRow,
    EffectRow,
    EventRow,
    IncidentRow,
    ItemRow,
    OnAccountRow,
    OrderRow,
    PartyRow,
    ProceedingRow,
    ProcessRow,
    RequestRow,
    RulingRow,
    TodoRow,
    UnitRow,
    table,
)

LIST_TABLES: Final[Mapping[str, Any]] = {
    model.__tablename__: table(model)
    for model in (CaseRow, OrderRow, OnAccountRow, ProceedingRow, PartyRow, AgendaRow, RulingRow)
}
OWED: Final = ("planned", "incident")
DECIDED: Final = ("decided_at", "outcome", "code", "detail", "seq_from", "seq_to", "settles")
NOT_OPEN: Final = frozenset({"answered", "diverted", "guided", "merged", "declined", "closed", "archived"})

_process = table(ProcessRow)
_event = table(EventRow)
_command = table(CommandRow)
_effect = table(EffectRow)
_claim = table(ClaimRow)
_todo = table(TodoRow)
_incident = table(IncidentRow)


# Built once, with parameters: building a statement costs as much as running it.
_LOAD: Final = (
    select(_process.c.seq, _process.c.head, _process.c.snapshot, _process.c.parked)
    .where(_process.c.id == bindparam("process"))
    .with_for_update()
)
_STORED: Final = select(
    _command.c.outcome, _command.c.code, _command.c.detail, _command.c.seq_from, _command.c.seq_to
).where(_command.c.id == bindparam("command"))
_INSERT_EVENTS: Final = insert(_event)
_INSERT_EFFECTS: Final = insert(_effect)
_INSERT_TODOS: Final = insert(_todo)
_DELETE_TODOS: Final = delete(_todo).where(
    _todo.c.process == bindparam("process"), _todo.c.key.in_(bindparam("gone", expanding=True))
)
_MOVE: Final = update(_process).where(_process.c.id == bindparam("process"), _process.c.seq == bindparam("old_seq"))
_unit = table(UnitRow)
_UNITS: Final = select(
    _unit.c.code, _unit.c.level, _unit.c.district, _unit.c.parent, _unit.c.active, _unit.c.endpoint
).where(_unit.c.code.in_(bindparam("codes", expanding=True)))


class ClaimTaken(Exception):
    """Another process holds a unique key this decision needs. ``holder`` is that process."""

    def __init__(self, key: str, holder: str | None) -> None:
        super().__init__(key)
        self.key = key
        self.holder = holder


@dataclass(frozen=True)
class Loaded:
    """A process as the journal has it; ``snapshot`` is its JSON text."""

    seq: int
    head: str
    snapshot: str
    parked: str | None


@cache
def _upsert_statement(
    target: Table, names: tuple[str, ...], keys: tuple[str, ...], changed: tuple[str, ...]
) -> TextClause:
    """Write an upsert once, as text with typed parameters; SQLite and PostgreSQL read the same.

    SQLAlchemy caches no INSERT … ON CONFLICT: compiling them anew each time was a quarter of a commit's CPU.
    """
    columns, values, unique = (", ".join(f'"{n}"' for n in names), ", ".join(f":{n}" for n in names), '", "'.join(keys))
    over = ", ".join(f'"{n}" = excluded."{n}"' for n in changed)
    then = f"UPDATE SET {over}" if changed else "NOTHING"
    sql = f'INSERT INTO "{target.name}" ({columns}) VALUES ({values}) ON CONFLICT ("{unique}") DO {then}'  # noqa: S608 - our names
    return text(sql).bindparams(*(bindparam(name, type_=target.c[name].type) for name in names))


def upsert(
    connection: Connection,
    target: Table,
    values: Mapping[str, Any],
    keys: Sequence[str],
    changed: Sequence[str] | None = None,
) -> None:
    """Insert a row or overwrite the one with the same keys (only its columns ``changed``, where these are named)."""
    names = tuple(values)
    over = tuple(n for n in names if n not in keys) if changed is None else tuple(changed)
    connection.execute(_upsert_statement(target, names, tuple(keys), over), values)


def insert_once(connection: Connection, target: Table, values: Mapping[str, Any], keys: Sequence[str]) -> bool:
    """Insert a row unless its key exists; say whether it was inserted."""
    statement = _upsert_statement(target, tuple(values), tuple(keys), ())
    # Without the option psycopg's count of an INSERT is thrown away (-1).
    return connection.execute(statement, values, execution_options={"preserve_rowcount": True}).rowcount == 1


def load(connection: Connection, process: str) -> Loaded | None:
    """Load and lock a process; None when the journal does not know it: then its id is locked, so that one caller opens it."""
    row = connection.execute(_LOAD, {"process": process}).one_or_none()
    if row is None and connection.dialect.name == "postgresql":
        # There is no row to lock yet. SQLite has locked the whole database already.
        connection.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(process, 0))))
        row = connection.execute(_LOAD, {"process": process}).one_or_none()
    return None if row is None else Loaded(*row)


def head_at(connection: Connection, process: str, seq: int) -> str | None:
    """Return the head the process had at ``seq``."""
    found = connection.execute(select(_event.c.head).where(_event.c.process == process, _event.c.seq == seq))
    return found.scalar_one_or_none()


def stored_command(connection: Connection, command: str) -> Any | None:
    """Return outcome, code, detail, seq_from and seq_to of a command, or None."""
    return connection.execute(_STORED, {"command": command}).one_or_none()


def event_types(connection: Connection, process: str, seq_from: int, seq_to: int) -> tuple[str, ...]:
    """Return the types of a range of events, in order."""
    found = connection.execute(
        select(_event.c.type)
        .where(_event.c.process == process, _event.c.seq.between(seq_from, seq_to))
        .order_by(_event.c.seq)
    )
    return tuple(found.scalars())


def owed_effects(connection: Connection, process: str, after: int) -> Sequence[Any]:
    """Return the planned effects of the process whose seq lies after ``after``, in order."""
    return connection.execute(
        select(_effect)
        .where(_effect.c.process == process, _effect.c.status == "planned", _effect.c.seq > after)
        .order_by(_effect.c.seq, _effect.c.id)
    ).all()


def is_planned(connection: Connection, effect: str) -> bool:
    """Say whether an effect is planned: neither done, nor settled, nor already an incident."""
    status = connection.execute(select(_effect.c.status).where(_effect.c.id == effect)).scalar_one_or_none()
    return status == "planned"


def count_owed(connection: Connection, process: str) -> int:
    """Count the effects of the process that are not settled."""
    return int(
        connection.execute(
            select(func.count()).where(_effect.c.process == process, _effect.c.status.in_(OWED))
        ).scalar_one()
    )


def facts(
    connection: Connection, needs: Iterable[Need]
) -> tuple[dict[str, UnitFact], dict[str, ItemFact], dict[str, CaseFact]]:
    """Look up units, catalogue items and other cases. What does not exist is missing from the result."""
    wanted: dict[str, set[str]] = {}
    for need in needs:
        wanted.setdefault(need.kind, set()).add(need.key)
    units: dict[str, UnitFact] = {}
    items: dict[str, ItemFact] = {}
    cases: dict[str, CaseFact] = {}
    if codes := wanted.get("unit"):
        units = _units(connection, codes)
    branch = wanted.get("branch", set())
    while branch:
        found = _units(connection, branch)
        units |= found
        branch = {u.parent for u in found.values() if u.parent is not None} - units.keys()
    if codes := wanted.get("item"):
        i = table(ItemRow)
        rows = connection.execute(select(i.c.code, i.c.version, i.c.owner, i.c.co).where(i.c.code.in_(codes)))
        items = {r.code: ItemFact(code=r.code, version=r.version, owner=r.owner, co=tuple(r.co)) for r in rows}
    if codes := wanted.get("case"):
        c = table(CaseRow)
        rows = connection.execute(select(c.c.no, c.c.stage, c.c.main_case).where(c.c.no.in_(codes)))
        cases = {
            r.no: CaseFact(no=r.no, open=r.stage not in NOT_OPEN, stage=r.stage, main_case=r.main_case) for r in rows
        }
    return units, items, cases


def _units(connection: Connection, codes: set[str]) -> dict[str, UnitFact]:
    return {
        r.code: UnitFact(
            code=r.code,
            level=r.level,
            district=r.district,
            parent=r.parent,
            active=r.active,
            system=r.endpoint is not None,
        )
        for r in connection.execute(_UNITS, {"codes": list(codes)})
    }


def request_of(connection: Connection, no: str) -> Any | None:
    """Return the coded fields of a request (no caller data), or None."""
    r = table(RequestRow)
    columns = (
        r.c.no,
        r.c.received_at,
        r.c.case_type,
        r.c.channel,
        r.c.caller_type,
        r.c.grade,
        r.c.confidential,
        r.c.district,
        r.c.street,
        r.c.pack,
        r.c.started_at,
    )
    return connection.execute(select(*columns).where(r.c.no == no)).one_or_none()


def mark_started(connection: Connection, no: str, now: datetime) -> None:
    """Note that the request's case has begun."""
    r = table(RequestRow)
    connection.execute(update(r).where(r.c.no == no, r.c.started_at.is_(None)).values(started_at=now))


def write_records(
    connection: Connection, process: str, records: Sequence[Record], now: datetime, done: Mapping[str, str]
) -> None:
    """Write commands, events and effects of what was decided, and settle the effects these commands settle.

    ``done`` holds the outcome of the effects that this very transaction performs; all others are owed.
    """
    events: list[dict[str, Any]] = []
    effects: list[dict[str, Any]] = []
    for record in records:
        seqs = [e.seq for e in record.events]
        write_command(
            connection,
            record.command,
            outcome="recorded",
            now=now,
            seq_from=seqs[0] if seqs else None,
            seq_to=seqs[-1] if seqs else None,
        )
        events += [
            {
                "process": process,
                "seq": e.seq,
                "type": e.type,
                "body": e.body,
                "at": e.at,
                "recorded_at": now,
                "command": record.command.id,
                "head": e.head,
            }
            for e in record.events
        ]
        effects += [
            {
                "id": e.id,
                "process": process,
                "seq": int(e.id.split("/")[-2]),
                "kind": e.kind,
                "target": e.target,
                "body": e.body,
                "urgent": e.urgent,
                "status": "done" if e.id in done else "planned",
                "attempt": e.attempt,
                "planned_at": now,
                "done_at": now if e.id in done else None,
                "outcome": done.get(e.id),
            }
            for e in record.effects
        ]
        _settle(connection, record, now)
    if events:
        connection.execute(_INSERT_EVENTS, events)
    if effects:
        connection.execute(_INSERT_EFFECTS, effects)


def write_command(
    connection: Connection,
    envelope: Envelope,
    *,
    outcome: str,
    now: datetime,
    code: str | None = None,
    detail: Mapping[str, Any] | None = None,
    seq_from: int | None = None,
    seq_to: int | None = None,
) -> None:
    """Write the command's row, or complete the one our door had stored (its words stay)."""
    values = {
        "id": envelope.id,
        "process": envelope.process,
        "name": envelope.name,
        "user": envelope.actor.user,
        "role": envelope.actor.role,
        "unit": envelope.actor.unit,
        "district": envelope.actor.district,
        "body": envelope.body,
        "texts": {},
        "received_at": envelope.received_at,
        "decided_at": now,
        "outcome": outcome,
        "code": code,
        "detail": dict(detail or {}),
        "seq_from": seq_from,
        "seq_to": seq_to,
        "settles": envelope.settles,
    }
    upsert(connection, _command, values, ("id",), DECIDED)


def settle_effect(connection: Connection, effect: str, status: str, now: datetime, outcome: str | None = None) -> bool:
    """Mark an effect that is owed as settled; say whether it was owed."""
    done_at = None if status in OWED else now
    result = connection.execute(
        update(_effect)
        .where(_effect.c.id == effect, _effect.c.status.in_(OWED))
        .values(status=status, done_at=done_at, outcome=outcome)
    )
    return result.rowcount == 1


def _settle(connection: Connection, record: Record, now: datetime) -> None:
    """Settle effects: the one this command performs (it has its id), the one it answers, those an operator settled."""
    command = record.command
    if command.effect:
        settle_effect(connection, command.id, "done", now, "recorded")
    if command.settles:
        settle_effect(connection, command.settles, "done", now, "refused")
    for event in record.events:
        body = event.body
        match event.type:
            case "effect_failed":
                upsert(
                    connection,
                    _incident,
                    {
                        "id": body["effect"],
                        "process": command.process,
                        "effect": body["effect"],
                        "kind": body["kind"],
                        "target": body["target"],
                        "code": body["code"],
                        "attempt": body["attempt"],
                        "status": "open",
                        "opened_at": now,
                        "settled_at": None,
                        "settled_by": None,
                    },
                    ("id",),
                )
            case "effect_retried" | "effect_redirected" | "effect_waived":
                connection.execute(
                    update(_incident)
                    .where(_incident.c.id == body["effect"], _incident.c.status == "open")
                    .values(status=event.type.removeprefix("effect_"), settled_at=now, settled_by=body["by"])
                )
            case _:
                pass
        if event.type == "effect_retried":
            connection.execute(update(_effect).where(_effect.c.id == body["effect"]).values(attempt=body["attempt"]))
    for effect, status in record.settled.items():
        settle_effect(connection, effect, status, now, status)


def write_process(
    connection: Connection,
    process: Process,
    *,
    closed: bool,
    opened: bool,
    now: datetime,
    old_seq: int,
    wakes_at: datetime | None,
) -> None:
    """Write the snapshot; the seq guards against anybody who did not hold the lock.

    ``wakes_at``: when the process should wake by itself; later than that, a timer is late.
    """
    values = {
        "seq": process.seq,
        "head": process.head,
        "snapshot": snapshots.write(process),
        "closed": closed,
        "next_timer_at": wakes_at,
        "updated_at": now,
    }
    if opened:
        connection.execute(
            insert(_process).values(id=process.id, kind=process.kind, parked=None, opened_at=now, **values)
        )
        return
    result = connection.execute(_MOVE, {**values, "process": process.id, "old_seq": old_seq})
    if result.rowcount != 1:
        message = f"{process.id}: the process moved under its lock"
        raise RuntimeError(message)


def park(connection: Connection, process: str, reason: str, now: datetime) -> None:
    """Park a process whose workflow and journal disagree, and open an incident for it."""
    connection.execute(update(_process).where(_process.c.id == process).values(parked=reason))
    values = {
        "id": f"{process}/parked",
        "process": process,
        "effect": None,
        "kind": "parked",
        "target": process,
        "code": reason,
        "attempt": 1,
        "status": "open",
        "opened_at": now,
        "settled_at": None,
        "settled_by": None,
    }
    upsert(connection, _incident, values, ("id",))


def unpark(connection: Connection, process: str, by: str, now: datetime) -> None:
    """Let a parked process go on from the journal."""
    connection.execute(update(_process).where(_process.c.id == process).values(parked=None))
    connection.execute(
        update(_incident)
        .where(_incident.c.id == f"{process}/parked", _incident.c.status == "open")
        .values(status="restarted", settled_at=now, settled_by=by)
    )


def write_claims(connection: Connection, process: str, before: frozenset[str], after: frozenset[str]) -> None:
    """Free the keys no longer held, then take the new ones. Raises :class:`ClaimTaken`."""
    if gone := before - after:
        connection.execute(delete(_claim).where(_claim.c.key.in_(gone), _claim.c.process == process))
    for key in sorted(after - before):
        if insert_once(connection, _claim, {"key": key, "process": process}, ("key",)):
            continue
        holder = connection.execute(select(_claim.c.process).where(_claim.c.key == key)).scalar_one_or_none()
        if holder != process:
            raise ClaimTaken(key, holder)


def write_todos(connection: Connection, process: str, before: Sequence[Todo], after: Sequence[Todo]) -> None:
    """Write what changed in the todos."""
    old = {t.key: t for t in before}
    new = {t.key: t for t in after}
    gone = [key for key, todo in old.items() if new.get(key) != todo]
    if gone:
        connection.execute(_DELETE_TODOS, {"process": process, "gone": gone})
    rows = [
        {
            "process": process,
            "key": todo.key,
            "role": todo.role,
            "unit": todo.unit,
            "district": todo.district,
            "commands": list(todo.commands),
            "since": todo.since,
            "due": todo.due,
            "rule": todo.rule,
            "subject": todo.subject,
            "hint": todo.hint,
            "sort_at": todo.due or todo.since,
        }
        for key, todo in new.items()
        if old.get(key) != todo
    ]
    if rows:
        connection.execute(_INSERT_TODOS, rows)


def write_columns(
    connection: Connection,
    before: Mapping[str, Sequence[Mapping[str, Any]]],
    after: Mapping[str, Sequence[Mapping[str, Any]]],
) -> None:
    """Write the list rows that changed."""
    for name, rows in after.items():
        table = LIST_TABLES[name]
        keys = [column.name for column in table.primary_key.columns]
        known = {tuple(r[k] for k in keys): r for r in before.get(name, ())}
        for row in rows:
            if known.get(tuple(row[k] for k in keys)) != row:
                upsert(connection, table, row, keys)
