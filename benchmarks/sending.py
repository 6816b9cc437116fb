"""How a driver sends an update: as the API does, again under the same id when the server could not bring it to a worker."""

import asyncio
from typing import Any, Final

from temporalio.client import WorkflowHandle, WorkflowUpdateRPCTimeoutOrCancelledError
from temporalio.service import RPCError, RPCStatusCode

AGAIN: Final = frozenset(
    {
        RPCStatusCode.FAILED_PRECONDITION,
        RPCStatusCode.ABORTED,
        RPCStatusCode.UNAVAILABLE,
        RPCStatusCode.RESOURCE_EXHAUSTED,
    }
)
"""Answers of an overloaded server after which the same message may come again; api/engine.py repeats, or stores it, likewise."""
MOST: Final = 100
GAP_S: Final = 0.2


async def send_update(
    handle: WorkflowHandle[Any, Any], name: str, arg: Any, key: str, result: type | None = None
) -> int:
    """Send and wait for the answer; return how often it had to be sent again. Refusals and other errors are raised."""
    for again in range(MOST):
        try:
            await handle.execute_update(name, arg, id=key, result_type=result)
        except WorkflowUpdateRPCTimeoutOrCancelledError as error:
            if isinstance(error.__cause__, asyncio.CancelledError):
                raise
        except RPCError as error:
            if error.status not in AGAIN:
                raise
            await asyncio.sleep(GAP_S)
        else:
            return again
    raise TimeoutError(f"{name} was sent {MOST} times")
