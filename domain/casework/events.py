"""The events of a case. Types are permanent; an event holds all that ``apply`` needs, instants and clocks included (law 4)."""

from collections.abc import Mapping
from datetime import datetime
from typing import ClassVar

from domain.casework import byway_events
from domain.casework.words import (
    CallerType,
    CaseType,
    Channel,
    ClosingCode,
    Grade,
    MatterKind,
    OrderRole,
    Satisfaction,
    Solved,
    Stage,
    Triage,
)
from domain.holding import Verdict
from domain.keeping import ClockSet, ClockStopped, OverdueAnnulled, OverdueReached, WarningGiven
from domain.process import Event

# -------------------------------------------------------------------------------------------------- case and screening


class Opened(Event):
    """The case begins, and with it its terms: the pack and the calendar it keeps (architecture 1.5)."""

    TYPE: ClassVar[str] = "opened"
    request: str
    received_at: datetime
    case_type: CaseType
    channel: Channel
    caller_type: CallerType
    grade: Grade
    confidential: bool
    district: str | None = None
    street: str | None = None
    pack: str
    pack_version: str
    pack_sha: str
    calendar: str


class TermsChanged(Event):
    """办理依据变更: the case has other terms from now on; the clocks behind this event are counted under them.

    The terms stand here whole; ``parts`` are those ``batch`` wanted (``calendar``, ``pack``), ``decided_at`` when it was approved.
    """

    TYPE: ClassVar[str] = "terms_changed"
    batch: str
    decided_at: datetime
    parts: tuple[str, ...]
    pack: str
    pack_version: str
    pack_sha: str
    calendar: str


class TermsKept(Event):
    """A batch wanted terms that the case has already: an earlier batch that comes later takes them from it no more."""

    TYPE: ClassVar[str] = "terms_kept"
    batch: str
    decided_at: datetime
    parts: tuple[str, ...]


class StageMoved(Event):
    """The case stands at another stage."""

    TYPE: ClassVar[str] = "stage_moved"
    stage: Stage


class ScreeningEnded(Event):
    """An end of screening without an order; ``way`` is the line, the legal way or the ground."""

    TYPE: ClassVar[str] = "screening_ended"
    end: Stage
    by: str
    text: str
    way: str | None = None
    remedy: str | None = None


class MergeProposed(Event):
    """A leading case was asked to take this request."""

    TYPE: ClassVar[str] = "merge_proposed"
    into: str
    by: str
    reason: str


class MergeRefused(Event):
    """The leading case does not take this request: the case goes on by itself."""

    TYPE: ClassVar[str] = "merge_refused"
    into: str
    code: str


class MergeWithdrawn(Event):
    """撤回并单: the case waits no longer for the leading one and goes on by itself."""

    TYPE: ClassVar[str] = "merge_withdrawn"
    into: str
    by: str
    reason: str


class Merged(Event):
    """并单: the leading case has taken this request."""

    TYPE: ClassVar[str] = "merged"
    into: str


class FollowerAttached(Event):
    """Another request hangs on this case from now on; ``n`` counts how often its case has asked for it."""

    TYPE: ClassVar[str] = "follower_attached"
    case: str
    request: str
    n: int = 1


class FollowerSplit(Event):
    """拆单: a merged request goes its own way again."""

    TYPE: ClassVar[str] = "follower_split"
    case: str
    request: str
    by: str
    reason: str


class FollowerReleased(Event):
    """A request that had been taken hangs on this case no more: its own case did not merge after all. ``code`` says why."""

    TYPE: ClassVar[str] = "follower_released"
    case: str
    request: str
    code: str


class BecameOwn(Event):
    """A case that had been merged is screened again."""

    TYPE: ClassVar[str] = "became_own"
    was: str


class Triaged(Event):
    """定类: the class was fixed or changed; ``reason`` stands where it was lowered."""

    TYPE: ClassVar[str] = "triaged"
    triage: Triage
    by: str
    item: str | None = None
    item_version: str | None = None
    matter: str | None = None
    reason: str | None = None


class Corrected(Event):
    """更正: a field was put right; ``old`` and ``value`` are both kept."""

    TYPE: ClassVar[str] = "corrected"
    field: str
    old: str | None
    value: str
    by: str
    reason: str
    item_version: str | None = None


# --------------------------------------------------------------------------------------------------------------- clocks


class ActAnnulled(Event):
    """A decision received before a timer acted was committed after it: what the system did at ``due`` does not count (law 6).

    The clock runs again; what else the act changed is put back. The decision follows.
    """

    TYPE: ClassVar[str] = "act_annulled"
    key: str
    due: datetime


# --------------------------------------------------------------------------------------------------------------- orders


class OrderSent(Event):
    """派单: one order to one unit. ``parent`` names the order it replaces, ``above`` the one it was handed down from."""

    TYPE: ClassVar[str] = "order_sent"
    order: str
    unit: str
    role: OrderRole
    cycle: int
    by: str
    no_return: bool = False
    first_receiver: bool = False
    parent: str | None = None
    note: str | None = None
    above: str | None = None
    level: str | None = None


class OrderHeld(Event):
    """The case was to go to this unit again, which has another case's order on the same matter: a dispatcher merges or sends it."""

    TYPE: ClassVar[str] = "order_held"
    unit: str
    holder: str


class OrderSigned(Event):
    """签收: by the unit, or by the system when its limit passed (``auto``)."""

    TYPE: ClassVar[str] = "order_signed"
    order: str
    by: str
    auto: bool = False


class CallerContacted(Event):
    """先行联系: the unit has contacted the caller or reached the spot."""

    TYPE: ClassVar[str] = "caller_contacted"
    order: str
    by: str
    how: str
    note: str | None = None


class PhoneConfirmed(Event):
    """The centre reached the unit of an urgent order by phone."""

    TYPE: ClassVar[str] = "phone_confirmed"
    order: str
    by: str
    note: str


class WorkBegun(Event):
    """开始办理."""

    TYPE: ClassVar[str] = "work_begun"
    order: str
    by: str


class ProgressReported(Event):
    """阶段反馈."""

    TYPE: ClassVar[str] = "progress_reported"
    order: str
    by: str
    note: str


class ResultSubmitted(Event):
    """反馈: the unit handed in its result with the code it proposes."""

    TYPE: ClassVar[str] = "result_submitted"
    order: str
    by: str
    code: ClosingCode
    reply: str
    documents: tuple[str, ...] = ()


class ResultAccepted(Event):
    """审核通过."""

    TYPE: ClassVar[str] = "result_accepted"
    order: str
    by: str


class ResultSentBack(Event):
    """退回补正: the remainder of the unit's limit runs on."""

    TYPE: ClassVar[str] = "result_sent_back"
    order: str
    by: str
    reason: str


class ResultWaived(Event):
    """The case does without this unit's result."""

    TYPE: ClassVar[str] = "result_waived"
    order: str
    by: str
    reason: str


class OrderEnded(Event):
    """An order was returned, reassigned or withdrawn; ``how`` is the state it ends in."""

    TYPE: ClassVar[str] = "order_ended"
    order: str
    how: str
    by: str
    reason: str | None = None


class PlaceVacated(Event):
    """A helper's return was approved: another unit takes its place, or somebody says that none is needed."""

    TYPE: ClassVar[str] = "place_vacated"
    order: str


class PlaceWaived(Event):
    """No other unit is needed in the place of a helper that has returned its order."""

    TYPE: ClassVar[str] = "place_waived"
    order: str
    by: str
    reason: str


class OrderLocked(Event):
    """不予回退."""

    TYPE: ClassVar[str] = "order_locked"
    order: str


# --------------------------------------------------------------------------------------------------------------- return


class ReturnRequested(Event):
    """退单申请."""

    TYPE: ClassVar[str] = "return_requested"
    order: str
    by: str
    ground: str
    reason: str
    basis: str
    proposed_owner: str


class ReturnReviewed(Event):
    """One reviewer's word on a return; step 3 is the centre head's."""

    TYPE: ClassVar[str] = "return_reviewed"
    order: str
    step: int
    by: str
    approve: bool
    reason: str


class ReturnEscalated(Event):
    """A reviewer did not answer in time: the centre head decides."""

    TYPE: ClassVar[str] = "return_escalated"
    order: str
    step: int


class ReturnDecided(Event):
    """``approved``, ``denied`` or ``matter`` (an adjudication decides)."""

    TYPE: ClassVar[str] = "return_decided"
    order: str
    outcome: str


# -------------------------------------------------------------------------------------------------- extension and pause


class ExtensionRequested(Event):
    """延期申请."""

    TYPE: ClassVar[str] = "extension_requested"
    order: str
    by: str
    days: int
    ground: str
    reason: str
    caller_told: bool


class ExtensionReviewed(Event):
    """One approver's word on an extension."""

    TYPE: ClassVar[str] = "extension_reviewed"
    order: str
    step: int
    by: str
    approve: bool
    reason: str


class ExtensionDecided(Event):
    """``granted``, ``denied`` or ``denied_late`` (a late request is denied automatically)."""

    TYPE: ClassVar[str] = "extension_decided"
    order: str
    outcome: str


class PauseRequested(Event):
    """暂停申请."""

    TYPE: ClassVar[str] = "pause_requested"
    order: str
    by: str
    kind: str
    evidence: str
    documents: tuple[str, ...] = ()


class PauseDecided(Event):
    """暂停审批: ``granted`` stops the unit's clock."""

    TYPE: ClassVar[str] = "pause_decided"
    order: str
    by: str
    granted: bool
    reason: str


class PauseEnded(Event):
    """``by`` is ``system`` when the pause reached its maximum.

    ``earlier``: of a pause that the system had ended meanwhile; only its end moves back, in the clocks that follow.
    """

    TYPE: ClassVar[str] = "pause_ended"
    order: str
    by: str
    reason: str | None = None
    earlier: bool = False


# --------------------------------------------------------------------------------------------------- matters of a later process


class MatterRaised(Event):
    """A question that a later process will decide was raised."""

    TYPE: ClassVar[str] = "matter_raised"
    matter: str
    kind: MatterKind
    order: str | None = None


class MatterSettled(Event):
    """The question was decided, or overtaken (``by`` is then ``system``)."""

    TYPE: ClassVar[str] = "matter_settled"
    matter: str
    by: str
    note: str | None = None


# ----------------------------------------------------------------------------------- other processes, begun or deciding


class RingAsked(Event):
    """提级: a ring is begun that holds a matter of this case, or the case as a whole.

    ``stays``: it was whistled for (吹哨), and the unit that answers for the case has not handed it up.
    """

    TYPE: ClassVar[str] = "ring_asked"
    process: str
    level: str
    kind: str
    by: str
    order: str | None = None
    matter: str | None = None
    reason: str | None = None
    tried: str | None = None
    stays: bool = False


class ConsultationCalled(Event):
    """一键会商 about who owns the case."""

    TYPE: ClassVar[str] = "consultation_called"
    matter: str
    process: str
    by: str
    candidates: tuple[str, ...]
    question: str


class AdjudicationAsked(Event):
    """明责 was asked for: reviewers disagree, or the case was given back a second time."""

    TYPE: ClassVar[str] = "adjudication_asked"
    matter: str
    process: str
    by: str
    parties: tuple[str, ...]
    first_receiver: str | None = None


class SupervisionAsked(Event):
    """催办、督办: a unit is put under supervision for this matter."""

    TYPE: ClassVar[str] = "supervision_asked"
    process: str
    level: str
    unit: str
    trigger: str
    clock: str | None = None


class SupervisionTakenBack(Event):
    """What a unit was urged for has been annulled: a decision had been received before the deadline (law 6)."""

    TYPE: ClassVar[str] = "supervision_taken_back"
    process: str
    clock: str


class ProcessNotBegun(Event):
    """A process this case wanted to begin did not; what it was to hold is free."""

    TYPE: ClassVar[str] = "process_not_begun"
    process: str
    code: str


class SupervisionOver(Event):
    """A supervision of this case has ended."""

    TYPE: ClassVar[str] = "supervision_over"
    process: str
    level: str
    outcome: str


class MatterReserved(Event):
    """A process will decide the matter (None: the case as a whole), in place of whoever was to before."""

    TYPE: ClassVar[str] = "matter_reserved"
    process: str
    item: str
    matter: str | None = None


class MatterReleased(Event):
    """The process lets the matter go undecided."""

    TYPE: ClassVar[str] = "matter_released"
    process: str
    item: str


class DecisionApplied(Event):
    """What a process has decided holds for this case."""

    TYPE: ClassVar[str] = "decision_applied"
    process: str
    item: str
    verdict: Verdict
    matter: str | None = None


class HoldOvertaken(Event):
    """The matter a process was to decide has ended another way; it is told."""

    TYPE: ClassVar[str] = "hold_overtaken"
    process: str
    item: str
    code: str


# ------------------------------------------------------------------------------------------------- callback and closing


class CallbackRecorded(Event):
    """回访: one attempt for one caller; ``counts`` says whether it was the first of its day."""

    TYPE: ClassVar[str] = "callback_recorded"
    request: str
    by: str
    reached: bool
    counts: bool = True
    solved: Solved | None = None
    satisfaction: Satisfaction | None = None
    satisfied: bool = False
    note: str | None = None
    retry_at: datetime | None = None


class CallbackWaived(Event):
    """免回访: the caller is not called back."""

    TYPE: ClassVar[str] = "callback_waived"
    request: str
    by: str
    reason: str


class CallerLeft(Event):
    """One caller took his request back; the case goes on for the others."""

    TYPE: ClassVar[str] = "caller_left"
    request: str
    by: str
    note: str


class RedoStarted(Event):
    """不满意重办: a new handling cycle with fresh limits; the overall age runs on."""

    TYPE: ClassVar[str] = "redo_started"
    cycle: int
    dissatisfied: int
    request: str


class ClosingProposed(Event):
    """A code that needs two persons: this is the first."""

    TYPE: ClassVar[str] = "closing_proposed"
    code: ClosingCode
    by: str
    reason: str | None = None
    request: str | None = None


class ClosingReviewed(Event):
    """办结复核: the second person's word on a closing code."""

    TYPE: ClassVar[str] = "closing_reviewed"
    by: str
    approve: bool
    reason: str


class TerminationRequested(Event):
    """终止申请."""

    TYPE: ClassVar[str] = "termination_requested"
    order: str
    by: str
    ground: str
    reason: str


class TerminationReviewed(Event):
    """终止审批."""

    TYPE: ClassVar[str] = "termination_reviewed"
    by: str
    approve: bool
    reason: str


class Closed(Event):
    """办结 with the proof its code needs: references to what proves it."""

    TYPE: ClassVar[str] = "closed"
    code: ClosingCode
    proof: tuple[str, ...] = ()


class Objected(Event):
    """异议: a caller objected before the archive."""

    TYPE: ClassVar[str] = "objected"
    request: str
    by: str
    note: str


class Archived(Event):
    """归档."""

    TYPE: ClassVar[str] = "archived"


EVENTS: Mapping[str, type[Event]] = {
    event.TYPE: event
    for event in (
        Opened, StageMoved, ScreeningEnded, MergeProposed, MergeRefused, MergeWithdrawn, Merged,
        FollowerAttached, FollowerSplit, FollowerReleased, BecameOwn, Triaged, Corrected,
        ClockSet, ClockStopped, WarningGiven, OverdueReached, OverdueAnnulled, ActAnnulled,
        OrderSent, OrderHeld, OrderSigned, CallerContacted, PhoneConfirmed, WorkBegun, ProgressReported, ResultSubmitted,
        ResultAccepted, ResultSentBack, ResultWaived, OrderEnded, PlaceVacated, PlaceWaived, OrderLocked,
        ReturnRequested, ReturnReviewed, ReturnEscalated, ReturnDecided,
        ExtensionRequested, ExtensionReviewed, ExtensionDecided, PauseRequested, PauseDecided, PauseEnded,
        MatterRaised, MatterSettled,
        RingAsked, ConsultationCalled, AdjudicationAsked, SupervisionAsked, SupervisionTakenBack, ProcessNotBegun, SupervisionOver,
        MatterReserved, MatterReleased, DecisionApplied, HoldOvertaken,
        CallbackRecorded, CallbackWaived, CallerLeft, RedoStarted, ClosingProposed, ClosingReviewed,
        TerminationRequested, TerminationReviewed, Closed, Objected, Archived,
        TermsChanged, TermsKept,
        *byway_events.EVENTS,
    )
}  # fmt: skip
