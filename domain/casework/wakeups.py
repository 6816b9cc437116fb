"""When a case wakes by itself, and what it does then. A timer that rang leaves :func:`timers` (tested for every state)."""

from collections.abc import Callable, Sequence
from datetime import datetime

from domain.casework import handling, more_time, returning
from domain.casework import timekeeping as clocks
from domain.casework.events import Archived, ClockStopped, OverdueReached, WarningGiven
from domain.casework.state import Case, Order, Running
from domain.casework.words import OrderState
from domain.process import Context, Event, Timer

PARTS = ("yellow", "due", "red")


def timers(case: Case) -> Sequence[Timer]:
    """Return the next instant (yellow, due, red) of every clock that runs: one timer a live deadline.

    The one after it is armed when this one has rung. A paused clock has none.
    """
    running = ((key, r) for key, r in case.clocks.items() if r.stopped_at is None and r.clock.due is not None)
    return [timer for key, r in running if (timer := _next(case, key, r)) is not None]


def ring(case: Case, key: str, nominal: datetime, context: Context) -> Sequence[Event]:
    """Do what the timer is for. Some clocks act when they are due; all others become overdue."""
    clock_key, _, part = key.rpartition("/")
    running = case.clocks.get(clock_key)
    if running is None:
        return ()
    if part != "due":
        return [WarningGiven(key=clock_key, card=part)]
    order, what = clocks.owner_and_what(case, clock_key)
    act = ACTS.get(what)
    if act is None:
        return [OverdueReached(key=clock_key, due=nominal)]
    stopped = ClockStopped(key=clock_key, stopped_at=nominal)
    return [stopped, *act(case, order, context)]


def _next(case: Case, key: str, running: Running) -> Timer | None:
    clock = running.clock
    instants = {"yellow": clock.yellow_at, "due": clock.due, "red": clock.red_at}
    for part in PARTS:
        at = instants[part]
        if at is not None and part not in running.rung:
            _, what = clocks.owner_and_what(case, key)
            return Timer(key=f"{key}/{part}", at=at, rule=clock.rule, what=what, part=part, limit=str(clock.limit))
    return None


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
