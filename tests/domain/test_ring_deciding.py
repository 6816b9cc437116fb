"""The verdict of a ring: by hand, by the standing meeting, or by the process that holds its question; and that it reaches the case.

Proved: nobody but the city office decides past a process that holds the question; what was reported up goes down again only by a
ruling; late, doubled and overtaken messages of domain/holding.py; four eyes on the standing meeting; recusal.
"""

from typing import Any

import pytest

from domain.process import SYSTEM
from tests.domain.casekit import REF
from tests.domain.test_ring_town import CASE, LARGE, MIDDLE, REPORTER, VERDICT, Rings

SESSION = "session/s1"
CONSULTATION = "consultation/c1.middle.1-1"
RULED = {"lead": REPORTER, "co": ["water"], "basis": REF, "no_return": True, "extra_days": 3}


def large() -> Rings:
    return Rings(LARGE).accepted()


def held(by: str = SESSION) -> Rings:
    """A middle ring whose question another process has reserved."""
    town = Rings().accepted()
    assert town.hears("reserve_matter", process=by, item="i4") is None
    return town


# ------------------------------------------------------------------------------------------------------------- by hand


def test_the_convener_decides_and_the_case_hears_it() -> None:
    town = Rings().with_units("water")
    town.does("conclude", **VERDICT, extra_days=2)
    assert town.stage(MIDDLE) == "executing"
    town.deliver()
    verdict = town.state(CASE).verdicts[0]
    assert (verdict.lead, verdict.co, verdict.extra_days, verdict.no_return) == ("water", ("roads",), 2, True)
    assert town.ring_state.item.state == "applied"
    assert town.bodies("ring_concluded")[0] == {
        "level": "middle",
        "by": "district_centre.x",
        "via": "convener",
        "process": None,
    }
    conclusion = next(b for b in town.bodies("clock_stopped") if b["key"] == "ring_conclude")
    assert conclusion["met"] is True
    assert not [k for k, r in town.ring_state.clocks.items() if r.stopped_at is None]


def test_what_is_no_longer_owed_is_neither_met_nor_missed() -> None:
    town = Rings().accepted()
    town.does("whistle_units", units=["water"])
    town.decided()
    assert {b["key"]: b["met"] for b in town.bodies("clock_stopped")} == {
        "ring_answer": True,
        "ring_units": True,
        "ring_conclude": True,
        "report_in/water": None,
        "ring_survey": None,
    }


@pytest.mark.parametrize("ring", [MIDDLE, LARGE])
def test_what_was_reported_up_does_not_go_down_again_by_hand(ring: str) -> None:
    town = Rings(ring).accepted()
    assert town.refuses("conclude", lead=REPORTER) == "no_return_down"
    town.does("conclude", lead="water", co=[REPORTER])


def test_who_whistled_stays_the_one_who_answers_for_the_case() -> None:
    town = Rings(kind="whistle").accepted()
    town.decided(lead=REPORTER, co=["water"])
    assert town.state(CASE).verdicts[0].lead == REPORTER


@pytest.mark.parametrize(
    ("verdict", "code"),
    [
        ({"lead": "nowhere"}, "unknown_unit"),
        ({"lead": "water", "co": ["nowhere"]}, "unknown_unit"),
        ({"lead": "water", "co": ["water"]}, "unit_twice"),
        ({"lead": "water", "extra_days": 121}, "invalid_command"),
        ({}, "invalid_command"),
    ],
)
def test_a_verdict_names_known_units_each_once(verdict: dict[str, Any], code: str) -> None:
    assert Rings().accepted().refuses("conclude", **verdict) == code


@pytest.mark.parametrize("unit", [REPORTER, "water", "roads"])
def test_nobody_decides_on_his_own_units_matter(unit: str) -> None:
    town = Rings().with_units("water")
    assert town.refuses("conclude", lead="roads", unit_=unit) == "recusal"


def test_a_ring_whose_case_has_not_answered_cannot_decide_yet() -> None:
    town = Rings(reserved=False).accepted()
    assert town.refuses("conclude", **VERDICT) == "item_not_in_this_state"
    town.deliver()
    town.decided()


def test_a_case_that_does_not_give_its_matter_ends_the_ring() -> None:
    town = Rings(None)
    town.open("case/c1")
    town.id = LARGE
    town.up(LARGE, reserved=False)
    town.send("case/c1", "case_over", {"code": "solved"}, SYSTEM)
    town.deliver()
    assert town.stage(LARGE) == "overtaken"
    assert "role:city_office/city_office" in town.notices("ring_overtaken")


def test_the_city_office_decides_in_the_districts_place() -> None:
    town = Rings().accepted()
    town.ring(MIDDLE, "ring_conclude")
    assert "conclude" in town.offered("ring_conclude/superior")
    town.does("conclude", role="city_office", **VERDICT)
    assert town.bodies("ring_concluded")[0]["via"] == "superior"


def test_a_decision_that_comes_too_late_for_the_case_ends_the_ring() -> None:
    town = Rings().accepted()
    town.does("conclude", **VERDICT)
    town.send(CASE, "case_over", {"code": "solved"}, SYSTEM)
    town.deliver()
    assert town.stage(MIDDLE) == "overtaken"
    assert town.ring_state.item.state == "overtaken"


# ------------------------------------------------------------------------------------------- held by another process


def test_a_process_reserves_the_question_and_hears_where_it_belongs() -> None:
    town = held()
    target, body = town.sent("confirm_item")[0]
    assert target == SESSION
    assert {k: body[k] for k in ("item", "unit", "district", "case")} == {
        "item": "i4",
        "unit": REPORTER,
        "district": "east",
        "case": "c1",
    }


def test_only_one_process_has_the_question_at_a_time_or_the_one_in_its_place() -> None:
    town = held(CONSULTATION)
    assert town.hears("reserve_matter", process=SESSION, item="i1") == "ring_reserved"
    assert town.hears("reserve_matter", process="adjudication/a", item="i2", instead_of=CONSULTATION) is None
    assert town.ring_state.hold.process == "adjudication/a"
    assert town.hears("apply_decision", process=CONSULTATION, item="i4", verdict=RULED) == "ring_question_gone"
    assert town.hears("apply_decision", process="adjudication/a", item="i2", verdict=RULED) is None


@pytest.mark.parametrize(
    ("name", "more"),
    [
        ("conclude", VERDICT),
        ("escalate", {}),
        ("ask_session", {}),
        ("enter_session", {"session": "s2", "role": "session_secretary"}),
    ],
)
def test_what_is_reserved_elsewhere_is_not_decided_by_hand(name: str, more: dict[str, Any]) -> None:
    town = held()
    assert town.refuses(name, **more) == "ring_reserved"
    assert town.hears("release_matter", process=SESSION, item="i4") is None
    assert town.refuses(name, **more) is None


def test_a_reserved_question_is_not_refused_by_the_district_either() -> None:
    town = Rings()
    town.hears("reserve_matter", process=SESSION, item="i4")
    assert town.refuses("answer_report", accept=False, reason=REF) == "ring_reserved"
    assert town.offered("ring_answer") == ("answer_report",)
    town.accepted()


@pytest.mark.parametrize(("name", "code"), [("conclude", "decided_by_ring"), ("escalate", "escalated")])
def test_the_city_office_overtakes_the_process_that_holds_the_question(name: str, code: str) -> None:
    town = held()
    town.does(name, role="city_office", **(VERDICT if name == "conclude" else {}))
    assert town.sent("overtake_item") == [(SESSION, {"item": "i4", "code": code})]
    assert town.hears("apply_decision", process=SESSION, item="i4", verdict=RULED) == "ring_question_gone"
    assert town.hears("reserve_matter", process=SESSION, item="i5") == "ring_question_gone"
    assert town.hears("release_matter", process=SESSION, item="i4") is None


def test_overtaking_is_offered_to_the_city_office_when_the_conclusion_is_overdue() -> None:
    town = held()
    assert "conclude" not in town.offered("ring_conclude")
    town.ring(MIDDLE, "ring_conclude")
    assert {"conclude", "escalate"} <= set(town.offered("ring_conclude/superior"))
    assert "conclude" not in town.offered("ring_conclude")
    big = large()
    big.hears("reserve_matter", process=SESSION, item="i4")
    assert "conclude" not in big.offered("ring_conclude")
    big.ring(LARGE, "ring_conclude")
    assert "conclude" in big.offered("ring_conclude")


def test_a_ruling_concludes_the_ring_and_may_send_the_case_down() -> None:
    town = held()
    assert town.hears("apply_decision", process=SESSION, item="i4", verdict=RULED) is None
    assert town.sent("confirm_applied") == [], "not before the case says so"
    town.deliver()
    verdict = town.state(CASE).verdicts[0]
    assert (verdict.lead, verdict.extra_days) == (REPORTER, 3)
    assert town.sent("confirm_applied") == [(SESSION, {"item": "i4"})]
    assert town.bodies("ring_concluded")[0] | {"level": ""} == {
        "level": "",
        "by": SESSION,
        "via": "process",
        "process": SESSION,
    }
    assert town.ring_state.hold is None


def test_the_process_hears_that_its_decision_came_too_late_for_the_case() -> None:
    town = held()
    town.hears("apply_decision", process=SESSION, item="i4", verdict=RULED)
    town.send(CASE, "case_over", {"code": "solved"}, SYSTEM)
    town.deliver()
    assert len(town.sent("overtake_item")) == 1
    assert town.sent("confirm_applied") == []
    assert town.stage(MIDDLE) == "overtaken"


def test_another_item_or_another_process_decides_nothing() -> None:
    town = held()
    assert town.hears("apply_decision", process=SESSION, item="i5", verdict=RULED) == "ring_question_gone"
    assert town.hears("apply_decision", process="session/s2", item="i4", verdict=RULED) == "ring_question_gone"
    assert town.hears("release_matter", process="session/s2", item="i4") is None
    assert town.hears("release_matter", process=SESSION, item="i5") is None
    assert town.ring_state.hold.process == SESSION


def test_a_decision_said_twice_holds_once() -> None:
    town = held()
    town.hears("apply_decision", process=SESSION, item="i4", verdict=RULED)
    assert town.hears("apply_decision", process=SESSION, item="i4", verdict=RULED) == "ring_question_gone"
    town.deliver()
    assert len(town.state(CASE).verdicts) == 1


@pytest.mark.parametrize("ring", [MIDDLE, LARGE])
@pytest.mark.parametrize("accept", [True, False])
def test_a_case_that_is_over_ends_a_ring_whose_question_is_open(ring: str, accept: bool) -> None:
    town = Rings(ring).accepted() if accept else Rings(ring)
    assert town.hears("case_over", code="solved") is None
    assert town.stage(ring) == "overtaken"
    assert town.ring_state.item.code == "solved"


def test_a_case_that_ends_frees_whoever_held_the_question() -> None:
    town = held()
    town.tells_case("case_over", code="caller_withdrew")
    assert town.stage(MIDDLE) == "overtaken"
    assert town.sent("overtake_item") == [(SESSION, {"item": "i4", "code": "caller_withdrew"})]
    assert town.hears("case_over", code="caller_withdrew") is None
    assert town.types(MIDDLE).count("ring_case_over") == 1


# ------------------------------------------------------------------------------------------------------------ sessions


@pytest.mark.parametrize(("ring", "session"), [(MIDDLE, "district"), (LARGE, "city")])
def test_the_convener_asks_and_the_secretary_enters(ring: str, session: str) -> None:
    town = Rings(ring).accepted()
    town.does("ask_session")
    assert town.bodies("ring_session_asked")[0]["session"] == session
    todo = town.todo(ring, "ring_session")
    assert (todo.role, todo.commands, todo.hint) == ("session_secretary", ("enter_session",), {"session": session})
    assert town.refuses("ask_session") == "session_asked_already"
    town.does("enter_session", role="session_secretary", session="s1")
    target, body = town.sent("propose_item")[0]
    about = {"case": "c1", "unit": REPORTER, "district": "east", "catalogue_item": None}
    assert (target, body) == (SESSION, {"holder": ring, "reserved": False, "matter": None} | about)
    assert "ring_session" not in town.todo_keys()
    assert town.refuses("conclude", **VERDICT) == ("ring_reserved" if ring == MIDDLE else None)


def entered() -> Rings:
    town = Rings().accepted()
    town.does("ask_session")
    return town.does("enter_session", role="session_secretary", session=SESSION)


def test_a_session_that_does_not_take_it_leaves_it_to_the_secretary() -> None:
    town = entered()
    assert town.hears("session_refused", session=SESSION, code="agenda_closed") is None
    assert town.offered("ring_session") == ("enter_session",)
    assert "role:session_secretary/session_secretary" in town.notices("ring_session_refused")
    town.does("enter_session", role="session_secretary", session="s2")
    assert town.hears("session_refused", session="s1", code="agenda_closed") is None
    assert town.ring_state.hold.process == "session/s2"


def test_the_session_asks_for_the_matter_and_decides_it() -> None:
    town = entered()
    assert town.hears("reserve_matter", process=SESSION, item="i7") is None
    assert town.ring_state.hold.item == "i7"
    assert town.hears("session_refused", session=SESSION, code="agenda_closed") is None
    assert town.ring_state.hold is not None, "it has it"
    town.hears("apply_decision", process=SESSION, item="i7", verdict=RULED)
    town.deliver()
    assert town.sent("confirm_applied") == [(SESSION, {"item": "i7"})]


def test_a_session_that_takes_it_unasked_may_decide_and_hears_of_it() -> None:
    town = entered()
    assert town.hears("apply_decision", process=SESSION, item="i7", verdict=RULED) is None
    town.deliver()
    assert town.sent("confirm_applied") == [(SESSION, {"item": "i7"})]


def test_a_session_that_lets_it_go_leaves_it_to_the_convener() -> None:
    town = entered()
    town.hears("reserve_matter", process=SESSION, item="i7")
    town.hears("release_matter", process=SESSION, item="i7")
    assert "conclude" in town.offered("ring_conclude")
    assert "ring_session" not in town.todo_keys()


def test_a_session_that_asks_after_the_ring_was_decided_is_refused() -> None:
    town = entered()
    town.does("conclude", role="city_office", **VERDICT)
    assert town.sent("overtake_item") == [], "it has no item yet"
    assert town.hears("reserve_matter", process=SESSION, item="i7") == "ring_question_gone"
    assert town.hears("session_refused", session=SESSION, code="agenda_closed") is None


# ---------------------------------------------------------------------------------------------------- standing meeting


def test_the_standing_meeting_decides_and_another_person_records_it() -> None:
    town = large()
    town.does("refer_standing_meeting", user_="dora")
    assert town.offered("ring_standing") == ("record_standing_meeting",)
    assert town.refuses("refer_standing_meeting") == "at_standing_meeting"
    assert town.refuses("record_standing_meeting", lead="water", user_="dora") == "four_eyes"
    town.does("record_standing_meeting", lead=REPORTER, co=["water"], extra_days=5, documents=["minutes-1"])
    town.deliver()
    assert town.state(CASE).verdicts[0].lead == REPORTER, "a ruling may send it down"
    assert town.bodies("ring_concluded")[0]["via"] == "standing_meeting"
    assert town.bodies("ring_standing_recorded")[0]["documents"] == ["minutes-1"]


def test_the_standing_meeting_is_the_large_rings_only() -> None:
    town = Rings().accepted()
    assert town.refuses("refer_standing_meeting", role="city_office") == "not_at_this_level"
    assert town.refuses("record_standing_meeting", role="city_office", lead="water") == "not_at_this_level"
    assert large().refuses("record_standing_meeting", lead="water") == "not_at_standing_meeting"


def test_nobody_records_what_names_his_own_unit() -> None:
    town = large()
    town.does("refer_standing_meeting", user_="dora")
    assert town.refuses("record_standing_meeting", lead="water", unit_="water") == "recusal"
    assert large().refuses("refer_standing_meeting", unit_=REPORTER) == "recusal"


def test_a_session_in_between_does_not_stop_the_standing_meeting() -> None:
    town = large()
    town.does("refer_standing_meeting", user_="dora")
    town.hears("reserve_matter", process=SESSION, item="i4")
    town.does("record_standing_meeting", lead="water")
    assert town.sent("overtake_item") == [(SESSION, {"item": "i4", "code": "decided_by_ring"})]
    again = large()
    again.hears("reserve_matter", process=SESSION, item="i4")
    assert again.refuses("refer_standing_meeting") == "ring_reserved"
