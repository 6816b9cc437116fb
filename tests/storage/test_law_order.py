"""Law 2: the journal decides the order."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import insert
from sqlalchemy.exc import IntegrityError

from domain import kernel
from domain.deciders import decider_of
from domain.kernel import Process, Written
from storage.journal import settle_effect, unpark
from storage.models import EffectRow, EventRow, IncidentRow, ProcessRow, table
from storage.unit_of_work import Database
from tests.factories.book import Book
from tests.factories.city import added, counts, rows


def written(database: Database, process: str) -> list[Written]:
    """The events of a process as stored."""
    return [
        Written(seq=e.seq, type=e.type, at=e.at, body=e.body, head=e.head)
        for e in rows(database, EventRow, process=process)
    ]


def test_who_is_behind_gets_the_effects_and_timers_he_missed_and_then_his_decision(database: Database) -> None:
    book = Book(database).opened()
    seq, head = book.seq, book.head
    book.do("triage", triage="routine")
    missed = book.do("dispatch", lead="water", co=("roads",))
    result = book.give("sign", unit="water", order="a1")
    behind = Book(database, book.now, no=book.no)
    behind.seq, behind.head = seq, head
    got = behind.do("contact", unit="water", order="a1")
    assert {e.id for e in missed.effects} <= {e.id for e in got.effects}
    assert got.seq > result.seq
    assert {t.key for t in got.timers} >= {"a2/handle/yellow", "a2/sign/due"}
    assert got.events[0] == "caller_contacted"


@pytest.mark.usefixtures("by_activity")
def test_who_knows_nothing_and_asks_for_everything_gets_all_that_is_owed_and_nothing_that_is_done(
    database: Database,
) -> None:
    book = Book(database).dispatched(co=("roads",))
    with database.write() as connection:
        settle_effect(connection, rows(database, EffectRow, seq=1)[0].id, "done", book.now)
    fresh = Book(database, book.now, no=book.no)
    got = fresh.commit(everything=True)
    assert [e.kind for e in got.effects] == ["order_message", "order_message"]
    assert (got.seq, got.head) == (book.seq, book.head)


@pytest.mark.parametrize("wrong", ["ahead", "other_head", "other_old_head"])
def test_who_is_ahead_or_on_another_history_writes_nothing_and_the_process_parks_with_an_incident(
    database: Database, wrong: str
) -> None:
    book = Book(database).dispatched()
    seq, head = {
        "ahead": (book.seq + 1, book.head),
        "other_head": (book.seq, "f" * 64),
        "other_old_head": (2, "f" * 64),
    }[wrong]
    before = counts(database)
    events = written(database, book.process)
    result = book.commit(book.envelope("sign", unit="water", order="a1"), seq=seq, head=head)
    assert result.outcome == "parked"
    assert result.code == ("workflow_ahead" if wrong == "ahead" else "heads_differ")
    assert (result.effects, result.timers) == ((), ())
    assert added(before, counts(database)) == {"incident": 1}
    assert written(database, book.process) == events
    assert [(i.kind, i.status, i.code) for i in rows(database, IncidentRow)] == [("parked", "open", result.code)]
    assert book.give("sign", unit="water", order="a1").outcome == "parked", "parked for everybody"


def test_a_workflow_that_claims_a_history_the_journal_never_had_is_not_believed(database: Database) -> None:
    book = Book(database)
    before = counts(database)
    assert book.commit(seq=4, head="f" * 64).outcome == "parked"
    assert added(before, counts(database)) == {"incident": 1}


def test_a_parked_process_goes_on_from_the_journal_once_an_operator_lets_it(database: Database) -> None:
    book = Book(database).dispatched()
    book.commit(seq=book.seq + 1)
    with database.write() as connection:
        unpark(connection, book.process, "operator", book.now)
    fresh = Book(database, book.now, no=book.no)
    assert fresh.commit(everything=True).outcome == "recorded"
    assert fresh.give("sign", unit="water", order="a1").outcome == "recorded"
    assert rows(database, IncidentRow)[0].status == "restarted"


def test_one_place_in_the_order_holds_one_event(database: Database) -> None:
    book = Book(database).opened()
    first = rows(database, EventRow)[0]
    with pytest.raises(IntegrityError), database.write() as connection:
        connection.execute(insert(table(EventRow)).values(**(first._asdict() | {"head": "e" * 64})))
    assert len(rows(database, EventRow)) == book.seq


def test_the_stored_events_chain_and_add_up_to_the_snapshot(database: Database) -> None:
    book = Book(database).dispatched(co=("roads",))
    book.do("contact", unit="water", order="a1")
    book.do("waive_result", order="a2")
    book.go(hours=30).commit()
    book.do("submit_result", unit="water", order="a1", code="solved", documents=("doc-1",))
    decider = decider_of(book.process)
    again = kernel.replay(decider, book.process, written(database, book.process))
    stored = rows(database, ProcessRow)[0]
    snapshot = Process.model_validate_json(stored.snapshot)
    snapshot = snapshot.model_copy(update={"state": decider.state.model_validate(snapshot.state)})
    assert again.model_copy(update={"floor": snapshot.floor}) == snapshot
    assert (stored.seq, stored.head) == (again.seq, again.head)
    assert stored.next_timer_at == min(t.at for t in again.timers)


def test_a_changed_event_breaks_the_chain_where_it_stands(database: Database) -> None:
    book = Book(database).dispatched()
    events = written(database, book.process)
    broken = events[3].model_copy(update={"body": json.loads(json.dumps(events[3].body)) | {"x": 1}})
    with pytest.raises(ValueError, match="event 4 "):
        kernel.replay(decider_of(book.process), book.process, [*events[:3], broken, *events[4:]])


def test_two_decisions_at_one_moment_have_one_order_and_the_loser_is_refused(database: Database) -> None:
    for _ in range(5):
        book = Book(database).opened()
        book.do("triage", triage="routine")
        requests = [book.request(book.envelope("dispatch", lead=unit)) for unit in ("water", "roads")]
        with ThreadPoolExecutor(2) as threads:
            results = list(threads.map(book.journal.commit, requests))
        assert sorted(r.outcome for r in results) == ["recorded", "refused"]
        assert next(r.code for r in results if r.outcome == "refused") == "not_in_this_stage"
        events = written(database, book.process)
        assert [e.seq for e in events] == list(range(1, len(events) + 1))
        assert [e.type for e in events].count("order_sent") == 1
        kernel.replay(decider_of(book.process), book.process, events)


def test_a_decision_never_lies_before_the_last_one_whatever_the_clocks_of_the_doors_say(database: Database) -> None:
    book = Book(database).opened().go(minutes=5)
    book.do("triage", triage="routine")
    early = book.envelope("dispatch", lead="water", received=book.now - timedelta(minutes=3))
    assert book.commit(early).outcome == "recorded"
    instants = [e.at for e in written(database, book.process)]
    assert instants == sorted(instants)
