"""退单: a unit asks to give its order back; two different persons decide (11.4, M16; 53号: no return without cause)."""

from collections.abc import Sequence

from domain.casework import timekeeping as clocks
from domain.casework.commands import DecideReturn, RequestReturn, ReviewReturn
from domain.casework.dispatching import end
from domain.casework.events import (
    MatterRaised,
    OrderLocked,
    PlaceVacated,
    ReturnDecided,
    ReturnEscalated,
    ReturnRequested,
    ReturnReviewed,
)
from domain.casework.guards import four_eyes, known_units, not_handed_down, not_on_account, order_in, recusal
from domain.casework.handling import sign_first
from domain.casework.state import Case, Order, ReturnRequest
from domain.casework.upward import ask_adjudication
from domain.casework.words import HELPERS, MatterKind, OrderState
from domain.process import Context, Event, Refusal


def request_return(case: Case, command: RequestReturn, context: Context) -> Sequence[Event]:
    """Ask, within the pack's window after dispatch. The clocks run on (先办后议); who asks has received the order: it is signed.

    The second request on one case, by any unit, raises the question of the owner instead of going round once more.
    """
    order = order_in(case, command.order, (OrderState.sent, OrderState.signed))
    not_handed_down(order)
    not_on_account(case, order)
    _nothing_open(case, order)
    if order.no_return:
        raise Refusal("no_return", order=order.id)
    window = clocks.start_by(context.facts.pack.rule("return_window"), "window", context, at=order.sent_at).clock.due
    if window is None or context.judged_at >= window:
        raise Refusal("return_window_closed", order=order.id)
    known_units(context, command.proposed_owner)
    if command.proposed_owner == order.unit:
        raise Refusal("same_unit", unit=order.unit)
    signed = [*sign_first(case, order, context), *clocks.stop(case, f"{order.id}/choice", context)]
    requested = ReturnRequested(
        order=order.id,
        by=context.actor.user,
        ground=command.ground,
        reason=command.reason,
        basis=command.basis,
        proposed_owner=command.proposed_owner,
    )
    if case.returns + 1 >= context.facts.pack.return_review.adjudicate_at.value:
        return [*signed, requested, *_to_matter(case, order, MatterKind.second_return, command.proposed_owner, context)]
    return [*signed, requested, *clocks.start(case, f"{order.id}/return1", "return_review1", context)]


def _nothing_open(case: Case, order: Order) -> None:
    """Refuse while the unit asks for something else, or its order stands still: who gives it back does not ask for more time."""
    if order.pausing is not None:
        raise Refusal("paused" if order.pausing.since is not None else "pause_open", order=order.id)
    if order.extending is not None:
        raise Refusal("extension_open", order=order.id)
    if case.account is not None and case.account.order == order.id:
        raise Refusal("account_open", order=order.id)


def review_return(case: Case, command: ReviewReturn, context: Context) -> Sequence[Event]:
    """Review a request: step 1 the order reviewer, step 2 the shift leader, who must be somebody else."""
    order, request = _asked(case, command.order)
    reviewers = context.facts.pack.return_review.reviewers
    if request.escalated or context.actor.role != reviewers[request.step - 1]:
        raise Refusal("not_your_turn", step=request.step)
    recusal(case, context)
    four_eyes(context, request.by, request.first_by, request.second_by)
    reviewed = ReturnReviewed(
        order=order.id, step=request.step, by=context.actor.user, approve=command.approve, reason=command.reason
    )
    stopped = [
        *clocks.stop(case, f"{order.id}/return{request.step}", context),
        # It had gone to the centre head while this word was on its way.
        *clocks.stop(case, f"{order.id}/return3", context, met=None),
    ]
    if request.step == 1:
        return [reviewed, *stopped, *clocks.start(case, f"{order.id}/return2", "return_review2", context)]
    if command.approve is not request.first_approve:
        return [reviewed, *stopped, *_to_matter(case, order, MatterKind.disagreement, request.proposed_owner, context)]
    return [reviewed, *stopped, *_decided(case, order, context, approve=command.approve, reason=command.reason)]


def decide_return(case: Case, command: DecideReturn, context: Context) -> Sequence[Event]:
    """Centre head decides what the reviewers left undecided."""
    order, request = _asked(case, command.order)
    if not request.escalated:
        raise Refusal("not_your_turn", step=request.step)
    recusal(case, context)
    four_eyes(context, request.by, request.first_by, request.second_by)
    reviewed = ReturnReviewed(
        order=order.id, step=3, by=context.actor.user, approve=command.approve, reason=command.reason
    )
    stopped = clocks.stop(case, f"{order.id}/return3", context)
    return [reviewed, *stopped, *_decided(case, order, context, approve=command.approve, reason=command.reason)]


def escalate_return(case: Case, order: Order, context: Context) -> Sequence[Event]:
    """A reviewer's limit has passed: the question goes to the centre head."""
    request = order.returning
    if request is None or request.escalated:
        return ()
    # A delay of ours must not shorten the next person's limit: it starts when the timer was made up.
    start = clocks.rule_for(case, "return_centre", context)
    events: list[Event] = [ReturnEscalated(order=order.id, step=request.step)]
    if start is not None:
        key = clocks.next_run(case, f"{order.id}/return3")
        events.append(clocks.start_by(start, key, context, at=context.recorded_at))
    return events


def _asked(case: Case, order_id: str) -> tuple[Order, ReturnRequest]:
    order = order_in(case, order_id, (OrderState.return_requested,))
    if order.returning is None or case.owner_matter is not None:
        raise Refusal("no_return_open", order=order_id)
    return order, order.returning


def _decided(case: Case, order: Order, context: Context, *, approve: bool, reason: str) -> Sequence[Event]:
    if approve:
        events = [
            ReturnDecided(order=order.id, outcome="approved"),
            *end(case, order, OrderState.returned, context, reason),
        ]
        if order.role in HELPERS:
            events.append(PlaceVacated(order=order.id))
            events += clocks.start(case, f"{order.id}/replace", "dispatch", context)
        return events
    return [ReturnDecided(order=order.id, outcome="denied"), OrderLocked(order=order.id)]


def _to_matter(case: Case, order: Order, kind: MatterKind, proposed: str, context: Context) -> Sequence[Event]:
    matter = f"m{case.matters_raised + 1}"
    events: list[Event] = [ReturnDecided(order=order.id, outcome="matter")]
    if case.owner_matter is None:
        events.append(MatterRaised(matter=matter, kind=kind, order=order.id))
        events.append(ask_adjudication(case, matter, order, proposed, context))
    return events
