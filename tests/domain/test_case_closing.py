"""回访、重办、办结、归档."""

from typing import Any

import pytest

from tests.domain.casekit import REF, CaseKit, City
from tests.domain.clock_helpers import sh


def unreached(kit: CaseKit) -> CaseKit:
    return kit.do("record_callback", request="c1", reached=False)


def unreasonable(kit: CaseKit, user: str = "officer") -> CaseKit:
    return kit.do(
        "record_callback",
        request="c1",
        reached=True,
        solved="no",
        satisfaction="unsatisfied",
        unreasonable=True,
        note="r#note",
        user=user,
    )


# ----------------------------------------------------------------------------------------------------------- callback


def test_a_straight_life_from_the_call_to_the_archive() -> None:
    kit = City().case().closed()
    assert (kit.stage, str(kit.state.code)) == ("closed", "solved")
    kit.at("2026-03-10 00:00").tick()
    assert kit.stage == "archived"
    assert not kit.process.timers
    assert not kit.todos()


def test_closing_carries_the_reply_and_the_documents_as_proof() -> None:
    assert City().case().closed().bodies("closed") == [{"code": "solved", "proof": ["row#text", "doc-1"]}]


@pytest.mark.parametrize("answer", ["very_satisfied", "satisfied", "basically_satisfied"])
def test_the_pack_says_which_answers_are_satisfied(answer: str) -> None:
    kit = City().case().in_callback()
    kit.do("record_callback", request="c1", reached=True, solved="partly", satisfaction=answer)
    assert kit.stage == "closed"


def test_an_answer_the_pack_does_not_know_is_refused() -> None:
    kit = City().case().in_callback()
    code = kit.refuses("record_callback", request="c1", reached=True, solved="yes", satisfaction="understanding")
    assert code == "unknown_answer"


@pytest.mark.parametrize(
    "fields",
    [{"reached": True}, {"reached": True, "solved": "yes"}, {"reached": True, "satisfaction": "satisfied"}],
)
def test_a_callback_without_its_answers_is_incomplete(fields: dict[str, Any]) -> None:
    assert City().case().in_callback().refuses("record_callback", request="c1", **fields) == "callback_incomplete"


def test_who_was_not_reached_has_no_opinion() -> None:
    kit = City().case().in_callback()
    assert kit.refuses("record_callback", request="c1", reached=False, solved="yes") == "callback_contradicts"


def test_who_is_satisfied_is_not_unreasonable() -> None:
    kit = City().case().in_callback()
    fields: dict[str, Any] = {"reached": True, "solved": "yes", "satisfaction": "satisfied", "unreasonable": True}
    assert kit.refuses("record_callback", request="c1", **fields) == "callback_contradicts"


def test_three_attempts_on_different_days_make_a_caller_unreachable_which_is_not_satisfied() -> None:
    kit = City().case().in_callback()
    unreached(kit)
    unreached(kit.go(hours=2))
    assert kit.state.callers["c1"].failed_days == 1
    unreached(kit.at("2026-03-03 09:00"))
    assert kit.stage == "callback"
    unreached(kit.at("2026-03-04 09:00"))
    assert kit.state.callers["c1"].outcome == "unreachable"
    assert kit.stage == "closed"
    assert not any(b["satisfied"] for b in kit.bodies("callback_recorded"))


def test_the_next_attempt_is_asked_for_on_the_next_day() -> None:
    kit = unreached(City().case().in_callback())
    assert kit.todos()["callback/c1"].since == sh("2026-03-03")


def test_a_caller_who_wants_no_call_is_not_called() -> None:
    kit = City().case().in_callback().do("waive_callback", request="c1")
    assert (kit.state.callers["c1"].outcome, kit.stage) == ("waived", "closed")


def test_nobody_is_called_back_twice_or_for_another_case() -> None:
    city = City()
    city.case("c2")
    kit = city.case().in_callback()
    assert kit.refuses("waive_callback", request="c2") == "unknown_request"
    kit.satisfied()
    assert kit.refuses("waive_callback", request="c1") == "not_in_this_stage"


# --------------------------------------------------------------------------------------------------------------- redo


def test_a_dissatisfied_caller_starts_a_new_cycle_of_the_same_unit_with_fresh_limits() -> None:
    kit = City().case().in_callback().at("2026-03-09 09:00").dissatisfied()
    assert kit.stage == "dispatched"
    assert (kit.state.cycle, kit.state.dissatisfied) == (2, 1)
    order = kit.state.orders["a2"]
    assert (order.unit, order.parent, order.cycle) == ("water", "a1", 2)
    assert kit.due("overall/2") == sh("2026-03-19")
    assert kit.told("caller:c1")[-1] == "redo"


def test_unsolved_is_dissatisfied_whatever_the_mood() -> None:
    kit = City().case().in_callback()
    kit.do("record_callback", request="c1", reached=True, solved="no", satisfaction="very_satisfied")
    assert kit.state.cycle == 2


def test_a_locked_order_stays_locked_when_redone() -> None:
    kit = City().case().triaged("disputed").do("designate", lead="water").accepted().dissatisfied()
    assert kit.state.orders["a2"].no_return


def test_at_two_the_unit_is_urged_at_four_it_is_supervised() -> None:
    kit = City().case().in_callback()
    seen = []
    for n in range(1, 5):
        kit.dissatisfied()
        seen.append([p.split("/")[2] for p in kit.state.begun])
        kit.accepted(f"a{n + 1}")
    assert seen == [[], ["urge"], ["urge"], ["urge", "supervise"]]
    assert kit.state.begun == ("supervision/c1/urge/c1-1", "supervision/c1/supervise/c1-2")
    begun = [e.body["body"] for e in kit.effects if e.kind == "start"]
    assert [(b["unit"], b["trigger"], b["level"]) for b in begun] == [
        ("water", "dissatisfied", "urge"),
        ("water", "dissatisfied", "supervise"),
    ]


def test_redo_for_one_caller_leaves_what_another_said() -> None:
    city = City()
    kit, other = city.case("c1"), city.case("c2")
    other.do("merge", into="c1")
    city.deliver()
    kit.dispatched().accepted().satisfied("c1").dissatisfied("c2").accepted("a2")
    assert [c.request for c in kit.state.waiting_callers] == ["c2"]


def test_who_withdrew_is_not_called_because_a_second_person_wants_it_handled_again() -> None:
    city = City()
    kit, other = city.case("c1"), city.case("c2")
    other.do("merge", into="c1")
    city.deliver()
    kit.do("caller_withdrew", request="c1").dispatched().accepted(code="explained").satisfied("c2")
    kit.do("review_closing", approve=False)
    assert kit.state.callers["c1"].outcome == "withdrew"
    assert [c.request for c in kit.state.waiting_callers] == ["c2"]


def test_what_a_second_person_sends_back_does_not_count_on_the_ladder() -> None:
    kit = City().case().in_callback("explained").satisfied().do("review_closing", approve=False)
    assert (kit.state.cycle, kit.state.dissatisfied) == (2, 0)


# -------------------------------------------------------------------------------------------------------- two persons


def test_an_unreasonable_demand_closes_only_by_a_second_person() -> None:
    kit = unreasonable(City().case().in_callback(), "u1")
    assert kit.stage == "callback"
    assert kit.todos()["closing"].role == "shift_leader"
    assert kit.refuses("review_closing", approve=True, user="u1") == "four_eyes"
    kit.do("review_closing", approve=True, user="u2")
    assert (kit.stage, str(kit.state.code)) == ("closed", "not_reasonable")


def test_an_unreasonable_demand_needs_a_reason() -> None:
    kit = City().case().in_callback()
    fields: dict[str, Any] = {"reached": True, "solved": "no", "satisfaction": "unsatisfied", "unreasonable": True}
    assert kit.refuses("record_callback", request="c1", **fields) == "reason_needed"


def test_a_demand_the_second_person_finds_reasonable_is_redone_and_counts() -> None:
    kit = unreasonable(City().case().in_callback()).do("review_closing", approve=False)
    assert (kit.stage, kit.state.dissatisfied) == ("dispatched", 1)


@pytest.mark.parametrize("code", ["explained", "not_reasonable"])
def test_a_code_of_two_persons_waits_for_the_second(code: str) -> None:
    kit = City().case().in_callback(code).satisfied()
    assert kit.stage == "callback"
    assert kit.refuses("review_closing", approve=True, user="order_reviewer") == "four_eyes"
    assert kit.refuses("review_closing", approve=True, user="unit_liaison@water") == "four_eyes"
    kit.do("review_closing", approve=True)
    assert str(kit.state.code) == code


def test_a_second_unreasonable_caller_needs_a_second_person_of_his_own() -> None:
    city = City()
    kit, other = city.case("c1"), city.case("c2")
    other.do("merge", into="c1")
    city.deliver()
    unreasonable(kit.dispatched().accepted())
    fields: dict[str, Any] = {
        "reached": True,
        "solved": "no",
        "satisfaction": "unsatisfied",
        "unreasonable": True,
        "note": "r#n",
    }
    assert kit.refuses("record_callback", request="c2", **fields) == "closing_open"
    kit.do("review_closing", approve=True).do("record_callback", request="c2", **fields)
    assert kit.stage == "callback"
    assert "closing" in kit.todos()
    kit.do("review_closing", approve=True)
    assert kit.stage == "closed"


def test_without_an_open_question_nobody_reviews_a_closing() -> None:
    assert City().case().in_callback().refuses("review_closing", approve=True) == "no_closing_open"


# -------------------------------------------------------------------------------------------- termination and withdrawal


def test_a_termination_takes_all_orders_back_and_closes() -> None:
    kit = City().case().dispatched("water", co=["roads"]).do("sign", order="a1")
    kit.do("request_termination", order="a1", ground="caller_refuses_cooperation")
    assert kit.todos()["termination"].role == "shift_leader"
    kit.do("review_termination", approve=True)
    assert (kit.stage, str(kit.state.code)) == ("closed", "terminated")
    assert (kit.state_of("a1"), kit.state_of("a2")) == ("withdrawn", "withdrawn")


def test_a_denied_termination_changes_nothing() -> None:
    kit = City().case().dispatched().do("sign", order="a1")
    kit.do("request_termination", order="a1", ground="caller_refuses_cooperation", user="u1")
    assert kit.refuses("request_termination", order="a1", ground="caller_refuses_cooperation") == "termination_open"
    assert kit.refuses("review_termination", approve=True, user="u1") == "four_eyes"
    kit.do("review_termination", approve=False)
    assert kit.stage == "in_progress"
    assert kit.refuses("review_termination", approve=True) == "no_termination_open"


def test_a_result_overtakes_the_request_to_terminate() -> None:
    kit = City().case().dispatched().do("sign", order="a1")
    kit.do("request_termination", order="a1", ground="caller_refuses_cooperation").accepted()
    assert kit.state.termination is None
    assert "termination" not in kit.todos()


def test_a_helper_may_ask_to_terminate_while_the_leads_result_is_looked_at() -> None:
    kit = City().case().dispatched("water", co=["roads"]).do("sign", order="a2").submitted("a1").submitted("a2")
    kit.do("review_result", order="a2", accept=False, reason=REF)
    kit.do("request_termination", order="a2", ground="caller_refuses_cooperation", user="u1")
    assert kit.stage == "reply_review"
    kit.do("review_termination", approve=True)
    assert (kit.stage, str(kit.state.code)) == ("closed", "terminated")


def test_doing_without_a_helper_overtakes_his_request_to_terminate() -> None:
    kit = City().case().dispatched("water", co=["roads"]).do("sign", order="a2")
    kit.do("request_termination", order="a2", ground="caller_refuses_cooperation")
    kit.accepted("a1").do("waive_result", order="a2")
    assert kit.stage == "callback"
    assert "termination" not in kit.todos()


@pytest.mark.parametrize("stage", ["screening", "triaged", "dispatched", "callback"])
def test_a_caller_who_is_alone_ends_the_case_by_withdrawing(stage: str) -> None:
    kit = City().case()
    if stage != "screening":
        kit.triaged()
    if stage not in {"screening", "triaged"}:
        kit.do("dispatch", lead="water", co=["roads"])
    if stage == "callback":
        kit.accepted("a1").do("waive_result", order="a2")
    assert kit.stage == stage
    kit.do("caller_withdrew", request="c1")
    assert (kit.stage, str(kit.state.code)) == ("closed", "caller_withdrew")
    assert not kit.state.live
    assert kit.told("caller:c1")[-1] != "closed"


def test_nobody_withdraws_twice_or_for_others() -> None:
    city = City()
    kit, other = city.case("c1"), city.case("c2")
    other.do("merge", into="c1")
    city.deliver()
    kit.do("caller_withdrew", request="c2")
    assert kit.refuses("caller_withdrew", request="c2") == "already_called_back"
    assert kit.refuses("caller_withdrew", request="c9") == "unknown_request"


# ---------------------------------------------------------------------------------------------- objection and archive


def test_an_objection_before_the_archive_reopens_the_case_for_that_caller() -> None:
    kit = City().case().closed().go(days=3).do("object", request="c1")
    assert kit.stage == "dispatched"
    assert kit.state.code is None
    assert kit.state.running("archive") is None
    assert "callback/c1" in kit.accepted("a2").todos()


def test_an_objection_to_a_withdrawn_case_without_a_unit_is_screened_again() -> None:
    kit = City().case().do("caller_withdrew", request="c1").do("object", request="c1")
    assert kit.stage == "screening"
    assert kit.todos()["screen"].due is not None


def test_after_the_archive_nobody_objects() -> None:
    kit = City().case().closed().at("2026-03-10 00:00").tick()
    assert kit.refuses("object", request="c1") == "not_in_this_stage"


def test_only_a_caller_of_the_case_objects() -> None:
    assert City().case().closed().refuses("object", request="c9") == "unknown_request"


def test_the_second_person_has_a_limit() -> None:
    kit = City().case().in_callback("explained").satisfied()
    assert kit.todos()["closing"].due == kit.due("closing")


# --------------------------------------------------------------------------- an objection when the unit has another case's order


def objected_beside_another_order() -> tuple[City, CaseKit, CaseKit]:
    """The case was closed; its unit has another case's order on the same matter by the time the caller objects."""
    city = City()
    first, other = city.case("c1"), city.case("c2")
    first.triaged(matter="leak").do("dispatch", lead="water").accepted().satisfied()
    other.triaged(matter="leak").do("dispatch", lead="water")
    return city, first.do("object", request="c1"), other


def test_an_objection_is_taken_although_the_unit_has_another_cases_order_and_a_dispatcher_decides() -> None:
    _, kit, _ = objected_beside_another_order()
    assert kit.new()[0] == "objected"
    assert kit.bodies("order_held") == [{"unit": "water", "holder": "case/c2"}]
    assert (kit.stage, kit.state.cycle, list(kit.state.live)) == ("triaged", 2, [])
    todo = kit.todos()["dispatch"]
    assert (todo.role, todo.hint) == ("dispatcher", {"held_by": "case/c2"})
    assert {"dispatch", "merge"} <= set(todo.commands)
    assert todo.due is not None
    assert kit.due("overall/2") > kit.city.now


def test_it_can_be_merged_into_the_case_that_has_the_order() -> None:
    city, kit, other = objected_beside_another_order()
    kit.do("merge", into="c2")
    city.deliver()
    assert (kit.stage, kit.state.held_by) == ("merged", None)
    assert list(other.state.callers) == ["c2", "c1"]


def test_or_sent_to_another_unit_or_to_the_same_one_when_it_is_free() -> None:
    _, kit, other = objected_beside_another_order()
    assert kit.refuses("dispatch", lead="water") == "order_exists"
    other.accepted().satisfied()
    kit.do("dispatch", lead="water")
    assert kit.state.held_by is None


def test_where_nobody_else_has_the_order_an_objection_goes_to_the_unit_at_once() -> None:
    kit = City().case().closed().do("object", request="c1")
    assert [o.unit for o in kit.state.live] == ["water"]
    assert not kit.bodies("order_held")


def test_a_redo_takes_the_second_person_the_question_and_the_limit() -> None:
    city = City()
    kit, other = city.case("c1"), city.case("c2")
    other.do("merge", into="c1")
    city.deliver()
    unreasonable(kit.dispatched().accepted())
    assert kit.state.running("closing") is not None
    kit.dissatisfied("c2")
    assert (kit.state.cycle, kit.state.proposal) == (2, None)
    assert kit.state.running("closing") is None
    kit.go(days=3).tick()
    assert not [b for b in kit.bodies("overdue_reached") if b["key"].startswith("closing")]
