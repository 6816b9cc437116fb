"""The API on SQLite, as the tests of the API have it."""

from collections.abc import AsyncIterator

import pytest

from storage.unit_of_work import Database
from tests.api.kit import Api, found_accounts, found_places


@pytest.fixture
async def light_api(sqlite_url: str) -> AsyncIterator[Api]:
    found = Database(sqlite_url)
    found_places(found)
    found_accounts(found)
    async with Api.on(found) as started:
        yield started
    found.close()
