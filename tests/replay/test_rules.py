"""Rules, limits, effects, texts and permissions change while cases run: whoever decided now would decide otherwise, and yet
every recorded history replays, because replay never decides (law 4)."""

from collections.abc import Iterator
from typing import Any

import pytest

import activities.journal
import activities.labels
from activities.journal import Journal
from domain import case as rules
from domain import keeping
from domain.casework import outward
from domain.permissions import Permissions
from domain.process import Card, Refusal
from storage.models import EffectRow
from storage.policies import load_pack, load_permissions
from storage.rules import Rules
from storage.unit_of_work import Database
from tests.factories.book import Book
from tests.factories.city import found_city, rows
from tests.factories.engine import replays
from tests.replay import corpus


def refuse(*_: Any) -> Any:
    """A rule that refuses all."""
    raise Refusal("another_rule")


def nobody(_: Rules) -> Permissions:
    """Permissions that grant nothing to anybody but the system."""
    now = load_permissions()
    rows = {name: {r: s for r, s in row.grants.items() if r == "system"} for name, row in now.commands.items()}
    commands = {name: row.model_copy(update={"grants": rows[name]}) for name, row in now.commands.items()}
    return now.model_copy(update={"commands": commands})


CHANGES: dict[str, tuple[Any, str, Any]] = {
    "rules": (rules, "RULES", rules.RULES | {"triage": refuse, "dispatch": refuse}),
    "limits": (Rules, "_pack", lambda *_: load_pack("demo-minutes")),
    "timers": (keeping, "_next", lambda *_: None),
    "effects": (outward, "TABLE", {}),
    "texts": (activities.labels, "text", lambda key, _: f"other words for {key}"),
    "permissions": (Rules, "permissions", nobody),
    "cards": (activities.journal, "card", lambda *_: Card(stage="elsewhere")),
    "what is done within the commit": (Journal, "AT_ONCE", frozenset()),
}
"""What another release may have, by what it changes: the place, and what stands there then."""


@pytest.fixture
def database(sqlite_url: str) -> Iterator[Database]:
    """A city to decide in."""
    found = Database(sqlite_url)
    found_city(found)
    yield found
    found.close()


def said(database: Database) -> list[Any]:
    """What the journal says to a case that is triaged and dispatched: all that a workflow would make commands of."""
    book = Book(database)
    results = [book.commit(), book.give("triage", triage="routine"), book.give("dispatch", lead="water")]
    owed = [(e.kind, e.status) for e in rows(database, EffectRow, process=book.process)]
    return [owed, *((r.outcome, r.code, r.timers, len(r.effects), r.card) for r in results)]


def test_what_the_journal_says_is_the_same_twice(database: Database) -> None:
    assert said(database) == said(database)


@pytest.mark.parametrize("what", sorted(CHANGES))
def test_something_else_would_be_decided_now(what: str, database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    before = said(database)
    monkeypatch.setattr(*CHANGES[what])
    assert said(database) != before, f"the change of {what} changes nothing, so that it proves nothing"


async def test_all_histories_replay_when_all_of_that_has_changed(monkeypatch: pytest.MonkeyPatch) -> None:
    for change in CHANGES.values():
        monkeypatch.setattr(*change)
    await replays([corpus.history(version, run) for version, _, run in corpus.runs()])
