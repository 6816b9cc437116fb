"""`sanhuan migrate` brings a database to a release: also the packs and the calendar to which new cases are pinned."""

from typing import Any

import pytest
from typer.testing import CliRunner

import storage.rules
from cli.load import load, migrate
from cli.main import app
from storage.models import CalendarRow, PolicyRow
from storage.policies import load_calendar, load_pack, pack_ids
from storage.unit_of_work import Database
from tests.factories.book import Book
from tests.factories.city import rows


@pytest.fixture
def upgraded(monkeypatch: pytest.MonkeyPatch) -> str:
    """A release with a new calendar and a new version of a pack; the calendar's version."""
    pack, calendar = load_pack("haikou"), load_calendar()
    next_pack = pack.model_copy(update={"version": "2031.1"})
    next_calendar = calendar.model_copy(update={"version": "2031-notice"})
    monkeypatch.setattr(storage.rules, "load_pack", lambda i: next_pack if i == "haikou" else load_pack(i))
    monkeypatch.setattr(storage.rules, "load_calendar", lambda: next_calendar)
    storage.rules._version_of.cache_clear()
    return next_calendar.version


@pytest.fixture(autouse=True)
def forgotten() -> Any:
    yield
    storage.rules._version_of.cache_clear()


def test_after_it_cases_begin_under_the_new_pack_and_calendar_and_the_old_ones_keep_theirs(
    sqlite_url: str, request: pytest.FixtureRequest
) -> None:
    load(sqlite_url, pack="haikou", departments=None)
    database = Database(sqlite_url)
    before = Book(database).opened()
    known = {(r.id, r.version) for r in rows(database, PolicyRow)}
    calendar = request.getfixturevalue("upgraded")
    migrate(sqlite_url)
    assert {(r.id, r.version) for r in rows(database, PolicyRow)} == known | {("haikou", "2031.1")}
    assert calendar in {r.version for r in rows(database, CalendarRow)}
    assert Book(database).opened().do("triage", triage="routine").outcome == "recorded"
    assert before.do("triage", triage="routine").outcome == "recorded"
    database.close()


def test_a_fresh_database_has_all_packs_and_nothing_of_a_sample(sqlite_url: str) -> None:
    migrate(sqlite_url)
    database = Database(sqlite_url)
    assert {r.id for r in rows(database, PolicyRow)} == set(pack_ids())
    assert Book(database).opened().do("triage", triage="routine").outcome == "recorded"
    database.close()


def test_a_pack_that_was_changed_without_a_new_version_is_refused_in_words(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    migrate(sqlite_url)
    changed = load_pack("haikou").model_copy(update={"sources": ("somebody's word",)})
    monkeypatch.setattr(storage.rules, "load_pack", lambda i: changed if i == "haikou" else load_pack(i))
    told = CliRunner().invoke(app, ["migrate", sqlite_url])
    assert told.exit_code == 1
    assert "haikou@" in told.output
    assert "was changed without a new version" in told.output
    assert "Traceback" not in told.output
