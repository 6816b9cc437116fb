"""The unit's work on its order: sign, contact, work, report, submit; and the review of what it handed in (11.3)."""

from collections.abc import Sequence

from domain.casework import timekeeping as clocks
from domain.casework.commands import (
    BeginWork,
    Contact,
    ReportProgress,
    ReviewResult,
    Sign,
    SubmitResult,
    WaiveResult,
)
from domain.casework.events import (
    CallerContacted,
    OrderSigned,
    PlaceWaived,
    ProgressReported,
    ResultAccepted,
    ResultSentBack,
    ResultSubmitted,
    ResultWaived,
    WorkBegun,
)
from domain.casework.guards import four_eyes, not_handed_down, order_in
from domain.casework.state import Case, Order
from domain.casework.words import LIVE, ClosingCode, OrderRole, OrderState
from domain.policy import Proof
from domain.process import Context, Event, Refusal

AT_WORK = (OrderState.signed, OrderState.contacted, OrderState.working)
SUBMITTED = "submitted"


def sign(case: Case, command: Sign, context: Context) -> Sequence[Event]:
    """Sign for the order. Signing starts no clock and stops none but its own."""
    order = order_in(case, command.order, LIVE)
    if order.signed_at is not None:
        raise Refusal("not_in_this_state", order=order.id, state=str(order.state))
    return [OrderSigned(order=order.id, by=context.actor.user), *clocks.stop(case, f"{order.id}/sign", context)]


def auto_sign(order: Order) -> Sequence[Event]:
    """The signing limit has passed: the system signs. This is never a response (§18)."""
    return [OrderSigned(order=order.id, by="system", auto=True)]


def contact(case: Case, command: Contact, context: Context) -> Sequence[Event]:
    """Record that the caller was contacted or the spot reached: the response of an urgent order. Signs if need be."""
    order = order_in(case, command.order, (OrderState.sent, *AT_WORK, OrderState.return_requested))
    return [
        *sign_first(case, order, context),
        CallerContacted(order=order.id, by=context.actor.user, how=command.how, note=command.note),
        *clocks.stop(case, f"{order.id}/respond", context),
    ]


def begin_work(case: Case, command: BeginWork, context: Context) -> Sequence[Event]:
    """Record that work has begun."""
    order = order_in(case, command.order, (OrderState.signed, OrderState.contacted))
    return [WorkBegun(order=order.id, by=context.actor.user), *clocks.stop(case, f"{order.id}/choice", context)]


def report_progress(case: Case, command: ReportProgress, context: Context) -> Sequence[Event]:
    """Report the interim state; the first report of an urgent order is its first feedback."""
    order = order_in(case, command.order, (*AT_WORK, OrderState.return_requested))
    return [
        ProgressReported(order=order.id, by=context.actor.user, note=command.note),
        *clocks.stop(case, f"{order.id}/feedback", context),
    ]


def submit_result(case: Case, command: SubmitResult, context: Context) -> Sequence[Event]:
    """Hand in the result. The unit's clock stands still from here; a code whose proof is missing is refused."""
    order = order_in(case, command.order, (OrderState.sent, *AT_WORK))
    proof = context.facts.pack.closing_code(command.code).proof
    if order.role is OrderRole.lead and Proof.document in proof and not command.documents:
        raise Refusal("proof_missing", closing=str(command.code), proof="document")
    if order.pausing is not None and order.pausing.since is not None:
        raise Refusal("paused", order=order.id)
    if order.role is OrderRole.lead and case.on_account:
        raise Refusal("on_account", order=order.id)
    if below := case.below(order.id):
        raise Refusal("reports_open", orders=[o.id for o in below])
    return hand_in(case, order, ClosingCode(command.code), command.reply, command.documents, context)


def hand_in(
    case: Case, order: Order, code: ClosingCode, reply: str, documents: tuple[str, ...], context: Context
) -> Sequence[Event]:
    """Write the result down and let the unit's clock stand still. The centre reviews it, or the unit that handed the order down."""
    review = "review" if order.above is None else "report_review"
    return [
        *sign_first(case, order, context),
        ResultSubmitted(order=order.id, by=context.actor.user, code=code, reply=reply, documents=documents),
        # A result is no contact (§18): a response that was never made is not met by it.
        *clocks.stop(case, f"{order.id}/respond", context, met=True if order.contacted_at else None),
        *clocks.stop(case, f"{order.id}/feedback", context),
        *clocks.stop(case, f"{order.id}/choice", context),
        # What was asked for needs no answer any more.
        *(
            e
            for asked in ("termination", "extension", "pause_review", "account")
            for e in clocks.stop(case, f"{order.id}/{asked}", context, met=None)
        ),
        *clocks.hold(case, f"{order.id}/handle", SUBMITTED, context),
        *clocks.start(case, f"{order.id}/{review}", "reply_review", context),
    ]


def review_result(case: Case, command: ReviewResult, context: Context) -> Sequence[Event]:
    """Accept the result, or send it back: then the remainder of the unit's clock runs on."""
    order = order_in(case, command.order, (OrderState.submitted,))
    not_handed_down(order)
    four_eyes(context, order.submission.by if order.submission else None)
    stopped = clocks.stop(case, f"{order.id}/review", context)
    if command.accept:
        events: list[Event] = [ResultAccepted(order=order.id, by=context.actor.user), *stopped]
        events += clocks.stop(case, f"{order.id}/handle", context)
        events += clocks.stop(case, f"{order.id}/pause_total", context, met=None)
        if order.role is OrderRole.lead:
            events += clocks.stop(case, f"overall/{order.cycle}", context)
        return events
    if command.reason is None:
        raise Refusal("reason_needed")
    return [
        ResultSentBack(order=order.id, by=context.actor.user, reason=command.reason),
        *stopped,
        *clocks.release(case, f"{order.id}/handle", context, "sent_back"),
    ]


def waive_result(case: Case, command: WaiveResult, context: Context) -> Sequence[Event]:
    """Do without the result of a unit that is not the lead, also of one that has returned its order."""
    if any(order.id == command.order for order in case.vacant):
        return [
            PlaceWaived(order=command.order, by=context.actor.user, reason=command.reason),
            *clocks.stop(case, f"{command.order}/replace", context),
        ]
    order = order_in(case, command.order, (OrderState.sent, *AT_WORK, OrderState.submitted))
    not_handed_down(order)
    if order.role is OrderRole.lead:
        raise Refusal("lead_stays", order=order.id)
    return [
        ResultWaived(order=order.id, by=context.actor.user, reason=command.reason),
        *clocks.stop_all(case, f"{order.id}/", context),
    ]


def sign_first(case: Case, order: Order, context: Context) -> Sequence[Event]:
    """Sign an order whose unit acts before having signed."""
    if order.signed_at is not None:
        return ()
    return [OrderSigned(order=order.id, by=context.actor.user), *clocks.stop(case, f"{order.id}/sign", context)]
