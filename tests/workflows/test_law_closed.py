"""Law 7: closed is not dead; terminated, reset and deleted workflows start again from the journal and repeat nothing done."""

from typing import Any

import pytest
from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.enums.v1 import ResetReapplyExcludeType
from temporalio.api.workflowservice.v1 import DeleteWorkflowExecutionRequest, ResetWorkflowExecutionRequest
from temporalio.client import WorkflowExecutionStatus, WorkflowHandle, WorkflowHistory
from temporalio.service import RPCError

from activities.tell import signal_process
from domain.messages import Message
from domain.process import SYSTEM, Envelope
from storage.models import NoticeRow, OrderRow, TodoRow
from tests.factories.city import rows
from tests.factories.engine import Engine, LiveCase, envelope_of, replays, seen, until

pytestmark = pytest.mark.slow


def commanded(history: WorkflowHistory, task: int) -> bool:
    """Whether a workflow task brought any command."""
    attributes = (getattr(e, str(e.WhichOneof("attributes"))) for e in history.events)
    return any(getattr(a, "workflow_task_completed_event_id", 0) == task for a in attributes)


async def test_an_objection_to_a_closed_case_starts_its_redo(engine: Engine) -> None:
    case = await (await engine.case()).in_callback()
    await case.satisfied()
    await case.settled()
    await case.keep()
    await case.handle.terminate("the run of a closed case may be long gone")
    receipt = await case.give("object", request=case.no)
    assert (receipt.stage, "redo_started" in receipt.events) == ("dispatched", True)


async def test_an_archived_case_is_opened_again_on_new_facts_by_a_run_of_its_own(engine: Engine) -> None:
    case = await (await engine.case(pack="demo")).in_callback()
    await case.satisfied()
    assert await case.handle.result() == "archived"
    await case.keep()
    asked = await case.give("request_reopening", request=case.no)
    assert (asked.stage, asked.events) == ("archived", ("reopening_requested", "clock_set"))
    assert await case.status() is WorkflowExecutionStatus.RUNNING, "it waits for the second person"
    opened = await case.give("review_reopening", approve=True)
    assert opened.stage == "screening"
    await case.dispatched("roads")
    assert [(o.order_id, o.state, o.cycle) for o in rows(engine.database, OrderRow, case_no=case.no)] == [
        ("a1", "accepted", 1),
        ("a2", "sent", 2),
    ], "earlier results stay, and the order is a fresh one"
    await case.settled()
    orders = [e for e in case.effects(kind="order_message") if e.body["what"] == "order_sent"]
    assert [o.target for o in orders] == ["water", "roads"]


async def test_a_reopening_that_is_denied_completes_the_workflow_again(engine: Engine) -> None:
    case = await engine.case()
    await case.give("answer")
    await case.handle.result()
    await case.keep()
    await case.give("request_reopening", request=case.no)
    assert (await case.give("review_reopening", approve=False)).stage == "answered"
    assert await case.handle.result() == "answered"


async def test_nobody_answers_a_reopening_and_the_clock_rings_in_the_new_run(engine: Engine) -> None:
    case = await (await engine.case(pack="demo")).in_callback()
    await case.satisfied()
    await case.handle.result()
    await case.keep()
    await case.give("request_reopening", request=case.no)
    await until(lambda: "overdue_reached" in case.types())
    [todo] = rows(engine.database, TodoRow, process=case.process)
    assert (todo.key, todo.role) == ("reopening", "centre_head")


async def test_a_decision_on_a_completed_workflow_is_answered_by_a_new_run(engine: Engine) -> None:
    case = await engine.case()
    await case.give("answer")
    await case.handle.result()
    await case.keep()
    notices = len(rows(engine.database, NoticeRow))
    assert await case.refuses("triage", triage="routine") == "not_in_this_stage"
    await case.handle.result()
    assert len(rows(engine.database, NoticeRow)) == notices, "nothing done is done again"


async def test_a_merged_case_on_a_completed_workflow_becomes_its_own_again(engine: Engine) -> None:
    leading, merged = await engine.case(), await engine.case()
    await leading.opened()
    await merged.give("merge", into=leading.no)
    assert await merged.handle.result() == "merged"
    await merged.keep()
    await leading.give("split_off", request=merged.no)
    await until(lambda: "became_own" in merged.types())
    assert await merged.status() is WorkflowExecutionStatus.RUNNING
    await leading.settled()
    assert (await merged.give("triage", triage="routine")).stage == "triaged"


async def test_a_message_to_a_completed_process_runs_from_the_journal(engine: Engine) -> None:
    case = await engine.case()
    await case.give("answer")
    await case.handle.result()
    await case.keep()
    await told(case, 1)
    assert await case.handle.result() == "answered"


async def told(case: LiveCase, n: int) -> None:
    """Another process tells the case something that it refuses, and the journal has seen it."""
    envelope = Envelope(
        id=f"late/{case.no}/{n}",
        process=case.process,
        name="confirm_merge",
        body={"into": "x"},
        actor=SYSTEM,
        received_at=await case.engine.now(),
    )
    await signal_process(case.engine.client, case.process, "decide", Message(envelope=envelope))
    await until(lambda: case.commands(id=envelope.id))


async def acts(case: LiveCase) -> int:
    """How many outward acts the latest run has scheduled."""
    return len(seen(await case.handle.fetch_history(), "ACTIVITY_TASK_SCHEDULED"))


async def test_a_terminated_workflow_starts_again_with_its_timers_and_repeats_no_done_effect(
    either_engine: Engine,
) -> None:
    case = await (await either_engine.case()).dispatched()
    await case.settled()
    await case.keep()
    await case.handle.terminate("an operator's mistake")
    await signal_process(either_engine.client, case.process, "sync")
    await until(lambda: timers(case, 2))
    assert await acts(case) == 0
    assert (await case.give("sign", unit="water", order="a1")).stage == "in_progress"


async def timers(case: LiveCase, at_least: int) -> bool:
    """Whether the latest run keeps so many timers."""
    return len(seen(await case.handle.fetch_history(), "TIMER_STARTED")) >= at_least


async def test_a_deleted_workflow_starts_again_from_the_journal(engine: Engine) -> None:
    case = await (await engine.case()).dispatched()
    await case.settled()
    await engine.client.workflow_service.delete_workflow_execution(
        DeleteWorkflowExecutionRequest(
            namespace=engine.client.namespace, workflow_execution=WorkflowExecution(workflow_id=case.process)
        )
    )

    async def gone() -> bool:
        try:
            await case.handle.describe()
        except RPCError:
            return True
        return False

    await until(gone)
    assert (await case.give("sign", unit="water", order="a1")).stage == "in_progress"
    assert await acts(case) == 0


async def reset(case: LiveCase, task: int, *without: ResetReapplyExcludeType.ValueType) -> WorkflowHandle[Any, Any]:
    """Reset the latest run to a workflow task; what came after it is brought again, but for the kinds named."""
    history = await case.handle.fetch_history()
    answer = await case.engine.client.workflow_service.reset_workflow_execution(
        ResetWorkflowExecutionRequest(
            namespace=case.engine.client.namespace,
            workflow_execution=WorkflowExecution(workflow_id=case.process, run_id=history.run_id),
            reason="an operator looks back",
            workflow_task_finish_event_id=task,
            request_id=f"reset-{case.no}",
            reset_reapply_exclude_types=without,
        )
    )
    return case.engine.client.get_workflow_handle(case.process, run_id=answer.run_id)


@pytest.mark.usefixtures("by_activity")
@pytest.mark.parametrize("back_to", ["first_task", "a_middle_task", "a_task_without_commands"])
async def test_a_reset_workflow_looks_into_the_journal_by_itself_and_repeats_nothing(
    engine: Engine, back_to: str
) -> None:
    case = await (await engine.case()).dispatched()
    await case.settled()
    await case.give("sign", unit="water", order="a1")
    await case.settled()
    await case.keep()
    history = case.kept[-1]
    completed = seen(history, "WORKFLOW_TASK_COMPLETED")
    signed = seen(history, "WORKFLOW_EXECUTION_UPDATE_ACCEPTED")[-1].event_id
    at = {
        "first_task": completed[0],
        "a_middle_task": completed[len(completed) // 2],
        "a_task_without_commands": [e for e in completed if e.event_id < signed and not commanded(history, e.event_id)][
            -1
        ],
    }[back_to]
    before = (case.row().seq, len(rows(engine.database, NoticeRow)))
    # What came after the reset point is not brought again: the run has to look into the journal by itself.
    again = await reset(
        case,
        at.event_id,
        ResetReapplyExcludeType.RESET_REAPPLY_EXCLUDE_TYPE_SIGNAL,
        ResetReapplyExcludeType.RESET_REAPPLY_EXCLUDE_TYPE_UPDATE,
    )

    async def caught_up() -> bool:
        described = await again.describe()
        attributes = {p.key.name: p.value for p in described.typed_search_attributes}
        return attributes.get("CaseStage") == "in_progress"

    await until(caught_up)
    assert (case.row().seq, len(rows(engine.database, NoticeRow))) == before
    assert (await case.give("contact", unit="water", order="a1")).events[0] == "caller_contacted"


@pytest.mark.usefixtures("by_activity")
@pytest.mark.parametrize("back_to", ["first_task", "a_middle_task"])
async def test_a_reset_run_replays_though_decisions_and_messages_are_brought_again_in_turns(
    engine: Engine, back_to: str
) -> None:
    """What the server brings again after a reset comes in turns; in replay the SDK brings all signals first."""
    case = await engine.case()
    await case.give("triage", triage="routine")
    await told(case, 1)
    await case.give("dispatch", lead="water")
    await case.settled()
    await case.keep()
    await engine.team.stop()
    sign = await case.decision("sign", unit="water", order="a1")
    await case.handle.signal("decide", Message(envelope=envelope_of("sign", sign, case.process)))
    completed = seen(case.kept[-1], "WORKFLOW_TASK_COMPLETED")
    again = await reset(case, completed[0 if back_to == "first_task" else 1].event_id)
    await engine.team.start()
    await until(lambda: case.commands(id=sign.id))
    contact = await case.give("contact", unit="water", order="a1")
    assert contact.events[0] == "caller_contacted"
    history = await again.fetch_history()
    brought = [
        e.event_id for kind in ("UPDATE_ADMITTED", "SIGNALED") for e in seen(history, f"WORKFLOW_EXECUTION_{kind}")
    ]
    assert brought != sorted(brought), "decisions came before messages"
    await replays([history])
