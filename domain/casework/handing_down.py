"""转下级 and 现场办结: city, district, street, community, grid worker (五级联动, §18).

A unit that has an order hands it down to a unit below it. Its own order stays open and it answers for it: the lower unit reports to
it, it takes the report or sends it back, and hands in its own result when all reports are in. The lower unit's order is one like
any other: one a unit and matter, with a limit of its own that ends with that of the order above, or before. What it asks for, it
asks the unit above; so it is not returned, extended or paused at the centre. It may give the order back to the unit above.
When the order above ends, so does it (:func:`orphans`).

A case that went up by a ring comes down only by a ruling (M01-M03).
"""

from collections.abc import Mapping, Sequence
from typing import Final

from domain.casework import timekeeping as clocks
from domain.casework.byway_commands import CloseOnSpot, GiveBack, HandDown, RecallOrder, ReviewReport
from domain.casework.byway_events import ClosedOnSpot, ReportReviewed
from domain.casework.dispatching import Sending, end, send
from domain.casework.events import CallerContacted, WorkBegun
from domain.casework.guards import four_eyes, known_units, not_on_account, order_in
from domain.casework.handling import AT_WORK, hand_in, sign_first
from domain.casework.state import Case, Order
from domain.casework.words import LIVE, SMALL, WITH_UNIT, ClosingCode, OrderRole, OrderState
from domain.process import Context, Event, Refusal, UnitFact

CITY: Final = "city"
DISTRICT: Final = "district"
GRID: Final = "grid"
AT_ONCE: Final = (OrderState.sent, *AT_WORK)


def hand_down(case: Case, command: HandDown, context: Context) -> Sequence[Event]:
    """Give the order on to a unit below, in the same branch of the city. Who does so has taken it on: it is signed and at work."""
    order = order_in(case, command.order, AT_ONCE)
    _not_paused(order)
    if case.ring != SMALL and not case.ruled:
        raise Refusal("came_up", ring=case.ring)
    known_units(context, command.unit)
    if not is_below(context.facts.units, command.unit, order):
        raise Refusal("not_below", unit=command.unit, above=order.unit)
    begun = [] if order.state is OrderState.working else [WorkBegun(order=order.id, by=context.actor.user)]
    sending = Sending(note=command.note, above=order)
    return [
        *sign_first(case, order, context),
        *begun,
        *clocks.stop(case, f"{order.id}/choice", context),
        *send(case, [(command.unit, OrderRole.handed_down)], context, sending),
    ]


def is_below(units: Mapping[str, UnitFact], code: str, order: Order) -> bool:
    """Say whether a unit stands below the order's: in its branch or, where that one is of the city, in a district at all.

    ``units`` holds the unit with all those above it (:class:`~domain.process.Need` ``branch``).
    """
    above: list[str] = []
    parent = units[code].parent
    while parent is not None and parent not in {*above, code}:
        above.append(parent)
        parent = units[parent].parent if parent in units else None
    return order.unit in above or (order.level == CITY and units[code].level == DISTRICT)


def recall_order(case: Case, command: RecallOrder, context: Context) -> Sequence[Event]:
    """The unit above takes the order back, whatever has come of it: the lower unit is told."""
    order = order_in(case, command.order, LIVE)
    _handed(order)
    return end(case, order, OrderState.withdrawn, context, command.reason)


def give_back(case: Case, command: GiveBack, context: Context) -> Sequence[Event]:
    """The lower unit gives the order back: the unit above has the matter as before, within its own limit, which has run on.

    It does not go down to the same unit again in this cycle (``just_returned``, as with any return).
    """
    order = order_in(case, command.order, AT_ONCE)
    _handed(order)
    return end(case, order, OrderState.returned, context, command.reason)


def review_report(case: Case, command: ReviewReport, context: Context) -> Sequence[Event]:
    """The unit above takes what the lower one handed in, or sends it back: then the remainder of its limit runs on."""
    order = order_in(case, command.order, (OrderState.submitted,))
    _handed(order)
    four_eyes(context, order.submission.by if order.submission else None)
    if not command.accept and command.reason is None:
        raise Refusal("reason_needed")
    reviewed = ReportReviewed(order=order.id, by=context.actor.user, accept=command.accept, reason=command.reason)
    stopped = clocks.stop(case, f"{order.id}/report_review", context)
    if command.accept:
        return [reviewed, *stopped, *clocks.stop(case, f"{order.id}/handle", context)]
    if any(above.pausing is not None and above.pausing.since is not None for above in _line(case, order)):
        # It runs on with the order above.
        return [reviewed, *stopped]
    return [reviewed, *stopped, *clocks.release(case, f"{order.id}/handle", context, "sent_back")]


def close_on_spot(case: Case, command: CloseOnSpot, context: Context) -> Sequence[Event]:
    """A grid worker settles it at once, with proof. The levels between are passed over; the result is reviewed and called back on.

    The order above all of them hands the result in, in the grid worker's words: the centre's reviewer looks at it as at any other.
    Refused while another unit still has to report on the way up.
    """
    order = order_in(case, command.order, AT_ONCE)
    if order.level != GRID:
        raise Refusal("grid_only", order=order.id)
    if not command.documents:
        raise Refusal("proof_missing", closing=str(ClosingCode.solved), proof="document")
    line = _line(case, order)
    passed, top = line[:-1], line[-1]
    on_the_way = {o.id for o in line}
    if left := [b.id for o in line for b in case.below(o.id) if b.id not in on_the_way]:
        raise Refusal("reports_open", orders=left)
    if top.state not in AT_ONCE:
        raise Refusal("not_in_this_state", order=top.id, state=str(top.state))
    _not_paused(top)
    if top.role is OrderRole.lead:
        not_on_account(case, top)
    by = context.actor.user
    events: list[Event] = [
        *sign_first(case, order, context),
        # Who settles it on the spot has arrived there.
        CallerContacted(order=order.id, by=by, how="arrival"),
        *clocks.stop(case, f"{order.id}/respond", context),
        ClosedOnSpot(
            order=order.id,
            by=by,
            reply=command.reply,
            documents=command.documents,
            through=tuple(o.id for o in passed),
        ),
    ]
    for one in passed:
        events += clocks.stop(case, f"{one.id}/handle", context)
        events += clocks.stop_all(case, f"{one.id}/", context)
    arrived = top.model_copy(update={"signed_at": context.now, "contacted_at": context.now}) if top is order else top
    return [*events, *hand_in(case, arrived, ClosingCode.solved, command.reply, command.documents, context)]


def orphans(case: Case, context: Context) -> Sequence[Event]:
    """Orders whose order above is no longer with its unit: they end with it."""
    return [
        event
        for order in case.live
        if order.above is not None and not _with_unit(case, order.above)
        for event in end(case, order, OrderState.withdrawn, context, None)
    ]


def _with_unit(case: Case, order: str) -> bool:
    above = case.orders.get(order)
    return above is not None and above.cycle == case.cycle and above.state in WITH_UNIT


def _line(case: Case, order: Order) -> list[Order]:
    """Return the order with those above it, the highest last."""
    line = [order]
    while (above := case.orders.get(line[-1].above or "")) is not None and above not in line:
        line.append(above)
    return line


def _handed(order: Order) -> None:
    if order.above is None:
        raise Refusal("not_handed_down", order=order.id)


def _not_paused(order: Order) -> None:
    if order.pausing is not None and order.pausing.since is not None:
        raise Refusal("paused", order=order.id)
