"""Replays every history of a run: what faults did to it must never keep a new worker from going on with it."""

from temporalio.api.enums.v1 import EventType
from temporalio.client import Client, WorkflowHistory
from temporalio.service import RPCError, RPCStatusCode
from temporalio.worker import Replayer

from worker.host import WORKFLOWS
from worker.plugin import plugin
from workflows.cadence import CadenceWorkflow


async def replayed(address: str) -> tuple[list[str], int]:
    """Replay the histories of all workflows; return those that do not, with the reason, and how many there were."""
    client = await Client.connect(address)
    replayer = Replayer(workflows=[*WORKFLOWS, CadenceWorkflow], plugins=[plugin(sandbox=False)])
    failed: list[str] = []
    count = 0
    async for execution in client.list_workflows():
        try:
            history = await client.get_workflow_handle(execution.id, run_id=execution.run_id).fetch_history()
        except RPCError as error:
            if error.status is RPCStatusCode.NOT_FOUND:
                continue  # deleted, and still in the list for a moment
            raise
        result = await replayer.replay_workflow(history, raise_on_replay_failure=False)
        if result.replay_failure is not None:
            why = f"{execution.id} ({execution.run_id}) does not replay: {result.replay_failure}"
            failed.append(f"{why}\n{told(history)}")
        count += 1
    return failed, count


def told(history: WorkflowHistory) -> str:
    """The events of a history in one line: what is needed to see why it does not replay, where the history itself is lost."""
    return ", ".join(
        f"{e.event_id} {EventType.Name(e.event_type).removeprefix('EVENT_TYPE_').lower()}" for e in history.events
    )
