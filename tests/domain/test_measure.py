"""台账项: a measure from its entry to its strike-off, and all that may stop it on the way.

Proved: the normal way; every refusal; that who handled it neither verifies nor strikes it off, that the unit's own people do not
either; that a silent unit, verifier or second person becomes somebody else's todo; that its day may be moved and the old one stays
in the ledger; that a rebound gives it back; that whoever ordered it is told once, at the end; that late and doubled messages harm
nothing.
"""

from datetime import date
from typing import Any

import pytest

from domain.clock import recompute, wall
from domain.keeping import ClockSet
from domain.kernel import Planned
from domain.measure import DECIDER
from domain.process import SYSTEM, Actor
from storage.policies import load_pack
from tests.domain.clock_helpers import sh
from tests.domain.townkit import CALENDAR, Town

M = "measure/s1-1"
HANDLER = Actor(user="h1", role="unit_liaison", unit="roads")
VERIFIER = Actor(user="v1", role="supervisor")
SECOND = Actor(user="c1", role="city_centre")
ORDERED: dict[str, Any] = {
    "by": "leader1",
    "origin": "campaign/x1",
    "case": "c1",
    "unit": "roads",
    "what": "row#what",
    "due": "2026-03-13",
    "district": "east",
}
MILESTONES = [{"what": "row#m1", "due": "2026-03-05"}, {"what": "row#m2", "due": "2026-03-09"}]


def ordered(pack: str = "haikou", **fields: Any) -> Town:
    """A measure that was ordered on Monday, 2026-03-02, by a process of a kind that is not in this town."""
    town = Town(DECIDER, pack=pack)
    town.open(M, **{**ORDERED, **fields})
    return town


def accepted(**fields: Any) -> Town:
    town = ordered(**fields)
    town.give(M, "accept_measure", by=HANDLER, plan="row#plan")
    return town


def checked(**fields: Any) -> Town:
    town = accepted(**fields)
    town.give(M, "self_check", by=HANDLER, documents=["photo1"])
    return town


def verified(**fields: Any) -> Town:
    town = checked(**fields)
    town.give(M, "verify_measure", by=VERIFIER, met=True)
    return town


def struck_off(**fields: Any) -> Town:
    town = verified(**fields)
    town.give(M, "strike_off", by=SECOND, approve=True)
    return town


def keys(town: Town) -> dict[str, tuple[str, tuple[str, ...]]]:
    return {t.key: (t.role, t.commands) for t in town.todos(M)}


def notices(town: Town, what: str) -> list[Planned]:
    return [e for e in town.told(M, "notice") if e.body["what"] == what]


def day(town: Town, clock: str = "due") -> str:
    running = town.state(M).clock(clock)
    assert running.clock.due is not None
    return wall(running.clock.due, end=True)


# ------------------------------------------------------------------------------------------------------ the normal way


def test_ordered_it_is_the_units_with_its_day_its_milestones_and_the_terms() -> None:
    town = ordered(milestones=MILESTONES)
    state = town.state(M)
    assert (town.stage(M), state.unit, state.due, state.case, state.by) == (
        "listed", "roads", date(2026, 3, 13), "c1", "leader1",
    )  # fmt: skip
    assert (state.pack, state.origin) == ("haikou", "campaign/x1")
    assert [day(town, k) for k in ("due", "milestone/m1", "milestone/m2")] == [
        "2026-03-13 24:00", "2026-03-05 24:00", "2026-03-09 24:00",
    ]  # fmt: skip
    assert keys(town) == {"accept": ("unit_liaison", ("accept_measure",))}
    assert [e.target for e in notices(town, "measure_listed")] == ["unit:roads"]


def test_the_whole_way_to_the_end() -> None:
    town = accepted(milestones=MILESTONES)
    assert town.stage(M) == "assigned"
    town.give(M, "report_milestone", by=HANDLER, milestone="m1", documents=["photo1"])
    assert town.stage(M) == "rectifying"
    assert keys(town)["rectify"][1] == ("report_milestone",)
    town.give(M, "report_milestone", by=HANDLER, milestone="m2")
    assert keys(town)["rectify"][1] == ("self_check",)
    town.give(M, "self_check", by=HANDLER, documents=["photo2"])
    assert keys(town) == {"verify": ("supervisor", ("verify_measure",))}
    town.give(M, "verify_measure", by=VERIFIER, met=True)
    assert keys(town) == {"strike_off": ("district_centre", ("strike_off",))}
    town.give(M, "strike_off", by=SECOND, approve=True)
    assert town.stage(M) == "struck_off"
    assert keys(town) == {"rebound": ("supervisor", ("report_rebound",))}
    assert not town.told(M, "tell"), "it is not over while it may rebound"
    town.ring(M, "rebound")
    assert (town.stage(M), town.closed(M)) == ("closed", True)
    assert [(e.target, e.body["command"], e.body["body"]) for e in town.told(M, "tell")] == [
        ("campaign/x1", "measure_ended", {"measure": M, "outcome": "struck_off"})
    ]
    state = town.state(M)
    assert state.clocks["due"].met is True
    assert state.milestones["m1"].by == "h1"
    assert (state.verified.by, state.struck_off.by) == ("v1", "c1")


def test_a_person_enters_a_hazard_with_its_place_and_kind() -> None:
    town = Town(DECIDER)
    town.give(M, "enter_measure", unit="east-roads", due="2026-03-20", nature="stubborn", place="row#place")
    state = town.state(M)
    assert (state.by, state.district, state.unit, state.nature) == ("supervisor.x", "east", "east-roads", "stubborn")
    assert town.todo(M, "accept").unit == "east-roads"
    town.give(M, "accept_measure", unit_="east-roads")
    town.give(M, "self_check", unit_="east-roads", documents=["d1"])
    town.give(M, "verify_measure", met=True)
    town.give(M, "strike_off", role="district_centre", approve=True)
    town.ring(M, "rebound")
    assert town.closed(M)
    assert not town.told(M, "tell"), "nobody ordered it"


def test_without_milestones_it_may_be_checked_at_once() -> None:
    assert checked().stage(M) == "self_checked"


def test_of_the_city_it_is_struck_off_by_the_city_centre() -> None:
    town = checked(district=None)
    town.give(M, "verify_measure", by=VERIFIER, met=True)
    assert town.todo(M, "strike_off").role == "city_centre"


def test_rows_and_parties_name_the_unit_and_the_case() -> None:
    town = ordered()
    columns = DECIDER.columns(town.state(M))
    [row] = columns["proceeding_row"]
    assert (row["unit"], row["case_no"], row["kind"], row["due"]) == (
        "roads", "c1", "measure", town.state(M).clocks["accept"].clock.due,
    )  # fmt: skip
    assert columns["party_row"] == [{"process": M, "unit": "roads"}]
    assert not row["overdue"]
    assert DECIDER.card(town.state(M)).attributes["LeadUnit"] == "roads"


# ------------------------------------------------------------------------------------------------------------ refusals


@pytest.mark.parametrize(
    ("fields", "who", "code"),
    [
        ({"unit": "nowhere", "due": "2026-03-13"}, {}, "unknown_unit"),
        ({"unit": "closed-bureau", "due": "2026-03-13"}, {}, "unknown_unit"),
        ({"unit": "roads", "due": "2026-03-02"}, {}, "date_not_ahead"),
        ({"unit": "roads", "due": "1999-01-01"}, {}, "date_not_ahead"),
        ({"unit": "roads", "due": "9999-12-31"}, {}, "date_not_ahead"),
        ({"unit": "roads", "due": "2026-03-13", "case": "no-such"}, {}, "unknown_case"),
        (
            {"unit": "west-1", "due": "2026-03-13"},
            {"role": "district_centre", "district_": "east"},
            "not_your_district",
        ),
        ({"unit": "roads", "due": "2026-03-13"}, {"role": "district_centre", "district_": "east"}, "not_your_district"),
        ({"unit": "roads", "due": "2026-03-13"}, {"role": "unit_head", "unit_": "roads"}, "not_permitted"),
        ({"unit": "roads", "due": "tomorrow"}, {}, "invalid_command"),
    ],
)
def test_an_entry_is_refused(fields: dict[str, Any], who: dict[str, Any], code: str) -> None:
    assert Town(DECIDER).refusal(M, "enter_measure", **fields, **who) == code


@pytest.mark.parametrize("unit", ["east", "east-1", "east-roads", "east-1-river"])
def test_a_district_centre_enters_what_is_of_its_district(unit: str) -> None:
    town = Town(DECIDER)
    town.give(M, "enter_measure", role="district_centre", district_="east", unit=unit, due="2026-03-13")
    assert town.state(M).district == "east"


def test_the_case_it_is_about_must_be_there() -> None:
    town = Town(DECIDER)
    said = {"request": "c9", "received_at": town.now, "case_type": "help", "channel": "phone", "caller_type": "person"}
    assert town.send("case/c9", "open", {**town.pins, **said}, SYSTEM) is None
    town.give(M, "enter_measure", unit="roads", due="2026-03-13", case="c9")
    assert town.state(M).case == "c9"


def test_milestones_are_reported_once_and_only_those_there_are() -> None:
    town = accepted(milestones=MILESTONES)
    assert town.refusal(M, "report_milestone", by=HANDLER, milestone="m3") == "unknown_milestone"
    town.give(M, "report_milestone", by=HANDLER, milestone="m1")
    assert town.refusal(M, "report_milestone", by=HANDLER, milestone="m1") == "milestone_reported"


def test_nothing_is_checked_while_milestones_are_left() -> None:
    town = accepted(milestones=MILESTONES)
    assert town.refusal(M, "self_check", by=HANDLER, documents=["d1"]) == "milestones_left"


def test_a_self_check_without_a_document_is_no_self_check() -> None:
    assert accepted().refusal(M, "self_check", by=HANDLER, documents=[]) == "invalid_command"


@pytest.mark.parametrize("who", [Actor(user="x", role="unit_liaison", unit="water"), VERIFIER])
def test_only_the_unit_itself_accepts_reports_and_checks(who: Actor) -> None:
    town = ordered()
    assert town.refusal(M, "accept_measure", by=who) == "not_permitted"
    town = accepted(milestones=MILESTONES)
    assert town.refusal(M, "report_milestone", by=who, milestone="m1") == "not_permitted"
    assert town.refusal(M, "self_check", by=who, documents=["d1"]) == "not_permitted"


def test_what_was_not_accepted_is_not_worked_on() -> None:
    assert ordered().refusal(M, "self_check", by=HANDLER, documents=["d1"]) == "not_in_this_stage"


def test_a_strike_off_that_is_denied_needs_its_reason() -> None:
    assert verified().refusal(M, "strike_off", by=SECOND, approve=False) == "reason_needed"


def test_nothing_is_supervised_before_its_day() -> None:
    assert accepted().refusal(M, "supervise_measure", by=VERIFIER, level="urge") == "not_overdue"


# --------------------------------------------------------------------------------------------- four eyes and recusal


@pytest.mark.parametrize("acted", ["accepted", "reported", "checked"])
def test_who_handled_it_neither_verifies_nor_strikes_it_off_whatever_his_role_is_now(acted: str) -> None:
    both = Actor(user="both", role="unit_liaison", unit="roads")
    who = {name: both if name == acted else HANDLER for name in ("accepted", "reported", "checked")}
    town = ordered(milestones=MILESTONES[:1])
    town.give(M, "accept_measure", by=who["accepted"])
    town.give(M, "report_milestone", by=who["reported"], milestone="m1")
    town.give(M, "self_check", by=who["checked"], documents=["d1"])
    assert town.refusal(M, "verify_measure", by=Actor(user="both", role="supervisor"), met=True) == "four_eyes"
    town.give(M, "verify_measure", by=VERIFIER, met=True)
    assert town.refusal(M, "strike_off", by=Actor(user="both", role="city_centre"), approve=True) == "four_eyes"


@pytest.mark.parametrize("approve", [True, False])
def test_who_verified_does_not_strike_off(approve: bool) -> None:
    again = Actor(user=VERIFIER.user, role="city_centre")
    assert verified().refusal(M, "strike_off", by=again, approve=approve, reason="r#r") == "four_eyes"


def test_another_supervisor_may_strike_off() -> None:
    town = verified()
    town.give(M, "strike_off", by=Actor(user="v2", role="supervisor"), approve=True)
    assert town.stage(M) == "struck_off"


@pytest.mark.parametrize(
    ("town", "name", "role", "body"),
    [
        (checked, "verify_measure", "supervisor", {"met": True}),
        (verified, "strike_off", "city_centre", {"approve": True}),
        (ordered, "give_up_measure", "city_office", {}),
    ],
)
def test_nobody_of_the_unit_decides_on_it(town: Any, name: str, role: str, body: dict[str, Any]) -> None:
    theirs = Actor(user="x", role=role, unit="roads")
    assert town().refusal(M, name, by=theirs, **body) == "recusal"


def test_nobody_of_the_unit_supervises_it() -> None:
    town = ordered()
    town.until(sh("2026-03-20 09:00"))
    theirs = Actor(user="x", role="supervisor", unit="roads")
    assert town.refusal(M, "supervise_measure", by=theirs, level="urge") == "recusal"


def test_after_a_rebound_those_who_handled_it_before_still_do_not_verify() -> None:
    town = struck_off()
    town.give(M, "report_rebound", due="2026-03-30")
    other = Actor(user="h2", role="unit_liaison", unit="roads")
    town.give(M, "accept_measure", by=other)
    town.give(M, "self_check", by=other, documents=["d2"])
    assert town.refusal(M, "verify_measure", by=Actor(user="h1", role="supervisor"), met=True) == "four_eyes"
    town.give(M, "verify_measure", by=VERIFIER, met=True)


# --------------------------------------------------------------------------------------------- sent back, and come back


def test_not_met_the_unit_goes_on_with_the_time_it_had() -> None:
    town = checked()
    assert town.state(M).running("due").clock.due is None
    town.until(sh("2026-03-04 09:00"))
    town.give(M, "verify_measure", by=VERIFIER, met=False)
    assert town.stage(M) == "rectifying"
    assert day(town) == "2026-03-16 24:00", "two days later, and that is a Sunday"
    assert [e.body["texts"] for e in notices(town, "measure_not_met")] == [["row#text"]]
    assert keys(town)["rectify"][1] == ("self_check",)


def test_while_others_look_the_unit_cannot_become_late() -> None:
    town = checked()
    town.until(sh("2026-06-01 09:00"))
    assert town.state(M).clocks["due"].overdue_at is None
    assert not town.state(M).late


def test_the_second_person_may_send_it_back() -> None:
    town = verified()
    town.give(M, "strike_off", by=SECOND, approve=False, reason="r#r")
    assert town.stage(M) == "rectifying"
    assert town.state(M).verified is None
    assert town.state(M).running("due").clock.due is not None
    town.give(M, "self_check", by=HANDLER, documents=["d2"])
    town.give(M, "verify_measure", by=VERIFIER, met=True)
    town.give(M, "strike_off", by=SECOND, approve=True)
    assert town.stage(M) == "struck_off"


def test_a_rebound_gives_it_back_with_another_day_and_it_can_be_met_again() -> None:
    town = struck_off()
    town.until(sh("2026-03-20 09:00"))
    town.give(M, "report_rebound", due="2026-04-10", documents=["photo9"])
    state = town.state(M)
    assert (town.stage(M), state.due, len(state.rebounds), state.struck_off) == (
        "rebounded", date(2026, 4, 10), 1, None,
    )  # fmt: skip
    assert day(town) == "2026-04-10 24:00"
    assert "due/2" in state.clocks
    assert {e.body["role"] for e in notices(town, "measure_rebounded")} == {"unit_liaison", "unit_head"}
    town.give(M, "accept_measure", by=HANDLER)
    assert town.stage(M) == "rectifying"
    town.give(M, "self_check", by=HANDLER, documents=["d2"])
    town.give(M, "verify_measure", by=VERIFIER, met=True)
    town.give(M, "strike_off", by=SECOND, approve=True)
    town.ring(M, "rebound")
    assert town.closed(M)
    assert len(town.told(M, "tell")) == 1, "it is told once"


def test_a_rebound_needs_a_day_ahead() -> None:
    assert struck_off().refusal(M, "report_rebound", due="2026-03-02") == "date_not_ahead"


def test_after_its_time_nothing_rebounds() -> None:
    town = struck_off()
    town.ring(M, "rebound")
    assert town.refusal(M, "report_rebound", due="2026-06-01") == "not_in_this_stage"


def test_what_is_struck_off_is_not_given_up() -> None:
    assert struck_off().refusal(M, "give_up_measure") == "not_in_this_stage"


# ------------------------------------------------------------------------------------------------------------- another day


def test_who_ordered_it_may_move_its_day_and_the_ledger_keeps_the_old_one() -> None:
    town = accepted()
    town.give(M, "amend_measure", by=Actor(user="leader1", role="session_leader"), due="2026-03-27")
    state = town.state(M)
    assert (state.due, day(town), town.stage(M)) == (date(2026, 3, 27), "2026-03-27 24:00", "assigned")
    assert [(a.was, a.due, a.by, a.reason) for a in state.amended] == [
        (date(2026, 3, 13), date(2026, 3, 27), "leader1", "row#text")
    ]
    assert state.clocks["due"].stopped_at is not None
    assert (state.clocks["due"].met, state.clocks["due/2"].stopped_at) == (None, None)
    assert notices(town, "measure_amended")[0].body["due"] == "2026-03-27"


def test_the_city_office_may_move_it_and_nobody_else() -> None:
    town = accepted()
    for role in ("supervisor", "session_leader"):
        assert town.refusal(M, "amend_measure", role=role, due="2026-03-27") == "not_who_entered"
    assert town.refusal(M, "amend_measure", by=HANDLER, due="2026-03-27") == "not_permitted"
    town.give(M, "amend_measure", role="city_office", due="2026-03-27")


@pytest.mark.parametrize(("due", "code"), [("2026-03-13", "same_date"), ("2026-03-02", "date_not_ahead")])
def test_a_move_to_the_same_day_or_into_the_past_is_none(due: str, code: str) -> None:
    assert accepted().refusal(M, "amend_measure", role="city_office", due=due) == code


def test_a_day_that_was_missed_stays_missed_when_it_is_moved() -> None:
    town = accepted()
    town.until(sh("2026-03-16 09:00"))
    assert "overdue" in keys(town)
    town.give(M, "amend_measure", role="city_office", due="2026-03-27")
    assert town.state(M).clocks["due"].overdue_at == sh("2026-03-14")
    assert "overdue" not in keys(town), "it has another day now"
    assert DECIDER.columns(town.state(M))["proceeding_row"][0]["overdue"]


# ---------------------------------------------------------------------------------------------------- silence and supervision


def test_a_silent_unit_is_supervised_and_its_head_knows() -> None:
    town = ordered()
    town.until(sh("2026-03-14 09:00"))
    late = {e.body["clock"]: e.body["role"] for e in notices(town, "measure_overdue") if e.body["role"] == "unit_head"}
    assert set(late) == {"accept", "due"}
    assert {e.target for e in notices(town, "measure_overdue")} == {"unit:roads", "role:supervisor"}
    todo = town.todo(M, "overdue")
    assert (todo.role, todo.commands, todo.hint["clocks"]) == ("supervisor", ("supervise_measure",), ["accept", "due"])
    assert "accept" in keys(town), "it is still the unit's"


def test_a_missed_milestone_is_a_reason_too_and_its_report_ends_it() -> None:
    town = accepted(milestones=MILESTONES)
    town.until(sh("2026-03-06 09:00"))
    assert town.todo(M, "overdue").hint["clocks"] == ["milestone/m1"]
    assert notices(town, "measure_overdue")[0].body["milestone"] == "m1"
    town.give(M, "report_milestone", by=HANDLER, milestone="m1")
    assert "overdue" not in keys(town)
    assert town.state(M).clocks["milestone/m1"].met is False


def test_the_unit_is_warned_before_its_day_and_its_head_after_it() -> None:
    town = accepted()
    town.until(sh("2026-03-17 09:00"))
    assert [e.body["role"] for e in notices(town, "yellow_card")] == ["unit_liaison"]
    assert [e.body["role"] for e in notices(town, "red_card")] == ["unit_head"]


def supervised(level: str) -> tuple[Town, Planned]:
    town = accepted()
    town.until(sh("2026-03-16 09:00"))
    town.give(M, "supervise_measure", by=VERIFIER, level=level)
    [effect] = town.told(M, "start")
    return town, effect


@pytest.mark.parametrize("level", ["urge", "supervise"])
def test_a_supervision_starts_with_what_it_must_know(level: str) -> None:
    town, effect = supervised(level)
    assert effect.target == f"supervision/measure.s1-1/{level}/s1-1-1"
    body = effect.body["body"]
    expected = {
        "by": "v1", "case": "c1", "matter": "measure.s1-1", "level": level, "unit": "roads", "trigger": "not_met",
        "note": "row#text", "district": "east", "pack": "haikou",
    }  # fmt: skip
    assert {k: body[k] for k in expected} == expected
    assert (effect.body["on_refused"], effect.body["reply"]) == ("supervision_refused", {"process": effect.target})
    assert town.todo(M, "overdue").hint["levels"] == [level], "the other level is open still"


def test_with_both_levels_begun_the_supervisor_has_done_his_part() -> None:
    town, _ = supervised("urge")
    town.give(M, "supervise_measure", by=VERIFIER, level="supervise")
    assert "overdue" not in keys(town)
    assert keys(town), "the unit still has it"


def refused(town: Town, effect: Planned, code: str) -> None:
    assert town.send(M, "supervision_refused", {"process": effect.target, "code": code}, SYSTEM) is None


def test_a_supervision_that_did_not_begin_is_to_be_begun_again() -> None:
    town, effect = supervised("urge")
    refused(town, effect, "unknown_unit")
    refused(town, effect, "order_exists")
    assert town.todo(M, "overdue").hint["levels"] == [], "the first word stands"
    town.give(M, "supervise_measure", by=VERIFIER, level="urge")
    assert town.told(M, "start")[-1].target.endswith("s1-1-2"), "under a name of its own"


@pytest.mark.parametrize("code", ["already_supervised", "order_exists"])
def test_one_that_is_under_supervision_already_is_as_good(code: str) -> None:
    town, effect = supervised("urge")
    refused(town, effect, code)
    assert town.todo(M, "overdue").hint["levels"] == ["urge"]


def test_a_refusal_of_a_supervision_nobody_began_changes_nothing() -> None:
    town = accepted()
    before = town.state(M)
    body = {"process": "supervision/x/urge/1", "code": "x"}
    assert town.send(M, "supervision_refused", body, SYSTEM) is None
    assert town.state(M) == before


def test_a_later_miss_is_supervised_anew() -> None:
    town, _ = supervised("urge")
    town.give(M, "supervise_measure", by=VERIFIER, level="supervise")
    town.give(M, "amend_measure", role="city_office", due="2026-03-27")
    town.until(sh("2026-03-30 09:00"))
    assert town.todo(M, "overdue").hint["levels"] == []


def test_a_silent_verifier_is_joined_by_the_city_centre() -> None:
    town = checked()
    town.until(sh("2026-03-10 09:00"))
    assert keys(town) == {
        "verify": ("supervisor", ("verify_measure",)),
        "verify/above": ("city_centre", ("verify_measure",)),
    }
    assert [e.body["role"] for e in notices(town, "overdue")] == ["city_centre"]
    town.give(M, "verify_measure", role="city_centre", met=True)


def test_a_silent_district_is_joined_by_the_city_centre() -> None:
    town = verified()
    town.until(sh("2026-03-10 09:00"))
    assert set(keys(town)) == {"strike_off", "strike_off/above"}
    assert town.todo(M, "strike_off/above").role == "city_centre"


def test_with_everybody_silent_for_ever_it_is_still_somebodys() -> None:
    for town in (ordered(), accepted(milestones=MILESTONES), checked(), verified()):
        town.until(sh("2027-06-01 09:00"))
        assert keys(town)
        assert not town.closed(M)


# ------------------------------------------------------------------------------------------------------------ given up


@pytest.mark.parametrize("role", ["city_office", "centre_head"])
@pytest.mark.parametrize("how", [ordered, accepted, checked, verified])
def test_given_up_it_is_over_and_whoever_ordered_it_is_told(how: Any, role: str) -> None:
    town = how()
    town.give(M, "give_up_measure", role=role)
    assert (town.stage(M), town.closed(M)) == ("given_up", True)
    [told] = town.told(M, "tell")
    assert told.body["body"] == {"measure": M, "outcome": "given_up"}
    assert all(r.stopped_at is not None for r in town.state(M).clocks.values())
    assert {e.target for e in notices(town, "measure_given_up")} == {"unit:roads", "role:supervisor"}


@pytest.mark.parametrize("role", ["supervisor", "unit_head", "city_centre"])
def test_others_do_not_give_up(role: str) -> None:
    assert ordered().refusal(M, "give_up_measure", role=role, unit_="roads") == "not_permitted"


# -------------------------------------------------------------------------------------------------- late and recomputable


def test_a_self_check_received_in_time_and_committed_late_is_in_time() -> None:
    town = accepted()
    town.until(sh("2026-03-16 09:00"))
    assert town.state(M).clocks["due"].overdue_at is not None
    body = {"evidence": "r#e", "documents": ["d1"]}
    assert town.send(M, "self_check", body, HANDLER, received=sh("2026-03-13 23:00")) is None
    assert town.state(M).clocks["due"].annulled
    assert not town.state(M).late


def test_an_opening_that_arrives_after_its_day_gives_the_unit_a_day() -> None:
    town = Town(DECIDER, at="2026-03-20 09:00")
    town.open(M, **ORDERED)
    assert day(town) == "2026-03-23 24:00", "2026-03-21 is a Saturday"
    assert not town.state(M).late


def test_it_opens_once() -> None:
    town = ordered()
    assert town.send(M, "open", {**town.pins, **ORDERED}, SYSTEM) == "not_in_this_stage"


@pytest.mark.parametrize("pack", ["haikou", "demo"])
def test_every_clock_of_a_life_is_recomputed(pack: str) -> None:
    town = ordered(pack=pack, milestones=MILESTONES)
    town.give(M, "accept_measure", by=HANDLER)
    for n in ("m1", "m2"):
        town.give(M, "report_milestone", by=HANDLER, milestone=n)
    town.give(M, "self_check", by=HANDLER, documents=["d"])
    town.give(M, "verify_measure", by=VERIFIER, met=False)
    town.give(M, "amend_measure", role="city_office", due="2026-04-01")
    town.give(M, "self_check", by=HANDLER, documents=["d"])
    town.give(M, "verify_measure", by=VERIFIER, met=True)
    town.give(M, "strike_off", by=SECOND, approve=True)
    town.give(M, "report_rebound", due="2026-05-01")
    hours = load_pack(pack).hours
    clocks = [ClockSet.model_validate(e.body).clock for e in town.events[M] if e.type == "clock_set"]
    assert len(clocks) > 10
    for clock in clocks:
        assert recompute(clock, CALENDAR, hours) == clock
