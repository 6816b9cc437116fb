"""The events of an accountability. Types are permanent; an event holds all that ``apply`` needs (law 4)."""

from collections.abc import Sequence
from datetime import datetime
from typing import ClassVar, Final

from domain.answering.words import AnswerKind, Outcome, Result, Step
from domain.proceeding import Begun
from domain.process import Event


class AccountabilityOpened(Begun):
    """启动问责. ``opener`` is the person who began or proposed it; ``grave``: it starts beyond its turn, if a second one agrees."""

    TYPE: ClassVar[str] = "accountability_opened"
    unit: str
    step: Step
    matter: str
    case: str | None = None
    supervision: str | None = None
    after: str | None = None
    facts: str | None = None
    opener: str | None = None
    grave: bool = False


class GraveReviewed(Event):
    """A second person's word on starting beyond its turn. Not approved: it is dropped."""

    TYPE: ClassVar[str] = "accountability_grave_reviewed"
    by: str
    approve: bool
    reason: str


class FactsRecorded(Event):
    """认定事实."""

    TYPE: ClassVar[str] = "accountability_facts_recorded"
    by: str
    facts: str
    documents: tuple[str, ...] = ()


class NoticeServed(Event):
    """告知: the unit may speak until ``until``."""

    TYPE: ClassVar[str] = "accountability_noticed"
    by: str
    until: datetime
    note: str | None = None


class UnitAnswered(Event):
    """申辩、异议: the unit spoke."""

    TYPE: ClassVar[str] = "accountability_answered"
    by: str
    kind: AnswerKind
    text: str
    documents: tuple[str, ...] = ()


class UnitSilent(Event):
    """逾期未陈述: the unit let its time to speak pass."""

    TYPE: ClassVar[str] = "accountability_unit_silent"
    until: datetime


class AccountabilityDecided(Event):
    """决定."""

    TYPE: ClassVar[str] = "accountability_decided"
    by: str
    outcome: Outcome
    reason: str


class DecisionServed(Event):
    """送达: ``paper`` is the kind of document; a review may be asked until ``until``."""

    TYPE: ClassVar[str] = "accountability_served"
    by: str
    paper: str
    until: datetime
    note: str | None = None


class ReviewAsked(Event):
    """申请复核. What had taken effect meanwhile stands still until it is decided."""

    TYPE: ClassVar[str] = "accountability_review_asked"
    by: str
    reason: str
    documents: tuple[str, ...] = ()


class ReviewDecided(Event):
    """复核决定."""

    TYPE: ClassVar[str] = "accountability_review_decided"
    by: str
    upheld: bool
    reason: str


class AccountabilityEffective(Event):
    """生效. ``listed`` is the listed supervision that begins with a criticism; None when there is none or it has begun before."""

    TYPE: ClassVar[str] = "accountability_effective"
    again: bool = False
    listed: str | None = None


class ListedNotBegun(Event):
    """The listed supervision did not begin. ``code`` says why: the matter is listed already."""

    TYPE: ClassVar[str] = "accountability_listed_refused"
    process: str
    code: str


class TalkRecorded(Event):
    """约谈."""

    TYPE: ClassVar[str] = "accountability_talk_recorded"
    by: str
    record: str
    documents: tuple[str, ...] = ()


class RectificationReported(Event):
    """整改报告."""

    TYPE: ClassVar[str] = "accountability_rectification_reported"
    by: str
    report: str
    documents: tuple[str, ...] = ()


class RectificationChecked(Event):
    """整改核查."""

    TYPE: ClassVar[str] = "accountability_rectification_checked"
    by: str
    result: Result
    note: str


EVENTS: Final[Sequence[type[Event]]] = (
    AccountabilityOpened,
    GraveReviewed,
    FactsRecorded,
    NoticeServed,
    UnitAnswered,
    UnitSilent,
    AccountabilityDecided,
    DecisionServed,
    ReviewAsked,
    ReviewDecided,
    AccountabilityEffective,
    ListedNotBegun,
    TalkRecorded,
    RectificationReported,
    RectificationChecked,
)
