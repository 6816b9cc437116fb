"""诉求单 as a workflow: all that may happen to a case, and all it does to the world. Read this file second.

Rules are in :mod:`domain.case`; deciding is :mod:`activities.journal`; how a process lives on is :mod:`workflows.durable`.
"""

from temporalio import workflow
from temporalio.exceptions import ApplicationError

from workflows import acts
from workflows.durable import DurableProcess, decision

with workflow.unsafe.imports_passed_through():
    from activities.signatures import EffectOrder, Performed
    from domain import incidents
    from domain.casework import byway_commands as byways
    from domain.casework import commands as c
    from domain.casework import upward_commands as upward
    from domain.messages import ProcessStart


@workflow.defn(name="CaseWorkflow")
class CaseWorkflow(DurableProcess):
    """One case, from the caller's words to the archive.

    Contract: started with the process id ``case/{no}`` of a registered request (or of a case the journal already knows, as
    often as one likes). People act by updates named like the commands; machines, other cases and the relay by the signals
    ``decide`` and ``sync``. Ends when the case is over and every effect it owes is settled.
    """

    @workflow.init
    def __init__(self, start: ProcessStart) -> None:
        super().__init__(start)

    @workflow.run
    async def run(self, start: ProcessStart) -> str:
        """Live until the case is over; return its last stage."""
        del start
        await self.live()
        return self.card.stage

    # 研判 screening
    answer = decision(c.Answer)
    divert = decision(c.Divert)
    guide = decision(c.Guide)
    decline = decision(c.Decline)
    merge = decision(c.Merge)
    withdraw_merge = decision(c.WithdrawMerge)
    split_off = decision(c.SplitOff)
    triage = decision(c.Classify)
    correct = decision(c.Correct)

    # 小环 small ring: 派单 dispatch
    dispatch = decision(c.Dispatch)
    undo_dispatch = decision(byways.UndoDispatch)
    add_assignment = decision(c.AddAssignment)
    reassign = decision(c.Reassign)
    withdraw_order = decision(c.WithdrawOrder)
    designate = decision(c.Designate)
    confirm_by_phone = decision(c.ConfirmByPhone)

    # 小环 small ring: 办理 the unit's order
    sign = decision(c.Sign)
    contact = decision(c.Contact)
    begin_work = decision(c.BeginWork)
    report_progress = decision(c.ReportProgress)
    submit_result = decision(c.SubmitResult)
    review_result = decision(c.ReviewResult)
    waive_result = decision(c.WaiveResult)

    # 退单、延期、暂停 return, extension, pause
    request_return = decision(c.RequestReturn)
    review_return = decision(c.ReviewReturn)
    decide_return = decision(c.DecideReturn)
    request_extension = decision(c.RequestExtension)
    review_extension = decision(c.ReviewExtension)
    request_pause = decision(c.RequestPause)
    review_pause = decision(c.ReviewPause)
    resume = decision(c.Resume)

    # 挂账、销号 on account, struck off
    request_on_account = decision(byways.RequestOnAccount)
    review_on_account = decision(byways.ReviewOnAccount)
    recheck_on_account = decision(byways.RecheckOnAccount)
    request_strike_off = decision(byways.RequestStrikeOff)
    review_strike_off = decision(byways.ReviewStrikeOff)

    # 转下级、现场办结 hand-down, closed on the spot
    hand_down = decision(byways.HandDown)
    recall_order = decision(byways.RecallOrder)
    give_back = decision(byways.GiveBack)
    review_report = decision(byways.ReviewReport)
    close_on_spot = decision(byways.CloseOnSpot)

    # 上行 upward: to the rings, to those who know or rule whose it is
    report_up = decision(upward.ReportUp)
    whistle = decision(upward.Whistle)
    call_consultation = decision(upward.CallConsultation)

    # 回访、办结 callback and closing
    record_callback = decision(c.RecordCallback)
    waive_callback = decision(c.WaiveCallback)
    review_closing = decision(c.ReviewClosing)
    request_termination = decision(c.RequestTermination)
    review_termination = decision(c.ReviewTermination)
    caller_withdrew = decision(c.CallerWithdrew)
    object = decision(c.Object)
    request_reopening = decision(byways.RequestReopening)
    review_reopening = decision(byways.ReviewReopening)
    urge = decision(c.Urge)
    supervise = decision(c.Supervise)

    # 异常处置 incidents
    retry_effect = decision(incidents.RetryEffect)
    redirect_effect = decision(incidents.RedirectEffect)
    waive_effect = decision(incidents.WaiveEffect)

    async def perform(self, effect: EffectOrder) -> Performed:
        """Tell the world: a unit, a caller or staff, another process, or begin one."""
        match effect.kind:
            case "order_message":
                return await acts.send_order_message(effect)
            case "notice":
                return await acts.give_notice(effect)
            case "tell":
                return await acts.tell(effect)
            case "start":
                return await acts.start(effect)
            case other:
                raise ApplicationError(f"no way to perform {other}", type="unknown_effect", non_retryable=True)
