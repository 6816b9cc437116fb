"""Databases, clients and the relay for the tests of the worker."""

from collections.abc import Iterator

import pytest
from temporalio.client import Client

from cli import servers
from storage.unit_of_work import Database
from tests.factories.city import found_city
from worker.plugin import plugin


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """A city, once on SQLite and once on PostgreSQL."""
    found = Database(database_url)
    found_city(found)
    yield found
    found.close()


@pytest.fixture
async def client(temporal_server: servers.TemporalServer) -> Client:
    """A client with the project's plugin."""
    return await Client.connect(temporal_server.address, plugins=[plugin(sandbox=True)])
