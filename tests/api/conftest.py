"""The API on a real database, with a small city, an account for each role, and an engine that decides in the journal."""

from collections.abc import AsyncIterator, Iterator

import pytest

from storage.unit_of_work import Database
from tests.api.kit import Api, found_accounts, found_places


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    found = Database(database_url)
    found_places(found)
    found_accounts(found)
    yield found
    found.close()


@pytest.fixture
async def api(database: Database) -> AsyncIterator[Api]:
    async with Api.on(database) as found:
        yield found


@pytest.fixture
async def light_api(sqlite_url: str) -> AsyncIterator[Api]:
    """The API on SQLite only, for doors that never reach the database's own ways."""
    found = Database(sqlite_url)
    found_places(found)
    found_accounts(found)
    async with Api.on(found) as started:
        yield started
    found.close()
