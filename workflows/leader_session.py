"""领导坐诊 as a workflow. Rules are in :mod:`domain.session`; how a process lives on is :mod:`workflows.durable`."""

from temporalio import workflow
from temporalio.exceptions import ApplicationError

from workflows import acts
from workflows.durable import DurableProcess, decision

with workflow.unsafe.imports_passed_through():
    from activities.signatures import EffectOrder, Performed
    from domain import incidents
    from domain.messages import ProcessStart
    from domain.sitting import commands as c


@workflow.defn(name="LeaderSessionWorkflow")
class LeaderSessionWorkflow(DurableProcess):
    """One session, from its planning until all that was decided holds and every measure has ended.

    Contract: started with the process id ``session/{no}``, by whom a secretary's ``schedule_session`` came or by a Temporal
    Schedule of the pack's cadence. The secretary, the leader, the units and the supervisor act by updates named like the commands;
    clocks, the holders of its items, other sessions, its measures and the relay by the signals ``decide`` and ``sync``. Each
    measure it orders is a ``MeasureWorkflow``, its child, and so is a supervision over one that was not met.
    """

    @workflow.init
    def __init__(self, start: ProcessStart) -> None:
        super().__init__(start)

    @workflow.run
    async def run(self, start: ProcessStart) -> str:
        """Live until the session is over; return its last stage."""
        del start
        await self.live()
        return self.card.stage

    # 筹备 preparing
    schedule_session = decision(c.ScheduleSession)
    appoint_leader = decision(c.AppointLeader)
    add_item = decision(c.AddItem)
    drop_item = decision(c.DropItem)
    attach_papers = decision(c.AttachPapers)
    call_session = decision(c.CallSession)
    answer_invitation = decision(c.AnswerInvitation)
    postpone_session = decision(c.PostponeSession)
    cancel_session = decision(c.CancelSession)

    # 会中、终诊 the meeting and its opinions
    record_attendance = decision(c.RecordAttendance)
    give_opinion = decision(c.GiveOpinion)
    confirm_opinion = decision(c.ConfirmOpinion)
    carry_over = decision(c.CarryOver)
    record_minutes = decision(c.RecordMinutes)

    # 落实 execution
    note_execution = decision(c.NoteExecution)
    supervise_item = decision(c.SuperviseItem)

    # 异常处置 incidents
    retry_effect = decision(incidents.RetryEffect)
    redirect_effect = decision(incidents.RedirectEffect)
    waive_effect = decision(incidents.WaiveEffect)

    async def perform(self, effect: EffectOrder) -> Performed:
        """Tell the world: units and staff, holders and other sessions; begin measures and supervisions."""
        match effect.kind:
            case "notice":
                return await acts.give_notice(effect)
            case "tell":
                return await acts.tell(effect)
            case "start":
                return await acts.start(effect)
            case other:
                raise ApplicationError(f"no way to perform {other}", type="unknown_effect", non_retryable=True)
