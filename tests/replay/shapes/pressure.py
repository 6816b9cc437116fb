"""督办、问责: levels that rise, are taken back and lead to accountability, and accountabilities to their end."""

from typing import Any

from tests.factories.engine import LiveProcess, until
from tests.replay.shapes.beside import begun, beside, holds, just_before, opened
from tests.replay.shapes.clocks import A_LIFE_S
from tests.replay.shapes.registry import Stage, shape

HEAD = {"role": "centre_head"}


def issued(level: str, matter: str) -> dict[str, Any]:
    """What a supervisor issues."""
    return {"level": level, "unit": "water", "matter": matter, "trigger": "supervisor"}


async def replied(supervision: LiveProcess, *, met: bool) -> None:
    """The unit replies, and another verifies it."""
    await supervision.give("reply_supervision", unit_="water")
    await supervision.give("verify_supervision", user_="another", met=met)


@shape(
    holds="supervision_site_visited supervision_raised supervision_next_refused supervision_proposed supervision_withdrawn"
    " accountability_opened"
)
async def not_met_and_raised(stage: Stage) -> None:
    """On site, not met, listed, not met, proposed. Another is raised to a level that is taken; one is withdrawn."""
    no = (await stage.case()).no
    first = await begun(stage, f"supervision/m-{no}/on_site/1", "issue_supervision", **issued("on_site", f"m-{no}"))
    await first.give("acknowledge", unit_="water")
    await first.give("visit_site", role="supervisor")
    await replied(first, met=False)
    raised = next(e.body["process"] for e in first.events() if e.type == "supervision_raised")
    listed = await beside(stage, raised)
    again = await begun(stage, f"supervision/m-{no}/on_site/2", "issue_supervision", **issued("on_site", f"m-{no}"))
    await replied(again, met=False)
    await holds(again, "supervision_next_refused")
    await replied(listed, met=False)
    await listed.give("propose_accountability", step="remind")
    proposed = next(e.body["process"] for e in listed.events() if e.type == "supervision_proposed")
    await beside(stage, proposed)
    other = await begun(stage, f"supervision/o-{no}/urge/1", "issue_supervision", **issued("supervise", f"o-{no}"))
    await other.give("withdraw_supervision", **HEAD)


@shape(
    holds="overdue_reached overdue_annulled supervision_raised supervision_reopened supervision_verified",
    shows="TIMER_FIRED",
)
async def raised_for_want_of_a_reply_that_was_there(stage: Stage) -> None:
    """The unit's reply had come in time: an urge that had raised itself is open again; an overdue is annulled."""
    no = (await stage.case()).no
    about = {"trigger": "overdue", "unit": "water", "case": None, "note": None}
    urge = await opened(stage, f"supervision/u-{no}/urge/1", pack="demo", level="urge", matter=f"u-{no}", **about)
    await holds(urge, "supervision_raised", seconds=A_LIFE_S)
    rang = next(e for e in reversed(urge.events()) if e.type == "timer_rang" and e.body["key"].endswith("/due"))
    await urge.give("reply_supervision", unit_="water", received=just_before(rang.body["nominal"]))
    await holds(urge, "supervision_reopened")
    late = await opened(
        stage, f"supervision/s-{no}/supervise/1", pack="demo", level="supervise", matter=f"s-{no}", **about
    )
    await until(lambda: _missed(late), seconds=A_LIFE_S)
    await late.give("reply_supervision", unit_="water", received=just_before(_missed(late)[0]))
    await holds(late, "overdue_annulled")
    for one in (urge, late):
        await one.give("verify_supervision", user_="another", met=True)


def _missed(supervision: LiveProcess) -> list[str]:
    """When the reply was due, once it is overdue."""
    overdue = (e.body for e in supervision.events() if e.type == "overdue_reached")
    return [body["due"] for body in overdue if "reply" in body["key"]]


async def answering(stage: Stage, no: str, step: str, **more: Any) -> LiveProcess:
    """An accountability that a supervisor opens."""
    about = {"unit": "water", "step": step, "matter": f"m-{no}", **more}
    return await begun(stage, f"accountability/water/{step}-{no}", "open_accountability", **about)


async def upheld(one: LiveProcess) -> None:
    """Facts, notice, the unit's word, the decision, and the review that lets it take effect."""
    await one.give("record_facts")
    await one.give("serve_notice")
    await one.give("make_statement", unit_="water")
    await one.give("object_to_facts", unit_="water")
    await one.give("decide_accountability", **HEAD, outcome="upheld")
    await one.give("serve_decision", role="supervisor")
    await one.give("ask_review", unit_="water", user_="head")
    await one.give("decide_review", role="city_office", upheld=True)


@shape(
    holds="accountability_facts_recorded accountability_noticed accountability_answered accountability_decided"
    " accountability_served accountability_review_asked accountability_review_decided accountability_effective"
    " accountability_talk_recorded accountability_rectification_reported accountability_rectification_checked"
    " accountability_grave_reviewed accountability_listed_refused"
)
async def answered_for(stage: Stage) -> None:
    """A talk, put right and checked; a grave matter that begins with a criticism, whose listing is refused."""
    no = (await stage.case()).no
    talk = await answering(stage, no, "talk", after=f"accountability/water/remind-{no}")
    await upheld(talk)
    await talk.give("record_talk", role="supervisor")
    await talk.give("report_rectification", unit_="water")
    await talk.give("check_rectification", role="supervisor", result="done")
    await begun(stage, f"supervision/m-{no}/listed/1", "issue_supervision", **issued("listed", f"m-{no}"))
    grave = await answering(stage, no, "criticise")
    await grave.give("approve_grave", role="city_office", user_="approver", approve=True)
    await upheld(grave)
    await holds(grave, "accountability_listed_refused")


@shape(holds="accountability_unit_silent overdue_reached overdue_annulled accountability_decided", shows="TIMER_FIRED")
async def nobody_speaks_for_the_unit(stage: Stage) -> None:
    """The facts come late and had come in time; the unit says nothing."""
    no = (await stage.case()).no
    about = {"unit": "water", "step": "remind", "matter": f"m-{no}", "supervision": f"supervision/m-{no}/listed/1"}
    one = await opened(stage, f"accountability/water/silent-{no}", pack="demo", **about)
    await until(lambda: "overdue_reached" in one.types(), seconds=A_LIFE_S)
    due = next(e.body["due"] for e in one.events() if e.type == "overdue_reached")
    await one.give("record_facts", received=just_before(due))
    await one.give("serve_notice", received=just_before(due))
    await holds(one, "overdue_annulled")
    await holds(one, "accountability_unit_silent", seconds=A_LIFE_S)
    await one.give("decide_accountability", **HEAD, outcome="dropped")
