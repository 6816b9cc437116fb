"""Clocks of any process: the events that set them, the state they add up to, and what may be done with a clock.

Every change is a whole clock in an event, so that the sequence of these events is the clock ledger. What is measured again has a
key of its own: ``dispatch/2`` is the second time a process waited for its dispatch; who asks for ``dispatch`` gets the run that
runs. Whose clocks they are and which rule holds for them is the business of each kind of process.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any, ClassVar, Final, TypeVar

from pydantic import Field

from domain.calendar import local_day
from domain.clock import Clock, ClockRule, Limit, Unit, Warn, extend_clock, pause_clock, resume_clock, start_clock
from domain.model import Model
from domain.policy import Pack
from domain.process import Context, Event, Timer

PARTS: Final = ("yellow", "due", "red")
"""The instants of a clock, in their order."""


# ------------------------------------------------------------------------------------------------------------- events


class ClockSet(Event):
    """A clock was started, paused, resumed, extended or recounted: the whole clock, so that anybody can recompute it.

    The sequence of these events is the clock ledger.
    """

    TYPE: ClassVar[str] = "clock_set"
    clock: Clock
    why: str


class ClockStopped(Event):
    """What the clock measured has happened (or is no longer owed: ``met`` is then None)."""

    TYPE: ClassVar[str] = "clock_stopped"
    key: str
    stopped_at: datetime
    met: bool | None = None


class WarningGiven(Event):
    """Yellow card before due, red card after (§18: overdue and cards)."""

    TYPE: ClassVar[str] = "warning_given"
    key: str
    card: str


class OverdueReached(Event):
    """A clock passed its due instant. The instant of this event is the nominal one."""

    TYPE: ClassVar[str] = "overdue_reached"
    key: str
    due: datetime


class OverdueAnnulled(Event):
    """A decision received before the deadline was committed after it: the overdue written in between does not count."""

    TYPE: ClassVar[str] = "overdue_annulled"
    key: str
    due: datetime


EVENTS: Final[Sequence[type[Event]]] = (ClockSet, ClockStopped, WarningGiven, OverdueReached, OverdueAnnulled)


# -------------------------------------------------------------------------------------------------------------- state


class Running(Model):
    """A clock, and which of its instants have come. Stopped clocks stay: they are the ledger."""

    clock: Clock
    rung: tuple[str, ...] = ()
    overdue_at: datetime | None = None
    annulled: bool = False
    stopped_at: datetime | None = None
    met: bool | None = None

    @property
    def acted(self) -> bool:
        """Whether the clock ended by what the system did at its due instant (a person's stop lies elsewhere or has a verdict)."""
        return self.stopped_at is not None and self.stopped_at == self.clock.due and self.met is None


class Clocked(Model):
    """Base of a state that keeps clocks."""

    clocks: dict[str, Running] = Field(default_factory=dict)

    def clock(self, key: str) -> Running | None:
        """Return the latest run of a clock, or None. The runs of ``dispatch`` are ``dispatch``, ``dispatch/2``, …"""
        found = self.clocks.get(key)
        n = 2
        while found is not None and (later := self.clocks.get(f"{key}/{n}")) is not None:
            found, n = later, n + 1
        return found

    def running(self, key: str) -> Running | None:
        """Return the run of a clock that runs (or stands paused), else None."""
        found = self.clock(key)
        return found if found is not None and found.stopped_at is None else None


S = TypeVar("S", bound=Clocked)


def changed(state: S, key: str, **update: Any) -> S:
    """Return the state with one run of a clock changed; a key nobody knows changes nothing."""
    running = state.clocks.get(key)
    if running is None:
        return state
    return state.model_copy(update={"clocks": {**state.clocks, key: running.model_copy(update=update)}})


def rung(state: S, key: str, part: str) -> S:
    """Return the state with one more instant of a clock that has come."""
    running = state.clocks.get(key)
    return state if running is None else changed(state, key, rung=(*running.rung, part))


def _clock_set(state: S, e: ClockSet, at: datetime) -> S:
    old = state.clocks.get(e.clock.key)
    if old is None or old.stopped_at is not None:
        return state.model_copy(update={"clocks": {**state.clocks, e.clock.key: Running(clock=e.clock)}})
    # What was missed stays missed and is not missed twice; a due that moved before it came warns anew.
    moved = e.clock.due is not None and e.clock.due != old.clock.due and old.overdue_at is None
    # A yellow card whose instant has passed when the clock is set has been given before, or comes too late to warn.
    passed = ("yellow",) if e.clock.yellow_at is not None and e.clock.yellow_at <= at else ()
    return changed(state, e.clock.key, clock=e.clock, rung=passed if moved else old.rung)


def _clock_stopped(state: S, e: ClockStopped, _at: datetime) -> S:
    return changed(state, e.key, stopped_at=e.stopped_at, met=e.met)


def _warning_given(state: S, e: WarningGiven, _at: datetime) -> S:
    return rung(state, e.key, e.card)


def _overdue_reached(state: S, e: OverdueReached, _at: datetime) -> S:
    return changed(rung(state, e.key, "due"), e.key, overdue_at=e.due, annulled=False)


def _overdue_annulled(state: S, e: OverdueAnnulled, _at: datetime) -> S:
    running = state.clocks.get(e.key)
    kept = tuple(part for part in running.rung if part == "yellow") if running else ()
    return changed(state, e.key, overdue_at=None, annulled=True, rung=kept)


CHANGES: Final[Mapping[str, Callable[[Any, Any, datetime], Any]]] = {
    ClockSet.TYPE: _clock_set,
    ClockStopped.TYPE: _clock_stopped,
    WarningGiven.TYPE: _warning_given,
    OverdueReached.TYPE: _overdue_reached,
    OverdueAnnulled.TYPE: _overdue_annulled,
}


# -------------------------------------------------------------------------------------------------- what is done with them


def next_run(state: Clocked, key: str, *, again: bool = False) -> str:
    """Return the key under which the clock runs next: its own while it runs or has never run.

    ``again`` when this very decision stops the run before it.
    """
    last = state.clock(key)
    if last is None:
        return key
    return f"{key}/{1 + len(runs(state, key))}" if again or last.stopped_at is not None else last.clock.key


def runs(state: Clocked, key: str) -> Sequence[Running]:
    """Return all runs of a clock, the first one first."""
    found: list[Running] = []
    run = state.clocks.get(key)
    while run is not None:
        found.append(run)
        run = state.clocks.get(f"{key}/{len(found) + 1}")
    return found


def start_by(
    rule: ClockRule, key: str, context: Context, *, at: datetime | None = None, why: str = "started"
) -> ClockSet:
    """Start a clock by a given rule at ``at`` (default: the instant of the decision)."""
    pack = context.facts.pack
    return ClockSet(clock=start_clock(key, rule, at or context.now, context.facts.calendar, pack.hours), why=why)


MOST_DAYS: Final = 3660
"""The farthest day that may be named, counted from today: no city plans further, and a limit holds it in every pack's scale."""

_MOST_MINUTES: Final = 999_999
"""The longest limit there is; an instant farther away is due all the same, its clock starts later."""

_NAMED_DAY: Final = "named_day"
_NAMED_INSTANT: Final = "named_instant"
_MINUTE: Final = timedelta(minutes=1)


def until_day(state: Clocked, key: str, day: date, context: Context, *, again: bool = False) -> Sequence[Event]:
    """Start a clock that is due at 24:00 of a day somebody named; on a day off with the next working day (民法典 203).

    It is a limit in natural days like any other, so the ledger, its explanation and ``sanhuan verify`` recompute it. A day that is
    not ahead any more is taken as tomorrow: a delay of ours takes nobody's day. ``again`` as in :func:`next_run`.
    """
    days = min(max((day - local_day(context.now)).days, 1), MOST_DAYS)
    return (start_by(_day_rule(context.facts.pack, days), next_run(state, key, again=again), context),)


def until_instant(state: Clocked, key: str, at: datetime, context: Context, *, again: bool = False) -> Sequence[Event]:
    """Start a clock that is due at an instant somebody named: so many whole minutes that end there. A passed one is due now."""
    minutes = min(max(-((context.now - at) // _MINUTE), 1), _MOST_MINUTES)
    rule = _instant_rule(context.facts.pack, minutes)
    return (start_by(rule, next_run(state, key, again=again), context, at=at - minutes * _MINUTE),)


def named_rule(pack: Pack, clock: Clock) -> ClockRule | None:
    """Return the only rule a clock with a named day or instant may have under a pack; None for every other clock."""
    limit = clock.nominal or clock.limit
    if clock.rule == f"{pack.id}/{_NAMED_DAY}" and limit.unit is Unit.d:
        return _day_rule(pack, limit.amount)
    if clock.rule == f"{pack.id}/{_NAMED_INSTANT}" and limit.unit is Unit.min:
        return _instant_rule(pack, limit.amount)
    return None


def named_again(pack: Pack, clock: Clock) -> ClockRule | None:
    """Return the rule of another pack for a clock with a named day or instant, which stays so long; None for any other."""
    kind, limit = clock.rule.rpartition("/")[2], clock.nominal or clock.limit
    make = {_NAMED_DAY: _day_rule, _NAMED_INSTANT: _instant_rule}.get(kind)
    return None if make is None else make(pack, limit.amount)


def _day_rule(pack: Pack, days: int) -> ClockRule:
    limit = Limit(amount=days, unit=Unit.d)
    return ClockRule(
        id=f"{pack.id}/{_NAMED_DAY}",
        version=pack.version,
        limit=pack.scaled(limit),
        source="the day named in the decision",
        warn=Warn(yellow=pack.cards.yellow, red=pack.cards.red),
        nominal=limit if pack.scale else None,
    )


def _instant_rule(pack: Pack, minutes: int) -> ClockRule:
    """An appointment is kept at its own instant, also where a pack shows a life in seconds."""
    return ClockRule(
        id=f"{pack.id}/{_NAMED_INSTANT}",
        version=pack.version,
        limit=Limit(amount=minutes, unit=Unit.min),
        source="the instant named in the decision",
    )


def stop(state: Clocked, key: str, context: Context, *, met: bool | None = True) -> Sequence[Event]:
    """Stop a clock that runs; an overdue that came after the instant of this decision is annulled."""
    running = state.running(key)
    return () if running is None else _stop(running, context, met=met)


def _stop(running: Running, context: Context, *, met: bool | None) -> Sequence[Event]:
    key = running.clock.key
    events: list[Event] = list(annul(key, running, context.judged_at))
    late = running.overdue_at is not None and not events
    events.append(ClockStopped(key=key, stopped_at=context.now, met=met and not late if met is not None else None))
    return events


def stop_all(state: Clocked, prefix: str, context: Context, *, met: bool | None = None) -> Sequence[Event]:
    """Stop every running clock under a prefix (an order's, or all with an empty prefix)."""
    live = [r for key, r in state.clocks.items() if key.startswith(prefix) and r.stopped_at is None]
    return [event for running in live for event in _stop(running, context, met=met)]


def hold(
    state: Clocked,
    key: str,
    kind: str,
    context: Context,
    evidence: str | None = None,
    *,
    asked_at: datetime | None = None,
) -> Sequence[Event]:
    """Let a clock stand still for a named reason; an overdue that came after this instant is annulled.

    Where it was asked for at ``asked_at`` and came to be overdue while others considered, it stands still from then.
    """
    running = state.running(key)
    if running is None or running.clock.due is None:
        return ()
    late = running.overdue_at if not running.annulled else None
    at = asked_at if asked_at is not None and late is not None and asked_at < late else context.judged_at
    # It stands still from the instant the decision was received, but not before it last began to run.
    ran_from = running.clock.pauses[-1].end if running.clock.pauses else None
    held = pause_clock(running.clock, max(at, ran_from or running.clock.start), kind, evidence)
    return (*annul(running.clock.key, running, at), ClockSet(clock=held, why=kind))


def release(state: Clocked, key: str, context: Context, why: str) -> Sequence[Event]:
    """Let a held clock run on with its remainder."""
    running = state.running(key)
    if running is None or running.clock.due is not None:
        return ()
    clock = resume_clock(running.clock, context.now, context.facts.calendar, context.facts.pack.hours)
    return (ClockSet(clock=clock, why=why),)


def extend(state: Clocked, key: str, by: Limit, context: Context, *, asked_at: datetime) -> Sequence[Event]:
    """Give a running clock more time; an overdue that came after ``asked_at``, while others considered, is annulled."""
    running = state.running(key)
    if running is None:
        return ()
    clock = extend_clock(running.clock, by, context.facts.calendar, context.facts.pack.hours)
    return (*annul(running.clock.key, running, asked_at), ClockSet(clock=clock, why="extended"))


def annul(key: str, running: Running, received_at: datetime) -> Sequence[Event]:
    """Annul an overdue whose instant lies after the one this decision was received at (law 6). At the instant itself it is late."""
    if running.overdue_at is None or running.annulled or received_at >= running.overdue_at:
        return ()
    return (OverdueAnnulled(key=key, due=running.overdue_at),)


def timers(state: Clocked, what: Callable[[str], str]) -> Sequence[Timer]:
    """Return the next instant (yellow, due, red) of every clock that runs: one timer a live deadline.

    The one after it is armed when this one has rung. A paused clock has none. ``what`` says what a key measures.
    """
    running = ((key, r) for key, r in state.clocks.items() if r.stopped_at is None and r.clock.due is not None)
    return [timer for key, r in running if (timer := _next(key, r, what)) is not None]


def _next(key: str, running: Running, what: Callable[[str], str]) -> Timer | None:
    clock = running.clock
    instants = {"yellow": clock.yellow_at, "due": clock.due, "red": clock.red_at}
    for part in PARTS:
        at = instants[part]
        if at is not None and part not in running.rung:
            return Timer(key=f"{key}/{part}", at=at, rule=clock.rule, what=what(key), part=part, limit=str(clock.limit))
    return None
