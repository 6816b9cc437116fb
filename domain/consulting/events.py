"""What happens in a consultation. Types are permanent, fields are only added (law 4)."""

from typing import ClassVar

from domain.consulting.words import Ended, Opinion
from domain.proceeding import Begun
from domain.process import Event


class ConsultationOpened(Begun):
    """一键会商 was called: the question, and the units that may be the owner."""

    TYPE: ClassVar[str] = "consultation_opened"
    question: str
    candidates: tuple[str, ...] = ()


class OpinionStated(Event):
    """A unit spoke, or changed its word."""

    TYPE: ClassVar[str] = "opinion_stated"
    item: str
    unit: str
    opinion: Opinion
    basis: str
    by: str
    owner: str | None = None


class SpecialistAdvised(Event):
    """A specialist gave an opinion."""

    TYPE: ClassVar[str] = "specialist_advised"
    item: str
    by: str
    advice: str


class OpinionsCounted(Event):
    """The opinions on an item were counted. ``silent`` units are down as 未表态; ``lead`` only when ``agreed``."""

    TYPE: ClassVar[str] = "opinions_counted"
    item: str
    agreed: bool
    yes: int
    spoke: int
    asked: int
    lead: str | None = None
    co: tuple[str, ...] = ()
    silent: tuple[str, ...] = ()


class VoteEnded(Event):
    """The vote is over; the note of the consultation 会商纪要 is issued."""

    TYPE: ClassVar[str] = "consultation_vote_ended"
    how: Ended


class ItemConcluded(Event):
    """An offline meeting concluded on an item."""

    TYPE: ClassVar[str] = "consultation_item_concluded"
    item: str
    lead: str
    co: tuple[str, ...] = ()
    conclusion: str
    attending: tuple[str, ...] = ()
    by: str


class CarriedToAdjudication(Event):
    """The items go to an adjudication, which is begun with them."""

    TYPE: ClassVar[str] = "consultation_carried"
    to: str
    items: tuple[str, ...]
    by: str
    reason: str | None = None


class ItemsTakenBack(Event):
    """The adjudication did not begin; the items are to be decided here again."""

    TYPE: ClassVar[str] = "consultation_items_taken_back"
    to: str
    items: tuple[str, ...]
    code: str


class ConsultationWithdrawn(Event):
    """It was withdrawn; what was undecided is let go."""

    TYPE: ClassVar[str] = "consultation_withdrawn"
    by: str
    reason: str


OWN: tuple[type[Event], ...] = (
    ConsultationOpened,
    OpinionStated,
    SpecialistAdvised,
    OpinionsCounted,
    VoteEnded,
    ItemConcluded,
    CarriedToAdjudication,
    ItemsTakenBack,
    ConsultationWithdrawn,
)
