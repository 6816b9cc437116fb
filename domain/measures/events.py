"""The events of a measure. Types are permanent (law 4)."""

from collections.abc import Sequence
from datetime import date
from typing import ClassVar

from domain.measures.words import Nature, Outcome, Pressure
from domain.model import Model
from domain.proceeding import Begun
from domain.process import Event


class Step(Model):
    """A milestone as it was set."""

    id: str
    what: str
    due: date


class MeasureListed(Begun):
    """The measure is in the ledger: who does what by when, and where it comes from."""

    TYPE: ClassVar[str] = "measure_listed"
    unit: str
    what: str
    due: date
    origin: str | None = None
    case: str | None = None
    milestones: tuple[Step, ...] = ()
    nature: Nature | None = None
    place: str | None = None


class MeasureAccepted(Event):
    """The unit has taken it over."""

    TYPE: ClassVar[str] = "measure_accepted"
    by: str
    plan: str | None = None


class MilestoneReported(Event):
    """A milestone is reached, says the unit."""

    TYPE: ClassVar[str] = "milestone_reported"
    milestone: str
    by: str
    report: str
    documents: tuple[str, ...] = ()


class MeasureSelfChecked(Event):
    """The problem is put right, says the unit."""

    TYPE: ClassVar[str] = "measure_self_checked"
    by: str
    evidence: str
    documents: tuple[str, ...]


class MeasureVerified(Event):
    """Somebody else has looked at it: it is met, or it is not."""

    TYPE: ClassVar[str] = "measure_verified"
    by: str
    met: bool
    note: str
    documents: tuple[str, ...] = ()


class MeasureStruckOff(Event):
    """A second person has struck it off."""

    TYPE: ClassVar[str] = "measure_struck_off"
    by: str
    reason: str | None = None


class StrikeOffDenied(Event):
    """The second person does not strike it off: the unit has it again."""

    TYPE: ClassVar[str] = "strike_off_denied"
    by: str
    reason: str


class MeasureRebounded(Event):
    """The problem has come back."""

    TYPE: ClassVar[str] = "measure_rebounded"
    by: str
    note: str
    due: date
    documents: tuple[str, ...] = ()


class MeasureAmended(Event):
    """It is due on another day."""

    TYPE: ClassVar[str] = "measure_amended"
    by: str
    was: date
    due: date
    reason: str


class MeasureSupervised(Event):
    """A supervision of it was begun."""

    TYPE: ClassVar[str] = "measure_supervised"
    process: str
    level: Pressure
    by: str
    note: str


class MeasureNotSupervised(Event):
    """The supervision did not begin."""

    TYPE: ClassVar[str] = "measure_not_supervised"
    process: str
    code: str


class MeasureGivenUp(Event):
    """It is given up."""

    TYPE: ClassVar[str] = "measure_given_up"
    by: str
    reason: str


class MeasureConcluded(Event):
    """It is over; whoever ordered it is told how."""

    TYPE: ClassVar[str] = "measure_concluded"
    outcome: Outcome


EVENTS: Sequence[type[Event]] = (
    MeasureListed, MeasureAccepted, MilestoneReported, MeasureSelfChecked, MeasureVerified, MeasureStruckOff,
    StrikeOffDenied, MeasureRebounded, MeasureAmended, MeasureSupervised, MeasureNotSupervised, MeasureGivenUp,
    MeasureConcluded,
)  # fmt: skip
