"""A machine asleep for three days over a holiday: timers are made up once, and the delay is ours."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from domain.clock import start_clock
from storage.models import EventRow, NoticeRow
from storage.policies import load_calendar, load_pack
from storage.unit_of_work import Database
from tests.domain.clock_helpers import sh
from tests.factories.book import Book
from tests.factories.city import found_city, rows
from tests.faults.beside import ledgers

BEFORE_NATIONAL_DAY = sh("2026-09-29 16:00")


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    found = Database(database_url)
    found_city(found)
    yield found
    found.close()


def test_a_timer_that_rings_three_days_late_over_a_holiday_is_made_up_once_and_charged_to_nobody(
    database: Database,
) -> None:
    book = Book(database, BEFORE_NATIONAL_DAY, case_type="consult").dispatched()
    rule = load_pack("haikou").rule("handle", triage="routine", case_type="consult", grade="grade_normal")
    due = start_clock("k", rule, book.now, load_calendar(), load_pack("haikou").hours).due
    assert due is not None
    assert due > sh("2026-10-08 00:00"), "the holiday lies between"
    woken = due + timedelta(days=3)
    book.now = woken
    book.commit()
    book.commit()
    rang = [e for e in rows(database, EventRow) if e.type == "timer_rang" and e.body["key"] == "a1/handle/due"]
    assert [(e.at, e.body["late_by"], e.recorded_at) for e in rang] == [(due, "engine", woken)]
    overdue = [e for e in rows(database, EventRow) if e.type == "overdue_reached" and e.body["key"] == "a1/handle"]
    assert [e.at for e in overdue] == [due], "late by the instant that was due, not by the one we woke"
    submitted = book.give(
        "submit_result",
        unit="water",
        order="a1",
        code="solved",
        documents=("doc-1",),
        received=due - timedelta(hours=1),
    )
    assert "overdue_annulled" in submitted.events, "it was handed in in time while we slept"
    assert ledgers(database) == []
    told = [n.what for n in rows(database, NoticeRow)]
    assert told == ["received", "yellow_card", "overdue", "red_card"], "each once, and of the holiday in one go"
