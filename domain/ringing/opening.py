"""受理与提级: a case comes up, the ring answers, and a case goes further up. Nothing here sends one down."""

from collections.abc import Sequence

from domain import agenda, keeping
from domain.agenda import ItemCarried
from domain.holding import ItemState
from domain.proceeding import begun, move_to, opened, start
from domain.process import Context, Event, Refusal
from domain.ringing import events as ev
from domain.ringing.commands import AnswerReport, Escalate, OpenRing, RingStartRefused
from domain.ringing.guards import convening, question, recusal, undecided
from domain.ringing.state import RingState
from domain.ringing.words import ANSWER, CONCLUDE, ITEM, RATING, Level, Stage

USED: str = "not_in_this_stage"
"""The id names a process that has begun before."""


def open_ring(state: RingState, command: OpenRing, context: Context) -> Sequence[Event]:
    """Open: the convener has to answer. Refused with ``order_exists`` while another ring of this level has the case's question."""
    entry = command.entries[0]
    first = ev.RingOpened(
        **begun(command, context),
        case=command.case,
        level=command.level,
        kind=command.kind,
        reporter=command.reporter,
        reason=command.reason,
        tried=command.tried,
        matter=command.matter,
        instead_of=entry.instead_of,
    )
    after = opened(state, first, context.now)
    return [first, *agenda.put((entry,), first.by), *start(after, ANSWER, "ring_answer", context)]


def answer_report(state: RingState, command: AnswerReport, context: Context) -> Sequence[Event]:
    """Take the case up, or refuse with a reason: then the large ring decides, or for the large ring the adjudication group."""
    convening(state, command, context)
    recusal(state, context)
    if not command.accept:
        if command.reason is None:
            raise Refusal("reason_needed")
        undecided(state, context)
        return [_answered(state, command, context), *_pass_on(state, command.reason, context)]
    clock, step, _ = state.spec.naming
    return [
        _answered(state, command, context),
        *keeping.stop(state, ANSWER, context),
        move_to(Stage.coordinating),
        *start(state, clock, step, context),
        *start(state, CONCLUDE, "ring_conclude", context),
    ]


def escalate(state: RingState, command: Escalate, context: Context) -> Sequence[Event]:
    """Give the case to the large ring. What another process has reserved, only the city office takes away from it."""
    convening(state, command, context)
    undecided(state, context)
    return _pass_on(state, command.reason, context)


def ring_start_refused(state: RingState, command: RingStartRefused, context: Context) -> Sequence[Event]:
    """What this ring wanted to begin did not begin. What was to decide in its place is begun under the next id, or comes back here.

    It does not come back when the case is over, or when another ring of this level has its question meanwhile.
    """
    failed = ev.RingStartFailed(process=command.process, code=command.code)
    if command.process != state.up or state.case_over is not None:
        return [failed]
    if command.code == USED:
        return [failed, _passed_on(state, state.outcome or Stage.referred, state.up_by or state.by, state.up_reason)]
    if context.facts.taken:
        return [failed, agenda.ItemDropped(item=ITEM, by="system")]
    return [
        failed,
        ev.RingCameBack(process=command.process, code=command.code),
        *keeping.stop(state, RATING, context, met=None),
        move_to(Stage.coordinating),
        *start(state, CONCLUDE, "ring_conclude", context),
    ]


def let_go(state: RingState, code: str) -> Sequence[Event]:
    """Tell whoever holds the question that it has ended another way."""
    held = state.hold
    return () if held is None else [ev.RingHoldEnded(process=held.process, item=held.item, code=code)]


def _answered(state: RingState, command: AnswerReport, context: Context) -> Event:
    return ev.RingAnswered(level=state.level, by=context.actor.user, accept=command.accept, reason=command.reason)


def _pass_on(state: RingState, reason: str, context: Context) -> Sequence[Event]:
    item = question(state)
    outcome = Stage.escalated if state.spec.refused_to == "ring" else Stage.referred
    passed = _passed_on(state, outcome, context.actor.user, reason)
    return [
        passed,
        ItemCarried(item=item.id, by=context.actor.user, to=passed.to),
        *keeping.stop(state, ANSWER, context),
        *let_go(state, outcome),
    ]


def _passed_on(state: RingState, outcome: str, by: str, reason: str | None) -> ev.RingPassedOn:
    to = (
        _large_ring(state)
        if outcome == Stage.escalated
        else state.beside(f"adjudication/{state.dotted}", first_bare=True)
    )
    return ev.RingPassedOn(level=state.level, by=by, to=to, outcome=outcome, reason=reason)


def _large_ring(state: RingState) -> str:
    """Return the id of the large ring: with this ring's number, or the next one that it has not tried."""
    n = state.no.rpartition("/")[2]
    first = int(n) if n.isdigit() else 1
    tried = sum(p.startswith(f"ring/{state.case}/{Level.large}/") for p in state.begun)
    return f"ring/{state.case}/{Level.large}/{first + tried}"


def carried(state: RingState) -> bool:
    """Say whether another process decides in place of this ring."""
    item = state.item
    return item is not None and item.state is ItemState.carried
