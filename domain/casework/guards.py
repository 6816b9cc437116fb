"""Small checks that many rules of a case share. Each refuses with a stable code."""

from collections.abc import Iterable

from domain.casework.state import Case, Order
from domain.casework.words import WITH_UNIT, OrderState
from domain.guards import four_eyes, known_units, not_a_party
from domain.process import Context, Refusal

__all__ = [
    "four_eyes",
    "known_units",
    "not_handed_down",
    "not_merging",
    "not_on_account",
    "order_in",
    "order_of",
    "order_with_unit",
    "recusal",
]


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


def recusal(case: Case, context: Context) -> None:
    """Refuse with ``recusal`` when the actor's unit is a party: nobody decides on his own unit's dispute."""
    proposed = {o.returning.proposed_owner for o in case.live if o.returning is not None}
    parties = {o.unit for o in case.live} | proposed | ({case.proposed_owner} if case.proposed_owner else set())
    not_a_party(context, *parties)


def not_merging(case: Case) -> None:
    """Refuse with ``merge_pending`` while another case is asked to take this one."""
    if case.merging_into is not None:
        raise Refusal("merge_pending", into=case.merging_into)


def not_handed_down(order: Order) -> None:
    """Refuse with ``handed_down`` what a lower unit has to settle with the unit above, and the centre with that one."""
    if order.above is not None:
        raise Refusal("handed_down", order=order.id, above=order.above)


def not_on_account(case: Case, order: Order) -> None:
    """Refuse with ``on_account`` what has no sense while the limits stand still."""
    if case.on_account:
        raise Refusal("on_account", order=order.id)
