"""What a person is told first and what he is told again are the same."""

from typing import Any

from activities.journal import _own_events
from domain.kernel import Advanced, Process, Record, Written
from domain.process import SYSTEM, Envelope
from tests.domain.clock_helpers import sh

AT = sh("2026-03-02 09:00")


def record(command: str, *types: str) -> Record:
    envelope = Envelope(id=command, process="case/1", name="n", body={}, actor=SYSTEM, received_at=AT)
    events = tuple(Written(seq=n, type=t, at=AT, body={}, head="h") for n, t in enumerate(types, start=1))
    return Record(command=envelope, events=events, effects=())


def events_of(envelope: Envelope | None, *records: Record) -> tuple[str, ...]:
    nothing: Any = Process(id="case/1", kind="case")
    return _own_events(envelope, Advanced(process=nothing, records=records))


def test_a_decision_between_timers_that_ring_is_answered_with_its_own_events() -> None:
    own = record("d/1", "triaged", "clock_set")
    rang = record("case/1/timer/screen/due/1", "timer_rang")
    assert events_of(own.command, rang, own, rang) == ("triaged", "clock_set")


def test_a_refused_decision_before_which_a_timer_rang_is_answered_with_no_events() -> None:
    assert events_of(record("d/1").command, record("case/1/timer/screen/due/1", "timer_rang")) == ()


def test_a_wake_up_is_answered_with_what_rang() -> None:
    assert events_of(None, record("case/1/timer/screen/due/1", "timer_rang")) == ("timer_rang",)
