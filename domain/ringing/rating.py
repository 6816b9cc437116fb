"""双考核: whistle-blower and responder are both assessed (Beijing Art. 16, 33). Silence is recorded, never made up."""

from collections.abc import Sequence

from domain.guards import four_eyes
from domain.process import Context, Event, Refusal
from domain.ringing import events as ev
from domain.ringing.commands import RateUnits, RateWhistle
from domain.ringing.guards import at_this_level, called
from domain.ringing.state import Called, RingState
from domain.ringing.words import Side


def rate_units(state: RingState, command: RateUnits, context: Context) -> Sequence[Event]:
    """The reporter's unit rates one unit that was called: how it came, and what it did."""
    at_this_level(state, command)
    unit = called(state, command.unit)
    _once(state, unit, Side.reporter, context)
    return [
        ev.RingUnitRated(
            unit=unit.unit,
            by=context.actor.user,
            arrival=command.arrival,
            effort=command.effort,
            note=command.note,
        )
    ]


def rate_whistle(state: RingState, command: RateWhistle, context: Context) -> Sequence[Event]:
    """A unit that reported in says whether the call was justified; not by whoever made it."""
    at_this_level(state, command)
    unit = called(state, command.unit)
    four_eyes(context, unit.by)
    _once(state, unit, Side.unit, context)
    return [ev.RingWhistleRated(unit=unit.unit, by=context.actor.user, justified=command.justified, note=command.note)]


def silence(state: RingState, key: str, context: Context) -> Sequence[Event]:
    """The limit has passed: who has not rated is recorded as silent."""
    del key, context
    return [ev.RingNoRating(side=side, unit=unit) for side in Side for unit in state.unrated(side)]


def _once(state: RingState, unit: Called, side: Side, context: Context) -> None:
    """Refuse a rating that nobody owes, that was given, or that comes too early or too late.

    One that was received before the limit counts, also when the silence was recorded before it came here (law 6).
    """
    if not unit.owes(side, state.reporter):
        raise Refusal("no_rating_owed", unit=unit.unit)
    if side in unit.silent:
        running = state.rated_until()
        if running is None or running.clock.due is None or context.judged_at >= running.clock.due:
            raise Refusal("rating_over", unit=unit.unit)
    elif not state.can_rate:
        raise Refusal("rating_not_open", unit=unit.unit)
