"""Checks that the rules of a ring share. Each refuses with a stable code."""

from collections import Counter
from collections.abc import Sequence

from domain import agenda
from domain.agenda import Item
from domain.guards import four_eyes, known_units, not_a_party
from domain.holding import ItemState
from domain.process import Command, Context, Refusal
from domain.ringing.specs import HIGHEST
from domain.ringing.state import Called, RingState
from domain.ringing.words import ITEM

__all__ = [
    "at_this_level",
    "called",
    "convening",
    "each_once",
    "four_eyes",
    "known_units",
    "not_a_party",
    "question",
    "recusal",
    "undecided",
    "unreserved",
]

FORCE: str = "task_force_lead"
"""Leads the joint team; may survey and set measures like the convener."""


def at_this_level(state: RingState, command: Command) -> None:
    """Refuse with ``not_at_this_level`` what is no power of this ring."""
    if command.NAME not in state.spec.powers:
        raise Refusal("not_at_this_level", command=command.NAME, level=state.level)


def convening(state: RingState, command: Command, context: Context, *, force: bool = False) -> None:
    """Refuse unless this ring has the power and the actor leads it: its convener, the superior, or (``force``) the task force."""
    at_this_level(state, command)
    role = context.actor.role
    if role in {state.spec.convener, state.spec.superior} or (force and role == FORCE and state.force is not None):
        return
    raise Refusal("not_the_ring_convener", role=role, level=state.level)


def question(state: RingState) -> Item:
    """Return the question of the case when this ring can decide it: its case has reserved it for this ring."""
    return agenda.item_of(state, ITEM, ItemState.reserved)


def unreserved(state: RingState) -> None:
    """Refuse with ``ring_reserved`` while another process holds the question."""
    if state.hold is not None:
        raise Refusal("ring_reserved", process=state.hold.process)


def undecided(state: RingState, context: Context) -> None:
    """Refuse with ``ring_reserved`` what would overtake another process, unless it is the city office that does."""
    if context.actor.role != HIGHEST:
        unreserved(state)


def recusal(state: RingState, context: Context, *units: str) -> None:
    """Refuse with ``recusal`` when the actor's unit reported up, was called, or is named: nobody decides on his own matter."""
    not_a_party(context, state.reporter, *state.called, *units)


def each_once(units: Sequence[str]) -> None:
    """Refuse with ``unit_twice`` when a unit is named twice."""
    for unit, times in Counter(units).items():
        if times > 1:
            raise Refusal("unit_twice", unit=unit)


def called(state: RingState, unit: str) -> Called:
    """Return a unit that was called, or refuse with ``not_whistled``."""
    found = state.called.get(unit)
    if found is None:
        raise Refusal("not_whistled", unit=unit)
    return found
