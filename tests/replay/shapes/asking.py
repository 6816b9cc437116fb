"""退单、延期、暂停、终止: what a unit asks for and what others decide."""

from tests.factories.engine import LiveCase
from tests.replay.shapes.registry import Stage, shape

RETURN = {"ground": "not_our_duty", "proposed_owner": "roads"}


async def asked_back(stage: Stage) -> LiveCase:
    """A case whose unit has asked to give its order back."""
    case = await (await stage.case()).dispatched()
    await case.give("request_return", unit="water", order="a1", **RETURN)
    return case


async def reviewed(case: LiveCase, order: str, first: bool, second: bool) -> None:
    """Two different reviewers give their word."""
    await case.give("review_return", order=order, approve=first)
    await case.give("review_return", role="shift_leader", order=order, approve=second)


@shape(holds="return_requested return_reviewed return_decided order_ended")
async def return_approved(stage: Stage) -> None:
    """Both reviewers approve a return; the case is dispatched to another unit."""
    case = await asked_back(stage)
    await reviewed(case, "a1", first=True, second=True)
    await case.give("dispatch", lead="roads")
    await case.give("sign", unit="roads", order="a2")
    await case.settled()


@shape(holds="return_requested return_reviewed return_decided order_locked")
async def return_refused(stage: Stage) -> None:
    """Both reviewers refuse: the order is locked, the unit works on."""
    case = await asked_back(stage)
    await reviewed(case, "a1", first=False, second=False)
    await case.give("contact", unit="water", order="a1")
    await case.settled()


@shape(holds="return_decided matter_raised matter_settled")
async def reviewers_disagree(stage: Stage) -> None:
    """The two reviewers disagree; the city centre names another owner."""
    case = await asked_back(stage)
    await reviewed(case, "a1", first=True, second=False)
    await case.give("designate", lead="roads")
    await case.settled()


@shape(holds="return_decided matter_raised matter_settled order_locked")
async def returned_twice(stage: Stage) -> None:
    """The second return of a case raises the question of its owner instead of going round again."""
    case = await asked_back(stage)
    await reviewed(case, "a1", first=True, second=True)
    await case.give("dispatch", lead="parks")
    await case.give("request_return", unit="parks", order="a2", **RETURN)
    await case.give("designate", lead="parks")
    await case.settled()


@shape(holds="extension_requested extension_reviewed extension_decided", shows="TIMER_CANCELED")
async def extension_granted(stage: Stage) -> None:
    """Unit head and centre give more time: the timers move."""
    case = await (await stage.case()).dispatched()
    await case.give("sign", unit="water", order="a1")
    await extension(case)
    await case.give("review_extension", unit="water", role="unit_head", order="a1", approve=True)
    await case.give("review_extension", role="city_centre", order="a1", approve=True)
    await case.settled()


async def extension(case: LiveCase) -> None:
    """Ask for two more days."""
    asked = {"days": 2, "ground": "engineering", "caller_told": True}
    await case.give("request_extension", unit="water", order="a1", **asked)


@shape(holds="extension_requested extension_decided")
async def extension_denied(stage: Stage) -> None:
    """The unit head says no: the old limit stays."""
    case = await (await stage.case()).dispatched()
    await case.give("sign", unit="water", order="a1")
    await extension(case)
    await case.give("review_extension", unit="water", role="unit_head", order="a1", approve=False)
    await case.settled()


@shape(holds="pause_requested pause_decided pause_ended", shows="TIMER_CANCELED")
async def paused_and_resumed(stage: Stage) -> None:
    """The unit's clock stands still and runs on with its remainder."""
    case = await (await stage.case()).dispatched()
    await case.give("sign", unit="water", order="a1")
    await case.give("request_pause", unit="water", order="a1", kind="weather")
    await case.give("review_pause", order="a1", approve=True)
    assert await case.refuses("submit_result", unit="water", order="a1", code="explained") == "paused"
    await case.give("resume", unit="water", order="a1")
    await case.settled()


@shape(holds="pause_requested pause_decided")
async def pause_denied(stage: Stage) -> None:
    """No pause: the clock runs on."""
    case = await (await stage.case()).dispatched()
    await case.give("sign", unit="water", order="a1")
    await case.give("request_pause", unit="water", order="a1", kind="expert")
    await case.give("review_pause", order="a1", approve=False)
    await case.settled()


async def termination(stage: Stage) -> LiveCase:
    """A case whose unit has asked to end it."""
    case = await (await stage.case()).dispatched(co=("roads",))
    await case.give("sign", unit="water", order="a1")
    await case.give("request_termination", unit="water", order="a1", ground="caller_refuses_cooperation")
    return case


@shape(holds="termination_requested termination_reviewed order_ended closed")
async def terminated(stage: Stage) -> None:
    """The hotline ends the case at the unit's request: all orders are taken back."""
    case = await termination(stage)
    await case.give("review_termination", approve=True)
    await case.settled()


@shape(holds="termination_requested termination_reviewed result_submitted")
async def termination_refused(stage: Stage) -> None:
    """The hotline refuses to end the case: it goes on."""
    case = await termination(stage)
    await case.give("review_termination", approve=False)
    await case.give("submit_result", unit="water", order="a1", code="solved", documents=("doc-1",))
    await case.settled()


@shape(holds="return_decided place_vacated place_waived")
async def helper_returns_and_is_not_replaced(stage: Stage) -> None:
    """A co-unit's return is approved; somebody says that nobody is needed in its place."""
    case = await (await stage.case()).dispatched(co=("parks",))
    await case.give("request_return", unit="parks", order="a2", ground="not_our_area", proposed_owner="roads")
    await reviewed(case, "a2", first=True, second=True)
    await case.give("waive_result", order="a2")
    await case.settled()
