"""Migrations go up, down and up again, and lead to exactly the tables of the models."""

from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import create_engine, inspect

from storage.models import Base

MIGRATIONS = Path(__file__).parents[2] / "migrations"


@pytest.fixture
def config(database_url: str) -> Config:
    """Alembic on a database that is at the newest step."""
    found = Config()
    found.set_main_option("script_location", str(MIGRATIONS))
    found.set_main_option("sqlalchemy.url", database_url.replace("%", "%%"))
    return found


def tables(url: str) -> set[str]:
    """The tables there are, without Alembic's own."""
    engine = create_engine(url)
    found = set(inspect(engine).get_table_names())
    engine.dispose()
    return found - {"alembic_version"}


def test_models_and_migrations_agree(database_url: str, config: Config) -> None:
    command.upgrade(config, "head")
    engine = create_engine(database_url)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        difference = compare_metadata(context, Base.metadata)
    engine.dispose()
    assert difference == []


def test_down_takes_everything_away_and_up_brings_it_back(database_url: str, config: Config) -> None:
    there = tables(database_url)
    assert there == set(Base.metadata.tables)
    command.downgrade(config, "base")
    assert tables(database_url) == set()
    command.upgrade(config, "head")
    assert tables(database_url) == there


def test_up_where_nothing_is_to_be_done_is_no_error(config: Config) -> None:
    command.upgrade(config, "head")
    command.upgrade(config, "head")
