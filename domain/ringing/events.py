"""What can happen to a ring. Every handing step says at which level, by whom; the event's instant says when (M14, M29)."""

from datetime import date
from typing import ClassVar, Final

from domain.proceeding import Begun
from domain.process import Event


class RingOpened(Begun):
    """A case has come up."""

    TYPE: ClassVar[str] = "ring_opened"
    case: str
    level: str
    kind: str
    reporter: str | None = None
    reason: str | None = None
    tried: str | None = None
    matter: str | None = None
    instead_of: str | None = None


class Step(Event):
    """Base of the handing steps: the level and who took the step."""

    level: str
    by: str


class RingAnswered(Step):
    """The ring takes the case up, or refuses it."""

    TYPE: ClassVar[str] = "ring_answered"
    accept: bool
    reason: str | None = None


class RingPassedOn(Step):
    """提级 or 转明责: another process decides; ``outcome`` is the stage in which this ring ends."""

    TYPE: ClassVar[str] = "ring_passed_on"
    to: str
    outcome: str
    reason: str | None = None


class RingCameBack(Event):
    """What was to decide in place of this ring did not begin: the question is here again."""

    TYPE: ClassVar[str] = "ring_came_back"
    process: str
    code: str


class RingUnitsWhistled(Step):
    """吹哨: units were called; ``lead`` is the one named to lead."""

    TYPE: ClassVar[str] = "ring_units_whistled"
    units: tuple[str, ...]
    lead: str | None = None
    note: str | None = None


class RingUnitReportedIn(Step):
    """报到."""

    TYPE: ClassVar[str] = "ring_unit_reported_in"
    unit: str
    note: str | None = None


class RingUnitRefused(Step):
    """The unit does not report in."""

    TYPE: ClassVar[str] = "ring_unit_refused"
    unit: str
    reason: str


class RingSurveyed(Step):
    """现场勘查: the ``n``-th survey."""

    TYPE: ClassVar[str] = "ring_surveyed"
    n: int
    findings: str
    documents: tuple[str, ...] = ()
    units: tuple[str, ...] = ()


class RingConsultationStarted(Step):
    """集中会商 was called; the question is reserved for it."""

    TYPE: ClassVar[str] = "ring_consultation_started"
    process: str
    candidates: tuple[str, ...]
    question: str


class RingRulingAsked(Step):
    """明责 was asked for; the question is reserved for it."""

    TYPE: ClassVar[str] = "ring_ruling_asked"
    process: str
    parties: tuple[str, ...]
    question: str


class RingSupervisionListed(Step):
    """挂牌督办."""

    TYPE: ClassVar[str] = "ring_supervision_listed"
    process: str
    unit: str
    note: str


class RingTaskForceFormed(Step):
    """专班."""

    TYPE: ClassVar[str] = "ring_task_force_formed"
    lead: str
    task: str
    members: tuple[str, ...] = ()
    territory: str | None = None
    industry: str | None = None
    firm: str | None = None


class RingMeasureSet(Step):
    """台账项: what a unit has to do until when."""

    TYPE: ClassVar[str] = "ring_measure_set"
    process: str
    unit: str
    what: str
    due: date


class RingMeasureEnded(Event):
    """A measure has ended."""

    TYPE: ClassVar[str] = "ring_measure_ended"
    measure: str
    outcome: str


class RingSessionAsked(Step):
    """提请领导坐诊, of the district or of the city."""

    TYPE: ClassVar[str] = "ring_session_asked"
    session: str
    note: str


class RingSessionEntered(Step):
    """The matter was proposed to a session, which will ask for it."""

    TYPE: ClassVar[str] = "ring_session_entered"
    process: str


class RingSessionRefused(Event):
    """The session does not take the matter."""

    TYPE: ClassVar[str] = "ring_session_refused"
    process: str
    code: str


class RingStandingReferred(Step):
    """提请市政府常务会议."""

    TYPE: ClassVar[str] = "ring_standing_referred"
    reason: str


class RingStandingRecorded(Step):
    """The standing meeting has decided."""

    TYPE: ClassVar[str] = "ring_standing_recorded"
    documents: tuple[str, ...] = ()


class RingConcluded(Step):
    """The question is decided; ``via`` says by whose word, ``process`` names the one that held it."""

    TYPE: ClassVar[str] = "ring_concluded"
    via: str
    process: str | None = None


class RingHeld(Event):
    """Another process has reserved the question (in place of whoever had it before)."""

    TYPE: ClassVar[str] = "ring_held"
    process: str
    item: str
    matter: str | None = None


class RingReleased(Event):
    """That process lets the question go undecided."""

    TYPE: ClassVar[str] = "ring_released"
    process: str


class RingHoldEnded(Event):
    """What another process held is settled: its decision holds (no ``code``), or it was overtaken."""

    TYPE: ClassVar[str] = "ring_hold_ended"
    process: str
    item: str
    code: str | None = None


class RingStartFailed(Event):
    """A process that this ring wanted to begin did not begin."""

    TYPE: ClassVar[str] = "ring_start_failed"
    process: str
    code: str


class RingUnitFinished(Event):
    """The case has accepted the unit's result."""

    TYPE: ClassVar[str] = "ring_unit_finished"
    unit: str


class RingCaseOver(Event):
    """The case is closed for good."""

    TYPE: ClassVar[str] = "ring_case_over"
    code: str


class RingUnitRated(Event):
    """双考核: the reporter's word on a unit."""

    TYPE: ClassVar[str] = "ring_unit_rated"
    unit: str
    by: str
    arrival: int
    effort: int
    note: str


class RingWhistleRated(Event):
    """双考核: a unit's word on the whistle."""

    TYPE: ClassVar[str] = "ring_whistle_rated"
    unit: str
    by: str
    justified: int
    note: str


class RingNoRating(Event):
    """双考核: the reporter has not rated the unit, or the unit has not rated the whistle."""

    TYPE: ClassVar[str] = "ring_no_rating"
    side: str
    unit: str


OWN: Final[tuple[type[Event], ...]] = (
    RingOpened, RingAnswered, RingPassedOn, RingCameBack,
    RingUnitsWhistled, RingUnitReportedIn, RingUnitRefused, RingSurveyed,
    RingConsultationStarted, RingRulingAsked, RingSupervisionListed, RingTaskForceFormed, RingMeasureSet, RingMeasureEnded,
    RingSessionAsked, RingSessionEntered, RingSessionRefused, RingStandingReferred, RingStandingRecorded, RingConcluded,
    RingHeld, RingReleased, RingHoldEnded, RingStartFailed, RingUnitFinished, RingCaseOver,
    RingUnitRated, RingWhistleRated, RingNoRating,
)  # fmt: skip
