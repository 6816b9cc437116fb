"""Where a workflow stands: the seq and head its history has taken over from the journal.

Read from the end of the history, so it needs no worker, costs the workflow nothing and says what survives if every worker dies
now. What a worker has committed and not yet reported is not in it for a moment.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from temporalio.api.common.v1 import Payload, WorkflowExecution
from temporalio.api.enums.v1 import EventType
from temporalio.api.history.v1 import HistoryEvent
from temporalio.api.workflowservice.v1 import GetWorkflowExecutionHistoryReverseRequest
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

PAGE: Final = 100
LOCAL: Final = "core_local_activity"
ENDED: Final = frozenset(
    {
        EventType.EVENT_TYPE_WORKFLOW_EXECUTION_COMPLETED,
        EventType.EVENT_TYPE_WORKFLOW_EXECUTION_FAILED,
        EventType.EVENT_TYPE_WORKFLOW_EXECUTION_TIMED_OUT,
        EventType.EVENT_TYPE_WORKFLOW_EXECUTION_CANCELED,
        EventType.EVENT_TYPE_WORKFLOW_EXECUTION_TERMINATED,
    }
)


@dataclass(frozen=True)
class Standing:
    """Whether a run lives, and the seq and head it knows: 0 when it has learnt nothing yet, or there is no run at all."""

    running: bool
    seq: int = 0
    head: str = ""


async def standing(client: Client, process: str, timeout_s: float) -> Standing:
    """Return where the latest run of a process stands. Raises RPCError when the engine cannot be asked."""
    running, token = None, b""
    while True:
        request = GetWorkflowExecutionHistoryReverseRequest(
            namespace=client.namespace,
            execution=WorkflowExecution(workflow_id=process),
            maximum_page_size=PAGE,
            next_page_token=token,
        )
        try:
            page = await client.workflow_service.get_workflow_execution_history_reverse(
                request, timeout=timedelta(seconds=timeout_s)
            )
        except RPCError as error:
            if error.status is RPCStatusCode.NOT_FOUND:
                return Standing(running=False)
            raise
        if running is None:
            running = not (page.history.events and page.history.events[0].event_type in ENDED)
        if (known := last_word(page.history.events)) is not None:
            return Standing(running, *known)
        token = page.next_page_token
        if not token:
            return Standing(running)


def last_word(events: Iterable[HistoryEvent]) -> tuple[int, str] | None:
    """Return seq and head of the latest of these events (the latest first) that carries the journal's word, or None."""
    for event in events:
        for payload in _payloads(event):
            if (known := _known(payload)) is not None:
                return known
    return None


def _payloads(event: HistoryEvent) -> Iterable[Payload]:
    """Return what may carry the journal's word: a commit's result, or what a run began with."""
    match event.event_type:
        case EventType.EVENT_TYPE_MARKER_RECORDED:
            marker = event.marker_recorded_event_attributes
            return marker.details["result"].payloads if marker.marker_name == LOCAL else ()
        case EventType.EVENT_TYPE_ACTIVITY_TASK_COMPLETED:
            return event.activity_task_completed_event_attributes.result.payloads
        case EventType.EVENT_TYPE_WORKFLOW_EXECUTION_STARTED:
            return event.workflow_execution_started_event_attributes.input.payloads
        case _:
            return ()


def _known(payload: Payload) -> tuple[int, str] | None:
    try:
        body: Any = json.loads(payload.data)
    except ValueError:
        return None
    if not isinstance(body, dict) or "seq" not in body or "head" not in body:
        return None
    return int(body["seq"]), str(body["head"])
