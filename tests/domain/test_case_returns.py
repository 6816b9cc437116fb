"""退单: two different persons decide, within their time; else somebody higher."""

from typing import Any

import pytest

from tests.domain.casekit import CaseKit, City
from tests.domain.clock_helpers import sh


def asked(triage: str = "routine", **more: Any) -> CaseKit:
    kit = City().case().dispatched("water", triage=triage, **more)
    return kit.do("request_return", order="a1", ground="not_our_duty", proposed_owner="roads")


def reviewed(first: bool, second: bool) -> CaseKit:
    kit = asked().do("review_return", role="order_reviewer", order="a1", approve=first)
    return kit.do("review_return", role="shift_leader", order="a1", approve=second)


def test_both_approve_and_the_order_is_free_for_another_unit() -> None:
    kit = reviewed(first=True, second=True)
    assert kit.state_of("a1") == "returned"
    assert kit.stage == "triaged"
    assert kit.state.proposed_owner == "roads"
    assert not [t for t in kit.process.timers if t.key.startswith("a1/")]


def test_a_return_never_restarts_the_overall_clock() -> None:
    kit = City().case().dispatched()
    overall = kit.due("overall/1")
    kit.go(days=1).do("request_return", order="a1", ground="not_our_area", proposed_owner="roads")
    kit.do("review_return", role="order_reviewer", order="a1", approve=True)
    kit.do("review_return", role="shift_leader", order="a1", approve=True)
    kit.do("dispatch", lead="roads")
    assert kit.due("overall/1") == overall
    assert kit.due("a2/handle") > overall


def test_both_deny_and_the_order_is_locked() -> None:
    kit = reviewed(first=False, second=False)
    assert kit.state_of("a1") == "signed"
    assert kit.state.orders["a1"].no_return
    assert kit.refuses("request_return", order="a1", ground="not_our_duty", proposed_owner="roads") == "no_return"
    assert "request_return" not in kit.todos()["a1/unit"].commands


@pytest.mark.parametrize("first", [True, False])
def test_if_the_two_disagree_the_adjudication_group_is_asked(first: bool) -> None:
    kit = reviewed(first=first, second=not first)
    assert [str(m.kind) for m in kit.state.matters.values()] == ["disagreement"]
    assert kit.state.holds["m1"].process == "adjudication/c1-m1"
    begun = next(e for e in kit.effects if e.kind == "start")
    assert (begun.target, begun.body["body"]["parties"]) == ("adjudication/c1-m1", ["water", "roads"])
    assert "matter/m1" not in kit.todos(), "the group has it"
    kit.do("designate", lead="roads")
    assert kit.state_of("a1") == "reassigned", "who designates is quicker"
    assert kit.effects[-1].body["command"] == "overtake_item", "and the group is told"


def test_the_unit_whose_return_is_in_dispute_can_be_designated_itself() -> None:
    kit = reviewed(first=True, second=False).do("designate", lead="water")
    assert kit.state_of("a1") == "signed"
    assert kit.state.orders["a1"].no_return
    kit.submitted()


def test_nobody_proposed_designates() -> None:
    kit = reviewed(first=True, second=False)
    actor = kit.actor("designate", {}).model_copy(update={"unit": "roads"})
    assert kit.send("designate", {"lead": "water", "basis": "r#b"}, actor).refusal == "recusal"


def test_no_reviewer_belongs_to_a_party() -> None:
    kit = asked()
    actor = kit.actor("review_return", {"order": "a1"}).model_copy(update={"unit": "roads"})
    body = {"order": "a1", "approve": True, "reason": "r#r"}
    assert kit.send("review_return", body, actor).refusal == "recusal"


def test_a_second_return_on_the_case_goes_to_the_city_centre_at_once() -> None:
    kit = reviewed(first=True, second=True).do("dispatch", lead="roads")
    kit.do("request_return", order="a2", ground="other_owner", proposed_owner="water")
    assert [str(m.kind) for m in kit.state.matters.values()] == ["second_return"]
    assert "a2/return" not in kit.todos()
    assert kit.refuses("review_return", order="a2", approve=True) == "no_return_open"


def test_the_two_reviewers_are_two_persons() -> None:
    kit = asked().do("review_return", role="order_reviewer", order="a1", approve=True, user="u1")
    assert kit.refuses("review_return", role="shift_leader", order="a1", approve=True, user="u1") == "four_eyes"


def test_who_asked_reviews_at_no_step() -> None:
    kit = City().case().dispatched()
    kit.do("request_return", order="a1", ground="not_our_duty", proposed_owner="roads", user="u1")
    assert kit.refuses("review_return", order="a1", approve=True, user="u1") == "four_eyes"


def test_the_reviewers_come_in_their_order() -> None:
    kit = asked()
    assert kit.refuses("review_return", role="shift_leader", order="a1", approve=True) == "not_your_turn"
    kit.do("review_return", role="order_reviewer", order="a1", approve=True)
    assert kit.refuses("review_return", role="order_reviewer", order="a1", approve=True, user="u2") == "not_your_turn"


def test_the_window_closes_two_working_days_after_dispatch() -> None:
    kit = City().case().dispatched()
    fields = {"order": "a1", "ground": "not_our_duty", "proposed_owner": "roads"}
    kit.at("2026-03-05 00:00").tick()
    assert kit.refuses("request_return", **fields) == "return_window_closed"
    body = fields | {"reason": "r#r", "basis": "r#b"}
    before = sh("2026-03-04 23:59")
    assert kit.send("request_return", body, kit.actor("request_return", body), before).refusal is None


def test_a_unit_proposes_another_unit_that_exists() -> None:
    kit = City().case().dispatched()
    assert kit.refuses("request_return", order="a1", ground="other_owner", proposed_owner="water") == "same_unit"
    assert kit.refuses("request_return", order="a1", ground="other_owner", proposed_owner="x") == "unknown_unit"


def test_who_has_begun_to_work_gives_nothing_back() -> None:
    kit = City().case().dispatched().do("contact", order="a1")
    code = kit.refuses("request_return", order="a1", ground="other_owner", proposed_owner="roads")
    assert code == "not_in_this_state"


def test_the_units_clock_runs_on_while_its_return_is_reviewed() -> None:
    kit = City().case().dispatched()
    due = kit.due("a1/handle")
    kit.do("request_return", order="a1", ground="not_our_duty", proposed_owner="roads")
    assert kit.due("a1/handle") == due


def test_who_asks_for_a_return_has_received_the_order() -> None:
    kit = asked()
    assert kit.state.running("a1/sign") is None
    assert kit.bodies("order_signed")[0]["auto"] is False


@pytest.mark.parametrize("step", [1, 2])
def test_a_silent_reviewer_is_passed_over_to_the_centre_head(step: int) -> None:
    kit = asked()
    if step == 2:
        kit.do("review_return", role="order_reviewer", order="a1", approve=True)
    kit.at("2026-03-02 17:30").tick()
    assert kit.bodies("return_escalated") == [{"order": "a1", "step": step}]
    todo = kit.todos()["a1/return"]
    assert (todo.role, todo.commands) == ("centre_head", ("decide_return",))
    assert kit.refuses("review_return", role="order_reviewer", order="a1", approve=True, user="u9") == "not_your_turn"
    kit.do("decide_return", order="a1", approve=True)
    assert kit.state_of("a1") == "returned"


def test_the_centre_head_denies_and_the_order_is_locked() -> None:
    kit = asked().at("2026-03-02 17:30").tick().do("decide_return", order="a1", approve=False)
    assert kit.state.orders["a1"].no_return


def test_the_centre_head_waits_for_his_turn_and_is_a_third_person() -> None:
    kit = asked()
    assert kit.refuses("decide_return", order="a1", approve=True) == "not_your_turn"
    kit.do("review_return", role="order_reviewer", order="a1", approve=True, user="u1")
    kit.at("2026-03-02 17:30").tick()
    assert kit.refuses("decide_return", order="a1", approve=True, user="u1") == "four_eyes"


def test_an_urgent_return_is_reviewed_in_thirty_minutes() -> None:
    kit = asked("urgent")
    assert kit.due("a1/return1") == sh("2026-03-02 09:30")


def test_the_centre_heads_time_begins_when_the_engine_noticed() -> None:
    kit = asked().at("2026-03-03 11:00").tick()
    assert kit.state.clocks["a1/return3"].clock.start == sh("2026-03-03 11:00")


def test_who_asks_to_give_back_goes_on_meanwhile() -> None:
    kit = City().case().dispatched().do("request_return", order="a1", proposed_owner="roads", ground="other_owner")
    assert kit.todos()["a1/unit"].commands == ("contact", "report_progress")
    kit.do("contact", order="a1").do("report_progress", order="a1")
    assert kit.state_of("a1") == "return_requested"
    kit.do("review_return", order="a1", approve=True, role="order_reviewer")


def test_a_helper_whose_return_raised_the_question_keeps_its_order_when_the_owner_is_named() -> None:
    kit = City().case().triaged().do("dispatch", lead="water", co=["roads"])
    kit.do("request_return", order="a2", proposed_owner="housing", ground="other_owner")
    kit.do("review_return", order="a2", approve=True, role="order_reviewer")
    kit.do("review_return", order="a2", approve=False, role="shift_leader")
    kit.do("designate", lead="water")
    assert kit.state.orders["a2"].no_return
    assert kit.state_of("a2") == "signed"


def test_nobody_is_late_with_a_return_that_is_with_those_who_say_whose_the_case_is() -> None:
    kit = City().case().dispatched("water", co=["roads"])
    kit.do("request_return", order="a1", ground="other_owner", proposed_owner="parks")
    assert kit.state.running("a1/return1") is not None
    kit.do("request_return", order="a2", ground="other_owner", proposed_owner="parks")
    assert kit.state.owner_matter is not None
    assert kit.state.running("a1/return1") is None, "nobody may answer it now"
    kit.at("2026-03-20 09:00").tick()
    assert "return_escalated" not in kit.types()


@pytest.mark.parametrize("what", ["extension", "pause", "paused", "account"])
def test_who_asks_for_something_else_does_not_give_back_beside_that(what: str) -> None:
    kit = City().case().dispatched().do("sign", order="a1")
    if what == "extension":
        kit.do("request_extension", order="a1", days=3, ground="season", caller_told=True)
    elif what == "account":
        kit.do("request_on_account", order="a1", ground="engineering", review_on="2026-04-10")
    else:
        kit.do("request_pause", order="a1", kind="court")
        if what == "paused":
            kit.do("review_pause", order="a1", approve=True)
    assert "request_return" not in kit.todos()["a1/unit"].commands
    code = {"extension": "extension_open", "pause": "pause_open", "paused": "paused", "account": "account_open"}[what]
    assert kit.refuses("request_return", order="a1", ground="other_owner", proposed_owner="roads") == code
