"""A thread that talks to the database is never interrupted from outside: it would keep a lock or a connection for ever."""

import asyncio
from collections.abc import Iterator

import pytest
from temporalio import activity
from temporalio.client import Client
from temporalio.worker._activity import _ActivityWorker

from activities.departments.sender import Departments
from activities.journal import Journal
from activities.notices import Notices
from cli import servers
from storage.unit_of_work import Database
from tests.factories.city import found_city
from tests.factories.engine import engine_on
from worker.plugin import plugin


@pytest.fixture
def database(sqlite_url: str) -> Iterator[Database]:
    found = Database(sqlite_url)
    found_city(found)
    yield found
    found.close()


@pytest.mark.parametrize("perform", [Journal.commit, Notices.give_notice, Departments.send_order_message])
def test_no_activity_in_a_thread_is_interrupted(perform: object) -> None:
    definition = activity._Definition.must_from_callable(perform)  # type: ignore[arg-type]
    assert definition.no_thread_cancel_exception


async def test_after_an_outage_longer_than_the_patience_of_a_commit_all_decisions_are_made(
    temporal_server: servers.TemporalServer, database: Database
) -> None:
    client = await Client.connect(temporal_server.address, plugins=[plugin(sandbox=True)])
    other = Database(database.url)
    async with engine_on(client, database, threads=4) as engine:
        cases = [await (await engine.case()).opened() for _ in range(12)]
        with other.write():
            given = [asyncio.create_task(case.give("triage", triage="routine")) for case in cases]
            await asyncio.sleep(9)
        receipts = await asyncio.wait_for(asyncio.gather(*given), 60)
        assert {r.stage for r in receipts} == {"triaged"}
        await asyncio.gather(*(case.settled() for case in cases))
    other.close()


async def test_a_worker_that_fails_in_an_outage_ends_and_the_next_one_makes_all_decisions(
    temporal_server: servers.TemporalServer, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the SDK's panic ``receive half not dropped`` comes of: its clocks for local activities outlive a worker that has failed.

    The panic ends one task of the SDK, which had nobody left to tell; the worker has ended before, with an error, and whoever
    looks after the process starts another.
    """
    client = await Client.connect(temporal_server.address, plugins=[plugin(sandbox=True)])
    other = Database(database.url)

    def fails(*_: object) -> None:
        raise UserWarning("Cannot find activity to cancel")

    async with engine_on(client, database, threads=4) as engine:
        cases = [await (await engine.case()).opened() for _ in range(12)]
        with other.write():
            with monkeypatch.context() as broken:
                broken.setattr(_ActivityWorker, "_handle_cancel_activity_task", fails)
                given = [asyncio.create_task(case.give("triage", triage="routine")) for case in cases]
                failed, _ = await asyncio.wait(
                    [task for _, task in engine.team.running], timeout=60, return_when=asyncio.FIRST_COMPLETED
                )
            assert [str(task.exception()) for task in failed] == ["Activity worker failed"]
            # The others end as the process does, and another process begins.
            running, engine.team.running = engine.team.running, []
            await asyncio.gather(*(worker.shutdown() for worker, task in running if task not in failed))
            await asyncio.gather(*(task for _, task in running if task not in failed))
            await engine.team.start()
            await asyncio.sleep(3)
        receipts = await asyncio.wait_for(asyncio.gather(*given), 60)
        assert {r.stage for r in receipts} == {"triaged"}
        await asyncio.gather(*(case.settled() for case in cases))
    other.close()
