"""The commands of a case's byways: 挂账 and 销号, 撤销派单, 重启, 转下级 and 现场办结. Names are permanent (law 4)."""

from datetime import date
from typing import Annotated, ClassVar, Final, Literal

from pydantic import Field

from domain.process import Code, Command, TextRef

OrderId = Annotated[str, Field(pattern=r"^a[1-9]\d{0,3}$")]
Documents = Annotated[tuple[Code, ...], Field(max_length=20)]


# ------------------------------------------------------------------------------------------------- on account 挂账、销号


class RequestOnAccount(Command):
    """挂账申请: what blocks the case, the plan, and the day on which it is looked at again (11.6)."""

    NAME: ClassVar[str] = "request_on_account"
    order: OrderId
    ground: Literal["season", "engineering", "funding", "land", "law", "other"]
    plan: TextRef
    review_on: date
    documents: Documents = ()


class ReviewOnAccount(Command):
    """挂账审批 by two persons, one after the other; neither is who asked."""

    NAME: ClassVar[str] = "review_on_account"
    order: OrderId
    approve: bool
    reason: TextRef


class RecheckOnAccount(Command):
    """挂账复查: keep it until another day, or end it: then the limits run on."""

    NAME: ClassVar[str] = "recheck_on_account"
    order: OrderId
    keep: bool
    reason: TextRef
    review_on: date | None = None


class RequestStrikeOff(Command):
    """销号申请: the unit has done what the plan said, with the proof."""

    NAME: ClassVar[str] = "request_strike_off"
    order: OrderId
    proof: TextRef
    documents: Documents = ()


class ReviewStrikeOff(Command):
    """销号审核 by a second person."""

    NAME: ClassVar[str] = "review_strike_off"
    order: OrderId
    approve: bool
    reason: TextRef


# ---------------------------------------------------------------------------------------------- 撤销派单, 重启 reopening


class UndoDispatch(Command):
    """撤销派单: it went to the wrong unit, and nobody has signed or worked yet."""

    NAME: ClassVar[str] = "undo_dispatch"
    reason: TextRef


class RequestReopening(Command):
    """重启申请: new facts about a case that is over, from the caller of ``request``."""

    NAME: ClassVar[str] = "request_reopening"
    request: Code
    facts: TextRef
    documents: Documents = ()


class ReviewReopening(Command):
    """重启审批 by a second person."""

    NAME: ClassVar[str] = "review_reopening"
    approve: bool
    reason: TextRef


# ------------------------------------------------------------------------------------------- hand-down 转下级, 现场办结


class HandDown(Command):
    """转下级: a unit gives its order on to a unit below it and stays the one who answers for it (§18)."""

    NAME: ClassVar[str] = "hand_down"
    order: OrderId
    unit: Code
    note: TextRef | None = None


class RecallOrder(Command):
    """收回下级派单: the unit above takes an order that it handed down back."""

    NAME: ClassVar[str] = "recall_order"
    order: OrderId
    reason: TextRef


class GiveBack(Command):
    """退回上级: the lower unit gives an order that was handed down to it back to the unit above, with the reason."""

    NAME: ClassVar[str] = "give_back"
    order: OrderId
    reason: TextRef


class ReviewReport(Command):
    """下级反馈审核 by the unit that handed the order down."""

    NAME: ClassVar[str] = "review_report"
    order: OrderId
    accept: bool
    reason: TextRef | None = None


class CloseOnSpot(Command):
    """现场办结: a grid worker has settled the matter at once, with the photo or paper that shows it (五级联动)."""

    NAME: ClassVar[str] = "close_on_spot"
    order: OrderId
    reply: TextRef
    documents: Documents = ()


COMMANDS: Final = (
    RequestOnAccount, ReviewOnAccount, RecheckOnAccount, RequestStrikeOff, ReviewStrikeOff,
    UndoDispatch, RequestReopening, ReviewReopening,
    HandDown, RecallOrder, GiveBack, ReviewReport, CloseOnSpot,
)  # fmt: skip
