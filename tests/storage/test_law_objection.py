"""A caller's objection is never refused because another case has taken the unit: the journal lets the rule do without."""

import pytest
from sqlalchemy import func, select

from storage.models import ClaimRow, CommandRow, TodoRow, table
from storage.unit_of_work import Database
from tests.factories.book import Book
from tests.factories.city import rows


def two(database: Database) -> tuple[Book, Book]:
    """A closed case, and another one with an order to its unit on its matter."""
    first = Book(database).opened()
    first.do("triage", triage="routine", matter="leak")
    first.do("dispatch", lead="water")
    first.do("submit_result", unit="water", order="a1", code="solved", documents=("doc-1",))
    first.do("review_result", order="a1", accept=True)
    first.do("record_callback", request=first.no, reached=True, solved="yes", satisfaction="satisfied")
    other = Book(database).opened()
    other.do("triage", triage="routine", matter="leak")
    other.do("dispatch", lead="water")
    return first, other


def test_an_objection_is_recorded_and_a_dispatcher_has_a_todo_that_names_the_other_case(database: Database) -> None:
    first, other = two(database)
    envelope = first.envelope("object", request=first.no)
    result, again = first.commit(envelope), first.commit(envelope)
    assert (result.outcome, again.outcome) == ("recorded", "recorded")
    assert again.events == result.events
    assert "order_held" in result.events
    assert rows(database, CommandRow, id=envelope.id)[0].outcome == "recorded"
    (todo,) = rows(database, TodoRow, process=first.process)
    assert (todo.key, todo.role, todo.hint) == ("dispatch", "dispatcher", {"held_by": other.process})


def test_the_other_case_keeps_its_claim_and_dispatching_there_is_still_refused(database: Database) -> None:
    first, other = two(database)
    first.do("object", request=first.no)
    refused = first.give("dispatch", lead="water")
    assert (refused.code, refused.detail["holder"]) == ("order_exists", other.process)
    with database.read() as connection:
        claim = table(ClaimRow)
        assert connection.execute(select(func.count()).where(claim.c.process == first.process)).scalar_one() == 0
    first.do("dispatch", lead="roads")


@pytest.mark.parametrize("elsewhere", [("water",), ("water", "parks"), ("parks", "water")])
def test_a_verdict_is_applied_without_those_who_are_at_it_for_another_case_however_many(
    database: Database, elsewhere: tuple[str, ...]
) -> None:
    other = Book(database).opened()
    other.do("triage", triage="routine", matter="leak")
    other.do("dispatch", lead=elsewhere[0], co=elsewhere[1:])
    case = Book(database).opened()
    case.do("triage", triage="routine", matter="leak")
    case.do("reserve_matter", process="consultation/x", item="i1")
    verdict = {"lead": "roads", "co": ["water", "parks"], "basis": "ruling#basis"}
    result = case.do("apply_decision", process="consultation/x", item="i1", verdict=verdict)
    assert result.events.count("order_held") == len(elsewhere)
    assert "decision_applied" in result.events
    claim = table(ClaimRow)
    with database.read() as connection:
        held = set(connection.scalars(select(claim.c.key).where(claim.c.process == case.process)))
    assert {key.split("/")[1] for key in held} == {"roads", "water", "parks"} - set(elsewhere)


def test_a_dispatch_that_cannot_do_without_them_is_refused_and_frees_none(database: Database) -> None:
    other = Book(database).opened()
    other.do("triage", triage="routine", matter="leak")
    other.do("dispatch", lead="water", co=("parks",))
    case = Book(database).opened()
    case.do("triage", triage="routine", matter="leak")
    refused = case.give("dispatch", lead="parks", co=("roads", "water"))
    assert (refused.code, refused.detail["holder"]) == ("order_exists", other.process)
    claim = table(ClaimRow)
    with database.read() as connection:
        assert set(connection.scalars(select(claim.c.process))) == {other.process}
