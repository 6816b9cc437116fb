"""Law 6: a wait is never a lie; lateness is judged by the instant our door received the decision."""

import json
from datetime import datetime, timedelta

import pytest
from sqlalchemy import insert

from activities.signatures import CommitResult
from domain.casework.state import Case
from domain.process import Envelope
from storage import effects
from storage import relay as sql
from storage.models import CommandRow, EventRow, ProcessRow, table
from storage.unit_of_work import Database
from tests.factories.book import Book
from tests.factories.city import rows


def case(book: Book) -> Case:
    """The case as its snapshot has it."""
    with book.database.read() as connection:
        return Case.model_validate(json.loads(effects.snapshot(connection, book.process))["state"])


def overdue(database: Database) -> tuple[Book, datetime]:
    """A dispatched case whose handling limit has passed, and the journal knows it; with the instant it passed at."""
    book = Book(database).dispatched()
    due = case(book).clocks["a1/handle"].clock.due
    assert due is not None
    book.now = due + timedelta(minutes=3)
    book.commit()
    assert case(book).clocks["a1/handle"].overdue_at == due
    return book, due


def submit(book: Book, received: datetime) -> CommitResult:
    """Hand in the result, received at an instant of our door."""
    documents = ("doc-1",)
    return book.give("submit_result", unit="water", order="a1", code="solved", documents=documents, received=received)


def test_a_result_received_before_the_deadline_and_committed_after_it_annuls_the_overdue(database: Database) -> None:
    book, due = overdue(database)
    result = submit(book, due - timedelta(minutes=1))
    assert result.outcome == "recorded"
    assert "overdue_annulled" in result.events
    assert case(book).clocks["a1/handle"].annulled


@pytest.mark.parametrize("late", [timedelta(), timedelta(seconds=1)])
def test_a_result_received_at_the_deadline_or_after_it_is_late(database: Database, late: timedelta) -> None:
    book, due = overdue(database)
    result = submit(book, due + late)
    assert result.outcome == "recorded"
    assert "overdue_annulled" not in result.events
    assert not case(book).clocks["a1/handle"].annulled


def test_a_result_received_in_time_and_committed_after_an_outage_never_becomes_overdue(database: Database) -> None:
    book = Book(database).dispatched()
    due = case(book).clocks["a1/handle"].clock.due
    assert due is not None
    book.now = due + timedelta(hours=5)
    submit(book, due - timedelta(minutes=1))
    book.commit()
    types = [(e.type, e.body.get("key")) for e in rows(database, EventRow)]
    assert ("overdue_reached", "a1/handle") not in types


def test_a_limit_in_days_is_judged_by_its_instant_though_its_process_wakes_somewhat_later(database: Database) -> None:
    spread = timedelta(minutes=3)
    book = Book(database, timer_spread=spread)
    told = book.dispatched().commit()
    timer = min((t for t in told.timers if t.key.startswith("a1/handle")), key=lambda t: t.at)
    nominal = min(t.at for t in Book(database).dispatched().commit().timers if t.key == timer.key)
    own = timer.at - nominal
    assert timedelta() < own < spread, "else this number says nothing"
    (waits,) = rows(database, ProcessRow, id=book.process)
    assert waits.next_timer_at == min(t.at for t in told.timers)
    book.now = timer.at + timedelta(seconds=30)
    book.commit()
    (rang,) = [e for e in rows(database, EventRow, process=book.process) if e.body.get("key") == timer.key]
    assert (rang.type, rang.at, rang.recorded_at, rang.body["late_by"]) == ("timer_rang", nominal, book.now, None)
    with database.read() as connection:
        assert book.process not in sql.processes_behind(connection, book.now, 10)


def stored(database: Database, envelope: Envelope, texts: dict[str, str]) -> None:
    """Store a decision as the API does before it asks the engine."""
    a = envelope.actor
    row = {
        "id": envelope.id,
        "process": envelope.process,
        "name": envelope.name,
        "user": a.user,
        "role": a.role,
        "unit": a.unit,
        "body": envelope.body,
        "texts": texts,
        "digest": "d" * 64,
        "received_at": envelope.received_at,
        "outcome": "received",
    }
    with database.write() as connection:
        connection.execute(insert(table(CommandRow)).values(**row))


def test_a_stored_decision_is_found_whole_and_its_commit_keeps_the_words(database: Database) -> None:
    book = Book(database).opened()
    envelope = book.envelope("answer")
    stored(database, envelope, {"reply": "请您放心"})
    with database.read() as connection:
        assert sql.undelivered_commands(connection, book.now, 10) == []
        found = sql.undelivered_commands(connection, book.now + timedelta(seconds=1), 10)
    assert found == [envelope]
    assert book.commit(found[0]).outcome == "recorded"
    (row,) = rows(database, CommandRow, id=envelope.id)
    assert (row.outcome, row.texts, row.digest) == ("recorded", {"reply": "请您放心"}, "d" * 64)
    with database.read() as connection:
        assert sql.undelivered_commands(connection, book.now + timedelta(days=1), 10) == []


def test_a_stored_decision_that_comes_by_both_ways_takes_effect_once(database: Database) -> None:
    book = Book(database).opened()
    envelope = book.envelope("triage", triage="routine")
    stored(database, envelope, {})
    by_update, by_signal = book.commit(envelope), book.commit(envelope)
    assert (by_update.outcome, by_update.events) == (by_signal.outcome, by_signal.events)
    assert [e.type for e in rows(database, EventRow)].count("triaged") == 1


def test_decisions_for_a_parked_process_are_not_sent_again_and_again(database: Database) -> None:
    book = Book(database).opened()
    stored(database, book.envelope("triage", triage="routine"), {})
    book.commit(seq=book.seq + 1)
    with database.read() as connection:
        assert sql.undelivered_commands(connection, book.now + timedelta(days=1), 10) == []
