"""What an operator must know, read from the journal: what is owed, late, stored and not decided, parked or an incident.

Every statement goes by an index and is bounded, so that a page, a scrape or a reconciliation costs the same with 100,000 cases.
Nothing here writes. Instants are UTC.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, func, select, union

from storage.models import (
    AuditRow,
    CaseRow,
    CommandRow,
    EffectRow,
    IncidentRow,
    ProcessRow,
    RequestRow,
    SettingRow,
    table,
)
from storage.relay import LEASE

PAGE: Final = 1000
_process, _effect, _command = table(ProcessRow), table(EffectRow), table(CommandRow)
_request, _incident, _audit = table(RequestRow), table(IncidentRow), table(AuditRow)


@dataclass(frozen=True)
class Trouble:
    """One thing an operator must know. ``kind`` has a text; ``subject`` is what it is about: an effect, a command, a code."""

    kind: str
    process: str
    subject: str
    since: datetime


@dataclass(frozen=True)
class Figures:
    """How much waits, and since when (seconds). ``owed`` is by kind of effect; all counts are of this instant."""

    owed: dict[str, int] = field(default_factory=dict)
    owed_s: float = 0.0
    timers_late: int = 0
    timers_late_s: float = 0.0
    outbox: int = 0
    outbox_s: float = 0.0
    unopened: int = 0
    incidents: dict[str, int] = field(default_factory=dict)
    parked: int = 0
    behind: int = 0


@dataclass(frozen=True)
class Lease:
    """Which worker's relay is at work, and until when it has said so."""

    owner: str
    until: datetime


def figures(connection: Connection, now: datetime, before: datetime) -> Figures:
    """Count what waits. A timer is late from its instant on, an effect is owed from its commit on.

    ``behind`` counts processes with either of them overdue since ``before``: the journal is ahead, and nobody has acted on it.
    """
    e, p, c, i = _effect.c, _process.c, _command.c, _incident.c
    owed = connection.execute(
        select(e.kind, func.count(), func.min(e.planned_at)).where(e.status == "planned").group_by(e.kind)
    ).all()
    late = connection.execute(
        select(func.count(), func.min(p.next_timer_at)).where(p.next_timer_at < now, p.closed.is_(False))
    ).one()
    outbox = connection.execute(
        select(func.count(), func.min(c.received_at)).where(c.outcome == "received", c.received_at < now)
    ).one()
    unopened = select(func.count()).where(_request.c.started_at.is_(None), _request.c.received_at < now)
    owing = select(e.process).where(e.status == "planned", e.planned_at < before)
    ringing = select(p.id).where(p.next_timer_at < before, p.closed.is_(False), p.parked.is_(None))
    behind = select(func.count()).select_from(union(owing, ringing).subquery())
    incidents = {
        str(kind): int(n)
        for kind, n in connection.execute(select(i.kind, func.count()).where(i.status == "open").group_by(i.kind))
    }
    parked = incidents.pop("parked", 0)
    return Figures(
        owed={str(kind): int(n) for kind, n, _ in owed},
        owed_s=max((_seconds(now, since) for _, _, since in owed), default=0.0),
        timers_late=int(late[0]),
        timers_late_s=_seconds(now, late[1]),
        outbox=int(outbox[0]),
        outbox_s=_seconds(now, outbox[1]),
        unopened=int(connection.execute(unopened).scalar_one()),
        incidents=incidents,
        parked=parked,
        behind=int(connection.execute(behind).scalar_one()),
    )


def _seconds(now: datetime, since: datetime | None) -> float:
    return 0.0 if since is None else max(0.0, (now - since).total_seconds())


def troubles(connection: Connection, before: datetime, young: datetime, limit: int) -> list[Trouble]:
    """Return what should have been done ``before`` an instant, at most ``limit`` of each kind, the oldest first.

    ``young`` is the instant before which a stored decision or request should have reached the engine.
    """
    return [
        *effects_owed(connection, before, limit),
        *timers_late(connection, before, limit),
        *undelivered(connection, young, limit),
        *unopened(connection, young, limit),
        *parked(connection, limit),
        *incidents(connection, limit),
    ]


def effects_owed(connection: Connection, before: datetime, limit: int) -> list[Trouble]:
    """Return effects planned before an instant and not settled."""
    e = _effect.c
    rows = connection.execute(
        select(e.id, e.process, e.planned_at)
        .where(e.status == "planned", e.planned_at < before)
        .order_by(e.planned_at)
        .limit(limit)
    )
    return [Trouble("effect_owed", r.process, r.id, r.planned_at) for r in rows]


def timers_late(connection: Connection, before: datetime, limit: int) -> list[Trouble]:
    """Return processes whose next timer should have rung before an instant. Parked ones do not ring."""
    p = _process.c
    rows = connection.execute(
        select(p.id, p.next_timer_at)
        .where(p.next_timer_at < before, p.closed.is_(False), p.parked.is_(None))
        .order_by(p.next_timer_at)
        .limit(limit)
    )
    return [Trouble("timer_late", r.id, "", r.next_timer_at) for r in rows]


def undelivered(connection: Connection, before: datetime, limit: int) -> list[Trouble]:
    """Return decisions that our door stored before an instant and the journal has not decided."""
    c = _command.c
    rows = connection.execute(
        select(c.id, c.process, c.received_at)
        .where(c.outcome == "received", c.received_at < before)
        .order_by(c.received_at)
        .limit(limit)
    )
    return [Trouble("undelivered", r.process, r.id, r.received_at) for r in rows]


def unopened(connection: Connection, before: datetime, limit: int) -> list[Trouble]:
    """Return requests received before an instant whose case has not begun."""
    r = _request.c
    rows = connection.execute(
        select(r.no, r.received_at)
        .where(r.started_at.is_(None), r.received_at < before)
        .order_by(r.received_at)
        .limit(limit)
    )
    return [Trouble("unopened", f"case/{row.no}", "", row.received_at) for row in rows]


def parked(connection: Connection, limit: int) -> list[Trouble]:
    """Return processes that disagree with their journal."""
    return [Trouble("parked", r.process, r.code, r.opened_at) for r in _incidents(connection, limit, parked=True)]


def incidents(connection: Connection, limit: int) -> list[Trouble]:
    """Return effects that could not be performed and wait for a person."""
    return [Trouble("incident", r.process, r.code, r.opened_at) for r in _incidents(connection, limit, parked=False)]


def _incidents(connection: Connection, limit: int, *, parked: bool) -> Sequence[Any]:
    i = _incident.c
    kind = i.kind == "parked" if parked else i.kind != "parked"
    return connection.execute(
        select(i.process, i.code, i.opened_at).where(i.status == "open", kind).order_by(i.opened_at, i.id).limit(limit)
    ).all()


@dataclass(frozen=True)
class Place:
    """Where the journal stands with one process."""

    id: str
    seq: int
    head: str
    closed: bool
    parked: str | None
    updated_at: datetime


def places(connection: Connection) -> Iterator[Place]:
    """Yield where the journal stands with every process, page by page in order of their ids; snapshots are not read."""
    after = ""
    while page := _page(connection, after):
        yield from page
        after = page[-1].id


def place(connection: Connection, process: str) -> Place | None:
    """Return where the journal stands with one process, or None when it does not know it."""
    row = connection.execute(_columns().where(_process.c.id == process)).one_or_none()
    return None if row is None else Place(*row)


def shown(connection: Connection, columns: Iterable[str]) -> dict[str, tuple[str | None, ...]]:
    """Return columns of the cases that are not closed, by process: what a list shows of them."""
    case = table(CaseRow)
    wanted = [case.c[name] for name in columns]
    rows = connection.execute(select(case.c.no, *wanted).where(case.c.closed_at.is_(None)))
    return {f"case/{no}": tuple(values) for no, *values in rows}


def settled(connection: Connection, process: str) -> bool:
    """Say whether a process owes nothing."""
    owing = select(func.count()).where(_effect.c.process == process, _effect.c.status.in_(("planned", "incident")))
    return connection.execute(owing).scalar_one() == 0


def registered(connection: Connection, process: str) -> bool:
    """Say whether the process is a case whose request is registered."""
    kind, _, no = process.partition("/")
    found = connection.execute(select(_request.c.no).where(_request.c.no == no)).one_or_none()
    return kind == "case" and found is not None


def lease(connection: Connection) -> Lease | None:
    """Return the lease of the relay at work; None when none has ever been."""
    s = table(SettingRow)
    value = connection.execute(select(s.c.value).where(s.c.key == LEASE)).scalar_one_or_none()
    until, _, owner = (value or "").partition("|")
    return Lease(owner, datetime.fromisoformat(until)) if owner else None


def restarts(connection: Connection, process: str, mark: str) -> frozenset[str]:
    """Return which steps of the restart with this mark are on record: ``restart`` (asked for), ``restarted`` (begun)."""
    rows = connection.execute(
        select(_audit.c.action, _audit.c.fields).where(
            _audit.c.subject == process, _audit.c.action.in_(("restart", "restarted"))
        )
    )
    return frozenset(str(r.action) for r in rows if mark in r.fields)


def _columns() -> Any:
    p = _process.c
    return select(p.id, p.seq, p.head, p.closed, p.parked, p.updated_at)


def _page(connection: Connection, after: str) -> list[Place]:
    query = _columns().where(_process.c.id > after).order_by(_process.c.id).limit(PAGE)
    return [Place(*row) for row in connection.execute(query)]
