"""A ring is opened and answered; what it refuses or cannot solve goes up, never down, and comes back when nobody takes it.

Proved: the clock and the todo of the answer, at either level; a refusal needs a reason; the large ring or the adjudication takes
the place of the ring that refused; a start that failed brings the question back, or the next id is tried; one ring of a level and
case.
"""

import pytest

from domain.process import SYSTEM
from tests.domain.casekit import REF
from tests.domain.test_ring_town import CASE, LARGE, MIDDLE, REPORTER, Rings


def large() -> Rings:
    return Rings(LARGE)


# -------------------------------------------------------------------------------------------------------------- answer


def test_the_district_has_four_working_hours_to_answer() -> None:
    town = Rings()
    todo = town.todo(MIDDLE, "ring_answer")
    assert (todo.role, todo.district) == ("district_centre", "east")
    assert set(todo.commands) == {"answer_report", "escalate"}
    assert todo.due is not None
    assert todo.due.astimezone(town.now.tzinfo).isoformat() == "2026-03-02T15:00:00+08:00"
    assert town.notices("ring_reported") == ["unit:east/district_centre"]


def test_an_urgent_case_is_answered_in_half_an_hour() -> None:
    town = Rings(triage="urgent")
    todo = town.todo(MIDDLE, "ring_answer")
    assert todo.due is not None
    assert (todo.due - town.now).total_seconds() == 1800


def test_the_city_office_answers_the_large_ring() -> None:
    town = large()
    assert town.todo(LARGE, "ring_answer").role == "city_office"
    assert town.todo(LARGE, "ring_answer").commands == ("answer_report",)
    assert town.refuses("answer_report", role="district_centre", accept=True) == "not_the_ring_convener"
    assert town.accepted().stage(LARGE) == "coordinating"


def test_another_district_may_not_answer() -> None:
    town = Rings()
    assert town.refuses("answer_report", accept=True, district_="west") == "not_permitted"


def test_nobody_answers_what_his_own_unit_reported() -> None:
    town = Rings()
    assert town.refuses("answer_report", accept=True, unit_=REPORTER) == "recusal"


def test_accepted_the_ring_has_to_name_units_and_to_conclude() -> None:
    town = Rings().accepted()
    assert town.stage(MIDDLE) == "coordinating"
    assert {"ring_units", "ring_conclude"} <= town.todo_keys()
    assert town.offered("ring_units") == ("whistle_units",)
    assert town.bodies("clock_stopped")[0]["met"] is True
    assert town.notices("ring_accepted") == [f"unit:{REPORTER}/unit_liaison"]
    big = large().accepted()
    assert big.offered("ring_lead") == ("name_lead",)


def test_who_answers_late_answers_all_the_same_and_it_is_known() -> None:
    town = Rings()
    town.ring(MIDDLE, "ring_answer")
    town.accepted()
    stopped = next(b for b in town.bodies("clock_stopped") if b["key"] == "ring_answer")
    assert stopped["met"] is False


def test_an_answer_received_in_time_and_committed_late_annuls_the_overdue() -> None:
    town = Rings()
    received = town.now
    town.ring(MIDDLE, "ring_answer")
    actor = town.actor(MIDDLE, "answer_report")
    assert town.send(MIDDLE, "answer_report", {"accept": True}, actor, received=received) is None
    assert town.bodies("overdue_annulled")
    assert "ring_answer/superior" not in town.todo_keys()


def test_a_second_answer_is_refused() -> None:
    town = Rings().accepted()
    assert town.refuses("answer_report", accept=True) == "not_in_this_stage"


# ------------------------------------------------------------------------------------------------------------- refusal


def test_a_refusal_needs_a_reason() -> None:
    assert Rings().refuses("answer_report", accept=False) == "reason_needed"
    assert large().refuses("answer_report", accept=False) == "reason_needed"


def test_what_the_middle_ring_refuses_the_large_ring_decides() -> None:
    town = Rings()
    town.does("answer_report", accept=False, reason=REF)
    assert town.stage(MIDDLE) == "escalated"
    assert town.ring_state.item.state == "carried"
    town.deliver()
    assert town.stage(LARGE) == "answering"
    assert town.state(LARGE).item.state == "reserved"
    assert town.state(CASE).hold.process == LARGE
    opening = town.sent("open")[0][1]
    assert opening["kind"] == "report_up"
    assert opening["reporter"] == REPORTER
    assert opening["entries"][0]["instead_of"] == MIDDLE
    assert not town.state(CASE).verdicts


def test_what_the_large_ring_refuses_the_adjudication_group_decides() -> None:
    town = large()
    town.does("answer_report", accept=False, reason=REF)
    assert town.stage(LARGE) == "referred"
    target, body = town.sent("open")[0]
    assert target == "adjudication/c1.large.1"
    assert body["parties"] == [REPORTER]
    assert body["first_receiver"] == REPORTER
    entry = body["entries"][0]
    assert (entry["holder"], entry["instead_of"]) == (CASE, LARGE)
    assert not entry.get("reserved")


def test_a_refusal_is_a_ring_answered_with_level_actor_and_reason() -> None:
    town = Rings()
    town.does("answer_report", accept=False, reason=REF, user_="dora")
    body = town.bodies("ring_answered")[0]
    assert body == {"level": "middle", "by": "dora", "accept": False, "reason": REF}
    assert town.notices("ring_refused") == [f"unit:{REPORTER}/unit_liaison"]


# ------------------------------------------------------------------------------------------------------------ escalate


def test_the_middle_ring_escalates_and_the_large_ring_does_not() -> None:
    town = Rings().accepted()
    town.does("escalate")
    assert town.stage(MIDDLE) == "escalated"
    assert town.bodies("ring_passed_on")[0]["to"] == LARGE
    assert large().accepted().refuses("escalate") == "not_at_this_level"


def test_a_ring_that_the_case_has_not_confirmed_yet_cannot_be_passed_on() -> None:
    town = Rings(reserved=False)
    assert town.refuses("escalate") == "item_not_in_this_state"
    town.deliver()
    town.does("escalate")


def test_the_large_ring_that_did_not_begin_brings_the_question_back() -> None:
    town = Rings().accepted()
    town.does("escalate")
    assert town.hears("ring_start_refused", process=LARGE, code="order_exists") is None
    assert town.stage(MIDDLE) == "coordinating"
    assert town.ring_state.item.state == "reserved"
    assert town.offered("ring_conclude")
    town.decided()
    assert town.state(CASE).verdicts


def test_an_id_that_was_used_before_is_not_used_again() -> None:
    town = Rings().accepted()
    town.up(LARGE, entries=[{"holder": "case/c9", "reserved": True}], case="c9")
    town.does("escalate")
    town.deliver()
    assert town.stage(MIDDLE) == "escalated"
    assert town.stage("ring/c1/large/2") == "answering"
    assert town.state(CASE).hold.process == "ring/c1/large/2"
    reasons = {b["reason"] for b in town.bodies("ring_passed_on")}
    assert len(reasons) == 1


def test_a_start_that_failed_for_a_case_that_is_over_brings_nothing_back() -> None:
    town = Rings().accepted()
    town.does("escalate")
    town.hears("case_over", code="solved")
    assert town.hears("ring_start_refused", process=LARGE, code="order_exists") is None
    assert town.stage(MIDDLE) == "escalated"


def test_a_start_that_failed_late_lets_the_case_go_when_another_ring_has_its_question() -> None:
    town = Rings().accepted()
    town.does("escalate")
    town.open("ring/c1/middle/2", **town.opening("c1", "middle"))
    assert town.hears("ring_start_refused", process=LARGE, code="order_exists") is None
    assert town.stage(MIDDLE) == "escalated"
    assert (CASE, {"process": MIDDLE, "item": "i1"}) in town.sent("release_matter")


def test_a_refused_start_of_something_else_or_said_twice_changes_nothing() -> None:
    town = Rings().accepted()
    town.hears("ring_start_refused", process="measure/x-1", code="unknown_unit")
    town.does("escalate")
    town.hears("ring_start_refused", process=LARGE, code="order_exists")
    town.hears("ring_start_refused", process=LARGE, code="order_exists")
    assert town.types(MIDDLE).count("ring_came_back") == 1


def test_the_case_that_refuses_the_large_ring_is_let_go_by_the_middle_one_too() -> None:
    town = Rings().accepted()
    town.does("escalate")
    town.deliver(1)
    assert town.send(LARGE, "refuse_item", {"item": "i1", "code": "merge_pending"}, SYSTEM) is None
    assert town.stage(LARGE) == "overtaken"
    assert (CASE, {"process": MIDDLE, "item": "i1"}) in town.sent("release_matter", LARGE)


# -------------------------------------------------------------------------------------------------------------- claims


@pytest.mark.parametrize("level", ["middle", "large"])
def test_one_ring_of_a_level_has_the_question_of_a_case(level: str) -> None:
    town = Rings(f"ring/c1/{level}/1")
    body = {"by": "system", **town.pins, **town.opening("c1", level)}
    assert town.send(f"ring/c1/{level}/2", "open", body, SYSTEM) == "order_exists"
    assert town.send("ring/c2/middle/1", "open", body | {"case": "c2"}, SYSTEM) is None


def test_a_ring_that_waits_for_the_work_stands_in_nobodys_way() -> None:
    town = Rings().accepted().decided()
    assert town.stage(MIDDLE) == "executing"
    town.open("ring/c1/middle/2", **town.opening("c1", "middle"))


# ------------------------------------------------------------------------------------------------------------- silence


def test_the_city_office_steps_in_where_the_district_is_silent() -> None:
    town = Rings()
    town.ring(MIDDLE, "ring_answer")
    todo = town.todo(MIDDLE, "ring_answer/superior")
    assert todo.role == "city_office"
    assert town.notices("ring_overdue") == ["role:city_office/city_office"]
    town.does("answer_report", role="city_office", accept=True)
    assert town.stage(MIDDLE) == "coordinating"


def test_the_centre_head_hears_of_a_silent_city_office_and_has_nothing_to_do() -> None:
    town = large()
    town.ring(LARGE, "ring_answer")
    assert town.notices("ring_overdue") == ["role:centre_head/centre_head"]
    assert {t.role for t in town.todos(LARGE)} == {"city_office"}


def test_without_a_district_the_city_office_convenes_at_once() -> None:
    town = Rings(district=None)
    assert town.todo(MIDDLE, "ring_answer").role == "city_office"
    town.does("answer_report", role="city_office", accept=True)


@pytest.mark.parametrize("ring", [MIDDLE, LARGE])
def test_when_all_are_silent_for_ever_somebody_still_has_it(ring: str) -> None:
    town = Rings(ring)
    town.wait(days=60)
    assert town.todos(ring)
    assert not town.processes[ring].timers
