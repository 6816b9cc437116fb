"""领导坐诊: a session from its planning to its end.

Proved: the normal way, with the leader's own word and with the secretary's that he confirms; the agenda's closing; invitations,
absence, postponement, cancelling; that a decision reaches its holder once and is overtaken when it came too late; measures with
their numbers; every refusal; documents and precedents.
"""

from typing import Any

import pytest

from domain.kernel import Planned
from domain.process import SYSTEM, Actor
from domain.session import DECIDER
from tests.domain.clock_helpers import sh
from tests.domain.sessionkit import (
    AT,
    LEADER,
    MEASURES,
    OFFICE,
    OTHER,
    R1,
    R2,
    R3,
    SECRETARY,
    VERDICT,
    S,
    called,
    city,
    drafted,
    executing,
    held,
    say,
    schedule,
    scheduled,
    with_items,
)
from tests.domain.townkit import Town


def keys(town: Town, session: str = S) -> dict[str, str]:
    return {t.key: t.role for t in town.todos(session)}


def states(town: Town, session: str = S) -> dict[str, str]:
    return {i.id: str(i.state) for i in town.state(session).items.values()}


def notices(town: Town, what: str) -> list[Planned]:
    return [e for e in town.told(S, "notice") if e.body["what"] == what]


def papers(town: Town, kind: str) -> list[dict[str, Any]]:
    return [e.body for e in town.told(S, "paper") if e.body["paper"] == kind]


# ------------------------------------------------------------------------------------------------------ the normal way


def test_from_the_planning_to_the_end() -> None:
    town = scheduled()
    assert town.stage(S) == "preparing"
    town.give(S, "add_item", by=SECRETARY, holder=R1)
    town.give(S, "add_item", by=SECRETARY, holder=R2)
    assert states(town) == {"i1": "proposed", "i2": "proposed"}
    town.deliver()
    assert states(town) == {"i1": "reserved", "i2": "reserved"}
    town.give(S, "attach_papers", by=SECRETARY, item="i1", documents=["d1", "d2"])
    town.give(S, "call_session", by=SECRETARY, units=["roads", "water", "parks"])
    assert {e.target for e in notices(town, "session_called")} == {
        "unit:roads", "unit:water", "unit:parks", "role:session_leader",
    }  # fmt: skip
    town.give(S, "answer_invitation", unit="roads", unit_="roads", attends=True)
    town.give(S, "answer_invitation", unit="water", unit_="water", attends=False, deputy="row#d")
    town.until(sh("2026-03-04 11:00"))
    assert set(keys(town)) == {"record"}, "who was there is due, and nobody is asked to answer any more"
    town.give(S, "record_attendance", by=SECRETARY, present=["roads"], deputies=["water"], absent=["parks"])
    assert town.stage(S) == "held"
    town.give(S, "give_opinion", by=LEADER, item="i1", **VERDICT)
    town.give(S, "give_opinion", by=SECRETARY, item="i2", lead="parks", basis="row#b2")
    town.give(S, "record_minutes", by=SECRETARY)
    assert (town.stage(S), keys(town)["opinion/i2"]) == ("minuted", "session_leader")
    town.give(S, "confirm_opinion", by=LEADER, item="i2")
    assert town.stage(S) == "executing", "the holders have not answered yet"
    town.deliver()
    assert (town.stage(S), town.closed(S)) == ("closed", True)
    assert states(town) == {"i1": "applied", "i2": "applied"}
    assert town.state(R1).verdict.lead == "roads"
    assert town.state(R2).verdict.lead == "parks"


def test_what_the_leader_says_himself_binds_at_once() -> None:
    town = held(R1)
    town.give(S, "give_opinion", by=LEADER, item="i1", **VERDICT)
    town.deliver()
    verdict = town.state(R1).verdict
    assert (verdict.lead, verdict.co, verdict.extra_days, verdict.basis, verdict.no_return) == (
        "roads", ("water",), 5, "row#basis", True,
    )  # fmt: skip
    assert states(town) == {"i1": "applied"}
    assert not notices(town, "opinion_waiting")


def test_what_the_secretary_writes_down_binds_nobody_before_the_leaders_word() -> None:
    town = drafted(measures=MEASURES)
    town.deliver()
    assert town.state(R1).verdict is None
    assert not town.told(S, "start")
    assert not papers(town, "final_opinion")
    assert [e.target for e in notices(town, "opinion_waiting")] == ["role:session_leader"]
    assert town.todo(S, "opinion/i1").due == sh("2026-03-06")
    town.give(S, "confirm_opinion", by=LEADER, item="i1")
    town.deliver()
    assert town.state(R1).verdict.lead == "roads"
    assert len(town.told(S, "start")) == 2
    assert town.state(S).clocks["opinion/i1"].met is True


def test_a_new_draft_takes_the_place_of_one_not_signed_and_waits_anew() -> None:
    town = drafted()
    town.wait(hours=3)
    town.give(S, "give_opinion", by=SECRETARY, item="i1", lead="parks", basis="row#b2")
    assert town.state(S).clocks["opinion/i1"].met is None
    assert town.state(S).running("opinion/i1").clock.key == "opinion/i1/2"
    town.give(S, "confirm_opinion", by=LEADER, item="i1")
    town.deliver()
    assert town.state(R1).verdict.lead == "parks"


def test_the_leader_may_put_his_own_words_in_place_of_the_draft() -> None:
    town = drafted()
    town.give(S, "give_opinion", by=LEADER, item="i1", lead="water", basis="row#mine")
    town.deliver()
    assert town.state(R1).verdict.lead == "water"
    assert town.state(S).running("opinion/i1") is None


def test_a_schedule_opens_one_and_the_secretary_names_who_sits() -> None:
    town = city()
    town.open(S, kind="assignment_meeting", level="district", district="east", at=sh(AT).isoformat())
    state = town.state(S)
    assert (town.stage(S), state.leader, state.district) == ("preparing", None, "east")
    town.give(S, "add_item", by=SECRETARY, holder=R1)
    town.deliver()
    assert "call_session" not in town.todo(S, "prepare").commands
    assert town.refusal(S, "call_session", by=SECRETARY, units=["roads"]) == "leader_missing"
    town.give(S, "appoint_leader", by=SECRETARY, leader="leader1")
    assert "call_session" in town.todo(S, "prepare").commands
    town.give(S, "call_session", by=SECRETARY, units=["roads"])


def test_a_schedule_that_comes_too_late_makes_the_secretary_due() -> None:
    town = city()
    town.open(S, kind="leader_session", level="city", at=sh("2026-03-01 09:00").isoformat())
    assert town.todo(S, "prepare").due == sh("2026-03-04"), "his limit runs from now"
    assert "call_session" not in town.todo(S, "prepare").commands


# ------------------------------------------------------------------------------------------------------------ scheduling


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"level": "district"}, "session_district"),
        ({"district": "east"}, "session_district"),
        ({"level": "district", "district": "nowhere"}, "unknown_unit"),
        ({"at": sh("2026-03-02 08:00").isoformat()}, "instant_not_ahead"),
        ({"at": sh("2026-03-02 09:00").isoformat()}, "instant_not_ahead"),
        ({"at": sh("2036-03-02 08:00").isoformat()}, "instant_not_ahead"),
        ({"at": "2026-03-04T09:00:00"}, "invalid_command"),
        ({"kind": "tea"}, "invalid_command"),
    ],
)
def test_a_plan_is_refused(fields: dict[str, Any], code: str) -> None:
    body = {"kind": "leader_session", "level": "city", "leader": "leader1", "at": sh(AT).isoformat(), **fields}
    assert city().refusal(S, "schedule_session", by=SECRETARY, **body) == code


def test_a_machine_names_a_district_for_a_district_session_too() -> None:
    town = city()
    body = {"by": "system", **town.pins, "kind": "leader_session", "level": "district", "at": sh(AT).isoformat()}
    assert town.send(S, "open", body, SYSTEM) == "session_district"


EAST = Actor(user="sec2", role="session_secretary", district="east")
WEST = Actor(user="sec3", role="session_secretary", district="west")


def test_a_districts_secretary_acts_for_his_district_only() -> None:
    body = {"kind": "leader_session", "leader": "leader1", "at": sh(AT).isoformat()}
    town = city()
    assert town.refusal(S, "schedule_session", by=WEST, level="city", **body) == "not_your_district"
    assert (
        town.refusal(S, "schedule_session", by=WEST, level="district", district="east", **body) == "not_your_district"
    )
    town.give(S, "schedule_session", by=EAST, level="district", district="east", **body)
    assert town.refusal(S, "add_item", by=WEST, holder=R1) == "not_your_district"
    town.give(S, "add_item", by=EAST, holder=R1)
    town.deliver()
    for name, more in (
        ("appoint_leader", {"leader": "leader2"}),
        ("drop_item", {"item": "i1"}),
        ("attach_papers", {"item": "i1", "documents": ["d1"]}),
        ("call_session", {"units": ["roads"]}),
        ("postpone_session", {"at": sh("2026-03-05 09:00").isoformat()}),
        ("cancel_session", {}),
    ):
        assert town.refusal(S, name, by=WEST, **more) == "not_your_district"
    town.give(S, "call_session", by=EAST, units=["roads"])
    town.until(sh("2026-03-04 10:00"))
    assert town.refusal(S, "record_attendance", by=WEST, present=["roads"]) == "not_your_district"
    town.give(S, "record_attendance", by=EAST, present=["roads"])
    assert town.refusal(S, "give_opinion", by=WEST, item="i1") == "not_your_district"
    assert town.refusal(S, "carry_over", by=WEST, item="i1", to=OTHER) == "not_your_district"
    assert town.refusal(S, "record_minutes", by=WEST) == "not_your_district"


def test_a_city_session_has_no_district_whoever_opens_it() -> None:
    town = scheduled()
    assert town.state(S).district is None


# ------------------------------------------------------------------------------------------------------------ the agenda


def test_a_ring_proposes_its_matter_and_need_not_be_asked() -> None:
    town = scheduled()
    proposal = {"holder": R1, "reserved": True, "case": "c1", "unit": "roads", "district": "east"}
    assert say(town, S, "propose_item", **proposal) is None
    item = town.state(S).items["i1"]
    assert (str(item.state), item.case, item.unit, item.by) == ("reserved", "c1", "roads", R1)
    assert not town.told(S, "tell")


def test_after_the_calling_the_agenda_is_closed_for_everybody() -> None:
    for town in (called(), held(), drafted(), executing()):
        assert say(town, S, "propose_item", holder=R3, reserved=True) == "agenda_closed"
        assert town.refusal(S, "add_item", by=SECRETARY, holder=R3) == "agenda_closed"


def test_one_matter_is_on_the_agenda_once() -> None:
    town = with_items(R1)
    assert town.refusal(S, "add_item", by=SECRETARY, holder=R1) == "item_on_agenda"
    assert say(town, S, "propose_item", holder=R1, reserved=True) == "item_on_agenda"
    town.give(S, "add_item", by=SECRETARY, holder=R1, matter="m2")
    town.give(S, "drop_item", by=SECRETARY, item="i1")
    town.give(S, "add_item", by=SECRETARY, holder=R1)


def test_an_agenda_has_an_end() -> None:
    town = scheduled()
    for n in range(100):
        assert say(town, S, "propose_item", holder=R1, matter=f"m{n}", reserved=True) is None
    assert say(town, S, "propose_item", holder=R1, matter="m100", reserved=True) == "agenda_full"


def test_a_matter_that_another_has_reserved_is_refused_by_its_holder() -> None:
    town = with_items(R1)
    schedule(town, OTHER)
    town.give(OTHER, "add_item", by=SECRETARY, holder=R1)
    town.deliver()
    assert states(town, OTHER) == {"i1": "refused"}
    assert states(town) == {"i1": "reserved"}


def test_what_is_dropped_is_free_for_another_session() -> None:
    town = with_items(R1)
    town.give(S, "drop_item", by=SECRETARY, item="i1")
    schedule(town, OTHER)
    town.give(OTHER, "add_item", by=SECRETARY, holder=R1)
    town.deliver()
    assert states(town) == {"i1": "dropped"}
    assert states(town, OTHER) == {"i1": "reserved"}


def test_what_was_dropped_while_its_holder_answered_is_let_go() -> None:
    town = scheduled()
    town.give(S, "add_item", by=SECRETARY, holder=R1)
    town.give(S, "drop_item", by=SECRETARY, item="i1")
    town.deliver()
    assert states(town) == {"i1": "dropped"}
    assert town.state(R1).hold is None


@pytest.mark.parametrize("name", ["drop_item", "attach_papers", "give_opinion", "carry_over", "confirm_opinion"])
def test_an_item_nobody_put_there_is_unknown(name: str) -> None:
    more: dict[str, Any] = {"documents": ["d1"]} if name == "attach_papers" else {}
    more |= {"to": OTHER} if name == "carry_over" else {}
    by = LEADER if name == "confirm_opinion" else SECRETARY
    assert held(R1).refusal(S, name, by=by, item="i9", **more) == "no_such_item"


def test_papers_are_kept_with_their_item() -> None:
    town = with_items(R1)
    town.give(S, "attach_papers", by=SECRETARY, item="i1", documents=["d1"])
    town.give(S, "attach_papers", by=SECRETARY, item="i1", documents=["d2", "d3"])
    kept = town.state(S).papers["i1"]
    assert [(p.by, p.documents, p.note) for p in kept] == [
        ("sec1", ("d1",), "row#text"), ("sec1", ("d2", "d3"), "row#text"),
    ]  # fmt: skip
    assert town.refusal(S, "attach_papers", by=SECRETARY, item="i1", documents=[]) == "invalid_command"


# --------------------------------------------------------------------------------------------- calling, postponing, cancelling


def test_nobody_is_called_for_an_empty_agenda() -> None:
    assert scheduled().refusal(S, "call_session", by=SECRETARY, units=["roads"]) == "agenda_empty"


def test_a_matter_its_holder_has_not_given_is_no_reason_to_call() -> None:
    town = scheduled()
    town.give(S, "add_item", by=SECRETARY, holder=R1)
    assert town.refusal(S, "call_session", by=SECRETARY, units=["roads"]) == "agenda_empty"


def test_only_units_there_are_are_called_and_each_once() -> None:
    town = with_items(R1)
    assert town.refusal(S, "call_session", by=SECRETARY, units=["nowhere"]) == "unknown_unit"
    assert town.refusal(S, "call_session", by=SECRETARY, units=[]) == "invalid_command"
    town.give(S, "call_session", by=SECRETARY, units=["roads", "roads"])
    assert list(town.state(S).invitations) == ["roads"]


def test_after_its_instant_it_is_postponed_before_anybody_is_called() -> None:
    town = with_items(R1)
    town.until(sh("2026-03-04 10:00"))
    assert town.refusal(S, "call_session", by=SECRETARY, units=["roads"]) == "instant_not_ahead"
    assert "call_session" not in town.todo(S, "prepare").commands
    town.give(S, "postpone_session", by=SECRETARY, at=sh("2026-03-06 09:00").isoformat())
    assert "call_session" in town.todo(S, "prepare").commands
    town.give(S, "call_session", by=SECRETARY, units=["roads"])


def test_a_unit_answers_for_itself_and_may_think_again() -> None:
    town = called()
    assert town.refusal(S, "answer_invitation", unit="roads", unit_="water", attends=True) == "not_permitted"
    assert town.refusal(S, "answer_invitation", unit="housing", unit_="housing", attends=True) == "not_invited"
    assert town.refusal(S, "answer_invitation", unit="roads", unit_="roads", attends=False) == "reason_needed"
    town.give(S, "answer_invitation", unit="roads", unit_="roads", attends=False, reason="row#r")
    town.give(S, "answer_invitation", unit="roads", unit_="roads", role="unit_head", attends=True)
    assert town.state(S).invitations["roads"].attends
    assert set(keys(town)) == {"sitting", "invitation/water", "invitation/parks"}


def test_postponed_all_stays_but_the_answers() -> None:
    town = called()
    town.give(S, "answer_invitation", unit="roads", unit_="roads", attends=True)
    town.give(S, "postpone_session", by=SECRETARY, at=sh("2026-03-11 09:00").isoformat())
    state = town.state(S)
    assert (town.stage(S), state.at, states(town)) == (
        "called", sh("2026-03-11 09:00"), {"i1": "reserved", "i2": "reserved"},
    )  # fmt: skip
    assert {i.attends for i in state.invitations.values()} == {None}
    assert {e.target for e in notices(town, "session_postponed")} == {
        "unit:roads", "unit:water", "unit:parks", "role:session_leader",
    }  # fmt: skip
    town.until(sh("2026-03-10 09:00"))
    assert "record" not in keys(town)
    town.until(sh("2026-03-11 09:00"))
    assert set(keys(town)) == {"record"}


def test_what_was_not_held_is_postponed_afterwards() -> None:
    town = called()
    town.until(sh("2026-03-05 10:00"))
    town.give(S, "postpone_session", by=SECRETARY, at=sh("2026-03-11 09:00").isoformat())
    assert town.state(S).running("record") is None
    assert town.todo(S, "sitting").due == sh("2026-03-11 09:00")


@pytest.mark.parametrize(
    ("at", "code"),
    [("2026-03-02 08:00", "instant_not_ahead"), (AT, "same_instant"), ("2029-01-01", "instant_not_ahead")],
)
def test_a_postponement_is_refused(at: str, code: str) -> None:
    assert called().refusal(S, "postpone_session", by=SECRETARY, at=sh(at).isoformat()) == code


def test_what_is_held_is_not_postponed() -> None:
    refused = held().refusal(S, "postpone_session", by=SECRETARY, at=sh("2026-03-11 09:00").isoformat())
    assert refused == "not_in_this_stage"


def test_cancelled_its_matters_are_free() -> None:
    town = with_items(R1, R2)
    town.give(S, "cancel_session", by=SECRETARY)
    town.deliver()
    assert (town.stage(S), town.closed(S), states(town)) == ("cancelled", True, {"i1": "dropped", "i2": "dropped"})
    assert town.state(R1).hold is None
    assert [e.target for e in notices(town, "session_cancelled")] == ["role:session_leader"]


def test_called_it_is_not_cancelled() -> None:
    assert called().refusal(S, "cancel_session", by=SECRETARY) == "not_in_this_stage"


# ------------------------------------------------------------------------------------------------------------ attendance


def test_nobody_was_there_before_it_began() -> None:
    refused = called().refusal(S, "record_attendance", by=SECRETARY, present=["roads", "water", "parks"])
    assert refused == "session_not_due"


@pytest.mark.parametrize(
    "lists",
    [
        {"present": ["roads", "water"]},
        {"present": ["roads", "water", "parks", "housing"]},
        {"present": ["roads", "water", "parks"], "absent": ["parks"]},
        {"present": ["roads", "roads", "water", "parks"]},
        {},
    ],
)
def test_every_unit_is_in_one_list(lists: dict[str, Any]) -> None:
    town = called()
    town.until(sh("2026-03-04 10:00"))
    assert town.refusal(S, "record_attendance", by=SECRETARY, **lists) == "attendance_incomplete"


def test_absence_is_on_record_and_the_head_of_the_unit_knows() -> None:
    town = held()
    state = town.state(S)
    assert (state.present, state.deputies, state.absent) == (("roads",), ("water",), ("parks",))
    assert [(e.target, e.body["role"]) for e in notices(town, "session_absence")] == [("unit:parks", "unit_head")]
    assert state.clocks["record"].met is True


# --------------------------------------------------------------------------------------------------- opinions: refusals


@pytest.mark.parametrize(
    ("opinion", "code"),
    [
        ({"lead": "nowhere"}, "unknown_unit"),
        ({"lead": "roads", "co": ["nowhere"]}, "unknown_unit"),
        ({"lead": "roads", "co": ["roads"]}, "unit_named_twice"),
        ({"lead": "roads", "co": ["water", "water"]}, "unit_named_twice"),
        ({"co": ["water"]}, "co_without_lead"),
        ({"measures": [{**MEASURES[0], "unit": "nowhere"}]}, "unknown_unit"),
        ({"measures": [{**MEASURES[0], "due": "2026-03-04"}]}, "date_not_ahead"),
        ({"measures": [{**MEASURES[0], "milestones": [{"what": "r#x", "due": "2026-03-04"}]}]}, "date_not_ahead"),
        ({"measures": [{**MEASURES[0], "milestones": [{"what": "r#x", "due": "2026-03-14"}]}]}, "milestone_after_due"),
        ({"extra_days": 999}, "invalid_command"),
    ],
)
@pytest.mark.parametrize("who", [LEADER, SECRETARY], ids=lambda a: a.role)
def test_an_opinion_is_refused(opinion: dict[str, Any], code: str, who: Actor) -> None:
    assert held(R1).refusal(S, "give_opinion", by=who, item="i1", **opinion) == code


def test_an_opinion_needs_the_holders_yes() -> None:
    town = with_items(R1)
    town.give(S, "add_item", by=SECRETARY, holder=R2)
    town.give(S, "call_session", by=SECRETARY, units=["roads"])
    town.now = sh("2026-03-04 10:00")
    town.tick(S)
    town.give(S, "record_attendance", by=SECRETARY, present=["roads"])
    assert states(town)["i2"] == "proposed"
    assert town.refusal(S, "give_opinion", by=LEADER, item="i2") == "item_not_in_this_state"
    assert town.todo(S, "item/i2").commands == ("drop_item",)


def test_an_opinion_without_a_lead_leaves_the_owner_where_he_is() -> None:
    town = held(R1)
    town.give(S, "give_opinion", by=LEADER, item="i1", extra_days=3)
    town.deliver()
    assert (town.state(R1).verdict.lead, town.state(R1).verdict.extra_days) == (None, 3)
    assert DECIDER.columns(town.state(S))["ruling_row"] == []


def test_another_leader_neither_gives_nor_confirms_nor_notes() -> None:
    other = Actor(user="leader2", role="session_leader")
    assert held(R1).refusal(S, "give_opinion", by=other, item="i1") == "not_the_leader"
    assert drafted().refusal(S, "confirm_opinion", by=other, item="i1") == "not_the_leader"
    assert executing(MEASURES).refusal(S, "note_execution", by=other) == "not_the_leader"


def test_who_wrote_it_down_does_not_confirm_it_also_when_he_sits() -> None:
    town = called(R1)
    town.give(S, "appoint_leader", by=SECRETARY, leader="sec1")
    town.until(sh("2026-03-04 10:00"))
    town.give(S, "record_attendance", by=SECRETARY, present=["roads", "water", "parks"])
    town.give(S, "give_opinion", by=SECRETARY, item="i1", **VERDICT)
    himself = Actor(user="sec1", role="session_leader")
    assert town.refusal(S, "confirm_opinion", by=himself, item="i1") == "four_eyes"


def test_a_leader_whose_unit_is_a_party_gives_no_opinion_and_confirms_none() -> None:
    his = Actor(user="leader1", role="session_leader", unit="roads")
    assert held(R1).refusal(S, "give_opinion", by=his, item="i1") == "recusal"
    assert drafted().refusal(S, "confirm_opinion", by=his, item="i1") == "recusal"
    town = held(R1, R2)
    town.give(S, "give_opinion", by=his, item="i2", **VERDICT)


def test_there_must_be_something_to_confirm() -> None:
    town = held(R1)
    assert town.refusal(S, "confirm_opinion", by=LEADER, item="i1") == "no_opinion_pending"
    town.give(S, "give_opinion", by=LEADER, item="i1", **VERDICT)
    assert town.refusal(S, "confirm_opinion", by=LEADER, item="i1") == "no_opinion_pending"
    assert town.refusal(S, "give_opinion", by=LEADER, item="i1", **VERDICT) == "item_not_in_this_state"


def test_days_that_have_passed_are_not_signed() -> None:
    town = drafted(measures=MEASURES)
    town.until(sh("2026-03-09 10:00"))
    assert town.refusal(S, "confirm_opinion", by=LEADER, item="i1") == "date_not_ahead"
    later = [{**MEASURES[0], "due": "2026-03-30", "milestones": []}]
    town.give(S, "give_opinion", by=LEADER, item="i1", **VERDICT, measures=later)


def test_the_city_office_gives_no_opinion_for_a_leader() -> None:
    assert held(R1).refusal(S, "give_opinion", by=OFFICE, item="i1") == "not_permitted"


# ------------------------------------------------------------------------------------------------------------ minutes


def test_the_meeting_does_not_end_with_items_left() -> None:
    town = held(R1, R2)
    town.give(S, "give_opinion", by=LEADER, item="i1", **VERDICT)
    assert town.refusal(S, "record_minutes", by=SECRETARY) == "items_left"
    assert "minutes" not in keys(town)
    town.give(S, "drop_item", by=SECRETARY, item="i2")
    assert keys(town)["minutes"] == "session_secretary"
    town.give(S, "record_minutes", by=SECRETARY)
    assert town.stage(S) == "executing"


def test_a_matter_overtaken_before_the_meeting_leaves_nothing_to_decide() -> None:
    town = held(R1)
    assert say(town, R1, "case_over") is None
    town.deliver()
    assert states(town) == {"i1": "overtaken"}
    town.give(S, "record_minutes", by=SECRETARY)
    assert town.closed(S)


# --------------------------------------------------------------------------------------------------- late and doubled


def test_a_decision_that_came_too_late_is_overtaken_and_the_session_ends_all_the_same() -> None:
    town = executing()
    assert say(town, R1, "case_over") is None
    town.deliver()
    assert states(town) == {"i1": "overtaken"}
    assert town.closed(S)


def test_a_draft_on_a_matter_that_was_overtaken_waits_for_nobody() -> None:
    town = drafted()
    assert say(town, R1, "case_over") is None
    town.deliver()
    assert town.state(S).running("opinion/i1") is None
    assert "opinion/i1" not in keys(town)
    assert town.refusal(S, "confirm_opinion", by=LEADER, item="i1") == "no_opinion_pending"
    town.give(S, "record_minutes", by=SECRETARY)
    assert town.closed(S)


def test_a_message_that_comes_twice_takes_effect_once() -> None:
    town = held(R1)
    town.give(S, "give_opinion", by=LEADER, item="i1", **VERDICT, measures=MEASURES)
    for _ in range(2):
        for n in range(len(town.mail)):
            town.arrive(n, again=True)
    town.deliver()
    assert town.types(R1).count("test_applied") == 1
    assert town.types("measure/s1-1").count("measure_listed") == 1
    assert town.types(S).count("item_applied") == 1


# ------------------------------------------------------------------------------------------------ documents and precedents


def test_the_opinion_is_a_document_with_all_that_was_decided() -> None:
    town = drafted(measures=MEASURES)
    town.give(S, "confirm_opinion", by=LEADER, item="i1")
    [body] = papers(town, "final_opinion")
    assert (body["to"], body["case"], body["signed_by"]) == ("roads", "c-r1", "leader1")
    fields = body["fields"]
    expected = {"process": S, "item": "i1", "lead": "roads", "co": ["water"], "no_return": True, "extra_days": 5,
                "leader": "leader1", "level": "city", "kind": "leader_session"}  # fmt: skip
    assert {k: fields[k] for k in expected} == expected
    assert fields["measures"] == [
        {"measure": 1, "unit": "roads", "due": "2026-03-13"},
        {"measure": 2, "unit": "water", "due": "2026-03-20"},
    ]
    assert fields["milestones"] == [{"milestone": "1.1", "due": "2026-03-09"}]
    assert body["texts"] == {
        "basis": "row#basis", "measure/1": "row#w1", "milestone/1.1": "row#s1", "measure/2": "row#w2",
    }  # fmt: skip


def test_without_a_lead_the_document_goes_to_the_unit_that_has_it() -> None:
    town = held(R1)
    town.give(S, "give_opinion", by=LEADER, item="i1")
    assert papers(town, "final_opinion")[0]["to"] == "roads"


def test_the_minutes_are_issued_once_with_who_was_there_and_what_became_of_the_items() -> None:
    town = held(R1, R2)
    town.give(S, "give_opinion", by=LEADER, item="i1", **VERDICT)
    town.give(S, "drop_item", by=SECRETARY, item="i2")
    town.give(S, "record_minutes", by=SECRETARY, minutes="row#minutes")
    [body] = papers(town, "session_minutes")
    fields = body["fields"]
    assert (fields["present"], fields["deputies"], fields["absent"]) == (["roads"], ["water"], ["parks"])
    assert [(i["item"], i["state"], i["lead"]) for i in fields["items"]] == [
        ("i1", "decided", "roads"), ("i2", "dropped", None),
    ]  # fmt: skip
    assert (body["texts"]["minutes"], body["signed_by"]) == ("row#minutes", "sec1")
    assert town.refusal(S, "record_minutes", by=SECRETARY) == "not_in_this_stage"


def test_an_opinion_on_who_owns_it_is_a_precedent() -> None:
    town = held(R1, R2)
    town.give(S, "give_opinion", by=LEADER, item="i1", **VERDICT)
    [ruling] = DECIDER.columns(town.state(S))["ruling_row"]
    assert ruling == {
        "process": S, "item": "i1", "kind": "opinion", "case_no": "c-r1", "catalogue_item": None, "matter": None,
        "district": "east", "lead": "roads", "co": ["water"], "ruled_at": town.state(S).items["i1"].decided_at,
        "until": None,
    }  # fmt: skip
    assert len(DECIDER.columns(town.state(S))["agenda_row"]) == 2


def test_the_units_it_is_about_may_read_it() -> None:
    town = executing([{**MEASURES[1], "unit": "housing"}])
    assert DECIDER.parties(town.state(S)) == {"roads", "water", "parks", "housing"}


@pytest.mark.parametrize("name", ["confirm_item", "refuse_item", "confirm_applied", "overtake_item"])
def test_holders_may_answer_in_every_stage_after_the_opening(name: str) -> None:
    assert DECIDER.moves[name].stages == set(DECIDER.moves["carry_refused"].stages)
    assert "new" not in DECIDER.moves[name].stages
