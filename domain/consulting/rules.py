"""The rules of a consultation: opening, speaking, what follows by itself, the meeting, and the way on to the adjudication group."""

from collections.abc import Sequence

from domain import agenda, guards, keeping
from domain.agenda import entries_of, item_of
from domain.consulting import consensus
from domain.consulting.commands import (
    Advise,
    ConcludeItem,
    Open,
    OpenConsultation,
    SendToAdjudication,
    StateOpinion,
    TakeBackItems,
    WithdrawConsultation,
)
from domain.consulting.events import (
    CarriedToAdjudication,
    ConsultationOpened,
    ConsultationWithdrawn,
    ItemConcluded,
    ItemsTakenBack,
    OpinionsCounted,
    OpinionStated,
    SpecialistAdvised,
    VoteEnded,
)
from domain.consulting.state import CHANGES, Consultation, Voice
from domain.consulting.words import MEETING, VOTE, Ended, Opinion, Stage
from domain.holding import LIVE, ItemState, Verdict
from domain.proceeding import begun, move_to, start
from domain.process import Context, Event, Refusal

FEWEST = 2
"""So many candidates a person must ask."""


# --------------------------------------------------------------------------------------------------------------- opening


def open_by_machine(state: Consultation, command: Open, context: Context) -> Sequence[Event]:
    """Begin for a case or a ring. Its candidates were looked at there; one that is no unit any more is not asked."""
    known = context.facts.units
    active = tuple(u for u in dict.fromkeys(command.candidates) if u in known and known[u].active)
    return _open(state, command, active, context)


def open_consultation(state: Consultation, command: OpenConsultation, context: Context) -> Sequence[Event]:
    """Begin by hand, with one or several matters; their holders are asked for them. At least two units must be asked."""
    candidates = tuple(dict.fromkeys(command.candidates))
    guards.known_units(context, *candidates)
    if len(candidates) < FEWEST:
        raise Refusal("too_few_candidates", fewest=FEWEST)
    return _open(state, command, candidates, context)


def _open(
    state: Consultation, command: Open | OpenConsultation, candidates: tuple[str, ...], context: Context
) -> Sequence[Event]:
    first = ConsultationOpened(**begun(command, context), question=command.question, candidates=candidates)
    after = CHANGES[first.TYPE](state, first, context.now)
    items = agenda.put(entries_of(command.entries), first.by)
    return [first, *items, *start(after, VOTE, "consult_vote", context)]


# -------------------------------------------------------------------------------------------------------------- speaking


def state_opinion(state: Consultation, command: StateOpinion, context: Context) -> Sequence[Event]:
    """A unit that was asked says what it holds, and may say otherwise until the vote ends.

    A word that was received before the time box closed and comes to be written after it still counts while nobody has decided
    the item (law 6); the note that was issued in between stays as it is.
    """
    item = item_of(state, command.item, *LIVE)
    if command.unit not in state.candidates:
        raise Refusal("not_a_candidate", unit=command.unit)
    _owner(command, context)
    stated = OpinionStated(
        item=item.id,
        unit=command.unit,
        opinion=Opinion(command.opinion),
        owner=command.owner,
        basis=command.basis,
        by=context.actor.user,
    )
    if state.stage == Stage.voting:
        return [stated]
    if not _in_time(state, context) or state.agreed(item.id) is not None:
        raise Refusal("vote_over", item=item.id)
    return [stated, _counted(CHANGES[stated.TYPE](state, stated, context.now), item.id, context)]


def _owner(command: StateOpinion, context: Context) -> None:
    """Whoever claims an item names himself or nobody; whoever does not claim it does not name himself."""
    if command.owner is None:
        return
    guards.known_units(context, command.owner)
    if (command.opinion == Opinion.mine) is not (command.owner == command.unit):
        raise Refusal("invalid_value", field="owner", value=command.owner)


def _in_time(state: Consultation, context: Context) -> bool:
    vote = state.clock(VOTE)
    return vote is not None and vote.acted and vote.clock.due is not None and context.judged_at < vote.clock.due


def advise(state: Consultation, command: Advise, context: Context) -> Sequence[Event]:
    """A specialist is heard on an item that is undecided."""
    item = item_of(state, command.item, *LIVE)
    return [SpecialistAdvised(item=item.id, by=context.actor.user, advice=command.advice)]


# ---------------------------------------------------------------------------------------------------- what follows by itself


def vote_over(state: Consultation, _key: str, context: Context) -> Sequence[Event]:
    """The time box has closed: who has not spoken is down as 未表态."""
    return _end_vote(state, Ended.time_box, context) if state.stage == Stage.voting else ()


def _end_vote(state: Consultation, how: Ended, context: Context) -> Sequence[Event]:
    counted = [_counted(state, item.id, context) for item in state.live]
    return [*keeping.stop(state, VOTE, context), *counted, VoteEnded(how=how)]


def _counted(state: Consultation, item: str, context: Context) -> OpinionsCounted:
    voices: dict[str, Voice] = dict(state.spoken(item))
    found = consensus.count(state.candidates, voices, context.facts.pack.consensus)
    return OpinionsCounted(item=item, **found.model_dump())


def follow(state: Consultation, context: Context) -> Sequence[Event]:
    """The vote ends when everybody has spoken; consensus decides; what is undecided goes to a meeting; what is settled is over."""
    if state.stage == Stage.voting and state.voted_at is None:
        if state.live:
            return () if any(state.silent(i.id) for i in state.live) else _end_vote(state, Ended.all_spoke, context)
        # All is overtaken or let go: there is nothing to vote on, and no note of it.
        return [*keeping.stop(state, VOTE, context, met=None), move_to(_rest(state))]
    if agreed := [i for i in state.reserved if state.agreed(i.id) is not None]:
        return [_decided(state, item.id) for item in agreed]
    stage = str(Stage.meeting) if state.undecided else _rest(state)
    if stage == state.stage:
        return ()
    if stage == Stage.meeting:
        # A delay of ours shortens nobody's limit.
        return [move_to(stage), *start(state, MEETING, "consult_offline", context, at=context.recorded_at)]
    return [*keeping.stop(state, MEETING, context), move_to(stage)]


def _rest(state: Consultation) -> str:
    return str(Stage.closed if agenda.settled(state) else Stage.applying)


def _decided(state: Consultation, item: str) -> Event:
    """Decide by consensus. The grounds are the question, to which the units gave one answer; it may be given back later."""
    count = state.counts[item]
    verdict = Verdict(lead=count.lead, co=count.co, no_return=False, basis=state.question)
    return agenda.ItemDecided(item=item, by="consensus", verdict=verdict)


# ----------------------------------------------------------------------------------------------------- meeting, and the way on


def conclude_item(state: Consultation, command: ConcludeItem, context: Context) -> Sequence[Event]:
    """The convener writes down what an offline meeting concluded. Nobody concludes on what his own unit was asked."""
    item = item_of(state, command.item, ItemState.reserved)
    guards.not_a_party(context, *state.candidates, item.unit, command.lead, *command.co)
    guards.known_units(context, command.lead, *command.co, *command.attending)
    if command.lead in command.co:
        raise Refusal("lead_among_co", unit=command.lead)
    co = tuple(dict.fromkeys(command.co))
    user = context.actor.user
    concluded = ItemConcluded(
        item=item.id,
        lead=command.lead,
        co=co,
        conclusion=command.conclusion,
        attending=tuple(dict.fromkeys(command.attending)),
        by=user,
    )
    verdict = Verdict(lead=command.lead, co=co, no_return=False, basis=command.conclusion)
    return [concluded, agenda.ItemDecided(item=item.id, by=user, verdict=verdict)]


def send_to_adjudication(state: Consultation, command: SendToAdjudication, context: Context) -> Sequence[Event]:
    """The convener does not wait for a meeting."""
    return _carry(state, context.actor.user, command.reason)


def meeting_over(state: Consultation, _key: str, context: Context) -> Sequence[Event]:
    """No meeting concluded in time: what is undecided goes to the adjudication group."""
    return _carry(state, context.actor.user) if state.stage == Stage.meeting else ()


def _carry(state: Consultation, by: str, reason: str | None = None) -> Sequence[Event]:
    """Carry all that is undecided to one adjudication: that of this consultation's number, or the next one after a refusal."""
    n = len(state.carried) + 1
    to = f"adjudication/{state.no}" if n == 1 else f"adjudication/{state.no}.{n}"
    items = tuple(i.id for i in state.undecided)
    carried = [agenda.ItemCarried(item=item, by=by, to=to) for item in items]
    return [CarriedToAdjudication(to=to, items=items, by=by, reason=reason), *carried]


def take_back_items(state: Consultation, command: TakeBackItems, context: Context) -> Sequence[Event]:
    """The adjudication did not begin (that number is taken): its items are undecided here again, and the meeting's limit anew."""
    del context
    items = state.carried.get(command.to, ())
    return [ItemsTakenBack(to=command.to, items=items, code=command.code)] if items else ()


def withdraw_consultation(state: Consultation, command: WithdrawConsultation, context: Context) -> Sequence[Event]:
    """Whoever called it, or the city centre, lets go what is undecided; what is decided stands."""
    user = context.actor.user
    if context.actor.role != "city_centre" and user != state.by:
        raise Refusal("not_the_convener", user=user)
    return [
        ConsultationWithdrawn(by=user, reason=command.reason),
        *agenda.drop_all(state, user, command.reason),
    ]
