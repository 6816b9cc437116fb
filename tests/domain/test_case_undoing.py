"""撤销派单: a wrong dispatch is taken back while nobody has signed or worked, within the pack's limit."""

from typing import Any

import pytest

from domain.case import DECIDER
from domain.process import Actor
from tests.domain.casekit import CaseKit, City, replays


def wrong(**more: Any) -> CaseKit:
    return City().case(district="east", street="east-1").dispatched(**more)


def test_the_units_are_told_their_claims_are_free_and_no_clock_runs_but_that_of_the_dispatch() -> None:
    kit = wrong(co=["roads"], informed=["parks"])
    assert DECIDER.claims(kit.state)
    kit.go(minutes=20).do("undo_dispatch", reason="d#reason")
    assert kit.stage == "triaged"
    assert not DECIDER.claims(kit.state)
    assert {kit.told(u)[-1] for u in ("water", "roads", "parks")} == {"order_recalled"}
    assert [k for k, r in kit.state.clocks.items() if r.stopped_at is None] == ["dispatch/2"]
    assert kit.todos()["dispatch"].role == "dispatcher"
    assert (kit.state.undone, DECIDER.columns(kit.state)["case_row"][0]["undone"]) == (1, 1)
    assert kit.bodies("dispatch_undone")[0] == {
        "by": "dispatcher",
        "reason": "d#reason",
        "orders": ["a1", "a2", "a3"],
    }


def test_the_right_unit_is_the_first_receiver_and_its_limit_begins_with_its_dispatch() -> None:
    kit = wrong().go(minutes=20).do("undo_dispatch").go(minutes=5).do("dispatch", lead="roads")
    assert kit.state.orders["a2"].first_receiver
    assert not kit.state.orders["a1"].first_receiver
    overall = kit.state.running("overall/1")
    assert overall is not None
    assert overall.clock.start == kit.city.now
    kit.do("sign", order="a2").accepted("a2").satisfied()
    assert kit.stage == "closed"
    replays(kit)


def test_the_same_unit_may_get_it_after_all_and_it_can_be_undone_again() -> None:
    kit = wrong().do("undo_dispatch").do("dispatch", lead="water").do("undo_dispatch").do("dispatch", lead="water")
    assert kit.state.undone == 2
    assert kit.state_of("a3") == "sent"


def test_after_the_limit_it_is_a_reassignment() -> None:
    kit = wrong().go(minutes=30)
    assert kit.refuses("undo_dispatch") == "undo_window_closed"
    assert wrong().go(minutes=29, seconds=59).do("undo_dispatch").stage == "triaged"


def test_an_urgent_case_has_a_shorter_limit() -> None:
    kit = wrong(triage="urgent").go(minutes=10)
    assert kit.refuses("undo_dispatch") == "undo_window_closed"


def test_what_was_received_in_time_and_committed_later_counts() -> None:
    kit = wrong().go(minutes=40)
    got = kit.give("undo_dispatch", received="2026-03-02 09:20")
    assert got.refusal is None


@pytest.mark.parametrize("unit", ["lead", "helper"])
def test_once_anybody_has_signed_it_is_a_return_or_a_reassignment(unit: str) -> None:
    kit = wrong(co=["roads"]).do("sign", order={"lead": "a1", "helper": "a2"}[unit])
    assert kit.refuses("undo_dispatch") == "work_begun"


def test_a_helper_that_gave_its_order_back_has_worked() -> None:
    kit = wrong(co=["roads"])
    kit.do("request_return", order="a2", ground="not_our_duty", proposed_owner="parks")
    for role in ("order_reviewer", "shift_leader"):
        kit.do("review_return", role=role, order="a2", approve=True)
    assert kit.refuses("undo_dispatch") == "work_begun"


def test_no_other_dispatch_is_undone_this_way() -> None:
    kit = wrong().do("reassign", order="a1", unit="roads")
    assert kit.refuses("undo_dispatch") == "nothing_to_undo"
    kit = City().case().triaged("disputed").do("designate", lead="water")
    assert kit.refuses("undo_dispatch") == "no_return"
    redo = City().case().in_callback().dissatisfied()
    assert redo.refuses("undo_dispatch") == "nothing_to_undo"


def test_a_case_that_went_up_already_stays() -> None:
    kit = wrong(lead="east-1").do("report_up", order="a1")
    assert kit.refuses("undo_dispatch") == "matter_reserved"


def test_the_overall_limit_runs_on_when_the_case_was_with_a_unit_before() -> None:
    kit = wrong().do("request_return", order="a1", ground="not_our_duty", proposed_owner="roads")
    for role in ("order_reviewer", "shift_leader"):
        kit.do("review_return", role=role, order="a1", approve=True)
    due = kit.due("overall/1")
    kit.do("dispatch", lead="roads").do("undo_dispatch")
    assert kit.due("overall/1") == due


def test_only_a_dispatcher_undoes() -> None:
    kit = wrong()
    got = kit.send("undo_dispatch", {"reason": "r#x"}, Actor(user="a", role="agent"))
    assert got.refusal == "not_permitted"


def test_said_twice_it_is_refused_the_second_time() -> None:
    assert wrong().do("undo_dispatch").refuses("undo_dispatch") == "not_in_this_stage"
