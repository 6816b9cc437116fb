"""协办: when helpers are due, and what becomes of the place of one that gives its order back."""

from datetime import UTC, datetime
from typing import Any

import pytest

from domain.export import export_process, verify
from domain.policy import pack_sha
from tests.domain.casekit import CALENDAR, CaseKit, City
from tests.domain.clock_helpers import sh


def with_helper(role: str = "co") -> CaseKit:
    """A lead and a helper ``a2`` in a role."""
    more: dict[str, Any] = {"co": ["roads"]} if role == "co" else {role: "roads"}
    return City().case().dispatched("water", **more)


def given_back(role: str = "co") -> CaseKit:
    """The helper's return was approved by both reviewers."""
    kit = with_helper(role).do("request_return", order="a2", ground="not_our_duty", proposed_owner="parks")
    kit.do("review_return", order="a2", role="order_reviewer", approve=True)
    return kit.do("review_return", order="a2", role="shift_leader", approve=True)


# ------------------------------------------------------------------------------------------------------ helpers added later


def added(kit: CaseKit, unit: str = "roads", role: str = "co") -> CaseKit:
    body = {"unit": unit, "role": role, "reason": "r#r"}
    got = kit.send("add_assignment", body, kit.actor("add_assignment", body))
    assert got.refusal is None, got.refusal
    return kit


@pytest.mark.parametrize("role", ["co", "territory", "industry"])
def test_a_helper_added_later_is_due_a_working_day_before_the_lead_as_those_of_the_first_dispatch(role: str) -> None:
    kit = City().case().dispatched("water", co=["parks"]).go(days=2)
    added(kit, role=role)
    assert kit.due("a3/handle") == kit.due("a2/handle") == sh("2026-03-11")
    assert kit.due("a1/handle") == sh("2026-03-12")


def test_it_is_due_a_working_day_before_the_lead_whose_limit_was_extended() -> None:
    kit = City().case().dispatched().do("sign", order="a1")
    kit.do("request_extension", order="a1", days=5, ground="season", caller_told=True)
    kit.do("review_extension", role="unit_head", order="a1", approve=True)
    kit.do("review_extension", role="city_centre", order="a1", approve=True)
    assert added(kit.go(days=2)).due("a2/handle") == sh("2026-03-18")
    assert kit.due("a1/handle") == sh("2026-03-19")


def test_beside_a_paused_lead_it_runs_as_the_lead_would_run_on_from_now() -> None:
    kit = City().case().dispatched().do("sign", order="a1").do("request_pause", order="a1", kind="expert")
    added(kit.do("review_pause", order="a1", approve=True).go(days=2))
    helper = kit.due("a2/handle")
    kit.do("resume", order="a1")
    assert (helper, kit.due("a1/handle")) == (sh("2026-03-13"), sh("2026-03-14"))


def test_when_less_than_a_working_day_is_left_it_is_due_with_the_lead() -> None:
    kit = added(City().case().dispatched().at("2026-03-11 10:00").tick())
    assert kit.due("a2/handle") == kit.due("a1/handle") == sh("2026-03-12")


def test_beside_a_lead_that_is_overdue_it_has_its_own_limit() -> None:
    kit = added(City().case().dispatched().at("2026-03-12 10:00").tick())
    assert kit.due("a2/handle") == sh("2026-03-21")


def test_a_helper_to_whom_an_order_is_moved_is_due_before_the_lead_too() -> None:
    kit = with_helper().go(days=2).do("reassign", order="a2", unit="parks")
    assert kit.due("a3/handle") == sh("2026-03-11")


def test_a_helper_added_in_an_urgent_case_is_never_due_after_the_lead() -> None:
    kit = City().case().dispatched(triage="urgent").go(hours=3).do("triage", triage="routine", reason="r#r")
    assert added(kit).due("a2/handle") == kit.due("a1/handle")


def test_the_export_of_a_case_with_a_helper_beside_an_extended_and_paused_lead_verifies() -> None:
    city = City()
    kit = city.case(pack_sha=pack_sha(city.pack)).dispatched().do("sign", order="a1")
    kit.do("request_extension", order="a1", days=5, ground="season", caller_told=True)
    kit.do("review_extension", role="unit_head", order="a1", approve=True)
    kit.do("review_extension", role="city_centre", order="a1", approve=True)
    kit.do("request_pause", order="a1", kind="expert").do("review_pause", order="a1", approve=True)
    added(kit.go(days=3)).go(days=40).tick()
    assert (
        verify(export_process(kit.process, kit.events, kit.city.pack, CALENDAR, datetime(2026, 12, 1, tzinfo=UTC)))
        == []
    )


# ------------------------------------------------------------------------------------------------- the place of one that left


@pytest.mark.parametrize("role", ["co", "territory", "industry"])
def test_an_approved_return_of_a_helper_leaves_a_place_to_fill(role: str) -> None:
    kit = given_back(role)
    todo = kit.todos()["a2/replace"]
    assert (todo.role, todo.commands, todo.subject) == ("dispatcher", ("add_assignment", "waive_result"), "a2")
    assert todo.due == kit.due("a2/replace") == sh("2026-03-02 11:00")
    added(kit, "parks", role)
    assert kit.state.orders["a3"].parent == "a2"
    assert "a2/replace" not in kit.todos()
    assert kit.state.clocks["a2/replace"].met is True


def test_an_approved_return_of_the_lead_is_dispatched_again_and_leaves_no_other_todo() -> None:
    kit = City().case().dispatched().do("request_return", order="a1", ground="not_our_duty", proposed_owner="parks")
    kit.do("review_return", order="a1", role="order_reviewer", approve=True)
    kit.do("review_return", order="a1", role="shift_leader", approve=True)
    assert list(kit.todos()) == ["dispatch"]


def test_the_case_waits_for_the_place_and_goes_on_when_nobody_is_needed() -> None:
    kit = given_back().accepted("a1")
    assert kit.stage == "reply_review"
    assert list(kit.todos()) == ["a2/replace"]
    kit.do("waive_result", order="a2", role="dispatcher")
    assert kit.stage == "callback"
    assert kit.state_of("a2") == "returned"
    assert kit.refuses("waive_result", order="a2") == "not_in_this_stage"


def test_a_place_waived_is_not_waived_twice() -> None:
    kit = given_back().do("waive_result", order="a2")
    assert kit.refuses("waive_result", order="a2") == "not_in_this_state"


def test_a_unit_in_another_role_leaves_the_place_open() -> None:
    kit = added(given_back(), "parks", "territory")
    assert kit.state.orders["a3"].parent is None
    assert "a2/replace" in kit.todos()


def test_who_takes_the_place_can_leave_it_too() -> None:
    kit = added(given_back(), "parks")
    kit.do("request_return", order="a3", ground="not_our_duty", proposed_owner="housing")
    assert [str(m.kind) for m in kit.state.matters.values()] == ["second_return"]
    kit.do("designate", lead="water")
    assert "a2/replace" not in kit.todos()
    assert kit.state.orders["a3"].no_return


def test_a_place_that_nobody_fills_in_time_is_told_to_the_shift_leader() -> None:
    kit = given_back()
    kit.city.now = kit.due("a2/replace")
    assert kit.tick().told("role:shift_leader") == ["overdue"]


# -------------------------------------------------------------------------------------------------------------- no boomerang


def lead_given_back() -> CaseKit:
    kit = City().case().dispatched().do("request_return", order="a1", ground="not_our_duty", proposed_owner="parks")
    kit.do("review_return", order="a1", role="order_reviewer", approve=True)
    return kit.do("review_return", order="a1", role="shift_leader", approve=True)


def test_the_unit_that_has_just_returned_the_order_does_not_get_it_back() -> None:
    kit = lead_given_back()
    got = kit.give("dispatch", lead="water")
    assert (got.refusal, got.detail) == ("just_returned", {"unit": "water", "order": "a1"})
    kit.do("dispatch", lead="roads")
    assert kit.refuses("reassign", order="a2", unit="water", role="dispatcher") == "just_returned"


def test_but_the_city_centre_may_designate_it() -> None:
    kit = lead_given_back().do("triage", triage="disputed").do("designate", lead="water")
    lead = kit.state.lead
    assert lead is not None
    assert (lead.unit, lead.no_return) == ("water", True)


def test_who_gave_back_the_lead_may_still_help() -> None:
    kit = lead_given_back().do("dispatch", lead="roads", co=["water"])
    assert [(o.unit, str(o.role)) for o in kit.state.live] == [("roads", "lead"), ("water", "co")]


def test_a_helper_that_left_is_not_put_in_its_own_place() -> None:
    kit = given_back()
    body = {"unit": "roads", "role": "co", "reason": "r#r"}
    assert kit.send("add_assignment", body, kit.actor("add_assignment", body)).refusal == "just_returned"
    added(kit, "roads", "territory")


# -------------------------------------------------------------------------------------------------------------- four eyes


@pytest.mark.parametrize("voter", ["u1", "u2"])
def test_who_has_voted_on_a_helpers_return_votes_no_more_when_the_question_comes_back(voter: str) -> None:
    """As older journals have it: the question of the owner was settled and left the helper's return open."""
    kit = with_helper().do("request_return", order="a2", ground="not_our_duty", proposed_owner="parks")
    kit.do("review_return", order="a2", role="order_reviewer", approve=True, user="u1")
    kit.do("review_return", order="a2", role="shift_leader", approve=False, user="u2")
    settled = kit.process.state.model_copy(update={"matters": {}})
    kit.process = kit.process.model_copy(update={"state": settled})
    role = "shift_leader"
    body = {"order": "a2", "approve": True, "reason": "r#r"}
    actor = kit.actor("review_return", body, role, voter)
    assert kit.send("review_return", body, actor).refusal == "four_eyes"
