"""After the verdict: results are noted, whistle-blower and responders rate each other 双考核, and the ring ends.

Proved: when rating opens, who owes whose word, that silence is recorded by the clock, that a rating received in time counts though
it comes late, and every way in which a ring ends.
"""

from datetime import timedelta
from typing import Any

import pytest

from tests.domain.test_ring_town import CASE, LARGE, MIDDLE, REPORTER, Rings

GOOD: dict[str, Any] = {"arrival": 5, "effort": 4}


def executing(**fields: Any) -> Rings:
    """Water and roads came and have the case."""
    return Rings(**fields).with_units("water", "roads").decided()


def rates_unit(town: Rings, unit: str, ring: str = MIDDLE) -> str | None:
    return town.refusal(ring, "rate_units", unit=unit, unit_=REPORTER, **GOOD)


def rates_whistle(town: Rings, unit: str, ring: str = MIDDLE) -> str | None:
    return town.refusal(ring, "rate_whistle", unit=unit, unit_=unit, justified=3)


def all_rate(town: Rings) -> None:
    for unit in ("water", "roads"):
        assert rates_unit(town, unit) is None
        assert rates_whistle(town, unit) is None


# ---------------------------------------------------------------------------------------------------------- execution


def test_the_ring_waits_for_the_results_and_the_convener_follows_them() -> None:
    town = executing()
    assert town.stage(MIDDLE) == "executing"
    assert town.offered("ring_execute") == ("list_supervision", "set_plan", "form_task_force")
    town.does("list_supervision", unit="water").does("set_plan", unit="water", due="2026-03-10")
    town.finished("water")
    assert town.ring_state.unfinished == {"roads"}
    town.finished("water", "roads")
    assert town.stage(MIDDLE) == "rating"
    assert town.types(MIDDLE).count("ring_unit_finished") == 2


def test_a_result_that_was_in_before_the_verdict_counts() -> None:
    town = Rings().with_units("water")
    town.finished("water")
    town.decided(lead="water", co=[])
    assert town.stage(MIDDLE) == "rating"


def test_without_a_lead_in_the_verdict_the_owner_it_has_is_waited_for() -> None:
    town = Rings().accepted()
    town.hears("reserve_matter", process="session/s1", item="i1")
    verdict = {"lead": None, "co": ["roads"], "basis": "row#text"}
    assert town.hears("apply_decision", process="session/s1", item="i1", verdict=verdict) is None
    town.deliver()
    assert town.ring_state.unfinished == {REPORTER, "roads"}


def test_a_ring_where_nobody_was_called_ends_with_the_work() -> None:
    town = Rings().accepted().decided()
    town.finished("water")
    assert town.stage(MIDDLE) == "executing"
    town.finished("roads")
    assert town.stage(MIDDLE) == "concluded"
    assert "ring_rating" not in town.ring_state.clocks, "nobody was asked to rate"


def test_a_case_that_is_over_ends_the_waiting() -> None:
    town = Rings().accepted().decided()
    town.tells_case("case_over", code="solved")
    assert town.stage(MIDDLE) == "concluded"
    with_units = executing()
    with_units.tells_case("case_over", code="solved")
    assert with_units.stage(MIDDLE) == "rating"


# ------------------------------------------------------------------------------------------------------------- rating


def test_both_sides_rate_each_other_and_the_ring_ends() -> None:
    town = executing().finished("water", "roads")
    assert {"rate_units/water", "rate_units/roads", "rate_whistle/water", "rate_whistle/roads"} == town.todo_keys()
    assert town.todo(MIDDLE, "rate_units/water").unit == REPORTER
    assert town.todo(MIDDLE, "rate_whistle/roads").unit == "roads"
    assert town.todo(MIDDLE, "rate_units/water").due is not None
    assert town.notices("ring_rate") == [f"unit:{u}/unit_liaison" for u in (REPORTER, "water", "roads")]
    all_rate(town)
    assert town.stage(MIDDLE) == "concluded"
    water = town.ring_state.called["water"]
    assert (water.arrival, water.effort, water.justified) == (5, 4, 3)


def test_ratings_given_while_the_work_goes_on_count() -> None:
    town = executing()
    assert "rate_whistle/water" in town.todo_keys()
    all_rate(town)
    assert town.stage(MIDDLE) == "executing"
    town.tells_case("case_over", code="solved")
    assert town.stage(MIDDLE) == "concluded"


def test_rating_opens_when_the_case_has_applied_the_verdict() -> None:
    town = Rings().with_units("water")
    assert rates_whistle(town, "water") == "not_in_this_stage"
    town.does("conclude", lead="water")
    assert rates_whistle(town, "water") == "rating_not_open"
    town.deliver()
    assert rates_whistle(town, "water") is None


def test_who_owes_no_rating_gives_none() -> None:
    town = Rings().with_units("water")
    town.does("whistle_units", units=["roads"])
    town.decided(lead="water", co=[])
    assert rates_whistle(town, "roads") == "no_rating_owed", "it never came"
    assert rates_unit(town, "roads") is None, "but that can be said of it"
    assert rates_unit(town, "roads") == "no_rating_owed", "once"
    assert rates_unit(town, "parks") == "not_whistled"
    assert town.refusal(MIDDLE, "rate_units", unit="water", unit_="water", **GOOD) == "not_permitted"
    assert town.refusal(MIDDLE, "rate_whistle", unit="water", unit_=REPORTER, justified=3) == "not_permitted"


def test_scores_run_from_one_to_five() -> None:
    town = executing()
    for bad in (0, 6):
        assert town.refusal(MIDDLE, "rate_whistle", unit="water", unit_="water", justified=bad) == "invalid_command"


def test_who_called_does_not_rate_his_own_call_for_the_unit() -> None:
    town = executing()
    who: dict[str, Any] = {"unit_": "water", "user_": "district_centre.x"}
    assert town.refusal(MIDDLE, "rate_whistle", unit="water", justified=5, **who) == "four_eyes"


def test_without_a_reporter_only_the_whistle_is_rated() -> None:
    town = executing(kind="hard", reporter=None).finished("water", "roads")
    assert {"rate_whistle/water", "rate_whistle/roads"} == town.todo_keys()


def test_the_middle_ring_that_passes_the_case_on_has_its_ratings_first() -> None:
    town = Rings().with_units("water")
    town.does("escalate")
    town.deliver()
    assert town.stage(MIDDLE) == "rating"
    assert town.stage(LARGE) == "answering"
    assert rates_unit(town, "water") is None
    assert rates_whistle(town, "water") is None
    assert town.stage(MIDDLE) == "escalated"


def test_a_question_that_comes_back_while_rating_is_decided_first() -> None:
    town = Rings().with_units("water")
    town.does("escalate")
    town.hears("ring_start_refused", process=LARGE, code="order_exists")
    assert town.stage(MIDDLE) == "coordinating"
    assert town.ring_state.running("ring_rating") is None
    assert rates_unit(town, "water") == "not_in_this_stage"


# ------------------------------------------------------------------------------------------------------------ silence


def test_silence_is_recorded_and_the_ring_ends() -> None:
    town = executing().finished("water", "roads")
    assert rates_unit(town, "water") is None
    town.wait(days=10)
    assert town.stage(MIDDLE) == "concluded"
    silent = {(b["side"], b["unit"]) for b in town.bodies("ring_no_rating")}
    assert silent == {("reporter", "roads"), ("unit", "water"), ("unit", "roads")}
    assert town.ring_state.called["roads"].arrival is None


def test_a_rating_received_in_time_counts_though_it_comes_after_the_silence() -> None:
    town = executing().finished("water", "roads")
    due = town.ring_state.running("ring_rating").clock.due
    town.until(due)
    assert town.stage(MIDDLE) == "concluded"
    actor = town.actor(MIDDLE, "rate_whistle", unit="water")
    body = {"unit": "water", "justified": 2, "note": "row#text"}
    assert town.send(MIDDLE, "rate_whistle", body, actor, received=due) == "rating_over"
    in_time = due - timedelta(seconds=1)
    assert town.send(MIDDLE, "rate_whistle", body, actor, received=in_time) is None
    assert town.ring_state.called["water"].justified == 2
    assert town.ring_state.called["water"].silent == ("reporter",), "the other side stays silent"
    assert town.send(MIDDLE, "rate_whistle", body, actor, received=in_time) == "no_rating_owed"
    assert town.stage(MIDDLE) == "concluded"


@pytest.mark.parametrize("code", ["solved", "merged"])
def test_what_comes_after_the_end_changes_nothing(code: str) -> None:
    town = executing().finished("water", "roads")
    all_rate(town)
    before = town.ring_state
    town.hears("unit_finished", unit="water")
    town.hears("confirm_applied", item="i1")
    town.hears("overtake_item", item="i1", code=code)
    assert town.ring_state == before
    town.tells_case("case_over", code=code)
    assert town.ring_state.case_over == code
    assert town.stage(MIDDLE) == "concluded"
    assert town.stage(CASE) == "over"
