"""督办 as a workflow: all that may happen to one level of supervision, and all it does to the world.

Rules: :mod:`domain.supervision`; deciding: :mod:`activities.journal`; how a process lives on: :mod:`workflows.durable`.
"""

from temporalio import workflow
from temporalio.exceptions import ApplicationError

from workflows import acts
from workflows.durable import DurableProcess, decision

with workflow.unsafe.imports_passed_through():
    from activities.signatures import EffectOrder, Performed
    from domain import incidents
    from domain.messages import ProcessStart
    from domain.supervising import commands as c


@workflow.defn(name="SupervisionWorkflow")
class SupervisionWorkflow(DurableProcess):
    """One level of supervision of one unit in one matter, from the paper to its end: lifted, raised, proposed, withdrawn.

    Contract: started with a process id ``supervision/{matter}/{level}/{…}``, as a child of the case, of the level before or of a
    criticism, or by a person's ``issue_supervision``. The next level is a child that outlives this run. People act by updates named
    like the commands; machines and the relay by the signals ``decide`` and ``sync``. Ends when it is over and every effect it owes
    is settled.
    """

    @workflow.init
    def __init__(self, start: ProcessStart) -> None:
        super().__init__(start)

    @workflow.run
    async def run(self, start: ProcessStart) -> str:
        """Live until the supervision is over; return its last stage."""
        del start
        await self.live()
        return self.card.stage

    # 发起 opening by a person
    issue_supervision = decision(c.IssueSupervision)

    # 被督办单位 the unit
    acknowledge = decision(c.Acknowledge)
    reply_supervision = decision(c.ReplySupervision)

    # 督办员 the supervisor and his superior
    visit_site = decision(c.VisitSite)
    verify_supervision = decision(c.VerifySupervision)
    raise_level = decision(c.RaiseLevel)
    propose_accountability = decision(c.ProposeAccountability)
    lift_listed = decision(c.LiftListed)
    withdraw_supervision = decision(c.WithdrawSupervision)

    # 异常处置 incidents
    retry_effect = decision(incidents.RetryEffect)
    redirect_effect = decision(incidents.RedirectEffect)
    waive_effect = decision(incidents.WaiveEffect)

    async def perform(self, effect: EffectOrder) -> Performed:
        """Tell the world: the unit and staff, the case; begin the next level or an accountability."""
        match effect.kind:
            case "notice":
                return await acts.give_notice(effect)
            case "tell":
                return await acts.tell(effect)
            case "start":
                return await acts.start(effect)
            case other:
                raise ApplicationError(f"no way to perform {other}", type="unknown_effect", non_retryable=True)
