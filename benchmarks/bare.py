"""A bare Temporal workflow with the steps of the skeleton: what the engine alone costs.

Nothing but temporalio is imported here: the default runner loads this file anew for every workflow.
"""

from dataclasses import dataclass
from datetime import timedelta

from temporalio import workflow

DEADLINE = timedelta(days=7)
LIMIT = timedelta(seconds=60)
STEP = "bare.step"


@dataclass
class Start:
    """Which case, whether steps are local activities, the steps nobody is waited for in, and how many messages are."""

    case: str
    local: bool
    opening: list[str]
    waited: int


@workflow.defn(name="Bare")
class Bare:
    """Do the opening steps, then one step a message until all have come or seven days have passed."""

    @workflow.init
    def __init__(self, start: Start) -> None:
        self.start, self.left, self.opened = start, start.waited, False

    @workflow.run
    async def run(self, start: Start) -> None:
        """Open, wait, end."""
        for name in start.opening:
            await self._act(name)
        self.opened = True
        await workflow.wait_condition(lambda: self.left == 0, timeout=DEADLINE)
        await workflow.wait_condition(workflow.all_handlers_finished)

    @workflow.update
    async def step(self, name: str) -> str:
        """Do one step, after the opening."""
        await workflow.wait_condition(lambda: self.opened)
        await self._act(name)
        self.left -= 1
        return name

    async def _act(self, name: str) -> None:
        args = [self.start.case, name]
        if self.start.local:
            await workflow.execute_local_activity(STEP, args=args, start_to_close_timeout=LIMIT)
        else:
            await workflow.execute_activity(STEP, args=args, start_to_close_timeout=LIMIT)
