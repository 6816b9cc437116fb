"""The state of an accountability, and what each event changes in it."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final

from domain.answering import events as ev
from domain.answering.words import UNKNOWN_TO_UNIT, AnswerKind, Outcome, Result, Stage, Step
from domain.keeping import Running
from domain.model import Model
from domain.proceeding import Proceeding, opened


class Answer(Model):
    """What the unit said."""

    by: str
    at: datetime
    kind: AnswerKind
    text: str


class Decision(Model):
    """What was decided, or found in review (``outcome`` is then upheld or dropped)."""

    by: str
    at: datetime
    outcome: Outcome
    reason: str


class Review(Model):
    """The second look: who asked for it, and how it ended."""

    by: str
    at: datetime
    reason: str
    decided_by: str | None = None
    upheld: bool | None = None


class Accountability(Proceeding):
    """One step towards one unit."""

    unit: str = ""
    step: Step = Step.remind
    matter: str = ""
    case: str | None = None
    supervision: str | None = None
    after: str | None = None
    prepared_by: tuple[str, ...] = ()
    approved_by: str | None = None
    facts: str | None = None
    answers: tuple[Answer, ...] = ()
    silent: bool = False
    decision: Decision | None = None
    review: Review | None = None
    effective_at: datetime | None = None
    listed: str | None = None
    talked: bool = False
    reported_by: str | None = None
    rectified: bool | None = None

    @property
    def id(self) -> str:
        """The process id."""
        return f"accountability/{self.no}"

    @property
    def unit_knows(self) -> bool:
        """Whether the unit has had the notice: before, nobody outside reads it."""
        dropped_before = self.stage == Stage.dropped and self.clock("statement") is None
        return self.stage not in UNKNOWN_TO_UNIT and not dropped_before

    @property
    def talk_first(self) -> bool:
        """Whether the talk has still to be held before the unit puts things right."""
        return self.step is Step.talk and not self.talked

    @property
    def listing(self) -> str:
        """The id of the listed supervision that goes with a criticism."""
        return f"supervision/{self.matter}/listed/{self.no.replace('/', '.')}"


def missed(running: Running | None) -> bool:
    """Say whether a clock was missed, and not annulled."""
    return running is not None and running.overdue_at is not None and not running.annulled


# ------------------------------------------------------------------------------------------------------------------ apply


def _set(state: Accountability, at: datetime, stage: Stage | None = None, **update: Any) -> Accountability:
    moved = {} if stage is None or stage == state.stage else {"stage": str(stage), "since": at}
    return state.model_copy(update={**update, **moved})


def _and(names: tuple[str, ...], name: str | None) -> tuple[str, ...]:
    return names if name is None or name in names else (*names, name)


def _opened(state: Accountability, e: ev.AccountabilityOpened, at: datetime) -> Accountability:
    about = {name: getattr(e, name) for name in ("unit", "step", "matter", "case", "supervision", "after", "facts")}
    stage = str(Stage.grave if e.grave else Stage.facts)
    found: Accountability = opened(state, e, at, stage=stage, prepared_by=_and((), e.opener), **about)
    return found


def _grave_reviewed(state: Accountability, e: ev.GraveReviewed, at: datetime) -> Accountability:
    return _set(state, at, Stage.facts if e.approve else Stage.dropped, approved_by=e.by)


def _answered(state: Accountability, e: ev.UnitAnswered, at: datetime) -> Accountability:
    answer = Answer(by=e.by, at=at, kind=e.kind, text=e.text)
    # What was decided without hearing it is decided anew.
    return _set(state, at, Stage.deciding, answers=(*state.answers, answer), silent=False, decision=None)


def _decided(state: Accountability, e: ev.AccountabilityDecided, at: datetime) -> Accountability:
    stage = {Outcome.upheld: Stage.decided, Outcome.dropped: Stage.dropped, Outcome.tolerated: Stage.tolerated}
    decision = Decision(by=e.by, at=at, outcome=e.outcome, reason=e.reason)
    return _set(state, at, stage[e.outcome], decision=decision)


def _review_asked(state: Accountability, e: ev.ReviewAsked, at: datetime) -> Accountability:
    return _set(state, at, Stage.under_review, review=Review(by=e.by, at=at, reason=e.reason))


def _review_decided(state: Accountability, e: ev.ReviewDecided, at: datetime) -> Accountability:
    if state.review is None:
        return state
    review = state.review.model_copy(update={"decided_by": e.by, "upheld": e.upheld})
    return _set(state, at, None if e.upheld else Stage.set_aside, review=review)


def _effective(state: Accountability, e: ev.AccountabilityEffective, at: datetime) -> Accountability:
    return _set(state, at, Stage.effective, effective_at=state.effective_at or at, listed=e.listed or state.listed)


def _listed_not_begun(state: Accountability, e: ev.ListedNotBegun, _at: datetime) -> Accountability:
    return state.model_copy(update={"listed": None}) if state.listed == e.process else state


def _checked(state: Accountability, e: ev.RectificationChecked, at: datetime) -> Accountability:
    if e.result is Result.again:
        return _set(state, at, Stage.effective, reported_by=None)
    return _set(state, at, Stage.closed, rectified=e.result is Result.done)


CHANGES: Final[Mapping[str, Callable[[Any, Any, datetime], Any]]] = {
    ev.AccountabilityOpened.TYPE: _opened,
    ev.GraveReviewed.TYPE: _grave_reviewed,
    ev.FactsRecorded.TYPE: lambda s, e, at: _set(s, at, facts=e.facts, prepared_by=_and(s.prepared_by, e.by)),
    ev.NoticeServed.TYPE: lambda s, e, at: _set(s, at, Stage.noticed, prepared_by=_and(s.prepared_by, e.by)),
    ev.UnitAnswered.TYPE: _answered,
    ev.UnitSilent.TYPE: lambda s, _e, at: _set(s, at, Stage.deciding, silent=True),
    ev.AccountabilityDecided.TYPE: _decided,
    ev.DecisionServed.TYPE: lambda s, _e, at: _set(s, at, Stage.served),
    ev.ReviewAsked.TYPE: _review_asked,
    ev.ReviewDecided.TYPE: _review_decided,
    ev.AccountabilityEffective.TYPE: _effective,
    ev.ListedNotBegun.TYPE: _listed_not_begun,
    ev.TalkRecorded.TYPE: lambda s, _e, at: _set(s, at, talked=True),
    ev.RectificationReported.TYPE: lambda s, e, at: _set(s, at, Stage.rectified, reported_by=e.by),
    ev.RectificationChecked.TYPE: _checked,
}
