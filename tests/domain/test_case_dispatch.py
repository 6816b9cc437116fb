"""派单: orders out, moved, taken back, designated."""

from typing import Any

import pytest

from domain.case import claims
from tests.domain.casekit import City
from tests.domain.clock_helpers import sh

ALL: dict[str, Any] = {
    "lead": "water",
    "co": ["roads"],
    "territory": "east-1",
    "industry": "housing",
    "informed": ["parks"],
}


def test_lead_co_territory_industry_and_informed_get_their_orders_at_once() -> None:
    kit = City().case().triaged().do("dispatch", **ALL)
    assert [(o.unit, str(o.role)) for o in kit.state.orders.values()] == [
        ("water", "lead"),
        ("roads", "co"),
        ("east-1", "territory"),
        ("housing", "industry"),
        ("parks", "informed"),
    ]
    assert kit.stage == "dispatched"
    assert {e.target for e in kit.effects if e.body.get("what") == "order_sent"} == {
        "water",
        "roads",
        "east-1",
        "housing",
        "parks",
    }


def test_an_informed_unit_owes_nothing() -> None:
    kit = City().case().triaged().do("dispatch", lead="water", informed=["parks"])
    assert not [k for k in kit.state.clocks if k.startswith("a2/")]
    assert not [k for k in kit.todos() if k.startswith("a2/")]
    assert kit.accepted().stage == "callback"


def test_the_lead_is_the_first_receiver() -> None:
    kit = City().case().triaged().do("dispatch", **ALL)
    assert [o.id for o in kit.state.orders.values() if o.first_receiver] == ["a1"]


@pytest.mark.parametrize(
    "twice",
    [{"co": ["water"]}, {"co": ["roads", "roads"]}, {"territory": "water"}, {"co": ["roads"], "informed": ["roads"]}],
)
def test_a_unit_named_twice_is_refused_and_nothing_is_sent(twice: dict[str, Any]) -> None:
    kit = City().case().triaged()
    assert kit.refuses("dispatch", lead="water", **twice) == "unit_twice"
    assert not kit.state.orders


@pytest.mark.parametrize("unit", ["nowhere", "closed-bureau"])
def test_only_an_active_unit_gets_an_order(unit: str) -> None:
    assert City().case().triaged().refuses("dispatch", lead=unit) == "unknown_unit"


def test_each_order_holds_its_claim_until_the_cycle_ends() -> None:
    kit = City().case().triaged(matter="pipe-7").do("dispatch", **ALL)
    assert claims(kit.state) == {f"order/{u}/pipe-7" for u in ("water", "roads", "east-1", "housing")}


def test_a_co_unit_is_due_a_working_day_before_the_lead() -> None:
    kit = City().case().dispatched("water", co=["roads"])
    assert kit.due("a1/handle") == sh("2026-03-12")
    assert kit.due("a2/handle") == sh("2026-03-11")


def test_under_a_short_limit_the_co_unit_is_due_with_the_lead() -> None:
    kit = City().case(grade="grade_extra_urgent", case_type="help").dispatched("water", co=["roads"])
    assert kit.due("a1/handle") == kit.due("a2/handle")


def test_an_order_to_a_street_is_copied_to_its_district() -> None:
    kit = City().case(district="east", street="east-1").dispatched("east-1")
    assert kit.told("unit:east") == ["street_order_copied"]


def test_a_unit_is_added_but_not_as_a_second_lead() -> None:
    kit = City().case().dispatched()
    body = {"unit": "roads", "reason": "r#t"}
    actor = kit.actor("add_assignment", body)
    assert kit.send("add_assignment", body | {"role": "lead"}, actor).refusal == "one_lead"
    assert kit.send("add_assignment", body | {"role": "co"}, actor).refusal is None
    assert kit.send("add_assignment", body | {"role": "co"}, actor).refusal == "unit_twice"
    assert kit.state.orders["a2"].unit == "roads"


def test_reassigning_gives_the_new_unit_its_own_limit_and_leaves_the_overall_clock() -> None:
    kit = City().case().dispatched()
    overall = kit.due("overall/1")
    kit.go(days=2).do("reassign", order="a1", unit="roads")
    assert kit.state_of("a1") == "reassigned"
    assert (kit.state.orders["a2"].parent, str(kit.state.orders["a2"].role)) == ("a1", "lead")
    assert kit.due("a2/handle") > overall
    assert kit.due("overall/1") == overall
    assert kit.told("water") == ["order_sent", "order_recalled"]


def test_reassigning_to_the_same_unit_or_to_a_helper_is_refused() -> None:
    kit = City().case().dispatched("water", co=["roads"])
    assert kit.refuses("reassign", order="a1", unit="water") == "same_unit"
    assert kit.refuses("reassign", order="a1", unit="roads") == "unit_twice"


def test_an_order_is_withdrawn_but_never_the_leads() -> None:
    kit = City().case().dispatched("water", co=["roads"])
    assert kit.refuses("withdraw_order", order="a1") == "lead_stays"
    kit.do("withdraw_order", order="a2")
    assert kit.state_of("a2") == "withdrawn"
    assert not [t for t in kit.process.timers if t.key.startswith("a2/")]


def test_a_unit_that_was_only_informed_can_become_the_lead() -> None:
    kit = City().case().triaged().do("dispatch", lead="water", informed=["parks"])
    kit.do("reassign", order="a1", unit="parks")
    lead = kit.state.lead
    assert lead is not None
    assert lead.unit == "parks"


def test_a_helper_whose_result_is_in_can_become_the_lead() -> None:
    kit = City().case().dispatched("water", co=["roads"]).accepted("a2", "explained")
    kit.do("reassign", order="a1", unit="roads")
    lead = kit.state.lead
    assert lead is not None
    assert lead.unit == "roads"


def test_a_designation_locks_the_order_and_settles_the_question() -> None:
    kit = City().case().triaged("disputed").do("designate", lead="water", co=["roads"])
    assert kit.state.orders["a1"].no_return
    assert not kit.state.matters
    assert kit.refuses("request_return", order="a1", ground="not_our_duty", proposed_owner="roads") == "no_return"


def test_a_designation_takes_over_from_the_interim_handler() -> None:
    kit = City().case().dispatched("water", triage="disputed").do("designate", lead="roads")
    assert kit.state_of("a1") == "reassigned"
    assert kit.state.orders["a2"].parent == "a1"


def test_a_designation_confirms_the_handler_at_work() -> None:
    kit = City().case().dispatched("water", triage="disputed").do("designate", lead="water")
    assert list(kit.state.orders) == ["a1"]
    assert kit.state.orders["a1"].no_return


def test_a_helper_who_is_designated_becomes_the_lead() -> None:
    kit = City().case().dispatched("water", triage="hard", co=["roads"]).do("designate", lead="roads")
    assert (kit.state_of("a1"), kit.state_of("a2")) == ("reassigned", "reassigned")
    lead = kit.state.lead
    assert lead is not None
    assert (lead.unit, lead.no_return) == ("roads", True)


def test_nobody_designates_who_is_a_party() -> None:
    kit = City().case().dispatched("water", triage="disputed")
    actor = kit.actor("designate", {}).model_copy(update={"unit": "water"})
    assert kit.send("designate", {"lead": "roads", "basis": "r#b"}, actor).refusal == "recusal"


def test_without_a_question_nobody_is_designated() -> None:
    assert City().case().dispatched().refuses("designate", lead="roads") == "no_owner_question"


def test_no_other_owner_once_the_result_is_in() -> None:
    kit = City().case().dispatched("water", triage="disputed").submitted()
    assert kit.refuses("designate", lead="roads") == "result_already_in"


def test_the_question_of_the_owner_is_overtaken_when_the_work_is_accepted() -> None:
    kit = City().case().dispatched("water", triage="disputed").accepted()
    assert kit.stage == "callback"
    assert not kit.state.matters
    assert kit.bodies("matter_settled") == [{"matter": "m1", "by": "system", "note": None}]


def test_while_the_lead_is_missing_the_helpers_work_on() -> None:
    kit = City().case().dispatched("water", co=["roads"])
    kit.do("request_return", order="a1", ground="other_owner", proposed_owner="parks")
    kit.do("review_return", order="a1", role="order_reviewer", approve=True)
    kit.do("review_return", order="a1", role="shift_leader", approve=True)
    assert kit.stage == "triaged"
    kit.do("sign", order="a2").accepted("a2", "explained")
    kit.do("dispatch", lead="parks")
    assert kit.stage == "dispatched"


def test_a_case_that_turns_urgent_while_units_work_gets_the_urgent_limits_from_now_on() -> None:
    kit = City().case().dispatched()
    slow = kit.state.clocks["a1/handle"].clock
    kit.go(hours=2).do("triage", triage="urgent")
    quick = kit.state.clocks["a1/handle"].clock
    assert slow.due is not None
    assert quick.due is not None
    assert quick.due < slow.due
    assert quick.start > slow.start
    assert quick.rule.startswith("weifang-emergency/")
    assert {"a1/respond", "a1/feedback"} <= set(kit.state.clocks)


def test_a_class_that_is_lowered_gives_no_more_time() -> None:
    kit = City().case().dispatched(triage="urgent")
    quick = kit.state.clocks["a1/handle"].clock
    kit.do("triage", triage="routine", reason="t#reason")
    assert kit.state.clocks["a1/handle"].clock == quick


@pytest.mark.parametrize("reason", ["pending", "locked", "designated", "open question"])
def test_what_two_persons_decide_is_not_reassigned_by_one(reason: str) -> None:
    kit = City().case().dispatched()
    if reason == "designated":
        kit = City().case().triaged("disputed").do("designate", lead="water")
    else:
        kit.do("request_return", order="a1", proposed_owner="roads", ground="other_owner")
    if reason == "locked":
        kit.do("review_return", order="a1", approve=False, role="order_reviewer")
        kit.do("review_return", order="a1", approve=False, role="shift_leader")
    if reason == "open question":
        kit.do("review_return", order="a1", approve=True, role="order_reviewer")
        kit.do("review_return", order="a1", approve=False, role="shift_leader")
    code = kit.refuses("reassign", order="a1", unit="roads", role="dispatcher")
    assert code == ("return_open" if reason in {"pending", "open question"} else "no_return")


def test_an_order_that_runs_on_after_a_pause_or_a_send_back_runs_by_the_urgent_limit() -> None:
    kit = City().case().dispatched().submitted().do("triage", triage="urgent")
    assert kit.state.clocks["a1/handle"].clock.rule.startswith("haikou/")
    kit.do("review_result", order="a1", accept=False, reason="t#reason")
    assert kit.state.clocks["a1/handle"].clock.rule.startswith("weifang-emergency/")


def test_units_at_work_are_told_that_the_case_is_urgent_now() -> None:
    kit = City().case().dispatched().go(hours=1)
    before = len(kit.told("water"))
    kit.do("triage", triage="urgent")
    assert "due_changed" in kit.told("water")[before:]
    assert kit.state.clocks["a1/sign"].clock.rule == "haikou/auto_sign/urgent"


def test_more_time_that_is_granted_while_a_case_is_urgent_stays() -> None:
    kit = City().case(grade="grade_urgent").dispatched(triage="urgent").do("sign", order="a1")
    kit.do("request_extension", order="a1", days=3, ground="season", caller_told=True)
    before = kit.due("a1/handle")
    for role in ("unit_head", "city_centre"):
        kit.do("review_extension", role=role, order="a1", approve=True)
    assert kit.due("a1/handle") > before
    assert kit.state.clocks["a1/handle"].clock.extensions


def test_more_time_that_was_granted_before_does_not_hold_up_a_case_that_turns_urgent() -> None:
    kit = City().case().dispatched().do("sign", order="a1")
    kit.do("request_extension", order="a1", days=3, ground="season", caller_told=True)
    for role in ("unit_head", "city_centre"):
        kit.do("review_extension", role=role, order="a1", approve=True)
    kit.do("triage", triage="urgent")
    assert kit.state.clocks["a1/handle"].clock.rule.startswith("weifang-emergency/")


def test_one_alone_does_not_withdraw_what_two_have_denied_to_give_back() -> None:
    kit = City().case().dispatched("water", co=["roads"])
    kit.do("request_return", order="a2", proposed_owner="parks", ground="other_owner")
    kit.do("review_return", order="a2", approve=False, role="order_reviewer")
    kit.do("review_return", order="a2", approve=False, role="shift_leader")
    assert kit.refuses("withdraw_order", order="a2", role="dispatcher") == "no_return"
    kit.do("withdraw_order", order="a2", role="city_centre")
