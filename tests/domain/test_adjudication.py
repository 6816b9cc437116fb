"""明责: evidence, a ruling by two persons, 回避, the 编办, the ruling order, the precedent; the first receiver handles meanwhile.

Proved here: nothing is issued without a second person; nobody rules on his own unit; what is ruled cannot be given back; silence of
parties, of the group and of the 编办 leaves somebody above with the todo; messages that come late or twice change nothing.
"""

from datetime import timedelta
from typing import Any

import pytest

from domain.adjudicating.state import Adjudication
from domain.adjudication import DECIDER
from domain.holding import Hold, ItemState
from domain.process import SYSTEM
from tests.domain.casekit import REF
from tests.domain.clock_helpers import sh
from tests.domain.holderkit import HOLDER, Desk
from tests.domain.townkit import Town

A = "adjudication/c1-m1"
PARTIES = ("water", "roads")
END_OF_EVIDENCE = "2026-03-04 00:00"
"""One working day after Monday: the end of Tuesday."""


def town(*cases: str, parties: tuple[str, ...] = PARTIES, **opening: Any) -> Town:
    """An adjudication on one matter of each case; its holders (whose matters ``parks`` handles now) have answered."""
    t = Town(DECIDER, HOLDER)
    for case in cases or ("c1",):
        t.open(f"case/{case}", district="east")
    entries = [{"holder": f"case/{case}", "matter": "m1"} for case in cases or ("c1",)]
    given = {"question": "q#q", "first_receiver": "east-1", "district": "east", **opening}
    t.open(A, parties=parties, entries=entries, **given)
    t.deliver()
    return t


def ruling(*cases: str, **opening: Any) -> Town:
    """All parties have been heard, and the group has closed the evidence."""
    t = town(*cases, **opening)
    for unit in PARTIES:
        hand_in(t, unit)
    t.give(A, "close_evidence")
    assert t.stage(A) == "ruling"
    return t


def hand_in(t: Town, unit: str, **more: Any) -> None:
    t.give(A, "submit_evidence", unit=unit, unit_=unit, **{"kind": "catalogue", **more})


def rule(t: Town, item: str = "i1", user: str = "member-1", **more: Any) -> str | None:
    given = {"form": "designate", "lead": "water", **more}
    return t.refusal(A, "rule", item=item, user_=user, **given)


def confirm(t: Town, item: str = "i1", user: str = "member-2", **more: Any) -> str | None:
    return t.refusal(A, "confirm_ruling", item=item, user_=user, **more)


def issue(t: Town, item: str = "i1", **more: Any) -> None:
    assert rule(t, item, **more) is None
    assert confirm(t, item) is None


def state(t: Town) -> Adjudication:
    found = t.state(A)
    assert isinstance(found, Adjudication)
    return found


def desk(t: Town, case: str = "c1") -> Desk:
    found = t.state(f"case/{case}")
    assert isinstance(found, Desk)
    return found


def item(t: Town, item: str = "i1") -> ItemState:
    return state(t).items[item].state


def todos(t: Town) -> dict[str, tuple[str, tuple[str, ...]]]:
    return {x.key: (x.role, x.commands) for x in t.todos(A)}


def notices(t: Town, what: str) -> list[str]:
    return [e.target for e in t.told(A, "notice") if e.body["what"] == what]


# ----------------------------------------------------------------------------------------------------------- the normal way


def test_evidence_ruling_confirmation_and_the_case_has_an_owner_who_cannot_give_it_back() -> None:
    t = ruling()
    assert rule(t, co=[], basis="b#b") is None
    assert todos(t) == {"confirm/i1": ("adjudication_group", ("confirm_ruling",))}
    assert desk(t).applied == ()
    assert confirm(t) is None
    t.deliver()
    assert t.closed(A)
    assert item(t) is ItemState.applied
    verdict = desk(t).applied[0]
    assert (verdict.lead, verdict.co, verdict.no_return, verdict.basis) == ("water", (), True, "b#b")
    assert state(t).clocks["adjudicate"].met is True


def test_a_joint_ruling_names_those_who_work_with_the_lead() -> None:
    t = ruling()
    issue(t, form="joint", lead="water", co=["roads", "roads"])
    t.deliver()
    assert desk(t).applied[0].co == ("roads",)


def test_nobodys_matter_gets_a_fallback_owner() -> None:
    t = ruling()
    issue(t, form="fallback", lead="housing")
    t.deliver()
    assert desk(t).applied[0].lead == "housing"


def test_the_city_centre_asks_for_a_ruling_on_several_matters() -> None:
    t = Town(DECIDER, HOLDER)
    for case in ("c1", "c2"):
        t.open(f"case/{case}")
    entries = [{"holder": "case/c1"}, {"holder": "case/c2"}, {"holder": "case/c1"}]
    t.give(
        A, "open_adjudication", parties=["water", "water"], entries=entries, first_receiver="east-1", triage="urgent"
    )
    t.deliver()
    assert state(t).parties == ("water",)
    assert [i.holder for i in state(t).reserved] == ["case/c1", "case/c2"]
    assert t.todo(A, "evidence/water").due == t.now + timedelta(hours=1)


def test_a_holder_that_asks_itself_need_not_be_asked_and_is_told_to_go_on() -> None:
    t = Town(DECIDER, HOLDER)
    t.open("case/c1", holds=[Hold(process=A, item="i1", matter="m1").model_dump()])
    entry = {"holder": "case/c1", "matter": "m1", "reserved": True, "unit": "parks", "case": "c1"}
    t.open(A, parties=PARTIES, entries=[entry], first_receiver="east-1")
    assert t.told(A, "tell") == []
    assert notices(t, "handle_meanwhile") == ["unit:east-1", "unit:parks"]


def test_items_are_ruled_on_each_on_its_own() -> None:
    t = ruling("c1", "c2")
    issue(t, "i1")
    t.deliver()
    assert item(t, "i1") is ItemState.applied
    assert list(todos(t)) == ["rule/i2"]
    issue(t, "i2", lead="roads")
    t.deliver()
    assert t.closed(A)


# ------------------------------------------------------------------------------------------------------- who is told, papers


def test_meanwhile_the_first_receiver_and_whoever_has_the_matter_go_on_and_are_told_so() -> None:
    t = town("c1", "c2")
    assert notices(t, "handle_meanwhile") == ["unit:east-1", "unit:parks", "unit:parks"]
    assert notices(t, "adjudication_opened") == ["unit:water", "unit:roads"]


def test_a_first_receiver_who_has_the_matter_is_told_once() -> None:
    assert notices(town(first_receiver="parks"), "handle_meanwhile") == ["unit:parks"]


def test_the_ruling_order_goes_to_the_lead_signed_by_the_second_person_with_codes_and_references_only() -> None:
    t = ruling()
    assert rule(t, basis="b#b", term=250) is None
    assert t.told(A, "paper") == []
    assert confirm(t) is None
    (paper,) = t.told(A, "paper")
    assert paper.body["paper"] == "ruling_order"
    assert (paper.body["to"], paper.body["case"], paper.body["signed_by"]) == ("water", "c1", "member-2")
    assert paper.body["texts"] == {"basis": "b#b", "question": "q#q"}
    fields = paper.body["fields"]
    assert (fields["process"], fields["item"], fields["holder"]) == (A, "i1", "case/c1")
    assert (fields["form"], fields["lead"], fields["co"], fields["no_return"]) == ("designate", "water", [], True)
    assert fields["until"] is not None
    assert notices(t, "ruling_issued") == ["unit:water", "unit:roads"]


def test_only_issued_rulings_are_precedents_and_their_term_ends_on_a_working_day() -> None:
    t = ruling("c1", "c2")

    def rows() -> list[dict[str, Any]]:
        return DECIDER.columns(state(t))["ruling_row"]

    assert rule(t, "i1", term=2) is None
    assert rows() == []
    assert confirm(t, "i1") is None
    assert rows() == [
        {
            "process": A,
            "item": "i1",
            "kind": "ruling",
            "case_no": "c1",
            "catalogue_item": "lamp",
            "matter": "m1",
            "district": "east",
            "lead": "water",
            "co": [],
            "ruled_at": t.now,
            "until": sh("2026-03-05 00:00"),
        }
    ]
    issue(t, "i2")
    assert rows()[1]["until"] is None


def test_the_lists_show_every_unit_it_is_about() -> None:
    t = ruling()
    issue(t, form="joint", lead="water", co=["housing"])
    rows = DECIDER.columns(state(t))
    assert {r["unit"] for r in rows["party_row"]} == {"water", "roads", "parks", "east-1", "housing"}
    assert rows["proceeding_row"][0]["case_no"] == "c1"
    assert rows["agenda_row"][0]["lead"] == "water"


# ----------------------------------------------------------------------------------------------------------------- evidence


def test_every_party_has_a_todo_until_it_has_handed_in_something() -> None:
    t = town()
    assert t.todo(A, "evidence/water").due == sh(END_OF_EVIDENCE)
    hand_in(t, "water", documents=["d1"], reference="item-7", item="i1")
    assert list(todos(t)) == ["evidence/roads"]
    kept = state(t).evidence[0]
    assert (kept.unit, kept.documents, kept.reference, kept.item, kept.by) == (
        "water",
        ("d1",),
        "item-7",
        "i1",
        "unit_liaison.water",
    )
    hand_in(t, "roads")
    assert todos(t) == {"evidence": ("adjudication_group", ("close_evidence", "submit_evidence", "record_hearing"))}


def test_silence_of_the_parties_does_not_stop_the_group() -> None:
    t = town()
    t.ring(A, "evidence")
    assert t.stage(A) == "ruling"
    closed = next(e for e in t.events[A] if e.type == "evidence_closed")
    assert closed.body["silent"] == ["water", "roads"]
    assert notices(t, "adjudication_ready") == ["role:adjudication_group"]
    assert todos(t) == {"rule/i1": ("adjudication_group", ("rule",))}


def test_the_group_does_not_close_the_evidence_over_the_head_of_a_party() -> None:
    t = town()
    hand_in(t, "water")
    assert t.refusal(A, "close_evidence") == "parties_not_heard"
    hand_in(t, "roads")
    assert t.refusal(A, "close_evidence", unit_="parks") == "recusal"
    assert t.refusal(A, "close_evidence") is None
    assert state(t).clocks["evidence"].met is True


def test_without_parties_the_group_may_begin_at_once() -> None:
    t = town(parties=())
    t.give(A, "close_evidence")
    assert t.stage(A) == "ruling"


def test_in_a_pack_without_a_limit_for_evidence_silent_parties_do_not_hold_the_group_up() -> None:
    t = Town(DECIDER, HOLDER)
    t.pack = t.pack.model_copy(update={"steps": {k: v for k, v in t.pack.steps.items() if k != "evidence"}})
    t.open("case/c1")
    t.open(A, parties=PARTIES, entries=[{"holder": "case/c1"}])
    t.deliver()
    assert todos(t)["evidence"] == ("adjudication_group", ("close_evidence", "submit_evidence", "record_hearing"))
    t.give(A, "close_evidence")
    assert t.stage(A) == "ruling"


def test_parties_hand_in_for_themselves_the_first_receiver_too_and_nobody_else() -> None:
    t = town()
    hand_in(t, "east-1")

    def refusal(**body: Any) -> str | None:
        return t.refusal(A, "submit_evidence", **{"kind": "law", **body})

    assert refusal(unit="parks", unit_="parks") == "not_a_party"
    assert refusal(unit="water", unit_="roads") == "not_permitted"
    assert refusal(unit_="water") == "not_permitted"
    assert refusal(unit="water", unit_="water", item="i9") == "no_such_item"
    assert refusal(unit="water", unit_="water", kind="hearsay") == "invalid_command"


def test_the_group_adds_past_rulings_itself_until_the_end_but_in_nobodys_name() -> None:
    t = ruling()
    assert t.refusal(A, "submit_evidence", kind="ruling", role="adjudication_group", unit="water") == "invalid_value"
    t.give(A, "submit_evidence", kind="ruling", role="adjudication_group", reference="adjudication/c0")
    assert state(t).evidence[-1].unit is None


def late(t: Town, unit: str, minutes: int) -> str | None:
    body = {"unit": unit, "kind": "law", "text": REF}
    actor = t.actor(A, "submit_evidence", unit=unit)
    return t.send(A, "submit_evidence", body, actor, received=sh(END_OF_EVIDENCE) + timedelta(minutes=minutes))


def test_evidence_received_in_time_counts_although_it_is_written_after_and_later_evidence_does_not() -> None:
    t = town()
    t.until(sh(END_OF_EVIDENCE) + timedelta(minutes=30))
    assert t.stage(A) == "ruling"
    assert late(t, "water", -1) is None
    assert late(t, "roads", 0) == "evidence_over"
    assert late(t, "roads", 20) == "evidence_over"
    assert [e.unit for e in state(t).evidence] == ["water"]


def test_after_the_group_closed_the_evidence_nothing_came_in_time() -> None:
    t = ruling()
    assert late(t, "water", -60) == "evidence_over"


# ------------------------------------------------------------------------------------------------------------------ hearing


def test_a_hearing_is_written_down_with_those_who_were_there_and_is_no_condition() -> None:
    t = ruling()
    t.give(A, "record_hearing", text="h#h", attending=["water", "roads", "water"])
    kept = state(t).hearings[0]
    assert (kept.text, kept.attending) == ("h#h", ("water", "roads"))
    assert t.refusal(A, "record_hearing", attending=["closed-bureau"]) == "unknown_unit"
    assert t.refusal(A, "record_hearing", unit_="roads") == "recusal"


# ------------------------------------------------------------------------------------------------------- four eyes, recusal


def test_nobody_confirms_his_own_ruling_nor_sends_it_back() -> None:
    t = ruling()
    assert rule(t) is None
    assert confirm(t, user="member-1") == "four_eyes"
    assert confirm(t, user="member-1", approve=False, reason=REF) == "four_eyes"
    assert confirm(t) is None


@pytest.mark.parametrize("unit", ["water", "roads", "east-1", "parks", "housing"])
def test_nobody_rules_or_confirms_whose_unit_is_a_party_has_the_matter_or_is_named(unit: str) -> None:
    t = ruling()
    named: dict[str, Any] = {"form": "joint", "lead": "west-1", "co": ["housing"]}
    assert rule(t, unit_=unit, **named) == "recusal"
    assert rule(t, unit_="east-2", **named) is None
    assert confirm(t, unit_=unit) == "recusal"
    assert confirm(t, unit_="west-1") == "recusal"
    assert confirm(t, unit_="east-2") is None


def test_the_second_person_sends_a_ruling_back_with_a_reason_and_the_item_is_ruled_on_anew() -> None:
    t = ruling()
    assert rule(t) is None
    assert confirm(t, approve=False) == "reason_needed"
    assert confirm(t, approve=False, reason=REF) is None
    assert todos(t) == {"rule/i1": ("adjudication_group", ("rule",))}
    assert confirm(t) == "no_draft"
    issue(t, lead="roads")
    t.deliver()
    assert desk(t).applied[0].lead == "roads"


def test_while_a_ruling_waits_for_its_second_person_no_other_is_drawn_up() -> None:
    t = ruling()
    assert rule(t) is None
    assert rule(t, user="member-3") == "draft_open"


# ------------------------------------------------------------------------------------------------------------------ refusals


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"form": "designate", "lead": None}, "lead_needed"),
        ({"form": "fallback", "lead": None}, "lead_needed"),
        ({"form": "joint"}, "co_needed"),
        ({"form": "joint", "co": ["water"]}, "lead_among_co"),
        ({"form": "designate", "co": ["roads"]}, "invalid_value"),
        ({"form": "fallback", "co": ["roads"]}, "invalid_value"),
        ({"form": "refer"}, "invalid_value"),
        ({"form": "refer", "lead": None, "co": ["roads"]}, "invalid_value"),
        ({"form": "refer", "lead": None, "term": 5}, "invalid_value"),
        ({"lead": "closed-bureau"}, "unknown_unit"),
        ({"form": "joint", "co": ["nobody"]}, "unknown_unit"),
        ({"term": 0}, "invalid_command"),
        ({"item": "i9"}, "no_such_item"),
        ({"user": "x", "role": "city_centre"}, "not_permitted"),
    ],
)
def test_a_ruling_fits_its_form(body: dict[str, Any], code: str) -> None:
    t = ruling()
    assert rule(t, **body) == code
    assert state(t).drafts == {}


def test_a_ruling_waits_for_the_evidence() -> None:
    assert rule(town()) == "not_in_this_stage"


def test_an_item_that_is_ruled_on_is_not_ruled_on_again() -> None:
    t = ruling("c1", "c2")
    issue(t)
    assert rule(t) == "item_not_in_this_state"
    assert confirm(t) == "item_not_in_this_state"


def test_an_adjudication_by_hand_names_units_that_exist() -> None:
    t = Town(DECIDER, HOLDER)
    given: dict[str, Any] = {"parties": ["water"], "entries": [{"holder": "case/c1"}]}
    assert t.refusal(A, "open_adjudication", **{**given, "parties": ["nobody"]}) == "unknown_unit"
    assert t.refusal(A, "open_adjudication", **given, first_receiver="closed-bureau") == "unknown_unit"
    assert t.refusal(A, "open_adjudication", **given, role="agent") == "not_permitted"


def test_what_a_machine_asks_for_is_never_refused_for_a_unit_that_is_gone() -> None:
    t = town(parties=("water", "closed-bureau", "nobody", "water"))
    assert state(t).parties == ("water",)


def test_with_nothing_on_the_agenda_it_is_over() -> None:
    t = Town(DECIDER, HOLDER)
    t.open(A, parties=PARTIES, entries=[])
    assert t.closed(A)


# --------------------------------------------------------------------------------------------------------------- escalation


def test_the_centre_head_is_not_asked_before_the_group_is_late() -> None:
    t = ruling()
    assert rule(t, role="centre_head") == "not_escalated"
    assert rule(t) is None
    assert confirm(t, role="centre_head") == "not_escalated"


def test_when_the_group_is_late_the_centre_head_has_the_todo_too_and_two_persons_still_rule() -> None:
    t = ruling()
    t.ring(A, "adjudicate")
    assert notices(t, "adjudication_overdue") == ["role:centre_head"]
    assert todos(t) == {"rule/i1": ("adjudication_group", ("rule",)), "escalated/i1": ("centre_head", ("rule",))}
    assert rule(t, role="centre_head", user="head") is None
    assert todos(t)["escalated/i1"] == ("centre_head", ("confirm_ruling",))
    assert confirm(t, role="centre_head", user="head") == "four_eyes"
    assert confirm(t) is None
    t.deliver()
    assert t.closed(A)
    assert state(t).clocks["adjudicate"].met is False


def test_the_groups_limit_begins_when_the_evidence_was_closed_not_when_it_should_have_been() -> None:
    t = town()
    t.now = sh("2026-03-10 10:00")
    t.tick(A)
    assert state(t).clocks["adjudicate"].clock.start == sh("2026-03-10 10:00")


def test_silence_of_everybody_for_ever_leaves_the_group_and_the_centre_head_with_the_todo() -> None:
    t = town()
    t.wait(days=400)
    assert set(todos(t)) == {"rule/i1", "escalated/i1"}


# ----------------------------------------------------------------------------------------------------------------- the 编办


def referred(*cases: str) -> Town:
    t = ruling(*cases)
    issue(t, form="refer", lead=None)
    return t


def test_a_referred_item_stays_with_the_group_until_the_definition_names_the_owner_and_two_persons_issue_it() -> None:
    t = referred()
    assert desk(t).applied == ()
    assert t.told(A, "paper") == []
    assert todos(t) == {"define/i1": ("adjudication_group", ("record_definition", "rule"))}
    assert state(t).running("adjudicate") is None, "nobody is late while the 编办 considers"
    t.give(A, "record_definition", item="i1", lead="roads", co=["housing"], user_="member-1", documents=["d9"])
    assert todos(t) == {"confirm/i1": ("adjudication_group", ("confirm_ruling",))}
    assert state(t).running("adjudicate") is not None
    assert confirm(t, user="member-1") == "four_eyes"
    assert confirm(t) is None
    t.deliver()
    assert t.closed(A)
    assert (desk(t).applied[0].lead, desk(t).applied[0].co) == ("roads", ("housing",))
    issued = state(t).issued["i1"]
    assert (issued.form, issued.defined) == ("joint", True)


def test_a_definition_is_recorded_only_of_what_was_referred_and_not_by_a_unit_it_names() -> None:
    t = ruling()
    assert t.refusal(A, "record_definition", item="i1", lead="roads") == "not_referred"
    t = referred()
    assert t.refusal(A, "record_definition", item="i1", lead="housing", unit_="housing") == "recusal"
    assert t.refusal(A, "record_definition", item="i1", lead="water", co=["water"]) == "lead_among_co"
    assert t.refusal(A, "record_definition", item="i1", lead="closed-bureau") == "unknown_unit"


def test_a_referral_takes_two_persons_too() -> None:
    t = ruling()
    assert rule(t, form="refer", lead=None) is None
    assert confirm(t, user="member-1") == "four_eyes"
    assert "duty_referred" not in t.types(A)


def test_the_group_need_not_wait_for_the_definition() -> None:
    t = referred()
    issue(t, form="fallback", lead="housing")
    t.deliver()
    assert desk(t).applied[0].lead == "housing"


def test_a_definition_that_is_sent_back_is_asked_for_again() -> None:
    t = referred()
    t.give(A, "record_definition", item="i1", lead="roads", user_="member-1")
    assert confirm(t, approve=False, reason=REF) is None
    assert list(todos(t)) == ["define/i1"]
    assert state(t).running("adjudicate") is None


def test_other_items_keep_the_groups_limit_running_while_one_is_referred() -> None:
    t = referred("c1", "c2")
    assert state(t).running("adjudicate") is not None
    issue(t, "i2")
    assert state(t).running("adjudicate") is None


def test_nobody_waits_for_a_definition_of_what_was_settled_another_way() -> None:
    t = referred("c1", "c2")
    t.give("case/c1", "designate", matter="m1")
    t.deliver()
    assert t.stage(A) == "ruling"
    assert state(t).running("definition/i1") is None
    assert state(t).clocks["definition/i1"].met is None


def test_silence_of_the_office_that_defines_comes_before_the_centre_head() -> None:
    t = referred()
    t.ring(A, "definition")
    assert todos(t)["escalated/i1"] == ("centre_head", ("record_definition", "rule"))
    assert rule(t, role="centre_head", user="head") is None
    assert confirm(t) is None
    t.deliver()
    assert t.closed(A)


# --------------------------------------------------------------------------------------- withdrawal, what happens at holders


def test_the_city_centre_withdraws_what_is_not_ruled_on_and_what_is_ruled_stands() -> None:
    t = ruling("c1", "c2")
    issue(t)
    assert t.refusal(A, "withdraw_adjudication", unit_="water") == "recusal"
    t.give(A, "withdraw_adjudication")
    t.deliver()
    assert t.closed(A)
    assert (item(t, "i1"), item(t, "i2")) == (ItemState.applied, ItemState.dropped)
    assert desk(t, "c2").holds == {}
    assert notices(t, "adjudication_withdrawn") == ["unit:water", "unit:roads"]


def test_a_question_settled_another_way_ends_it_at_any_stage() -> None:
    for t in (town(), ruling(), referred()):
        t.give("case/c1", "designate", matter="m1")
        t.deliver()
        assert t.closed(A)
        assert item(t) is ItemState.overtaken
        assert t.processes[A].timers == ()
        assert DECIDER.columns(state(t))["ruling_row"] == []


def test_a_ruling_that_comes_too_late_for_the_case_stays_a_precedent() -> None:
    t = ruling()
    issue(t)
    t.give("case/c1", "designate", matter="m1")
    t.deliver()
    assert (t.closed(A), item(t), desk(t).applied) == (True, ItemState.overtaken, ())
    assert len(DECIDER.columns(state(t))["ruling_row"]) == 1


def test_a_matter_that_cannot_be_had_ends_it() -> None:
    t = Town(DECIDER, HOLDER)
    t.open("case/c1")
    t.give("case/c1", "designate", matter="m1")
    t.open(A, parties=PARTIES, entries=[{"holder": "case/c1", "matter": "m1"}])
    t.deliver()
    assert t.closed(A)
    assert item(t) is ItemState.refused


def test_what_its_holder_has_not_answered_for_is_not_ruled_on_yet() -> None:
    t = Town(DECIDER, HOLDER)
    t.open("case/c1")
    t.open(A, parties=(), entries=[{"holder": "case/c1"}])
    t.give(A, "close_evidence")
    assert todos(t) == {}
    assert rule(t) == "item_not_in_this_state"
    t.deliver()
    assert list(todos(t)) == ["rule/i1"]
    assert state(t).running("adjudicate") is not None


def test_a_matter_that_cannot_be_had_after_all_others_are_ruled_on_leaves_nothing_to_rule_on() -> None:
    t = Town(DECIDER, HOLDER)
    for case in ("c1", "c2"):
        t.open(f"case/{case}")
    t.open(A, parties=(), entries=[{"holder": f"case/{case}", "matter": "m1"} for case in ("c1", "c2")])
    while item(t) is not ItemState.reserved:
        t.arrive(next(n for n, letter in enumerate(t.mail) if letter.effect.target != "case/c2"))
    t.give(A, "close_evidence")
    issue(t)
    assert (t.stage(A), item(t, "i2")) == ("ruling", ItemState.proposed)
    t.give("case/c2", "designate", matter="m1")
    t.deliver()
    assert item(t, "i2") is ItemState.refused
    assert t.closed(A)


def test_every_message_may_come_twice() -> None:
    t = ruling()
    issue(t)
    while t.mail:
        t.arrive(0, again=True)
        t.arrive(0)
    assert len(desk(t).applied) == 1
    written = len(t.events[A])
    for name in ("confirm_item", "confirm_applied"):
        assert t.send(A, name, {"item": "i1"}, SYSTEM) is None
    for name in ("refuse_item", "overtake_item"):
        assert t.send(A, name, {"item": "i1", "code": "x"}, SYSTEM) is None
    assert len(t.events[A]) == written
