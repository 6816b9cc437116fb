"""明责 as a workflow. Rules are in :mod:`domain.adjudication`; how a process lives on is :mod:`workflows.durable`."""

from temporalio import workflow
from temporalio.exceptions import ApplicationError

from workflows import acts
from workflows.durable import DurableProcess, decision

with workflow.unsafe.imports_passed_through():
    from activities.signatures import EffectOrder, Performed
    from domain import cataloguing, incidents
    from domain.adjudicating import commands as c
    from domain.messages import ProcessStart


@workflow.defn(name="AdjudicationWorkflow")
class AdjudicationWorkflow(DurableProcess):
    """One adjudication, from the evidence to the ruling that holds.

    Contract: started with the process id ``adjudication/{no}``, as a child of the case, ring or consultation that asks for a
    ruling, or by the city centre's ``open_adjudication``. Parties, the group and the centre head act by updates named like the
    commands; the clocks, the holders of its items and the relay by the signals ``decide`` and ``sync``. Ends when every item is
    settled and every effect it owes.
    """

    @workflow.init
    def __init__(self, start: ProcessStart) -> None:
        super().__init__(start)

    @workflow.run
    async def run(self, start: ProcessStart) -> str:
        """Live until the adjudication is over; return its last stage."""
        del start
        await self.live()
        return self.card.stage

    # 提请、撤回 asking and withdrawing
    open_adjudication = decision(c.OpenAdjudication)
    withdraw_adjudication = decision(c.WithdrawAdjudication)

    # 举证、听证 evidence and hearing
    submit_evidence = decision(c.SubmitEvidence)
    close_evidence = decision(c.CloseEvidence)
    record_hearing = decision(c.RecordHearing)

    # 裁定 ruling
    rule = decision(c.Rule)
    confirm_ruling = decision(c.ConfirmRuling)
    record_definition = decision(c.RecordDefinition)

    # 更新目录 what was decided becomes the catalogue's word
    amend_catalogue = decision(cataloguing.AmendCatalogue)

    # 异常处置 incidents
    retry_effect = decision(incidents.RetryEffect)
    redirect_effect = decision(incidents.RedirectEffect)
    waive_effect = decision(incidents.WaiveEffect)

    async def perform(self, effect: EffectOrder) -> Performed:
        """Tell the world: parties and staff, and the holders of its items."""
        match effect.kind:
            case "notice":
                return await acts.give_notice(effect)
            case "tell":
                return await acts.tell(effect)
            case other:
                raise ApplicationError(f"no way to perform {other}", type="unknown_effect", non_retryable=True)
