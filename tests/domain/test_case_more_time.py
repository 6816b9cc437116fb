"""延期、暂停: more time for a unit, and time that does not count."""

import pytest

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
