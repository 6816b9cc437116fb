"""派单: orders out to units, added, moved and taken back (11.3; M25 多向协同交办)."""

from collections.abc import Sequence
from dataclasses import dataclass

from domain.casework import timekeeping as clocks
from domain.casework.commands import AddAssignment, ConfirmByPhone, Designate, Dispatch, Reassign, WithdrawOrder
from domain.casework.events import (
    MatterSettled,
    OrderEnded,
    OrderLocked,
    OrderSent,
    PhoneConfirmed,
    ReturnDecided,
)
from domain.casework.guards import known_units, not_handed_down, not_merging, order_in, recusal
from domain.casework.state import Case, Order
from domain.casework.words import DONE, LIVE, WITH_UNIT, OrderRole, OrderState
from domain.process import Context, Event, Refusal

LEAD = OrderRole.lead
INFORMED = OrderRole.informed
HANDED_DOWN = OrderRole.handed_down


def dispatch(case: Case, command: Dispatch, context: Context) -> Sequence[Event]:
    """Send all orders at once. The lead is the first receiver; each unit gets one order."""
    not_merging(case)
    wanted: list[tuple[str, OrderRole]] = [(command.lead, LEAD)]
    wanted += [(unit, OrderRole.co) for unit in command.co]
    wanted += [
        (u, r) for u, r in ((command.territory, OrderRole.territory), (command.industry, OrderRole.industry)) if u
    ]
    wanted += [(unit, OrderRole.informed) for unit in command.informed]
    if case.lead is not None:
        raise Refusal("has_lead", unit=case.lead.unit)
    events: list[Event] = list(clocks.stop(case, "dispatch", context))
    if case.running(f"overall/{case.cycle}") is None:
        events += clocks.start(case, f"overall/{case.cycle}", "handle", context)
    first = not any(o.first_receiver for o in case.orders.values())
    return [*events, *send(case, wanted, context, Sending(first_receiver=first, note=command.note))]


def add_assignment(case: Case, command: AddAssignment, context: Context) -> Sequence[Event]:
    """Add a unit that is not the lead. It takes the first place in its role that a return has left empty."""
    if command.role is LEAD:
        raise Refusal("one_lead")
    if command.role is HANDED_DOWN:
        raise Refusal("not_by_dispatch")
    if case.lead is None:
        raise Refusal("no_lead")
    place = next((o.id for o in case.vacant if o.role is command.role), None)
    filled = clocks.stop(case, f"{place}/replace", context) if place is not None else ()
    sent = send(case, [(command.unit, command.role)], context, Sending(note=command.reason, parent=place))
    return [*sent, *filled]


def reassign(case: Case, command: Reassign, context: Context) -> Sequence[Event]:
    """Take an open order from one unit and give it, with its own limit, to another."""
    order = order_in(case, command.order, WITH_UNIT)
    not_handed_down(order)
    if order.unit == command.unit:
        raise Refusal("same_unit", unit=command.unit)
    _not_decided_elsewhere(case, order)
    if order.no_return and context.actor.role != "city_centre":
        raise Refusal("no_return", order=order.id)
    return [
        *end(case, order, OrderState.reassigned, context, command.reason),
        *send(
            case,
            [(command.unit, order.role)],
            context,
            Sending(no_return=order.no_return, parent=order.id, without=(order,)),
        ),
    ]


def _not_decided_elsewhere(case: Case, order: Order) -> None:
    """Refuse with ``return_open`` what would take a return, or the question of the owner, out of the hands it is in."""
    if order.returning is not None or case.owner_matter is not None:
        raise Refusal("return_open", order=order.id)


def withdraw_order(case: Case, command: WithdrawOrder, context: Context) -> Sequence[Event]:
    """Take back the order of a unit that is not the lead."""
    order = order_in(case, command.order, LIVE)
    not_handed_down(order)
    if order.role is LEAD:
        raise Refusal("lead_stays", order=order.id)
    if order.returning is not None:
        raise Refusal("return_open", order=order.id)
    if order.no_return and context.actor.role != "city_centre":
        # What two persons denied, or what was ruled, one alone does not undo.
        raise Refusal("no_return", order=order.id)
    return end(case, order, OrderState.withdrawn, context, command.reason)


def designate(case: Case, command: Designate, context: Context) -> Sequence[Event]:
    """快速裁决: the city centre names the owner for good. Settles the open question, whoever else was to decide it."""
    not_merging(case)
    recusal(case, context)
    matter = case.owner_matter
    if matter is None:
        raise Refusal("no_owner_question")
    return [
        MatterSettled(matter=matter.key, by=context.actor.user, note=command.basis),
        *clocks.stop(case, f"matter/{matter.key}", context),
        *own(case, command.lead, command.co, command.basis, context),
    ]


def own(
    case: Case, unit: str, co: Sequence[str], basis: str, context: Context, *, lock: bool = True
) -> Sequence[Event]:
    """Give the case to an owner, with those who work with him; ``lock``: none of them may give it back.

    The former lead's order is taken over. Of those who are to work with the owner, who is at work keeps his order, whose result was
    taken is asked for nothing more, and who had his order only from the former lead gets one of his own. Refuses when the former
    lead has handed in his result.
    """
    lead = case.lead
    events: list[Event] = []
    gone: Order | None = None
    if lead is not None and lead.unit == unit:
        if lead.returning is not None:
            events += [
                ReturnDecided(order=lead.id, outcome="denied"),
                *clocks.stop_all(case, f"{lead.id}/return", context),
            ]
        if lock and not lead.no_return:
            events.append(OrderLocked(order=lead.id))
        wanted: list[tuple[str, OrderRole]] = []
    else:
        if lead is not None and lead.state not in WITH_UNIT:
            raise Refusal("result_already_in", order=lead.id)
        if lead is not None:
            gone = lead
            events += end(case, lead, OrderState.reassigned, context, basis)
        events += clocks.stop(case, "dispatch", context)
        if case.running(f"overall/{case.cycle}") is None:
            events += clocks.start(case, f"overall/{case.cycle}", "handle", context)
        wanted = [(unit, LEAD)]
    events += _answer_helpers(case, lead, context)
    freed: tuple[Order, ...] = (gone,) if gone is not None else ()
    present = {o.unit for o in case.live if o is not gone}
    if unit in present and wanted:
        helper = next(o for o in case.live if o.unit == unit)
        events += end(case, helper, OrderState.reassigned, context, basis)
        freed = (*freed, helper)
    helpers, theirs, ended = _helpers(case, co, gone, freed)
    events += [e for o in ended for e in end(case, o, OrderState.reassigned, context, basis)]
    freed = (*freed, *ended)
    if lock:
        events += [OrderLocked(order=o.id) for o in helpers if o.returning is None and not o.no_return]
    wanted += [(u, OrderRole.co) for u in co if u not in theirs]
    first = not any(o.first_receiver for o in case.orders.values())
    if wanted:
        events += send(
            case,
            wanted,
            context,
            Sending(
                no_return=lock,
                all_locked=lock,
                first_receiver=first and wanted[0][1] is LEAD,
                parent=gone.id if gone else None,
                without=freed,
                note=basis,
            ),
        )
    return events


def _helpers(
    case: Case, co: Sequence[str], gone: Order | None, freed: Sequence[Order]
) -> tuple[list[Order], set[str], list[Order]]:
    """Return the open orders that those named to help keep, the units that need no other, and the orders they have no longer.

    Who had an order only from the former lead loses it with him.
    """
    named = [o for o in case.live if o.unit in co and o.role is not INFORMED and o not in freed]
    ended = [o for o in named if gone is not None and _under(case, o, gone)]
    kept = [o for o in named if o not in ended]
    helping = {r for r in OrderRole if r not in {LEAD, INFORMED, HANDED_DOWN}}
    done = {o.unit for o in case.orders.values() if o.cycle == case.cycle and o.role in helping and o.state in DONE}
    return kept, {o.unit for o in kept} | done, ended


def _under(case: Case, order: Order, top: Order) -> bool:
    """Say whether an order was handed down from another, over however many levels."""
    above = case.orders.get(order.above or "")
    return above is not None and (above.id == top.id or _under(case, above, top))


def _answer_helpers(case: Case, lead: Order | None, context: Context) -> Sequence[Event]:
    """A helper whose return brought the question of the owner has its answer with it: it keeps the order."""
    return [
        event
        for order in case.live
        if order.returning is not None and order is not lead
        for event in (
            ReturnDecided(order=order.id, outcome="denied"),
            OrderLocked(order=order.id),
            *clocks.stop_all(case, f"{order.id}/return", context),
        )
    ]


def confirm_by_phone(case: Case, command: ConfirmByPhone, context: Context) -> Sequence[Event]:
    """Record that the unit of an urgent order was reached by phone; this is not the unit's response."""
    order = order_in(case, command.order, WITH_UNIT)
    if order.phoned_at is not None:
        raise Refusal("already_phoned", order=order.id)
    return [PhoneConfirmed(order=order.id, by=context.actor.user, note=command.note)]


@dataclass(frozen=True)
class Sending:
    """What orders sent together have in common: lock, what they replace, what ends with them, the cycle a redo begins.

    ``no_return`` locks the lead's order, ``all_locked`` those of all. ``above``: the order they are handed down from.
    """

    no_return: bool = False
    all_locked: bool = False
    first_receiver: bool = False
    parent: str | None = None
    without: tuple[Order, ...] = ()
    cycle: int | None = None
    note: str | None = None
    above: Order | None = None


PLAIN = Sending()


def send(
    case: Case, wanted: Sequence[tuple[str, OrderRole]], context: Context, how: Sending = PLAIN
) -> Sequence[Event]:
    """Send orders and start their clocks. Refuses a unit named twice or already holding an open order of the case.

    What a unit was only informed of does not stand in its way, nor a result it has given as a helper in that of the lead, nor what
    it has reported in that of being asked again by the unit above.
    The units of a cycle that a redo begins are those that had the order: only they may be missing from the facts.
    A unit whose return of the order was approved gets it again from the city centre only.
    """
    if how.cycle is None:
        known_units(context, *(unit for unit, _ in wanted))
    round_ = how.cycle or case.cycle
    gone = {o.id for o in how.without}
    held = [o for o in case.orders.values() if o.cycle == round_ and o.id not in gone and o.role is not INFORMED]
    taken = {o.unit for o in held if o.state in LIVE}
    done = {o.unit for o in held if o.state in DONE}
    for unit, role in wanted:
        _not_just_returned(case, unit, role, context, round_)
    lead = how.above or (None if any(role is LEAD for _, role in wanted) else case.lead)
    events: list[Event] = []
    for n, (unit, role) in enumerate(wanted, start=len(case.orders) + 1):
        if unit in taken or (unit in done and role not in {LEAD, HANDED_DOWN}):
            raise Refusal("unit_twice", unit=unit)
        taken.add(unit)
        order = f"a{n}"
        events.append(
            OrderSent(
                order=order,
                unit=unit,
                role=role,
                cycle=round_,
                by=context.actor.user,
                no_return=how.all_locked or (how.no_return and role is LEAD),
                first_receiver=how.first_receiver and role is LEAD,
                parent=how.parent if role is not OrderRole.co or len(wanted) == 1 else None,
                note=how.note,
                above=how.above.id if how.above else None,
                level=_level(case, unit, context),
            )
        )
        if role is not INFORMED:
            events += order_clocks(case, order, role, context, lead)
        if role is LEAD and unit == case.street:
            # 小环: the street says by what it does whether it handles the case or needs help (11.15).
            events += clocks.start(case, f"{order}/choice", "ring_choice", context)
    return events


def _level(case: Case, unit: str, context: Context) -> str | None:
    """Return on which of the five levels a unit is; one that a redo sends to again, as it was then."""
    known = context.facts.units.get(unit)
    if known is not None:
        return known.level
    return next((o.level for o in reversed(case.orders.values()) if o.unit == unit), None)


def _not_just_returned(case: Case, unit: str, role: OrderRole, context: Context, cycle: int) -> None:
    """Refuse with ``just_returned`` a unit that has given back this very order: no boomerang (11.4), but by a ruling."""
    if context.actor.role in {"city_centre", "system"}:
        return
    for order in case.orders.values():
        if (order.unit, order.role, order.cycle, order.state) == (unit, role, cycle, OrderState.returned):
            raise Refusal("just_returned", unit=unit, order=order.id)


def order_clocks(
    case: Case, order: str, role: OrderRole, context: Context, lead: Order | None = None
) -> Sequence[Event]:
    """Start an order's clocks at dispatch: signing has its own, and not signing stops none (11.17).

    A helper that joins a ``lead`` at work is due by the lead's limit, a working day before it, as those sent with it.
    """
    events: list[Event] = [*clocks.start(case, f"{order}/sign", "auto_sign", context)]
    events += clocks.start(case, f"{order}/respond", "respond", context)
    events += clocks.start(case, f"{order}/feedback", "feedback", context)
    leads = case.running(f"{lead.id}/handle") if lead is not None and lead.cycle == case.cycle else None
    if leads is not None and (
        joined := clocks.start_beside(case, f"{order}/handle", "handle_co", leads.clock, context)
    ):
        return [*events, *joined]
    events += clocks.start(case, f"{order}/handle", "handle" if role is LEAD else "handle_co", context)
    return events


def end(case: Case, order: Order, how: OrderState, context: Context, reason: str | None) -> Sequence[Event]:
    """End an open order: its clocks stop without a verdict, the claim is free. The overall clock never rests on its pause."""
    events: list[Event] = [
        OrderEnded(order=order.id, how=str(how), by=context.actor.user, reason=reason),
        *clocks.stop_all(case, f"{order.id}/", context),
    ]
    if order.role is LEAD and order.pausing is not None and order.pausing.since is not None:
        events += clocks.release(case, f"overall/{order.cycle}", context, "order_ended")
    return events
