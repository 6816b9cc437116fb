"""A thread that talks to the database is never interrupted from outside: it would keep a lock or a connection for ever."""

import asyncio
from collections.abc import Iterator

import pytest
from temporalio import activity
from temporalio.client import Client

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
