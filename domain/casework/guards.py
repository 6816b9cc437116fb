"""Small checks that many rules share. Each refuses with a stable code."""

from collections.abc import Iterable

from domain.casework.state import Case, Order
from domain.casework.words import WITH_UNIT, OrderState
from domain.process import Context, Refusal


def order_of(case: Case, order_id: str) -> Order:
    """Return the order, or refuse with ``unknown_order``."""
    order = case.orders.get(order_id)
    if order is None:
        raise Refusal("unknown_order", order=order_id)
    return order


def order_in(case: Case, order_id: str, states: Iterable[OrderState]) -> Order:
    """Return the order of the running cycle in one of ``states``, or refuse with ``not_in_this_state``."""
    order = order_of(case, order_id)
    if order.cycle != case.cycle or order.state not in states:
        raise Refusal("not_in_this_state", order=order_id, state=str(order.state))
    return order


def order_with_unit(case: Case, order_id: str) -> Order:
    """Return the order if its unit has to act, or refuse."""
    return order_in(case, order_id, WITH_UNIT)


def four_eyes(context: Context, *others: str | None) -> None:
    """Refuse with ``four_eyes`` when the actor is one of those who must be somebody else."""
    if context.actor.user in others:
        raise Refusal("four_eyes", user=context.actor.user)


def recusal(case: Case, context: Context) -> None:
    """Refuse with ``recusal`` when the actor's unit is a party: nobody decides on his own unit's dispute."""
    proposed = {o.returning.proposed_owner for o in case.live if o.returning is not None}
    parties = {o.unit for o in case.live} | proposed | ({case.proposed_owner} if case.proposed_owner else set())
    if context.actor.unit is not None and context.actor.unit in parties:
        raise Refusal("recusal", unit=context.actor.unit)


def known_units(context: Context, *codes: str | None) -> None:
    """Refuse with ``unknown_unit`` unless every code is a unit that is active."""
    for code in codes:
        if code is None:
            continue
        unit = context.facts.units.get(code)
        if unit is None or not unit.active:
            raise Refusal("unknown_unit", unit=code)


def not_merging(case: Case) -> None:
    """Refuse with ``merge_pending`` while another case is asked to take this one."""
    if case.merging_into is not None:
        raise Refusal("merge_pending", into=case.merging_into)
