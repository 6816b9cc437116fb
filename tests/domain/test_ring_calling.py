"""吹哨报到 and the ways of a ring: calling units, naming the lead, survey, joint team, plan, listing, consultation.

Proved: each called unit has its own clock and todo, its arrival or refusal is on record with level and actor; who may do what at
which level; what is begun beside the ring, under which id and with which words.
"""

from typing import Any

import pytest

from tests.domain.casekit import REF
from tests.domain.test_ring_town import LARGE, MIDDLE, REPORTER, Rings

BY = {"level": "middle", "by": "district_centre.x"}


def large() -> Rings:
    return Rings(LARGE).accepted()


def clocks(town: Rings) -> set[str]:
    return {k for k, r in town.ring_state.clocks.items() if r.stopped_at is None}


# ------------------------------------------------------------------------------------------------------------ whistle


def test_each_unit_that_is_called_has_a_clock_and_a_todo_of_its_own() -> None:
    town = Rings().accepted()
    town.does("whistle_units", units=["water", "roads"])
    assert {"report_in/water", "report_in/roads", "ring_survey"} <= clocks(town)
    assert "ring_units" not in clocks(town)
    todo = town.todo(MIDDLE, "report_in/water")
    assert (todo.role, todo.unit, todo.subject) == ("unit_liaison", "water", "water")
    assert todo.commands == ("report_in", "refuse_report_in")
    assert todo.due is not None
    assert town.notices("ring_whistled") == ["unit:water/unit_liaison", "unit:roads/unit_liaison"]
    assert town.bodies("ring_units_whistled")[0] == BY | {"units": ["water", "roads"], "lead": None, "note": None}


def test_an_urgent_whistle_is_answered_in_half_an_hour() -> None:
    town = Rings(triage="urgent").accepted()
    town.does("whistle_units", units=["water"])
    due = town.todo(MIDDLE, "report_in/water").due
    assert due is not None
    assert (due - town.now).total_seconds() == 1800


@pytest.mark.parametrize(
    ("units", "code"),
    [
        (["water", "water"], "unit_twice"),
        (["nowhere"], "unknown_unit"),
        (["closed-bureau"], "unknown_unit"),
        ([REPORTER], "same_unit"),
        ([], "invalid_command"),
    ],
)
def test_units_that_cannot_be_called(units: list[str], code: str) -> None:
    assert Rings().accepted().refuses("whistle_units", units=units) == code


def test_a_unit_that_is_awaited_or_has_come_is_not_called_again() -> None:
    town = Rings().accepted()
    town.does("whistle_units", units=["water"])
    assert town.refuses("whistle_units", units=["water"]) == "already_whistled"
    town.comes("water")
    assert town.refuses("whistle_units", units=["water"]) == "already_whistled"


def test_only_the_unit_itself_reports_in_and_once() -> None:
    town = Rings().accepted()
    town.does("whistle_units", units=["water"])
    assert town.refusal(MIDDLE, "report_in", unit="water", unit_="roads") == "not_permitted"
    assert town.refusal(MIDDLE, "report_in", unit="roads", unit_="roads") == "not_whistled"
    town.comes("water")
    assert town.refusal(MIDDLE, "report_in", unit="water", unit_="water") == "already_reported_in"
    assert town.bodies("ring_unit_reported_in")[0] == {
        "level": "middle",
        "by": "unit_liaison.water",
        "unit": "water",
        "note": None,
    }
    assert town.ring_state.called["water"].reported_at == town.now
    assert "report_in/water" not in clocks(town)
    assert town.notices("ring_unit_reported_in") == ["unit:east/district_centre"]


def test_a_unit_that_does_not_come_says_why_and_may_be_called_again() -> None:
    town = Rings().accepted()
    town.does("whistle_units", units=["water"])
    assert town.refusal(MIDDLE, "refuse_report_in", unit="water", unit_="water", reason=None) == "invalid_command"
    town.give(MIDDLE, "refuse_report_in", unit="water", unit_="water")
    stopped = next(b for b in town.bodies("clock_stopped") if b["key"] == "report_in/water")
    assert stopped["met"] is None
    assert town.notices("ring_unit_refused") == ["unit:east/district_centre"]
    assert town.refusal(MIDDLE, "refuse_report_in", unit="water", unit_="water") == "not_awaited"
    town.does("whistle_units", units=["water"])
    assert "report_in/water/2" in clocks(town)
    assert town.ring_state.called["water"].times == 2
    town.comes("water")
    assert not {c for c in clocks(town) if c.startswith("report_in")}


def test_a_unit_that_had_refused_may_come_after_all() -> None:
    town = Rings().accepted()
    town.does("whistle_units", units=["water"])
    town.give(MIDDLE, "refuse_report_in", unit="water", unit_="water")
    town.comes("water")
    assert town.ring_state.called["water"].refused_at is None


def test_a_unit_that_does_not_come_in_time_is_told_to_its_head_and_to_those_above() -> None:
    town = Rings().accepted()
    town.does("whistle_units", units=["water"])
    town.ring(MIDDLE, "report_in/water")
    assert town.todo(MIDDLE, "report_in/water/head").role == "unit_head"
    assert "unit:water/unit_head" in town.notices("ring_overdue")
    assert "role:city_office/city_office" in town.notices("ring_overdue")
    town.give(MIDDLE, "report_in", role="unit_head", unit="water", unit_="water")
    stopped = next(b for b in town.bodies("clock_stopped") if b["key"] == "report_in/water")
    assert stopped["met"] is False


# ----------------------------------------------------------------------------------------------------------- name lead


def test_the_city_office_names_the_lead_and_calls_it_in_with_the_others() -> None:
    town = large()
    town.does("name_lead", lead="water", units=["roads"])
    assert town.ring_state.lead == "water"
    assert {"report_in/water", "report_in/roads"} <= clocks(town)
    assert "ring_lead" not in clocks(town)
    assert town.decider(LARGE).card(town.ring_state).attributes["LeadUnit"] == "water"
    assert town.decider(LARGE).card(town.ring_state).attributes["Ring"] == "large"


def test_calling_units_does_not_name_the_lead() -> None:
    town = large()
    town.does("whistle_units", units=["roads"])
    assert "ring_lead" in town.todo_keys()
    town.does("name_lead", lead="water", units=["roads"])
    assert town.bodies("ring_units_whistled")[-1]["units"] == ["water"]


def test_the_middle_ring_names_no_lead() -> None:
    town = Rings().accepted()
    assert town.refuses("name_lead", role="city_office", lead="water") == "not_at_this_level"


def test_who_reported_up_is_not_named_to_lead_but_who_whistled_may_be() -> None:
    assert large().refuses("name_lead", lead=REPORTER) == "no_return_down"
    town = Rings(LARGE, kind="whistle").accepted()
    town.does("name_lead", lead=REPORTER, units=["water"])
    assert town.ring_state.lead == REPORTER
    assert set(town.ring_state.called) == {"water"}


def test_a_lead_has_to_be_a_unit_and_once() -> None:
    assert large().refuses("name_lead", lead="nowhere") == "unknown_unit"
    assert large().refuses("name_lead", lead="water", units=["water"]) == "unit_twice"


# ------------------------------------------------------------------------------------------------------- survey, team


def test_surveys_are_numbered_and_the_first_one_ends_the_clock() -> None:
    town = Rings().with_units("water")
    assert town.offered("ring_survey") == ("record_survey",)
    town.does("record_survey", findings=REF, documents=["photo-1"], units=["water"])
    assert "ring_survey" not in clocks(town)
    town.does("record_survey", findings=REF)
    assert [b["n"] for b in town.bodies("ring_surveyed")] == [1, 2]
    assert town.bodies("ring_surveyed")[0]["documents"] == ["photo-1"]
    town.does("whistle_units", units=["roads"])
    assert "ring_survey/2" not in clocks(town), "a survey was made"


def test_a_survey_that_was_made_before_units_were_called_is_not_owed_again() -> None:
    town = Rings().accepted()
    town.does("record_survey", findings=REF)
    town.does("whistle_units", units=["water"])
    assert "ring_survey" not in clocks(town)


def test_the_large_ring_owes_no_survey_but_may_make_one() -> None:
    town = large()
    town.does("name_lead", lead="water")
    assert "ring_survey" not in clocks(town)
    town.does("record_survey", findings=REF)
    assert town.refuses("record_survey", units=["nowhere"]) == "unknown_unit"
    assert town.refuses("record_survey", units=["water", "water"]) == "unit_twice"


def test_a_joint_team_is_told_and_its_lead_may_survey_and_set_measures() -> None:
    town = Rings().accepted()
    town.does("form_task_force", lead="roads", members=["parks"], territory="east-2", industry="roads", firm="water")
    assert town.ring_state.force.units == ("roads", "parks", "east-2", "water")
    assert len(town.notices("ring_task_force")) == 4
    lead: dict[str, Any] = {"role": "task_force_lead", "unit_": "roads"}
    town.give(MIDDLE, "record_survey", **lead)
    town.give(MIDDLE, "set_plan", unit="water", due="2026-03-10", **lead)
    assert town.refusal(MIDDLE, "record_survey", role="task_force_lead", unit_="parks") == "not_permitted"
    assert town.decider(MIDDLE).parties(town.ring_state) >= {"roads", "parks", "east-2", "water", REPORTER}


def test_without_a_team_there_is_no_lead_of_one() -> None:
    town = Rings().accepted()
    assert town.refusal(MIDDLE, "record_survey", role="task_force_lead", unit_="roads") == "not_permitted"


@pytest.mark.parametrize(
    ("team", "code"),
    [
        ({"lead": "water", "members": ["water"]}, "unit_twice"),
        ({"lead": "water", "territory": "east", "industry": "east"}, "unit_twice"),
        ({"lead": "water", "firm": "nowhere"}, "unknown_unit"),
        ({"lead": "nowhere"}, "unknown_unit"),
        ({"lead": "water", "members": ["nowhere"]}, "unknown_unit"),
    ],
)
def test_a_team_of_known_units_each_in_one_role(team: dict[str, Any], code: str) -> None:
    assert Rings().accepted().refuses("form_task_force", **team) == code


# -------------------------------------------------------------------------------------------------- what is begun beside


def test_a_plan_begins_a_measure_that_reports_its_end() -> None:
    town = Rings().accepted()
    town.does("set_plan", unit="water", due="2026-03-10")
    town.does("set_plan", unit="roads", due="2026-03-11")
    (first, body), (second, _) = town.sent("open")
    assert (first, second) == ("measure/c1.middle.1-1", "measure/c1.middle.1-2")
    assert {k: body[k] for k in ("origin", "case", "unit", "due", "milestones")} == {
        "origin": MIDDLE,
        "case": "c1",
        "unit": "water",
        "due": "2026-03-10",
        "milestones": [],
    }
    town.hears("measure_ended", measure=first, outcome="struck_off")
    town.hears("measure_ended", measure=first, outcome="struck_off")
    town.hears("measure_ended", measure="measure/other-1", outcome="struck_off")
    assert town.ring_state.measures == {first: "struck_off", second: None}
    assert town.types(MIDDLE).count("ring_measure_ended") == 1


@pytest.mark.parametrize("due", ["2026-03-02", "2026-03-01", "2099-01-01"])
def test_a_measure_is_for_a_day_ahead(due: str) -> None:
    assert Rings().accepted().refuses("set_plan", unit="water", due=due) == "date_not_ahead"


def test_a_unit_is_listed_for_supervision_of_the_matter() -> None:
    town = Rings(matter="road-7").accepted()
    town.does("list_supervision", unit="water")
    target, body = town.sent("open")[0]
    assert target == "supervision/road-7/listed/c1.middle.1-1"
    assert {k: body[k] for k in ("case", "matter", "level", "unit", "trigger")} == {
        "case": "c1",
        "matter": "road-7",
        "level": "listed",
        "unit": "water",
        "trigger": "ring",
    }
    town.hears("ring_start_refused", process=target, code="already_supervised")
    assert town.notices("ring_start_failed") == ["unit:east/district_centre"]
    town.does("list_supervision", unit="water")
    assert town.sent("open")[1][0] == "supervision/road-7/listed/c1.middle.1-2"


def test_a_case_without_a_matter_is_a_matter_by_itself() -> None:
    town = Rings().accepted()
    town.does("list_supervision", unit="water")
    assert town.sent("open")[0][0] == "supervision/c1/listed/c1.middle.1-1"
    assert town.refuses("list_supervision", unit="nowhere") == "unknown_unit"
    assert town.refuses("set_plan", unit="nowhere", due="2026-03-10") == "unknown_unit"


@pytest.mark.parametrize(("command", "kind"), [("start_consultation", "consultation"), ("ask_ruling", "adjudication")])
def test_a_consultation_or_a_ruling_holds_the_question_of_the_ring(command: str, kind: str) -> None:
    town = Rings().accepted()
    town.does(command, candidates=["water", "roads"])
    target, body = town.sent("open")[0]
    assert target == f"{kind}/c1.middle.1-1"
    entry = body["entries"][0]
    assert (entry["holder"], entry["reserved"], entry["case"], entry["unit"]) == (MIDDLE, True, "c1", REPORTER)
    assert body["candidates" if kind == "consultation" else "parties"] == ["water", "roads"]
    assert town.ring_state.hold.process == target
    assert town.refuses("start_consultation", candidates=["water", "roads"]) == "ring_reserved"
    assert town.refuses("ask_ruling", candidates=["water", "roads"]) == "ring_reserved"
    assert not {"conclude", "start_consultation", "escalate"} & set(town.offered("ring_conclude"))
    town.hears("ring_start_refused", process=target, code="unknown_unit")
    assert town.ring_state.hold is None
    assert "conclude" in town.offered("ring_conclude")
    town.does(command, candidates=["water", "roads"])
    assert town.sent("open")[1][0] == f"{kind}/c1.middle.1-2"


@pytest.mark.parametrize("command", ["start_consultation", "ask_ruling"])
def test_candidates_are_known_units_two_at_least_and_each_once(command: str) -> None:
    town = Rings().accepted()
    assert town.refuses(command, candidates=["water"]) == "invalid_command"
    assert town.refuses(command, candidates=["water", "water"]) == "unit_twice"
    assert town.refuses(command, candidates=["water", "nowhere"]) == "unknown_unit"
    late = Rings(reserved=False).accepted()
    assert late.refuses(command, candidates=["water", "roads"]) == "item_not_in_this_state"
