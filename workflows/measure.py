"""台账项 as a workflow. Rules are in :mod:`domain.measure`; how a process lives on is :mod:`workflows.durable`."""

from temporalio import workflow
from temporalio.exceptions import ApplicationError

from workflows import acts
from workflows.durable import DurableProcess, decision

with workflow.unsafe.imports_passed_through():
    from activities.signatures import EffectOrder, Performed
    from domain import incidents
    from domain.measures import commands as c
    from domain.messages import ProcessStart


@workflow.defn(name="MeasureWorkflow")
class MeasureWorkflow(DurableProcess):
    """One measure in the ledger, from its entry until nobody has seen the problem come back.

    Contract: started with the process id ``measure/{no}``, as a child of the session or ring that ordered it or by whom a person's
    ``enter_measure`` came. The unit, those who verify and strike off and the supervisor act by updates named like the commands;
    clocks and the relay by the signals ``decide`` and ``sync``. Ends when it is struck off for good or given up, and whoever
    ordered it knows.
    """

    @workflow.init
    def __init__(self, start: ProcessStart) -> None:
        super().__init__(start)

    @workflow.run
    async def run(self, start: ProcessStart) -> str:
        """Live until the measure is over; return its last stage."""
        del start
        await self.live()
        return self.card.stage

    # 入账、认领、整改 the ledger and the unit
    enter_measure = decision(c.EnterMeasure)
    accept_measure = decision(c.AcceptMeasure)
    report_milestone = decision(c.ReportMilestone)
    self_check = decision(c.SelfCheck)

    # 核验、销号、反弹 other eyes
    verify_measure = decision(c.VerifyMeasure)
    strike_off = decision(c.StrikeOff)
    report_rebound = decision(c.ReportRebound)

    # 改期、督办、终止 another day, pressure, an end
    amend_measure = decision(c.AmendMeasure)
    supervise_measure = decision(c.SuperviseMeasure)
    give_up_measure = decision(c.GiveUpMeasure)

    # 异常处置 incidents
    retry_effect = decision(incidents.RetryEffect)
    redirect_effect = decision(incidents.RedirectEffect)
    waive_effect = decision(incidents.WaiveEffect)

    async def perform(self, effect: EffectOrder) -> Performed:
        """Tell the world: the unit and staff, whoever ordered it; begin a supervision."""
        match effect.kind:
            case "notice":
                return await acts.give_notice(effect)
            case "tell":
                return await acts.tell(effect)
            case "start":
                return await acts.start(effect)
            case other:
                raise ApplicationError(f"no way to perform {other}", type="unknown_effect", non_retryable=True)
