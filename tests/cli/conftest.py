"""A city on SQLite and a client of a real engine, for the commands that look at both."""

from collections.abc import AsyncIterator, Iterator

import pytest
from temporalio.client import Client

from cli import servers
from storage.unit_of_work import Database
from tests.factories.city import found_city
from tests.factories.engine import Engine, engine_on
from worker.plugin import plugin


@pytest.fixture
def database(sqlite_url: str) -> Iterator[Database]:
    found = Database(sqlite_url)
    found_city(found)
    yield found
    found.close()


@pytest.fixture
async def engine(temporal_server: servers.TemporalServer, database: Database) -> AsyncIterator[Engine]:
    client = await Client.connect(temporal_server.address, plugins=[plugin(sandbox=True)])
    async with engine_on(client, database, replay=False) as running:
        yield running
