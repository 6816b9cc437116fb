"""The one port to the engine. The API knows Temporal by names only; workflows are never imported here.

Everything that matters is in the journal: an engine that does not answer costs time, never a decision.
"""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final, Protocol

from temporalio.client import (
    Client,
    WithStartWorkflowOperation,
    WorkflowUpdateFailedError,
    WorkflowUpdateRPCTimeoutOrCancelledError,
)
from temporalio.common import Priority, WorkflowIDConflictPolicy, WorkflowIDReusePolicy
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError, RPCStatusCode

from api.standing import Standing, standing
from domain.deciders import workflow_of
from domain.messages import Decision, ProcessStart, Receipt
from storage.texts import known

QUEUE: Final = "cases"
URGENT: Final = Priority(priority_key=1)
NORMAL: Final = Priority(priority_key=3)
RETRY_GAP_S: Final = 0.2
CALL_S: Final = 2.0
PROBLEMS: Final = "TemporalReportedProblems"

AGAIN: Final = frozenset(
    {
        RPCStatusCode.FAILED_PRECONDITION,
        RPCStatusCode.ABORTED,
        RPCStatusCode.NOT_FOUND,
        RPCStatusCode.RESOURCE_EXHAUSTED,
    }
)
"""Answers after which the same update may be sent again at once: the workflow was just ending, starting or moving."""

RUN_ENDED: Final = "AcceptedUpdateCompletedWorkflow"
"""So the server answers an update that a run had accepted when it was terminated or reset."""


@dataclass(frozen=True)
class Refused:
    """The engine says no."""

    code: str
    detail: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Failing:
    """A process whose workflow task fails again and again; ``cause`` is the server's code, ``since`` when its run began."""

    process: str
    cause: str
    since: datetime


class Engine(Protocol):
    """What the API asks of the engine."""

    async def start_case(self, process: str, *, urgent: bool = False) -> bool:
        """Start the process if it does not run; say whether the engine took it."""

    async def decide(
        self, process: str, name: str, decision: Decision[Any], *, urgent: bool = False
    ) -> Receipt | Refused | None:
        """Give a decision and wait for its outcome; None when there was no answer in time."""

    async def restart(self, process: str) -> bool:
        """Begin a new run from the journal, whatever runs now; say whether the engine took it."""

    async def standing(self, process: str) -> Standing | None:
        """Return where the workflow of a process stands; None when the engine does not answer."""

    async def failing(self, most: int) -> Sequence[Failing] | None:
        """Return processes whose workflow tasks fail again and again; None when the engine does not answer."""

    async def ping(self) -> bool:
        """Say whether the engine answers."""


class TemporalEngine:
    """Temporal. The connection is made at the first call, so that the API starts and takes requests without it."""

    def __init__(self, address: str, namespace: str, timeout_s: float) -> None:
        self.address, self.namespace, self.timeout_s = address, namespace, timeout_s
        self._client: Client | None = None
        self._connecting = asyncio.Lock()

    async def client(self) -> Client:
        """Return the one client; it connects by itself, lazily and again."""
        async with self._connecting:
            if self._client is None:
                self._client = await Client.connect(
                    self.address, namespace=self.namespace, data_converter=pydantic_data_converter, lazy=True
                )
        return self._client

    async def start_case(self, process: str, *, urgent: bool = False) -> bool:
        """Start the workflow; one that runs is left alone."""
        return await self._start(process, WorkflowIDConflictPolicy.USE_EXISTING, urgent=urgent)

    async def restart(self, process: str) -> bool:
        """End the run there is and begin one that knows nothing and catches up from the journal."""
        return await self._start(process, WorkflowIDConflictPolicy.TERMINATE_EXISTING, urgent=False)

    async def decide(
        self, process: str, name: str, decision: Decision[Any], *, urgent: bool = False
    ) -> Receipt | Refused | None:
        """Send the update, starting the workflow from the journal when it does not run; retry what is passing."""
        until = time.monotonic() + self.timeout_s
        while (left := until - time.monotonic()) > 0:
            try:
                return await asyncio.wait_for(self._update(process, name, decision, urgent=urgent), left)
            except WorkflowUpdateFailedError as error:
                if not _lost(error):
                    return _refusal(error)
                await asyncio.sleep(min(RETRY_GAP_S, max(0.0, until - time.monotonic())))
            except (TimeoutError, WorkflowUpdateRPCTimeoutOrCancelledError):
                return None
            except RPCError as error:
                if error.status not in AGAIN:
                    return None
                await asyncio.sleep(min(RETRY_GAP_S, max(0.0, until - time.monotonic())))
            except RuntimeError:
                return None  # the connection could not be made
        return None

    async def standing(self, process: str) -> Standing | None:
        """Read the end of the history."""
        try:
            return await asyncio.wait_for(standing(await self.client(), process, CALL_S), CALL_S)
        except (RPCError, RuntimeError, TimeoutError):
            return None

    async def failing(self, most: int) -> Sequence[Failing] | None:
        """Ask visibility: the server notes the problem after five failures of one task, and takes the note away at a success."""
        try:
            return await asyncio.wait_for(self._failing(most), CALL_S)
        except (RPCError, RuntimeError, TimeoutError):
            return None

    async def _failing(self, most: int) -> list[Failing]:
        client = await self.client()
        found = client.list_workflows(f"ExecutionStatus = 'Running' AND {PROBLEMS} IS NOT NULL", limit=most)
        return [Failing(e.id, _cause(e.search_attributes.get(PROBLEMS, ())), e.start_time) async for e in found]

    async def ping(self) -> bool:
        """Ask the server for its health."""
        try:
            client = await self.client()
            return await asyncio.wait_for(client.service_client.check_health(timeout=timedelta(seconds=1)), 1.5)
        except (RPCError, RuntimeError, TimeoutError):
            return False

    async def _update(self, process: str, name: str, decision: Decision[Any], *, urgent: bool) -> Receipt:
        client = await self.client()
        start: WithStartWorkflowOperation[Any, Any] = WithStartWorkflowOperation(
            workflow_of(process),
            ProcessStart(process=process),
            id=process,
            task_queue=QUEUE,
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
            id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
            static_summary=process.partition("/")[2],
            priority=URGENT if urgent else NORMAL,
        )
        # The SDK puts an error into the operation's own future too; unread, it would be logged for every refusal.
        begun = asyncio.ensure_future(start.workflow_handle())
        begun.add_done_callback(lambda done: done.cancelled() or done.exception())
        try:
            receipt = await client.execute_update_with_start_workflow(
                name, decision, start_workflow_operation=start, id=decision.id, result_type=Receipt
            )
        finally:
            begun.cancel()
        return Receipt.model_validate(receipt)

    async def _start(self, process: str, conflict: WorkflowIDConflictPolicy, *, urgent: bool) -> bool:
        try:
            client = await self.client()
            await client.start_workflow(
                workflow_of(process),
                ProcessStart(process=process),
                id=process,
                task_queue=QUEUE,
                id_conflict_policy=conflict,
                id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
                static_summary=process.partition("/")[2],
                priority=URGENT if urgent else NORMAL,
                rpc_timeout=timedelta(seconds=CALL_S),
            )
        except (RPCError, RuntimeError, TimeoutError):
            return False
        return True


def _cause(problems: Sequence[Any]) -> str:
    """Return the server's code for what went wrong: of ``category=…`` and ``cause=…`` the latter."""
    causes = [str(p).removeprefix("cause=") for p in problems if str(p).startswith("cause=")]
    return (causes or ["unknown"])[0].removeprefix("WorkflowTaskFailedCause")[:80]


def _lost(error: WorkflowUpdateFailedError) -> bool:
    """Say whether the run was ended or reset under the decision, which is then the next run's: nobody has refused it."""
    return isinstance(error.cause, ApplicationError) and error.cause.type == RUN_ENDED


def _refusal(error: WorkflowUpdateFailedError) -> Refused | None:
    """Return the rules' refusal; None for any other failure, which says nothing of the decision: it is under way."""
    cause = error.cause
    if not isinstance(cause, ApplicationError) or not known(f"refusal.{cause.type}"):
        return None
    detail = cause.details[0] if cause.details and isinstance(cause.details[0], dict) else {}
    return Refused(code=str(cause.type), detail=detail)
