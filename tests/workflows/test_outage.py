"""The database away while a decision is under way: it waits, the history hardly grows, then it is done once."""

import asyncio
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text
from temporalio.client import Client

from cli import servers
from storage.unit_of_work import Database, StorageUnavailable
from tests.conftest import make_schema
from tests.factories.city import found_city
from tests.factories.engine import PATIENCE_S, engine_on, seen, until


@pytest.fixture
def own_postgres(postgres_server: object, public_tmp: Path) -> Iterator[servers.PostgresServer]:
    """A PostgreSQL of this test alone, to be stopped."""
    del postgres_server
    with servers.PostgresServer.start(public_tmp / f"own-{uuid.uuid4().hex}") as server:
        yield server


@pytest.mark.parametrize("how", ["stop", "stop_hard"])
async def test_a_decision_given_while_the_database_is_away_waits_and_is_done_once(
    client: Client, own_postgres: servers.PostgresServer, how: str
) -> None:
    url = own_postgres.createdb("city")
    make_schema(url)
    database = Database(url)
    found_city(database)
    async with engine_on(client, database) as engine:
        case = await (await engine.case()).opened()
        await case.settled()
        decision = await case.decision("triage", triage="routine")
        getattr(own_postgres, how)()
        waiting = asyncio.create_task(case.send("triage", decision))

        async def fallen_back() -> int:
            description = await case.handle.describe()
            pending = description.raw_description.pending_activities
            return sum(a.activity_type.name == "journal.commit" and a.attempt >= 3 for a in pending)

        await until(fallen_back)
        length = len((await case.handle.fetch_history()).events)
        assert not waiting.done()
        own_postgres.restart()
        receipt = await asyncio.wait_for(waiting, PATIENCE_S)
        await until(database.ping)
        assert receipt.stage == "triaged"
        assert case.types().count("triaged") == 1
        history = await case.handle.fetch_history()
        assert len(seen(history, "ACTIVITY_TASK_FAILED")) == 0
        commits = [
            e
            for e in seen(history, "ACTIVITY_TASK_SCHEDULED")
            if e.activity_task_scheduled_event_attributes.activity_type.name == "journal.commit"
        ]
        assert len(commits) == 1
        assert len(history.events) - length < 25
        assert (await case.give("dispatch", lead="water")).stage == "dispatched"
        await case.settled()
    database.close()


def test_an_exhausted_pool_is_an_outage_that_passes(database_url: str) -> None:
    database = Database(database_url, pool_size=1)
    with database.read(), pytest.raises(StorageUnavailable), database.read():
        pass
    with database.read() as connection:
        assert connection.execute(text("SELECT 1")).scalar_one() == 1
    database.close()


def test_a_lock_that_is_held_too_long_is_an_outage_that_passes(database_url: str) -> None:
    database = Database(database_url)
    change = text("UPDATE setting SET value = 'x' WHERE key = 'k'")
    with database.write() as connection:
        connection.execute(text("INSERT INTO setting (key, value) VALUES ('k', 'v')"))
    with database.write() as holder:
        holder.execute(change)
        with pytest.raises(StorageUnavailable), database.write() as other:
            other.execute(change)
    with database.write() as connection:
        connection.execute(change)
    database.close()


def test_an_error_of_the_database_tells_no_values(database_url: str) -> None:
    database = Database(database_url)
    insert = text("INSERT INTO setting (key, value) VALUES (:k, :v)")
    values = {"k": "once", "v": "13900000421"}
    with database.write() as connection:
        connection.execute(insert, values)
    with pytest.raises(Exception, match=r"(?i)unique") as error, database.write() as connection:
        connection.execute(insert, values)
    assert "13900000421" not in str(error.value)
    database.close()
