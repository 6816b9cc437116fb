"""The verdict: by the convener's word, by the standing meeting's, or by the process that holds the question (domain/holding.py).

No case goes down again to the unit that reported it up, unless a ruling says so: of a session, a consultation, an adjudication,
or the standing meeting (domain.md 11.15).
"""

from collections.abc import Sequence

from domain.agenda import ItemDecided
from domain.guards import four_eyes
from domain.holding import ApplyDecision, ReleaseMatter, ReserveMatter, Verdict
from domain.proceeding import move_to
from domain.process import Context, Event, Refusal
from domain.ringing import events as ev
from domain.ringing.commands import Conclude, RecordStandingMeeting
from domain.ringing.following import stop_clocks
from domain.ringing.guards import convening, each_once, known_units, question, recusal, undecided
from domain.ringing.opening import let_go
from domain.ringing.state import RingState
from domain.ringing.words import CONCLUDE, Stage, Via

OVERTAKEN: str = "decided_by_ring"


def conclude(state: RingState, command: Conclude, context: Context) -> Sequence[Event]:
    """The convener decides. Refused while another process has the question reserved: only the city office may overtake that."""
    convening(state, command, context)
    recusal(state, context, command.lead, *command.co)
    undecided(state, context)
    if state.goes_up and command.lead == state.reporter:
        raise Refusal("no_return_down", unit=command.lead)
    via = Via.superior if context.actor.role == state.spec.superior else Via.convener
    return [*let_go(state, OVERTAKEN), *_by_hand(state, command, via, context)]


def record_standing_meeting(state: RingState, command: RecordStandingMeeting, context: Context) -> Sequence[Event]:
    """Record what the standing meeting decided; by another person than who referred it."""
    convening(state, command, context)
    if state.standing is None:
        raise Refusal("not_at_standing_meeting")
    recusal(state, context, command.lead, *command.co)
    four_eyes(context, state.standing.by)
    recorded = ev.RingStandingRecorded(level=state.level, by=context.actor.user, documents=command.documents)
    return [recorded, *let_go(state, OVERTAKEN), *_by_hand(state, command, Via.standing_meeting, context)]


def _by_hand(
    state: RingState, command: Conclude | RecordStandingMeeting, via: Via, context: Context
) -> Sequence[Event]:
    each_once((command.lead, *command.co))
    known_units(context, command.lead, *command.co)
    verdict = Verdict(
        lead=command.lead,
        co=command.co,
        basis=command.basis,
        extra_days=command.extra_days,
        ruling=via is Via.standing_meeting,
    )
    return _hand_down(state, verdict, via, context.actor.user, context)


def _hand_down(
    state: RingState, verdict: Verdict, via: Via, by: str, context: Context, process: str | None = None
) -> Sequence[Event]:
    item = question(state)
    return [
        ev.RingConcluded(level=state.level, by=by, via=via, process=process),
        ItemDecided(item=item.id, by=by, verdict=verdict),
        *stop_clocks(state, context, met=CONCLUDE),
        move_to(Stage.executing),
    ]


# -------------------------------------------------------------------------------------------- the ring as holder of the question


def reserve_matter(state: RingState, command: ReserveMatter, context: Context) -> Sequence[Event]:
    """Hold the question for a process, or for the one that takes its place. Refused: decided, passed on, or reserved elsewhere."""
    del context
    if not state.open:
        raise Refusal("ring_question_gone", stage=state.stage)
    question(state)
    held = state.hold
    if held is not None and held.process not in {command.process, command.instead_of}:
        raise Refusal("ring_reserved", process=held.process)
    return [ev.RingHeld(process=command.process, item=command.item, matter=command.matter)]


def release_matter(state: RingState, command: ReleaseMatter, context: Context) -> Sequence[Event]:
    """The process lets it go. One that holds nothing (any more) is taken at its word."""
    del context
    held = state.hold
    if held is None or held.process != command.process or held.item not in {"", command.item} or not state.open:
        return ()
    return [ev.RingReleased(process=command.process)]


def apply_decision(state: RingState, command: ApplyDecision, context: Context) -> Sequence[Event]:
    """The process that holds the question has decided it: the ring hands that down, and tells it what the case says of it."""
    held = state.hold
    if not state.open or held is None or held.process != command.process or held.item not in {"", command.item}:
        raise Refusal("ring_question_gone", stage=state.stage)
    known = [] if held.item else [ev.RingHeld(process=command.process, item=command.item)]
    return [*known, *_hand_down(state, command.verdict, Via.process, command.process, context, command.process)]
