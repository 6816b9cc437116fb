"""What a run is judged by finds each thing that can be wrong with it: one forgery for every rule."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy import delete, insert, update

from cli.invariants import Findings, check
from storage.models import (
    ClaimRow,
    CommandRow,
    DeliveryRow,
    EffectRow,
    EventRow,
    NoticeRow,
    ProcessRow,
    TodoRow,
    table,
)
from storage.unit_of_work import Database
from tests.factories.book import Book
from tests.factories.city import found_city, rows

command, effect, event = table(CommandRow), table(EffectRow), table(EventRow)
notice, process, claim, todo = table(NoticeRow), table(ProcessRow), table(ClaimRow), table(TodoRow)
NOTHING: dict[str, Any] = {"orders_doubled": 0, "distinct": 0}


class Run:
    """A run of one case that is over, as the database holds it."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.book = Book(database).opened()
        self.book.do("answer", command="d/answer")
        self.given = [self.book.no]
        self.departments = dict(NOTHING)

    def write(self, *statements: Any) -> None:
        with self.database.write() as connection:
            for statement in statements:
                connection.execute(statement)

    def found(self) -> Findings:
        return check(self.database, self.given, self.departments)


@pytest.fixture
def run(sqlite_url: str) -> Iterator[Run]:
    database = Database(sqlite_url)
    found_city(database)
    yield Run(database)
    database.close()


def test_a_run_that_is_right_is_clean(run: Run) -> None:
    found = run.found()
    assert found.clean, found
    assert (found.requests, found.ended) == (1, 1)
    assert rows(run.database, NoticeRow), "there is something to lose"


def a_number_without_a_case(run: Run) -> None:
    run.given.append("20200101-000001")


def a_decision_never_made(run: Run) -> None:
    run.write(update(command).where(command.c.id == "d/answer").values(outcome="received"))


def a_notice_that_never_came(run: Run) -> None:
    run.write(delete(notice).where(notice.c.effect == rows(run.database, NoticeRow)[0].effect))


def a_message_that_never_arrived(run: Run) -> None:
    row = {"effect": "e", "process": run.book.process, "unit": "water", "channel": "webhook", "attempts": 1}
    run.write(insert(table(DeliveryRow)).values(**row, delivered_at=run.book.now))


def a_message_more_than_was_sent(run: Run) -> None:
    run.departments["distinct"] = 1


def an_order_under_two_ids(run: Run) -> None:
    run.departments["orders_doubled"] = 1


def a_notice_nobody_owed(run: Run) -> None:
    row = rows(run.database, NoticeRow)[0]._asdict()
    run.write(insert(notice).values(row | {"effect": "another"}))


def a_notice_of_what_is_not_done(run: Run) -> None:
    id_ = rows(run.database, NoticeRow)[0].effect
    run.write(update(effect).where(effect.c.id == id_).values(status="waived"))


def an_effect_planned_twice(run: Run) -> None:
    row = rows(run.database, EffectRow)[0]._asdict()
    run.write(insert(effect).values(row | {"id": "another", "status": "waived"}))


def an_effect_left(run: Run, status: str = "planned") -> None:
    row = rows(run.database, EffectRow)[0]._asdict()
    run.write(insert(effect).values(row | {"id": "another", "kind": "tell", "status": status}))


def an_incident_left(run: Run) -> None:
    an_effect_left(run, "incident")


def a_claim_left(run: Run) -> None:
    run.write(insert(claim).values(key="order/water/x", process=run.book.process))


def a_todo_left(run: Run) -> None:
    row = {
        "process": run.book.process,
        "key": "x",
        "role": "agent",
        "commands": [],
        "since": run.book.now,
        "sort_at": run.book.now,
    }
    run.write(insert(todo).values(**row, rule="x"))


def an_event_gone(run: Run) -> None:
    last = rows(run.database, EventRow)[-1]
    run.write(delete(event).where(event.c.process == last.process, event.c.seq == last.seq))


def an_event_changed(run: Run) -> None:
    last = rows(run.database, EventRow)[-1]
    where = (event.c.process == last.process, event.c.seq == last.seq)
    run.write(update(event).where(*where).values(body=dict(last.body) | {"more": 1}))


def a_state_changed(run: Run) -> None:
    text = rows(run.database, ProcessRow)[0].snapshot.replace("haikou", "weifang", 1)
    run.write(update(process).values(snapshot=text))


FORGERIES: dict[Callable[[Run], None], str] = {
    a_number_without_a_case: "lost",
    a_decision_never_made: "lost",
    a_notice_that_never_came: "lost",
    a_message_that_never_arrived: "lost",
    a_message_more_than_was_sent: "lost",
    an_order_under_two_ids: "doubled",
    a_notice_nobody_owed: "doubled",
    a_notice_of_what_is_not_done: "doubled",
    an_effect_planned_twice: "doubled",
    an_effect_left: "left",
    an_incident_left: "left",
    a_claim_left: "left",
    a_todo_left: "left",
    an_event_gone: "broken",
    an_event_changed: "broken",
    a_state_changed: "broken",
}


@pytest.mark.parametrize("forge", FORGERIES, ids=lambda f: f.__name__)
def test_what_is_wrong_is_found_where_it_belongs(forge: Callable[[Run], None], run: Run) -> None:
    forge(run)
    found = run.found()
    wrong = {kind for kind in ("lost", "doubled", "left", "broken") if getattr(found, kind)}
    assert wrong == {FORGERIES[forge]}, found
    assert not found.clean


def test_what_is_given_each_morning_is_owed_by_no_process(run: Run) -> None:
    row = rows(run.database, NoticeRow)[0]._asdict()
    run.write(insert(notice).values(row | {"effect": "digest/20260302/water", "process": "cadence"}))
    assert run.found().clean


def test_no_departments_are_no_loss(run: Run) -> None:
    run.departments = {}
    assert run.found().clean
