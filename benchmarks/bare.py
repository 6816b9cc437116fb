"""A bare Temporal workflow with the steps of the skeleton: what the engine alone costs.

Nothing but temporalio is imported here: the default runner loads this file anew for every workflow.
"""

from datetime import timedelta

from temporalio import workflow

DEADLINE = timedelta(days=7)
LIMIT = timedelta(seconds=60)
STEP = "bare.step"


@workflow.defn(name="Bare")
class Bare:
    """Do the opening steps, then one step a message until all have come or seven days have passed."""

    @workflow.init
    def __init__(self, case: str, local: bool, opening: list[str], waited: int) -> None:  # noqa: FBT001 - the smallest workflow that does it
        self.case, self.local, self.left = case, local, waited

    @workflow.run
    async def run(self, case: str, local: bool, opening: list[str], waited: int) -> None:  # noqa: FBT001 - as above
        """Open, wait, end."""
        del case, local, waited
        for name in opening:
            await self._act(name)
        await workflow.wait_condition(lambda: self.left == 0, timeout=DEADLINE)
        await workflow.wait_condition(workflow.all_handlers_finished)

    @workflow.update
    async def step(self, name: str) -> str:
        """Do one step."""
        await self._act(name)
        self.left -= 1
        return name

    async def _act(self, name: str) -> None:
        if self.local:
            await workflow.execute_local_activity(STEP, args=[self.case, name], start_to_close_timeout=LIMIT)
        else:
            await workflow.execute_activity(STEP, args=[self.case, name], start_to_close_timeout=LIMIT)
