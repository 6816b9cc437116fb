"""The table of older forms: what is written says its version, what is older is lifted, what is newer is left to its release."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import update
from temporalio.exceptions import ApplicationError

from domain import export, kernel, snapshots, upcast
from domain.case import DECIDER
from domain.kernel import GENESIS, Written, chain
from domain.process import SYSTEM
from domain.upcast import NewerRelease
from storage.models import ProcessRow, table
from storage.policies import load_calendar, load_pack
from storage.unit_of_work import Database
from tests.domain.casekit import CaseKit, City
from tests.factories.book import Book
from tests.factories.city import added, counts

NOT_YET = "2031"


def chained(events: list[Written]) -> list[Written]:
    """The events with a chain of their own: as a release would have written them."""
    head, out = GENESIS, []
    for e in events:
        head = chain(head, e.seq, e.type, e.at, e.body)
        out.append(e.model_copy(update={"head": head}))
    return out


def renamed(old: str, new: str) -> Callable[[upcast.Body], upcast.Body]:
    """The function of a row: a field has another name."""
    return lambda body: {new if k == old else k: v for k, v in body.items()}


def older(event: Written) -> Written:
    """An event as a release wrote it that called the unit of an order ``to``."""
    if event.type != "order_sent":
        return event
    return event.model_copy(update={"body": dict(renamed("unit", "to")(event.body))})


@pytest.fixture
def later_release(monkeypatch: pytest.MonkeyPatch) -> None:
    """A release in which an event, a command and the snapshot have another form than at first."""
    monkeypatch.setitem(upcast.TABLE, ("event", "order_sent", 1), renamed("to", "unit"))
    monkeypatch.setitem(upcast.TABLE, ("command", "sign", 1), renamed("assignment", "order"))
    monkeypatch.setitem(upcast.TABLE, ("snapshot", "case", 1), lambda tree: {**tree, "seq": tree["seq"] + 0})
    monkeypatch.setitem(upcast.TABLE, ("snapshot", "case", 2), renamed("last", "head"))


def worked() -> CaseKit:
    """A case with an order."""
    return City().case().dispatched(co=("roads",))


def test_today_nothing_has_another_form_and_no_version_is_written() -> None:
    kit = worked()
    assert upcast.TABLE == {}
    assert not any(upcast.VERSION in e.body for e in kit.events)
    assert upcast.VERSION not in json.loads(snapshots.write(kit.process))


def test_events_of_the_first_form_are_lifted_and_their_chain_is_that_of_what_was_written(later_release: None) -> None:
    now = worked()
    stored = [e.model_copy(update={"body": {k: v for k, v in e.body.items() if k != "v"}}) for e in now.events]
    past = chained([older(e) for e in stored])
    process = kernel.replay(DECIDER, "case/c1", past)
    assert process.state == now.state
    assert process.head == past[-1].head


def test_what_is_written_says_its_version_and_is_read_back(later_release: None) -> None:
    kit = worked()
    assert {e.body.get("v", 1) for e in kit.events if e.type == "order_sent"} == {2}
    assert {e.body.get("v", 1) for e in kit.events if e.type != "order_sent"} == {1}
    assert kernel.replay(DECIDER, "case/c1", kit.events) == kit.process.model_copy(update={"floor": None})


def test_without_the_row_an_event_of_the_first_form_cannot_be_read(monkeypatch: pytest.MonkeyPatch) -> None:
    past = chained([older(e) for e in worked().events])
    with pytest.raises(ValueError, match="unit"):
        kernel.replay(DECIDER, "case/c1", past)


def test_a_command_of_the_first_form_is_decided_and_one_of_today_too(later_release: None) -> None:
    kit = worked()
    assert kit.send("sign", {"assignment": "a1"}, kit.actor("sign", {"order": "a1"})).refusal is None
    assert kit.send("sign", {"order": "a2"}, kit.actor("sign", {"order": "a2"})).refusal is None


@pytest.mark.parametrize("body", [{}, {"v": 99}, {"v": "x", "order": 3}, {"assignment": None}])
def test_a_command_that_makes_no_sense_is_refused_whatever_version_it_names(
    later_release: None, body: dict[str, Any]
) -> None:
    assert worked().send("sign", body, SYSTEM).refusal == "invalid_command"


def test_a_snapshot_of_the_first_form_is_lifted_through_every_version(later_release: None) -> None:
    process = worked().process
    tree = json.loads(snapshots.write(process))
    assert tree.pop("v") == 3
    first = json.dumps(dict(renamed("head", "last")(tree)))
    assert snapshots.take_up(DECIDER, first) == process
    assert snapshots.take_up(DECIDER, snapshots.write(process)) == process


def test_an_event_of_a_newer_release_is_not_guessed_at() -> None:
    with pytest.raises(NewerRelease, match="order_signed of version 2; this release knows 1"):
        kernel.read_event(DECIDER, "order_signed", {"v": 2, "order": "a1", "by": "x"})


def test_verify_says_that_an_export_is_of_a_newer_release() -> None:
    kit = worked()
    events = chained([e.model_copy(update={"body": {"v": 2, **e.body}}) for e in kit.events])
    found = export.verify(
        export.export_process(kit.process, events, load_pack("haikou"), load_calendar(), kit.city.now)
    )
    assert {(d.code, d.expected) for d in found} == {("event", "a release as new as the export")}


def changed(text: str, **fields: Any) -> str:
    """A snapshot in which a newer release has added fields to an order."""
    tree = json.loads(text)
    tree["state"]["orders"]["a1"] |= fields
    return json.dumps(tree)


def test_a_process_in_which_a_newer_release_wrote_something_new_is_shown_but_not_taken_up() -> None:
    text = changed(snapshots.write(worked().process), rated_at=NOT_YET)
    assert snapshots.look(DECIDER, text) == worked().process
    with pytest.raises(NewerRelease, match=r"Case: orders\.a1\.rated_at") as error:
        snapshots.take_up(DECIDER, text)
    assert NOT_YET not in str(error.value)


@pytest.mark.parametrize("empty", [None, [], {}, "", 0, False])
def test_a_new_field_that_says_nothing_yet_stands_in_nobodys_way(empty: object) -> None:
    text = changed(snapshots.write(worked().process), rated_at=empty)
    assert snapshots.take_up(DECIDER, text) == worked().process


def test_a_word_this_release_does_not_know_is_not_taken_up() -> None:
    with pytest.raises(NewerRelease):
        snapshots.take_up(DECIDER, changed(snapshots.write(worked().process), state="rated"))


def test_the_journal_leaves_such_a_process_to_a_newer_worker_and_writes_nothing(database: Database) -> None:
    book = Book(database).dispatched()
    process = table(ProcessRow)
    with database.write() as connection:
        text = connection.execute(process.select().where(process.c.id == book.process)).one().snapshot
        newer = {"snapshot": changed(text, rated_at=NOT_YET)}
        connection.execute(update(process).where(process.c.id == book.process).values(**newer))
    before = counts(database)
    for envelope in (book.envelope("sign", unit="water", order="a1"), None):
        with pytest.raises(ApplicationError) as error:
            book.go(minutes=1).commit(envelope)
        assert (error.value.type, error.value.non_retryable) == ("newer_release", False)
    assert added(before, counts(database)) == {}
    with database.write() as connection:
        connection.execute(update(process).where(process.c.id == book.process).values(snapshot=text))
    assert book.go(seconds=1).give("sign", unit="water", order="a1").outcome == "recorded"
