"""环: what a district and the city do with a case that comes up, to the last event type of a ring."""

from datetime import timedelta
from typing import Any

from domain.calendar import local_day
from tests.factories.engine import LiveCase, LiveProcess, until
from tests.replay.shapes.beside import begun, beside, holds, just_before, opened, told
from tests.replay.shapes.clocks import A_LIFE_S, DEMO
from tests.replay.shapes.registry import Stage, shape

EAST = {"district_": "east"}
CITY = {"role": "city_office"}


async def up(stage: Stage, how: str = "report_up", **fields: Any) -> tuple[LiveCase, LiveProcess]:
    """A case whose unit reports up or whistles, and its ring."""
    case = await (await stage.case(**fields)).dispatched()
    await case.give("sign", unit="water", order="a1")
    await case.give(how, unit="water", order="a1")
    level = "middle" if fields.get("district") else "large"
    return case, await beside(stage, f"ring/{case.no}/{level}/1")


def stages(ring: LiveProcess) -> list[str]:
    """The stages a process has come to."""
    return [e.body["stage"] for e in ring.events() if e.type == "stage_changed"]


@shape(
    holds="ring_unit_refused ring_surveyed ring_task_force_formed ring_supervision_listed ring_start_failed ring_released"
    " ring_consultation_started ring_measure_set ring_measure_ended ring_session_asked ring_session_entered"
    " ring_session_refused ring_held ring_hold_ended ring_unit_rated ring_whistle_rated item_overtaken",
    shows="START_CHILD_WORKFLOW_EXECUTION_INITIATED",
)
async def all_that_a_district_does(stage: Stage) -> None:
    """Units, survey, team, plan, list, consultation, session; then the city decides over its head, and both sides are rated."""
    case, ring = await up(stage, "whistle", district="east")
    no = f"{case.no}.middle.1"
    await ring.give("answer_report", accept=True, **EAST)
    await ring.give("whistle_units", units=("roads", "parks"), **EAST)
    await ring.give("refuse_report_in", unit_="parks", unit="parks")
    await ring.give("report_in", unit_="roads", unit="roads")
    await ring.give("record_survey", units=("roads",), **EAST)
    await ring.give("form_task_force", lead="roads", members=("parks",), **EAST)
    for _ in range(2):  # the second is refused: the matter is listed
        await ring.give("list_supervision", unit="roads", **EAST)
    await beside(stage, f"supervision/{case.no}/listed/{no}-1")
    await holds(ring, "ring_start_failed")
    due = local_day(await stage.engine.now()) + timedelta(days=9)
    await ring.give("set_plan", unit="parks", due=due, **EAST)
    measure = await beside(stage, f"measure/{no}-1")
    await measure.give("give_up_measure", role="centre_head")
    await holds(ring, "ring_measure_ended")
    await ring.give("start_consultation", candidates=("roads", "parks"), **EAST)
    asked = await beside(stage, f"consultation/{no}-1")
    await asked.give("withdraw_consultation", role="city_centre")
    await holds(ring, "ring_released")
    await ring.give("ask_session", **EAST)
    at = (await stage.engine.now() + timedelta(days=3)).isoformat()
    about = {"kind": "leader_session", "level": "district", "district": "east", "leader": "leader", "at": at}
    for name in ("over", "open"):
        session = await begun(stage, f"session/{name}-{case.no}", "schedule_session", **about)
        if name == "over":
            await session.give("cancel_session")
        await ring.give("enter_session", session=f"{name}-{case.no}")
        await holds(ring, "ring_session_refused" if name == "over" else "ring_held")
    await holds(session, "item_reserved")
    await ring.give("conclude", lead="roads", **CITY)
    await holds(session, "item_overtaken")
    await holds(case, "decision_applied")
    await case.give("submit_result", unit="roads", order="a2", code="solved", documents=("doc-1",))
    await case.give("review_result", order="a2", accept=True)
    await until(lambda: "rating" in stages(ring))
    await ring.give("rate_units", unit_="water", unit="roads", arrival=5, effort=4)
    await ring.give("rate_whistle", unit_="roads", unit="roads", justified=3)
    await case.satisfied()
    await case.settled()


@shape(holds="ring_passed_on item_carried item_reserved adjudication_withdrawn item_dropped matter_released")
async def refused_all_the_way_up(stage: Stage) -> None:
    """The district refuses, the city refuses: the adjudication group has it, which the centre withdraws."""
    case, middle = await up(stage, district="east")
    await middle.give("answer_report", accept=False, reason="d/x#reason", **EAST)
    large = await beside(stage, f"ring/{case.no}/large/1")
    await holds(large, "item_reserved")
    await large.give("answer_report", accept=False, reason="d/x#reason", **CITY)
    group = await beside(stage, f"adjudication/{case.no}.large.1")
    await holds(group, "item_reserved")
    await group.give("withdraw_adjudication")
    await holds(case, "matter_released")
    await case.settled()


@shape(holds="ring_ruling_asked ring_standing_referred ring_standing_recorded hearing_recorded ring_concluded")
async def the_standing_meeting_decides(stage: Stage) -> None:
    """The city asks for a ruling, which is withdrawn, and refers it to the standing meeting of the government."""
    case, ring = await up(stage)
    await ring.give("answer_report", accept=True, **CITY)
    await ring.give("ask_ruling", candidates=("roads", "parks"), **CITY)
    group = await beside(stage, f"adjudication/{case.no}.large.1-1")
    await group.give("submit_evidence", role="adjudication_group", kind="other")
    for unit in ("roads", "parks"):
        await group.give("submit_evidence", unit_=unit, unit=unit, kind="law")
    await group.give("close_evidence")
    await group.give("record_hearing", attending=("roads",))
    await group.give("withdraw_adjudication")
    await holds(ring, "ring_released")
    await ring.give("refer_standing_meeting")
    await ring.give("record_standing_meeting", user_="another", lead="roads")
    await holds(case, "decision_applied")
    await case.settled()


@shape(holds="ring_came_back ring_start_failed ring_passed_on item_refused item_dropped")
async def no_way_further_up(stage: Stage) -> None:
    """The city has the case already, so that what a district passes on comes back; what came late of it is let go."""
    case, _ = await up(stage)
    await case.give("correct", field="district", value="east")
    await case.give("triage", triage="hard", reason="d/x#reason")
    middle = await beside(stage, f"ring/{case.no}/middle/1")
    await middle.give("answer_report", accept=True, **EAST)
    await middle.give("escalate", **EAST)
    await holds(middle, "ring_came_back")
    # A ring whose case does not give it the matter, and one whose level has another meanwhile.
    over = await stage.case()
    await over.give("answer")
    entry = {"holder": over.process, "matter": None}
    late: dict[str, Any] = {
        "case": over.no,
        "level": "large",
        "kind": "report_up",
        "matter": over.no,
        "entries": [entry],
    }
    await holds(await opened(stage, f"ring/{over.no}/large/1", **late), "item_refused")
    other, first = await up(stage, district="east")
    await first.give("escalate", **EAST)
    await beside(stage, f"ring/{other.no}/large/1")
    here = {"holder": other.process, "matter": None, "reserved": True}
    again: dict[str, Any] = {
        "case": other.no,
        "level": "middle",
        "kind": "whistle",
        "matter": other.no,
        "district": "east",
    }
    await opened(stage, f"ring/{other.no}/middle/9", entries=[here], **again)
    await told(first, "ring_start_refused", "late", process=f"ring/{other.no}/large/1", code="order_exists")
    await holds(first, "item_dropped")


@shape(holds="overdue_reached overdue_annulled ring_no_rating", shows="TIMER_FIRED")
async def nobody_hurries_in_the_ring(stage: Stage) -> None:
    """The ring answers late, its answer had come in time; nobody rates anybody."""
    case, ring = await up(stage, **DEMO)
    await until(lambda: "overdue_reached" in ring.types(), seconds=A_LIFE_S)
    due = next(e.body["due"] for e in ring.events() if e.type == "overdue_reached")
    await ring.give("answer_report", accept=True, received=just_before(due), **CITY)
    await ring.give("name_lead", lead="roads", units=("parks",))
    await ring.give("report_in", unit_="roads", unit="roads")
    await ring.give("conclude", lead="roads", **CITY)
    await holds(case, "decision_applied")
    await case.give("submit_result", unit="roads", order="a2", code="solved", documents=("doc-1",))
    await case.give("review_result", order="a2", accept=True)
    await holds(ring, "ring_no_rating", seconds=A_LIFE_S)
