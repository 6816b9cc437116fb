"""The events of a supervision. Types are permanent; an event holds all that ``apply`` needs (law 4)."""

from collections.abc import Sequence
from datetime import datetime
from typing import ClassVar, Final

from domain.answering.words import Step
from domain.proceeding import Begun
from domain.process import Event
from domain.supervising.words import Cause, Level, Trigger


class SupervisionIssued(Begun):
    """催办、督办: a unit is supervised in a matter. ``issuer`` is the person, if one wanted it; the dues stand on the paper."""

    TYPE: ClassVar[str] = "supervision_issued"
    level: Level
    unit: str
    matter: str
    trigger: Trigger
    case: str | None = None
    note: str | None = None
    issuer: str | None = None
    ack_due: datetime | None = None
    reply_due: datetime | None = None


class SupervisionAcknowledged(Event):
    """签收: the unit has it."""

    TYPE: ClassVar[str] = "supervision_acknowledged"
    by: str
    note: str | None = None


class SupervisionReplied(Event):
    """反馈: the unit says what it did."""

    TYPE: ClassVar[str] = "supervision_replied"
    by: str
    reply: str
    documents: tuple[str, ...] = ()


class SupervisionSiteVisited(Event):
    """现场核查: what a supervisor found on the spot."""

    TYPE: ClassVar[str] = "supervision_site_visited"
    by: str
    findings: str
    documents: tuple[str, ...] = ()


class SupervisionVerified(Event):
    """核查: another person's word on the reply."""

    TYPE: ClassVar[str] = "supervision_verified"
    by: str
    met: bool
    note: str


class SupervisionRaised(Event):
    """升级: this level is over, ``process`` is the next one. ``by`` is ``system`` when an urge was not answered."""

    TYPE: ClassVar[str] = "supervision_raised"
    by: str
    cause: Cause
    to: Level
    process: str
    reason: str | None = None


class SupervisionNextRefused(Event):
    """The next level did not begin. ``code`` says why: the matter is supervised at that level already."""

    TYPE: ClassVar[str] = "supervision_next_refused"
    process: str
    code: str


class SupervisionReopened(Event):
    """A reply that had come in time, before the level was raised for want of it: the raise falls (law 6)."""

    TYPE: ClassVar[str] = "supervision_reopened"
    by: str
    next: str | None = None


class SupervisionLifted(Event):
    """解除: met, or (``reason``) ended by the centre head without being met."""

    TYPE: ClassVar[str] = "supervision_lifted"
    by: str
    reason: str | None = None


class SupervisionProposed(Event):
    """提请问责: the listed supervision is over, an accountability is prepared."""

    TYPE: ClassVar[str] = "supervision_proposed"
    by: str
    process: str
    step: Step
    facts: str


class SupervisionWithdrawn(Event):
    """撤销 by the centre head."""

    TYPE: ClassVar[str] = "supervision_withdrawn"
    by: str
    reason: str


class SupervisionAnnulled(Event):
    """撤销: its ground has fallen. ``next`` is the level that it had been raised to for want of a reply, and that falls too."""

    TYPE: ClassVar[str] = "supervision_annulled"
    process: str
    code: str
    clock: str | None = None
    next: str | None = None


EVENTS: Final[Sequence[type[Event]]] = (
    SupervisionIssued,
    SupervisionAcknowledged,
    SupervisionReplied,
    SupervisionSiteVisited,
    SupervisionVerified,
    SupervisionRaised,
    SupervisionNextRefused,
    SupervisionReopened,
    SupervisionLifted,
    SupervisionProposed,
    SupervisionWithdrawn,
    SupervisionAnnulled,
)
