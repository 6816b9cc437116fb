"""明责会: a session decides in place of the adjudication group; every item ends applied or overtaken, at all of them."""

from datetime import timedelta
from typing import Any

import pytest

from domain import adjudication, session
from domain.holding import ItemState
from domain.process import SYSTEM
from tests.domain import test_adjudication as adjudicating
from tests.domain.casekit import REF
from tests.domain.holderkit import HOLDER
from tests.domain.townkit import Town

A, S, OTHER = adjudicating.A, "session/duty-1", "session/duty-2"
SECRETARY, LEADER = "session_secretary", "leader-1"


def meeting(t: Town, process: str = S, kind: str = "duty_meeting", days: int = 2) -> None:
    """A city session, with a leader and no item yet."""
    t.open(process, kind=kind, level="city", at=(t.now + timedelta(days=days)).isoformat(), leader=LEADER)


def town(*cases: str) -> Town:
    """An adjudication whose evidence is closed, and a duty meeting ahead."""
    t = adjudicating.ruling(*cases)
    t.deciders = {**t.deciders, "session": session.DECIDER, "adjudication": adjudication.DECIDER, "case": HOLDER}
    meeting(t)
    return t


def put(t: Town, matter: str | None = "i1", process: str = S, holder: str = A) -> str | None:
    return t.refusal(process, "add_item", holder=holder, matter=matter, user_="secretary-1")


def seated(*cases: str) -> Town:
    """The item is before the meeting."""
    t = town(*cases)
    assert put(t) is None
    t.deliver()
    assert t.state(S).items["i1"].state is ItemState.reserved
    return t


def held(t: Town, process: str = S) -> None:
    """The meeting is held: who was invited is there."""
    t.give(process, "call_session", units=["water"], user_="secretary-1")
    t.until(t.state(process).at)
    t.give(process, "record_attendance", present=["water"], user_="secretary-1")


def opine(t: Town, process: str = S, **more: Any) -> str | None:
    body = {"item": "i1", "lead": "water", "co": ["roads"], "basis": "b#b", **more}
    return t.refusal(process, "give_opinion", role="session_leader", user_=LEADER, **body)


# ------------------------------------------------------------------------------------------------------------ the normal way


def test_the_meeting_decides_and_the_adjudication_issues_it_as_its_ruling() -> None:
    t = seated()
    item = t.state(S).items["i1"]
    assert (item.unit, item.case, item.catalogue_item, item.district) == ("parks", "c1", "lamp", "east")
    held(t)
    assert opine(t) is None
    t.deliver()
    issued = adjudicating.state(t).issued["i1"]
    assert (issued.form, issued.lead, issued.co, issued.drafted_by, issued.by) == ("joint", "water", ("roads",), S, S)
    (paper,) = t.told(A, "paper")
    assert (paper.body["paper"], paper.body["fields"]["no_return"]) == ("ruling_order", True)
    verdict = adjudicating.desk(t).applied[0]
    assert (verdict.lead, verdict.co, verdict.no_return) == ("water", ("roads",), True)
    assert adjudicating.item(t) is ItemState.applied
    assert t.state(S).items["i1"].state is ItemState.applied
    assert t.closed(A)
    t.give(S, "record_minutes", user_="secretary-1")
    t.deliver()
    assert t.closed(S)
    assert adjudicating.state(t).held == {}


def test_a_single_owner_is_a_designation() -> None:
    t = seated()
    held(t)
    assert opine(t, co=[]) is None
    t.deliver()
    assert adjudicating.state(t).issued["i1"].form == "designate"


def test_the_ruling_is_the_precedent_and_not_the_opinion_beside_it() -> None:
    t = seated()
    held(t)
    opine(t)
    t.deliver()
    assert t.decider(S).columns(t.state(S))["ruling_row"] == []
    (row,) = t.decider(A).columns(t.state(A))["ruling_row"]
    assert (row["kind"], row["lead"], row["catalogue_item"]) == ("ruling", "water", "lamp")


# -------------------------------------------------------------------------------------------------- while it is before the meeting


def test_meanwhile_nobody_rules_on_it_here_and_the_groups_limit_rests() -> None:
    t = seated()
    assert adjudicating.rule(t) == "before_a_meeting"
    assert adjudicating.todos(t) == {"meeting/i1": ("adjudication_group", ("record_hearing",))}
    assert adjudicating.state(t).running("adjudicate") is None
    assert t.processes[A].timers == ()


def test_parties_hear_of_it() -> None:
    t = seated()
    assert adjudicating.notices(t, "ruling_before_a_meeting") == [f"unit:{u}" for u in adjudicating.PARTIES]


def test_other_items_are_the_groups_still() -> None:
    t = seated("c1", "c2")
    assert adjudicating.rule(t, "i2") is None
    assert set(adjudicating.todos(t)) == {"meeting/i1", "confirm/i2"}


# -------------------------------------------------------------------------------------------------------------- it comes back


def test_what_the_meeting_lets_go_is_the_groups_again_with_a_limit_of_its_own() -> None:
    t = seated()
    t.give(S, "drop_item", item="i1", user_="secretary-1")
    t.deliver()
    assert adjudicating.state(t).held == {}
    assert adjudicating.notices(t, "ruling_back") == ["role:adjudication_group"]
    assert "rule/i1" in adjudicating.todos(t)
    assert adjudicating.state(t).running("adjudicate") is not None
    assert adjudicating.rule(t) is None


def test_a_cancelled_meeting_lets_everything_go() -> None:
    t = seated()
    t.give(S, "cancel_session", user_="secretary-1")
    t.deliver()
    assert t.closed(S)
    adjudicating.issue(t)
    t.deliver()
    assert t.closed(A)


def test_what_was_not_reached_goes_to_the_next_meeting() -> None:
    t = seated()
    meeting(t, OTHER, days=9)
    held(t)
    t.give(S, "carry_over", item="i1", to=OTHER, user_="secretary-1")
    t.deliver()
    assert adjudicating.state(t).held["i1"].process == OTHER
    assert opine(t) == "item_not_in_this_state"
    held(t, OTHER)
    assert opine(t, OTHER) is None
    t.deliver()
    assert t.state(OTHER).items["i1"].state is ItemState.applied
    assert t.closed(A)


def test_a_meeting_of_another_kind_does_not_take_it_over() -> None:
    t = seated()
    meeting(t, OTHER, kind="leader_session", days=9)
    held(t)
    t.give(S, "carry_over", item="i1", to=OTHER, user_="secretary-1")
    t.deliver()
    assert adjudicating.state(t).held["i1"].process == S
    assert opine(t) is None


# ----------------------------------------------------------------------------------------------------------- overtaken


def test_a_matter_that_ends_another_way_ends_at_the_meeting_too() -> None:
    t = seated()
    t.give("case/c1", "designate")
    t.deliver()
    assert adjudicating.item(t) is ItemState.overtaken
    assert t.state(S).items["i1"].state is ItemState.overtaken
    assert t.closed(A)


def test_a_decision_that_the_case_does_not_take_is_overtaken_at_all_of_them() -> None:
    t = seated()
    held(t)
    t.give("case/c1", "designate")
    assert opine(t) is None
    t.deliver()
    assert t.state(S).items["i1"].state is ItemState.overtaken
    assert adjudicating.item(t) is ItemState.overtaken
    assert adjudicating.desk(t).applied == ()


def test_what_is_withdrawn_is_withdrawn_from_the_meeting() -> None:
    t = seated()
    t.give(A, "withdraw_adjudication")
    t.deliver()
    assert t.closed(A)
    assert t.state(S).items["i1"].state is ItemState.overtaken
    held_too_late = {"process": S, "item": "i1", "verdict": {"lead": "water", "basis": REF}}
    assert t.send(A, "apply_decision", held_too_late, SYSTEM) == "not_reserved"


def test_a_verdict_without_an_owner_is_none_and_the_group_has_it_again() -> None:
    t = seated()
    said = {"process": S, "item": "i1", "verdict": {"basis": REF}}
    assert t.send(A, "apply_decision", said, SYSTEM) is None
    t.deliver()
    assert adjudicating.state(t).issued == {}
    assert t.state(S).items["i1"].code == "no_owner_decided"
    assert adjudicating.rule(t) is None


def test_a_message_that_comes_twice_or_of_another_meeting_changes_nothing() -> None:
    t = seated()
    held(t)
    opine(t)
    t.deliver()
    said = {"process": S, "item": "i1", "verdict": {"lead": "roads", "basis": REF}}
    assert t.send(A, "apply_decision", said, SYSTEM) == "not_reserved"
    assert t.send(A, "release_matter", {"process": S, "item": "i1"}, SYSTEM) is None
    assert adjudicating.state(t).issued["i1"].lead == "water"


# ------------------------------------------------------------------------------------------------------------------ refusals


def test_the_evidence_is_heard_first() -> None:
    t = adjudicating.town()
    t.deciders = {**t.deciders, "session": session.DECIDER}
    meeting(t)
    assert put(t) is None
    t.deliver()
    refused = t.state(S).items["i1"]
    assert (refused.state, refused.code) == (ItemState.refused, "not_being_ruled")


def test_one_meeting_at_a_time() -> None:
    t = seated()
    meeting(t, OTHER)
    assert put(t, process=OTHER) is None
    t.deliver()
    assert t.state(OTHER).items["i1"].code == "matter_reserved"


def test_not_while_a_ruling_waits_for_its_second_person() -> None:
    t = town()
    assert adjudicating.rule(t) is None
    assert put(t) is None
    t.deliver()
    assert t.state(S).items["i1"].code == "draft_open"
    assert adjudicating.confirm(t) is None


def test_which_of_several_items_has_to_be_said() -> None:
    t = town("c1", "c2")
    assert put(t, matter=None) is None
    assert put(t, matter="i2") is None
    t.deliver()
    assert [i.code for i in t.state(S).items.values()] == ["which_item", None]
    assert set(adjudicating.state(t).held) == {"i2"}
    assert put(t, matter=None) is None
    t.deliver()
    assert set(adjudicating.state(t).held) == {"i1", "i2"}


@pytest.mark.parametrize(("kind", "holder"), [("leader_session", A), ("duty_meeting", "case/c1")])
def test_a_duty_meeting_takes_adjudications_and_only_it(kind: str, holder: str) -> None:
    t = town()
    meeting(t, OTHER, kind=kind)
    assert put(t, process=OTHER, holder=holder, matter=None) == "not_for_this_session"


def test_the_meeting_names_an_owner() -> None:
    t = seated()
    held(t)
    assert opine(t, lead=None, co=[]) == "owner_needed"


def test_the_leader_does_not_decide_what_his_own_unit_has() -> None:
    t = seated()
    held(t)
    assert opine(t, unit_="parks") == "recusal"


def test_silence_of_everybody_leaves_the_secretary_and_the_group_with_their_todos() -> None:
    t = seated()
    t.wait(days=90)
    assert {x.role for x in t.todos(S)} >= {SECRETARY}
    assert "meeting/i1" in adjudicating.todos(t)
