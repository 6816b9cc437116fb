"""Clocks of a case: started, held, released, stopped; every change is a whole clock in an event (the ledger).

Keys: ``overall/{cycle}`` and ``{step}`` for the case, ``{order}/{what}`` for an order, ``callback/{request}`` for a caller. What
can be done with a clock of any process is in :mod:`domain.keeping`; here is which rule holds, and what a case does beside.
"""

from collections.abc import Sequence
from datetime import datetime

from domain.casework.state import Case, Order
from domain.casework.words import WITH_UNIT, OrderRole, Triage
from domain.clock import Clock, ClockRule, change_rule, recompute, resume_clock
from domain.keeping import (
    ClockSet,
    ClockStopped,
    annul,
    extend,
    hold,
    next_run,
    release,
    runs,
    start_by,
    stop,
    stop_all,
)
from domain.process import Context, Event

__all__ = [
    "annul",
    "extend",
    "hold",
    "is_late",
    "move_back",
    "next_run",
    "owner_and_what",
    "quicken",
    "release",
    "rule_for",
    "runs",
    "start",
    "start_beside",
    "start_by",
    "stop",
    "stop_all",
]
"""What rules of a case do with clocks, and what :mod:`domain.keeping` does for any process: one place to look."""

OVERTAKEN = "overtaken"
"""Why a clock was set: a timer's act in its past was annulled by a decision received before it."""

RECOUNTED = "terms_changed"
"""Why a clock was set: it has another due under the case's new terms."""

RESTATED = "terms_kept"
"""Why a clock was set: it is due as before, but counted under the case's new terms from now on."""

HANDLING = frozenset({"handle", "redo", "handle_co", "redo_co"})


def rule_for(case: Case, step: str, context: Context, triage: Triage | None = None) -> ClockRule | None:
    """Return the pack's rule for a step of this case, or None when the pack sets no such limit for its class."""
    pack = context.facts.pack
    class_ = str(triage or case.triage or Triage.routine)
    if step not in HANDLING and not pack.has_step(step, class_):
        return None
    return pack.rule(step, triage=class_, case_type=str(case.case_type), grade=str(case.grade))


def start(case: Case, key: str, step: str, context: Context, *, again: bool = False) -> Sequence[Event]:
    """Start a clock by the pack's rule for ``step``, as its next run; nothing when the pack has none.

    ``again`` when this very decision stops the run before it.
    """
    rule = rule_for(case, step, context)
    return () if rule is None else (start_by(rule, next_run(case, key, again=again), context),)


def start_beside(case: Case, key: str, step: str, lead: Clock, context: Context) -> Sequence[Event]:
    """Start a helper's clock from the inputs of the lead's (start, extensions, pauses) under the helper's own rule.

    Where that is over already, or later than the lead's, it is due with the lead; nothing when the lead's is over too. While
    the lead's clock stands still, it counts as running on from now.
    """
    rule, calendar, hours = rule_for(case, step, context), context.facts.calendar, context.facts.pack.hours
    beside = lead.model_copy(update={"key": key})
    if beside.paused:
        beside = resume_clock(beside, max(context.now, beside.pauses[-1].start), calendar, hours)
    before = change_rule(beside, rule, calendar, hours) if rule is not None else beside
    for clock in (before, beside):
        if clock.due is not None and beside.due is not None and context.now < clock.due <= beside.due:
            return (ClockSet(clock=clock, why="started"),)
    return ()


def owner_and_what(case: Case, key: str) -> tuple[Order | None, str]:
    """Return whose clock a key names (an order or None) and what it measures, whichever run: ``a1/review/2``, ``dispatch``."""
    head, _, rest = key.partition("/")
    order = case.orders.get(head)
    return (order, rest.partition("/")[0]) if order is not None else (None, head)


def move_back(case: Case, key: str, was: datetime, context: Context) -> Sequence[Event]:
    """Let a pause that began or ended at ``was`` by a timer do so when this decision was received; later overdues are annulled."""
    running = case.running(key)
    if running is None or was not in {i for p in running.clock.pauses for i in (p.start, p.end)}:
        return ()
    earliest = max((p.start for p in running.clock.pauses if p.start < was), default=running.clock.start)
    at = max(context.judged_at, earliest)
    moved = tuple(
        p.model_copy(update={n: at for n in ("start", "end") if getattr(p, n) == was}) for p in running.clock.pauses
    )
    clock = running.clock.model_copy(update={"pauses": moved})
    clock = recompute(clock, context.facts.calendar, context.facts.pack.hours)
    return (*annul(running.clock.key, running, context.judged_at), ClockSet(clock=clock, why=OVERTAKEN))


def quicken(case: Case, context: Context, *, granted: bool = False) -> Sequence[Event]:
    """Let open orders run by the class ``case`` now has, where that is sooner: a case that turns urgent while units work.

    The new limit starts now, so that nobody is late for a class he did not know of; a limit never moves back by a class. More time
    that was ``granted`` before the case turned urgent goes as well; what is granted after that stays.
    """
    events: list[Event] = [*_sooner(case, "dispatch", "dispatch", context, granted=granted)]
    for order in case.live:
        if order.state not in WITH_UNIT:
            continue
        lead = order.role is OrderRole.lead
        handling = {f"{order.id}/handle": "handle" if lead else "handle_co", f"{order.id}/sign": "auto_sign"}
        if lead:
            handling[f"overall/{order.cycle}"] = "handle"
        for key, step in handling.items():
            events += _sooner(case, key, step, context, granted=granted)
        for what in ("respond", "feedback"):
            if f"{order.id}/{what}" not in case.clocks and not (what == "respond" and order.contacted_at):
                events += start(case, f"{order.id}/{what}", what, context)
    return events


def _sooner(case: Case, key: str, step: str, context: Context, *, granted: bool) -> Sequence[Event]:
    running, rule = case.running(key), rule_for(case, step, context)
    if running is not None and running.clock.extensions and not granted:
        return ()
    if running is None or rule is None or running.clock.due is None or rule.id == running.clock.rule:
        return ()
    quick = start_by(rule, running.clock.key, context)
    if quick.clock.due is None or quick.clock.due >= running.clock.due:
        return ()
    return (ClockStopped(key=running.clock.key, stopped_at=context.now, met=None), quick)


def is_late(case: Case, order: Order) -> bool:
    """Say whether the order's handling limit has been missed (and not annulled)."""
    running = case.clocks.get(f"{order.id}/handle")
    return running is not None and running.overdue_at is not None and not running.annulled
