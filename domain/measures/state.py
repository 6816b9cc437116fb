"""What a measure is between two decisions, and what each event changes of it."""

from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any, Final, cast

from pydantic import Field

from domain.keeping import Running
from domain.measures import events as ev
from domain.measures.words import SUPERVISED_ALREADY, Nature, Outcome, Pressure, Stage
from domain.model import Model
from domain.proceeding import Proceeding, opened, what

UNITS_CLOCKS: Final = frozenset({"accept", "due", "milestone"})
"""Clocks that run against the unit; the others run against those who look at what it did."""


class Milestone(ev.Step):
    """A milestone, and how it was reached."""

    reported_at: datetime | None = None
    by: str | None = None
    report: str | None = None
    documents: tuple[str, ...] = ()


class Word(Model):
    """What somebody said of the measure: who, when, and where the words are."""

    by: str
    at: datetime
    words: str | None = None
    documents: tuple[str, ...] = ()


class Amended(Model):
    """A day that no longer holds."""

    was: date
    due: date
    by: str
    reason: str
    at: datetime


class Supervised(Model):
    """A supervision of this measure, and why it did not begin."""

    process: str
    level: Pressure
    by: str
    at: datetime
    refused: str | None = None

    @property
    def stands(self) -> bool:
        """Whether the unit is under supervision by it, or by the one that stood in its way."""
        return self.refused is None or self.refused in SUPERVISED_ALREADY


class Measure(Proceeding):
    """One measure. ``handlers`` are those who acted for the unit: none of them verifies it or strikes it off."""

    origin: str | None = None
    case: str | None = None
    unit: str = ""
    what: str = ""
    due: date | None = None
    nature: Nature | None = None
    place: str | None = None
    milestones: dict[str, Milestone] = Field(default_factory=dict)
    plan: Word | None = None
    checked: Word | None = None
    verified: Word | None = None
    struck_off: Word | None = None
    handlers: tuple[str, ...] = ()
    rebounds: tuple[Word, ...] = ()
    amended: tuple[Amended, ...] = ()
    supervisions: tuple[Supervised, ...] = ()
    outcome: Outcome | None = None

    @property
    def left(self) -> tuple[Milestone, ...]:
        """Milestones not reported yet."""
        return tuple(m for m in self.milestones.values() if m.reported_at is None)

    @property
    def late(self) -> tuple[Running, ...]:
        """The clocks that the unit has missed and not made up yet."""
        return tuple(
            r
            for key, r in self.clocks.items()
            if what(key) in UNITS_CLOCKS and r.stopped_at is None and r.overdue_at is not None
        )

    @property
    def pressed(self) -> frozenset[Pressure]:
        """Levels at which it is under supervision since it was last missed."""
        since = max((r.overdue_at for r in self.late if r.overdue_at is not None), default=None)
        return frozenset(s.level for s in self.supervisions if s.stands and since is not None and s.at >= since)


def _set(state: Measure, **update: Any) -> Measure:
    return state.model_copy(update=update)


def _handled(state: Measure, by: str) -> tuple[str, ...]:
    return state.handlers if by in state.handlers else (*state.handlers, by)


def _listed(state: Measure, e: ev.MeasureListed, at: datetime) -> Measure:
    steps = {step.id: Milestone(**step.model_dump()) for step in e.milestones}
    own = ("unit", "what", "due", "origin", "case", "nature", "place")
    kept = {name: getattr(e, name) for name in own}
    return cast("Measure", opened(state, e, at, stage=str(Stage.listed), milestones=steps, **kept))


def _accepted(state: Measure, e: ev.MeasureAccepted, at: datetime) -> Measure:
    return _set(state, plan=Word(by=e.by, at=at, words=e.plan), handlers=_handled(state, e.by))


def _reported(state: Measure, e: ev.MilestoneReported, at: datetime) -> Measure:
    milestone = state.milestones.get(e.milestone)
    if milestone is None:
        return state
    update = {"reported_at": at, "by": e.by, "report": e.report, "documents": e.documents}
    milestones = {**state.milestones, e.milestone: milestone.model_copy(update=update)}
    return _set(state, milestones=milestones, handlers=_handled(state, e.by))


def _self_checked(state: Measure, e: ev.MeasureSelfChecked, at: datetime) -> Measure:
    checked = Word(by=e.by, at=at, words=e.evidence, documents=e.documents)
    return _set(state, checked=checked, handlers=_handled(state, e.by))


def _verified(state: Measure, e: ev.MeasureVerified, at: datetime) -> Measure:
    word = Word(by=e.by, at=at, words=e.note, documents=e.documents)
    return _set(state, verified=word if e.met else None)


def _struck_off(state: Measure, e: ev.MeasureStruckOff, at: datetime) -> Measure:
    return _set(state, struck_off=Word(by=e.by, at=at, words=e.reason))


def _rebounded(state: Measure, e: ev.MeasureRebounded, at: datetime) -> Measure:
    word = Word(by=e.by, at=at, words=e.note, documents=e.documents)
    return _set(state, due=e.due, rebounds=(*state.rebounds, word), verified=None, struck_off=None)


def _amended(state: Measure, e: ev.MeasureAmended, at: datetime) -> Measure:
    amended = Amended(was=e.was, due=e.due, by=e.by, reason=e.reason, at=at)
    return _set(state, due=e.due, amended=(*state.amended, amended))


def _supervised(state: Measure, e: ev.MeasureSupervised, at: datetime) -> Measure:
    one = Supervised(process=e.process, level=e.level, by=e.by, at=at)
    return _set(state, supervisions=(*state.supervisions, one))


def _not_supervised(state: Measure, e: ev.MeasureNotSupervised, _at: datetime) -> Measure:
    found = [s.model_copy(update={"refused": e.code}) if s.process == e.process else s for s in state.supervisions]
    return _set(state, supervisions=tuple(found))


CHANGES: Final[Mapping[str, Callable[[Any, Any, datetime], Any]]] = {
    ev.MeasureListed.TYPE: _listed,
    ev.MeasureAccepted.TYPE: _accepted,
    ev.MilestoneReported.TYPE: _reported,
    ev.MeasureSelfChecked.TYPE: _self_checked,
    ev.MeasureVerified.TYPE: _verified,
    ev.MeasureStruckOff.TYPE: _struck_off,
    ev.StrikeOffDenied.TYPE: lambda s, _e, _at: _set(s, verified=None),
    ev.MeasureRebounded.TYPE: _rebounded,
    ev.MeasureAmended.TYPE: _amended,
    ev.MeasureSupervised.TYPE: _supervised,
    ev.MeasureNotSupervised.TYPE: _not_supervised,
    ev.MeasureGivenUp.TYPE: lambda s, _e, _at: s,
    ev.MeasureConcluded.TYPE: lambda s, e, _at: _set(s, outcome=e.outcome),
}
