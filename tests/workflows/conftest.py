"""A running engine for each test: real server, real database, sandboxed workers; every history is replayed at the end."""

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
    """The embedded database; laws of the journal itself are shown on both in tests/storage."""
    found = Database(sqlite_url)
    found_city(found)
    yield found
    found.close()


@pytest.fixture
def either_database(database_url: str) -> Iterator[Database]:
    """SQLite, then PostgreSQL."""
    found = Database(database_url)
    found_city(found)
    yield found
    found.close()


@pytest.fixture
async def client(temporal_server: servers.TemporalServer) -> Client:
    """A client with the project's plugin; workers on it are sandboxed."""
    return await Client.connect(temporal_server.address, plugins=[plugin(sandbox=True)])


@pytest.fixture
async def engine(client: Client, database: Database) -> AsyncIterator[Engine]:
    """An engine on SQLite."""
    async with engine_on(client, database) as running:
        yield running


@pytest.fixture
async def either_engine(client: Client, either_database: Database) -> AsyncIterator[Engine]:
    """An engine on SQLite, then on PostgreSQL."""
    async with engine_on(client, either_database) as running:
        yield running
