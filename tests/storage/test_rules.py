"""A version of a pack or a calendar never changes; a running case finds the one it pinned."""

from datetime import UTC, datetime
from typing import Any

import pytest

import storage.rules
from domain.policy import Pack, pack_sha
from storage.models import CalendarRow, PolicyRow
from storage.policies import load_calendar, load_pack, pack_ids
from storage.rules import RuleMissing, Rules, register
from storage.unit_of_work import Database
from tests.factories.book import Book
from tests.factories.city import rows

NOW = datetime(2026, 3, 2, tzinfo=UTC)


def register_all(database: Database) -> None:
    """Register this release's rules."""
    with database.write() as connection:
        register(connection, pack_ids(), NOW)


def other(pack: Pack, **change: Any) -> Pack:
    """The pack with a change."""
    return pack.model_copy(update=change)


def test_to_register_again_changes_nothing(database: Database) -> None:
    before = rows(database, PolicyRow), rows(database, CalendarRow)
    register_all(database)
    assert (rows(database, PolicyRow), rows(database, CalendarRow)) == before


def test_a_pack_changed_without_a_new_version_is_refused(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    changed = other(load_pack("haikou"), sources=("somebody's word",))
    monkeypatch.setattr(storage.rules, "load_pack", lambda i: changed if i == "haikou" else load_pack(i))
    with pytest.raises(RuleMissing, match=r"haikou@.* was changed without a new version"):
        register_all(database)


def test_a_calendar_changed_without_a_new_version_is_refused(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    calendar = load_calendar()
    year = calendar.years[0]
    changed = calendar.model_copy(update={"years": (year.model_copy(update={"off": frozenset()}), *calendar.years[1:])})
    monkeypatch.setattr(storage.rules, "load_calendar", lambda: changed)
    with pytest.raises(RuleMissing, match="was changed without a new version"):
        register_all(database)


def test_a_pinned_version_is_found_after_the_file_moved_on(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    old = Book(database).opened()
    pack = load_pack("haikou")
    moved = other(pack, version="2031.1")
    monkeypatch.setattr(storage.rules, "load_pack", lambda i: moved if i == "haikou" else load_pack(i))
    storage.rules._version_of.cache_clear()
    try:
        register_all(database)
        new = Book(database).opened()
        assert old.do("triage", triage="routine").outcome == "recorded"
        assert {r.version for r in rows(database, PolicyRow, id="haikou")} == {pack.version, "2031.1"}
        rules = Rules(database)
        assert rules.pack("haikou", pack.version, pack_sha(pack)) == pack
        assert new.commit().outcome == "recorded"
    finally:
        storage.rules._version_of.cache_clear()


@pytest.mark.parametrize(("version", "sha"), [("1999.1", None), (None, "f" * 64)])
def test_a_pinned_pack_that_is_not_there_or_not_the_one_is_an_error(
    database: Database, version: str | None, sha: str | None
) -> None:
    pack = load_pack("haikou")
    with pytest.raises(RuleMissing):
        Rules(database).pack("haikou", version or pack.version, sha or pack_sha(pack))
    with pytest.raises(RuleMissing):
        Rules(database).calendar("cn:1999.1")
