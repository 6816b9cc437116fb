"""问责 as a workflow: all that may happen to one step towards one unit, and all it does to the world.

Rules: :mod:`domain.accountability`; deciding: :mod:`activities.journal`; how a process lives on: :mod:`workflows.durable`.
"""

from temporalio import workflow
from temporalio.exceptions import ApplicationError

from workflows import acts
from workflows.durable import DurableProcess, decision

with workflow.unsafe.imports_passed_through():
    from activities.signatures import EffectOrder, Performed
    from domain import incidents
    from domain.answering import commands as c
    from domain.messages import ProcessStart


@workflow.defn(name="AccountabilityWorkflow")
class AccountabilityWorkflow(DurableProcess):
    """One step of accountability, from the facts to the checked rectification. It prepares and proposes; it never punishes.

    Contract: started with a process id ``accountability/{unit}/{…}``, as a child of the supervision that was not met, or by a
    person's ``open_accountability``. It waits, by durable timers, for the unit's word and for the 30 days in which a review may be
    asked. People act by updates named like the commands; machines and the relay by the signals ``decide`` and ``sync``. Ends when
    it is over and every effect it owes is settled.
    """

    @workflow.init
    def __init__(self, start: ProcessStart) -> None:
        super().__init__(start)

    @workflow.run
    async def run(self, start: ProcessStart) -> str:
        """Live until the step is over; return its last stage."""
        del start
        await self.live()
        return self.card.stage

    # 启动、调查、告知 opening and preparing
    open_accountability = decision(c.OpenAccountability)
    approve_grave = decision(c.ApproveGrave)
    record_facts = decision(c.RecordFacts)
    serve_notice = decision(c.ServeNotice)

    # 申辩 the unit's reply
    make_statement = decision(c.MakeStatement)
    object_to_facts = decision(c.ObjectToFacts)

    # 决定、复核 decision and review
    decide_accountability = decision(c.DecideAccountability)
    serve_decision = decision(c.ServeDecision)
    ask_review = decision(c.AskReview)
    decide_review = decision(c.DecideReview)

    # 约谈、整改 talk and rectification
    record_talk = decision(c.RecordTalk)
    report_rectification = decision(c.ReportRectification)
    check_rectification = decision(c.CheckRectification)

    # 异常处置 incidents
    retry_effect = decision(incidents.RetryEffect)
    redirect_effect = decision(incidents.RedirectEffect)
    waive_effect = decision(incidents.WaiveEffect)

    async def perform(self, effect: EffectOrder) -> Performed:
        """Tell the world: the unit, staff and the discipline liaison; begin the listed supervision of a criticism."""
        match effect.kind:
            case "notice":
                return await acts.give_notice(effect)
            case "tell":
                return await acts.tell(effect)
            case "start":
                return await acts.start(effect)
            case other:
                raise ApplicationError(f"no way to perform {other}", type="unknown_effect", non_retryable=True)
