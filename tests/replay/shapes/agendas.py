"""会商、明责: consultations and adjudications that persons open, with matters that are had, refused, overtaken, taken back."""

from typing import Any

from tests.factories.engine import LiveCase, LiveProcess, until
from tests.replay.shapes.beside import begun, beside, holds, just_before
from tests.replay.shapes.clocks import A_LIFE_S, DEMO
from tests.replay.shapes.registry import Stage, shape

CENTRE = {"role": "city_centre"}
PAIR = ("roads", "parks")


async def disputed(stage: Stage, **fields: Any) -> tuple[LiveCase, LiveProcess]:
    """A disputed case, and the consultation on it, in which nobody says that it is his."""
    case = await stage.case(**fields)
    await case.give("triage", triage="disputed")
    await case.give("call_consultation", matter="m1", candidates=PAIR)
    return case, await beside(stage, f"consultation/{case.no}-m1")


async def not_ours(asked: LiveProcess) -> None:
    """Both units say so."""
    for unit in PAIR:
        await asked.give("state_opinion", unit_=unit, item="i1", unit=unit, opinion="not_mine")


async def accepted(case: LiveCase) -> None:
    """The unit solves it meanwhile."""
    await case.give("submit_result", unit="water", order="a1", code="solved", documents=("doc-1",))
    await case.give("review_result", order="a1", accept=True)


@shape(holds="specialist_advised consultation_item_concluded item_decided item_applied opinions_counted")
async def a_meeting_concludes(stage: Stage) -> None:
    """A specialist is heard; nobody says that it is his; the meeting finds the owner."""
    case, asked = await disputed(stage)
    await asked.give("advise", item="i1")
    await not_ours(asked)
    await asked.give("conclude_item", item="i1", lead="water", attending=PAIR)
    await holds(asked, "item_applied")
    await case.settled()


@shape(holds="item_reserved item_refused item_overtaken consultation_opened")
async def a_consultation_by_hand(stage: Stage) -> None:
    """A person puts two cases on the agenda: one is over, the other is solved before anybody has said a word."""
    over = await stage.case()
    await over.give("answer")
    case = await (await stage.case()).dispatched()
    entries = tuple({"holder": one.process} for one in (over, case))
    asked = await begun(
        stage, f"consultation/h-{case.no}", "open_consultation", role="dispatcher", candidates=PAIR, entries=entries
    )
    await holds(asked, "item_refused")
    await holds(asked, "item_reserved")
    await accepted(case)
    await holds(asked, "item_overtaken")
    await case.settled()


@shape(holds="consultation_items_taken_back item_carried consultation_withdrawn item_dropped adjudication_withdrawn")
async def the_group_has_that_number(stage: Stage) -> None:
    """The adjudication that was to begin is there already: the items come back, and are withdrawn."""
    case, asked = await disputed(stage)
    other = await (await stage.case()).dispatched()
    group = await begun(
        stage, f"adjudication/{case.no}-m1", "open_adjudication", parties=PAIR, entries=({"holder": other.process},)
    )
    await holds(group, "item_reserved")
    await not_ours(asked)
    await asked.give("send_to_adjudication")
    await holds(asked, "consultation_items_taken_back")
    await asked.give("withdraw_consultation", **CENTRE)
    await group.give("withdraw_adjudication")
    await holds(case, "matter_released")
    await case.settled()


@shape(holds="ruling_sent_back duty_referred hearing_recorded ruling_issued item_refused item_overtaken")
async def the_duty_is_defined_first(stage: Stage) -> None:
    """Sent back, referred to the 编办, defined and confirmed; of two other matters one is refused, one overtaken."""
    over = await stage.case()
    await over.give("answer")
    solved = await (await stage.case()).dispatched()
    case = await (await stage.case()).dispatched()
    entries = tuple({"holder": one.process} for one in (over, solved, case))
    group = await begun(
        stage, f"adjudication/h-{case.no}", "open_adjudication", parties=PAIR, entries=entries, first_receiver="water"
    )
    await holds(group, "item_refused")
    await holds(group, "item_reserved", 2)
    await accepted(solved)
    await holds(group, "item_overtaken")
    for unit in PAIR:
        await group.give("submit_evidence", unit_=unit, unit=unit, kind="three_fixings")
    await group.give("close_evidence")
    await group.give("record_hearing", attending=PAIR)
    await group.give("rule", item="i3", form="designate", lead="roads")
    await group.give("confirm_ruling", user_="another", item="i3", approve=False, reason="d/x#reason")
    await group.give("rule", item="i3", form="refer")
    await group.give("confirm_ruling", user_="another", item="i3", approve=True)
    await group.give("record_definition", item="i3", lead="roads", co=("parks",), term=250)
    await group.give("confirm_ruling", user_="another", item="i3", approve=True)
    await holds(group, "item_applied")
    await case.settled()


@shape(holds="overdue_reached overdue_annulled evidence_closed consultation_vote_ended", shows="TIMER_FIRED")
async def nobody_says_a_word(stage: Stage) -> None:
    """The vote and the meeting pass, the evidence passes, the group is late; what it wrote had come in time."""
    case, asked = await disputed(stage, **DEMO)
    await holds(asked, "item_carried", seconds=A_LIFE_S)
    group = await beside(stage, f"adjudication/{case.no}-m1")
    await until(lambda: "overdue_reached" in group.types(), seconds=A_LIFE_S)
    due = next(e.body["due"] for e in group.events() if e.type == "overdue_reached")
    ruled = {"item": "i1", "received": just_before(due)}
    await group.give("rule", form="designate", lead="water", **ruled)
    await group.give("confirm_ruling", user_="another", approve=True, **ruled)
    await holds(group, "overdue_annulled")
    await case.settled()
