"""Workers of two releases on the same queues, each in a process of its own: cases bounce between them and finish, nothing twice."""

import asyncio
import os
import sys
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import cast

import pytest
from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.workflowservice.v1 import ResetStickyTaskQueueRequest
from temporalio.client import Client

from activities.tell import signal_process
from cli import servers
from cli.invariants import check
from cli.servers.process import Child
from storage.unit_of_work import Database
from tests.factories.city import found_city
from tests.factories.engine import Engine, LiveCase, Refused, Team, seen, until
from tests.replay.corpus import ROOT
from worker.plugin import plugin

READY_S = 60
LIFE_S = 150
CASES = 4
pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]
TODAY, OLDER = "worker", "tests.upgrades.older"


class Workers:
    """Worker processes on one server and one database."""

    def __init__(self, server: servers.TemporalServer, database: Database, folder: Path) -> None:
        self.server, self.database, self.folder = server, database, folder
        self.running: dict[str, Child] = {}

    def start(self, module: str) -> Child:
        """Start a worker."""
        health = self.folder / f"{module}.ready"
        health.unlink(missing_ok=True)
        settings = {
            "SANHUAN_DATABASE_URL": self.database.url,
            "SANHUAN_TEMPORAL_ADDRESS": self.server.address,
            "SANHUAN_HEALTH_FILE": str(health),
            "SANHUAN_RELAY_EVERY": "2",
            "SANHUAN_RELAY_AFTER": "5",
        }
        command = [sys.executable, "-m", module]
        child = Child(command, log_file=self.folder / f"{module}.log", env=os.environ | settings, cwd=ROOT)
        self.running[module] = child
        child.wait_until(health.exists, READY_S)
        return child

    def said(self, module: str) -> str:
        """What a worker has logged."""
        return (self.folder / f"{module}.log").read_text(encoding="utf-8", errors="replace")


@pytest.fixture
def database(postgres_url: str) -> Iterator[Database]:
    """PostgreSQL: who runs workers of two releases runs several processes."""
    found = Database(postgres_url)
    found_city(found)
    yield found
    found.close()


@pytest.fixture
def workers(temporal_server: servers.TemporalServer, database: Database, tmp_path: Path) -> Iterator[Workers]:
    found = Workers(temporal_server, database, tmp_path)
    yield found
    for child in found.running.values():
        child.stop()


@pytest.fixture
async def engine(temporal_server: servers.TemporalServer, database: Database) -> AsyncIterator[Engine]:
    """A client and a database; the workers are processes of their own."""

    async def now() -> datetime:
        return datetime.now(UTC)

    client = await Client.connect(temporal_server.address, plugins=[plugin()])
    found = Engine(client, database, cast("Team", None), now)
    yield found
    await found.end()


async def anywhere(case: LiveCase) -> None:
    """Let the case's next workflow task go to any worker, not to the one that keeps it in its memory."""
    await case.engine.client.workflow_service.reset_sticky_task_queue(
        ResetStickyTaskQueueRequest(
            namespace=case.engine.client.namespace, execution=WorkflowExecution(workflow_id=case.process)
        )
    )


async def contact(case: LiveCase) -> None:
    """Give the command that only this release knows, until a worker of this release hears it.

    One of the older release turns it away; so does the card that one has left, until a worker of this release has looked anew.
    """
    decision = await case.decision("contact", unit="water", order="a1")

    async def taken() -> bool:
        await anywhere(case)
        await case.handle.signal("sync")
        try:
            await case.send("contact", decision)
        except Refused as refused:
            if refused.code in {"unknown_command", "not_permitted", "not_in_this_state"}:
                raise
            return False
        return True

    await until(taken, seconds=LIFE_S, every=0.2)


async def side_by_side(case: LiveCase) -> None:
    """While both releases run, a case is dispatched and contacted."""
    await case.give("triage", triage="routine")
    await anywhere(case)
    await case.give("dispatch", lead="water", co=("roads",))
    await contact(case)


async def begin_anew(case: LiveCase) -> None:
    """The case loses its run and is begun anew from the journal, in which stands what only this release can read."""
    await case.keep()
    await case.handle.terminate("begun anew from the journal")
    await signal_process(case.engine.client, case.process, "sync")


async def side_by_side_again(case: LiveCase) -> None:
    """When this release is back."""
    await case.give("waive_result", order="a2")
    await anywhere(case)
    await case.give("report_progress", unit="water", order="a1")


async def to_its_closing(case: LiveCase) -> None:
    """When the older workers have ended."""
    await case.give("submit_result", unit="water", order="a1", code="solved", documents=("doc-1",))
    await case.give("review_result", order="a1", accept=True)
    await case.satisfied()


async def workers_of(case: LiveCase) -> set[int]:
    """The processes that completed a workflow task of the case."""
    completed = [e for h in await case.histories() for e in seen(h, "WORKFLOW_TASK_COMPLETED")]
    return {int(e.workflow_task_completed_event_attributes.identity.partition("@")[0]) for e in completed}


async def test_cases_bounce_between_two_releases_and_finish_with_nothing_lost_or_doubled(
    workers: Workers, engine: Engine
) -> None:
    older, before = workers.start(OLDER), workers.start(TODAY)
    cases = [await engine.case() for _ in range(CASES)]
    await asyncio.wait_for(asyncio.gather(*(side_by_side(case) for case in cases)), LIFE_S)
    before.stop()
    await asyncio.gather(*(begin_anew(case) for case in cases))
    await until(lambda: workers.said(OLDER).count("newer_release") >= CASES, seconds=READY_S)
    after = workers.start(TODAY)
    await asyncio.wait_for(asyncio.gather(*(side_by_side_again(case) for case in cases)), LIFE_S)
    older.stop()
    await asyncio.wait_for(asyncio.gather(*(to_its_closing(case) for case in cases)), LIFE_S)
    for case in cases:
        await until(lambda case=case: not case.effects(status="planned"))  # type: ignore[misc]
    pids = [pid for case in cases for pid in await workers_of(case)]
    assert set(pids) == {older.pid, before.pid, after.pid}
    for case in cases:
        types = Counter(case.types())
        assert (types["caller_contacted"], types["order_sent"], types["closed"]) == (1, 2, 1)
        assert case.row().parked is None
    found = check(engine.database, [case.no for case in cases], {})
    assert (found.lost, found.doubled, found.left, found.broken, found.incidents) == ([], [], [], [], 0)


async def test_a_worker_of_an_older_release_alone_leaves_what_it_cannot_read_until_a_newer_one_comes(
    workers: Workers, engine: Engine
) -> None:
    today = workers.start(TODAY)
    case = await (await engine.case()).dispatched()
    await contact(case)
    before = case.row()
    await case.handle.terminate("begun again by the older release")
    today.stop()
    workers.start(OLDER)
    waiting = asyncio.create_task(case.give("begin_work", unit="water", order="a1"))
    await until(lambda: workers.said(OLDER).count("newer_release") >= 2, seconds=READY_S)
    assert not waiting.done()
    assert (case.row().seq, case.row().snapshot) == (before.seq, before.snapshot)
    workers.start(TODAY)
    receipt = await asyncio.wait_for(waiting, LIFE_S)
    assert receipt.events == ("work_begun",)
    assert case.types().count("caller_contacted") == 1
