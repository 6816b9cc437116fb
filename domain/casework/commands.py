"""The commands of a case. Names are permanent; fields are only added, with a default (law 4).

Fields typed ``TextRef`` hold a reference to words kept in the database; the API takes the words themselves.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from domain import holding
from domain.casework import byway_commands, upward_commands
from domain.casework.words import (
    CallerType,
    CaseType,
    Channel,
    Grade,
    OrderRole,
    Satisfaction,
    Solved,
    Triage,
    UnitCode,
)
from domain.process import Code, Command, TextRef

OrderId = Annotated[str, Field(pattern=r"^a[1-9]\d{0,3}$")]
Documents = Annotated[tuple[Code, ...], Field(max_length=20)]


class Open(Command):
    """A request has been registered: its case begins. Given by the journal's relay or the intake, never by a person."""

    NAME: ClassVar[str] = "open"
    request: Code
    received_at: datetime
    case_type: CaseType
    channel: Channel
    caller_type: CallerType
    grade: Grade = Grade.grade_normal
    confidential: bool = False
    district: Code | None = None
    street: Code | None = None
    pack: Code
    pack_version: Code
    pack_sha: Code
    calendar: Code


# ------------------------------------------------------------------------------------------------------ screening 研判


class Answer(Command):
    """直接答复: answered at once, no order."""

    NAME: ClassVar[str] = "answer"
    reply: TextRef


class Divert(Command):
    """转紧急热线: given to 110/119/120/122 at once (66号 (二))."""

    NAME: ClassVar[str] = "divert"
    line: Literal["110", "119", "120", "122"]
    reason: TextRef


class Guide(Command):
    """告知法定途径: the caller is told the legal way (66号 (二))."""

    NAME: ClassVar[str] = "guide"
    way: Literal["litigation", "arbitration", "discipline", "reconsideration", "information_disclosure", "petition"]
    reply: TextRef


class Decline(Command):
    """不予受理: not accepted; reason and remedy are told (Weifang Art. 19)."""

    NAME: ClassVar[str] = "decline"
    ground: Literal["not_government", "in_legal_process", "no_facts", "secret", "malicious", "settled_before"]
    reason: TextRef
    remedy: TextRef


class Merge(Command):
    """并单: hang this request on a leading case, which has to take it."""

    NAME: ClassVar[str] = "merge"
    into: Code
    reason: TextRef


class Classify(Command):
    """定类: fix the triage class. Lowering a class needs a reason (11.14: a class never lowers silently)."""

    NAME: ClassVar[str] = "triage"
    triage: Triage
    item: Code | None = None
    matter: Code | None = None
    reason: TextRef | None = None


# ------------------------------------------------------------------------------------------------------- dispatch 派单


class Dispatch(Command):
    """派单: one order each to the lead, co-units, territory, industry and informed units at once (M25)."""

    NAME: ClassVar[str] = "dispatch"
    lead: Code
    co: Annotated[tuple[Code, ...], Field(max_length=20)] = ()
    territory: Code | None = None
    industry: Code | None = None
    informed: Annotated[tuple[Code, ...], Field(max_length=20)] = ()
    note: TextRef | None = None


class AddAssignment(Command):
    """加派: add a unit to an open case. It takes the place of a unit in that role whose return was approved, if there is one."""

    NAME: ClassVar[str] = "add_assignment"
    unit: Code
    role: OrderRole
    reason: TextRef


class Reassign(Command):
    """改派: take an order from one unit and give it to another."""

    NAME: ClassVar[str] = "reassign"
    order: OrderId
    unit: Code
    reason: TextRef


class WithdrawOrder(Command):
    """撤回 of an order that is not the lead's."""

    NAME: ClassVar[str] = "withdraw_order"
    order: OrderId
    reason: TextRef


class Designate(Command):
    """City centre names the owner of a disputed, hard or twice returned case: a locked order, no return."""

    NAME: ClassVar[str] = "designate"
    lead: Code
    co: Annotated[tuple[Code, ...], Field(max_length=20)] = ()
    basis: TextRef


class ConfirmByPhone(Command):
    """Centre has reached the unit of an urgent order by phone."""

    NAME: ClassVar[str] = "confirm_by_phone"
    order: OrderId
    note: TextRef


# ---------------------------------------------------------------------------------------------------- the unit's order


class Sign(Command):
    """签收."""

    NAME: ClassVar[str] = "sign"
    order: OrderId


class Contact(Command):
    """先行联系: the unit has contacted the caller, or has arrived on the spot. Counts as the response of an urgent order."""

    NAME: ClassVar[str] = "contact"
    order: OrderId
    how: Literal["phone", "visit", "arrival", "message"] = "phone"
    note: TextRef | None = None


class BeginWork(Command):
    """开始办理."""

    NAME: ClassVar[str] = "begin_work"
    order: OrderId


class ReportProgress(Command):
    """阶段反馈: interim state; the first one is the first feedback of an urgent order."""

    NAME: ClassVar[str] = "report_progress"
    order: OrderId
    note: TextRef


class SubmitResult(Command):
    """反馈: hand in the result with the closing code the unit proposes and its proof."""

    NAME: ClassVar[str] = "submit_result"
    order: OrderId
    code: UnitCode
    reply: TextRef
    documents: Documents = ()


class ReviewResult(Command):
    """回复审核: accept the result or send it back for completion."""

    NAME: ClassVar[str] = "review_result"
    order: OrderId
    accept: bool
    reason: TextRef | None = None


class WaiveResult(Command):
    """Do without the result of a co-unit, or without another unit in the place of one that returned its order; with a reason."""

    NAME: ClassVar[str] = "waive_result"
    order: OrderId
    reason: TextRef


# ---------------------------------------------------------------------------------------------------------- return 退单


class RequestReturn(Command):
    """退单申请: with reason, legal basis and proposed owner (53号: no return without cause)."""

    NAME: ClassVar[str] = "request_return"
    order: OrderId
    ground: Literal["not_our_duty", "not_our_area", "wrong_facts", "other_owner"]
    reason: TextRef
    basis: TextRef
    proposed_owner: Code


class ReviewReturn(Command):
    """退单审核 by order reviewer, then shift leader: two different persons (M16)."""

    NAME: ClassVar[str] = "review_return"
    order: OrderId
    approve: bool
    reason: TextRef


class DecideReturn(Command):
    """Centre head decides a return whose reviewers did not answer in time."""

    NAME: ClassVar[str] = "decide_return"
    order: OrderId
    approve: bool
    reason: TextRef


# ------------------------------------------------------------------------------------------------- extension and pause


class RequestExtension(Command):
    """延期申请 by whole working days (``demo``: days of its scale)."""

    NAME: ClassVar[str] = "request_extension"
    order: OrderId
    days: Annotated[int, Field(ge=1, le=60)]
    ground: Literal["engineering", "season", "many_units", "expert_test", "other"]
    reason: TextRef
    caller_told: bool


class ReviewExtension(Command):
    """延期审批: unit head, then centre; the city office from the second extension on."""

    NAME: ClassVar[str] = "review_extension"
    order: OrderId
    approve: bool
    reason: TextRef


class RequestPause(Command):
    """暂停申请 of a type the pack knows, with evidence."""

    NAME: ClassVar[str] = "request_pause"
    order: OrderId
    kind: Code
    evidence: TextRef
    documents: Documents = ()


class ReviewPause(Command):
    """暂停审批 by another person."""

    NAME: ClassVar[str] = "review_pause"
    order: OrderId
    approve: bool
    reason: TextRef


class Resume(Command):
    """恢复计时: the ground of the pause has ended."""

    NAME: ClassVar[str] = "resume"
    order: OrderId
    reason: TextRef


# ------------------------------------------------------------------------------------------------- callback and closing


class RecordCallback(Command):
    """回访: one attempt for one caller. Unreachable is not satisfied."""

    NAME: ClassVar[str] = "record_callback"
    request: Code
    reached: bool
    solved: Solved | None = None
    satisfaction: Satisfaction | None = None
    note: TextRef | None = None
    unreasonable: bool = False


class WaiveCallback(Command):
    """The caller does not want to be called back (or left no way to be)."""

    NAME: ClassVar[str] = "waive_callback"
    request: Code
    reason: TextRef


class ReviewClosing(Command):
    """Second person's word on a code that needs two (``explained``, ``not_reasonable``)."""

    NAME: ClassVar[str] = "review_closing"
    approve: bool
    reason: TextRef


class RequestTermination(Command):
    """终止申请: a written request of the unit (Weifang Art. 21)."""

    NAME: ClassVar[str] = "request_termination"
    order: OrderId
    ground: Literal["not_acceptable_found_later", "caller_refuses_cooperation"]
    reason: TextRef


class ReviewTermination(Command):
    """终止审批 by the hotline."""

    NAME: ClassVar[str] = "review_termination"
    approve: bool
    reason: TextRef


class CallerWithdrew(Command):
    """诉求人撤回: one caller takes his request back."""

    NAME: ClassVar[str] = "caller_withdrew"
    request: Code
    note: TextRef


class Object(Command):
    """异议: the caller objects after closing, before archiving: the case is redone."""

    NAME: ClassVar[str] = "object"
    request: Code
    note: TextRef


class Urge(Command):
    """催办 at two dissatisfactions, until supervision is a process of its own."""

    NAME: ClassVar[str] = "urge"
    matter: Code
    note: TextRef


class Supervise(Command):
    """督办 at four dissatisfactions, until supervision is a process of its own."""

    NAME: ClassVar[str] = "supervise"
    matter: Code
    note: TextRef


class Correct(Command):
    """更正: a wrong field is put right by an event; nothing is edited."""

    NAME: ClassVar[str] = "correct"
    field: Literal["case_type", "district", "street", "item", "matter", "caller_type", "confidential"]
    value: Code
    reason: TextRef


# ---------------------------------------------------------------------------------------- messages between cases (并单)


class AttachFollower(Command):
    """Another case asks to be merged into this one, for the ``n``-th time."""

    NAME: ClassVar[str] = "attach_follower"
    case: Code
    request: Code
    n: int = 1


class ConfirmMerge(Command):
    """The leading case has taken this one."""

    NAME: ClassVar[str] = "confirm_merge"
    into: Code


class RefuseMerge(Command):
    """The leading case does not take this one."""

    NAME: ClassVar[str] = "refuse_merge"
    into: Code
    code: Code


class WithdrawMerge(Command):
    """撤回并单: the case no longer waits for the leading one (whose answer does not come) and goes on by itself."""

    NAME: ClassVar[str] = "withdraw_merge"
    reason: TextRef


class ReleaseFollower(Command):
    """A case that was to be merged into this one is not: it has taken its ``n``-th wish back, or waits for none."""

    NAME: ClassVar[str] = "release_follower"
    into: Code
    code: Code
    n: int | None = None


class SplitOff(Command):
    """拆单: a merged request goes its own way again."""

    NAME: ClassVar[str] = "split_off"
    request: Code
    reason: TextRef


class BecomeOwn(Command):
    """The leading case has let this one go: it is screened again."""

    NAME: ClassVar[str] = "become_own"
    was: Code


COMMANDS: Mapping[str, type[Command]] = {
    command.NAME: command
    for command in (
        Open, Answer, Divert, Guide, Decline, Merge, Classify,
        Dispatch, AddAssignment, Reassign, WithdrawOrder, Designate, ConfirmByPhone,
        Sign, Contact, BeginWork, ReportProgress, SubmitResult, ReviewResult, WaiveResult,
        RequestReturn, ReviewReturn, DecideReturn,
        RequestExtension, ReviewExtension, RequestPause, ReviewPause, Resume,
        RecordCallback, WaiveCallback, ReviewClosing, RequestTermination, ReviewTermination,
        CallerWithdrew, Object, Urge, Supervise, Correct,
        AttachFollower, ConfirmMerge, RefuseMerge, WithdrawMerge, ReleaseFollower, SplitOff, BecomeOwn,
        *byway_commands.COMMANDS, *upward_commands.COMMANDS, *holding.TO_HOLDER,
    )
}  # fmt: skip
