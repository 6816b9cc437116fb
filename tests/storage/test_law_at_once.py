"""Law 3: what is only a row of our own database is done with the decision that owes it; nothing else is."""

import pytest
from sqlalchemy import update

from storage.models import DeliveryRow, EffectRow, NoticeRow, UnitRow, table
from storage.unit_of_work import Database
from tests.factories.book import Book
from tests.factories.city import rows


def test_notices_and_inbox_messages_are_done_in_the_transaction_of_their_decision(database: Database) -> None:
    book = Book(database).opened()
    book.do("triage", triage="routine")
    result = book.do("dispatch", lead="water", co=("roads",))
    assert result.effects == (), "nothing is left to the workflow"
    stored = rows(database, EffectRow)
    assert {(e.kind, e.status, e.outcome) for e in stored} == {
        ("notice", "done", "given"),
        ("order_message", "done", "inbox"),
    }
    assert all(e.done_at == e.planned_at for e in stored)
    assert {n.effect for n in rows(database, NoticeRow)} == {e.id for e in stored if e.kind == "notice"}
    taken = {(d.effect, d.unit, d.channel) for d in rows(database, DeliveryRow)}
    assert taken == {(e.id, e.target, "inbox") for e in stored if e.kind == "order_message"}


def test_a_unit_with_a_department_system_is_still_owed_its_message(database: Database) -> None:
    with database.write() as connection:
        u = table(UnitRow)
        connection.execute(update(u).where(u.c.code == "water").values(endpoint="http://127.0.0.1:9/", secret="s" * 32))
    book = Book(database).opened()
    book.do("triage", triage="routine")
    (owed,) = book.do("dispatch", lead="water", co=("roads",)).effects
    assert (owed.kind, owed.target) == ("order_message", "water")
    assert rows(database, EffectRow, id=owed.id)[0].status == "planned"
    assert [d.unit for d in rows(database, DeliveryRow)] == ["roads"]


@pytest.mark.parametrize("step", ["storage.listed.write_todos", "activities.journal.perform_at_once"])
def test_a_commit_that_breaks_gives_nothing(database: Database, monkeypatch: pytest.MonkeyPatch, step: str) -> None:
    book = Book(database).opened()
    book.do("triage", triage="routine")
    before = (len(rows(database, EffectRow)), len(rows(database, NoticeRow)))

    def breaks(*_: object) -> None:
        raise RuntimeError("here")

    monkeypatch.setattr(step, breaks)
    with pytest.raises(RuntimeError, match="here"):
        book.give("dispatch", lead="water")
    assert (len(rows(database, EffectRow)), len(rows(database, NoticeRow))) == before
    assert rows(database, DeliveryRow) == []


def test_a_repeated_command_gives_no_second_notice(database: Database) -> None:
    book = Book(database).opened()
    triage = book.envelope("triage", triage="routine")
    book.commit(triage)
    given = len(rows(database, NoticeRow))
    assert book.commit(triage).effects == ()
    assert len(rows(database, NoticeRow)) == given
