"""回访、重办、办结: the caller's word, and closing only with the proof the code needs (11.2, §18)."""

from collections.abc import Sequence

from domain.casework import timekeeping as clocks
from domain.casework.commands import (
    CallerWithdrew,
    Object,
    RecordCallback,
    RequestTermination,
    ReviewClosing,
    ReviewTermination,
    Supervise,
    Urge,
    WaiveCallback,
)
from domain.casework.dispatching import Sending, end, send
from domain.casework.events import (
    CallbackRecorded,
    CallbackWaived,
    CallerLeft,
    Closed,
    ClosingProposed,
    ClosingReviewed,
    MatterSettled,
    Objected,
    OrderHeld,
    RedoStarted,
    StageMoved,
    TerminationRequested,
    TerminationReviewed,
)
from domain.casework.guards import four_eyes, not_handed_down, not_merging, order_in
from domain.casework.handling import AT_WORK
from domain.casework.state import Caller, Case, Matter
from domain.casework.upward import ask_supervision
from domain.casework.words import ClosingCode, MatterKind, OrderRole, OrderState, Solved, Stage
from domain.policy import Proof
from domain.process import Context, Event, Refusal


def record_callback(case: Case, command: RecordCallback, context: Context) -> Sequence[Event]:
    """Record one attempt. Unreached attempts count once a day; a dissatisfied or unsolved caller means redo.

    The officer may hold that the demand is unreasonable: then a second person decides whether the case closes as such.
    """
    caller = _waiting(case, command.request)
    if not command.reached:
        return _unreached(case, caller, command, context)
    if command.solved is None or command.satisfaction is None:
        raise Refusal("callback_incomplete")
    pack = context.facts.pack
    if str(command.satisfaction) not in pack.satisfaction.answers:
        raise Refusal("unknown_answer", answer=str(command.satisfaction))
    satisfied = command.solved is not Solved.no and pack.is_satisfied(str(command.satisfaction))
    if satisfied and command.unreasonable:
        raise Refusal("callback_contradicts")
    recorded = CallbackRecorded(
        request=caller.request,
        by=context.actor.user,
        reached=True,
        solved=command.solved,
        satisfaction=command.satisfaction,
        satisfied=satisfied,
        note=command.note,
    )
    events: list[Event] = [recorded, *clocks.stop(case, f"callback/{caller.request}", context)]
    if satisfied:
        return events
    if command.unreasonable:
        if case.proposal is not None and case.proposal.approved_by is None:
            raise Refusal("closing_open")
        if command.note is None:
            raise Refusal("reason_needed")
        proposed = ClosingProposed(
            code=ClosingCode.not_reasonable, by=context.actor.user, reason=command.note, request=caller.request
        )
        return [*events, proposed, *clocks.start(case, "closing", "second_person", context)]
    return [*events, *redo(case, caller.request, context)]


def waive_callback(case: Case, command: WaiveCallback, context: Context) -> Sequence[Event]:
    """The caller does not want to be called."""
    caller = _waiting(case, command.request)
    return [
        CallbackWaived(request=caller.request, by=context.actor.user, reason=command.reason),
        *clocks.stop(case, f"callback/{caller.request}", context),
    ]


def redo(case: Case, request: str, context: Context, *, dissatisfied: bool = True) -> Sequence[Event]:
    """Start the next handling cycle: the lead's unit again, with fresh limits; at 2 and 4 the ladder asks for more (M17).

    Only what a caller is dissatisfied with counts on the ladder, not what a second person sent back. Where another case has an
    order out to that unit on this matter by now, nobody is refused: the case waits for a dispatcher, who merges it or sends it.
    """
    count = case.dissatisfied + (1 if dissatisfied else 0)
    cycle = case.cycle + 1
    lead = case.lead
    events: list[Event] = [RedoStarted(cycle=cycle, dissatisfied=count, request=request)]
    events += clocks.stop_all(case, "callback/", context)
    # What was proposed to close it with is gone with the cycle.
    events += clocks.stop(case, "closing", context, met=None)
    if lead is None:
        return [*events, StageMoved(stage=Stage.screening), *clocks.start(case, "screen", "screen", context)]
    events += clocks.start(case, f"overall/{cycle}", "redo", context)
    if (holder := context.facts.taken.get(case.claim(lead.unit))) is not None:
        events.append(OrderHeld(unit=lead.unit, holder=holder))
    else:
        again = Sending(no_return=lead.no_return, parent=lead.id, cycle=cycle)
        events += send(case, [(lead.unit, OrderRole.lead)], context, again)
    ladder = context.facts.pack.ladder
    for at, level in ((ladder.urge_at.value, "urge"), (ladder.supervise_at.value, "supervise")):
        if dissatisfied and at == count:
            events.append(ask_supervision(case, level, lead.unit, "dissatisfied"))
    return events


def review_closing(case: Case, command: ReviewClosing, context: Context) -> Sequence[Event]:
    """Second person on a code that needs two. A refusal means: handle it again."""
    proposal = case.proposal
    if proposal is None or proposal.approved_by is not None:
        raise Refusal("no_closing_open")
    submitter = case.lead.submission.by if case.lead and case.lead.submission else None
    four_eyes(context, proposal.by, submitter)
    reviewed = ClosingReviewed(by=context.actor.user, approve=command.approve, reason=command.reason)
    stopped = clocks.stop(case, "closing", context)
    if command.approve:
        return [reviewed, *stopped]
    request = proposal.request or next(c.request for c in case.active_callers)
    return [reviewed, *stopped, *redo(case, request, context, dissatisfied=proposal.request is not None)]


def request_termination(case: Case, command: RequestTermination, context: Context) -> Sequence[Event]:
    """A unit asks in writing to end the case (Weifang Art. 21)."""
    order = order_in(case, command.order, AT_WORK)
    not_handed_down(order)
    if case.termination is not None:
        raise Refusal("termination_open")
    return [
        TerminationRequested(order=order.id, by=context.actor.user, ground=command.ground, reason=command.reason),
        *clocks.start(case, f"{order.id}/termination", "second_person", context),
    ]


def review_termination(case: Case, command: ReviewTermination, context: Context) -> Sequence[Event]:
    """The hotline approves: orders are taken back and the case closes as terminated; or it goes on."""
    if case.termination is None:
        raise Refusal("no_termination_open")
    four_eyes(context, case.termination.by)
    reviewed = TerminationReviewed(by=context.actor.user, approve=command.approve, reason=command.reason)
    if not command.approve:
        return [reviewed, *clocks.stop(case, f"{case.termination.order}/termination", context)]
    return [reviewed, *take_back(case, context, command.reason), *close(case, ClosingCode.terminated, context)]


def caller_withdrew(case: Case, command: CallerWithdrew, context: Context) -> Sequence[Event]:
    """One caller takes his request back. The case goes on for the others, and ends when he was the last."""
    not_merging(case)
    caller = case.callers.get(command.request)
    if caller is None:
        raise Refusal("unknown_request", request=command.request)
    if caller.outcome is not None:
        raise Refusal("already_called_back", request=command.request)
    left = CallerLeft(request=caller.request, by=context.actor.user, note=command.note)
    events: list[Event] = [left, *clocks.stop(case, f"callback/{caller.request}", context, met=None)]
    return [*events, *close_if_nobody_is_left(case, caller.request, command.note, context)]


def close_if_nobody_is_left(case: Case, gone: str, reason: str | None, context: Context) -> Sequence[Event]:
    """Close as withdrawn when ``gone`` was the last caller; else the case goes on for the others."""
    if case.proposal is not None or any(c.request != gone for c in case.active_callers):
        return ()
    return [*take_back(case, context, reason), *close(case, ClosingCode.caller_withdrew, context)]


def object_to_closing(case: Case, command: Object, context: Context) -> Sequence[Event]:
    """The caller objects in the days between closing and archiving: the case is redone."""
    if command.request not in case.callers:
        raise Refusal("unknown_request", request=command.request)
    objected = Objected(request=command.request, by=context.actor.user, note=command.note)
    stopped = [e for key in ("archive", "reopening") for e in clocks.stop(case, key, context, met=None)]
    return [objected, *stopped, *redo(case, command.request, context)]


def urge(case: Case, command: Urge, context: Context) -> Sequence[Event]:
    """Urge the unit."""
    return _settle(case, command.matter, MatterKind.urge, command.note, context)


def supervise(case: Case, command: Supervise, context: Context) -> Sequence[Event]:
    """Put the unit under supervision."""
    return _settle(case, command.matter, MatterKind.supervision, command.note, context)


def conclude(case: Case, context: Context) -> Sequence[Event]:
    """All callers have had their word: close with the lead's code, or ask a second person first."""
    if case.proposal is not None:
        return close(case, case.proposal.code, context) if case.proposal.approved_by else ()
    if all(c.outcome == "withdrew" for c in case.callers.values()):
        return close(case, ClosingCode.caller_withdrew, context)
    lead = case.lead
    if lead is None or lead.submission is None:
        message = f"{case.no}: callback without an accepted result"
        raise RuntimeError(message)
    code = lead.submission.code
    if Proof.two_persons in context.facts.pack.closing_code(str(code)).proof:
        by = lead.accepted_by or context.actor.user
        proposed = ClosingProposed(code=code, by=by, reason=lead.submission.reply)
        return [proposed, *clocks.start(case, "closing", "second_person", context)]
    return close(case, code, context)


def close(case: Case, code: ClosingCode, context: Context) -> Sequence[Event]:
    """Close with the references that prove the code, and wait for objections until archiving."""
    lead = case.lead
    proof: tuple[str, ...] = ()
    if lead is not None and lead.submission is not None and lead.state is OrderState.accepted:
        proof = (lead.submission.reply, *lead.submission.documents)
    return [
        Closed(code=code, proof=proof),
        StageMoved(stage=Stage.closed),
        *clocks.stop_all(case, "", context),
        *clocks.start(case, "archive", "closed_to_archived", context),
    ]


def take_back(case: Case, context: Context, reason: str | None) -> Sequence[Event]:
    """Withdraw every order that is out."""
    return [e for o in case.live for e in end(case, o, OrderState.withdrawn, context, reason)]


def _unreached(case: Case, caller: Caller, command: RecordCallback, context: Context) -> Sequence[Event]:
    if command.solved is not None or command.satisfaction is not None:
        raise Refusal("callback_contradicts")
    policy = context.facts.pack.callback
    counts = caller.retry_at is None or context.judged_at >= caller.retry_at
    last = counts and caller.failed_days + 1 >= policy.attempts.value
    recorded = CallbackRecorded(
        request=caller.request,
        by=context.actor.user,
        reached=False,
        counts=counts,
        note=command.note,
        retry_at=None if last else policy.next_day(context.judged_at) if counts else caller.retry_at,
    )
    return [recorded, *(clocks.stop(case, f"callback/{caller.request}", context) if last else ())]


def _waiting(case: Case, request: str) -> Caller:
    caller = case.callers.get(request)
    if caller is None:
        raise Refusal("unknown_request", request=request)
    if caller.outcome is not None:
        raise Refusal("already_called_back", request=request)
    return caller


def _settle(case: Case, key: str, kind: MatterKind, note: str, context: Context) -> Sequence[Event]:
    matter: Matter | None = case.matters.get(key)
    if matter is None or matter.kind is not kind:
        raise Refusal("unknown_matter", matter=key)
    return [MatterSettled(matter=key, by=context.actor.user, note=note)]
