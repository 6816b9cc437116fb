"""When a case wakes by itself, and what it does then. A timer that rang leaves :func:`timers` (tested for every state)."""

from collections.abc import Callable, Sequence
from datetime import datetime

from domain import keeping
from domain.casework import handling, more_time, returning
from domain.casework import timekeeping as clocks
from domain.casework.events import Archived
from domain.casework.state import Case, Order
from domain.casework.upward import ask_supervision
from domain.casework.words import OrderState
from domain.keeping import ClockStopped, OverdueReached, WarningGiven
from domain.process import Context, Event, Timer


def timers(case: Case) -> Sequence[Timer]:
    """Return one timer a live deadline (:func:`domain.keeping.timers`)."""
    return keeping.timers(case, lambda key: clocks.owner_and_what(case, key)[1])


def ring(case: Case, key: str, nominal: datetime, context: Context) -> Sequence[Event]:
    """Do what the timer is for. Some clocks act when they are due; all others become overdue."""
    clock_key, _, part = key.rpartition("/")
    running = case.clocks.get(clock_key)
    if running is None:
        return ()
    order, what = clocks.owner_and_what(case, clock_key)
    if part != "due":
        warned = [WarningGiven(key=clock_key, card=part)]
        # The day after its limit a unit is urged (domain.md 5.1 `bureau`, 11.10).
        late = part == "red" and order is not None and what == "handle" and running.overdue_at is not None
        return [*warned, ask_supervision(case, "urge", order.unit, "overdue", clock_key)] if order and late else warned
    act = ACTS.get(what)
    if act is None:
        return [OverdueReached(key=clock_key, due=nominal)]
    stopped = ClockStopped(key=clock_key, stopped_at=nominal)
    return [stopped, *act(case, order, context)]


def _sign(case: Case, order: Order | None, _context: Context) -> Sequence[Event]:
    del case
    return handling.auto_sign(order) if order is not None and order.state is OrderState.sent else ()


def _escalate(case: Case, order: Order | None, context: Context) -> Sequence[Event]:
    return () if order is None else returning.escalate_return(case, order, context)


def _wake(case: Case, order: Order | None, context: Context) -> Sequence[Event]:
    return () if order is None else more_time.wake(case, order, context)


def _wake_for_good(case: Case, order: Order | None, context: Context) -> Sequence[Event]:
    return () if order is None else more_time.wake_for_good(case, order, context)


def _archive(_case: Case, _order: Order | None, _context: Context) -> Sequence[Event]:
    return [Archived()]


ACTS: dict[str, Callable[[Case, Order | None, Context], Sequence[Event]]] = {
    "sign": _sign,
    "return1": _escalate,
    "return2": _escalate,
    "pause": _wake,
    "pause_total": _wake_for_good,
    "archive": _archive,
}
"""What happens when these clocks are due, instead of becoming overdue."""
