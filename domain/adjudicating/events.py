"""What happens in an adjudication. Types are permanent, fields are only added (law 4)."""

from datetime import datetime
from typing import ClassVar

from domain.adjudicating.words import EvidenceKind, RulingForm
from domain.proceeding import Begun
from domain.process import Event


class AdjudicationOpened(Begun):
    """明责 was asked for. ``first_receiver`` handles the matter meanwhile (先办后议)."""

    TYPE: ClassVar[str] = "adjudication_opened"
    parties: tuple[str, ...] = ()
    question: str | None = None
    first_receiver: str | None = None


class EvidenceSubmitted(Event):
    """Evidence was handed in by a party, or by the group (no ``unit``)."""

    TYPE: ClassVar[str] = "evidence_submitted"
    unit: str | None
    kind: EvidenceKind
    text: str
    documents: tuple[str, ...] = ()
    item: str | None = None
    reference: str | None = None
    by: str


class EvidenceClosed(Event):
    """The group rules on what there is. ``silent`` parties have handed in nothing."""

    TYPE: ClassVar[str] = "evidence_closed"
    by: str
    silent: tuple[str, ...] = ()


class HearingRecorded(Event):
    """There was a hearing."""

    TYPE: ClassVar[str] = "hearing_recorded"
    text: str
    attending: tuple[str, ...] = ()
    by: str


class RulingDrafted(Event):
    """A ruling was drawn up and waits for a second person. ``defined``: it follows a definition of duty by the 编办."""

    TYPE: ClassVar[str] = "ruling_drafted"
    item: str
    form: RulingForm
    lead: str | None = None
    co: tuple[str, ...] = ()
    term: int | None = None
    basis: str
    by: str
    defined: bool = False
    documents: tuple[str, ...] = ()


class RulingSentBack(Event):
    """The second person does not confirm it."""

    TYPE: ClassVar[str] = "ruling_sent_back"
    item: str
    by: str
    reason: str


class DutyReferred(Event):
    """提请编办: the duty has to be defined before the item can be ruled on."""

    TYPE: ClassVar[str] = "duty_referred"
    item: str
    basis: str
    drafted_by: str
    by: str


class RulingIssued(Event):
    """明责交办单: the ruling is issued. It binds, nothing is returned; ``until`` it is a precedent."""

    TYPE: ClassVar[str] = "ruling_issued"
    item: str
    form: RulingForm
    lead: str
    co: tuple[str, ...] = ()
    term: int | None = None
    until: datetime | None = None
    basis: str
    drafted_by: str
    by: str
    defined: bool = False


class RulingHeld(Event):
    """上会: an item is before a meeting, which decides it in place of the group; it is the item ``theirs`` there."""

    TYPE: ClassVar[str] = "ruling_held"
    item: str
    process: str
    theirs: str


class RulingReleased(Event):
    """The meeting lets the item go: the group rules on it."""

    TYPE: ClassVar[str] = "ruling_released"
    item: str
    process: str


class RulingHoldEnded(Event):
    """The item is no more before the meeting: what was decided holds (no ``code``), or it is overtaken there."""

    TYPE: ClassVar[str] = "ruling_hold_ended"
    item: str
    process: str
    theirs: str
    code: str | None = None


class AdjudicationWithdrawn(Event):
    """It was withdrawn; what was not ruled on is let go."""

    TYPE: ClassVar[str] = "adjudication_withdrawn"
    by: str
    reason: str


OWN: tuple[type[Event], ...] = (
    AdjudicationOpened,
    EvidenceSubmitted,
    EvidenceClosed,
    HearingRecorded,
    RulingDrafted,
    RulingSentBack,
    DutyReferred,
    RulingIssued,
    RulingHeld,
    RulingReleased,
    RulingHoldEnded,
    AdjudicationWithdrawn,
)
