"""How a case is changed: a copy with other fields, of itself, of one order, of one caller. What is not there stays unchanged."""

from typing import Any

from domain.casework.state import Case


def with_(case: Case, **update: Any) -> Case:
    """Return the case with other fields."""
    return case.model_copy(update=update)


def order_with(case: Case, order_id: str, **update: Any) -> Case:
    """Return the case with other fields of one order."""
    order = case.orders.get(order_id)
    if order is None:
        return case
    return with_(case, orders={**case.orders, order_id: order.model_copy(update=update)})


def caller_with(case: Case, request: str, **update: Any) -> Case:
    """Return the case with other fields of one caller."""
    caller = case.callers.get(request)
    if caller is None:
        return case
    return with_(case, callers={**case.callers, request: caller.model_copy(update=update)})
