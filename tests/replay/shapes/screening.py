"""研判: the ends of screening, corrections, and two cases that merge and part."""

from collections.abc import Iterable

import pytest
from sqlalchemy import Connection

from domain.process import Need
from storage.facts import look_up
from tests.factories.engine import until
from tests.replay.shapes.registry import Stage, shape

ENDED = "screening_ended"
COMPLETED = "WORKFLOW_EXECUTION_COMPLETED"


@shape(holds=ENDED, shows=COMPLETED)
async def answered(stage: Stage) -> None:
    """Answered at once."""
    case = await stage.case()
    await case.give("answer")
    await case.handle.result()


@shape(holds=ENDED, shows=COMPLETED)
async def diverted(stage: Stage) -> None:
    """Given to an emergency line; the decision is the first thing the case hears."""
    case = await stage.unopened()
    await case.give("divert", line="119")
    await case.handle.result()


@shape(holds=ENDED, shows=COMPLETED)
async def guided(stage: Stage) -> None:
    """Told the legal way."""
    case = await stage.case()
    await case.give("guide", way="litigation")
    await case.handle.result()


@shape(holds=ENDED, shows=COMPLETED)
async def declined(stage: Stage) -> None:
    """Not accepted."""
    case = await stage.case()
    await case.give("decline", ground="no_facts")
    await case.handle.result()


@shape(holds="corrected triaged")
async def corrected(stage: Stage) -> None:
    """Wrong fields put right before and after triage; a class that is lowered with its reason."""
    case = await stage.case()
    await case.give("correct", field="case_type", value="help")
    await case.give("correct", field="confidential", value="true")
    await case.give("triage", triage="hard")
    await case.give("triage", triage="routine", reason=f"d/{case.no}#reason")
    await case.give("correct", field="matter", value="leak")
    await case.settled()


@shape(holds="caller_left closed")
async def withdrawn_before_triage(stage: Stage) -> None:
    """The only caller takes his request back while it is screened."""
    case = await stage.case()
    await case.give("caller_withdrew", request=case.no)
    await case.settled()


@shape(holds="merge_proposed merged follower_attached callback_recorded closed", shows=COMPLETED)
async def merged_both_sides(stage: Stage) -> None:
    """Two cases merge; the leading one is worked and calls both callers back."""
    leading, merging = await stage.case(), await stage.case()
    await leading.dispatched()
    await merging.give("merge", into=leading.no)
    await merging.handle.result()
    await leading.give("submit_result", unit="water", order="a1", code="solved", documents=("doc-1",))
    await leading.give("review_result", order="a1", accept=True)
    for caller in (leading.no, merging.no):
        answers = {"reached": True, "solved": "yes", "satisfaction": "satisfied"}
        await leading.give("record_callback", request=caller, **answers)
    await leading.settled()


@shape(holds="follower_attached caller_left closed")
async def one_of_two_callers_leaves(stage: Stage) -> None:
    """A case with two callers goes on for the one who stays."""
    leading, merging = await stage.case(), await stage.case()
    await merging.give("merge", into=leading.no)
    await merging.handle.result()
    await leading.in_callback()
    await leading.give("caller_withdrew", request=merging.no)
    await leading.satisfied()
    await leading.settled()


@shape(holds="follower_split became_own triaged", shows=COMPLETED)
async def split_off_and_screened_again(stage: Stage) -> None:
    """A merged case whose run is over becomes its own again in a new run."""
    leading, merged = await stage.case(), await stage.case()
    await merged.give("merge", into=leading.no)
    await merged.handle.result()
    await merged.keep()
    await leading.give("split_off", request=merged.no)
    await until(lambda: "became_own" in merged.types())
    await leading.settled()
    await merged.give("triage", triage="routine")
    await merged.settled()


@shape(holds="merge_refused triaged", shows=COMPLETED, alone=True)
async def merge_refused(stage: Stage) -> None:
    """The leading case closes before it can take the other, which goes on by itself."""
    leading, merging = await stage.case(), await stage.case()
    await leading.give("answer")
    await leading.handle.result()
    await leading.keep()

    def as_it_was(connection: Connection, needs: Iterable[Need]) -> object:
        units, items, cases = look_up(connection, needs)
        return units, items, {no: c.model_copy(update={"open": True}) for no, c in cases.items()}

    with pytest.MonkeyPatch.context() as patch:
        # The look at the other case and its end lie so close together that only chance would bring them in this order.
        patch.setattr("activities.journal.look_up", as_it_was)
        await merging.give("merge", into=leading.no)
        await until(lambda: "merge_refused" in merging.types())
    await merging.settled()
    await leading.handle.result()
    await merging.give("triage", triage="routine")


@shape(holds="merge_withdrawn follower_attached follower_released triaged")
async def wish_to_merge_taken_back(stage: Stage) -> None:
    """A case takes its wish back before the leading one's word has come: what crosses on the way is undone by messages."""
    leading, merging = await stage.case(), await stage.case()
    merge = await merging.decision("merge", into=leading.no)
    back = await merging.decision("withdraw_merge")
    await merging.send("merge", merge)
    await merging.send("withdraw_merge", back)
    await until(lambda: "follower_released" in leading.types())
    await merging.settled()
    await leading.settled()
    await merging.give("triage", triage="routine")
