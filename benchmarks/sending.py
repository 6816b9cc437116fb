"""How a driver sends an update: as the API does, again under the same id when the server gave up waiting for a worker."""

import asyncio
from typing import Any

from temporalio.client import WorkflowHandle, WorkflowUpdateRPCTimeoutOrCancelledError


async def send_update(
    handle: WorkflowHandle[Any, Any], name: str, arg: Any, key: str, result: type | None = None
) -> int:
    """Send and wait for the answer; return how often it had to be sent again. Refusals and other errors are raised."""
    again = 0
    while True:
        try:
            await handle.execute_update(name, arg, id=key, result_type=result)
        except WorkflowUpdateRPCTimeoutOrCancelledError as error:
            if isinstance(error.__cause__, asyncio.CancelledError):
                raise
            again += 1
        else:
            return again
