"""Replays every history of a run: what faults did to it must never keep a new worker from going on with it."""

from temporalio.client import Client
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
            failed.append(f"{execution.id} ({execution.run_id}) does not replay: {result.replay_failure}")
        count += 1
    return failed, count
