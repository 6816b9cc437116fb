"""What each event changes. Total: what an event names and nobody knows changes nothing."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final

from domain import agenda
from domain.holding import Hold, ItemState
from domain.proceeding import opened
from domain.ringing import events as ev
from domain.ringing.state import Called, RingState, Standing, TaskForce
from domain.ringing.words import ITEM, Side, Stage


def _set(state: RingState, **update: Any) -> RingState:
    return state.model_copy(update=update)


def _opened(state: RingState, e: ev.RingOpened, at: datetime) -> RingState:
    own = ("case", "level", "kind", "reporter", "reason", "tried", "matter", "instead_of")
    after: RingState = opened(state, e, at, stage=str(Stage.answering), **{name: getattr(e, name) for name in own})
    return after


def _passed_on(state: RingState, e: ev.RingPassedOn, _at: datetime) -> RingState:
    return _set(state, up=e.to, up_by=e.by, up_reason=e.reason, outcome=e.outcome, begun=(*state.begun, e.to))


def _came_back(state: RingState, _e: ev.RingCameBack, _at: datetime) -> RingState:
    back = _set(state, up=None, outcome=None)
    item = state.item
    if item is None:
        return back
    return _set(back, items={**state.items, ITEM: item.model_copy(update={"state": ItemState.reserved})})


def _whistled(state: RingState, e: ev.RingUnitsWhistled, at: datetime) -> RingState:
    called = dict(state.called)
    for unit in e.units:
        before = called.get(unit)
        called[unit] = Called(unit=unit, at=at, by=e.by, times=before.times + 1 if before else 1)
    return _set(state, called=called, lead=e.lead or state.lead)


def _began(state: RingState, process: str, *, holds: bool = False) -> RingState:
    hold = Hold(process=process, item=ITEM) if holds else state.hold
    return _set(state, begun=(*state.begun, process), hold=hold)


def _measure_ended(state: RingState, e: ev.RingMeasureEnded, _at: datetime) -> RingState:
    known = e.measure in state.measures
    return _set(state, measures={**state.measures, e.measure: e.outcome}) if known else state


def _held(state: RingState, e: ev.RingHeld, _at: datetime) -> RingState:
    asked = None if e.process.startswith("session/") else state.asked_session
    return _set(state, hold=Hold(process=e.process, item=e.item, matter=e.matter), asked_session=asked)


def _released(state: RingState, e: ev.RingReleased | ev.RingHoldEnded, _at: datetime) -> RingState:
    held = state.hold is not None and state.hold.process == e.process
    return _set(state, hold=None) if held else state


def _session_refused(state: RingState, e: ev.RingSessionRefused, at: datetime) -> RingState:
    if state.hold is None or state.hold.process != e.process:
        return state
    return _set(state, hold=None, asked_session=at if state.open else None)


def _start_failed(state: RingState, e: ev.RingStartFailed, _at: datetime) -> RingState:
    held = state.hold is not None and state.hold.process == e.process
    measures = {**state.measures, e.process: e.code} if e.process in state.measures else state.measures
    return _set(state, hold=None if held else state.hold, measures=measures)


def _concluded(state: RingState, _e: ev.RingConcluded, _at: datetime) -> RingState:
    return _set(state, standing=None, asked_session=None)


def _decided(state: RingState, e: agenda.ItemDecided, at: datetime) -> RingState:
    after: RingState = agenda.CHANGES[agenda.ItemDecided.TYPE](state, e, at)
    return _set(after, lead=e.verdict.lead or state.lead)


def _finished(state: RingState, e: ev.RingUnitFinished, _at: datetime) -> RingState:
    return state if e.unit in state.finished else _set(state, finished=(*state.finished, e.unit))


def _unit_rated(state: RingState, e: ev.RingUnitRated, _at: datetime) -> RingState:
    return _heard(state, e.unit, Side.reporter).with_called(e.unit, arrival=e.arrival, effort=e.effort)


def _whistle_rated(state: RingState, e: ev.RingWhistleRated, _at: datetime) -> RingState:
    return _heard(state, e.unit, Side.unit).with_called(e.unit, justified=e.justified)


def _heard(state: RingState, unit: str, side: str) -> RingState:
    called = state.called.get(unit)
    return state.with_called(unit, silent=tuple(s for s in called.silent if s != side)) if called else state


def _no_rating(state: RingState, e: ev.RingNoRating, _at: datetime) -> RingState:
    called = state.called.get(e.unit)
    return state.with_called(e.unit, silent=(*called.silent, e.side)) if called else state


def _force(state: RingState, e: ev.RingTaskForceFormed, _at: datetime) -> RingState:
    force = TaskForce(lead=e.lead, members=e.members, territory=e.territory, industry=e.industry, firm=e.firm)
    return _set(state, force=force)


CHANGES: Final[Mapping[str, Callable[[Any, Any, datetime], Any]]] = {
    **agenda.CHANGES,
    agenda.ItemDecided.TYPE: _decided,
    ev.RingOpened.TYPE: _opened,
    ev.RingAnswered.TYPE: lambda s, _e, _at: s,
    ev.RingPassedOn.TYPE: _passed_on,
    ev.RingCameBack.TYPE: _came_back,
    ev.RingUnitsWhistled.TYPE: _whistled,
    ev.RingUnitReportedIn.TYPE: lambda s, e, at: s.with_called(
        e.unit, reported_at=at, reported_by=e.by, refused_at=None, refusal=None
    ),
    ev.RingUnitRefused.TYPE: lambda s, e, at: s.with_called(e.unit, refused_at=at, refusal=e.reason),
    ev.RingSurveyed.TYPE: lambda s, e, _at: _set(s, surveys=e.n),
    ev.RingConsultationStarted.TYPE: lambda s, e, _at: _began(s, e.process, holds=True),
    ev.RingRulingAsked.TYPE: lambda s, e, _at: _began(s, e.process, holds=True),
    ev.RingSupervisionListed.TYPE: lambda s, e, _at: _began(s, e.process),
    ev.RingTaskForceFormed.TYPE: _force,
    ev.RingMeasureSet.TYPE: lambda s, e, _at: _set(_began(s, e.process), measures={**s.measures, e.process: None}),
    ev.RingMeasureEnded.TYPE: _measure_ended,
    ev.RingSessionAsked.TYPE: lambda s, _e, at: _set(s, asked_session=at),
    ev.RingSessionEntered.TYPE: lambda s, e, _at: _set(s, hold=Hold(process=e.process, item=""), asked_session=None),
    ev.RingSessionRefused.TYPE: _session_refused,
    ev.RingStandingReferred.TYPE: lambda s, e, at: _set(s, standing=Standing(at=at, by=e.by)),
    ev.RingStandingRecorded.TYPE: lambda s, _e, _at: s,
    ev.RingConcluded.TYPE: _concluded,
    ev.RingHeld.TYPE: _held,
    ev.RingReleased.TYPE: _released,
    ev.RingHoldEnded.TYPE: _released,
    ev.RingStartFailed.TYPE: _start_failed,
    ev.RingUnitFinished.TYPE: _finished,
    ev.RingCaseOver.TYPE: lambda s, e, _at: _set(s, case_over=e.code),
    ev.RingUnitRated.TYPE: _unit_rated,
    ev.RingWhistleRated.TYPE: _whistle_rated,
    ev.RingNoRating.TYPE: _no_rating,
}
