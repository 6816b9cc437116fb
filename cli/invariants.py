"""What must hold when a run is over, read from the database beside the engine: nothing lost, nothing doubled, nothing owed."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, String, cast, func, select

from domain import snapshots
from domain.deciders import decider_of
from domain.kernel import Written, replay
from storage.cadence import CADENCE
from storage.models import (
    CaseRow,
    ClaimRow,
    CommandRow,
    DeliveryRow,
    EffectRow,
    EventRow,
    IncidentRow,
    NoticeRow,
    ProceedingRow,
    ProcessRow,
    RequestRow,
    TodoRow,
    table,
)
from storage.unit_of_work import Database

CASE = "case"
PLURALS = {
    "consultation": "consultations",
    "adjudication": "adjudications",
    "session": "sessions",
    "supervision": "supervisions",
    "accountability": "accountabilities",
    "batch": "batches",
}
MEASURES = {"struck_off": "measures_struck_off", "closed": "measures_struck_off", "given_up": "measures_given_up"}
BESIDE = (
    "rings_middle",
    "rings_large",
    *PLURALS.values(),
    "measures_struck_off",
    "measures_given_up",
    "measures_open",
)
"""What a run counts beside its cases."""

_beside_row = table(ProceedingRow)
_process, _event, _effect = table(ProcessRow), table(EventRow), table(EffectRow)
_ENDED = select(func.count()).where(_process.c.closed.is_(True), _process.c.kind == CASE)
_request, _case, _notice = table(RequestRow), table(CaseRow), table(NoticeRow)


@dataclass
class Findings:
    """The figures of a run and everything that is wrong with it, one line each."""

    requests: int = 0
    ended: int = 0
    stages: Counter[str] = field(default_factory=Counter)
    codes: Counter[str] = field(default_factory=Counter)
    returns: int = 0
    redo: int = 0
    overdue: int = 0
    merged: int = 0
    incidents: int = 0
    events: int = 0
    beside: Counter[str] = field(default_factory=Counter)
    """Processes beside the cases, by what they are."""
    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)

    @property
    def clean(self) -> bool:
        """Nothing lost, doubled, left or broken, and everything has ended."""
        return not (self.lost or self.doubled or self.left or self.broken) and self.ended == self.requests


def count_ended(database: Database) -> tuple[int, int, int]:
    """Return how many requests there are, how many of their cases are over, and how many events the journal has."""
    with database.read() as connection:
        requests = connection.execute(select(func.count()).select_from(_request)).scalar_one()
        ended = connection.execute(_ENDED).scalar_one()
        events = connection.execute(select(func.count()).select_from(_event)).scalar_one()
    return int(requests), int(ended), int(events)


def owed(database: Database) -> int:
    """Return how many effects are not settled."""
    with database.read() as connection:
        statement = select(func.count()).where(_effect.c.status.in_(("planned", "incident")))
        return int(connection.execute(statement).scalar_one())


def check(database: Database, acknowledged: Iterable[str], departments: Mapping[str, Any]) -> Findings:
    """Check a run: ``acknowledged`` are the numbers callers were given, ``departments`` what their systems count."""
    found = Findings()
    with database.read() as connection:
        _count(connection, found)
        _lost(connection, found, set(acknowledged))
        _doubled(connection, found, departments)
        _left(connection, found)
        _beside(connection, found)
        for row in connection.execute(select(_process.c.id, _process.c.seq, _process.c.head, _process.c.snapshot)):
            _replayed(connection, found, row)
    return found


def _count(connection: Connection, found: Findings) -> None:
    found.requests = int(connection.execute(select(func.count()).select_from(_request)).scalar_one())
    found.ended = int(connection.execute(_ENDED).scalar_one())
    found.events = int(connection.execute(select(func.count()).select_from(_event)).scalar_one())
    for row in connection.execute(select(_case)):
        found.stages[row.stage] += 1
        found.codes[row.code or "—"] += 1
        found.returns += row.returns
        found.redo += row.dissatisfied
        found.overdue += row.overdue
        found.merged += row.main_case is not None
    incident = table(IncidentRow)
    found.incidents = int(connection.execute(select(func.count()).select_from(incident)).scalar_one())


def _lost(connection: Connection, found: Findings, acknowledged: set[str]) -> None:
    """A number that was given must have a case; a decision that was stored must have an outcome in the journal."""
    there = set(connection.execute(select(_process.c.id)).scalars())
    found.lost += [f"request {no} has no case" for no in sorted(acknowledged) if f"case/{no}" not in there]
    command = table(CommandRow)
    waiting = connection.execute(select(command.c.id).where(command.c.outcome == "received")).scalars()
    found.lost += [f"decision {id_} was stored and never decided" for id_ in waiting]


def _doubled(connection: Connection, found: Findings, departments: Mapping[str, Any]) -> None:
    """No unit has got an order twice, or not at all; no effect is planned twice; each notice was given once."""
    if departments.get("orders_doubled"):
        found.doubled.append(f"{departments['orders_doubled']} orders reached a department system under two ids")
    delivery = table(DeliveryRow)
    by_channel = select(delivery.c.channel, func.count()).group_by(delivery.c.channel)
    told = {channel: int(n) for channel, n in connection.execute(by_channel)}
    taken, overtaken = told.get("webhook", 0), told.get("overtaken", 0)
    # What was overtaken may have been told all the same by a worker that died before it could note that.
    if departments and not taken <= departments["distinct"] <= taken + overtaken:
        found.lost.append(f"{taken} messages were delivered, the department systems have {departments['distinct']}")
    # Two roles of one unit may be told of one event: what is said is part of what must not be planned twice.
    said = (_effect.c.process, _effect.c.seq, _effect.c.kind, _effect.c.target, cast(_effect.c.body, String))
    same = select(*said[:4], func.count()).group_by(*said).having(func.count() > 1)
    found.doubled += [
        f"effect {r[2]} to {r[3]} of {r[0]}/{r[1]} is planned {r[4]} times" for r in connection.execute(same)
    ]
    # The city's cadence gives notices that no process owes: a digest each morning.
    given = set(connection.execute(select(_notice.c.effect).where(_notice.c.process != CADENCE)).scalars())
    done = set(
        connection.execute(select(_effect.c.id).where(_effect.c.kind == "notice", _effect.c.status == "done")).scalars()
    )
    found.doubled += [f"notice {effect} was given, its effect is not done" for effect in sorted(given - done)]
    found.lost += [f"effect {effect} is done without its notice" for effect in sorted(done - given)]


def _left(connection: Connection, found: Findings) -> None:
    """Nothing is owed, and a case that is over holds no claim and waits for nobody."""
    rows = connection.execute(
        select(_effect.c.id, _effect.c.status).where(_effect.c.status.in_(("planned", "incident")))
    )
    found.left += [f"effect {r.id} is {r.status}" for r in rows]
    for model, what in ((ClaimRow, "claim"), (TodoRow, "todo")):
        held = table(model)
        rows = connection.execute(
            select(held.c.process, held.c.key)
            .join(_process, _process.c.id == held.c.process)
            .where(_process.c.closed.is_(True))
        )
        found.left += [f"{what} {r.key} of the closed {r.process}" for r in rows]


def _beside(connection: Connection, found: Findings) -> None:
    """Count the processes beside the cases; every open measure has an owner, a day and somebody or something that waits for it."""
    rows = connection.execute(
        select(_beside_row.c.kind, _beside_row.c.level, _beside_row.c.stage, func.count()).group_by(
            _beside_row.c.kind, _beside_row.c.level, _beside_row.c.stage
        )
    )
    for kind, level, stage, n in rows:
        if kind == "measure":
            found.beside[MEASURES.get(stage, "measures_open")] += n
        else:
            found.beside[f"rings_{level}" if kind == "ring" else PLURALS[kind]] += n
    open_ = select(_beside_row.c.id, _beside_row.c.unit, _process.c.next_timer_at).join(
        _process, _process.c.id == _beside_row.c.id
    )
    todo = table(TodoRow)
    for row in connection.execute(open_.where(_beside_row.c.kind == "measure", _process.c.closed.is_(False))):
        waits = connection.execute(select(todo.c.key).where(todo.c.process == row.id).limit(1)).first()
        if row.unit is None or (row.next_timer_at is None and waits is None):
            found.broken.append(f"the open {row.id} has no owner, or nobody and nothing waits for it")


def _replayed(connection: Connection, found: Findings, row: Any) -> None:
    """The events alone, chained and folded, give the state the journal keeps."""
    decider = decider_of(row.id)
    events = [
        Written(seq=e.seq, type=e.type, at=e.at, body=e.body, head=e.head)
        for e in connection.execute(select(_event).where(_event.c.process == row.id).order_by(_event.c.seq))
    ]
    try:
        process = replay(decider, row.id, events)
    except (ValueError, KeyError) as error:
        found.broken.append(f"{row.id}: {error}")
        return
    kept = snapshots.look(decider, row.snapshot)
    if (process.seq, process.head) != (row.seq, row.head):
        found.broken.append(f"{row.id}: the journal stands at {row.seq}, its events at {process.seq}")
    elif kept.state != process.state:
        found.broken.append(f"{row.id}: the events do not give the state that is kept")
