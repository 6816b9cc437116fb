"""延期、暂停: more time for a unit, and time that does not count."""

from datetime import timedelta

import pytest

from storage.policies import load_pack
from tests.domain.casekit import CaseKit, City
from tests.domain.clock_helpers import sh


def at_work() -> CaseKit:
    return City().case().dispatched().do("contact", order="a1").do("begin_work", order="a1")


def asked(days: int = 5, kit: CaseKit | None = None) -> CaseKit:
    kit = kit or at_work()
    return kit.do("request_extension", order="a1", days=days, ground="season", caller_told=True)


def granted(days: int = 5, last: str = "city_centre", kit: CaseKit | None = None) -> CaseKit:
    kit = asked(days, kit).do("review_extension", role="unit_head", order="a1", approve=True)
    return kit.do("review_extension", role=last, order="a1", approve=True)


def paused(kind: str = "expert", kit: CaseKit | None = None) -> CaseKit:
    kit = (kit or at_work()).do("request_pause", order="a1", kind=kind)
    return kit.do("review_pause", order="a1", approve=True)


# ---------------------------------------------------------------------------------------------------------- extension


def test_unit_head_then_centre_grant_and_both_clocks_move() -> None:
    kit = granted(5)
    assert kit.due("a1/handle") == sh("2026-03-19")
    assert kit.due("overall/1") == sh("2026-03-19")
    assert kit.told("caller:c1")[-1] == "extension_granted"


def test_a_denied_extension_leaves_the_old_due() -> None:
    kit = at_work()
    due = kit.due("a1/handle")
    asked(kit=kit).do("review_extension", role="unit_head", order="a1", approve=False)
    assert kit.due("a1/handle") == due
    assert kit.bodies("extension_decided")[-1]["outcome"] == "denied"
    assert kit.state.orders["a1"].extensions == 0


def test_more_than_the_cap_is_refused() -> None:
    assert (
        at_work().refuses("request_extension", order="a1", days=11, ground="season", caller_told=True)
        == "extension_cap"
    )
    asked(10)


def test_a_late_request_is_denied_automatically() -> None:
    kit = at_work().at("2026-03-12 00:00")
    kit.do("request_extension", order="a1", days=3, ground="season", caller_told=True)
    assert kit.bodies("extension_decided")[-1]["outcome"] == "denied_late"
    assert "a1/extension" not in kit.todos()
    assert kit.told("water")[-1] == "extension_denied_late"


def test_a_request_received_in_time_is_not_late_when_committed_late() -> None:
    kit = at_work().at("2026-03-12 00:10").tick()
    kit.give("request_extension", order="a1", days=3, ground="season", caller_told=True, received="2026-03-11 23:59")
    assert "a1/extension" in kit.todos()


def test_the_approvers_come_in_their_order_and_are_different_persons() -> None:
    kit = asked()
    assert kit.refuses("review_extension", role="city_centre", order="a1", approve=True) == "not_your_turn"
    kit.do("review_extension", role="unit_head", order="a1", approve=True, user="u1")
    assert kit.refuses("review_extension", role="city_centre", order="a1", approve=True, user="u1") == "four_eyes"
    assert kit.refuses("review_extension", role="city_office", order="a1", approve=True) == "not_your_turn"


def test_who_asked_does_not_approve() -> None:
    kit = at_work()
    kit.do("request_extension", order="a1", days=3, ground="season", caller_told=True, user="u1")
    assert kit.refuses("review_extension", role="unit_head", order="a1", approve=True, user="u1") == "four_eyes"


def test_a_second_extension_is_the_city_offices_and_there_is_no_third() -> None:
    kit = granted(3)
    asked(3, kit).do("review_extension", role="unit_head", order="a1", approve=True)
    assert kit.todos()["a1/extension"].role == "city_office"
    assert kit.refuses("review_extension", role="city_centre", order="a1", approve=True) == "not_your_turn"
    kit.do("review_extension", role="city_office", order="a1", approve=True)
    assert (
        kit.refuses("request_extension", order="a1", days=1, ground="season", caller_told=True) == "extension_used_up"
    )


def test_one_request_at_a_time() -> None:
    kit = asked()
    assert kit.refuses("request_extension", order="a1", days=1, ground="season", caller_told=True) == "extension_open"


def test_what_was_asked_in_time_and_granted_late_annuls_the_overdue_and_can_be_missed_again() -> None:
    kit = asked(2).at("2026-03-12 09:00").tick()
    assert kit.state.clocks["a1/handle"].overdue_at is not None
    kit.do("review_extension", role="unit_head", order="a1", approve=True)
    kit.do("review_extension", role="city_centre", order="a1", approve=True)
    assert {b["key"] for b in kit.bodies("overdue_annulled")} == {"a1/handle", "overall/1"}
    assert kit.due("a1/handle") == sh("2026-03-14")
    kit.at("2026-03-14 00:00").tick()
    assert kit.state.clocks["a1/handle"].overdue_at == sh("2026-03-14")


def test_a_helpers_extension_leaves_the_overall_clock() -> None:
    kit = City().case().dispatched("water", co=["roads"]).do("sign", order="a2")
    overall = kit.due("overall/1")
    kit.do("request_extension", order="a2", days=2, ground="season", caller_told=True)
    kit.do("review_extension", role="unit_head", order="a2", approve=True)
    kit.do("review_extension", role="city_centre", order="a2", approve=True)
    assert kit.due("overall/1") == overall


# -------------------------------------------------------------------------------------------------------------- pause


def test_a_pause_that_was_asked_for_in_time_and_granted_late_leaves_nobody_late() -> None:
    kit = at_work()
    due = kit.due("a1/handle")
    kit.city.now = due - timedelta(hours=8)
    kit.do("request_pause", order="a1", kind="court")
    kit.city.now = due + timedelta(hours=9)
    kit.tick()
    assert kit.state.clocks["a1/handle"].overdue_at == due
    kit.do("review_pause", order="a1", approve=True)
    assert {"a1/handle", "overall/1"} <= {b["key"] for b in kit.bodies("overdue_annulled")}
    kit.go(days=5).do("resume", order="a1")
    assert kit.due("a1/handle") > kit.city.now, "what was left when it was asked for is left now"


def test_a_paused_clock_has_no_due_and_never_breaches() -> None:
    kit = paused()
    assert kit.state.clocks["a1/handle"].clock.due is None
    assert kit.state.clocks["overall/1"].clock.due is None
    kit.at("2026-04-20 10:00").tick()
    assert not kit.bodies("overdue_reached")


@pytest.mark.parametrize(
    ("kind", "until"),
    [("caller_material", "2026-03-17"), ("expert", "2026-05-07"), ("weather", "2026-04-02")],
)
def test_the_maximum_of_each_type_wakes_the_clock(kind: str, until: str) -> None:
    kit = paused(kind)
    assert kit.timer("a1/pause/due") == sh(until)
    kit.at(until).tick()
    assert kit.bodies("pause_ended") == [{"order": "a1", "by": "system", "reason": None, "earlier": False}]
    assert kit.due("a1/handle") > sh(until)
    assert kit.due("overall/1") == kit.due("a1/handle")
    assert kit.told("water")[-1] == "due_changed"


def test_resuming_moves_the_due_by_the_working_days_that_ended() -> None:
    kit = paused().at("2026-03-04 12:00").do("resume", order="a1")
    assert kit.due("a1/handle") == sh("2026-03-14")
    assert kit.refuses("resume", order="a1") == "not_paused"


def test_the_ledger_of_a_pause_names_its_evidence() -> None:
    kit = at_work().do("request_pause", order="a1", kind="court", evidence="r#evidence")
    kit.do("review_pause", order="a1", approve=True)
    assert kit.state.clocks["a1/handle"].clock.pauses[0].evidence == "r#evidence"


def test_who_asked_for_a_pause_does_not_grant_it() -> None:
    kit = at_work().do("request_pause", order="a1", kind="court", user="u1")
    assert kit.refuses("review_pause", order="a1", approve=True, user="u1") == "four_eyes"


def test_a_denied_pause_leaves_the_clock_running() -> None:
    kit = at_work().do("request_pause", order="a1", kind="court").do("review_pause", order="a1", approve=False)
    assert kit.due("a1/handle") == sh("2026-03-12")
    assert kit.refuses("review_pause", order="a1", approve=True) == "no_pause_open"


def test_only_grounds_that_the_pack_knows() -> None:
    assert at_work().refuses("request_pause", order="a1", kind="holiday") == "unknown_pause"


def test_one_pause_at_a_time_and_no_result_while_paused() -> None:
    kit = paused()
    assert kit.refuses("request_pause", order="a1", kind="court") == "pause_open"
    assert kit.refuses("submit_result", order="a1", code="explained") == "paused"


def test_taking_the_order_from_a_paused_lead_lets_the_overall_clock_run_on() -> None:
    kit = paused().go(days=2).do("reassign", order="a1", unit="roads")
    assert kit.due("overall/1") > kit.city.now
    assert kit.state.clocks["overall/1"].clock.pauses[-1].end is not None


def test_a_helpers_pause_holds_only_his_own_clock() -> None:
    kit = City().case().dispatched("water", co=["roads"]).do("sign", order="a2")
    kit.do("request_pause", order="a2", kind="court").do("review_pause", order="a2", approve=True)
    assert kit.state.clocks["a2/handle"].clock.due is None
    assert kit.due("overall/1") > kit.city.now


def test_a_warning_given_before_a_pause_is_not_given_again_with_an_old_date() -> None:
    kit = at_work().at("2026-03-11 10:00").tick()
    assert [b["key"] for b in kit.bodies("warning_given")] == ["a1/handle", "overall/1"]
    paused(kit=kit).at("2026-03-11 11:00").do("resume", order="a1")
    assert len(kit.bodies("warning_given")) == 2
    assert kit.due("a1/handle") == sh("2026-03-12")


def test_a_result_received_before_a_pause_woke_but_committed_after_it_is_taken() -> None:
    """It was handed in while paused: the word that the pause is over comes first."""
    kit = paused("caller_material").at("2026-03-18 09:00").tick()
    got = kit.give("submit_result", order="a1", code="explained", received="2026-03-16 17:00")
    assert got.refusal is None
    assert kit.state.clocks["a1/handle"].clock.pauses[-1].start == sh("2026-03-17")


# ------------------------------------------------------------------------------------------ the clocks of those who answer


@pytest.mark.parametrize(("triage", "limit"), [("routine", "2026-03-02 15:00"), ("urgent", "2026-03-02 09:30")])
def test_who_reviews_an_extension_or_a_pause_has_a_limit(triage: str, limit: str) -> None:
    kit = City().case().dispatched(triage=triage).do("sign", order="a1")
    asked(1, kit).do("request_pause", order="a1", kind="court")
    assert kit.due("a1/extension") == kit.due("a1/pause_review") == sh(limit)
    assert {kit.todos()[k].due for k in ("a1/extension", "a1/pause")} == {sh(limit)}


def test_each_approver_of_an_extension_has_a_limit_of_his_own_and_it_ends_with_the_last_word() -> None:
    kit = asked().go(hours=1).do("review_extension", role="unit_head", order="a1", approve=True)
    assert kit.state.clocks["a1/extension"].met is True
    second = kit.state.clocks["a1/extension/2"]
    assert (second.clock.start, kit.todos()["a1/extension"].due) == (kit.city.now, second.clock.due)
    kit.do("review_extension", role="city_centre", order="a1", approve=True)
    assert kit.state.running("a1/extension") is None


def test_a_silent_unit_head_is_warned_of_then_the_centre_may_answer_for_him() -> None:
    kit = asked()
    kit.city.now = kit.timer("a1/extension/yellow")
    assert kit.tick().told("role:shift_leader") == ["yellow_card"]
    kit.city.now = kit.timer("a1/extension/due")
    assert kit.tick().told("role:shift_leader")[-1] == "overdue"
    todo = kit.todos()["a1/extension"]
    assert (todo.role, todo.unit, todo.commands) == ("city_centre", None, ("review_extension",))
    kit.do("review_extension", role="city_centre", order="a1", approve=True, user="u1")
    # The second word is still a second person's.
    assert kit.refuses("review_extension", role="city_centre", order="a1", approve=True, user="u1") == "four_eyes"
    kit.do("review_extension", role="city_centre", order="a1", approve=True, user="u2")
    assert kit.state.orders["a1"].extensions == 1


def test_a_silent_centre_is_answered_for_by_the_city_office_and_may_still_answer() -> None:
    kit = asked().do("review_extension", role="unit_head", order="a1", approve=True)
    kit.city.now = kit.due("a1/extension")
    assert kit.tick().todos()["a1/extension"].role == "city_office"
    kit.do("review_extension", role="city_centre", order="a1", approve=True)
    assert kit.state.clocks["a1/extension/2"].met is False


def test_an_approver_whose_word_was_received_in_time_was_not_overdue() -> None:
    kit = asked()
    due = kit.due("a1/extension")
    kit.city.now = due + timedelta(hours=2)
    kit.tick().give("review_extension", role="unit_head", order="a1", approve=True, received=due - timedelta(minutes=1))
    assert kit.state.clocks["a1/extension"].met is True
    assert kit.told("water")[-1] != "overdue"


def test_a_silent_reviewer_of_a_pause_is_answered_for_by_the_shift_leader_and_nobody_else_before() -> None:
    kit = at_work().do("request_pause", order="a1", kind="court")
    assert kit.refuses("review_pause", role="shift_leader", order="a1", approve=True) == "not_your_turn"
    kit.city.now = kit.due("a1/pause_review")
    assert kit.tick().todos()["a1/pause"].role == "shift_leader"
    kit.do("review_pause", role="shift_leader", order="a1", approve=True)
    assert kit.state.clocks["a1/handle"].clock.paused


def test_a_result_ends_the_limits_of_those_who_had_to_answer_the_unit() -> None:
    kit = asked().do("request_pause", order="a1", kind="court").submitted()
    assert {kit.state.clocks[k].met for k in ("a1/extension", "a1/pause_review")} == {None}
    assert kit.state.running("a1/extension") is kit.state.running("a1/pause_review") is None


# ------------------------------------------------------------------------------------------------------ all pauses together


@pytest.mark.parametrize("pack", ["haikou", "shandong-2020", "weifang-emergency", "demo", "demo-minutes"])
def test_every_pack_limits_all_pauses_of_an_order_together_with_a_source(pack: str) -> None:
    rule = load_pack(pack).rule("pause_total")
    assert str(rule.nominal or rule.limit) == "180d"
    assert rule.source


def stood_still(kit: CaseKit) -> CaseKit:
    """Two pauses that together have used up all there is."""
    paused("court", kit).go(days=100).do("resume", order="a1").go(days=3)
    paused("court", kit)
    kit.city.now = kit.timer("a1/pause_total/due")
    return kit.tick()


def test_the_pauses_of_an_order_together_end_at_their_maximum() -> None:
    kit = at_work()
    began = kit.city.now
    stood_still(kit)
    # 180 days stood still and three days worked in between, to the end of a working day.
    assert timedelta(days=182) < kit.city.now - began < timedelta(days=186)
    assert kit.bodies("pause_ended")[-1]["by"] == "system"
    assert kit.state.orders["a1"].pausing is None
    assert kit.due("a1/handle") > kit.city.now
    assert kit.state.running("a1/pause") is None


def test_days_at_work_do_not_count_as_paused() -> None:
    kit = paused("expert").go(days=2).do("resume", order="a1").go(days=50)
    total = kit.state.running("a1/pause_total")
    assert total is not None
    assert total.clock.paused
    due = paused("court", kit).due("a1/pause_total")
    assert timedelta(days=177) < due - kit.city.now < timedelta(days=181)


def test_beyond_the_maximum_of_all_pauses_another_one_is_refused() -> None:
    kit = stood_still(at_work())
    got = kit.give("request_pause", order="a1", kind="expert")
    assert (got.refusal, got.detail) == ("pause_total_used_up", {"order": "a1", "most": "180d"})
    assert "request_pause" not in kit.todos()["a1/unit"].commands


def test_the_next_order_has_its_own_pauses() -> None:
    kit = stood_still(at_work()).do("reassign", order="a1", unit="roads").do("sign", order="a2")
    kit.do("request_pause", order="a2", kind="expert").do("review_pause", order="a2", approve=True)
    assert kit.state.clocks["a2/handle"].clock.paused


def test_a_case_opened_under_a_pack_without_these_limits_goes_on_without_them() -> None:
    city = City()
    steps = {k: v for k, v in city.pack.steps.items() if k not in {"pause_review", "pause_total", "extension_review"}}
    city.pack = city.pack.model_copy(update={"steps": steps})
    kit = asked(kit=city.case().dispatched().do("sign", order="a1"))
    kit.do("request_pause", order="a1", kind="court").do("review_pause", order="a1", approve=True)
    kit.go(days=2).do("resume", order="a1", user="u9")
    assert not [k for k in kit.state.clocks if "pause_total" in k or "review" in k or "extension" in k]
    assert kit.due("a1/handle") > kit.city.now
