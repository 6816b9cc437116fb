"""What follows by itself: where a ring goes once its question is decided, passed on or overtaken, and when it is over."""

from collections.abc import Sequence

from domain import keeping
from domain.holding import ItemState
from domain.proceeding import move_to, start
from domain.process import Context, Event
from domain.ringing import events as ev
from domain.ringing.state import RingState
from domain.ringing.words import RATING, Stage


def follow(state: RingState, context: Context) -> Sequence[Event]:
    """Return the next events that follow, or nothing when the ring is at rest."""
    item = state.item
    if item is None:
        return ()
    if state.open:
        return _left(state, item.state, context) if item.ended else ()
    if state.stage == Stage.executing:
        return _executed(state, item.state, context) if item.ended else ()
    if state.stage == Stage.rating and state.all_rated:
        return _over(state, state.outcome or Stage.concluded, context)
    return ()


def stop_clocks(state: RingState, context: Context, *, met: str | None = None) -> Sequence[Event]:
    """Stop all that runs: what the clock ``met`` measures has happened, all else is no longer owed."""
    running = state.running(met) if met else None
    happened = running.clock.key if running else None
    live = [key for key, r in state.clocks.items() if r.stopped_at is None]
    return [event for key in live for event in keeping.stop(state, key, context, met=True if key == happened else None)]


def _left(state: RingState, end: ItemState, context: Context) -> Sequence[Event]:
    """The question has left without a verdict: another decides, the case refused, or it is overtaken."""
    code = state.item.code if state.item else None
    events = [*stop_clocks(state, context), *_settle_hold(state, code or str(end))]
    if end is ItemState.carried:
        return [*events, *_rate_or_end(state, state.outcome or Stage.escalated, context)]
    return [*events, move_to(Stage.overtaken)]


def _executed(state: RingState, end: ItemState, context: Context) -> Sequence[Event]:
    """The case has answered: the process that held the question hears it too. Then the work is waited for, and rated."""
    if state.hold is not None:
        code = None if end is ItemState.applied else (state.item.code if state.item else None) or str(end)
        return _settle_hold(state, code)
    if end is not ItemState.applied:
        return _over(state, Stage.overtaken, context)
    if state.unfinished and state.case_over is None:
        return ()
    return _rate_or_end(state, Stage.concluded, context)


def _settle_hold(state: RingState, code: str | None) -> Sequence[Event]:
    held = state.hold
    return () if held is None else [ev.RingHoldEnded(process=held.process, item=held.item, code=code)]


def _rate_or_end(state: RingState, outcome: str, context: Context) -> Sequence[Event]:
    if state.all_rated:
        return [move_to(outcome)]
    return [move_to(Stage.rating), *start(state, RATING, "ring_rating", context)]


def _over(state: RingState, outcome: str, context: Context) -> Sequence[Event]:
    return [*stop_clocks(state, context), move_to(outcome)]
