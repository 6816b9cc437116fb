"""Steps of the schema go up, down and up again beneath open cases, on both databases; the first step never takes a city away."""

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import MetaData, create_engine, insert, select

from storage.models import Base, PaperRow, table
from storage.unit_of_work import Database
from tests.factories.book import Book
from tests.replay.corpus import ROOT

LATER = Path(__file__).parent / "steps" / "a_later_step.py"
PLACE = "down_revision: str | None = None"


def configured(url: str, *more: Path) -> Config:
    """Alembic on a database, with the project's steps and more."""
    found = Config()
    found.set_main_option("script_location", str(ROOT / "migrations"))
    found.set_main_option("sqlalchemy.url", url.replace("%", "%%"))
    found.set_main_option("path_separator", "os")
    found.set_main_option("version_locations", os.pathsep.join(map(str, (ROOT / "migrations" / "versions", *more))))
    return found


PAPER = {
    "effect": "ring/c1/middle/1/3/0-x",
    "kind": "ruling_order",
    "year": 2026,
    "n": 1,
    "process": "adjudication/x",
    "seq": 3,
    "issued_at": datetime(2026, 3, 2, tzinfo=UTC),
    "template": "1",
    "zh": "x",
    "en": "x",
    "sha256": "0" * 64,
}


@pytest.fixture
def config(database: Database, tmp_path: Path) -> Config:
    """Alembic on a city, with one step more than this release has."""
    head = ScriptDirectory.from_config(configured(database.url)).get_current_head()
    text = LATER.read_text(encoding="utf-8")
    assert text.count(PLACE) == 1
    steps = tmp_path / "steps"
    steps.mkdir()
    (steps / LATER.name).write_text(text.replace(PLACE, f"down_revision = {head!r}"), encoding="utf-8")
    return configured(database.url, steps)


def steps(config: Config) -> Iterator[tuple[str, str]]:
    """Every step but the first, the newest first: what it leads to and what it comes from."""
    for step in ScriptDirectory.from_config(config).walk_revisions():
        if step.down_revision is not None:
            yield step.revision, str(step.down_revision)


@pytest.fixture
def cases(database: Database) -> list[Book]:
    """Open cases at several stages."""
    return [Book(database).opened(), Book(database).dispatched(co=("roads",)), Book(database).in_callback()]


def content(url: str) -> dict[str, list[Any]]:
    """All rows of all tables."""
    engine = create_engine(url)
    found = MetaData()
    found.reflect(engine)
    with engine.connect() as connection:
        rows = {
            name: sorted((dict(r) for r in connection.execute(select(t)).mappings()), key=repr)
            for name, t in found.tables.items()
        }
    engine.dispose()
    return rows


def go_on(cases: list[Book]) -> None:
    """The cases take their next decisions."""
    fresh, at_work, called_back = (case.go(minutes=1) for case in cases)
    fresh.do("triage", triage="routine")
    at_work.do("sign", unit="water", order="a1")
    called_back.do("waive_callback", request=called_back.no)


def test_every_step_goes_down_and_up_beneath_open_cases_and_loses_nothing_of_what_there_was(
    database: Database, config: Config, cases: list[Book]
) -> None:
    database.close()  # PostgreSQL alters no table that somebody reads
    before = content(database.url)
    command.upgrade(config, "heads")
    at_head = content(database.url)
    walked = list(steps(config))
    assert walked[0][0] == "later"
    for revision, lower in walked:
        command.downgrade(config, lower)
        if revision == "later":
            assert content(database.url) | {"alembic_version": []} == before | {"alembic_version": []}
        command.upgrade(config, "heads")
    assert content(database.url) == at_head
    command.downgrade(config, walked[0][1])
    go_on(cases)
    assert differences(database) == []


def differences(database: Database) -> list[Any]:
    """How the schema differs from that of the models."""
    engine = create_engine(database.url)
    with engine.connect() as connection:
        found = compare_metadata(MigrationContext.configure(connection, opts={"compare_type": True}), Base.metadata)
    engine.dispose()
    return list(found)


def test_workers_of_this_release_work_on_a_schema_that_a_later_one_has_added_to(
    database: Database, config: Config, cases: list[Book]
) -> None:
    database.close()
    command.upgrade(config, "heads")
    assert differences(database) != []
    go_on(cases)
    Book(database).dispatched()


def test_the_first_step_is_not_taken_back_while_there_are_requests_or_cases(
    database: Database, config: Config, cases: list[Book]
) -> None:
    database.close()
    command.downgrade(config, "0001")
    before = content(database.url)
    with pytest.raises(RuntimeError, match="3 processes and 3 requests"):
        command.downgrade(config, "base")
    assert content(database.url) == before
    command.upgrade(config, "heads")
    go_on(cases)


def test_the_lists_of_other_processes_are_not_taken_back_while_there_are_any(
    database: Database, config: Config
) -> None:
    with database.write() as connection:
        connection.execute(insert(table(PaperRow)).values(**PAPER))
    database.close()
    with pytest.raises(RuntimeError, match="1 documents"):
        command.downgrade(config, "0001")
