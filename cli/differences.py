"""What journal and engine disagree about, and what may safely be done about each: the table behind ``sanhuan reconcile``.

Cheap for 100,000 cases: running workflows are listed page by page, processes are read page by page without their snapshots, and
only who looks suspicious is asked one by one, by the end of his history. Visibility lags, and a worker commits before the engine
knows: what changed lately is left out, and every suspicion is looked at again before it is called a difference.
"""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Final, TypeVar

from sqlalchemy import Connection
from temporalio.client import Client

from api.engine import PROBLEMS
from api.standing import Standing, standing
from domain.deciders import WORKFLOWS
from storage import operations as sql
from storage.journal import head_at
from storage.operations import Place, Trouble
from storage.unit_of_work import Database

T = TypeVar("T")
MOST: Final = 100_000
AT_ONCE: Final = 16
CALL_S: Final = 10.0
RUNNING: Final = "ExecutionStatus = 'Running'"
SHOWN: Final[Mapping[str, str]] = {"CaseStage": "stage", "LeadUnit": "lead_unit"}
"""What visibility shows of a case, by the column of the journal that says the same."""


class Act(StrEnum):
    """What ``--apply`` does. All of it may be done twice."""

    sync = "sync"  # tell the workflow, or start it, so that it takes everything from the journal
    deliver = "deliver"  # bring the stored decision under its own id
    end = "end"  # let it look once more; terminate it when it does not end by itself
    terminate = "terminate"  # it has no journal and knows nothing
    nothing = "nothing"  # a person must look


ACTS: Final[Mapping[str, Act]] = {
    "parked": Act.nothing,
    "workflow_ahead": Act.nothing,
    "heads_differ": Act.nothing,
    "unknown_workflow": Act.nothing,
    "empty_workflow": Act.terminate,
    "tasks_failing": Act.nothing,
    "not_running": Act.sync,
    "journal_ahead": Act.sync,
    "running_though_over": Act.end,
    "timer_late": Act.sync,
    "effect_owed": Act.sync,
    "undelivered": Act.deliver,
    "unopened": Act.sync,
}
"""Every kind of difference, in the order in which they are shown."""


@dataclass(frozen=True)
class Difference:
    """One difference. ``subject`` says more in codes; ``since`` is when it began, where that is known."""

    kind: str
    process: str
    subject: str = ""
    since: datetime | None = None

    @property
    def act(self) -> Act:
        """What may be done about it."""
        return ACTS[self.kind]


@dataclass
class Compared:
    """What was compared and what differs."""

    processes: int = 0
    running: int = 0
    asked: int = 0
    differences: list[Difference] = field(default_factory=list)


class Comparison:
    """Compares a journal with an engine. Nothing is changed.

    ``older`` is how long a thing may be on its way; ``deep`` asks every running workflow, not only who looks suspicious.
    """

    def __init__(self, database: Database, client: Client, older: timedelta, *, deep: bool = False) -> None:
        self.database, self.client, self.deep = database, client, deep
        self.before = datetime.now(UTC) - older
        self.compared = Compared()

    async def run(self) -> Compared:
        """Compare everything."""
        running = await self._running()
        troubles, suspects, rest = await self._in_thread(lambda c: self._suspects(c, running))
        found = [Difference(t.kind, t.process, t.subject, t.since) for t in troubles if t.kind in ACTS]
        found += await self._failing()
        overdue = {t.process for t in troubles if t.kind in {"effect_owed", "timer_late", "undelivered"}}
        asked = sorted((suspects | overdue) - {t.process for t in troubles if t.kind in {"parked", "unopened"}} | rest)
        gate = asyncio.Semaphore(AT_ONCE)

        async def ask(process: str) -> Difference | None:
            async with gate:
                return await self._ask(process)

        found += [d for d in await asyncio.gather(*(ask(p) for p in asked)) if d is not None]
        order = list(ACTS)
        found.sort(key=lambda d: (order.index(d.kind), d.process, d.subject))
        self.compared.running, self.compared.asked, self.compared.differences = len(running), len(asked), found
        return self.compared

    async def _running(self) -> dict[str, dict[str, str]]:
        """List the workflows that run, with what visibility shows of them."""
        kinds = ", ".join(f"'{w}'" for w in sorted(set(WORKFLOWS.values())))
        out = {}
        async for e in self.client.list_workflows(f"{RUNNING} AND WorkflowType IN ({kinds})", page_size=1000):
            shown = e.search_attributes
            out[e.id] = {name: str(next(iter(shown.get(name, ())), "")) for name in SHOWN}
        return out

    async def _failing(self) -> list[Difference]:
        found = self.client.list_workflows(f"{RUNNING} AND {PROBLEMS} IS NOT NULL", page_size=1000)
        return [Difference("tasks_failing", e.id, "", e.start_time) async for e in found]

    def _suspects(
        self, connection: Connection, running: Mapping[str, Mapping[str, str]]
    ) -> tuple[list[Trouble], set[str], set[str]]:
        """Return what the journal says is overdue, the processes to be asked, and workflows the journal does not know."""
        suspects: set[str] = set()
        unknown = set(running)
        shown = sql.shown(connection, SHOWN.values())
        for place in sql.places(connection):
            self.compared.processes += 1
            unknown.discard(place.id)
            if place.updated_at >= self.before or place.parked is not None:
                continue
            here = running.get(place.id)
            if (here is None) != place.closed or self.deep or _other(here, shown.get(place.id)):
                suspects.add(place.id)
        return sql.troubles(connection, self.before, self.before, MOST), suspects, unknown

    async def _ask(self, process: str) -> Difference | None:
        """Look again at one suspect: where does its history stand, where its journal. The journal is read first and last."""
        before = await self._in_thread(lambda c: sql.place(c, process))
        there = await standing(self.client, process, CALL_S)
        place, settled, registered, head = await self._in_thread(lambda c: self._facts(c, process, there.seq))
        if (before is None) != (place is None) or (before and place and before.seq != place.seq):
            return None  # it moves at this moment
        if place is None:
            return self._unknown(process, there, registered=registered)
        return self._compare(place, there, head, settled=settled)

    @staticmethod
    def _facts(connection: Connection, process: str, seq: int) -> tuple[Place | None, bool, bool, str | None]:
        place = sql.place(connection, process)
        if place is None:
            return None, True, sql.registered(connection, process), None
        return place, sql.settled(connection, process), True, head_at(connection, process, seq) if seq else None

    @staticmethod
    def _unknown(process: str, there: Standing, *, registered: bool) -> Difference | None:
        if not there.running or registered:
            return None
        if there.seq == 0:
            return Difference("empty_workflow", process)
        return Difference("unknown_workflow", process, f"{there.seq} > 0")

    @staticmethod
    def _compare(place: Place, there: Standing, head: str | None, *, settled: bool) -> Difference | None:
        since = place.updated_at
        if not there.running:
            over = place.closed and settled
            return None if over else Difference("not_running", place.id, "", since)
        if there.seq > place.seq:
            return Difference("workflow_ahead", place.id, f"{there.seq} > {place.seq}", since)
        if there.seq and head != there.head:
            return Difference("heads_differ", place.id, str(there.seq), since)
        if place.closed and settled:
            return Difference("running_though_over", place.id, "", since)
        if there.seq < place.seq:
            return Difference("journal_ahead", place.id, f"{there.seq} < {place.seq}", since)
        return None

    async def _in_thread(self, read: Callable[[Connection], T]) -> T:
        def work() -> T:
            with self.database.read() as connection:
                return read(connection)

        return await asyncio.to_thread(work)


def _other(there: Mapping[str, str] | None, here: Iterable[str | None] | None) -> bool:
    """Say whether visibility shows something else of a running case than the journal; ``-`` stands for none."""
    if there is None or here is None:
        return False
    return any(there[name] != (value or "-") for name, value in zip(SHOWN, here, strict=True))
