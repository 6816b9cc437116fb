"""节奏: what a Temporal Schedule lets happen (M31): sessions are opened ahead, units get their digest, a provisional year is told.

A beat does one thing once a day, however often it is struck: what it writes has the day in its id.
"""

from datetime import timedelta

from temporalio import workflow
from temporalio.common import RetryPolicy, SearchAttributeKey

with workflow.unsafe.imports_passed_through():
    from activities import signatures
    from activities.signatures import NOTICES, Beat

SCHEDULED = SearchAttributeKey.for_datetime("TemporalScheduledStartTime")
"""When a schedule meant a run to begin; the run itself may have waited for a worker, a weekend long."""


@workflow.defn(name="CadenceWorkflow")
class CadenceWorkflow:
    """One beat of a schedule. Contract: started by a schedule of :mod:`worker.schedules`, or by an operator who triggers one."""

    @workflow.run
    async def run(self, beat: Beat) -> str:
        """Do what the beat is for; say what came of it."""
        meant = workflow.info().typed_search_attributes.get(SCHEDULED) or workflow.info().start_time
        return await workflow.execute_activity(
            signatures.strike,
            beat.model_copy(update={"at": workflow.now(), "meant": meant}),
            task_queue=NOTICES,
            start_to_close_timeout=timedelta(minutes=2),
            retry_policy=RetryPolicy(maximum_interval=timedelta(minutes=5)),
            summary=beat.title,
        )
