"""What comes after a session: measures, supervision, what was carried over, and silence.

Proved: measures begin with the leader's word, numbered through the session, and the session ends when they have; one that was
given up goes to supervision; what was carried over is decided there, or comes back, also to a session that was over; silence of a
secretary, a leader, a unit or a supervisor leaves somebody with a todo and the city office with a word; a leader who sits in gets
a limit of his own.
"""

from typing import Any

import pytest

from domain.clock import recompute
from domain.keeping import ClockSet
from domain.kernel import Planned
from domain.process import Actor
from storage.policies import load_pack
from tests.domain.clock_helpers import sh
from tests.domain.sessionkit import (
    LEADER,
    MEASURES,
    OFFICE,
    OTHER,
    R1,
    R2,
    R3,
    SECRETARY,
    SUPERVISOR,
    VERDICT,
    S,
    called,
    city,
    drafted,
    executing,
    held,
    say,
    schedule,
    with_items,
)
from tests.domain.townkit import CALENDAR, Town

M1, M2 = "measure/s1-1", "measure/s1-2"


def keys(town: Town, session: str = S) -> dict[str, str]:
    return {t.key: t.role for t in town.todos(session)}


def states(town: Town, session: str = S) -> dict[str, str]:
    return {i.id: str(i.state) for i in town.state(session).items.values()}


def notices(town: Town, what: str) -> list[Planned]:
    return [e for e in town.told(S, "notice") if e.body["what"] == what]


# ------------------------------------------------------------------------------------------------------------ measures


def test_measures_begin_as_processes_with_their_day_their_milestones_and_the_terms() -> None:
    town = executing(MEASURES)
    town.deliver()
    first, second = town.state(M1), town.state(M2)
    assert (first.unit, first.what, str(first.due), first.origin, first.by, first.case) == (
        "roads", "row#w1", "2026-03-13", S, "leader1", "c-r1",
    )  # fmt: skip
    assert [(m.id, m.what, str(m.due)) for m in first.milestones.values()] == [("m1", "row#s1", "2026-03-09")]
    assert (second.unit, second.district, second.pack) == ("water", "east", "haikou")


def test_measures_are_numbered_through_the_session() -> None:
    town = held(R1, R2)
    town.give(S, "give_opinion", by=LEADER, item="i1", **VERDICT, measures=MEASURES)
    town.give(S, "give_opinion", by=SECRETARY, item="i2", lead="parks", measures=MEASURES[:1])
    town.give(S, "confirm_opinion", by=LEADER, item="i2")
    assert list(town.state(S).measures) == [M1, M2, "measure/s1-3"]
    assert [e.target for e in town.told(S, "start")] == [M1, M2, "measure/s1-3"]
    assert town.state(S).measures["measure/s1-3"].item == "i2"


def test_the_number_of_a_measure_has_no_stroke() -> None:
    town = city()
    nested = "session/2026/7"
    schedule(town, nested)
    town.give(nested, "add_item", by=SECRETARY, holder=R1)
    town.deliver()
    town.give(nested, "call_session", by=SECRETARY, units=["roads"])
    town.until(sh("2026-03-04 10:00"))
    town.give(nested, "record_attendance", by=SECRETARY, present=["roads"])
    town.give(nested, "give_opinion", by=LEADER, item="i1", **VERDICT, measures=MEASURES[:1])
    assert [e.target for e in town.told(nested, "start")] == ["measure/2026.7-1"]


def test_the_session_is_over_when_its_measures_are() -> None:
    town = executing(MEASURES)
    town.deliver()
    assert town.stage(S) == "executing"
    assert say(town, S, "measure_ended", measure=M1, outcome="struck_off") is None
    assert town.stage(S) == "executing"
    assert say(town, S, "measure_ended", measure=M2, outcome="struck_off") is None
    assert town.closed(S)


def test_the_whole_way_with_a_measure_that_lives_its_life() -> None:
    town = executing(MEASURES[1:])
    town.deliver()
    town.give(M1, "accept_measure", unit_="water")
    town.give(M1, "self_check", unit_="water", documents=["d1"])
    town.give(M1, "verify_measure", by=SUPERVISOR, met=True)
    town.give(M1, "strike_off", role="city_centre", approve=True)
    town.deliver()
    assert town.stage(S) == "executing", "it may still rebound"
    town.ring(M1, "rebound")
    town.deliver()
    assert (town.closed(M1), town.closed(S)) == (True, True)


def test_a_measure_that_ends_before_the_minutes_are_out_is_not_lost() -> None:
    town = held(R1)
    town.give(S, "give_opinion", by=LEADER, item="i1", **VERDICT, measures=MEASURES[:1])
    town.deliver()
    assert say(town, S, "measure_ended", measure=M1, outcome="struck_off") is None
    town.give(S, "record_minutes", by=SECRETARY)
    assert town.closed(S)


@pytest.mark.parametrize("measure", [M1, "measure/other-1"])
def test_told_twice_or_of_a_measure_of_others_nothing_changes(measure: str) -> None:
    town = executing(MEASURES)
    assert say(town, S, "measure_ended", measure=M1, outcome="struck_off") is None
    before = town.state(S)
    assert say(town, S, "measure_ended", measure=measure, outcome="given_up") is None
    assert town.state(S) == before


# --------------------------------------------------------------------------------------------------------- supervision


def unmet(outcome: str = "given_up") -> Town:
    town = executing(MEASURES[:1])
    town.deliver()
    assert say(town, S, "measure_ended", measure=M1, outcome=outcome) is None
    return town


def test_what_was_given_up_goes_to_supervision_before_the_session_is_over() -> None:
    town = unmet()
    assert town.stage(S) == "executing"
    todo = town.todo(S, "not_met/1")
    assert (todo.role, todo.commands, todo.subject, todo.hint["measure"]) == (
        "supervisor", ("supervise_item",), "i1", M1,
    )  # fmt: skip
    town.give(S, "supervise_item", by=SUPERVISOR, measure=M1)
    effect = town.told(S, "start")[-1]
    assert effect.target == "supervision/measure.s1-1/supervise/s1.1-1"
    body = effect.body["body"]
    expected = {"matter": "measure.s1-1", "level": "supervise", "unit": "roads", "trigger": "not_met", "case": "c-r1",
                "by": "sup1", "note": "row#text", "pack": "haikou"}  # fmt: skip
    assert {k: body[k] for k in expected} == expected
    assert (effect.body["on_refused"], effect.body["reply"]) == ("supervision_refused", {"process": effect.target})
    assert town.closed(S)


def test_given_up_by_the_city_office_the_session_hears_it() -> None:
    town = executing(MEASURES[:1])
    town.deliver()
    town.give(M1, "give_up_measure", by=OFFICE)
    town.deliver()
    assert keys(town)["not_met/1"] == "supervisor"


def test_a_measure_that_never_began_is_not_met() -> None:
    town = executing(MEASURES[:1])
    assert say(town, S, "measure_refused", measure=M1, code="not_in_this_stage") is None
    assert keys(town)["not_met/1"] == "supervisor"
    assert town.state(S).measures[M1].outcome == "refused"


def test_nobody_of_the_unit_supervises() -> None:
    theirs = Actor(user="x", role="supervisor", unit="roads")
    assert unmet().refusal(S, "supervise_item", by=theirs, measure=M1) == "recusal"


@pytest.mark.parametrize("measure", [M2, "measure/none"])
def test_there_must_be_something_to_supervise(measure: str) -> None:
    town = executing(MEASURES)
    town.deliver()
    assert say(town, S, "measure_ended", measure=M1, outcome="given_up") is None
    assert town.refusal(S, "supervise_item", by=SUPERVISOR, measure=measure) == "nothing_to_supervise"
    town.give(S, "supervise_item", by=SUPERVISOR, measure=M1)
    assert town.refusal(S, "supervise_item", by=SUPERVISOR, measure=M1) == "nothing_to_supervise"


def two_unmet() -> tuple[Town, Planned]:
    town = executing(MEASURES)
    town.deliver()
    assert say(town, S, "measure_ended", measure=M1, outcome="given_up") is None
    town.give(S, "supervise_item", by=SUPERVISOR, measure=M1)
    return town, town.told(S, "start")[-1]


def test_a_supervision_that_did_not_begin_is_the_supervisors_again() -> None:
    town, effect = two_unmet()
    assert say(town, S, "supervision_refused", process=effect.target, code="unknown_unit") is None
    assert town.todo(S, "not_met/1").hint["code"] == "unknown_unit"
    town.give(S, "supervise_item", by=SUPERVISOR, measure=M1)
    assert town.told(S, "start")[-1].target.endswith("/s1.1-2"), "under a name of its own"
    assert "not_met/1" not in keys(town)


@pytest.mark.parametrize("code", ["already_supervised", "order_exists"])
def test_one_that_is_under_supervision_already_is_as_good(code: str) -> None:
    town, effect = two_unmet()
    assert say(town, S, "supervision_refused", process=effect.target, code=code) is None
    assert "not_met/1" not in keys(town)
    assert say(town, S, "measure_ended", measure=M2, outcome="struck_off") is None
    assert town.closed(S)


def test_measure_and_session_press_for_one_matter_and_never_twice_at_one_level() -> None:
    town = executing(MEASURES[:1])
    town.deliver()
    town.until(sh("2026-03-16 09:00"))
    town.give(M1, "supervise_measure", by=SUPERVISOR, level="urge")
    town.give(M1, "supervise_measure", by=SUPERVISOR, level="supervise")
    town.deliver()
    begun = town.starts_with("supervision/")
    assert [town.state(p).matter for p in begun] == ["measure.s1-1", "measure.s1-1"]
    assert [str(town.state(p).trigger) for p in begun] == ["not_met", "not_met"]
    town.give(M1, "give_up_measure", by=OFFICE)
    town.deliver()
    town.give(S, "supervise_item", by=SUPERVISOR, measure=M1)
    town.deliver()
    assert town.starts_with("supervision/") == begun, "it is under supervision at that level"
    assert town.types(S)[-1] == "item_not_supervised"
    assert town.closed(S)


def test_a_refusal_of_what_nobody_began_or_that_came_before_changes_nothing() -> None:
    town, effect = two_unmet()
    before = town.state(S)
    assert say(town, S, "supervision_refused", process="supervision/x/supervise/1", code="x") is None
    assert town.state(S) == before
    assert say(town, S, "supervision_refused", process=effect.target, code="unknown_unit") is None
    before = town.state(S)
    assert say(town, S, "supervision_refused", process=effect.target, code="order_exists") is None
    assert town.state(S) == before, "the first word stands"
    town.give(S, "supervise_item", by=SUPERVISOR, measure=M1)
    before = town.state(S)
    assert say(town, S, "supervision_refused", process=effect.target, code="unknown_unit") is None
    assert town.state(S) == before


def test_the_leader_notes_what_he_reads_and_those_concerned_hear_it() -> None:
    town = executing(MEASURES)
    assert keys(town)["execution"] == "session_leader"
    town.give(S, "note_execution", by=LEADER)
    town.give(S, "note_execution", by=LEADER, measure=M2)
    assert [e.target for e in notices(town, "execution_noted")] == ["role:supervisor", "role:supervisor", "unit:water"]
    assert town.refusal(S, "note_execution", by=LEADER, measure="measure/none") == "unknown_measure"
    assert town.types(S).count("execution_noted") == 2


# --------------------------------------------------------------------------------------------------------- carried over


def carried() -> Town:
    """The second item was not reached; the other session is still being prepared."""
    town = held(R1, R2)
    schedule(town, OTHER, at=sh("2026-03-18 09:00").isoformat())
    town.give(S, "carry_over", by=SECRETARY, item="i2", to=OTHER)
    return town


def test_what_was_not_reached_is_on_the_agenda_of_another_session_and_reserved_for_it() -> None:
    town = carried()
    assert states(town)["i2"] == "carried"
    town.deliver()
    item = town.state(OTHER).items["i1"]
    assert (str(item.state), item.holder, item.by, item.case) == ("reserved", R2, S, "c-r2")
    assert town.state(R2).hold.process == OTHER
    town.give(S, "give_opinion", by=LEADER, item="i1", **VERDICT)
    town.give(S, "record_minutes", by=SECRETARY)
    town.deliver()
    assert town.closed(S), "it is not this session's any more"


def test_what_was_carried_is_asked_for_even_when_the_message_says_reserved() -> None:
    town = carried()
    proposal = {"holder": R3, "reserved": True, "instead_of": S}
    assert say(town, OTHER, "propose_item", **proposal) is None
    assert states(town, OTHER)["i1"] == "proposed"


def test_a_draft_that_is_carried_over_waits_for_nobody_here() -> None:
    town = drafted(R1, R2)
    schedule(town, OTHER, at=sh("2026-03-18 09:00").isoformat())
    town.give(S, "carry_over", by=SECRETARY, item="i1", to=OTHER)
    assert town.state(S).running("opinion/i1") is None
    assert town.refusal(S, "confirm_opinion", by=LEADER, item="i1") == "no_opinion_pending"


def test_to_itself_nothing_is_carried_and_to_no_session_neither() -> None:
    town = held(R1)
    assert town.refusal(S, "carry_over", by=SECRETARY, item="i1", to=S) == "same_session"
    assert town.refusal(S, "carry_over", by=SECRETARY, item="i1", to="case/c1") == "invalid_command"


@pytest.mark.parametrize("to", ["session/none", OTHER])
def test_what_the_other_session_does_not_take_is_to_be_decided_here(to: str) -> None:
    town = held(R1, R2)
    schedule(town, OTHER, at=sh("2026-03-18 09:00").isoformat())
    town.give(OTHER, "add_item", by=SECRETARY, holder=R3)
    town.deliver()
    town.give(OTHER, "call_session", by=SECRETARY, units=["roads"])
    town.give(S, "carry_over", by=SECRETARY, item="i2", to=to)
    town.deliver()
    assert (states(town)["i2"], town.stage(S)) == ("reserved", "held")
    assert {"item/i2", "decide/i2"} <= set(keys(town))
    assert notices(town, "carry_not_taken")[0].body["code"] in {"unknown_process", "agenda_closed"}
    town.give(S, "give_opinion", by=LEADER, item="i2", **VERDICT)


def test_it_comes_back_to_a_session_that_was_over_and_that_is_over_again_when_it_is_decided() -> None:
    town = held(R1, R2)
    town.give(S, "give_opinion", by=LEADER, item="i1", **VERDICT)
    town.give(S, "carry_over", by=SECRETARY, item="i2", to="session/none")
    town.give(S, "record_minutes", by=SECRETARY)
    while town.mail[-1].effect.target != "session/none" or len(town.mail) > 1:
        town.arrive(next(n for n, letter in enumerate(town.mail) if letter.effect.target != "session/none"))
    assert town.closed(S), "what was carried is another's"
    town.deliver()
    assert (town.stage(S), states(town)["i2"]) == ("minuted", "reserved")
    assert town.todo(S, "item/i2").due == sh("2026-03-06"), "the secretary has a limit for it"
    town.give(S, "give_opinion", by=SECRETARY, item="i2", **VERDICT)
    assert town.state(S).running("again/i2") is None
    town.give(S, "confirm_opinion", by=LEADER, item="i2")
    town.deliver()
    assert (town.closed(S), states(town)["i2"]) == (True, "applied")
    assert len([e for e in town.told(S, "paper") if e.body["paper"] == "session_minutes"]) == 1


def test_a_refusal_of_what_was_not_carried_changes_nothing() -> None:
    town = held(R1)
    before = town.state(S)
    assert say(town, S, "carry_refused", item="i1", code="x") is None
    assert say(town, S, "carry_refused", item="i9", code="x") == "no_such_item"
    assert town.state(S) == before


# --------------------------------------------------------------------------------------------------------------- silence


def test_a_secretary_who_does_not_record_is_joined_by_the_city_office() -> None:
    town = called()
    town.until(sh("2026-03-06 09:00"))
    assert keys(town) == {"record": "session_secretary", "record/above": "city_office"}
    assert [e.target for e in notices(town, "overdue")] == ["role:session_secretary", "role:city_office"]
    town.give(S, "record_attendance", by=OFFICE, present=["roads"], absent=["water", "parks"])


def test_a_session_nobody_prepares_is_cancelled_by_the_city_office_if_need_be() -> None:
    town = with_items(R1)
    town.until(sh("2026-03-10 09:00"))
    assert keys(town) == {"prepare": "session_secretary", "prepare/above": "city_office"}
    assert set(town.todo(S, "prepare/above").commands) == {
        "appoint_leader", "cancel_session", "drop_item", "postpone_session",
    }  # fmt: skip
    town.give(S, "cancel_session", by=OFFICE)


def test_minutes_nobody_writes_are_written_by_the_city_office() -> None:
    town = held(R1)
    town.until(sh("2026-03-06 09:00"))
    assert keys(town)["item/i1/above"] == "city_office"
    town.give(S, "drop_item", by=OFFICE, item="i1")
    assert keys(town)["minutes/above"] == "city_office"
    town.give(S, "record_minutes", by=OFFICE)
    assert town.closed(S)


def test_a_leader_who_does_not_sign_is_known_to_the_city_office_which_may_let_another_sit_in() -> None:
    town = drafted(measures=MEASURES)
    town.give(S, "record_minutes", by=SECRETARY)
    assert town.refusal(S, "appoint_leader", by=SECRETARY, leader="leader2") == "not_permitted"
    town.until(sh("2026-03-06 09:00"))
    assert [e.target for e in notices(town, "opinion_overdue")] == ["role:session_leader", "role:city_office"]
    assert keys(town)["leader"] == "city_office"
    assert "opinion/i1" in keys(town), "it is still his"
    town.give(S, "appoint_leader", by=OFFICE, leader="leader2")
    assert "leader" not in keys(town)
    assert town.todo(S, "opinion/i1").due == sh("2026-03-10"), "with a limit of his own, over the week-end"
    assert town.refusal(S, "confirm_opinion", by=LEADER, item="i1") == "not_the_leader"
    town.give(S, "confirm_opinion", by=Actor(user="leader2", role="session_leader"), item="i1")
    assert town.state(S).items["i1"].decided_by == "leader2"


def test_the_same_leader_is_not_appointed_twice() -> None:
    assert with_items(R1).refusal(S, "appoint_leader", by=SECRETARY, leader="leader1") == "same_leader"


def test_over_it_has_no_leader_to_appoint() -> None:
    assert executing(MEASURES).refusal(S, "appoint_leader", by=OFFICE, leader="leader2") == "not_in_this_stage"


@pytest.mark.parametrize("how", [with_items, called, held, drafted, lambda: executing(MEASURES), unmet])
def test_with_everybody_silent_for_ever_it_is_still_somebodys(how: Any) -> None:
    town = how()
    town.until(sh("2027-06-01 09:00"))
    assert keys(town)
    assert not town.closed(S)


@pytest.mark.parametrize("pack", ["haikou", "demo", "weifang-emergency"])
def test_every_clock_of_a_session_is_recomputed(pack: str) -> None:
    town = drafted(measures=MEASURES)
    town.pack = load_pack(pack)
    schedule(town, OTHER, at=sh("2026-03-18 09:00").isoformat())
    town.give(OTHER, "postpone_session", by=SECRETARY, at=sh("2026-03-20 09:00").isoformat())
    town.give(S, "give_opinion", by=SECRETARY, item="i1", **VERDICT)
    town.give(S, "confirm_opinion", by=LEADER, item="i1")
    town.give(S, "record_minutes", by=SECRETARY)
    hours = town.pack.hours
    clocks = [
        ClockSet.model_validate(e.body).clock for p in (S, OTHER) for e in town.events[p] if e.type == "clock_set"
    ]
    assert len(clocks) > 5
    for clock in clocks:
        assert recompute(clock, CALENDAR, hours) == clock
