"""时钟: one deadline with its ledger entry, and the few things that may happen to it.

A clock records its inputs (rule, limit, start, pauses, extensions, calendar version) and what follows from them (due,
days counted, warnings). The second is always a pure function of the first: ``recompute`` gives the same clock again,
which is what ``sanhuan verify`` checks. How each unit runs: domain/counting.py. All instants are aware and UTC.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time
from typing import Any, Final, Literal

from domain.calendar import ONE_DAY, SHANGHAI, Calendar, day_of_due, local_day, midnight
from domain.counting import End, Scene, Stretch, after, before, run_from, run_through
from domain.limits import OFFICE_HOURS, ClockError, Hours, Limit, Span, Unit, UtcInstant
from domain.model import Model

__all__ = [
    "OFFICE_HOURS",
    "Clock",
    "ClockError",
    "ClockRule",
    "Counted",
    "Hours",
    "Limit",
    "Line",
    "Pause",
    "Span",
    "Unit",
    "UtcInstant",
    "Warn",
    "change_rule",
    "explain",
    "extend_clock",
    "is_fine",
    "pause_clock",
    "reckon",
    "recompute",
    "recount",
    "resume_clock",
    "start_clock",
    "wall",
]


class Pause(Model):
    """暂停: a stretch in which the clock does not run. Open while ``end`` is None."""

    kind: str
    start: UtcInstant
    end: UtcInstant | None = None
    evidence: str | None = None


class Warn(Model):
    """黄牌 so long before the due; 红牌 so long after it, or at 00:00 of the next working day after its last day."""

    yellow: Limit | None = None
    red: Limit | Literal["next_working_day"] | None = None


class ClockRule(Model):
    """时限规则: where a limit comes from. ``nominal`` is the limit a scaled pack stands for."""

    id: str
    version: str
    limit: Limit
    source: str
    warn: Warn = Warn()
    nominal: Limit | None = None


class Counted(Model):
    """The days a limit counted: working days for wd and wh, natural days for d.

    ``days`` includes those that pauses and extensions added. ``moved_from`` is the day off on which a limit in natural
    days would have ended.
    """

    first: date
    last: date
    days: int
    moved_from: date | None = None


class Clock(Model):
    """One deadline and its ledger entry ``clock_ledger``.

    ``due`` is None while a pause is open, and so are the warnings: a paused clock never breaches. ``provisional`` says
    that the days counted lie in a year whose notice is not out.
    """

    key: str
    rule: str
    rule_version: str
    source: str
    limit: Limit
    start: UtcInstant
    calendar: str
    warn: Warn = Warn()
    nominal: Limit | None = None
    extensions: tuple[Limit, ...] = ()
    pauses: tuple[Pause, ...] = ()
    due: UtcInstant | None = None
    counted: Counted | None = None
    provisional: bool = False
    yellow_at: UtcInstant | None = None
    red_at: UtcInstant | None = None

    @property
    def paused(self) -> bool:
        """Whether a pause is open."""
        return bool(self.pauses) and self.pauses[-1].end is None


class Line(Model):
    """One line of an explanation: a stable code and its values; its words are ``explain.{code}`` of the catalogue."""

    code: str
    values: dict[str, str]


# What may happen to a clock ------------------------------------------------------------------------------------------


def start_clock(key: str, rule: ClockRule, at: datetime, calendar: Calendar, hours: Hours) -> Clock:
    """Start a clock at ``at``; the day of start does not count. Raises ``ClockError`` (``naive_instant``)."""
    clock = Clock(
        key=key,
        rule=rule.id,
        rule_version=rule.version,
        source=rule.source,
        limit=rule.limit,
        nominal=rule.nominal,
        warn=rule.warn,
        start=_aware(at),
        calendar=calendar.version,
    )
    return recompute(clock, calendar, hours)


def pause_clock(clock: Clock, at: datetime, kind: str, evidence: str | None = None) -> Clock:
    """Stop the clock at ``at``. Raises ``ClockError``: ``already_paused``, ``pause_too_early``, ``naive_instant``."""
    at = _aware(at)
    if clock.paused:
        raise ClockError("already_paused", f"clock {clock.key} is paused since {clock.pauses[-1].start}")
    earliest = (clock.pauses[-1].end if clock.pauses else None) or clock.start
    if at < earliest:
        raise ClockError("pause_too_early", f"clock {clock.key} cannot be paused before {earliest}")
    pause = Pause(kind=kind, start=at, evidence=evidence)
    return clock.model_copy(update={"pauses": (*clock.pauses, pause), **_NOTHING_DUE})


def resume_clock(clock: Clock, at: datetime, calendar: Calendar, hours: Hours) -> Clock:
    """Let a paused clock run on with what was left. Raises ``ClockError``: ``not_paused``, ``resume_too_early``."""
    at = _aware(at)
    if not clock.paused:
        raise ClockError("not_paused", f"clock {clock.key} is not paused")
    pause = clock.pauses[-1]
    if at < pause.start:
        raise ClockError("resume_too_early", f"clock {clock.key} was paused at {pause.start} only")
    pauses = (*clock.pauses[:-1], pause.model_copy(update={"end": at}))
    return recompute(clock.model_copy(update={"pauses": pauses}), calendar, hours)


def extend_clock(clock: Clock, by: Limit, calendar: Calendar, hours: Hours) -> Clock:
    """延期: add ``by`` to the limit; on a paused clock it counts after the pause.

    Caps and approvers are the caller's affair. In the limit's own unit it lengthens the limit, in another it runs on
    from the end of it.
    """
    return recompute(clock.model_copy(update={"extensions": (*clock.extensions, by)}), calendar, hours)


def change_rule(clock: Clock, rule: ClockRule, calendar: Calendar, hours: Hours) -> Clock:
    """Put the clock under another rule; start, pauses and extensions stay (a case that turns urgent, a 终诊)."""
    changed = clock.model_copy(
        update={
            "rule": rule.id,
            "rule_version": rule.version,
            "source": rule.source,
            "limit": rule.limit,
            "nominal": rule.nominal,
            "warn": rule.warn,
        }
    )
    return recompute(changed, calendar, hours)


def recount(clock: Clock, calendar: Calendar, hours: Hours) -> Clock:
    """The same inputs under another calendar version (a new 国办 notice)."""
    return recompute(clock.model_copy(update={"calendar": calendar.version}), calendar, hours)


def recompute(clock: Clock, calendar: Calendar, hours: Hours) -> Clock:
    """Due, counted days and warnings anew from the recorded inputs; the identity on every clock made here.

    Raises ``ClockError`` (``calendar_mismatch``) under a calendar other than the recorded one: that is ``recount``.
    """
    if calendar.version != clock.calendar:
        raise ClockError("calendar_mismatch", f"clock {clock.key} counts by {clock.calendar}, not {calendar.version}")
    if clock.paused:
        return clock.model_copy(update=_NOTHING_DUE)
    scene = Scene(calendar, hours)
    due, moved_from = _end(clock, scene)
    counted = _counted(clock, due, moved_from, scene)
    return clock.model_copy(
        update={
            "due": due,
            "counted": counted,
            "provisional": counted is not None and _is_provisional(counted, calendar),
            "yellow_at": _yellow(clock, due, scene),
            "red_at": _red(clock, due, scene),
        }
    )


def reckon(at: datetime, limit: Limit, calendar: Calendar, hours: Hours) -> datetime:
    """The instant at which ``limit`` ends that starts at ``at``, without a clock (wake-up dates, retry gaps)."""
    return run_from(_aware(at), limit, [], Scene(calendar, hours)).due


_NOTHING_DUE: Final[dict[str, Any]] = {
    "due": None,
    "counted": None,
    "provisional": False,
    "yellow_at": None,
    "red_at": None,
}


# What follows from the inputs -----------------------------------------------------------------------------------------


def _end(clock: Clock, scene: Scene) -> End:
    """Where a running clock ends. Extensions in the limit's unit lengthen it, others run on from its end."""
    unit = clock.limit.unit
    amount = clock.limit.amount + sum(e.amount for e in clock.extensions if e.unit is unit)
    pauses = [Stretch(pause.start, pause.end) for pause in clock.pauses if pause.end is not None]
    end = run_from(clock.start, Limit(amount=amount, unit=unit), pauses, scene)
    for extension in clock.extensions:
        if extension.unit is not unit:
            end = run_through(end.due, extension, pauses, scene)
    return end


def _counted(clock: Clock, due: datetime, moved_from: date | None, scene: Scene) -> Counted | None:
    started, last = local_day(clock.start), day_of_due(due)
    if clock.limit.unit is Unit.d:
        first, end = started + ONE_DAY, moved_from or last
        return Counted(first=first, last=last, days=(end - first).days + 1, moved_from=moved_from)
    if clock.limit.unit in (Unit.wd, Unit.wh):
        first = scene.calendar.next_working_day(started)
        if clock.limit.unit is Unit.wh and scene.working_time(clock.start, midnight(started + ONE_DAY)):
            first = started
        days = scene.calendar.working_day_ends(midnight(first), midnight(last + ONE_DAY))
        return Counted(first=first, last=last, days=days)
    return None


def _is_provisional(counted: Counted, calendar: Calendar) -> bool:
    years = range(counted.first.year, counted.last.year + 1)
    return any(calendar.is_provisional(date(year, 1, 1)) for year in years)


def _yellow(clock: Clock, due: datetime, scene: Scene) -> datetime | None:
    """So long before the due; none when that lies at or before the start."""
    if clock.warn.yellow is None:
        return None
    at = before(due, clock.warn.yellow, scene)
    return at if at > clock.start else None


def _red(clock: Clock, due: datetime, scene: Scene) -> datetime | None:
    """So long after the due, or 00:00 of the first working day after the last day."""
    if clock.warn.red is None:
        return None
    if clock.warn.red == "next_working_day":
        return midnight(scene.calendar.next_working_day(day_of_due(due)))
    return after(due, clock.warn.red, scene)


def _aware(at: datetime) -> datetime:
    if at.tzinfo is None:
        raise ClockError("naive_instant", f"{at} has no time zone")
    return at.astimezone(UTC)


# The explanation -----------------------------------------------------------------------------------------------------

FINE: Final = frozenset({Unit.min, Unit.s})
"""Units of limits whose instants differ by seconds."""


def explain(clock: Clock) -> tuple[Line, ...]:
    """Why the clock is due when it is: rule, source, start, days counted, extensions, pauses, due, warnings.

    Times are wall times in Asia/Shanghai; 00:00 of a due is written as 24:00 of the day before. Seconds are always written
    where a limit is in minutes or seconds.
    """
    return tuple(Line(code=code, values=values) for code, values in _facts(clock))


def _facts(clock: Clock) -> Iterator[tuple[str, dict[str, str]]]:
    exact = is_fine(clock)
    yield from _rule_facts(clock, exact=exact)
    for extension in clock.extensions:
        yield "extension", {"limit": str(extension)}
    for pause in clock.pauses:
        start = wall(pause.start, exact=exact)
        if pause.end is None:
            yield "pause_open", {"kind": pause.kind, "start": start}
        else:
            yield "pause", {"kind": pause.kind, "start": start, "end": wall(pause.end, exact=exact)}
    if clock.counted is not None:
        yield "calendar", {"calendar": clock.calendar}
        yield from _counted_facts(clock.limit.unit, clock.counted)
    yield from _due_facts(clock, exact=exact)


def _rule_facts(clock: Clock, *, exact: bool) -> Iterator[tuple[str, dict[str, str]]]:
    yield "rule", {"rule": clock.rule, "version": clock.rule_version}
    yield "source", {"source": clock.source}
    yield "limit", {"limit": str(clock.limit)}
    if clock.nominal is not None:
        yield "nominal", {"limit": str(clock.nominal)}
    yield "start", {"at": wall(clock.start, exact=exact)}
    if clock.limit.unit in (Unit.wd, Unit.d):
        yield "start_day", {"day": local_day(clock.start).isoformat()}


def _due_facts(clock: Clock, *, exact: bool) -> Iterator[tuple[str, dict[str, str]]]:
    if clock.due is None:
        yield "due_open", {}
        return
    yield "due", {"at": wall(clock.due, end=True, exact=exact)}
    if clock.provisional:
        yield "provisional", {}
    if clock.yellow_at is not None:
        yield "yellow", {"at": wall(clock.yellow_at, exact=exact)}
    if clock.red_at is not None:
        yield "red", {"at": wall(clock.red_at, exact=exact)}


def _counted_facts(unit: Unit, counted: Counted) -> Iterator[tuple[str, dict[str, str]]]:
    values = {"first": counted.first.isoformat(), "last": counted.last.isoformat(), "days": str(counted.days)}
    yield ("counted_d" if unit is Unit.d else "counted_wd"), values
    if counted.moved_from is not None:
        yield "moved", {"day": counted.moved_from.isoformat(), "last": counted.last.isoformat()}


def is_fine(clock: Clock) -> bool:
    """Whether the clock's limit, or an extension of it, is in minutes or seconds."""
    return any(limit.unit in FINE for limit in (clock.limit, *clock.extensions))


def wall(at: datetime, *, end: bool = False, exact: bool = False) -> str:
    """Wall time in Asia/Shanghai; with ``end``, midnight is written as ``24:00`` of the day that ends.

    Full minutes are written without seconds, unless ``exact``.
    """
    local = at.astimezone(SHANGHAI)
    if end and local.time() == time():
        return f"{day_of_due(at)} 24:00{':00' if exact else ''}"
    written = f"{local:%Y-%m-%d %H:%M:%S}"
    return written if exact else written.removesuffix(":00")
