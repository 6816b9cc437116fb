"""上行: what a case begins beside itself, and what comes back: rings, consultations, rulings, sessions, supervision."""

from datetime import UTC, datetime, timedelta

from storage import city
from tests.factories.engine import LiveProcess, until
from tests.replay.shapes.beside import beside, holds, opened
from tests.replay.shapes.clocks import A_LIFE_S, DEMO, rang
from tests.replay.shapes.registry import Stage, shape

SENT, CHILD = "ACTIVITY_TASK_SCHEDULED", "START_CHILD_WORKFLOW_EXECUTION_INITIATED"


async def sitting(stage: Stage, process: str, kind: str) -> LiveProcess:
    """A session of the city that a schedule has opened, for a few seconds from now."""
    at = (await stage.engine.now() + timedelta(seconds=6)).isoformat()
    return await opened(stage, process, by="schedule", kind=kind, level="city", leader="session_leader", at=at)


@shape(holds="ring_asked decision_applied ring_concluded ring_units_whistled", shows=CHILD)
async def up_to_the_city_and_back(stage: Stage) -> None:
    """The lead's unit reports up, the city office names who does it, both sides rate each other."""
    case = await (await stage.case()).dispatched()
    await case.give("sign", unit="water", order="a1")
    await case.give("report_up", unit="water", order="a1")
    ring = await beside(stage, f"ring/{case.no}/large/1")
    await ring.give("answer_report", role="city_office", accept=True)
    await ring.give("name_lead", lead="roads", units=("parks",))
    await ring.give("report_in", unit_="roads", unit="roads")
    await ring.give("conclude", role="city_office", lead="roads", extra_days=2)
    await holds(case, "decision_applied")
    await case.give("submit_result", unit="roads", order="a2", code="solved", documents=("doc-1",))
    await case.give("review_result", order="a2", accept=True)
    await case.satisfied()
    await case.settled()


@shape(holds="consultation_called matter_reserved decision_applied opinion_stated ruling_issued", shows=CHILD)
async def disputed_consulted_and_ruled(stage: Stage) -> None:
    """Nobody says that it is his: the group rules, and its ruling locks the order."""
    case = await stage.case()
    await case.give("triage", triage="disputed")
    await case.give("call_consultation", matter="m1", candidates=("water", "roads"))
    asked = await beside(stage, f"consultation/{case.no}-m1")
    for unit in ("water", "roads"):
        await asked.give("state_opinion", unit_=unit, item="i1", unit=unit, opinion="not_mine")
    await asked.give("send_to_adjudication")
    group = await beside(stage, f"adjudication/{case.no}-m1")
    await holds(group, "item_reserved")
    for unit in ("water", "roads"):
        await group.give("submit_evidence", unit_=unit, unit=unit, kind="law")
    await group.give("close_evidence")
    await group.give("rule", item="i1", form="designate", lead="water")
    await group.give("confirm_ruling", user_="another", item="i1", approve=True)
    await holds(case, "decision_applied")
    await case.settled()


@shape(holds="opinions_counted item_applied catalogue_amended", shows=CHILD)
async def agreed_and_written_into_the_catalogue(stage: Stage) -> None:
    """Two units agree who does it; when all is over, the keeper writes it into the catalogue: a new run of what had ended."""
    case = await stage.case()
    code = f"item-{case.no}"
    with stage.engine.database.write() as connection:
        city.put_item(connection, code=code, version="1", name_zh="路灯", name_en="Lamps", owner="parks")
    await case.give("triage", triage="disputed", item=code)
    await case.give("call_consultation", matter="m1", candidates=("water", "roads"))
    asked = await beside(stage, f"consultation/{case.no}-m1")
    await asked.give("state_opinion", unit_="water", item="i1", unit="water", opinion="mine")
    await asked.give("state_opinion", unit_="roads", item="i1", unit="roads", opinion="joint")
    await holds(asked, "item_applied")
    await asked.handle.result()
    await asked.keep()
    await asked.give("amend_catalogue", item="i1", catalogue_item=code, version="1", user_="keeper")
    await asked.handle.result()
    await case.settled()


@shape(holds="consultation_called matter_released")
async def consulted_and_withdrawn(stage: Stage) -> None:
    """Who called the consultation takes it back: the matter is the city centre's."""
    case = await stage.case()
    await case.give("triage", triage="disputed")
    await case.give("call_consultation", matter="m1", candidates=("water", "roads"))
    asked = await beside(stage, f"consultation/{case.no}-m1")
    await asked.give("withdraw_consultation", role="city_centre")
    await holds(case, "matter_released")
    await case.give("designate", lead="water")
    await case.settled()


@shape(holds="ring_asked hold_overtaken")
async def whistled_and_solved_meanwhile(stage: Stage) -> None:
    """The unit blows the whistle and solves it before the ring has decided."""
    case = await (await stage.case()).dispatched()
    await case.give("sign", unit="water", order="a1")
    await case.give("whistle", unit="water", order="a1")
    await beside(stage, f"ring/{case.no}/large/1")
    await case.give("submit_result", unit="water", order="a1", code="solved", documents=("doc-1",))
    await case.give("review_result", order="a1", accept=True)
    await case.satisfied()
    await case.settled()


@shape(holds="supervision_asked supervision_over supervision_lifted process_not_begun")
async def urged_once_a_matter(stage: Stage) -> None:
    """Two cases of one matter: the second urge does not begin while the first is open; replied and verified, it is lifted."""
    matter, cases = "", []
    for lead in ("water", "parks"):
        case = await stage.case()
        matter = matter or f"leak-{case.no}"
        await case.give("triage", triage="routine", matter=matter)
        await case.give("dispatch", lead=lead)
        cases.append(case)
    for case, lead in zip(cases, ("water", "parks"), strict=True):
        for n in (1, 2):
            await case.give("submit_result", unit=lead, order=f"a{n}", code="solved", documents=("doc-1",))
            await case.give("review_result", order=f"a{n}", accept=True)
            answers = {"reached": True, "solved": "no", "satisfaction": "unsatisfied"}
            await case.give("record_callback", request=case.no, **answers)
    first, second = cases
    urge = await beside(stage, f"supervision/{matter}/urge/{first.no}-1")
    await holds(second, "process_not_begun")
    await urge.give("acknowledge", unit_="water")
    await urge.give("reply_supervision", unit_="water")
    await urge.give("verify_supervision", met=True)
    await holds(first, "supervision_over")
    for case in cases:
        await case.settled()


@shape(holds="supervision_asked supervision_taken_back overdue_annulled", shows="TIMER_FIRED")
async def urged_for_what_was_in_time(stage: Stage) -> None:
    """A result received before the deadline is committed after the red card: the urge is taken back."""
    case = await (await stage.case(case_type="consult", **DEMO)).dispatched()
    await until(lambda: "supervision_asked" in case.types(), seconds=A_LIFE_S)
    assert rang(case, "a1/handle/red")
    due: datetime = next(e.at for e in case.events() if e.type == "overdue_reached" and e.body["key"] == "a1/handle")
    await beside(stage, f"supervision/{case.no}/urge/{case.no}-1")
    result = {"order": "a1", "code": "solved", "documents": ("doc-1",)}
    await case.give("submit_result", unit="water", received=due.replace(tzinfo=UTC) - timedelta(seconds=1), **result)
    await holds(case, "supervision_taken_back")
    await case.settled()


@shape(holds="ruling_held ruling_issued ruling_hold_ended opinion_given decision_applied", shows=CHILD)
async def a_duty_meeting_rules(stage: Stage) -> None:
    """Reviewers disagree; the group puts it before a duty meeting, whose word is issued as the ruling."""
    case = await (await stage.case()).dispatched()
    asked = {"ground": "not_our_duty", "proposed_owner": "roads"}
    await case.give("request_return", unit="water", order="a1", **asked)
    await case.give("review_return", order="a1", approve=True)
    await case.give("review_return", role="shift_leader", order="a1", approve=False)
    matter = next(e.body["matter"] for e in case.events() if e.type == "matter_raised")
    group = await beside(stage, f"adjudication/{case.no}-{matter}")
    for unit in group.events()[0].body["parties"]:
        await group.give("submit_evidence", unit_=unit, unit=unit, kind="law")
    await group.give("close_evidence")
    session = await sitting(stage, f"session/duty-{case.no}", "duty_meeting")
    await session.give("add_item", holder=group.process, matter="i1")
    await holds(session, "item_reserved")
    await session.give("call_session", units=("water",))
    await until(lambda: rang(session, "sitting/due"), seconds=60)
    await session.give("record_attendance", present=("water",))
    await session.give("give_opinion", role="session_leader", item="i1", lead="roads")
    await holds(session, "item_applied")
    await session.give("record_minutes")
    await case.settled()


@shape(holds="ruling_held ruling_released ruling_issued catalogue_amended", shows=CHILD)
async def a_duty_meeting_is_cancelled(stage: Stage) -> None:
    """The meeting that had the question does not take place: the group rules itself, and the catalogue learns of it."""
    case = await stage.case()
    code = f"item-{case.no}"
    with stage.engine.database.write() as connection:
        city.put_item(connection, code=code, version="1", name_zh="路灯", name_en="Lamps", owner="parks")
    await case.give("triage", triage="disputed", item=code)
    await case.give("call_consultation", matter="m1", candidates=("water", "roads"))
    asked = await beside(stage, f"consultation/{case.no}-m1")
    for unit in ("water", "roads"):
        await asked.give("state_opinion", unit_=unit, item="i1", unit=unit, opinion="not_mine")
    await asked.give("send_to_adjudication")
    group = await beside(stage, f"adjudication/{case.no}-m1")
    await holds(group, "item_reserved")
    for unit in ("water", "roads"):
        await group.give("submit_evidence", unit_=unit, unit=unit, kind="law")
    await group.give("close_evidence")
    session = await sitting(stage, f"session/duty-{case.no}", "duty_meeting")
    await session.give("add_item", holder=group.process, matter="i1")
    await holds(session, "item_reserved")
    await session.give("cancel_session")
    await holds(group, "ruling_released")
    await group.give("rule", item="i1", form="designate", lead="water")
    await group.give("confirm_ruling", user_="another", item="i1", approve=True)
    await holds(group, "item_applied")
    await group.give("amend_catalogue", item="i1", catalogue_item=code, version="1", user_="keeper")
    await case.settled()


@shape(holds="item_applied opinion_given minutes_recorded measure_listed measure_accepted", shows=CHILD)
async def a_leader_sits(stage: Stage) -> None:
    """A matter comes before a leader, whose opinion binds; a measure follows."""
    case = await (await stage.case()).dispatched()
    process, now = f"session/city-{case.no}", await stage.engine.now()
    session = await sitting(stage, process, "leader_session")
    await session.give("add_item", holder=case.process)
    await holds(session, "item_reserved")
    await session.give("call_session", units=("water",))
    await session.give("answer_invitation", unit_="water", unit="water", attends=True)
    await until(lambda: rang(session, "sitting/due"), seconds=60)
    await session.give("record_attendance", present=("water",))
    due = (now + timedelta(days=9)).date()
    measure = {"unit": "roads", "what": f"d/{case.no}#what", "due": due}
    await session.give("give_opinion", role="session_leader", item="i1", lead="roads", measures=(measure,))
    await holds(session, "item_applied")
    await session.give("record_minutes")
    listed = await beside(stage, f"measure/city-{case.no}-1")
    await listed.give("accept_measure", unit_="roads")
    await case.settled()
