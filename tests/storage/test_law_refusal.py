"""Law 5: a refusal is a value and writes its command row and nothing else."""

from datetime import timedelta

import pytest

from storage.models import CommandRow, EventRow
from storage.policies import load_permissions
from storage.unit_of_work import Database
from tests.factories.book import Book
from tests.factories.city import added, counts, rows

REFUSED = {
    "not_in_this_stage": ("record_callback", {"request": "x", "reached": False}),
    "unknown_unit": ("dispatch", {"lead": "no-such-unit"}),
    "not_permitted": ("dispatch", {"lead": "water", "role": "unit_liaison", "unit": "water"}),
    "unknown_command": ("fail_effect", {}),
}


@pytest.mark.parametrize("code", [*REFUSED, "invalid_command"])
def test_a_refused_decision_writes_one_command_row_in_any_table(database: Database, code: str) -> None:
    book = Book(database).opened()
    book.do("triage", triage="routine")
    if code == "invalid_command":
        envelope = book.envelope("dispatch", lead="water").model_copy(update={"body": {"lead": ["x"], "more": 1}})
    elif code == "unknown_command":
        envelope = book.envelope("dispatch", lead="water").model_copy(update={"name": "burn_down"})
    else:
        name, more = REFUSED[code]
        envelope = book.envelope(name, **more)  # type: ignore[arg-type]
    before, seq, head = counts(database), book.seq, book.head
    result = book.commit(envelope)
    assert (result.outcome, result.code) == ("refused", code)
    assert (result.seq, result.head, result.effects, result.events) == (seq, head, (), ())
    assert added(before, counts(database)) == {"command": 1}
    (row,) = rows(database, CommandRow, id=envelope.id)
    assert (row.outcome, row.code, row.seq_from) == ("refused", code, None)


def test_a_refused_decision_still_makes_up_the_timers_that_had_passed(database: Database) -> None:
    book = Book(database).opened().go(hours=3)
    result = book.give("dispatch", lead="water")
    assert result.code == "not_in_this_stage"
    assert [r.outcome for r in rows(database, CommandRow, name="ring")] == ["recorded"]


def test_an_unreadable_or_unknown_message_never_stops_the_next_decision(database: Database) -> None:
    book = Book(database).opened()
    for name, body in (("attach_follower", {}), ("confirm_merge", {"into": "x"}), ("nonsense", {"a": [1]})):
        envelope = book.envelope("triage", triage="routine").model_copy(update={"name": name, "body": body})
        assert book.commit(envelope).outcome == "refused"
    assert book.give("triage", triage="routine").outcome == "recorded"


def test_a_timer_that_has_nothing_to_do_any_more_rings_for_nothing(database: Database) -> None:
    book = Book(database).dispatched()
    stale = book.request()
    book.do("sign", unit="water", order="a1")
    before = counts(database)
    result = book.journal.commit(stale.model_copy(update={"now": book.now + timedelta(minutes=1)}))
    assert result.outcome == "recorded"
    assert added(before, counts(database)) == {}


def test_a_process_nobody_registered_is_refused_without_a_trace(database: Database) -> None:
    book = Book(database, no="20260302-999999")
    before = counts(database)
    result = book.give("triage", triage="routine")
    assert (result.outcome, result.code, result.closed) == ("refused", "unknown_process", True)
    assert added(before, counts(database)) == {}


def test_a_case_that_cannot_be_opened_says_why_and_is_opened_by_the_next_decision_once_it_can(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    book = Book(database)
    granted = load_permissions()
    none = granted.model_copy(update={"commands": {k: v for k, v in granted.commands.items() if k != "open"}})
    with monkeypatch.context() as patch:
        patch.setattr("storage.rules.Rules.permissions", lambda _self: none)
        result = book.give("triage", triage="routine")
    assert (result.outcome, result.code, result.seq) == ("refused", "not_permitted", 0)
    assert rows(database, EventRow) == []
    again = book.give("triage", triage="routine")
    assert again.outcome == "recorded"
    assert "triaged" in again.events
