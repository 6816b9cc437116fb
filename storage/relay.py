"""What the relay looks for: requests without a case, decisions the engine has not seen, consequences that are overdue."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, or_, select, update

from domain.process import Actor, Envelope
from domain.telling import BETWEEN
from storage.models import CommandRow, EffectRow, ProcessRow, RequestRow, SettingRow, table
from storage.upserts import insert_once

LEASE = "relay.lease"
_setting = table(SettingRow)


def take_lease(connection: Connection, owner: str, now: datetime, until: datetime) -> bool:
    """Take or renew the lease of the one relay at work; say whether it is ours. The value is ``{until}|{owner}``."""
    mine = f"{until.isoformat()}|{owner}"
    insert_once(connection, _setting, {"key": LEASE, "value": ""}, ("key",))
    result = connection.execute(
        update(_setting)
        .where(
            _setting.c.key == LEASE,
            or_(_setting.c.value.endswith(f"|{owner}", autoescape=True), _setting.c.value < now.isoformat()),
        )
        .values(value=mine)
    )
    return result.rowcount == 1


def requests_without_case(connection: Connection, before: datetime, limit: int) -> Sequence[str]:
    """Return the numbers of requests received before an instant whose case has not begun, oldest first."""
    r = table(RequestRow)
    statement = select(r.c.no).where(r.c.started_at.is_(None), r.c.received_at < before)
    return connection.execute(statement.order_by(r.c.received_at).limit(limit)).scalars().all()


def undelivered_commands(connection: Connection, before: datetime, limit: int) -> Sequence[Envelope]:
    """Return decisions that were stored before an instant and have no outcome, oldest first. Parked processes get none."""
    c, p = table(CommandRow), table(ProcessRow)
    parked = select(p.c.id).where(p.c.id == c.c.process, p.c.parked.is_not(None)).exists()
    statement = select(c).where(c.c.outcome == "received", c.c.received_at < before, ~parked)
    return [
        Envelope(
            id=row.id,
            process=row.process,
            name=row.name,
            body=row.body,
            actor=Actor(user=row.user, role=row.role, unit=row.unit, district=row.district),
            received_at=row.received_at,
        )
        for row in connection.execute(statement.order_by(c.c.received_at).limit(limit))
    ]


def processes_behind(connection: Connection, before: datetime, limit: int, after: str = "") -> Sequence[str]:
    """Return processes with effects planned, or timers passed, before an instant: somebody should have acted.

    At most ``limit`` of them, by id, those ``after`` an id: who asks goes round, so that many that cannot be helped (their
    department is down) do not hide one that can.
    """
    e, p = table(EffectRow), table(ProcessRow)
    # Few are behind and many are not: an order by the bare key makes SQLite walk all processes to find those few.
    key = p.c.id.concat("")
    owing = (
        select(key)
        .join(e, e.c.process == p.c.id)
        .where(e.c.status == "planned", e.c.planned_at < before, p.c.parked.is_(None), key > after)
        .distinct()
    )
    late = select(key).where(p.c.next_timer_at < before, p.c.parked.is_(None), p.c.closed.is_(False), key > after)
    found: set[str] = set()
    for statement in (owing, late):
        found.update(connection.execute(statement.order_by(key).limit(limit)).scalars())
    return sorted(found)[:limit]


def processes_hanging(connection: Connection, before: datetime, limit: int) -> Sequence[str]:
    """Return processes in which something of our own has stood still since before an instant, those that wait longest first.

    They are those whose decisions have no outcome, whose timers have passed, who owe another process a message or are owed one.
    What is owed to departments does not count: those may be down for a day. Nor does a parked process, or what waits for one: those
    are an operator's.
    """
    c, e, p = table(CommandRow), table(EffectRow), table(ProcessRow)

    def parked(process: ColumnElement[str]) -> ColumnElement[bool]:
        return select(p.c.id).where(p.c.id == process, p.c.parked.is_not(None)).exists()

    undecided = select(c.c.received_at, c.c.process).where(
        c.c.outcome == "received", c.c.received_at < before, ~parked(c.c.process)
    )
    untold = select(e.c.planned_at, e.c.process, e.c.target).where(
        e.c.status == "planned",
        e.c.planned_at < before,
        e.c.kind.in_(BETWEEN),
        ~parked(e.c.process),
        ~parked(e.c.target),
    )
    late = select(p.c.next_timer_at, p.c.id).where(
        p.c.next_timer_at < before, p.c.parked.is_(None), p.c.closed.is_(False)
    )
    since: dict[str, datetime] = {}
    for statement in (undecided, untold, late):
        at = statement.selected_columns[0]
        for found, *processes in connection.execute(statement.order_by(at).limit(limit)):
            for process in processes:
                since[process] = min(found, since.get(process, found))
    return sorted(since, key=lambda process: (since[process], process))[:limit]
