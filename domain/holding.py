"""保留与落实: how a decision made elsewhere reaches the case it is about, once and only if it still may (architecture 1.6).

Who decides (consultation, adjudication, session, ring) keeps *items*; who they are about (a case, or a ring on the way up) *holds*
the matter. An item is ``proposed`` until the holder reserves it; a matter is reserved for one process at a time. What is decided on
it is sent as ``apply_decision``: the holder applies it, or refuses, and the item ends ``applied`` or ``overtaken``. A holder whose
matter ends another way says so by ``overtake_item``. Every message is a command with the id of the effect that owes it, so none of
this can be lost or happen twice.

======================  ====================  ========================================================
to the holder           from the holder       meaning
======================  ====================  ========================================================
``reserve_matter``      ``confirm_item``      the matter is on that agenda, and on no other
..                      ``refuse_item``       it is not: unknown, over, or reserved elsewhere
``apply_decision``      ``confirm_applied``   the decision holds for the case
..                      ``overtake_item``     it came too late; also sent without being asked
``release_matter``                            the agenda lets it go undecided
======================  ====================  ========================================================
"""

from collections.abc import Sequence
from enum import StrEnum
from typing import Annotated, ClassVar, Final

from pydantic import Field

from domain.model import Model
from domain.proceeding import ProcessId
from domain.process import Code, Command, Effect, TextRef
from domain.telling import tell

ItemId = Annotated[str, Field(pattern=r"^i[1-9]\d{0,2}$")]
Units = Annotated[tuple[Code, ...], Field(max_length=20)]


class Verdict(Model):
    """What was decided on an item: the owner with those who work with him, whether he may give it back, the grounds, more time.

    Without a ``lead`` the holder keeps its owner, and the words are what it is told. ``extra_days`` amends the limits of the owner
    by so many working days. ``ruling``: those have decided who may send down what went up (domain.md 11.15); a ring's convener
    alone may not.
    """

    lead: Code | None = None
    co: Units = ()
    no_return: bool = True
    basis: TextRef
    extra_days: Annotated[int, Field(ge=0, le=120)] = 0
    ruling: bool = True


# ------------------------------------------------------------------------------------------------------ to who holds a matter


class ReserveMatter(Command):
    """A process wants to decide a matter of this case (None: whatever question of the owner is open, or the case as a whole).

    ``instead_of`` is the process that has it reserved and passes it on: it takes that one's place.
    """

    NAME: ClassVar[str] = "reserve_matter"
    process: ProcessId
    item: ItemId
    matter: Code | None = None
    instead_of: ProcessId | None = None


class ReleaseMatter(Command):
    """The process lets the matter go undecided."""

    NAME: ClassVar[str] = "release_matter"
    process: ProcessId
    item: ItemId


class ApplyDecision(Command):
    """The process has decided the matter it reserved."""

    NAME: ClassVar[str] = "apply_decision"
    process: ProcessId
    item: ItemId
    verdict: Verdict


TO_HOLDER: Final = (ReserveMatter, ReleaseMatter, ApplyDecision)


# -------------------------------------------------------------------------------------------------------- from who holds it


class ConfirmItem(Command):
    """The matter is reserved. ``unit`` handles it now, ``district`` and ``case`` are where it belongs.

    ``catalogue_item`` is what it falls under, so that what is decided on it is found again as a precedent.
    """

    NAME: ClassVar[str] = "confirm_item"
    item: ItemId
    unit: Code | None = None
    district: Code | None = None
    case: Code | None = None
    catalogue_item: Code | None = None


class RefuseItem(Command):
    """The matter cannot be had."""

    NAME: ClassVar[str] = "refuse_item"
    item: ItemId
    code: str


class ConfirmApplied(Command):
    """What was decided holds."""

    NAME: ClassVar[str] = "confirm_applied"
    item: ItemId


class OvertakeItem(Command):
    """What was or would have been decided is overtaken: the matter has ended another way."""

    NAME: ClassVar[str] = "overtake_item"
    item: ItemId
    code: str


FROM_HOLDER: Final = (ConfirmItem, RefuseItem, ConfirmApplied, OvertakeItem)


class Hold(Model):
    """A matter that a process has reserved, as its holder keeps it."""

    process: str
    item: str
    matter: str | None = None


class ItemState(StrEnum):
    """Where an item stands."""

    proposed = "proposed"
    reserved = "reserved"
    refused = "refused"
    dropped = "dropped"
    carried = "carried"
    decided = "decided"
    applied = "applied"
    overtaken = "overtaken"


LIVE: Final = frozenset({ItemState.proposed, ItemState.reserved})
"""Still to be decided."""

ENDED: Final = frozenset(
    {ItemState.refused, ItemState.dropped, ItemState.carried, ItemState.applied, ItemState.overtaken}
)
"""Nothing more will happen to it here. ``carried``: another session takes it up."""


# --------------------------------------------------------------------------------------------------------------- messages


def ask_for(
    holder: str, process: str, item: str, matter: str | None, instead_of: str | None = None
) -> Sequence[Effect]:
    """Ask a holder for a matter."""
    body = {"process": process, "item": item, "matter": matter, "instead_of": instead_of}
    return [tell(holder, "reserve_matter", body, "refuse_item", {"item": item})]


def let_go(holder: str, process: str, item: str) -> Sequence[Effect]:
    """Let a matter go. A holder that has nothing reserved (any more) takes that as said."""
    return [tell(holder, "release_matter", {"process": process, "item": item})]


def hand_down(holder: str, process: str, item: str, verdict: Verdict) -> Sequence[Effect]:
    """Tell the holder what was decided."""
    body = {"process": process, "item": item, "verdict": verdict.model_dump(mode="json")}
    return [tell(holder, "apply_decision", body, "overtake_item", {"item": item})]


def confirm(hold: Hold, **about: str | None) -> Sequence[Effect]:
    """Tell the process that the matter is reserved for it."""
    return [tell(hold.process, "confirm_item", {"item": hold.item, **about})]


def confirm_applied(hold: Hold) -> Sequence[Effect]:
    """Tell the process that its decision holds."""
    return [tell(hold.process, "confirm_applied", {"item": hold.item})]


def overtaken(hold: Hold, code: str) -> Sequence[Effect]:
    """Tell the process that its item has been overtaken."""
    return [tell(hold.process, "overtake_item", {"item": hold.item, "code": code})]
