"""大环 as a workflow: the city office coordinates. A type of its own, so that the Temporal UI shows which ring a case is in.

Rules are in :mod:`domain.ring`, one decider for both rings; :mod:`workflows.middle_ring` shows the same table.
"""

from temporalio import workflow
from temporalio.exceptions import ApplicationError

from workflows import acts
from workflows.durable import DurableProcess, decision

with workflow.unsafe.imports_passed_through():
    from activities.signatures import EffectOrder, Performed
    from domain import incidents
    from domain.messages import ProcessStart
    from domain.ringing import commands as c


@workflow.defn(name="LargeRingWorkflow")
class LargeRingWorkflow(DurableProcess):
    """One large ring 大环, from the report to the rating of both sides.

    Contract: started with the process id ``ring/{case no}/large/{n}``, as a child of its case or of its middle ring. People act
    by updates named like the commands; the case, sessions and whatever holds the ring's question by the signals ``decide`` and
    ``sync``. Ends when the ring is over (concluded, referred, overtaken) and every effect it owes is settled.
    """

    @workflow.init
    def __init__(self, start: ProcessStart) -> None:
        super().__init__(start)

    @workflow.run
    async def run(self, start: ProcessStart) -> str:
        """Live until the ring is over; return its last stage."""
        del start
        await self.live()
        return self.card.stage

    # 受理 answer
    answer_report = decision(c.AnswerReport)

    # 市直报到 lead and units
    name_lead = decision(c.NameLead)
    whistle_units = decision(c.WhistleUnits)
    report_in = decision(c.ReportIn)
    refuse_report_in = decision(c.RefuseReportIn)

    # 现场勘查、集中会商、挂牌督办、专班 the ways of a ring
    record_survey = decision(c.RecordSurvey)
    start_consultation = decision(c.StartConsultation)
    ask_ruling = decision(c.AskRuling)
    list_supervision = decision(c.ListSupervision)
    form_task_force = decision(c.FormTaskForce)
    set_plan = decision(c.SetPlan)

    # 领导坐诊 of the city, 市政府常务会议
    ask_session = decision(c.AskSession)
    enter_session = decision(c.EnterSession)
    refer_standing_meeting = decision(c.ReferStandingMeeting)
    record_standing_meeting = decision(c.RecordStandingMeeting)

    # 确定承办、双考核 verdict and rating
    conclude = decision(c.Conclude)
    rate_units = decision(c.RateUnits)
    rate_whistle = decision(c.RateWhistle)

    # a power of the middle ring: refused here (not_at_this_level)
    escalate = decision(c.Escalate)

    # 异常处置 incidents
    retry_effect = decision(incidents.RetryEffect)
    redirect_effect = decision(incidents.RedirectEffect)
    waive_effect = decision(incidents.WaiveEffect)

    async def perform(self, effect: EffectOrder) -> Performed:
        """Tell the world: units and roles, the case, sessions; begin an adjudication, consultations, supervision, measures."""
        match effect.kind:
            case "notice":
                return await acts.give_notice(effect)
            case "tell":
                return await acts.tell(effect)
            case "start":
                return await acts.start(effect)
            case other:
                raise ApplicationError(f"no way to perform {other}", type="unknown_effect", non_retryable=True)
