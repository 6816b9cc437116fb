"""A database with a city in it, once on SQLite and once on PostgreSQL."""

from collections.abc import Iterator

import pytest

from storage.unit_of_work import Database
from tests.factories.city import found_city


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    found = Database(database_url)
    found_city(found)
    yield found
    found.close()
