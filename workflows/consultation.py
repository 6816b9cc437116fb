"""一键会商 as a workflow. Rules are in :mod:`domain.consultation`; how a process lives on is :mod:`workflows.durable`."""

from temporalio import workflow
from temporalio.exceptions import ApplicationError

from workflows import acts
from workflows.durable import DurableProcess, decision

with workflow.unsafe.imports_passed_through():
    from activities.signatures import EffectOrder, Performed
    from domain import cataloguing, incidents
    from domain.consulting import commands as c
    from domain.messages import ProcessStart


@workflow.defn(name="ConsultationWorkflow")
class ConsultationWorkflow(DurableProcess):
    """One consultation, from the question to what came of every item.

    Contract: started with the process id ``consultation/{no}``, as a child of the case that called it or by whom a person's
    ``open_consultation`` came. Units, specialists and the convener act by updates named like the commands; the clocks, the holders
    of its items and the relay by the signals ``decide`` and ``sync``. What it cannot decide it hands to an
    ``AdjudicationWorkflow``, its child. Ends when every item is settled and every effect it owes.
    """

    @workflow.init
    def __init__(self, start: ProcessStart) -> None:
        super().__init__(start)

    @workflow.run
    async def run(self, start: ProcessStart) -> str:
        """Live until the consultation is over; return its last stage."""
        del start
        await self.live()
        return self.card.stage

    # 发起、撤回 calling and withdrawing
    open_consultation = decision(c.OpenConsultation)
    withdraw_consultation = decision(c.WithdrawConsultation)

    # 表态 voting
    state_opinion = decision(c.StateOpinion)
    advise = decision(c.Advise)

    # 线下会商 meeting
    conclude_item = decision(c.ConcludeItem)
    send_to_adjudication = decision(c.SendToAdjudication)

    # 更新目录 what was decided becomes the catalogue's word
    amend_catalogue = decision(cataloguing.AmendCatalogue)

    # 异常处置 incidents
    retry_effect = decision(incidents.RetryEffect)
    redirect_effect = decision(incidents.RedirectEffect)
    waive_effect = decision(incidents.WaiveEffect)

    async def perform(self, effect: EffectOrder) -> Performed:
        """Tell the world: units and staff, the holders of its items, and the adjudication it begins."""
        match effect.kind:
            case "notice":
                return await acts.give_notice(effect)
            case "tell":
                return await acts.tell(effect)
            case "start":
                return await acts.start(effect)
            case other:
                raise ApplicationError(f"no way to perform {other}", type="unknown_effect", non_retryable=True)
