"""The checker accepts a true history and rejects one forgery for each way a law can be broken."""

from collections.abc import Callable
from typing import Any

import pytest

from domain.kernel import GENESIS, chain
from tests.domain.clock_helpers import sh
from tests.faults.checker import LAWS, check_history
from tests.faults.operations import Operation
from tests.faults.record import Command, Event, Record

AT = sh("2026-03-02 09:00")
CASE = "case/1"
STORY = (
    ("r/1", "register", "agent", ()),
    ("case/1/open", "open", "system", ("opened", "stage_moved")),
    ("d/triage", "triage", "agent", ("triaged", "stage_moved")),
    ("d/lost", "dispatch", "dispatcher", ("order_sent",)),
    ("d/sign", "sign", "liaison", ("order_signed",)),
)


def true_record() -> Record:
    """A journal as it should be; ``d/refused`` was refused."""
    record = Record(events={CASE: []})
    head = GENESIS
    for id_, name, user, types in STORY:
        first = len(record.events[CASE]) + 1
        for type_ in types:
            seq = len(record.events[CASE]) + 1
            head = chain(head, seq, type_, AT, {})
            record.events[CASE].append(Event(process=CASE, seq=seq, type=type_, command=id_, head=head, at=AT))
        last = len(record.events[CASE])
        command = Command(id=id_, process=CASE, name=name, user=user, outcome="recorded")
        record.commands[id_] = command.model_copy(update={"seq_from": first, "seq_to": last}) if types else command
    record.commands["d/refused"] = Command(
        id="d/refused", process=CASE, name="sign", user="liaison", outcome="refused", code="not_in_this_state"
    )
    return record


def did(n: int, person: str, command: str, id_: str, start: float, **more: Any) -> Operation:
    """One operation that took a second, unless it never had an answer."""
    end = None if more.get("result") == "unknown" else start + 1
    return Operation(n=n, person=person, process=CASE, command=command, id=id_, start=start, end=end, **more)


def true_log() -> list[Operation]:
    """What the people of that journal were told; the dispatcher was never answered and asked again."""
    sent = ("order_sent",)
    return [
        did(0, "agent", "register", "r/1", 0, result="recorded"),
        did(1, "agent", "triage", "d/triage", 2, result="recorded", seq=4, events=("triaged", "stage_moved")),
        did(2, "leader", "read", "", 4, result="read", seq=4),
        did(3, "dispatcher", "dispatch", "d/lost", 6, result="unknown"),
        did(4, "dispatcher", "dispatch", "d/lost", 8, result="recorded", seq=5, events=sent),
        did(5, "liaison", "sign", "d/sign", 10, result="recorded", seq=6, events=("order_signed",)),
        did(6, "liaison", "sign", "d/refused", 12, result="refused", code="not_in_this_state"),
        did(7, "leader", "read", "", 14, result="read", seq=6),
    ]


def test_a_true_history_is_accepted() -> None:
    assert check_history(true_log(), true_record()) == []


Forgery = Callable[[list[Operation], Record], None]


def rechained(record: Record) -> None:
    """Write all heads anew, as a forger would."""
    head = GENESIS
    for n, event in enumerate(record.events[CASE]):
        head = chain(head, event.seq, event.type, event.at, event.body)
        record.events[CASE][n] = event.model_copy(update={"head": head})


def forget(log: list[Operation], record: Record) -> None:
    """The last acknowledged decision is gone, events and all."""
    del record.commands["d/sign"]
    record.events[CASE].pop()


def forget_the_request(log: list[Operation], record: Record) -> None:
    """A caller has a number, and there is no case."""
    record.commands = {"r/1": record.commands["r/1"]}
    record.events.clear()
    del log[1:]


def other_events(log: list[Operation], record: Record) -> None:
    """What came of a decision is not what the person was told."""
    record.events[CASE][4] = record.events[CASE][4].model_copy(update={"type": "order_ended"})
    rechained(record)


def told_too_early(log: list[Operation], record: Record) -> None:
    """The person was told a place before the one his decision has."""
    log[5].seq = 5


def turned_down(log: list[Operation], record: Record) -> None:
    """What was acknowledged is refused in the journal."""
    record.commands["d/sign"].outcome = "refused"
    forget_events(record, "d/sign")


def forget_events(record: Record, command: str) -> None:
    record.events[CASE] = [e for e in record.events[CASE] if e.command != command]


def elsewhere(log: list[Operation], record: Record) -> None:
    """What was acknowledged on one case lies in another."""
    record.commands["d/sign"].process = "case/2"


def nowhere(log: list[Operation], record: Record) -> None:
    """A person was told that it is recorded, and not where."""
    log[5].seq = None


def another_number(log: list[Operation], record: Record) -> None:
    """The caller was given one number, the request has another."""
    record.commands["r/1"].process = "case/2"


def twice(log: list[Operation], record: Record) -> None:
    """A command has its events once more at the end."""
    event = record.events[CASE][-1]
    record.events[CASE].append(event.model_copy(update={"seq": event.seq + 1}))
    rechained(record)


def two_owners(log: list[Operation], record: Record) -> None:
    """Two commands say that the same event is theirs."""
    record.commands["d/sign"].seq_from = 5


def a_gap(log: list[Operation], record: Record) -> None:
    """An event in the middle is missing."""
    del record.events[CASE][3]
    rechained(record)


def cut_short(log: list[Operation], record: Record) -> None:
    """The last event of a decision nobody asks about any more is gone."""
    record.events[CASE].pop()
    del log[5]
    log[-1].seq = 5


def denied_to_itself(log: list[Operation], record: Record) -> None:
    """The journal says that it refused what it has events of."""
    record.commands["d/lost"].outcome = "refused"
    del log[3:5]


def refused_yet_done(log: list[Operation], record: Record) -> None:
    """A person was told no, and it took effect."""
    last = len(record.events[CASE]) + 1
    record.events[CASE].append(Event(process=CASE, seq=last, type="order_signed", command="d/refused", head="", at=AT))
    record.commands["d/refused"] = record.commands["d/refused"].model_copy(
        update={"outcome": "recorded", "code": None, "seq_from": last, "seq_to": last}
    )
    rechained(record)


def unknown_twice(log: list[Operation], record: Record) -> None:
    """A decision without an answer took effect two times."""
    del log[4]
    event = record.events[CASE][4]
    record.events[CASE].append(event.model_copy(update={"seq": 7}))
    rechained(record)


def half_done(log: list[Operation], record: Record) -> None:
    """A decision without an answer has an event, and is not decided."""
    del log[4]
    record.commands["d/lost"].outcome = "received"


def never_decided(log: list[Operation], record: Record) -> None:
    """A decision without an answer still lies at the door when all is over."""
    log.append(did(8, "agent", "correct", "d/waiting", 16, result="unknown"))
    record.commands["d/waiting"] = Command(
        id="d/waiting", process=CASE, name="correct", user="agent", outcome="received"
    )


def out_of_nowhere(log: list[Operation], record: Record) -> None:
    """The journal has a decision of somebody who never asked."""
    del log[5]


def registered_again(log: list[Operation], record: Record) -> None:
    """A request that came once is registered twice, under another key."""
    record.commands["r/2"] = record.commands["r/1"].model_copy(update={"id": "r/2", "process": "case/2"})


def edited(log: list[Operation], record: Record) -> None:
    """Somebody changed the words of an event and nothing else."""
    record.events[CASE][2] = record.events[CASE][2].model_copy(update={"body": {"triage": "urgent"}})


def back_in_time(log: list[Operation], record: Record) -> None:
    """A person sees the case go back."""
    log[7].seq = 3


def stale(log: list[Operation], record: Record) -> None:
    """Somebody is shown the case as it was before a decision that another person had already been told of."""
    log[7].person, log[7].seq = "auditor", 5


def foreseen(log: list[Operation], record: Record) -> None:
    """Somebody is shown a decision that nobody had asked for yet."""
    log[2].person, log[2].seq = "auditor", 5


def beyond_the_end(log: list[Operation], record: Record) -> None:
    """Somebody was shown events that the journal does not hold (any more)."""
    log[7].seq = 7


def wrong_order(log: list[Operation], record: Record) -> None:
    """A decision that began after another was answered lies before it."""
    log[1].start, log[1].end = 20, 21
    log[1].person = "another agent"


FORGERIES: dict[Forgery, str] = {
    forget: "acknowledged",
    forget_the_request: "acknowledged",
    other_events: "acknowledged",
    told_too_early: "acknowledged",
    turned_down: "acknowledged",
    elsewhere: "acknowledged",
    nowhere: "acknowledged",
    another_number: "acknowledged",
    twice: "once",
    cut_short: "once",
    two_owners: "once",
    a_gap: "once",
    refused_yet_done: "refused",
    denied_to_itself: "refused",
    half_done: "unknown",
    registered_again: "invented",
    unknown_twice: "unknown",
    never_decided: "unknown",
    out_of_nowhere: "invented",
    edited: "chain",
    back_in_time: "person",
    stale: "fresh",
    foreseen: "fresh",
    beyond_the_end: "fresh",
    wrong_order: "real_time",
}


@pytest.mark.parametrize("forge", FORGERIES, ids=lambda f: f.__name__)
def test_a_forged_history_is_rejected_by_the_law_it_breaks(forge: Forgery) -> None:
    log, record = true_log(), true_record()
    forge(log, record)
    assert FORGERIES[forge] in {v.law for v in check_history(log, record)}


def test_there_is_a_forgery_for_every_law() -> None:
    assert set(FORGERIES.values()) == set(LAWS)
