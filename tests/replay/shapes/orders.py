"""派单 and 办理: orders out, moved, taken back, worked on."""

from domain.casework.commands import AddAssignment, Reassign
from domain.casework.words import OrderRole
from tests.replay.shapes.registry import Stage, shape

SENT = "ACTIVITY_TASK_SCHEDULED"
RETURN = {"ground": "not_our_duty", "proposed_owner": "roads"}


@shape(holds="order_sent order_signed caller_contacted work_begun progress_reported result_accepted closed", shows=SENT)
async def whole_life(stage: Stage) -> None:
    """From the caller's words to closing, with everything a unit can say."""
    case = await (await stage.case()).dispatched()
    await case.give("sign", unit="water", order="a1")
    await case.give("contact", unit="water", order="a1", how="visit")
    await case.give("begin_work", unit="water", order="a1")
    await case.give("report_progress", unit="water", order="a1")
    await case.give("submit_result", unit="water", order="a1", code="solved", documents=("doc-1",))
    await case.give("review_result", order="a1", accept=True)
    await case.satisfied()
    await case.settled()


@shape(holds="order_sent result_waived result_accepted", shows=SENT)
async def many_units_at_once(stage: Stage) -> None:
    """Lead, co-unit, territory, industry and informed get an order each; some have a system, some an inbox."""
    case = await stage.case()
    await case.give("triage", triage="routine")
    more = {"territory": "east", "industry": "energy", "informed": ("parks",)}
    await case.give("dispatch", lead="water", co=("roads",), **more)
    for order, unit in (("a2", "roads"), ("a1", "water"), ("a3", "east")):
        await case.give("sign", unit=unit, order=order)
    await case.give("submit_result", unit="roads", order="a2", code="solved")
    await case.give("review_result", order="a2", accept=True)
    await case.give("submit_result", unit="water", order="a1", code="solved", documents=("doc-1",))
    await case.give("review_result", order="a1", accept=True)
    await case.give("waive_result", order="a3")
    await case.give("waive_result", order="a4")
    await case.satisfied()
    await case.settled()


@shape(holds="order_sent order_ended result_waived", shows=SENT)
async def co_units_come_and_go(stage: Stage) -> None:
    """A co-unit is added, another one's order is withdrawn."""
    case = await (await stage.case()).dispatched(co=("parks",))
    await stage.give(case, AddAssignment(unit="roads", role=OrderRole.co, reason=f"d/{case.no}#reason"))
    await case.give("withdraw_order", order="a2")
    await case.give("waive_result", order="a3")
    await case.settled()


@shape(holds="result_sent_back result_accepted", shows=SENT)
async def sent_back_and_handed_in_again(stage: Stage) -> None:
    """A result is sent back for completion and accepted the second time."""
    case = await (await stage.case()).dispatched()
    for accept in (False, True):
        await case.give("submit_result", unit="water", order="a1", code="partly", documents=("doc-1",))
        reason = {} if accept else {"reason": f"d/{case.no}#reason"}
        await case.give("review_result", order="a1", accept=accept, **reason)
    await case.satisfied()
    await case.settled()


@shape(holds="order_ended order_sent", shows=SENT)
async def reassigned(stage: Stage) -> None:
    """The lead's order moves from a unit with a system to one without and back to one with."""
    case = await (await stage.case()).dispatched()
    await stage.give(case, Reassign(order="a1", unit="roads", reason=f"d/{case.no}#reason"))
    await case.give("sign", unit="roads", order="a2")
    await stage.give(case, Reassign(order="a2", unit="parks", reason=f"d/{case.no}#reason"))
    await case.give("sign", unit="parks", order="a3")
    await case.settled()


@shape(holds="phone_confirmed caller_contacted progress_reported", shows=SENT)
async def urgent(stage: Stage) -> None:
    """An urgent order: the phone at once, response and first feedback."""
    case = await (await stage.case()).dispatched(triage="urgent")
    await case.give("confirm_by_phone", order="a1")
    await case.give("contact", unit="water", order="a1", how="arrival")
    await case.give("report_progress", unit="water", order="a1")
    await case.settled()


@shape(holds="triaged clock_stopped clock_set", shows="TIMER_CANCELED")
async def turns_urgent_while_units_work(stage: Stage) -> None:
    """The class rises while orders are out: shorter limits take the place of those that run."""
    case = await (await stage.case()).dispatched(co=("roads",))
    await case.give("sign", unit="water", order="a1")
    await case.give("triage", triage="urgent")
    await case.give("contact", unit="water", order="a1")
    await case.settled()


@shape(holds="matter_raised matter_settled order_sent", shows=SENT)
async def disputed_and_designated(stage: Stage) -> None:
    """Nobody knows who owns it: the city centre names the owner, whose order is locked."""
    case = await stage.case()
    await case.give("triage", triage="disputed")
    await case.give("designate", lead="water", co=("roads",))
    await case.settled()
    assert await case.refuses("request_return", unit="water", order="a1", **RETURN) == "no_return"


@shape(holds="matter_raised matter_settled order_locked", shows=SENT)
async def hard_and_worked_meanwhile(stage: Stage) -> None:
    """A hard case is dispatched at once; the lead that works on it is confirmed as its owner."""
    case = await (await stage.case()).dispatched(triage="hard")
    await case.give("sign", unit="water", order="a1")
    await case.give("designate", lead="water")
    await case.settled()


@shape(holds="matter_raised matter_settled callback_recorded")
async def question_of_the_owner_overtaken(stage: Stage) -> None:
    """The work is done before anybody says who owned it."""
    case = await (await stage.case()).dispatched(triage="disputed")
    await case.give("submit_result", unit="water", order="a1", code="solved", documents=("doc-1",))
    await case.give("review_result", order="a1", accept=True)
    await case.satisfied()
    await case.settled()
