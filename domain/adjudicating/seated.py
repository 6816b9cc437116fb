"""明责会: a session decides in place of the group, and the adjudication takes over its verdict (domain.md 18; M05).

Towards the case an adjudication decides; towards the session it is the holder of what is to be decided (:mod:`domain.holding`).
While an item is before the meeting nobody rules on it here. What the meeting decides is issued as the ruling, cannot be given back,
and what becomes of it the session hears as the adjudication does: every item ends applied or overtaken on both sides.
"""

from collections.abc import Sequence

from domain import agenda
from domain.adjudicating.events import RulingHeld, RulingHoldEnded, RulingIssued, RulingReleased
from domain.adjudicating.state import Adjudication
from domain.adjudicating.words import RulingForm, Stage
from domain.agenda import Item, item_of
from domain.holding import ApplyDecision, Hold, ItemState, ReleaseMatter, ReserveMatter
from domain.process import Context, Event, Refusal


def reserve_matter(state: Adjudication, command: ReserveMatter, context: Context) -> Sequence[Event]:
    """Hold an item for a meeting, or for the one that takes its place.

    Refused: ``not_being_ruled`` before the evidence is closed and after the ruling, ``which_item`` where several are open and none
    is named, ``draft_open`` while a ruling waits for its second person, ``matter_reserved`` while another meeting has it.
    """
    del context
    if state.stage != Stage.ruling:
        raise Refusal("not_being_ruled", stage=state.stage)
    item = _meant(state, command)
    if item.id in state.drafts:
        raise Refusal("draft_open", item=item.id)
    held = state.held.get(item.id)
    if held is not None and held.process not in {command.process, command.instead_of}:
        raise Refusal("matter_reserved", matter=item.id, process=held.process)
    return [RulingHeld(item=item.id, process=command.process, theirs=command.item)]


def _meant(state: Adjudication, command: ReserveMatter) -> Item:
    if command.matter is not None:
        return item_of(state, command.matter, ItemState.reserved)
    passed = {i for i, hold in state.held.items() if hold.process == command.instead_of}
    items = [i for i in state.reserved if i.id in passed or i.id not in state.held]
    if len(items) != 1:
        raise Refusal("which_item", items=[i.id for i in items])
    return items[0]


def release_matter(state: Adjudication, command: ReleaseMatter, context: Context) -> Sequence[Event]:
    """The meeting lets an item go: it is the group's again. One that holds nothing (any more) is taken at its word."""
    del context
    own = _held_for(state, command.process, command.item)
    return () if own is None else [RulingReleased(item=own, process=command.process)]


def apply_decision(state: Adjudication, command: ApplyDecision, context: Context) -> Sequence[Event]:
    """The meeting has decided an item: that is the ruling. A word that names no owner is none, and the item the group's again."""
    del context
    own = _held_for(state, command.process, command.item)
    if own is None or state.items[own].state is not ItemState.reserved:
        raise Refusal("not_reserved", process=command.process)
    verdict, process = command.verdict, command.process
    if verdict.lead is None:
        return [RulingHoldEnded(item=own, process=process, theirs=command.item, code="no_owner_decided")]
    issued = RulingIssued(
        item=own,
        form=RulingForm.joint if verdict.co else RulingForm.designate,
        lead=verdict.lead,
        co=verdict.co,
        basis=verdict.basis,
        drafted_by=process,
        by=process,
    )
    binding = verdict.model_copy(update={"no_return": True})
    return [issued, agenda.ItemDecided(item=own, by=process, verdict=binding)]


def ended(state: Adjudication) -> Sequence[Event]:
    """What is over here is over for the meeting that had it, in the same way."""
    over = [(state.items[own], hold) for own, hold in state.held.items() if own in state.items]
    return [
        RulingHoldEnded(
            item=item.id,
            process=hold.process,
            theirs=hold.item,
            code=None if item.state is ItemState.applied else item.code or str(item.state),
        )
        for item, hold in over
        if item.ended
    ]


def _held_for(state: Adjudication, process: str, theirs: str) -> str | None:
    return next((own for own, h in state.held.items() if (h.process, h.item) == (process, theirs)), None)


def hold_of(e: RulingHeld | RulingHoldEnded) -> Hold:
    """Return the hold that an event is about."""
    return Hold(process=e.process, item=e.theirs, matter=e.item)
