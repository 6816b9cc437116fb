"""Timers that ring: the pack ``demo`` counts a working day as six seconds, so that weeks pass in a minute."""

import asyncio
from datetime import datetime, timedelta

from tests.factories.engine import LiveCase, until
from tests.replay.shapes.registry import Stage, shape

DEMO = {"pack": "demo"}
FIRED = "TIMER_FIRED"
A_LIFE_S = 180.0
OUTAGE_S = 75.0


def rang(case: LiveCase, key: str) -> bool:
    """Whether a timer has rung."""
    return any(e.type == "timer_rang" and e.body["key"] == key for e in case.events())


@shape(holds="timer_rang order_signed warning_given overdue_reached", shows=FIRED)
async def nobody_touches_the_order(stage: Stage) -> None:
    """Signed by the system, yellow card, overdue, red card."""
    case = await (await stage.case(**DEMO)).dispatched()
    await until(lambda: rang(case, "a1/handle/red"), seconds=A_LIFE_S)
    await case.settled()


@shape(holds="overdue_reached overdue_annulled result_submitted", shows=FIRED)
async def handed_in_before_the_deadline_and_heard_after_it(stage: Stage) -> None:
    """A result our door received in time annuls the overdue that was written in between."""
    case = await (await stage.case(**DEMO)).dispatched()
    await until(lambda: rang(case, "a1/handle/due"), seconds=A_LIFE_S)
    due: datetime = next(e.at for e in case.events() if e.type == "overdue_reached" and e.body["key"] == "a1/handle")
    result = {"order": "a1", "code": "solved", "documents": ("doc-1",)}
    await case.give("submit_result", unit="water", received=due - timedelta(seconds=1), **result)
    await case.settled()


@shape(holds="overdue_reached extension_requested extension_decided", shows=FIRED)
async def extension_asked_too_late(stage: Stage) -> None:
    """After the deadline a request for more time is denied by itself."""
    case = await (await stage.case(**DEMO)).dispatched()
    await until(lambda: rang(case, "a1/handle/due"), seconds=A_LIFE_S)
    asked = {"days": 1, "ground": "season", "caller_told": False}
    await case.give("request_extension", unit="water", order="a1", **asked)
    await case.settled()


@shape(holds="return_requested return_escalated return_decided order_ended", shows=FIRED)
async def reviewer_says_nothing(stage: Stage) -> None:
    """A return nobody reviews goes to the centre head, who decides."""
    case = await (await stage.case(**DEMO)).dispatched()
    ground = {"ground": "not_our_duty", "proposed_owner": "roads"}
    await case.give("request_return", unit="water", order="a1", **ground)
    await until(lambda: "return_escalated" in case.types())
    await case.give("decide_return", order="a1", approve=True)
    await case.settled()


@shape(holds="pause_decided pause_ended", shows=FIRED)
async def pause_ends_by_itself(stage: Stage) -> None:
    """A pause reaches its maximum: the clocks run on without anybody's word."""
    case = await (await stage.case(**DEMO)).dispatched()
    await case.give("contact", unit="water", order="a1")
    await case.give("request_pause", unit="water", order="a1", kind="caller_material")
    await case.give("review_pause", order="a1", approve=True)
    await until(lambda: "pause_ended" in case.types(), seconds=A_LIFE_S)
    await case.settled()


@shape(holds="closed archived timer_rang", shows=f"{FIRED} WORKFLOW_EXECUTION_COMPLETED")
async def archived(stage: Stage) -> None:
    """A whole life in one run, to the archive."""
    case = await (await stage.case(**DEMO)).in_callback()
    await case.satisfied()
    await case.handle.result()


@shape(holds="timer_rang overdue_reached", shows=FIRED)
async def screened_too_late(stage: Stage) -> None:
    """Nobody screens, nobody dispatches in time; then the case goes its way."""
    case = await stage.case(**DEMO)
    await until(lambda: "overdue_reached" in case.types())
    await case.give("triage", triage="routine")
    await until(lambda: rang(case, "dispatch/due"))
    await case.give("dispatch", lead="roads")
    await case.settled()


@shape(holds="timer_rang warning_given overdue_reached", shows=FIRED, alone=True)
async def timers_rang_while_nobody_was_there(stage: Stage) -> None:
    """The workers are away for ten days of the pack: what passed is made up once each, late, in nominal order."""
    cases = [await (await stage.case(**DEMO)).dispatched() for _ in range(2)]
    for case in cases:
        await case.settled()
    await stage.engine.team.stop()
    await asyncio.sleep(OUTAGE_S)
    await stage.engine.team.start()
    for case in cases:
        await until(lambda case=case: rang(case, "a1/handle/red"))  # type: ignore[misc]
        assert {e.body["late_by"] for e in case.events() if e.type == "timer_rang"} >= {"engine"}
        await case.settled()


@shape(holds="act_annulled timer_rang order_signed", shows=FIRED)
async def signed_before_the_system_and_heard_after_it(stage: Stage) -> None:
    """The system signed at the limit; a signature our door had received before takes its place."""
    case = await (await stage.case(**DEMO)).dispatched()
    await until(lambda: rang(case, "a1/sign/due"))
    due: datetime = next(e.at for e in case.events() if e.type == "order_signed")
    await case.give("sign", unit="water", order="a1", received=due - timedelta(milliseconds=500))
    await case.settled()
