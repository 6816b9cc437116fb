"""问责: step by step, with the unit's right of reply, by persons who are each somebody else (M08; 督查条例 Art. 17, 18, 21).

Also silence, what came in time but late to us (law 6), what is refused, and what the world is told. It never punishes.
"""

from datetime import timedelta
from typing import Any

import pytest

from domain.accountability import DECIDER
from domain.answering.words import OVER, PAPERS, Step
from domain.process import SYSTEM
from domain.supervision import DECIDER as SUPERVISION
from tests.domain.casekit import REF
from tests.domain.townkit import Town

FROM = "supervision/m1/listed/c1-1"
ONE = "accountability/water/a1"
LISTING = "supervision/m1/listed/water.a1"
BEFORE = {
    "talk": "accountability/water/a0",
    "criticise": "accountability/water/a0",
    "propose": "accountability/water/a0",
}
STEPS = [str(s) for s in Step]


def town() -> Town:
    found = Town(DECIDER, SUPERVISION)
    del found.deciders["case"]
    return found


def begin(step: str = "remind", **more: Any) -> Town:
    """Open a step in its turn, by a supervisor."""
    t = town()
    turn = {"supervision": FROM} if step == "remind" else {"after": BEFORE[step]}
    t.give(ONE, "open_accountability", unit="water", step=step, matter="m1", user_="opener", **{**turn, **more})
    return t


def noticed(step: str = "remind") -> Town:
    t = begin(step)
    t.give(ONE, "serve_notice", user_="server")
    return t


def decided(step: str = "remind", outcome: str = "upheld") -> Town:
    t = noticed(step)
    t.give(ONE, "make_statement", unit_="water")
    t.give(ONE, "decide_accountability", outcome=outcome, user_="decider")
    return t


def served(step: str = "remind") -> Town:
    t = decided(step)
    t.give(ONE, "serve_decision")
    return t


def effective(step: str = "remind") -> Town:
    t = served(step)
    timer = next(x for x in t.processes[ONE].timers if x.key.startswith("review_window"))
    t.until(timer.at)
    assert t.stage(ONE) == "effective"
    return t


def notices(t: Town) -> list[tuple[str, str]]:
    return [(e.body["what"], e.body["role"]) for e in t.told(ONE, "notice")]


def keys(t: Town) -> set[str]:
    return {todo.key for todo in t.todos(ONE)}


def late(t: Town, name: str, hours: float, *, role: str = "unit_head", **body: Any) -> str | None:
    """Bring the unit's command that was received ``hours`` before now."""
    actor = t.actor(ONE, name, role, unit="water")
    return t.send(ONE, name, body, actor, received=t.now - timedelta(hours=hours))


# ------------------------------------------------------------------------------------------------------ the normal way


def test_a_reminder_goes_its_whole_way() -> None:
    t = begin()
    assert t.stage(ONE) == "facts"
    t.give(ONE, "record_facts", user_="recorder", documents=["list"])
    t.give(ONE, "serve_notice", user_="server")
    assert [n for n in notices(t) if n[0] == "accountability_noticed"] == [
        ("accountability_noticed", "unit_head"),
        ("accountability_noticed", "unit_liaison"),
    ]
    t.give(ONE, "make_statement", unit_="water")
    assert t.stage(ONE) == "deciding"
    t.give(ONE, "decide_accountability", outcome="upheld", user_="decider")
    t.give(ONE, "serve_decision")
    window = t.state(ONE).clocks["review_window"].clock
    assert (window.limit.amount, str(window.limit.unit), window.source) == (30, "d", "督查条例 Art. 17")
    t.ring(ONE, "review_window")
    assert t.stage(ONE) == "effective"
    t.give(ONE, "report_rectification", unit_="water")
    t.give(ONE, "check_rectification", result="done")
    assert t.stage(ONE) == "closed"
    assert t.state(ONE).rectified is True
    assert notices(t)[-1] == ("accountability_closed", "unit_head")


@pytest.mark.parametrize("step", STEPS)
def test_every_step_is_served_with_its_own_paper_that_says_what_the_unit_said(step: str) -> None:
    t = noticed(step)
    t.give(ONE, "make_statement", unit_="water", statement="s#1")
    t.give(ONE, "object_to_facts", unit_="water", objection="o#1")
    t.give(ONE, "make_statement", unit_="water", statement="s#2")
    t.give(ONE, "decide_accountability", outcome="upheld", user_="decider", reason="r#1")
    assert not t.told(ONE, "paper")
    t.give(ONE, "serve_decision")
    (paper,) = t.told(ONE, "paper")
    assert paper.body["paper"] == PAPERS[Step(step)]
    assert (paper.body["to"], paper.body["signed_by"]) == ("water", "decider")
    said = {"statement": "s#1", "objection": "o#1", "statement/2": "s#2"}
    assert paper.body["texts"] == {"facts": REF, **said, "decision": "r#1"}
    due = t.state(ONE).clocks["review_window"].clock.due
    assert paper.body["fields"]["review_until"] == due.isoformat()
    assert ("accountability_served", "unit_head") in notices(t)


def test_a_supervision_that_was_not_met_opens_the_first_step_with_its_facts() -> None:
    t = town()
    body = {"by": FROM, "unit": "water", "step": "remind", "matter": "m1", "supervision": FROM, "proposed_by": "p1"}
    t.open(ONE, **body, facts="f#1", case="c1", district="east")
    state = t.state(ONE)
    assert (state.stage, state.by, state.facts, state.case, state.district) == ("facts", FROM, "f#1", "c1", "east")
    assert "serve_notice" in t.todo(ONE, "facts").commands
    t.give(ONE, "serve_notice", user_="p2")
    t.ring(ONE, "statement")
    for preparer in ("p1", "p2"):
        assert t.refusal(ONE, "decide_accountability", outcome="upheld", user_=preparer) == "four_eyes"


def test_talk_is_held_before_the_unit_puts_things_right() -> None:
    t = effective("talk")
    assert keys(t) == {"talk/supervisor"}
    assert t.refusal(ONE, "report_rectification", unit_="water") == "talk_first"
    t.give(ONE, "record_talk", documents=["minutes"])
    assert t.refusal(ONE, "record_talk") == "no_talk"
    assert keys(t) == {"rectify/unit_liaison"}
    t.give(ONE, "report_rectification", unit_="water")
    assert effective("remind").refusal(ONE, "record_talk") == "no_talk"


def test_a_criticism_begins_a_listed_supervision_when_it_is_effective_and_not_before() -> None:
    t = served("criticise")
    assert not t.told(ONE, "start")
    t.ring(ONE, "review_window")
    state = t.state(LISTING)
    assert (state.level, state.unit, state.matter, state.trigger, state.by) == (
        "listed",
        "water",
        "m1",
        "accountability",
        ONE,
    )
    assert t.state(ONE).listed == LISTING


def test_a_matter_listed_already_is_not_listed_again() -> None:
    t = served("criticise")
    t.give("supervision/s1", "issue_supervision", level="listed", unit="water", matter="m1", trigger="media")
    t.ring(ONE, "review_window")
    assert LISTING not in t.processes
    assert t.events[ONE][-1].type == "accountability_listed_refused"
    assert t.state(ONE).listed is None
    assert t.stage(ONE) == "effective"


def test_a_proposal_is_handed_to_the_discipline_body_when_it_is_effective_and_not_before() -> None:
    t = served("propose")
    assert ("accountability_proposal", "discipline_liaison") not in notices(t)
    t.ring(ONE, "review_window")
    assert ("accountability_proposal", "discipline_liaison") in notices(t)
    assert not t.told(ONE, "start")


def test_other_steps_neither_list_nor_hand_over() -> None:
    for step in ("remind", "talk"):
        t = effective(step)
        assert not t.told(ONE, "start")
        assert not [n for n in notices(t) if n[1] == "discipline_liaison"]


# ------------------------------------------------------------------------------------------------------- who may begin


def opening(t: Town, **more: Any) -> str | None:
    about = {"unit": "water", "step": "remind", "matter": "m1", "supervision": FROM}
    return t.refusal(ONE, "open_accountability", **{**about, **more})


def test_the_first_step_needs_a_supervision_and_each_other_one_the_step_before() -> None:
    assert opening(town(), supervision=None) == "supervision_needed"
    assert opening(town(), supervision="session/1") == "supervision_needed"
    assert opening(town(), step="talk") == "step_before_needed"
    assert opening(town(), step="talk", after="accountability/roads/a0") == "step_before_needed"
    assert opening(town(), step="talk", after=ONE) == "step_before_needed"
    assert opening(town(), step="criticise", after="supervision/m1/urge/x") == "step_before_needed"
    assert opening(town(), step="talk", after="accountability/water/a0") is None


@pytest.mark.parametrize("step", ["criticise", "propose"])
def test_a_grave_matter_takes_a_second_person_before_anything_is_prepared(step: str) -> None:
    t = town()
    assert opening(t, step=step, supervision=None, user_="opener") is None
    assert t.stage(ONE) == "grave"
    assert notices(t) == [("accountability_grave", "centre_head")]
    for name in ("serve_notice", "record_facts"):
        assert t.refusal(ONE, name) == "not_in_this_stage"
    assert t.refusal(ONE, "decide_accountability", outcome="dropped") == "not_in_this_stage"
    assert t.refusal(ONE, "approve_grave", approve=True, user_="opener") == "four_eyes"
    assert t.refusal(ONE, "approve_grave", approve=True, role="supervisor") == "not_permitted"
    assert t.refusal(ONE, "approve_grave", approve=True, unit_="water") == "recusal"
    t.give(ONE, "approve_grave", approve=True, user_="second")
    assert t.stage(ONE) == "facts"
    assert t.state(ONE).clocks["accountability_grave"].met is True
    for name in ("record_facts", "serve_notice"):
        assert t.refusal(ONE, name, user_="second") == "four_eyes"


def test_what_is_not_grave_enough_is_dropped_and_the_unit_never_knew() -> None:
    t = town()
    assert opening(t, step="propose", supervision=None, user_="opener") is None
    t.give(ONE, "approve_grave", approve=False, user_="second")
    assert t.stage(ONE) == "dropped"
    assert DECIDER.parties(t.state(ONE)) == frozenset()
    assert not [n for n in notices(t) if n[1].startswith("unit")]


def test_a_step_in_its_turn_takes_no_second_person() -> None:
    assert begin("criticise").stage(ONE) == "facts"
    assert begin("propose").stage(ONE) == "facts"


def test_the_machine_is_bound_alike() -> None:
    t = town()
    body = {"by": FROM, **t.pins, "unit": "water", "matter": "m1", "facts": REF, "proposed_by": "p1"}
    assert t.send(ONE, "open", {**body, "step": "remind"}, SYSTEM) == "supervision_needed"
    assert t.send(ONE, "open", {**body, "step": "talk", "supervision": FROM}, SYSTEM) == "step_before_needed"
    assert t.send(ONE, "open", {**body, "step": "propose", "supervision": FROM}, SYSTEM) is None
    assert t.refusal(ONE, "approve_grave", approve=True, user_="p1") == "four_eyes"


def test_what_is_opened_is_refused_where_it_cannot_be() -> None:
    assert opening(town(), unit="nobody") == "unknown_unit"
    assert opening(town(), unit="closed-bureau") == "unknown_unit"
    assert opening(town(), case="c404") == "unknown_case"
    assert opening(town(), unit_="water") == "recusal"
    assert opening(town(), role="centre_head") == "not_permitted"
    assert opening(town(), step="dismiss") == "invalid_command"


# --------------------------------------------------------------------------------------------------- the right of reply


def test_nothing_is_decided_before_the_unit_has_had_its_time() -> None:
    t = begin()
    assert t.refusal(ONE, "decide_accountability", outcome="upheld", user_="decider") == "notice_first"
    assert t.refusal(ONE, "decide_accountability", outcome="tolerated", user_="decider") == "notice_first"
    t.give(ONE, "serve_notice")
    assert t.refusal(ONE, "decide_accountability", outcome="upheld", user_="decider") == "not_in_this_stage"
    assert t.refusal(ONE, "serve_decision") == "not_in_this_stage"


def test_silence_is_written_down_and_then_it_is_decided() -> None:
    t = noticed()
    t.ring(ONE, "statement")
    assert t.stage(ONE) == "deciding"
    assert t.state(ONE).silent
    silent = next(e for e in t.events[ONE] if e.type == "accountability_unit_silent")
    assert silent.at == t.state(ONE).clocks["statement"].clock.due
    assert late(t, "make_statement", 0, statement=REF) == "statement_window_closed"
    t.give(ONE, "decide_accountability", outcome="upheld", user_="decider")


def test_the_unit_may_add_to_its_word_while_its_time_runs() -> None:
    t = noticed()
    t.give(ONE, "object_to_facts", unit_="water")
    t.give(ONE, "make_statement", unit_="water", role="unit_liaison")
    assert [a.kind for a in t.state(ONE).answers] == ["objection", "statement"]
    t.wait(days=30)
    assert t.refusal(ONE, "make_statement", unit_="water") == "statement_window_closed"


def test_a_word_at_our_door_in_time_is_heard_though_silence_was_written_down() -> None:
    t = noticed()
    t.ring(ONE, "statement")
    t.wait(hours=1)
    assert late(t, "make_statement", 2, statement=REF) is None
    assert not t.state(ONE).silent
    assert t.state(ONE).clocks["statement"].met is True


def test_what_was_decided_without_a_word_that_had_come_in_time_is_decided_anew() -> None:
    t = noticed()
    t.ring(ONE, "statement")
    t.give(ONE, "decide_accountability", outcome="upheld", user_="decider")
    t.wait(hours=1)
    assert late(t, "object_to_facts", 2, objection=REF) is None
    assert t.stage(ONE) == "deciding"
    assert t.state(ONE).decision is None
    assert t.refusal(ONE, "serve_decision") == "not_in_this_stage"
    t.give(ONE, "decide_accountability", outcome="dropped", user_="decider")
    assert t.stage(ONE) == "dropped"


def test_only_the_unit_speaks_for_itself() -> None:
    t = noticed()
    for name in ("make_statement", "object_to_facts"):
        assert t.refusal(ONE, name, unit_="roads") == "not_permitted"
        assert t.refusal(ONE, name, role="supervisor") == "not_permitted"
    t = served()
    assert t.refusal(ONE, "ask_review", unit_="roads") == "not_permitted"


def test_the_unit_reads_nothing_before_the_notice() -> None:
    t = begin()
    assert DECIDER.parties(t.state(ONE)) == frozenset()
    assert DECIDER.columns(t.state(ONE))["party_row"] == []
    t.give(ONE, "serve_notice")
    assert DECIDER.parties(t.state(ONE)) == {"water"}
    t = decided(outcome="dropped")
    assert DECIDER.parties(t.state(ONE)) == {"water"}


def test_a_notice_needs_facts() -> None:
    t = town()
    body = {"by": FROM, "unit": "water", "step": "remind", "matter": "m1", "supervision": FROM, "facts": None}
    t.open(ONE, **body)
    assert t.refusal(ONE, "serve_notice") == "facts_missing"
    assert t.todo(ONE, "facts").commands == ("record_facts",)
    t.give(ONE, "record_facts")
    t.give(ONE, "serve_notice")


# -------------------------------------------------------------------------------------------------------------- decision


@pytest.mark.parametrize("outcome", ["dropped", "tolerated"])
def test_a_case_may_be_dropped_or_tolerated_with_a_reason_that_the_unit_hears(outcome: str) -> None:
    t = decided(outcome=outcome)
    assert t.stage(ONE) == outcome
    assert notices(t)[-1] == (f"accountability_{outcome}", "unit_head")
    assert not t.told(ONE, "paper")


def test_a_mistaken_opening_is_dropped_before_the_unit_knows() -> None:
    t = begin()
    t.give(ONE, "decide_accountability", outcome="dropped", user_="decider")
    assert t.stage(ONE) == "dropped"
    assert notices(t) == []
    assert DECIDER.parties(t.state(ONE)) == frozenset()


def test_who_prepared_it_or_spoke_does_not_decide_it() -> None:
    t = begin()
    t.give(ONE, "record_facts", user_="recorder")
    t.give(ONE, "serve_notice", user_="server")
    t.give(ONE, "make_statement", unit_="water", user_="speaker")
    for user in ("opener", "recorder", "server", "speaker"):
        assert t.refusal(ONE, "decide_accountability", outcome="upheld", user_=user) == "four_eyes"
    assert t.refusal(ONE, "decide_accountability", outcome="upheld", unit_="water") == "recusal"
    assert t.refusal(ONE, "decide_accountability", outcome="upheld", role="supervisor") == "not_permitted"
    t.give(ONE, "decide_accountability", outcome="upheld", role="city_office", user_="decider")


# ---------------------------------------------------------------------------------------------------------------- review


def reviewing(step: str = "remind") -> Town:
    t = served(step)
    t.wait(days=10)
    t.give(ONE, "ask_review", unit_="water", user_="asker", documents=["proof"])
    return t


def test_a_review_stops_the_window_and_is_decided_by_a_third_person_within_thirty_days() -> None:
    t = reviewing()
    assert t.stage(ONE) == "under_review"
    clock = t.state(ONE).clocks["review_decide"].clock
    assert (clock.limit.amount, str(clock.limit.unit), clock.source) == (30, "d", "督查条例 Art. 17")
    for user in ("opener", "server", "decider", "asker"):
        assert t.refusal(ONE, "decide_review", upheld=True, user_=user) == "four_eyes"
    assert t.refusal(ONE, "decide_review", upheld=True, unit_="water") == "recusal"
    assert t.refusal(ONE, "decide_review", upheld=True, role="supervisor") == "not_permitted"
    t.give(ONE, "decide_review", upheld=True, user_="third")
    assert t.stage(ONE) == "effective"
    assert notices(t)[-2:] == [("accountability_review_upheld", "unit_head"), ("accountability_effective", "unit_head")]


def test_who_approved_a_grave_start_does_not_review_it() -> None:
    t = town()
    assert opening(t, step="propose", supervision=None, user_="opener") is None
    t.give(ONE, "approve_grave", approve=True, user_="approver")
    t.give(ONE, "serve_notice", user_="server")
    t.ring(ONE, "statement")
    t.give(ONE, "decide_accountability", outcome="upheld", user_="decider")
    t.give(ONE, "serve_decision")
    t.give(ONE, "ask_review", unit_="water")
    assert t.refusal(ONE, "decide_review", upheld=True, user_="approver") == "four_eyes"


def test_a_review_may_set_it_aside_and_nothing_has_taken_effect() -> None:
    for step in STEPS:
        t = reviewing(step)
        t.give(ONE, "decide_review", upheld=False, user_="third")
        assert t.stage(ONE) == "set_aside"
        assert "accountability_effective" not in t.types(ONE)
        assert not t.told(ONE, "start")
        assert not t.told(ONE, "tell")
        assert notices(t)[-1] == ("accountability_set_aside", "unit_head")


def test_a_review_is_asked_in_time_and_once() -> None:
    t = effective()
    assert t.refusal(ONE, "ask_review", unit_="water") == "review_window_closed"
    t = reviewing()
    t.give(ONE, "decide_review", upheld=True, user_="third")
    assert t.refusal(ONE, "ask_review", unit_="water") == "review_used"


def test_a_review_at_our_door_in_time_halts_what_took_effect_meanwhile() -> None:
    t = effective("criticise")
    t.deliver()
    t.wait(hours=1)
    assert late(t, "ask_review", 2, reason=REF) is None
    assert t.stage(ONE) == "under_review"
    assert t.state(ONE).running("rectify") is None
    t.give(ONE, "decide_review", upheld=False, user_="third")
    t.deliver()
    assert t.stage(ONE) == "set_aside"
    assert t.stage(LISTING) == "withdrawn"
    assert t.events[LISTING][-1].body == {"process": ONE, "code": "set_aside", "clock": None, "next": None}


def test_a_late_review_that_upholds_it_lists_and_hands_over_once() -> None:
    t = effective("criticise")
    t.wait(hours=1)
    assert late(t, "ask_review", 2, reason=REF) is None
    t.give(ONE, "decide_review", upheld=True, user_="third")
    assert t.stage(ONE) == "effective"
    assert len(t.told(ONE, "start")) == 1
    assert t.state(ONE).running("rectify") is not None

    t = effective("propose")
    t.wait(hours=1)
    assert late(t, "ask_review", 2, reason=REF) is None
    t.give(ONE, "decide_review", upheld=True, user_="third")
    assert notices(t).count(("accountability_proposal", "discipline_liaison")) == 1


def test_the_discipline_body_hears_of_a_proposal_that_is_set_aside_after_all() -> None:
    t = effective("propose")
    t.wait(hours=1)
    assert late(t, "ask_review", 2, reason=REF) is None
    t.give(ONE, "decide_review", upheld=False, user_="third")
    assert ("accountability_set_aside", "discipline_liaison") in notices(t)


def test_an_annulment_of_a_listing_that_did_not_begin_is_taken_as_said() -> None:
    t = served("criticise")
    t.give("supervision/s1", "issue_supervision", level="listed", unit="water", matter="m1", trigger="media")
    timer = next(x for x in t.processes[ONE].timers if x.key.startswith("review_window"))
    t.now = timer.at + timedelta(hours=1)
    t.tick(ONE)
    assert late(t, "ask_review", 2, reason=REF) is None
    t.give(ONE, "decide_review", upheld=False, user_="third")
    t.deliver()
    assert t.stage(ONE) == "set_aside"
    assert t.types(ONE).count("accountability_listed_refused") == 1
    assert t.stage("supervision/s1") == "issued"


# --------------------------------------------------------------------------------------------------------- rectification


def test_a_check_gives_the_limit_anew_or_ends_it_as_failed() -> None:
    t = effective()
    t.give(ONE, "report_rectification", unit_="water", user_="reporter")
    assert t.refusal(ONE, "check_rectification", result="done", user_="reporter") == "four_eyes"
    assert t.refusal(ONE, "check_rectification", result="done", unit_="water") == "recusal"
    t.give(ONE, "check_rectification", result="again")
    assert t.stage(ONE) == "effective"
    assert t.state(ONE).running("rectify").clock.key == "rectify/2"
    assert notices(t)[-1] == ("accountability_rectify_again", "unit_head")
    t.give(ONE, "report_rectification", unit_="water")
    t.give(ONE, "check_rectification", result="failed")
    assert t.stage(ONE) == "closed"
    assert t.state(ONE).rectified is False


def test_a_unit_that_reports_nothing_is_checked_once_its_limit_has_passed() -> None:
    t = effective()
    assert t.refusal(ONE, "check_rectification", result="done") == "nothing_reported"
    assert t.refusal(ONE, "check_rectification", result="failed") == "rectification_running"
    t.ring(ONE, "rectify")
    assert keys(t) == {"rectify/unit_liaison", "rectify/unit_head", "check"}
    assert ("accountability_overdue", "supervisor") in notices(t)
    assert ("accountability_overdue", "unit_head") in notices(t)
    assert t.refusal(ONE, "check_rectification", result="done") == "nothing_reported"
    actor = t.actor(ONE, "check_rectification", "supervisor")
    body = {"result": "failed", "note": REF}
    early = t.send(ONE, "check_rectification", body, actor, received=t.now - timedelta(minutes=1))
    assert early == "rectification_running"
    t.give(ONE, "check_rectification", result="again")
    t.ring(ONE, "rectify/2")
    t.give(ONE, "check_rectification", result="failed")
    assert t.stage(ONE) == "closed"
    assert {r.met for k, r in t.state(ONE).clocks.items() if k.startswith("rectify")} == {False}


# --------------------------------------------------------------------------------------------------------------- silence


def _grave() -> Town:
    t = town()
    assert opening(t, step="propose", supervision=None) is None
    return t


def _silent() -> Town:
    t = noticed()
    t.ring(ONE, "statement")
    return t


def _reported() -> Town:
    t = effective()
    t.give(ONE, "report_rectification", unit_="water")
    return t


@pytest.mark.parametrize(
    ("reach", "clock", "told", "todos"),
    [
        (begin, "accountability_facts", "centre_head", {"facts", "facts/centre"}),
        (_grave, "accountability_grave", "city_office", {"grave/centre_head", "grave/city_office"}),
        (_silent, "accountability_decide", "city_office", {"decide/centre_head", "decide/city_office"}),
        (decided, "accountability_serve", "centre_head", {"serve/supervisor", "serve/centre_head"}),
        (reviewing, "review_decide", "city_office", {"review/city_office", "review/centre_head"}),
        (lambda: effective("talk"), "accountability_talk", "centre_head", {"talk/supervisor", "talk/centre_head"}),
        (_reported, "rectify_check", "centre_head", {"check/supervisor", "check/centre_head"}),
    ],
)
def test_whoever_is_silent_gets_another_beside_him(reach: Any, clock: str, told: str, todos: set[str]) -> None:
    t = reach()
    assert len(t.todos(ONE)) == 1
    t.ring(ONE, clock)
    assert notices(t)[-1] == ("accountability_overdue", told)
    assert keys(t) == todos


def test_what_runs_by_itself_ends_where_a_person_has_to_act() -> None:
    for t, stage in (
        (begin(), "facts"),
        (noticed(), "deciding"),
        (served(), "effective"),
        (reviewing(), "under_review"),
    ):
        t.wait(days=500)
        assert t.stage(ONE) == stage
        assert t.todos(ONE)


def test_an_outage_shortens_nobodys_limit() -> None:
    t = served()
    timer = next(x for x in t.processes[ONE].timers if x.key.startswith("review_window"))
    t.now = timer.at + timedelta(days=20)
    t.tick(ONE)
    assert t.state(ONE).clocks["rectify"].clock.start == t.now
    assert t.state(ONE).effective_at == timer.at


# ---------------------------------------------------------------------------------------------------------- late, doubled


def test_what_is_over_takes_nothing_but_late_messages() -> None:
    for stage in OVER:
        assert {name for name, move in DECIDER.moves.items() if stage in move.stages} == {"listed_refused"}


def test_a_refusal_that_comes_twice_or_from_nowhere_changes_nothing() -> None:
    t = effective("criticise")
    t.deliver()
    before = len(t.events[ONE])
    assert t.send(ONE, "listed_refused", {"process": "supervision/m9/listed/x", "code": "x"}, SYSTEM) is None
    assert len(t.events[ONE]) == before
    for _ in range(2):
        assert t.send(ONE, "listed_refused", {"process": LISTING, "code": "x"}, SYSTEM) is None
    assert len(t.events[ONE]) == before + 1


def test_it_can_only_notify_print_and_supervise() -> None:
    """It never punishes: all it may owe the world is a notice, a paper, and the listed supervision, begun or taken back."""
    t = effective("criticise")
    t.wait(hours=1)
    assert late(t, "ask_review", 2, reason=REF) is None
    t.give(ONE, "decide_review", upheld=False, user_="third")
    kinds = {(e.kind, e.body.get("command")) for e in t.effects[ONE]}
    assert kinds == {("notice", None), ("paper", None), ("start", "open"), ("tell", "annul_supervision")}
