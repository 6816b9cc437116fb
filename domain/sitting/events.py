"""The events of a session. Types are permanent (law 4)."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import ClassVar

from domain.holding import Verdict
from domain.model import Model
from domain.proceeding import Begun
from domain.process import Event
from domain.sitting.words import Kind, SessionLevel


class Milestone(Model):
    """What must be there by a day on the way."""

    what: str
    due: date


class Planned(Model):
    """A measure as an opinion orders it."""

    unit: str
    what: str
    due: date
    milestones: tuple[Milestone, ...] = ()


class SessionScheduled(Begun):
    """A session is being prepared: what, when, and who sits."""

    TYPE: ClassVar[str] = "session_scheduled"
    kind: Kind
    level: SessionLevel
    at: datetime
    leader: str | None = None
    title: str | None = None


class LeaderAppointed(Event):
    """Who sits from now on."""

    TYPE: ClassVar[str] = "leader_appointed"
    leader: str
    by: str
    reason: str | None = None


class PapersAttached(Event):
    """Papers on an item."""

    TYPE: ClassVar[str] = "papers_attached"
    item: str
    by: str
    documents: tuple[str, ...]
    note: str


class SessionCalled(Event):
    """The units are invited, the agenda is closed."""

    TYPE: ClassVar[str] = "session_called"
    by: str
    units: tuple[str, ...]


class InvitationAnswered(Event):
    """A unit comes, sends a deputy, or does not come."""

    TYPE: ClassVar[str] = "invitation_answered"
    unit: str
    by: str
    attends: bool
    deputy: str | None = None
    reason: str | None = None


class SessionPostponed(Event):
    """It is held at another instant; all else stays."""

    TYPE: ClassVar[str] = "session_postponed"
    was: datetime
    at: datetime
    by: str
    reason: str


class SessionCancelled(Event):
    """It is not held."""

    TYPE: ClassVar[str] = "session_cancelled"
    by: str
    reason: str


class AttendanceRecorded(Event):
    """Who was there, who sent a deputy, who was absent."""

    TYPE: ClassVar[str] = "attendance_recorded"
    by: str
    present: tuple[str, ...] = ()
    deputies: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()


class OpinionGiven(Event):
    """终诊: what is to hold for an item, once the leader has signed it."""

    TYPE: ClassVar[str] = "opinion_given"
    item: str
    by: str
    verdict: Verdict
    measures: tuple[Planned, ...] = ()


class OpinionSigned(Event):
    """The leader's word: the opinion binds, its measures begin, the first of them as number ``first``."""

    TYPE: ClassVar[str] = "opinion_signed"
    item: str
    by: str
    first: int


class CarryNotTaken(Event):
    """The other session did not take the item: it is to be decided here again."""

    TYPE: ClassVar[str] = "carry_not_taken"
    item: str
    code: str


class MinutesRecorded(Event):
    """The meeting is over; its minutes."""

    TYPE: ClassVar[str] = "minutes_recorded"
    by: str
    minutes: str


class ExecutionNoted(Event):
    """The leader's note on the execution."""

    TYPE: ClassVar[str] = "execution_noted"
    by: str
    note: str
    measure: str | None = None


class OrderedMeasureEnded(Event):
    """A measure of this session is over, or never began (``refused``)."""

    TYPE: ClassVar[str] = "ordered_measure_ended"
    measure: str
    outcome: str
    code: str | None = None


class ItemSupervised(Event):
    """A supervision over a measure that was not met was begun."""

    TYPE: ClassVar[str] = "item_supervised"
    measure: str
    process: str
    by: str
    note: str


class ItemNotSupervised(Event):
    """It did not begin."""

    TYPE: ClassVar[str] = "item_not_supervised"
    process: str
    code: str


EVENTS: Sequence[type[Event]] = (
    SessionScheduled, LeaderAppointed, PapersAttached, SessionCalled, InvitationAnswered, SessionPostponed,
    SessionCancelled, AttendanceRecorded, OpinionGiven, OpinionSigned, CarryNotTaken, MinutesRecorded, ExecutionNoted,
    OrderedMeasureEnded, ItemSupervised, ItemNotSupervised,
)  # fmt: skip
