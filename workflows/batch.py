"""批量变更 as a workflow: all that may happen to a batch, and all it does to the world.

Rules: :mod:`domain.batch`; deciding: :mod:`activities.journal`; a slice: :mod:`activities.batches`; how a process lives on:
:mod:`workflows.durable`.
"""

from temporalio import workflow
from temporalio.exceptions import ApplicationError

from workflows import acts
from workflows.durable import DurableProcess, decision

with workflow.unsafe.imports_passed_through():
    from activities.signatures import EffectOrder, Performed
    from domain import incidents
    from domain.batching import commands as c
    from domain.messages import ProcessStart


@workflow.defn(name="BatchWorkflow")
class BatchWorkflow(DurableProcess):
    """One change of terms for many cases, from its preview to the last answer.

    Contract: started with a process id ``batch/{no}`` by a person's ``begin_batch``. The cursor is in the journal: a run that is
    lost, killed or continued as new goes on with the slice that is owed, and no case takes its command twice. People act by updates
    named like the commands; machines and the relay by the signals ``decide`` and ``sync``. Ends when the batch is over and every
    effect it owes is settled.
    """

    @workflow.init
    def __init__(self, start: ProcessStart) -> None:
        super().__init__(start)

    @workflow.run
    async def run(self, start: ProcessStart) -> str:
        """Live until the batch is over; return its last stage."""
        del start
        await self.live()
        return self.card.stage

    # 发起、预演、批准 opening, preview, approval
    begin_batch = decision(c.BeginBatch)
    preview_batch = decision(c.PreviewBatch)
    approve_batch = decision(c.ApproveBatch)
    reject_batch = decision(c.RejectBatch)

    # 执行 running
    pause_batch = decision(c.PauseBatch)
    resume_batch = decision(c.ResumeBatch)
    stop_batch = decision(c.StopBatch)

    # 异常处置 incidents
    retry_effect = decision(incidents.RetryEffect)
    redirect_effect = decision(incidents.RedirectEffect)
    waive_effect = decision(incidents.WaiveEffect)

    async def perform(self, effect: EffectOrder) -> Performed:
        """Tell staff, or deal with the next cases."""
        match effect.kind:
            case "notice":
                return await acts.give_notice(effect)
            case "slice":
                return await acts.take_slice(effect)
            case other:
                raise ApplicationError(f"no way to perform {other}", type="unknown_effect", non_retryable=True)
