"""Law 6 for every timer that acts: received before its instant and committed after it is as if committed before.

Each row of :data:`LIVES` brings a case to a clock that acts and names the decision that would have come before it.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.casework.overtaking import OVERTAKES
from domain.casework.state import Case
from domain.casework.timekeeping import owner_and_what
from domain.casework.wakeups import ACTS
from domain.export import export_process, verify
from domain.policy import pack_sha
from tests.domain.casekit import CALENDAR, CaseKit, City, replays


@dataclass(frozen=True)
class Life:
    """How a case comes to the clock ``key``, and a decision ``name`` on it."""

    key: str
    name: str
    to: Callable[[CaseKit], CaseKit]
    body: dict[str, Any] = field(default_factory=dict)
    role: str | None = None
    user: str = "in-time"


def asked(kit: CaseKit) -> CaseKit:
    return kit.dispatched().do("request_return", order="a1", ground="not_our_duty", proposed_owner="roads")


def once_reviewed(kit: CaseKit) -> CaseKit:
    return asked(kit).go(hours=1).do("review_return", role="order_reviewer", order="a1", approve=True)


def paused(kit: CaseKit) -> CaseKit:
    kit.dispatched().do("sign", order="a1").do("request_pause", order="a1", kind="caller_material")
    return kit.do("review_pause", order="a1", approve=True)


def helper_paused(kit: CaseKit) -> CaseKit:
    kit.dispatched(co=["roads"]).do("sign", order="a1").do("sign", order="a2")
    return kit.do("request_pause", order="a2", kind="caller_material").do("review_pause", order="a2", approve=True)


def paused_for_the_last_time(kit: CaseKit) -> CaseKit:
    paused(kit).go(days=9).do("resume", order="a1").do("request_pause", order="a1", kind="court")
    return kit.do("review_pause", order="a1", approve=True)


def paused_as_long_as_all(kit: CaseKit) -> CaseKit:
    kit.dispatched().do("sign", order="a1").do("request_pause", order="a1", kind="court")
    return kit.do("review_pause", order="a1", approve=True)


WAY_BACK = {"ground": "not_our_duty", "proposed_owner": "roads"}
LIVES = {
    "signed": Life("a1/sign", "sign", CaseKit.dispatched, {"order": "a1"}),
    "signed when urgent": Life("a1/sign", "sign", lambda kit: kit.dispatched(triage="urgent"), {"order": "a1"}),
    "contacted unsigned": Life("a1/sign", "contact", lambda kit: kit.dispatched(triage="urgent"), {"order": "a1"}),
    "submitted unsigned": Life("a1/sign", "submit_result", CaseKit.dispatched, {"order": "a1", "code": "explained"}),
    "given back unsigned": Life("a1/sign", "request_return", CaseKit.dispatched, {"order": "a1", **WAY_BACK}),
    "first reviewer": Life("a1/return1", "review_return", asked, {"order": "a1", "approve": True}, "order_reviewer"),
    "second agrees": Life(
        "a1/return2", "review_return", once_reviewed, {"order": "a1", "approve": True}, "shift_leader"
    ),
    "second disagrees": Life(
        "a1/return2", "review_return", once_reviewed, {"order": "a1", "approve": False}, "shift_leader"
    ),
    "pause over": Life("a1/pause", "resume", paused, {"order": "a1"}),
    "helper's pause over": Life("a2/pause", "resume", helper_paused, {"order": "a2"}),
    "last pause over": Life("a1/pause_total", "resume", paused_for_the_last_time, {"order": "a1"}),
    "both ends of a pause at once": Life("a1/pause", "resume", paused_as_long_as_all, {"order": "a1"}),
    "objection": Life("archive", "object", CaseKit.closed, {"request": "c1"}),
}
NOT_COMPARED = frozenset(
    {"begun", "since", "at", "received_at", "closed_at", "last_attempt", "start", "end", "stopped_at"}
)
"""Instants: of events, of pauses and of stops; what was begun and taken back. Due instants, verdicts, all else are compared."""


def settled(value: Any) -> Any:
    """A state without time stamps and without the trace that something was annulled."""
    if isinstance(value, dict):
        kept = {
            k: v for k, v in value.items() if k not in NOT_COMPARED | {"annulled", "rung"} and not k.endswith("_at")
        }
        return {k: settled(v) for k, v in kept.items()}
    return [settled(v) for v in value] if isinstance(value, list) else value


def state(kit: CaseKit) -> dict[str, Any]:
    """All that a case amounts to, with who has to act and what will ring."""
    case = kit.state
    # What the ledger shows more: the run that began for the person an annulled act had asked.
    asked_in_vain = {
        k for k, r in case.clocks.items() if "/return3" in k and r.stopped_at is not None and r.met is None
    }
    clocks = [(name(case, k), r) for k, r in case.clocks.items() if k not in asked_in_vain]
    tree: dict[str, Any] = settled(case.model_dump(mode="json", exclude={"clocks"}))
    tree["clocks"] = [(n, settled(r.model_dump(mode="json", exclude={"clock": {"key"}}))) for n, r in clocks]
    tree["urged"] = sorted(case.urged)
    tree["overdue"] = [n for n, r in clocks if r.overdue_at is not None]
    tree["stopped"] = [n for n, r in clocks if r.stopped_at is not None]
    tree["todos"] = {k: (t.role, t.unit, t.commands, t.due) for k, t in kit.todos().items()}
    tree["timers"] = [(name(case, t.key.rpartition("/")[0]), t.part, t.at) for t in kit.process.timers]
    return tree


def name(case: Case, key: str) -> str:
    """What a clock measures and whose it is, whichever run."""
    order, what = owner_and_what(case, key)
    return f"{order.id}/{what}" if order is not None else what


def start(life: Life) -> tuple[CaseKit, datetime]:
    city = City()
    kit = life.to(city.case(pack_sha=pack_sha(city.pack)))
    due = kit.due(life.key)
    return kit, due


def give(kit: CaseKit, life: Life, received: datetime) -> None:
    got = kit.give(life.name, role=life.role, user=life.user, received=received, **life.body)
    assert got.refusal is None, got.refusal


BEFORE = st.integers(1, 30 * 60 * 10**6).map(lambda n: timedelta(microseconds=n))
AFTER = st.sampled_from([0, 1, 59, 3600, 86_400, 5 * 86_400, 40 * 86_400]).map(lambda n: timedelta(seconds=n))


def test_every_timer_that_acts_has_decisions_that_come_before_it_and_each_is_tried() -> None:
    assert set(OVERTAKES) == set(ACTS)
    tried = {(owner_and_what(start(life)[0].state, life.key)[1], life.name) for life in LIVES.values()}
    assert tried == {(what, name) for what, names in OVERTAKES.items() for name in names}


@pytest.mark.parametrize("name", LIVES)
@settings(max_examples=12, deadline=None)
@given(before=BEFORE, after=AFTER)
def test_received_before_and_committed_after_is_as_committed_before(
    name: str, before: timedelta, after: timedelta
) -> None:
    life = LIVES[name]
    prompt, due = start(life)
    late, _ = start(life)
    received = max(due - before, prompt.city.now)
    prompt.city.now = received
    give(prompt, life, received)
    prompt.city.now = late.city.now = due + after
    prompt.tick()
    late.tick()
    assert late.state.clocks[life.key].acted
    give(late, life, received)
    late.tick()
    assert "act_annulled" in late.types()
    assert "act_annulled" not in prompt.types()
    assert state(late) == state(prompt)
    replays(late)
    export = export_process(late.process, late.events, late.city.pack, CALENDAR, datetime(2026, 12, 1, tzinfo=UTC))
    assert verify(export) == []


@pytest.mark.parametrize("name", LIVES)
def test_received_at_the_very_instant_annuls_nothing(name: str) -> None:
    life = LIVES[name]
    kit, due = start(life)
    kit.city.now = due + timedelta(hours=1)
    kit.tick()
    kit.give(life.name, role=life.role, user=life.user, received=due, **life.body)
    assert "act_annulled" not in kit.types()


def test_a_signature_in_time_does_not_take_back_what_the_unit_did_after_the_system_had_signed() -> None:
    kit, due = start(LIVES["signed"])
    kit.city.now = due + timedelta(hours=2)
    kit.tick().do("contact", order="a1").do("begin_work", order="a1")
    give(kit, LIVES["signed"], due - timedelta(minutes=1))
    order = kit.state.orders["a1"]
    assert (str(order.state), order.auto_signed) == ("working", False)
    assert kit.state.clocks["a1/sign"].met is True


def test_a_pause_that_ended_in_time_gives_no_more_time_although_a_result_came_meanwhile() -> None:
    kit, due = start(LIVES["pause over"])
    kit.city.now = due + timedelta(hours=3)
    kit.tick().submitted()
    received = due - timedelta(days=2)
    give(kit, LIVES["pause over"], received)
    first, second = kit.state.clocks["a1/handle"].clock.pauses
    assert (first.end, second.kind, second.end) == (received, "submitted", None)
    assert kit.state_of("a1") == "submitted"
    export = export_process(kit.process, kit.events, kit.city.pack, CALENDAR, datetime(2026, 12, 1, tzinfo=UTC))
    assert verify(export) == []


def test_an_end_in_time_of_a_pause_leaves_a_later_pause_alone() -> None:
    kit, due = start(LIVES["pause over"])
    kit.city.now = due + timedelta(hours=3)
    kit.tick().do("request_pause", order="a1", kind="expert").do("review_pause", order="a1", approve=True)
    give(kit, LIVES["pause over"], due - timedelta(days=2))
    pausing = kit.state.orders["a1"].pausing
    assert pausing is not None
    assert (pausing.kind, kit.state.clocks["a1/pause"].met) == ("expert", True)
    assert kit.state.clocks["a1/handle"].clock.paused


def test_an_overdue_after_a_pause_that_ended_in_time_moves_with_the_due() -> None:
    kit, due = start(LIVES["pause over"])
    kit.city.now = due + timedelta(days=60)
    kit.tick()
    late = kit.state.clocks["a1/handle"].overdue_at
    assert late is not None
    give(kit, LIVES["pause over"], due - timedelta(days=3))
    kit.tick()
    running = kit.state.clocks["a1/handle"]
    assert running.overdue_at == running.clock.due
    assert running.overdue_at is not None
    assert running.overdue_at < late


def test_what_the_centre_head_has_decided_meanwhile_stands() -> None:
    kit, due = start(LIVES["first reviewer"])
    kit.city.now = due + timedelta(hours=1)
    kit.tick().do("decide_return", order="a1", approve=False)
    body = LIVES["first reviewer"].body
    got = kit.give("review_return", role="order_reviewer", received=due - timedelta(minutes=1), **body)
    assert got.refusal == "not_in_this_state"
    assert kit.state.orders["a1"].no_return


def test_the_word_of_a_reviewer_in_time_takes_the_question_back_from_the_centre_head() -> None:
    kit, due = start(LIVES["first reviewer"])
    kit.city.now = due + timedelta(minutes=10)
    assert kit.tick().todos()["a1/return"].role == "centre_head"
    give(kit, LIVES["first reviewer"], due - timedelta(minutes=1))
    assert kit.todos()["a1/return"].role == "shift_leader"
    assert kit.state.running("a1/return3") is None


@pytest.mark.parametrize("name", ["object", "urge", "supervise"])
def test_what_comes_after_the_archive_is_refused(name: str) -> None:
    kit = City().case().closed()
    kit.city.now = kit.timer("archive/due")
    kit.tick()
    fields = {"request": "c1"} if name == "object" else {"matter": "m1" if name == "urge" else "m2"}
    assert kit.refuses(name, **fields) == "not_in_this_stage"
    assert (kit.stage, kit.todos()) == ("archived", {})
