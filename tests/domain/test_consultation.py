"""一键会商: units asked at once, consensus by the pack's rule, silence written down, a meeting, the way to the adjudication group.

Proved here: the time box acts and nobody's silence stops it; consensus decides and locks nobody; what is undecided reaches exactly
one adjudication; a word received in time counts; nobody concludes on his own unit; messages that come late or twice change nothing.
"""

from datetime import timedelta
from typing import Any

import pytest

from domain.adjudication import DECIDER as ADJUDICATION
from domain.consultation import DECIDER
from domain.consulting.consensus import count
from domain.consulting.state import Consultation, Voice
from domain.consulting.words import Opinion
from domain.holding import Hold, ItemState
from domain.policy import Consensus
from domain.process import SYSTEM
from tests.domain.casekit import REF
from tests.domain.clock_helpers import sh
from tests.domain.holderkit import HOLDER, Desk
from tests.domain.townkit import MONDAY, Town

C = "consultation/c1-m1"
A = "adjudication/c1-m1"
ASKED = ("water", "roads", "parks")
END_OF_VOTE = "2026-03-02 15:00"
"""Four working hours after Monday 09:00."""


def town(*cases: str, **opening: Any) -> Town:
    """A consultation on one matter of each case, asked for by hand of a machine; its holders have answered."""
    t = Town(DECIDER, ADJUDICATION, HOLDER)
    for case in cases or ("c1",):
        t.open(f"case/{case}", district="east")
    entries = [{"holder": f"case/{case}", "matter": "m1"} for case in cases or ("c1",)]
    t.open(C, candidates=ASKED, entries=entries, question="q#q", district="east", **opening)
    t.deliver()
    return t


def say(t: Town, unit: str, opinion: str, item: str = "i1", **more: Any) -> None:
    t.give(C, "state_opinion", item=item, unit=unit, opinion=opinion, unit_=unit, **more)


def state(t: Town) -> Consultation:
    found = t.state(C)
    assert isinstance(found, Consultation)
    return found


def desk(t: Town, case: str = "c1") -> Desk:
    found = t.state(f"case/{case}")
    assert isinstance(found, Desk)
    return found


def item(t: Town, item: str = "i1") -> ItemState:
    return state(t).items[item].state


# ----------------------------------------------------------------------------------------------------------- the normal way


def test_one_owner_and_joint_units_decide_the_item_and_the_case_has_it_unlocked() -> None:
    t = town()
    say(t, "water", "mine")
    say(t, "roads", "joint")
    assert t.stage(C) == "voting"
    say(t, "parks", "not_mine")
    assert t.stage(C) == "applying"
    assert state(t).clocks["vote"].met is True
    assert t.processes[C].timers == ()
    t.deliver()
    assert t.closed(C)
    assert item(t) is ItemState.applied
    verdict = desk(t).applied[0]
    assert (verdict.lead, verdict.co, verdict.no_return, verdict.basis) == ("water", ("roads",), False, "q#q")


def test_every_candidate_is_told_and_has_a_todo_of_its_own_due_with_the_time_box() -> None:
    t = town()
    told = [e.target for e in t.told(C, "notice") if e.body["what"] == "consultation_called"]
    assert told == ["unit:water", "unit:roads", "unit:parks"]
    todos = {x.key: x for x in t.todos(C)}
    assert set(todos) == {"opinion/i1/water", "opinion/i1/roads", "opinion/i1/parks"}
    water = todos["opinion/i1/water"]
    assert (water.unit, water.subject, water.due) == ("water", "i1", sh(END_OF_VOTE))
    say(t, "water", "mine")
    assert {x.key for x in t.todos(C)} == {"opinion/i1/roads", "opinion/i1/parks"}


def test_an_opinion_may_be_changed_until_the_vote_ends() -> None:
    t = town()
    say(t, "water", "mine")
    say(t, "roads", "mine")
    say(t, "roads", "not_mine")
    say(t, "parks", "not_mine")
    assert state(t).counts["i1"].lead == "water"


def test_a_holder_that_begins_it_need_not_be_asked() -> None:
    t = Town(DECIDER, ADJUDICATION, HOLDER)
    t.open("case/c1", district="east", holds=[Hold(process=C, item="i1", matter="m1").model_dump()])
    entry = {"holder": "case/c1", "matter": "m1", "reserved": True, "unit": "parks", "case": "c1"}
    t.open(C, candidates=ASKED, entries=[entry])
    assert t.told(C, "tell") == []
    for unit in ASKED:
        say(t, unit, "mine" if unit == "roads" else "not_mine")
    t.deliver()
    assert desk(t).applied[0].lead == "roads"
    assert t.closed(C)


def test_somebody_of_the_centre_calls_one_on_several_matters_each_once() -> None:
    t = Town(DECIDER, ADJUDICATION, HOLDER)
    t.open("case/c1")
    t.open("case/c2")
    entries = [{"holder": f"case/{c}", "matter": None} for c in ("c1", "c2", "c1")]
    t.give(C, "open_consultation", role="agent", candidates=[*ASKED, "water"], entries=entries, triage="urgent")
    t.deliver()
    assert state(t).candidates == ASKED
    assert [i.holder for i in state(t).items.values()] == ["case/c1", "case/c2"]
    assert state(t).reserved == tuple(state(t).items.values())
    assert state(t).by == "agent.x"
    assert len(t.todos(C)) == 6
    assert t.todos(C)[0].due == sh(MONDAY) + timedelta(minutes=30)


def test_items_are_decided_each_on_its_own() -> None:
    t = town("c1", "c2")
    for unit in ASKED:
        say(t, unit, "mine" if unit == "water" else "not_mine", "i1")
        say(t, unit, "not_mine", "i2")
    assert t.stage(C) == "meeting"
    t.deliver()
    assert item(t, "i1") is ItemState.applied
    assert [x.subject for x in t.todos(C)] == ["i2"]


# -------------------------------------------------------------------------------------------------------------- silence


def test_silence_until_the_time_box_closes_is_written_down_as_no_statement() -> None:
    t = town()
    say(t, "water", "mine")
    say(t, "parks", "not_mine")
    t.until(sh(END_OF_VOTE))
    assert state(t).voices["i1"]["roads"].opinion is Opinion.no_statement
    assert state(t).counts["i1"].silent == ("roads",)
    assert item(t) is ItemState.applied, "two of three are a quorum"


def test_without_a_quorum_one_claim_is_no_consensus() -> None:
    t = town()
    say(t, "water", "mine")
    t.until(sh(END_OF_VOTE))
    assert t.stage(C) == "meeting"
    assert state(t).counts["i1"].agreed is False


def test_silence_of_everybody_for_ever_ends_at_the_adjudication_group_with_everything_still_open_there() -> None:
    t = town()
    t.wait(days=60)
    assert t.closed(C)
    assert item(t) is ItemState.carried
    assert t.stage(A) == "ruling"
    assert {x.role for x in t.todos(A)} == {"adjudication_group", "centre_head"}
    assert desk(t).holds["m1"].process == A


# ----------------------------------------------------------------------------------------------------------------- the note


def test_the_note_is_issued_once_when_the_vote_ends_with_codes_and_references_only() -> None:
    t = town()
    t.give(C, "advise", item="i1", advice="a#advice", role="specialist")
    say(t, "water", "mine", basis="w#basis")
    say(t, "roads", "not_mine", owner="water")
    t.wait(days=30)
    papers = t.told(C, "paper")
    assert [p.body["paper"] for p in papers] == ["consultation_note"]
    body = papers[0].body
    assert body["case"] == "c1"
    assert body["texts"] == {
        "question": "q#q",
        "basis/i1/water": "w#basis",
        "basis/i1/roads": REF,
        "advice/i1/1": "a#advice",
    }
    row = body["fields"]["items"][0]
    assert (row["lead"], row["silent"], row["yes"], row["spoke"], row["asked"]) == ("water", ["parks"], 2, 2, 3)
    said = {(o["unit"], o["opinion"], o["owner"]) for o in body["fields"]["opinions"]}
    assert said == {("water", "mine", None), ("roads", "not_mine", "water"), ("parks", "no_statement", None)}
    assert body["fields"]["how"] == "time_box"


def test_a_second_round_after_a_refused_adjudication_issues_no_second_note() -> None:
    t = town()
    t.open(A, parties=(), entries=[])
    t.wait(days=30)
    assert len(t.told(C, "paper")) == 1


# ---------------------------------------------------------------------------------------------------------------- consensus

CASES = [
    # mine, joint, not mine, silent                               agreed   lead    co
    ({"a": "mine", "b": "not_mine", "c": "not_mine"}, "a", ()),
    ({"a": "mine", "b": "joint", "c": "joint"}, "a", ("b", "c")),
    ({"a": "mine", "b": "mine", "c": "not_mine"}, None, ()),
    ({"a": "joint", "b": "joint", "c": "joint"}, None, ()),
    ({"a": "not_mine", "b": "not_mine", "c": "not_mine"}, None, ()),
    ({"a": "mine"}, None, ()),
    ({}, None, ()),
    ({"a": "mine", "b": "not_mine:c", "c": "not_mine:d"}, None, ()),
    ({"a": "mine", "b": "not_mine:d", "c": "not_mine"}, "a", ()),
    ({"a": "mine", "b": "mine", "c": "not_mine:a"}, "a", ()),
    ({"a": "mine", "b": "mine", "c": "not_mine:b"}, "b", ()),
]


def voices(said: dict[str, str]) -> dict[str, Voice]:
    at = sh(MONDAY)
    parts = {unit: words.partition(":") for unit, words in said.items()}
    return {u: Voice(opinion=Opinion(p[0]), at=at, owner=p[2] or None) for u, p in parts.items()}


@pytest.mark.parametrize(("said", "lead", "co"), CASES)
def test_consensus_by_two_thirds_of_those_who_spoke_behind_a_unit_that_claims_the_item(
    said: dict[str, str], lead: str | None, co: tuple[str, ...]
) -> None:
    found = count(("a", "b", "c"), voices(said), Consensus())
    assert (found.agreed, found.lead, found.co) == (lead is not None, lead, co)


def test_a_pack_may_ask_for_all_of_those_who_spoke() -> None:
    said = voices({"a": "mine", "b": "mine", "c": "not_mine:a"})
    assert count(("a", "b", "c"), said, Consensus()).agreed
    assert not count(("a", "b", "c"), said, Consensus(rule="unanimous")).agreed


def test_a_unit_that_was_not_asked_has_no_voice() -> None:
    found = count(("a", "b"), voices({"z": "mine", "a": "not_mine", "b": "not_mine"}), Consensus())
    assert (found.spoke, found.lead) == (2, None)


# ------------------------------------------------------------------------------------------------------ the offline meeting


def undecided(*cases: str) -> Town:
    t = town(*cases)
    for n in range(1, 1 + max(1, len(cases))):
        for unit in ASKED:
            say(t, unit, "not_mine", f"i{n}")
    assert t.stage(C) == "meeting"
    return t


def test_the_convener_is_told_and_writes_down_what_the_meeting_concluded() -> None:
    t = undecided()
    assert [e.body["what"] for e in t.told(C, "notice")][-1] == "consultation_no_consensus"
    todo = t.todo(C, "conclude/i1")
    assert (todo.role, todo.due) == ("city_centre", state(t).clocks["meeting"].clock.due)
    assert set(todo.commands) == {"conclude_item", "send_to_adjudication", "withdraw_consultation"}
    t.give(C, "conclude_item", item="i1", lead="water", co=["roads", "roads"], conclusion="c#c", attending=["water"])
    t.deliver()
    assert t.closed(C)
    verdict = desk(t).applied[0]
    assert (verdict.lead, verdict.co, verdict.no_return, verdict.basis) == ("water", ("roads",), False, "c#c")
    assert state(t).clocks["meeting"].met is True


def test_the_convener_may_send_all_that_is_undecided_to_one_adjudication_in_place_of_the_consultation() -> None:
    t = undecided("c1", "c2", "c3")
    t.give(C, "conclude_item", item="i2", lead="water")
    t.give(C, "send_to_adjudication")
    start = t.told(C, "start")
    assert [e.target for e in start] == [A]
    t.deliver()
    assert t.closed(C)
    assert [i.holder for i in t.state(A).items.values()] == ["case/c1", "case/c3"]
    assert t.state(A).parties == ASKED
    assert t.state(A).first_receiver == "parks"
    assert [t.state(f"case/{c}").holds["m1"].process for c in ("c1", "c3")] == [A, A]
    assert desk(t, "c2").applied[0].lead == "water"
    assert t.state(A).question == "q#q"
    assert t.state(A).pack == "haikou"


def test_when_the_meetings_limit_has_passed_what_is_undecided_goes_on_by_itself() -> None:
    t = undecided()
    t.ring(C, "meeting")
    assert item(t) is ItemState.carried
    assert t.stage(A) == "evidence"


def test_an_adjudication_that_cannot_begin_gives_the_items_back_and_the_next_one_has_another_number() -> None:
    t = undecided()
    t.open(A, parties=("water",), entries=[{"holder": "case/c9", "matter": "m1"}])
    t.give(C, "send_to_adjudication")
    assert t.closed(C)
    t.deliver()
    assert t.stage(C) == "meeting"
    assert item(t) is ItemState.reserved
    assert "consultation_taken_back" in [e.body["what"] for e in t.told(C, "notice")]
    assert t.todo(C, "conclude/i1").due == state(t).clocks["meeting/2"].clock.due
    t.give(C, "send_to_adjudication")
    t.deliver()
    assert t.closed(C)
    assert desk(t).holds["m1"].process == f"{A}.2"


def test_a_refusal_of_an_adjudication_that_comes_twice_changes_nothing() -> None:
    t = undecided()
    t.open(A, parties=("water",), entries=[{"holder": "case/c9", "matter": "m1"}])
    t.give(C, "send_to_adjudication")
    t.deliver()
    t.give(C, "send_to_adjudication")
    t.deliver()
    before = len(t.events[C])
    assert t.send(C, "take_back_items", {"to": A, "code": "not_in_this_stage"}, SYSTEM) is None
    assert len(t.events[C]) == before
    assert t.closed(C)


# ------------------------------------------------------------------------------------------------------------------ refusals


def refusal(t: Town, unit: str = "water", **body: Any) -> str | None:
    given = {"item": "i1", "unit": unit, "opinion": "mine", "unit_": unit, **body}
    return t.refusal(C, "state_opinion", **given)


def test_only_units_that_were_asked_speak_and_only_for_themselves() -> None:
    t = town()
    assert refusal(t, "housing") == "not_a_candidate"
    assert refusal(t, "water", unit_="roads") == "not_permitted"
    assert refusal(t, item="i7") == "no_such_item"
    assert refusal(t, opinion="no_statement") == "invalid_command"


def test_a_unit_that_claims_an_item_names_no_other_and_one_that_does_not_names_not_itself() -> None:
    t = town()
    assert refusal(t, owner="roads") == "invalid_value"
    assert refusal(t, owner="water") is None
    assert refusal(t, opinion="not_mine", owner="water") == "invalid_value"
    assert refusal(t, opinion="joint", owner="nobody-knows") == "unknown_unit"
    assert refusal(t, opinion="joint", owner="closed-bureau") == "unknown_unit"


def test_a_consultation_by_hand_asks_two_units_that_exist_on_matters_of_cases_and_rings() -> None:
    t = Town(DECIDER, ADJUDICATION, HOLDER)

    def opening(**body: Any) -> str | None:
        given = {"candidates": ["water", "roads"], "entries": [{"holder": "case/c1"}], **body}
        return t.refusal(C, "open_consultation", role="dispatcher", **given)

    assert opening(candidates=["water", "water"]) == "too_few_candidates"
    assert opening(candidates=["water", "closed-bureau"]) == "unknown_unit"
    assert opening(entries=[]) == "invalid_command"
    assert opening(entries=[{"holder": "consultation/c1"}]) == "invalid_command"
    assert opening(entries=[{"holder": "case/c1", "reserved": True}]) == "invalid_command", (
        "nobody takes what he must ask for"
    )
    assert C not in t.processes


def test_what_a_machine_asks_for_is_never_refused_for_a_unit_that_is_gone() -> None:
    t = Town(DECIDER, ADJUDICATION, HOLDER)
    t.open("case/c1")
    t.open(C, candidates=("water", "closed-bureau", "nobody-knows", "water"), entries=[{"holder": "case/c1"}])
    assert t.state(C).candidates == ("water",)


def test_with_nobody_to_ask_it_is_the_conveners_at_once() -> None:
    t = Town(DECIDER, ADJUDICATION, HOLDER)
    t.open("case/c1")
    t.open(C, candidates=(), entries=[{"holder": "case/c1"}])
    t.deliver()
    assert t.stage(C) == "meeting"
    assert t.todo(C, "conclude/i1").role == "city_centre"


def test_with_nothing_on_the_agenda_it_is_over() -> None:
    t = Town(DECIDER, ADJUDICATION, HOLDER)
    t.open(C, candidates=ASKED, entries=[])
    assert t.closed(C)
    assert t.told(C, "paper") == []


def test_nobody_concludes_on_what_his_own_unit_was_asked_has_or_gets() -> None:
    t = undecided()
    for unit in ("water", "parks", "housing"):
        assert t.refusal(C, "conclude_item", item="i1", lead="housing", unit_=unit) == "recusal"
    assert t.refusal(C, "conclude_item", item="i1", lead="housing", unit_="east-1") is None


def test_a_conclusion_names_units_that_exist_and_the_lead_once() -> None:
    t = undecided()
    assert t.refusal(C, "conclude_item", item="i1", lead="water", co=["water"]) == "lead_among_co"
    assert t.refusal(C, "conclude_item", item="i1", lead="closed-bureau") == "unknown_unit"
    assert t.refusal(C, "conclude_item", item="i1", lead="water", attending=["nobody"]) == "unknown_unit"
    assert t.refusal(C, "conclude_item", item="i2", lead="water") == "no_such_item"
    assert t.refusal(C, "conclude_item", item="i1", lead="water", role="dispatcher") == "not_permitted"


def test_a_decided_item_is_not_decided_again() -> None:
    t = undecided("c1", "c2")
    t.give(C, "conclude_item", item="i1", lead="water")
    assert t.refusal(C, "conclude_item", item="i1", lead="roads") == "item_not_in_this_state"


def test_before_the_vote_is_over_nothing_is_concluded_or_sent_on() -> None:
    t = town()
    assert t.refusal(C, "conclude_item", item="i1", lead="water") == "not_in_this_stage"
    assert t.refusal(C, "send_to_adjudication") == "not_in_this_stage"


# --------------------------------------------------------------------------------------------------------------- withdrawal


def test_whoever_called_it_withdraws_it_and_the_matter_is_free_again() -> None:
    t = Town(DECIDER, ADJUDICATION, HOLDER)
    t.open("case/c1")
    t.give(C, "open_consultation", role="agent", user_="u1", candidates=ASKED, entries=[{"holder": "case/c1"}])
    t.deliver()
    assert t.refusal(C, "withdraw_consultation", role="agent", user_="u2") == "not_the_convener"
    assert t.refusal(C, "withdraw_consultation", role="agent", user_="u1", reason=None) == "invalid_command"
    t.give(C, "withdraw_consultation", role="agent", user_="u1")
    t.deliver()
    assert t.closed(C)
    assert desk(t).holds == {}
    assert item(t) is ItemState.dropped
    assert t.told(C, "paper") == []
    told = {e.target for e in t.told(C, "notice") if e.body["what"] == "consultation_withdrawn"}
    assert told == {f"unit:{u}" for u in ASKED}


def test_what_is_decided_stands_when_the_rest_is_withdrawn() -> None:
    t = undecided("c1", "c2")
    t.give(C, "conclude_item", item="i1", lead="water")
    t.give(C, "withdraw_consultation", role="city_centre")
    t.deliver()
    assert t.closed(C)
    assert (item(t, "i1"), item(t, "i2")) == (ItemState.applied, ItemState.dropped)


def test_a_holders_answer_that_arrives_after_the_withdrawal_changes_nothing() -> None:
    t = Town(DECIDER, ADJUDICATION, HOLDER)
    t.open("case/c1")
    t.open(C, candidates=ASKED, entries=[{"holder": "case/c1"}])
    t.arrive(0)
    t.give(C, "withdraw_consultation", role="city_centre")
    t.deliver()
    assert t.closed(C)
    assert item(t) is ItemState.dropped
    assert desk(t).holds == {}


# ------------------------------------------------------------------------------------------------- what happens at the holder


def test_a_question_settled_another_way_is_overtaken_and_nobody_is_asked_any_more() -> None:
    t = town()
    say(t, "water", "mine")
    t.give("case/c1", "designate", matter="m1")
    t.deliver()
    assert t.closed(C)
    assert item(t) is ItemState.overtaken
    assert t.told(C, "paper") == []
    assert t.processes[C].timers == ()
    assert state(t).running("vote") is None
    assert state(t).clocks["vote"].met is None
    assert refusal(t) == "not_in_this_stage"


def test_a_decision_that_crosses_a_settlement_is_overtaken_not_applied() -> None:
    t = town()
    for unit in ASKED:
        say(t, unit, "mine" if unit == "water" else "not_mine")
    t.give("case/c1", "designate", matter="m1")
    t.deliver()
    assert t.closed(C)
    assert item(t) is ItemState.overtaken
    assert desk(t).applied == ()


def test_a_matter_that_cannot_be_had_falls_away_and_the_others_go_on() -> None:
    t = Town(DECIDER, ADJUDICATION, HOLDER)
    for case in ("c1", "c2"):
        t.open(f"case/{case}")
    t.give("case/c1", "designate", matter="m1")
    t.open(C, candidates=ASKED, entries=[{"holder": "case/c1"}, {"holder": "case/c2"}])
    t.deliver()
    assert item(t, "i1") is ItemState.refused
    assert t.stage(C) == "voting"
    assert {x.subject for x in t.todos(C)} == {"i2"}
    for unit in ASKED:
        say(t, unit, "mine" if unit == "water" else "not_mine", "i2")
    t.deliver()
    assert t.closed(C)


def test_consensus_on_a_matter_whose_holder_has_not_answered_yet_waits_for_its_answer() -> None:
    t = Town(DECIDER, ADJUDICATION, HOLDER)
    t.open("case/c1")
    t.open(C, candidates=ASKED, entries=[{"holder": "case/c1"}])
    for unit in ASKED:
        say(t, unit, "mine" if unit == "water" else "not_mine")
    assert (t.stage(C), item(t)) == ("applying", ItemState.proposed)
    t.deliver()
    assert item(t) is ItemState.applied


def test_every_message_may_come_twice() -> None:
    t = town()
    for unit in ASKED:
        say(t, unit, "mine" if unit == "water" else "not_mine")
    while t.mail:
        t.arrive(0, again=True)
        t.arrive(0)
    assert len(desk(t).applied) == 1
    written = len(t.events[C])
    for name in ("confirm_item", "confirm_applied"):
        assert t.send(C, name, {"item": "i1"}, SYSTEM) is None
    for name in ("refuse_item", "overtake_item"):
        assert t.send(C, name, {"item": "i1", "code": "x"}, SYSTEM) is None
    assert len(t.events[C]) == written
    assert t.send(C, "confirm_item", {"item": "i9"}, SYSTEM) == "no_such_item"


# --------------------------------------------------------------------------------------------------------- law 6: in time


def late(t: Town, unit: str, opinion: str, minutes: int) -> str | None:
    body = {"item": "i1", "unit": unit, "opinion": opinion, "basis": REF}
    actor = t.actor(C, "state_opinion", unit=unit)
    return t.send(C, "state_opinion", body, actor, received=sh(END_OF_VOTE) + timedelta(minutes=minutes))


def test_a_word_received_before_the_time_box_closed_counts_although_it_is_written_after() -> None:
    t = town()
    say(t, "water", "mine")
    t.until(sh(END_OF_VOTE) + timedelta(minutes=10))
    assert t.stage(C) == "meeting"
    assert late(t, "roads", "not_mine", -1) is None
    assert state(t).counts["i1"].silent == ("parks",)
    t.deliver()
    assert desk(t).applied[0].lead == "water"
    assert t.closed(C)


def test_a_word_received_at_the_instant_itself_or_later_is_late() -> None:
    t = town()
    say(t, "water", "mine")
    t.until(sh(END_OF_VOTE) + timedelta(minutes=10))
    assert late(t, "roads", "not_mine", 0) == "vote_over"
    assert late(t, "roads", "not_mine", 5) == "vote_over"


def test_a_late_word_does_not_reopen_what_everybody_had_spoken_on() -> None:
    t = undecided("c1", "c2")
    assert late(t, "roads", "mine", -60) == "vote_over"


def test_a_meetings_limit_begins_when_the_vote_was_made_up_not_when_it_should_have_ended() -> None:
    t = town()
    t.now = sh("2026-03-04 09:00")
    t.tick(C)
    assert state(t).clocks["meeting"].clock.start == sh("2026-03-04 09:00")


# --------------------------------------------------------------------------------------------------------------- specialists


def test_a_specialist_is_heard_on_what_is_undecided_and_binds_nobody() -> None:
    t = undecided("c1", "c2")
    t.give(C, "advise", item="i1", role="specialist", advice="a#a")
    t.give(C, "conclude_item", item="i1", lead="water")
    assert [a.advice for a in state(t).advice] == ["a#a"]
    assert t.refusal(C, "advise", item="i1", role="specialist") == "item_not_in_this_state"


# --------------------------------------------------------------------------------------------------------------------- rows


def test_the_lists_show_its_case_its_due_its_agenda_and_every_unit_it_is_about() -> None:
    t = town()
    rows = DECIDER.columns(state(t))
    row = rows["proceeding_row"][0]
    assert (row["case_no"], row["matter"], row["district"], row["due"]) == ("c1", "m1", "east", sh(END_OF_VOTE))
    assert {r["unit"] for r in rows["party_row"]} == {*ASKED}
    assert rows["agenda_row"][0]["state"] == "reserved"
    assert DECIDER.parties(state(undecided("c1", "c2"))) >= {*ASKED}
    two = DECIDER.columns(state(town("c1", "c2")))["proceeding_row"][0]
    assert (two["case_no"], two["matter"]) == (None, "m1")
