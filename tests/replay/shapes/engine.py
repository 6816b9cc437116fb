"""What the engine does to a run: continue-as-new, resets, lost runs, lost workers."""

import asyncio

import pytest
from temporalio import activity
from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.enums.v1 import ResetReapplyExcludeType
from temporalio.api.workflowservice.v1 import ResetWorkflowExecutionRequest
from temporalio.exceptions import ApplicationError

import worker.host
from activities.journal import Journal
from activities.notices import Notices
from activities.signatures import EffectOrder, Performed
from activities.tell import signal_process
from domain.messages import Message
from tests.factories.engine import LiveCase, envelope_of, seen, until
from tests.replay.shapes.registry import Stage, shape

CONTINUED = "WORKFLOW_EXECUTION_CONTINUED_AS_NEW"
EXCLUDED = [
    ResetReapplyExcludeType.RESET_REAPPLY_EXCLUDE_TYPE_SIGNAL,
    ResetReapplyExcludeType.RESET_REAPPLY_EXCLUDE_TYPE_UPDATE,
]


async def continued(case: LiveCase) -> bool:
    """Whether the case is in a later run."""
    started = (await case.handle.fetch_history()).events[0].workflow_execution_started_event_attributes
    return bool(started.continued_execution_run_id)


@shape(holds="progress_reported", shows=CONTINUED, short=True)
async def long_life_in_several_runs(stage: Stage) -> None:
    """A history grows long: the case goes on in new runs, with its timers and without doing anything twice."""
    case = await (await stage.case()).dispatched(co=("roads", "parks"))
    for order, unit in (("a1", "water"), ("a2", "roads"), ("a3", "parks")):
        await case.give("sign", unit=unit, order=order)
    for _ in range(6):
        await case.give("report_progress", unit="water", order="a1")
    await until(lambda: continued(case))
    await case.give("submit_result", unit="water", order="a1", code="explained")
    await case.settled()


@shape(holds="progress_reported", shows=f"{CONTINUED} WORKFLOW_EXECUTION_SIGNALED", short=True)
async def messages_in_flight_while_runs_change(stage: Stage) -> None:
    """Updates and signals come without pause while runs change; each is answered once."""
    case = await (await stage.case()).dispatched()
    await case.give("sign", unit="water", order="a1")
    signalled = [await case.decision("report_progress", unit="water", order="a1") for _ in range(12)]

    async def person() -> None:
        for _ in range(5):
            await case.give("report_progress", unit="water", order="a1")

    async def relay() -> None:
        for decision in signalled:
            message = Message(envelope=envelope_of("report_progress", decision, case.process))
            await case.handle.signal("decide", message)

    await asyncio.gather(relay(), person(), person())
    await until(lambda: case.types().count("progress_reported") == 22)
    assert await continued(case)
    await case.settled()


async def reset(stage: Stage, *, again: bool) -> None:
    """Reset a run to its middle; ``again`` brings what came after that point once more."""
    case = await (await stage.case()).dispatched()
    await case.settled()
    await case.give("sign", unit="water", order="a1")
    await case.settled()
    await case.keep()
    completed = seen(case.kept[-1], "WORKFLOW_TASK_COMPLETED")
    answer = await stage.engine.client.workflow_service.reset_workflow_execution(
        ResetWorkflowExecutionRequest(
            namespace=stage.engine.client.namespace,
            workflow_execution=WorkflowExecution(workflow_id=case.process, run_id=case.kept[-1].run_id),
            reason="an operator looks back",
            workflow_task_finish_event_id=completed[len(completed) // 2].event_id,
            request_id=f"reset-{case.no}",
            reset_reapply_exclude_types=() if again else EXCLUDED,
        )
    )
    handle = stage.engine.client.get_workflow_handle(case.process, run_id=answer.run_id)

    async def caught_up() -> bool:
        described = await handle.describe()
        return {p.key.name: p.value for p in described.typed_search_attributes}.get("CaseStage") == "in_progress"

    await until(caught_up)
    await case.give("contact", unit="water", order="a1")
    await case.settled()


@shape(holds="order_signed caller_contacted", shows="WORKFLOW_TASK_FAILED")
async def reset_bare(stage: Stage) -> None:
    """A reset that brings nothing again: the run looks into the journal by itself."""
    await reset(stage, again=False)


@shape(holds="order_signed caller_contacted", shows="WORKFLOW_TASK_FAILED")
async def reset_with_what_came_after(stage: Stage) -> None:
    """A reset that brings the decisions of the lost part again: the journal knows them."""
    await reset(stage, again=True)


@shape(holds="order_sent order_signed", shows="WORKFLOW_EXECUTION_SIGNALED")
async def terminated_by_mistake(stage: Stage) -> None:
    """A run is terminated; the relay's signal starts another one, which keeps the timers and repeats nothing."""
    case = await (await stage.case()).dispatched()
    await case.settled()
    await case.keep()
    await case.handle.terminate("an operator's mistake")
    await signal_process(stage.engine.client, case.process, "sync")
    await case.give("sign", unit="water", order="a1")
    await case.settled()


@shape(holds="order_signed work_begun", shows="WORKFLOW_TASK_COMPLETED", alone=True)
async def workers_changed_in_the_middle(stage: Stage) -> None:
    """The workers are replaced between decisions: the next ones know the case from its history only."""
    case = await (await stage.case()).dispatched()
    await case.settled()
    for name in ("sign", "begin_work"):
        await stage.engine.team.stop()
        await stage.engine.team.start()
        await case.give(name, unit="water", order="a1")
    await case.settled()


@shape(holds="order_sent closed", shows="ACTIVITY_TASK_COMPLETED", alone=True)
async def notices_as_activities(stage: Stage) -> None:
    """A worker that performs nothing within its commits: every notice is an activity, some after others to one target."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Journal, "AT_ONCE", frozenset())
        case = await (await stage.case()).dispatched(co=("roads",))
        await case.give("waive_result", order="a2")
        await case.give("submit_result", unit="water", order="a1", code="solved", documents=("doc-1",))
        await case.give("review_result", order="a1", accept=True)
        await case.satisfied()
        await case.settled()


class NoNotices(Notices):
    """A channel that is gone."""

    @activity.defn(name="notices.give", no_thread_cancel_exception=True)
    def give_notice(self, order: EffectOrder) -> Performed:
        raise ApplicationError(f"no channel for {order.target}", type="channel_gone", non_retryable=True)


@shape(holds="effect_failed effect_waived screening_ended", shows="ACTIVITY_TASK_FAILED", alone=True)
async def notices_that_fail(stage: Stage) -> None:
    """Notices as activities that fail for good: a case that is over waits until its incidents are waived."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Journal, "AT_ONCE", frozenset())
        patch.setattr(worker.host, "Notices", NoNotices)
        await stage.engine.team.stop()
        await stage.engine.team.start()
        case = await stage.case()
        await case.give("answer")
        await until(lambda: case.types().count("effect_failed") == 2)
        for event in [e for e in case.events() if e.type == "effect_failed"]:
            await case.give("waive_effect", effect=event.body["effect"])
        await case.handle.result()
        await stage.engine.team.stop()
    await stage.engine.team.start()
