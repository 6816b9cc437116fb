"""The events of a case's byways: 挂账 and 销号, 撤销派单, 重启, 转下级 and 现场办结. Types are permanent (law 4)."""

from datetime import date
from typing import ClassVar, Final

from domain.process import Event

# ------------------------------------------------------------------------------------------------- on account 挂账、销号


class OnAccountRequested(Event):
    """挂账申请."""

    TYPE: ClassVar[str] = "on_account_requested"
    order: str
    by: str
    ground: str
    plan: str
    review_on: date
    documents: tuple[str, ...] = ()


class OnAccountReviewed(Event):
    """One approver's word on putting the case on account."""

    TYPE: ClassVar[str] = "on_account_reviewed"
    order: str
    step: int
    by: str
    approve: bool
    reason: str


class OnAccountDecided(Event):
    """``granted``: the case is on account from here; ``denied``; ``overtaken``: the unit that asked has the order no more."""

    TYPE: ClassVar[str] = "on_account_decided"
    order: str
    outcome: str


class OnAccountKept(Event):
    """挂账复查: it stays on account until another day."""

    TYPE: ClassVar[str] = "on_account_kept"
    order: str
    by: str
    reason: str
    review_on: date


class StrikeOffRequested(Event):
    """销号申请 with its proof."""

    TYPE: ClassVar[str] = "strike_off_requested"
    order: str
    by: str
    proof: str
    documents: tuple[str, ...] = ()


class StrikeOffReviewed(Event):
    """销号审核: the second person's word."""

    TYPE: ClassVar[str] = "strike_off_reviewed"
    order: str
    by: str
    approve: bool
    reason: str


class OnAccountEnded(Event):
    """The case is on account no more: ``struck_off``, ``ended`` at a review, or ``overtaken`` by what became of the order."""

    TYPE: ClassVar[str] = "on_account_ended"
    order: str
    how: str
    by: str


# ---------------------------------------------------------------------------------------------- 撤销派单, 重启 reopening


class DispatchUndone(Event):
    """撤销派单: the orders that were sent by mistake; each ends with an event of its own."""

    TYPE: ClassVar[str] = "dispatch_undone"
    by: str
    reason: str
    orders: tuple[str, ...]


class ReopeningRequested(Event):
    """重启申请: new facts."""

    TYPE: ClassVar[str] = "reopening_requested"
    request: str
    by: str
    facts: str
    documents: tuple[str, ...] = ()


class ReopeningReviewed(Event):
    """重启审批: the second person's word."""

    TYPE: ClassVar[str] = "reopening_reviewed"
    request: str
    by: str
    approve: bool
    reason: str


class Reopened(Event):
    """重启: a new handling cycle; what the earlier ones brought stays."""

    TYPE: ClassVar[str] = "reopened"
    cycle: int
    request: str


# ------------------------------------------------------------------------------------------- hand-down 转下级, 现场办结


class ReportReviewed(Event):
    """下级反馈审核: the unit above takes what the one below handed in, or sends it back."""

    TYPE: ClassVar[str] = "report_reviewed"
    order: str
    by: str
    accept: bool
    reason: str | None = None


class ClosedOnSpot(Event):
    """现场办结. ``through``: the orders it went through on its way up; the one above them hands the result in."""

    TYPE: ClassVar[str] = "closed_on_spot"
    order: str
    by: str
    reply: str
    documents: tuple[str, ...]
    through: tuple[str, ...] = ()


EVENTS: Final = (
    OnAccountRequested, OnAccountReviewed, OnAccountDecided, OnAccountKept,
    StrikeOffRequested, StrikeOffReviewed, OnAccountEnded,
    DispatchUndone, ReopeningRequested, ReopeningReviewed, Reopened,
    ReportReviewed, ClosedOnSpot,
)  # fmt: skip
