"""回访、重办、办结: the caller's word and what follows from it."""

import asyncio

from tests.factories.engine import LiveCase
from tests.replay.shapes.registry import Stage, shape

DEMO = {"pack": "demo"}


async def dissatisfied(case: LiveCase, request: str | None = None) -> None:
    """The caller is not satisfied: the case is redone by the lead's unit, which hands in a result again."""
    answers = {"reached": True, "solved": "no", "satisfaction": "unsatisfied"}
    await case.give("record_callback", request=request or case.no, **answers)
    order = f"a{case.types().count('order_sent')}"
    await case.give("submit_result", unit="water", order=order, code="solved", documents=("doc-2",))
    await case.give("review_result", order=order, accept=True)


@shape(holds="callback_recorded closed archived", shows="WORKFLOW_EXECUTION_COMPLETED TIMER_FIRED")
async def nobody_answers_the_phone(stage: Stage) -> None:
    """Three attempts on three days reach nobody: closed as unreachable, then archived."""
    case = await (await stage.case(**DEMO)).in_callback()
    for day in range(3):
        if day:
            await asyncio.sleep(6.5)  # a day of this pack has six seconds
        await case.give("record_callback", request=case.no, reached=False)
    await case.handle.result()


@shape(holds="callback_recorded closed")
async def called_twice_on_one_day(stage: Stage) -> None:
    """A second attempt on the same day counts for nothing; the next one reaches the caller."""
    case = await (await stage.case()).in_callback()
    for _ in range(2):
        await case.give("record_callback", request=case.no, reached=False)
    await case.satisfied()
    await case.settled()


@shape(holds="callback_waived closed")
async def callback_waived(stage: Stage) -> None:
    """The caller does not want to be called."""
    case = await (await stage.case()).in_callback()
    await case.give("waive_callback", request=case.no)
    await case.settled()


@shape(holds="redo_started closed")
async def dissatisfied_once(stage: Stage) -> None:
    """One redo with fresh limits, then satisfied."""
    case = await (await stage.case()).in_callback()
    await dissatisfied(case)
    await case.satisfied()
    await case.settled()


@shape(holds="redo_started supervision_asked closed")
async def dissatisfied_twice(stage: Stage) -> None:
    """Two redos: the unit is urged."""
    case = await (await stage.case()).in_callback()
    await dissatisfied(case)
    await dissatisfied(case)
    await case.satisfied()
    await case.settled()


@shape(holds="redo_started supervision_asked")
async def dissatisfied_four_times(stage: Stage) -> None:
    """Four redos: urged at the second, under supervision at the fourth."""
    case = await (await stage.case()).in_callback()
    for _ in range(4):
        await dissatisfied(case)
    await case.satisfied()
    await case.settled()


async def explained(stage: Stage) -> LiveCase:
    """A case whose closing code needs a second person."""
    case = await (await stage.case()).dispatched()
    await case.give("submit_result", unit="water", order="a1", code="explained")
    await case.give("review_result", order="a1", accept=True)
    await case.satisfied()
    return case


@shape(holds="closing_proposed closing_reviewed closed")
async def second_person_agrees(stage: Stage) -> None:
    """A code that needs two persons gets the second one's word."""
    case = await explained(stage)
    await case.give("review_closing", approve=True)
    await case.settled()


@shape(holds="closing_proposed closing_reviewed redo_started")
async def second_person_sends_it_round_again(stage: Stage) -> None:
    """The second person refuses: it is handled again."""
    case = await explained(stage)
    await case.give("review_closing", approve=False)
    await case.settled()


@shape(holds="closing_proposed closing_reviewed closed")
async def unreasonable_demand(stage: Stage) -> None:
    """A dissatisfied caller whose demand two persons hold to be unreasonable."""
    case = await (await stage.case()).in_callback()
    answers = {"reached": True, "solved": "no", "satisfaction": "unsatisfied", "unreasonable": True}
    await case.give("record_callback", request=case.no, note=f"d/{case.no}#note", **answers)
    await case.give("review_closing", approve=True)
    await case.settled()


@shape(holds="closed objected redo_started")
async def objected_after_closing(stage: Stage) -> None:
    """The caller objects before the archive: the same run goes on with a redo."""
    case = await (await stage.case()).in_callback()
    await case.satisfied()
    await case.give("object", request=case.no)
    await case.give("sign", unit="water", order="a2")
    await case.settled()


@shape(holds="closed objected redo_started")
async def objected_when_the_run_was_gone(stage: Stage) -> None:
    """The run of a closed case was lost; the objection starts another one from the journal."""
    case = await (await stage.case()).in_callback()
    await case.satisfied()
    await case.settled()
    await case.keep()
    await case.handle.terminate("the run of a closed case may be long gone")
    await case.give("object", request=case.no)
    await case.settled()


@shape(holds="caller_left order_ended closed")
async def withdrawn_at_work(stage: Stage) -> None:
    """The last caller takes his request back while units work: their orders are recalled."""
    case = await (await stage.case()).dispatched(co=("roads",))
    await case.give("sign", unit="water", order="a1")
    await case.give("caller_withdrew", request=case.no)
    await case.settled()


@shape(holds="order_held objected redo_started order_sent")
async def another_case_holds_the_matter(stage: Stage) -> None:
    """One order a unit and matter: a second case is refused, and later stands in the way of the first one's redo."""
    first, second = await stage.case(), await stage.case()
    matter = f"leak-{first.no}"
    for case in (first, second):
        await case.give("triage", triage="routine", matter=matter)
    await first.give("dispatch", lead="water")
    assert await second.refuses("dispatch", lead="water") == "order_exists"
    await first.give("submit_result", unit="water", order="a1", code="solved", documents=("doc-1",))
    await first.give("review_result", order="a1", accept=True)
    await first.satisfied()
    await second.give("dispatch", lead="water")
    await first.give("object", request=first.no)
    await first.give("dispatch", lead="parks")
    await first.settled()
    await second.settled()
