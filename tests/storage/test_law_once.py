"""Law 1: a command takes effect once."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from storage.models import CommandRow, EffectRow, EventRow
from storage.unit_of_work import Database
from tests.factories.book import Book
from tests.factories.city import added, counts, rows


def test_the_same_id_again_writes_nothing_and_returns_the_stored_outcome(database: Database) -> None:
    book = Book(database).opened()
    book.do("triage", triage="routine")
    envelope = book.envelope("dispatch", lead="water", co=("roads",))
    first = book.commit(envelope)
    before = counts(database)
    again = book.commit(envelope)
    assert added(before, counts(database)) == {}
    assert (again.outcome, again.seq, again.head, again.events) == ("recorded", first.seq, first.head, first.events)
    assert again.effects == ()


def test_the_same_id_after_more_decisions_returns_its_own_events_and_where_the_process_stands(
    database: Database,
) -> None:
    book = Book(database).opened()
    envelope = book.envelope("triage", triage="routine")
    first = book.commit(envelope)
    last = book.do("dispatch", lead="water")
    again = book.commit(envelope)
    assert again.outcome == "recorded"
    assert again.events == first.events
    assert (again.seq, again.head) == (last.seq, last.head)


@pytest.mark.usefixtures("by_activity")
def test_a_caller_that_never_heard_the_answer_gets_the_effects_it_missed_with_the_repeated_id(
    database: Database,
) -> None:
    book = Book(database).opened()
    book.do("triage", triage="routine")
    seq, head = book.seq, book.head
    envelope = book.envelope("dispatch", lead="water")
    told = book.commit(envelope)
    again = book.commit(envelope, seq=seq, head=head)
    assert told.effects
    assert again.effects == told.effects
    assert again.timers == told.timers


def test_a_refused_id_stays_refused_when_it_would_be_allowed_later(database: Database) -> None:
    book = Book(database).opened()
    envelope = book.envelope("dispatch", lead="water")
    assert book.commit(envelope).code == "not_in_this_stage"
    book.do("triage", triage="routine")
    again = book.commit(envelope)
    assert (again.outcome, again.code) == ("refused", "not_in_this_stage")
    assert rows(database, CommandRow, id=envelope.id)[0].outcome == "refused"


def test_the_same_id_from_two_connections_at_once_takes_effect_once(database: Database) -> None:
    book = Book(database).opened()
    book.do("triage", triage="routine")
    request = book.request(book.envelope("dispatch", lead="water"))
    with ThreadPoolExecutor(4) as threads:
        results = list(threads.map(book.journal.commit, [request] * 4))
    assert {(r.outcome, r.seq, r.events) for r in results} == {("recorded", results[0].seq, results[0].events)}
    assert len(rows(database, EffectRow, kind="order_message")) == 1
    assert [e.type for e in rows(database, EventRow)].count("order_sent") == 1


def test_one_case_opened_from_two_connections_at_once_opens_once(database: Database) -> None:
    book = Book(database)
    request = book.request(everything=True)
    with ThreadPoolExecutor(4) as threads:
        results = list(threads.map(book.journal.commit, [request] * 4))
    assert {r.outcome for r in results} == {"recorded"}
    assert [e.type for e in rows(database, EventRow)].count("opened") == 1


def test_an_id_that_needs_a_claim_somebody_holds_is_refused_once_and_for_all(database: Database) -> None:
    holder = Book(database).opened()
    holder.do("triage", triage="routine", matter="leak")
    holder.do("dispatch", lead="water")
    other = Book(database).opened()
    other.do("triage", triage="routine", matter="leak")
    envelope = other.envelope("dispatch", lead="water")
    before = counts(database)
    first, again = other.commit(envelope), other.commit(envelope)
    assert (first.code, again.code) == ("order_exists", "order_exists")
    assert first.detail["holder"] == holder.process
    assert added(before, counts(database)) == {"command": 1}


def test_what_is_answered_is_on_the_disk(database: Database) -> None:
    """A process that is killed loses nothing that was handed to the system; a machine without power loses what was not synced."""
    if database.sqlite:
        with database.read() as connection:
            modes = [
                connection.exec_driver_sql(f"PRAGMA {name}").scalar_one() for name in ("journal_mode", "synchronous")
            ]
        assert modes == ["wal", 2], "2 is FULL"
    else:
        with database.read() as connection:
            assert connection.exec_driver_sql("SHOW synchronous_commit").scalar_one() == "on"
