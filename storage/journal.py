"""The journal's SQL: load a process, write what was decided, settle what was owed. Core statements; this is the hot path."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, bindparam, func, insert, select, update

from domain import snapshots
from domain.kernel import Process, Record
from domain.process import Envelope
from storage.models import (
    CommandRow,
    EffectRow,
    EventRow,
    IncidentRow,
    ProcessRow,
    RequestRow,
    table,
)
from storage.upserts import upsert

OWED: Final = ("planned", "incident")
DECIDED: Final = ("decided_at", "outcome", "code", "detail", "seq_from", "seq_to", "settles")

_process = table(ProcessRow)
_event = table(EventRow)
_command = table(CommandRow)
_effect = table(EffectRow)
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
_MOVE: Final = update(_process).where(_process.c.id == bindparam("process"), _process.c.seq == bindparam("old_seq"))


@dataclass(frozen=True)
class Loaded:
    """A process as the journal has it; ``snapshot`` is its JSON text."""

    seq: int
    head: str
    snapshot: str
    parked: str | None


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
