"""挂账、撤销派单、重启、转下级: the byways of a case."""

from datetime import date, timedelta

from domain.casework.byway_commands import HandDown
from tests.factories.city import found_branch
from tests.factories.engine import LiveCase, until
from tests.replay.shapes.registry import Stage, shape

DEMO = {"pack": "demo"}
PROOF = ("doc-1",)


async def day(stage: Stage, days: int = 20) -> date:
    """So many days from now."""
    return (await stage.engine.now()).date() + timedelta(days=days)


async def on_account(stage: Stage, **fields: str) -> LiveCase:
    """A case that two persons have put on account."""
    case = await (await stage.case(**fields)).dispatched(co=("roads",))
    await case.give("sign", unit="water", order="a1")
    asked = {"ground": "engineering", "review_on": await day(stage, 2 if fields else 20)}
    await case.give("request_on_account", unit="water", order="a1", **asked)
    await case.give("review_on_account", order="a1", approve=True)
    await case.give("review_on_account", role="city_centre", order="a1", approve=True)
    return case


@shape(
    holds="on_account_requested on_account_reviewed on_account_decided strike_off_requested strike_off_reviewed "
    "on_account_ended closed",
    shows="TIMER_CANCELED",
)
async def struck_off(stage: Stage) -> None:
    """On account: the limits stand still; kept at a review, struck off with proof, answered and called back as usual."""
    case = await on_account(stage)
    assert await case.refuses("submit_result", unit="water", order="a1", code="explained") == "on_account"
    await case.give("recheck_on_account", order="a1", keep=True, review_on=await day(stage, 30))
    for approve in (False, True):
        await case.give("request_strike_off", unit="water", order="a1", documents=PROOF)
        await case.give("review_strike_off", order="a1", approve=approve)
    await case.give("waive_result", order="a2")
    await case.give("submit_result", unit="water", order="a1", code="solved", documents=PROOF)
    await case.give("review_result", order="a1", accept=True)
    await case.satisfied()
    await case.settled()


@shape(holds="on_account_decided overdue_reached on_account_ended", shows="TIMER_FIRED")
async def nobody_looks_again(stage: Stage) -> None:
    """The day of the review goes by: it is the supervisor's, who ends it."""
    case = await on_account(stage, **DEMO)
    await until(lambda: "overdue_reached" in case.types())
    await case.give("recheck_on_account", role="supervisor", order="a1", keep=False)
    await case.settled()


@shape(holds="on_account_requested on_account_decided")
async def not_put_on_account(stage: Stage) -> None:
    """The first approver says no: the limits run on."""
    case = await (await stage.case()).dispatched()
    await case.give("sign", unit="water", order="a1")
    asked = {"ground": "season", "review_on": await day(stage)}
    await case.give("request_on_account", unit="water", order="a1", **asked)
    await case.give("review_on_account", order="a1", approve=False)
    await case.settled()


@shape(holds="dispatch_undone order_ended order_sent", shows="TIMER_CANCELED")
async def dispatch_undone(stage: Stage) -> None:
    """Sent to the wrong units, undone at once, sent to the right one."""
    case = await (await stage.case()).dispatched("roads", co=("parks",))
    await case.give("undo_dispatch")
    await case.give("dispatch", lead="water")
    await case.give("sign", unit="water", order="a3")
    await case.settled()


@shape(
    holds="reopening_requested reopening_reviewed reopened archived order_sent",
    shows="WORKFLOW_EXECUTION_COMPLETED",
)
async def opened_again(stage: Stage) -> None:
    """Archived; new facts are refused once, then open it again in a new run: screened, dispatched and closed anew."""
    case = await (await stage.case(**DEMO)).in_callback()
    await case.satisfied()
    await case.handle.result()
    await case.keep()
    await case.give("request_reopening", request=case.no)
    await case.give("review_reopening", approve=False)
    await case.handle.result()
    await case.keep()
    await case.give("request_reopening", request=case.no)
    await case.give("review_reopening", approve=True)
    await case.dispatched("roads")
    await case.give("submit_result", unit="roads", order="a2", code="solved", documents=PROOF)
    await case.give("review_result", order="a2", accept=True)
    await case.satisfied()
    await case.handle.result()


@shape(holds="order_sent report_reviewed order_ended result_accepted closed")
async def handed_down(stage: Stage) -> None:
    """A street hands down to its community, which reports; the report is sent back once. What else went down is recalled."""
    street, community, grid = found_branch(stage.engine.database)
    case = await (await stage.case()).dispatched(street)
    for below in (community, grid):
        await stage.give(case, HandDown(order="a1", unit=below), unit=street)
    for accept in (False, True):
        await case.give("submit_result", unit=community, order="a2", code="solved", documents=PROOF)
        reason = {} if accept else {"reason": f"d/{case.no}#reason"}
        await case.give("review_report", unit=street, order="a2", accept=accept, **reason)
    await case.give("recall_order", unit=street, order="a3")
    await case.give("submit_result", unit=street, order="a1", code="solved", documents=PROOF)
    await case.give("review_result", order="a1", accept=True)
    await case.satisfied()
    await case.settled()


@shape(holds="order_sent order_ended result_accepted closed")
async def given_back(stage: Stage) -> None:
    """A community gives back what the street handed down; the street settles it itself."""
    street, community, _ = found_branch(stage.engine.database)
    case = await (await stage.case()).dispatched(street)
    await stage.give(case, HandDown(order="a1", unit=community), unit=street)
    await case.give("give_back", unit=community, order="a2", reason=f"d/{case.no}#reason")
    await case.give("submit_result", unit=street, order="a1", code="solved", documents=PROOF)
    await case.give("review_result", order="a1", accept=True)
    await case.satisfied()
    await case.settled()


@shape(holds="closed_on_spot caller_contacted result_submitted result_accepted closed")
async def closed_on_spot(stage: Stage) -> None:
    """Street, community, grid worker: he closes on the spot, the centre reviews it, the caller is called back."""
    street, community, grid = found_branch(stage.engine.database)
    case = await (await stage.case()).dispatched(street)
    await stage.give(case, HandDown(order="a1", unit=community), unit=street)
    await stage.give(case, HandDown(order="a2", unit=grid), unit=community)
    await case.give("close_on_spot", unit=grid, order="a3", documents=PROOF)
    await case.give("review_result", order="a1", accept=True)
    await case.satisfied()
    await case.settled()
