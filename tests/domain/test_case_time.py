"""Timers that ring late, decisions that come late, and whose delay it was (architecture 1.2 law 6, 1.5)."""

from datetime import timedelta
from typing import Any

from tests.domain.casekit import CaseKit, City
from tests.domain.clock_helpers import sh

DUE = "2026-03-12 00:00"


def rings(kit: CaseKit) -> list[dict[str, Any]]:
    return [e.body for record in kit.last.records for e in record.events if e.type == "timer_rang"]


def late() -> CaseKit:
    """A case whose unit has done nothing, a while after its due instant."""
    return City().case().dispatched().at("2026-03-12 00:30").tick()


def test_yellow_due_and_red_come_each_at_its_instant() -> None:
    kit = City().case(case_type="help").dispatched()  # 3 working days from Monday
    seen = []
    while timer := next((t for t in kit.process.timers if t.key.startswith("a1/handle")), None):
        seen.append((timer.part, timer.at))
        kit.city.now = timer.at
        kit.tick()
    assert seen == [("yellow", sh("2026-03-05")), ("due", sh("2026-03-06"))]
    assert "red_card" in kit.told("water")


def test_the_red_card_waits_for_the_next_working_day() -> None:
    kit = City("2026-03-03 09:00").case(case_type="help").dispatched()
    kit.at("2026-03-07 00:00").tick()
    assert kit.timer("a1/handle/red") == sh("2026-03-09")


def test_an_overdue_order_is_told_to_its_unit_and_an_overdue_case_to_the_shift_leader() -> None:
    kit = late()
    assert "overdue" in kit.told("water")
    assert "overdue" in kit.told("role:shift_leader")


def test_timers_made_up_late_ring_once_each_in_nominal_order_by_the_engines_delay() -> None:
    kit = City().case().dispatched()
    wanted = {t.key for t in kit.process.timers}
    kit.at("2026-03-20 08:00").tick()
    got = rings(kit)
    instants = [str(r["nominal"]) for r in got]
    assert instants == sorted(instants)
    assert {r["key"] for r in got} >= wanted
    assert len({(r["key"], r["n"]) for r in got}) == len(got)
    assert {r["late_by"] for r in got} == {"engine"}
    assert {r["made_up_at"] for r in got} == {"2026-03-20T00:00:00Z"}
    kit.tick()
    assert not rings(kit)


def test_an_overdue_made_up_late_has_its_nominal_instant() -> None:
    kit = City().case().dispatched().at("2026-03-20 08:00").tick()
    assert kit.state.clocks["a1/handle"].overdue_at == sh(DUE)
    written = next(e for e in kit.events if e.type == "overdue_reached" and e.body["key"] == "a1/handle")
    assert written.at == sh(DUE)


def test_a_timer_that_rang_in_time_blames_nobody() -> None:
    kit = City().case().dispatched().at("2026-03-02 15:00").go(seconds=59).tick()
    rang = next(r for r in rings(kit) if r["key"] == "a1/sign/due")
    assert rang["late_by"] is None
    assert rang["made_up_at"] is None


def test_a_decision_makes_up_what_was_due_before_it() -> None:
    kit = City().case().dispatched().at("2026-03-12 10:00").submitted()
    assert kit.new().index("overdue_reached") < kit.new().index("result_submitted")
    assert kit.state.clocks["a1/handle"].overdue_at == sh(DUE)


def test_a_refused_decision_leaves_what_it_made_up() -> None:
    kit = City().case().dispatched().at("2026-03-12 10:00")
    kit.refuses("sign", order="a9")
    assert "overdue_reached" in kit.new()


def test_a_result_received_in_time_and_committed_late_annuls_the_overdue() -> None:
    kit = late()
    assert "overdue_reached" in kit.types()
    kit.give("submit_result", order="a1", code="explained", received="2026-03-11 23:59")
    assert {b["key"] for b in kit.bodies("overdue_annulled")} == {"a1/handle"}
    assert kit.state.clocks["a1/handle"].overdue_at is None
    kit.do("review_result", order="a1", accept=True)
    assert kit.state.clocks["a1/handle"].met is True


def test_a_result_received_at_the_due_instant_is_late() -> None:
    kit = late()
    kit.give("submit_result", order="a1", code="explained", received=DUE)
    assert not kit.bodies("overdue_annulled")


def test_a_result_received_in_time_is_in_time_although_others_decided_in_between() -> None:
    kit = late().do("correct", field="matter", value="m-1")
    kit.give("submit_result", order="a1", code="explained", received="2026-03-11 23:59")
    assert kit.state.clocks["a1/handle"].annulled
    assert kit.state.clocks["a1/handle"].clock.pauses[0].start == sh("2026-03-11 23:59")
    # Sent back, it has the minute left that it had, and the working days that ended during the review.
    kit.at("2026-03-13 10:00").do("review_result", order="a1", accept=False, reason="r#r")
    assert kit.due("a1/handle") == sh("2026-03-14")
    assert kit.state.clocks["a1/handle"].overdue_at is None


def test_a_contact_received_in_time_annuls_the_missed_response() -> None:
    kit = City().case().dispatched(triage="urgent").go(minutes=40).tick()
    assert kit.state.clocks["a1/respond"].overdue_at is not None
    kit.give("contact", order="a1", received=kit.city.now - timedelta(minutes=15))
    assert kit.state.clocks["a1/respond"].met is True


def test_an_annulled_clock_can_be_missed_again() -> None:
    kit = late()
    kit.give("submit_result", order="a1", code="explained", received="2026-03-11 23:59")
    kit.do("review_result", order="a1", accept=False, reason="r#r")
    kit.at("2026-04-01 10:00").tick()
    overdue = [b for b in kit.bodies("overdue_reached") if b["key"] == "a1/handle"]
    assert len(overdue) == 2
    assert kit.state.clocks["a1/handle"].overdue_at is not None


def test_a_decision_cannot_be_received_after_it_was_committed() -> None:
    kit = City().case().dispatched()
    kit.give("sign", order="a1", received=kit.city.now + timedelta(days=3))
    assert kit.state.orders["a1"].signed_at == kit.city.now


def test_what_a_late_decision_arms_in_its_own_past_is_not_the_engines_delay() -> None:
    """An extension asked for in time and granted after even the new due."""
    kit = City().case().dispatched().do("sign", order="a1").at("2026-03-11 10:00")
    kit.do("request_extension", order="a1", days=1, ground="season", caller_told=True)
    kit.at("2026-03-17 10:00").do("review_extension", role="unit_head", order="a1", approve=True)
    kit.do("review_extension", role="city_centre", order="a1", approve=True)
    again = [r for r in rings(kit) if r["key"] == "a1/handle/due"]
    assert [(r["nominal"], r["late_by"]) for r in again] == [("2026-03-12T16:00:00Z", None)]


def test_in_the_demo_pack_a_life_takes_seconds() -> None:
    kit = City(pack="demo").case().dispatched()
    assert kit.due("a1/handle") - kit.city.now == timedelta(seconds=42)
    kit.go(seconds=5).accepted().satisfied()
    assert kit.timer("archive/due") - kit.city.now == timedelta(seconds=42)
