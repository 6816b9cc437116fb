"""督办: the ladder, its clocks, who may verify, and that a matter is supervised once at each level (M17; 督查条例 Art. 15).

Also what came in time but late to us (law 6), what is refused, and what the world is told.
"""

from datetime import timedelta
from typing import Any

import pytest

from domain.accountability import DECIDER as ACCOUNTABILITY
from domain.process import SYSTEM
from domain.supervising.state import missed
from domain.supervising.words import OVER, Stage
from domain.supervision import DECIDER
from tests.domain.casekit import CALENDAR, REF
from tests.domain.townkit import Town

URGE = "supervision/m1/urge/c1-1"
ORDER = "supervision/m1/supervise/c1-1.urge"
SITE = "supervision/m1/on_site/c1-1.urge.supervise"
LISTED = "supervision/m1/listed/c1-1.urge.supervise.on_site"
NEXT = {"urge": "supervise", "supervise": "on_site", "on_site": "listed"}


def town(**more: Any) -> Town:
    """A town in which messages to cases are only counted."""
    found = Town(DECIDER, ACCOUNTABILITY, **more)
    del found.deciders["case"]
    return found


def begin(t: Town, process: str = URGE, level: str = "urge", **more: Any) -> str:
    about = {
        "by": "case/c1",
        "case": "c1",
        "matter": "m1",
        "unit": "water",
        "trigger": "dissatisfied",
        "district": "east",
    }
    t.open(process, level=level, **{**about, **more})
    return process


def at(level: str, **more: Any) -> tuple[Town, str]:
    t = town(**more)
    return t, begin(t, f"supervision/m1/{level}/c1-1", level)


def answer(t: Town, process: str) -> None:
    t.give(process, "acknowledge", unit_="water")
    t.give(process, "reply_supervision", unit_="water", documents=["photo"])


def keys(t: Town, process: str) -> set[str]:
    return {todo.key for todo in t.todos(process)}


def told_case(t: Town, process: str) -> list[dict[str, Any]]:
    return [e.body["body"] for e in t.told(process, "tell") if e.target == "case/c1"]


def notices(t: Town, process: str) -> list[tuple[str, str]]:
    return [(e.body["what"], e.body["role"]) for e in t.told(process, "notice")]


# ------------------------------------------------------------------------------------------------------------- the ladder


def test_a_reply_that_is_met_lifts_the_urge_and_the_case_and_the_unit_hear_of_it() -> None:
    t, urge = at("urge")
    answer(t, urge)
    t.give(urge, "verify_supervision", met=True)
    assert t.stage(urge) == "lifted"
    assert told_case(t, urge) == [{"process": urge, "level": "urge", "outcome": "lifted"}]
    assert notices(t, urge)[-1] == ("supervision_over", "unit_liaison")
    assert not t.told(urge, "start")


@pytest.mark.parametrize("level", NEXT)
def test_a_reply_that_is_not_met_begins_the_next_level_with_the_same_matter(level: str) -> None:
    t, process = at(level)
    answer(t, process)
    t.give(process, "verify_supervision", met=False)
    assert t.stage(process) == "raised"
    following = f"supervision/m1/{NEXT[level]}/c1-1.{level}"
    t.deliver()
    after = t.state(following)
    assert (after.level, after.matter, after.unit, after.case, after.trigger) == (
        NEXT[level],
        "m1",
        "water",
        "c1",
        "raised",
    )
    assert (after.by, after.district, after.stage) == (process, "east", "issued")
    assert told_case(t, process) == [{"process": process, "level": level, "outcome": "raised"}]


def test_four_levels_are_four_processes_and_the_last_one_leads_to_accountability() -> None:
    t = town()
    begin(t)
    for process in (URGE, ORDER, SITE, LISTED):
        answer(t, process)
        t.give(process, "verify_supervision", met=False)
        t.deliver()
    assert [t.stage(p) for p in (URGE, ORDER, SITE, LISTED)] == ["raised", "raised", "raised", "unmet"]
    t.give(LISTED, "propose_accountability")
    t.deliver()
    (opened,) = t.starts_with("accountability/")
    assert opened == "accountability/water/m1.listed.c1-1.urge.supervise.on_site"
    state = t.state(opened)
    assert (state.unit, state.step, state.supervision, state.case, state.matter) == (
        "water",
        "remind",
        LISTED,
        "c1",
        "m1",
    )
    assert state.prepared_by == ("supervisor.x",)
    assert told_case(t, LISTED)[-1]["outcome"] == "proposed"


def test_an_urgent_matter_stays_urgent_on_its_way_up() -> None:
    t = town()
    begin(t, triage="urgent")
    answer(t, URGE)
    t.give(URGE, "verify_supervision", met=False)
    t.deliver()
    assert t.state(ORDER).urgent
    assert t.state(ORDER).clocks["supervise_reply"].clock.rule.endswith("/urgent")


@pytest.mark.parametrize("level", ["urge", "supervise", "on_site", "listed"])
def test_every_level_has_its_paper_with_the_limits_on_it_and_its_two_clocks(level: str) -> None:
    t, process = at(level, at="2026-03-02 09:00")
    (paper,) = t.told(process, "paper")
    assert paper.body["paper"] == ("urge_notice" if level == "urge" else "supervision_order")
    assert (paper.body["to"], paper.body["case"], paper.body["signed_by"]) == ("water", "c1", None)
    state = t.state(process)
    assert set(state.clocks) == {f"{level}_ack", f"{level}_reply"}
    assert paper.body["fields"]["reply_due"] == state.clocks[f"{level}_reply"].clock.due.isoformat()
    assert paper.body["fields"]["level"] == level
    assert notices(t, process) == [("supervision_issued", "unit_liaison")]


def test_a_listing_that_is_not_met_may_be_lifted_by_the_centre_head() -> None:
    t, listed = at("listed")
    answer(t, listed)
    t.give(listed, "verify_supervision", met=False)
    assert keys(t, listed) == {"propose", "lift"}
    assert t.todo(listed, "lift").due is not None
    t.give(listed, "lift_listed", user_="head")
    assert t.stage(listed) == "lifted"
    assert told_case(t, listed)[-1]["outcome"] == "lifted"


def test_on_site_is_lifted_only_after_a_visit_and_can_be_raised_without() -> None:
    t, site = at("on_site")
    assert t.todo(site, "visit").role == "supervisor"
    answer(t, site)
    assert t.refusal(site, "verify_supervision", met=True) == "visit_needed"
    assert set(t.todo(site, "verify/supervisor").commands) == {"verify_supervision", "visit_site"}
    t.give(site, "visit_site", documents=["photo-2"])
    assert t.todo(site, "verify/supervisor").commands == ("verify_supervision",)
    t.give(site, "verify_supervision", met=True)
    assert t.stage(site) == "lifted"

    t, site = at("on_site")
    answer(t, site)
    t.give(site, "verify_supervision", met=False)
    assert t.stage(site) == "raised"


def test_who_replies_has_acknowledged() -> None:
    t, urge = at("urge")
    t.give(urge, "reply_supervision", unit_="water")
    assert t.types(urge)[-5:] == [
        "supervision_acknowledged",
        "clock_stopped",
        "supervision_replied",
        "clock_stopped",
        "clock_set",
    ]
    assert all(r.met for r in t.state(urge).clocks.values() if r.stopped_at)


# --------------------------------------------------------------------------------------------------------------- by a person


def issue(t: Town, process: str = "supervision/s1", **more: Any) -> str | None:
    about = {"level": "supervise", "unit": "water", "matter": "m1", "trigger": "leader_note"}
    return t.refusal(process, "issue_supervision", **{**about, **more})


def test_a_person_issues_it_on_a_leaders_note_under_the_terms_in_force() -> None:
    t = town()
    assert issue(t, district="east", triage="urgent", user_="issuer") is None
    state = t.state("supervision/s1")
    assert (state.by, state.issuer, state.trigger, state.note) == ("issuer", "issuer", "leader_note", REF)
    assert (state.pack, state.calendar, state.district, state.urgent) == ("haikou", CALENDAR.version, "east", True)
    assert t.told("supervision/s1", "paper")[0].body["signed_by"] == "issuer"
    assert t.told("supervision/s1", "paper")[0].body["texts"] == {"note": REF}
    answer(t, "supervision/s1")
    assert t.refusal("supervision/s1", "verify_supervision", met=False, user_="issuer") == "four_eyes"
    t.give("supervision/s1", "verify_supervision", met=False, user_="second")
    t.deliver()
    assert t.stage("supervision/m1/on_site/s1.supervise") == "issued"
    assert not told_case(t, "supervision/s1")


def test_a_person_who_wanted_it_in_another_process_has_issued_it() -> None:
    t, listed = at("listed", at="2026-03-02 09:00")
    assert t.state(listed).issuer is None
    process = begin(t, "supervision/m2/listed/ring.1", "listed", by="issuer", matter="m2", trigger="ring")
    assert t.state(process).issuer == "issuer"
    assert t.told(process, "paper")[0].body["signed_by"] == "issuer"
    answer(t, process)
    assert t.refusal(process, "verify_supervision", met=True, user_="issuer") == "four_eyes"
    assert t.state(begin(t, "supervision/m3/urge/x", by="system", matter="m3")).issuer is None


def test_what_a_person_issues_is_refused_where_it_cannot_be() -> None:
    t = town()
    assert issue(t, unit="nobody") == "unknown_unit"
    assert issue(t, unit="closed-bureau") == "unknown_unit"
    assert issue(t, district="nowhere") == "unknown_unit"
    assert issue(t, case="c404") == "unknown_case"
    assert issue(t, trigger="overdue") == "invalid_command"
    assert issue(t, trigger="raised") == "invalid_command"
    assert issue(t, unit_="water") == "recusal"
    assert issue(t, role="unit_head") == "not_permitted"
    assert issue(t, role="centre_head") == "not_permitted"
    assert issue(t, role="government_inspector") is None


# --------------------------------------------------------------------------------------------- one a matter and level


def test_one_matter_is_supervised_once_at_a_level_until_that_is_over() -> None:
    t, urge = at("urge")
    assert issue(t, "supervision/s1", level="urge") == "already_supervised"
    assert "supervision/s1" not in t.processes
    assert issue(t, "supervision/s2", level="urge", matter="m2") is None
    assert issue(t, "supervision/s3", level="supervise") is None
    t.give(urge, "withdraw_supervision")
    assert issue(t, "supervision/s1", level="urge") is None


def test_a_machine_is_refused_alike_and_hears_of_it() -> None:
    t, _ = at("urge")
    body = {"by": "case/c2", **t.pins, "matter": "m1", "level": "urge", "unit": "water", "trigger": "overdue"}
    assert t.send("supervision/m1/urge/c2-1", "open", body, SYSTEM) == "already_supervised"


def test_a_next_level_that_is_open_already_leaves_this_one_raised() -> None:
    t = town()
    begin(t)
    assert issue(t, "supervision/s1", level="supervise") is None
    answer(t, URGE)
    t.give(URGE, "verify_supervision", met=False)
    t.deliver()
    assert t.stage(URGE) == "raised"
    assert ORDER not in t.processes
    assert t.events[URGE][-1].type == "supervision_next_refused"
    assert t.events[URGE][-1].body == {"process": ORDER, "code": "already_supervised"}
    assert t.state(URGE).next is None


def test_messages_that_come_twice_or_from_nowhere_change_nothing() -> None:
    t = town()
    begin(t)
    answer(t, URGE)
    t.give(URGE, "verify_supervision", met=False)
    t.arrive(0, again=True)
    t.deliver()
    assert t.types(ORDER).count("supervision_issued") == 1
    before = [len(t.events[p]) for p in (URGE, ORDER)]
    nowhere = {"process": "supervision/m9/listed/x", "code": "x"}
    assert t.send(URGE, "next_refused", nowhere, SYSTEM) is None
    assert t.send(ORDER, "annul_supervision", nowhere, SYSTEM) is None
    assert t.send(URGE, "annul_supervision", {"clock": "a1/handle"}, SYSTEM) is None
    assert [len(t.events[p]) for p in (URGE, ORDER)] == before


# ------------------------------------------------------------------------------------------------------------ silence


def test_an_urge_that_nobody_answers_becomes_a_supervision_order_by_itself() -> None:
    t = town()
    begin(t)
    assert keys(t, URGE) == {"answer/unit_liaison"}
    t.ring(URGE, "urge_ack")
    assert notices(t, URGE)[-1] == ("supervision_ack_overdue", "unit_head")
    assert keys(t, URGE) == {"answer/unit_liaison", "answer/unit_head"}
    t.ring(URGE, "urge_reply")
    assert t.stage(URGE) == "raised"
    raised = next(e.body for e in t.events[URGE] if e.type == "supervision_raised")
    assert (raised["by"], raised["cause"], raised["to"], raised["process"]) == (
        "system",
        "no_reply",
        "supervise",
        ORDER,
    )
    assert t.stage(ORDER) == "issued"
    assert [r.met for r in t.state(URGE).clocks.values()] == [False, None]


@pytest.mark.parametrize("level", ["supervise", "on_site"])
def test_any_other_level_that_nobody_answers_waits_for_the_supervisor(level: str) -> None:
    t, process = at(level)
    assert t.refusal(process, "raise_level") == "reply_not_overdue"
    t.ring(process, f"{level}_reply")
    assert ("supervision_reply_overdue", "supervisor") in notices(t, process)
    assert ("supervision_reply_overdue", "unit_head") in notices(t, process)
    assert t.stage(process) == "issued"
    todo = t.todo(process, "raise")
    assert (todo.role, todo.commands) == ("supervisor", ("raise_level",))
    assert todo.due is not None
    t.ring(process, "supervision_decide")
    assert notices(t, process)[-1] == ("supervision_overdue", "centre_head")
    assert t.todo(process, "raise/centre").role == "centre_head"
    t.give(process, "raise_level", role="centre_head")
    assert t.stage(process) == "raised"
    assert {r.met for r in t.state(process).clocks.values()} == {False}
    t.deliver()
    assert t.stage(f"supervision/m1/{NEXT[level]}/c1-1.{level}") == "issued"


def test_a_listing_that_nobody_answers_leads_to_accountability_by_the_supervisor() -> None:
    t, listed = at("listed")
    assert t.refusal(listed, "propose_accountability") == "reply_not_overdue"
    t.give(listed, "acknowledge", unit_="water")
    t.ring(listed, "listed_reply")
    assert t.refusal(listed, "raise_level") == "no_next_level"
    assert t.refusal(listed, "lift_listed") == "not_in_this_stage"
    assert t.todo(listed, "raise").commands == ("propose_accountability",)
    t.give(listed, "propose_accountability", step="criticise")
    t.deliver()
    assert t.stage("accountability/water/m1.listed.c1-1") == "grave"


def test_nobody_is_supervised_for_ever_unseen_when_all_are_silent() -> None:
    t = town()
    begin(t)
    t.wait(days=400)
    assert t.stage(URGE) == "raised"
    assert keys(t, ORDER) == {"answer/unit_liaison", "answer/unit_head", "raise", "raise/centre"}


def test_a_reply_that_nobody_verifies_reaches_the_centre_head() -> None:
    t, urge = at("urge")
    answer(t, urge)
    assert keys(t, urge) == {"verify/supervisor"}
    t.ring(urge, "supervision_verify")
    assert notices(t, urge)[-1] == ("supervision_overdue", "centre_head")
    assert keys(t, urge) == {"verify/supervisor", "verify/centre_head"}
    t.give(urge, "verify_supervision", met=True, role="centre_head")
    assert t.stage(urge) == "lifted"


def test_a_late_reply_still_counts_as_a_reply_but_not_as_met_in_time() -> None:
    t, process = at("supervise")
    t.ring(process, "supervise_reply")
    answer(t, process)
    assert t.stage(process) == "replied"
    assert t.state(process).clocks["supervise_reply"].met is False
    assert t.state(process).clocks["supervision_decide"].stopped_at is not None
    assert keys(t, process) == {"verify/supervisor"}


# --------------------------------------------------------------------------------------- in time, but late to us (law 6)


def late(
    t: Town, process: str, name: str, role: str, minutes: int, unit: str | None = "water", **body: Any
) -> str | None:
    """Bring a command that was received ``minutes`` before now."""
    actor = t.actor(process, name, role, unit=unit)
    return t.send(process, name, body, actor, received=t.now - timedelta(minutes=minutes))


def test_a_reply_at_our_door_in_time_undoes_the_automatic_raise() -> None:
    t = town()
    begin(t)
    t.give(URGE, "acknowledge", unit_="water")
    t.ring(URGE, "urge_reply")
    assert t.stage(ORDER) == "issued"
    t.wait(minutes=5)
    assert late(t, URGE, "reply_supervision", "unit_liaison", 30, reply=REF) is None
    t.deliver()
    assert t.stage(URGE) == "replied"
    assert t.stage(ORDER) == "withdrawn"
    assert t.events[ORDER][-1].body == {"process": URGE, "code": "reply_in_time", "clock": None, "next": None}
    assert t.state(URGE).clocks["urge_reply"].met is True
    assert t.state(URGE).clocks["supervision_verify"].clock.start == t.now
    t.give(URGE, "verify_supervision", met=True)
    assert [b["outcome"] for b in told_case(t, URGE)] == ["raised", "lifted"]


def test_what_was_raised_undone_and_not_met_is_raised_again_in_a_process_of_its_own() -> None:
    t = town()
    begin(t)
    t.give(URGE, "acknowledge", unit_="water")
    t.ring(URGE, "urge_reply")
    t.wait(minutes=5)
    assert late(t, URGE, "reply_supervision", "unit_liaison", 30, reply=REF) is None
    t.deliver()
    t.give(URGE, "verify_supervision", met=False)
    t.deliver()
    assert (t.stage(URGE), t.stage(ORDER)) == ("raised", "withdrawn")
    assert t.state(URGE).next == f"{ORDER}-2"
    assert t.stage(f"{ORDER}-2") == "issued"
    assert t.todos(f"{ORDER}-2"), "the unit that did not perform stays under supervision"


def test_a_reply_in_time_undoes_a_raise_by_the_supervisor_and_its_overdue() -> None:
    t, process = at("supervise")
    t.ring(process, "supervise_reply")
    t.wait(minutes=5)
    t.give(process, "raise_level")
    t.deliver()
    assert late(t, process, "reply_supervision", "unit_liaison", 30, reply=REF) is None
    t.deliver()
    assert t.stage(process) == "replied"
    assert "overdue_annulled" in t.types(process)
    assert not missed(t.state(process).answer)
    assert t.stage("supervision/m1/on_site/c1-1.supervise") == "withdrawn"


def test_a_reply_that_was_late_or_was_not_met_does_not_undo_a_raise() -> None:
    t = town()
    begin(t)
    t.ring(URGE, "urge_reply")
    assert late(t, URGE, "reply_supervision", "unit_liaison", 0, reply=REF) == "level_raised"

    t, process = at("urge")
    answer(t, process)
    t.give(process, "verify_supervision", met=False)
    assert t.refusal(process, "reply_supervision", unit_="water") == "level_raised"


def test_a_reply_in_time_is_refused_where_the_matter_is_urged_anew() -> None:
    t = town()
    begin(t)
    t.ring(URGE, "urge_reply")
    assert issue(t, "supervision/s1", level="urge") is None
    assert late(t, URGE, "reply_supervision", "unit_liaison", 5, reply=REF) == "already_supervised"


def test_an_annulment_that_meets_a_level_refused_meanwhile_is_taken_as_said() -> None:
    t = town()
    begin(t)
    assert issue(t, "supervision/s1", level="supervise") is None
    t.mail.clear()
    timer = next(x for x in t.processes[URGE].timers if x.key.startswith("urge_reply"))
    t.now = timer.at
    t.tick(URGE)
    assert late(t, URGE, "reply_supervision", "unit_liaison", 5, reply=REF) is None
    t.deliver()
    assert t.stage(URGE) == "replied"
    assert t.stage("supervision/s1") == "issued"
    assert ORDER not in t.processes


def annul(t: Town, process: str) -> None:
    """The case says that the overdue has been annulled for which it urged."""
    assert t.send(process, "annul_supervision", {"clock": "a1/handle"}, SYSTEM) is None


@pytest.mark.parametrize("answered", [False, True])
def test_an_urge_whose_overdue_is_annulled_is_over(answered: bool) -> None:
    t, urge = at("urge")
    if answered:
        answer(t, urge)
    annul(t, urge)
    assert t.stage(urge) == "withdrawn"
    assert told_case(t, urge)[-1]["outcome"] == "withdrawn"
    assert t.events[urge][-1].body["clock"] == "a1/handle"
    annul(t, urge)
    assert t.types(urge).count("supervision_annulled") == 1


def test_what_silence_led_to_falls_with_the_overdue_it_all_began_with() -> None:
    t = town()
    begin(t)
    t.ring(URGE, "urge_reply")
    t.ring(ORDER, "supervise_reply")
    t.give(ORDER, "raise_level")
    t.deliver()
    assert t.stage(SITE) == "issued"
    annul(t, URGE)
    t.deliver()
    assert [t.stage(p) for p in (URGE, ORDER, SITE)] == ["withdrawn"] * 3


def test_what_a_person_found_not_met_stands_though_the_overdue_falls() -> None:
    t = town()
    begin(t)
    answer(t, URGE)
    t.give(URGE, "verify_supervision", met=False)
    t.deliver()
    annul(t, URGE)
    t.deliver()
    assert [t.stage(p) for p in (URGE, ORDER)] == ["raised", "issued"]


def test_a_raise_received_before_the_reply_was_overdue_is_refused() -> None:
    t, process = at("supervise")
    t.ring(process, "supervise_reply")
    assert late(t, process, "raise_level", "supervisor", 1, unit=None, reason=REF) == "reply_not_overdue"


def test_an_outage_shortens_nobodys_limit() -> None:
    t, process = at("supervise")
    timer = next(x for x in t.processes[process].timers if x.key.startswith("supervise_reply"))
    t.now = timer.at + timedelta(days=3)
    t.tick(process)
    assert t.state(process).clocks["supervision_decide"].clock.start == t.now


# ------------------------------------------------------------------------------------------------------ who may not


@pytest.mark.parametrize(
    ("level", "command", "body"),
    [
        ("on_site", "visit_site", {}),
        ("supervise", "verify_supervision", {"met": False}),
        ("supervise", "withdraw_supervision", {}),
    ],
)
def test_nobody_judges_his_own_unit(level: str, command: str, body: dict[str, Any]) -> None:
    t, process = at(level)
    answer(t, process)
    assert t.refusal(process, command, unit_="water", **body) == "recusal"


def test_nobody_judges_his_own_unit_when_it_was_silent_or_not_met() -> None:
    t, process = at("supervise")
    t.ring(process, "supervise_reply")
    assert t.refusal(process, "raise_level", unit_="water") == "recusal"
    t, listed = at("listed")
    answer(t, listed)
    t.give(listed, "verify_supervision", met=False)
    assert t.refusal(listed, "propose_accountability", unit_="water") == "recusal"
    assert t.refusal(listed, "lift_listed", unit_="water") == "recusal"


def test_who_replied_or_issued_does_not_verify_lift_or_withdraw() -> None:
    t = town()
    assert issue(t, level="listed", user_="issuer") is None
    process = "supervision/s1"
    assert t.refusal(process, "withdraw_supervision", user_="issuer") == "four_eyes"
    t.give(process, "reply_supervision", unit_="water", user_="replier")
    assert t.refusal(process, "verify_supervision", met=True, user_="replier") == "four_eyes"
    assert t.refusal(process, "verify_supervision", met=True, user_="issuer") == "four_eyes"
    t.give(process, "verify_supervision", met=False, user_="second")
    assert t.refusal(process, "lift_listed", user_="issuer") == "four_eyes"
    assert t.refusal(process, "lift_listed", user_="replier") == "four_eyes"
    t.give(process, "lift_listed", user_="head")


def test_only_the_unit_answers_and_only_the_centre_head_takes_back() -> None:
    t, urge = at("urge")
    assert t.refusal(urge, "acknowledge", unit_="roads") == "not_permitted"
    assert t.refusal(urge, "reply_supervision", unit_="roads") == "not_permitted"
    assert t.refusal(urge, "withdraw_supervision", role="supervisor") == "not_permitted"
    assert t.refusal(urge, "lift_listed") == "not_in_this_stage"
    assert t.refusal(urge, "visit_site") == "not_on_site"
    answer(t, urge)
    assert t.refusal(urge, "acknowledge", unit_="water") == "not_in_this_stage"
    t.give(urge, "withdraw_supervision")
    assert t.stage(urge) == "withdrawn"
    assert told_case(t, urge)[-1]["outcome"] == "withdrawn"


def test_accountability_is_proposed_from_the_last_level_only() -> None:
    t, process = at("supervise")
    t.ring(process, "supervise_reply")
    assert t.refusal(process, "propose_accountability") == "not_listed"
    t, listed = at("listed")
    answer(t, listed)
    assert t.refusal(listed, "propose_accountability") == "not_in_this_stage"
    t.give(listed, "verify_supervision", met=False)
    assert t.refusal(listed, "propose_accountability", step="talk") == "invalid_command"


def test_what_is_over_takes_nothing_but_late_messages() -> None:
    for stage in OVER:
        allowed = {name for name, move in DECIDER.moves.items() if stage in move.stages}
        assert allowed <= {"next_refused", "annul_supervision"} | (
            {"reply_supervision"} if stage is Stage.raised else set()
        )


# ---------------------------------------------------------------------------------------------------------- lists


def test_lists_have_the_level_the_unit_the_matter_and_the_case() -> None:
    t, urge = at("urge")
    rows = DECIDER.columns(t.state(urge))
    (row,) = rows["proceeding_row"]
    assert {
        k: row[k] for k in ("id", "kind", "stage", "level", "unit", "case_no", "matter", "district", "overdue")
    } == {
        "id": urge,
        "kind": "supervision",
        "stage": "issued",
        "level": "urge",
        "unit": "water",
        "case_no": "c1",
        "matter": "m1",
        "district": "east",
        "overdue": False,
    }
    assert rows["party_row"] == [{"process": urge, "unit": "water"}]


def test_the_next_level_is_a_child_whose_refusal_comes_back() -> None:
    t, urge = at("urge")
    answer(t, urge)
    t.give(urge, "verify_supervision", met=False)
    (start,) = t.told(urge, "start")
    assert (start.target, start.body["command"]) == (ORDER, "open")
    assert (start.body["on_refused"], start.body["reply"]) == ("next_refused", {"process": ORDER})


# ----------------------------------------------------------------------------------------------- with the case it began in


def overdue_case() -> tuple[Town, str]:
    """A case whose lead is overdue, and the urge that it began."""
    t = Town(DECIDER, ACCOUNTABILITY)
    about = {"case_type": "complaint", "channel": "phone", "caller_type": "person"}
    body = {"request": "c1", "received_at": t.now.isoformat(), **about, **t.pins}
    assert t.send("case/c1", "open", body, SYSTEM) is None
    t.give("case/c1", "triage", triage="routine", matter="m1")
    t.give("case/c1", "dispatch", lead="water")
    t.ring("case/c1", "a1/handle/yellow")
    t.ring("case/c1", "a1/handle/due")
    t.deliver()
    (urge,) = t.starts_with("supervision/")
    assert (t.state(urge).unit, t.state(urge).matter, t.state(urge).trigger) == ("water", "m1", "overdue")
    return t, urge


def test_the_case_that_began_it_writes_down_how_it_ended() -> None:
    t, urge = overdue_case()
    answer(t, urge)
    t.give(urge, "verify_supervision", met=True)
    t.deliver()
    over = [e.body for e in t.events["case/c1"] if e.type == "supervision_over"]
    assert over == [{"process": urge, "level": "urge", "outcome": "lifted"}]


def test_the_case_takes_it_back_when_its_overdue_is_annulled() -> None:
    t, urge = overdue_case()
    t.wait(minutes=5)
    actor = t.actor("case/c1", "submit_result", "unit_liaison", unit="water")
    body = {"order": "a1", "code": "solved", "reply": REF, "documents": ["photo"]}
    assert t.send("case/c1", "submit_result", body, actor, received=t.now - timedelta(minutes=10)) is None
    t.deliver()
    assert t.stage(urge) == "withdrawn"
