"""Law 3: what is owed is a row, written with the decision that owes it and settled with the act that performs it."""

from datetime import timedelta

import pytest

from activities.departments.sender import Departments
from activities.notices import Notices
from activities.signatures import EffectOrder
from domain.process import Envelope
from storage import effects
from storage.models import DeliveryRow, EffectRow, IncidentRow, NoticeRow, TodoRow
from storage.unit_of_work import Database
from tests.factories.book import Book, actor
from tests.factories.city import rows

pytestmark = pytest.mark.usefixtures("by_activity")


def fail(book: Book, effect: EffectOrder, attempt: int = 1) -> Envelope:
    """The word that an effect could not be performed, as the workflow says it."""
    return book.envelope(
        "fail_effect",
        command=f"{effect.id}/failed/{attempt}",
        effect=effect.id,
        kind=effect.kind,
        target=effect.target,
        code="unit_error",
        attempt=attempt,
    )


def failed(book: Book) -> EffectOrder:
    """A dispatched case whose order message has become an incident."""
    book.opened().do("triage", triage="routine")
    effect = next(e for e in book.do("dispatch", lead="water").effects if e.kind == "order_message")
    assert book.commit(fail(book, effect)).outcome == "recorded"
    return effect


def test_effects_are_planned_in_the_transaction_of_their_decision(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    book = Book(database).opened()
    book.do("triage", triage="routine")
    planned = len(rows(database, EffectRow))

    def breaks(*_: object) -> None:
        raise RuntimeError("between effects and the end of the transaction")

    with monkeypatch.context() as patch:
        patch.setattr("storage.listed.write_todos", breaks)
        with pytest.raises(RuntimeError, match="between"):
            book.give("dispatch", lead="water")
    assert len(rows(database, EffectRow)) == planned, "nothing half written"
    told = book.do("dispatch", lead="water")
    stored = {e.id: e.status for e in rows(database, EffectRow)}
    assert {stored[e.id] for e in told.effects} == {"planned"}


def test_a_notice_and_its_settled_effect_are_one_transaction_and_come_once(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    book = Book(database)
    effect = book.commit(everything=True).effects[0]
    notices = Notices(database)

    def breaks(*_: object) -> bool:
        raise RuntimeError("the worker dies here")

    with monkeypatch.context() as patch:
        patch.setattr("storage.effects.settle_effect", breaks)
        with pytest.raises(RuntimeError, match="dies"):
            notices.give_notice(effect)
    assert rows(database, NoticeRow) == []
    for _ in range(3):
        assert notices.give_notice(effect).status == "done"
    assert [n.effect for n in rows(database, NoticeRow)] == [effect.id]
    assert rows(database, EffectRow, id=effect.id)[0].status == "done"


def test_a_delivery_and_its_settled_effect_are_one_transaction(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    book = Book(database).opened()
    book.do("triage", triage="routine")
    effect = next(e for e in book.do("dispatch", lead="water").effects if e.kind == "order_message")

    def breaks(*_: object) -> bool:
        raise RuntimeError("the worker dies here")

    departments = Departments(database, None, None)  # type: ignore[arg-type]  # a unit without a system needs no HTTP
    with monkeypatch.context() as patch:
        patch.setattr("storage.effects.settle_effect", breaks)
        with pytest.raises(RuntimeError, match="dies"):
            departments.send_order_message(effect)
    assert rows(database, DeliveryRow) == []
    departments.send_order_message(effect)
    departments.send_order_message(effect)
    assert [(d.effect, d.channel) for d in rows(database, DeliveryRow)] == [(effect.id, "inbox")]


def test_the_receivers_command_settles_the_senders_effect_in_its_own_transaction(database: Database) -> None:
    leading, merging = Book(database).opened(), Book(database).opened()
    tell = next(e for e in merging.do("merge", into=leading.no).effects if e.kind == "tell")
    envelope = leading.envelope("attach_follower", command=tell.id, case=merging.no, request=merging.no)
    assert leading.commit(envelope.model_copy(update={"effect": True})).outcome == "recorded"
    assert rows(database, EffectRow, id=tell.id)[0].status == "done"


def test_a_refused_message_is_settled_by_the_reply_that_brings_the_refusal_home(database: Database) -> None:
    leading, merging = Book(database).opened(), Book(database).opened()
    tell = next(e for e in merging.do("merge", into=leading.no).effects if e.kind == "tell")
    leading.do("answer")
    asked = leading.envelope("attach_follower", command=tell.id, case=merging.no, request=merging.no)
    refused = leading.commit(asked.model_copy(update={"effect": True}))
    assert refused.outcome == "refused"
    assert rows(database, EffectRow, id=tell.id)[0].status == "planned"
    reply = merging.envelope("refuse_merge", command=f"{tell.id}/refused", into=leading.no, code=refused.code)
    assert merging.commit(reply.model_copy(update={"settles": tell.id})).events == ("merge_refused",)
    assert rows(database, EffectRow, id=tell.id)[0].status == "done"


def test_a_reply_that_comes_too_late_to_matter_still_settles_its_effect(database: Database) -> None:
    leading, merging = Book(database).opened(), Book(database).opened()
    tell = next(e for e in merging.do("merge", into=leading.no).effects if e.kind == "tell")
    reply = merging.envelope("refuse_merge", command=f"{tell.id}/refused", into="another-case", code="case_closed")
    assert merging.commit(reply.model_copy(update={"settles": tell.id})).outcome == "refused"
    assert rows(database, EffectRow, id=tell.id)[0].status == "done"


def test_a_failed_effect_is_an_incident_with_a_todo_for_the_operator(database: Database) -> None:
    book = Book(database)
    effect = failed(book)
    assert rows(database, EffectRow, id=effect.id)[0].status == "incident"
    (incident,) = rows(database, IncidentRow)
    assert (incident.effect, incident.status, incident.code) == (effect.id, "open", "unit_error")
    todo = next(t for t in rows(database, TodoRow) if t.role == "operator")
    assert todo.subject == effect.id
    assert set(todo.commands) == {"retry_effect", "redirect_effect", "waive_effect"}


def test_a_retried_incident_is_planned_again_and_started_once_more(database: Database) -> None:
    book = Book(database)
    effect = failed(book)
    retried = book.do("retry_effect", effect=effect.id)
    assert [(e.id, e.attempt) for e in retried.effects if e.id == effect.id] == [(effect.id, 2)]
    assert rows(database, EffectRow, id=effect.id)[0].status == "planned"
    assert rows(database, IncidentRow)[0].status == "retried"
    assert book.commit(fail(book, effect, 2)).outcome == "recorded"
    assert rows(database, IncidentRow)[0].status == "open", "the second failure is an incident again"


@pytest.mark.parametrize(
    ("command", "more", "status"),
    [("redirect_effect", {"channel": "manual"}, "redirected"), ("waive_effect", {}, "waived")],
)
def test_an_incident_settled_by_hand_is_no_longer_owed(
    database: Database, command: str, more: dict[str, str], status: str
) -> None:
    book = Book(database)
    effect = failed(book)
    result = book.do(command, effect=effect.id, **more)
    assert result.settled == (effect.id,)
    assert rows(database, EffectRow, id=effect.id)[0].status == status
    (incident,) = rows(database, IncidentRow)
    assert (incident.status, incident.settled_by) == (status, actor(command).user)
    assert not [t for t in rows(database, TodoRow) if t.role == "operator"]
    assert book.give(command, effect=effect.id, **more).code == "no_such_incident"


def test_an_effect_that_was_done_after_all_makes_no_incident(database: Database) -> None:
    book = Book(database)
    effect = book.commit(everything=True).effects[0]
    Notices(database).give_notice(effect)
    late = book.commit(fail(book, effect))
    assert (late.outcome, late.code) == ("refused", "effect_settled")
    assert rows(database, IncidentRow) == []


def test_a_closed_case_says_how_much_it_still_owes(database: Database) -> None:
    book = Book(database).opened()
    result = book.do("answer")
    assert result.closed
    assert result.owed == len(rows(database, EffectRow, status="planned")) == 2
    for effect in rows(database, EffectRow):
        with database.write() as connection:
            owed = effects.owed(connection, effect.id)
            assert owed is not None
            effects.noticed(connection, owed, book.now + timedelta(seconds=1))
    assert book.commit().owed == 0
