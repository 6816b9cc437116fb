"""The commands of a consultation. Names are permanent; fields are only added, with a default (law 4)."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from domain.agenda import Entry, Matters
from domain.holding import ItemId, Units
from domain.proceeding import ROUTINE, Opening, ProcessId
from domain.process import Code, Command, TextRef


class Open(Opening):
    """A case (or a ring) calls a consultation on what it holds itself."""

    question: TextRef
    candidates: Units = ()
    entries: Annotated[tuple[Entry, ...], Field(max_length=50)] = ()


class OpenConsultation(Command):
    """一键会商: somebody of the centre who cannot tell the owner calls one on one or several matters (M10; 66号 (五))."""

    NAME: ClassVar[str] = "open_consultation"
    question: TextRef
    candidates: Units
    entries: Matters
    triage: Literal["routine", "urgent"] = ROUTINE
    district: Code | None = None


class StateOpinion(Command):
    """表态: mine, not mine or joint, and on what basis. ``owner``: whom the unit holds for the owner, if it says so.

    May be changed until the vote ends.
    """

    NAME: ClassVar[str] = "state_opinion"
    item: ItemId
    unit: Code
    opinion: Literal["mine", "not_mine", "joint"]
    basis: TextRef
    owner: Code | None = None


class Advise(Command):
    """专家意见: a specialist gives an opinion on an item (M37). It is read and binds nobody."""

    NAME: ClassVar[str] = "advise"
    item: ItemId
    advice: TextRef


class ConcludeItem(Command):
    """线下会商结论: what the offline meeting concluded on an item, and which units were there."""

    NAME: ClassVar[str] = "conclude_item"
    item: ItemId
    lead: Code
    co: Units = ()
    conclusion: TextRef
    attending: Units = ()


class SendToAdjudication(Command):
    """提请明责: no use waiting for a meeting; all that is undecided goes to the adjudication group now."""

    NAME: ClassVar[str] = "send_to_adjudication"
    reason: TextRef | None = None


class WithdrawConsultation(Command):
    """撤回会商: whoever called it lets all go that is undecided."""

    NAME: ClassVar[str] = "withdraw_consultation"
    reason: TextRef


class TakeBackItems(Command):
    """The adjudication to which items were carried did not begin: they are here again."""

    NAME: ClassVar[str] = "take_back_items"
    to: ProcessId
    code: str


OWN: tuple[type[Command], ...] = (
    Open,
    OpenConsultation,
    StateOpinion,
    Advise,
    ConcludeItem,
    SendToAdjudication,
    WithdrawConsultation,
    TakeBackItems,
)
