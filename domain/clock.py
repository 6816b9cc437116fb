"""时钟: one deadline with its ledger entry, and the few things that may happen to it.

A clock records its inputs (rule, limit, start, pauses, extensions, calendar version) and what follows from them (due,
days counted, warnings). The second is always a pure function of the first: ``recompute`` gives the same clock again,
which is what ``sanhuan verify`` checks.

How each unit runs (domain.md §6.1, §18; 民法典 201, 203):

==== ======================================================================================================
wd   工作日: the day of start does not count; ends at 24:00 of the n-th working day. A pause moves the due by the
     working-day ends inside it.
wh   工作小时: working time of the pack's hours on working days, lunch break left out. Ends at the first instant at
     which it has run. A pause moves the due by the working time inside it.
d    自然日: the day of start does not count; ends at 24:00 of the n-th day, or, when that is a day off, of the next
     working day (民法典 203). A pause moves the n-th day by the day ends inside it.
h    min s: 24x7. A pause moves the due by its exact length.
==== ======================================================================================================

24:00 is the next 00:00 Asia/Shanghai, exclusive: at that instant the clock is overdue. All instants are aware and UTC.
A pause that begins at or after the due moves nothing: what is overdue stays overdue.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import Annotated, Any, Final, Literal, Self

from pydantic import AfterValidator, AwareDatetime, Field, model_serializer, model_validator

from domain.calendar import (
    ONE_DAY,
    SHANGHAI,
    Calendar,
    at_local,
    day_of_due,
    days_that_end,
    local_day,
    midnight,
)
from domain.model import Model, Strict

_MICROSECOND: Final = timedelta(microseconds=1)

UtcInstant = Annotated[AwareDatetime, AfterValidator(lambda at: at.astimezone(UTC))]
"""An aware instant, kept in UTC."""


class ClockError(ValueError):
    """Something that may not happen to this clock. ``code`` is stable; nothing was changed."""

    def __init__(self, code: str, message: str) -> None:
        """Keep the stable code beside the text."""
        super().__init__(message)
        self.code = code


class Unit(StrEnum):
    """Units of a limit (domain.md §0.3) and seconds for scaled packs."""

    wd = "wd"
    wh = "wh"
    d = "d"
    h = "h"
    min = "min"
    s = "s"


_LIMIT_FORM: Final = re.compile(r"([1-9]\d{0,5})(wd|wh|d|h|min|s)", re.ASCII)


class Limit(Model):
    """A length of time in one unit. Text form ``7wd``, which is also how it is written in YAML and JSON."""

    amount: Annotated[int, Field(ge=1, le=999_999)]
    unit: Unit

    @model_validator(mode="before")
    @classmethod
    def _from_text(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        found = _LIMIT_FORM.fullmatch(value)
        if found is None:
            raise ClockError("bad_limit", f"{value!r} is no limit; write e.g. 7wd, 4wh, 7d, 24h, 30min or 6s")
        return {"amount": int(found[1]), "unit": found[2]}

    @model_serializer
    def _to_text(self) -> str:
        return str(self)

    @classmethod
    def parse(cls, text: str) -> Self:
        """The limit that ``text`` such as ``7wd`` names; raises ``ValueError`` for anything else."""
        return cls.model_validate(text)

    def __str__(self) -> str:
        """Give the form that ``parse`` reads."""
        return f"{self.amount}{self.unit}"


class Pause(Model):
    """暂停: a stretch in which the clock does not run. Open while ``end`` is None."""

    kind: str
    start: UtcInstant
    end: UtcInstant | None = None
    evidence: str | None = None


class Span(Strict):
    """Working hours from ``opens`` to ``closes`` (exclusive) on one day, written ``08:30-12:00``."""

    opens: time
    closes: time

    @model_validator(mode="before")
    @classmethod
    def _from_text(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        opens, _, closes = value.partition("-")
        return {"opens": opens, "closes": closes}

    @model_serializer
    def _to_text(self) -> str:
        return f"{self.opens:%H:%M}-{self.closes:%H:%M}"


class Hours(Strict):
    """The working hours of a pack, in order and without overlap."""

    spans: Annotated[tuple[Span, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        edges = [edge for span in self.spans for edge in (span.opens, span.closes)]
        if edges != sorted(edges) or len(set(edges)) != len(edges):
            raise ClockError("bad_hours", "working hours must be in order, not empty and not touching")
        return self

    @classmethod
    def parse(cls, *spans: str) -> Self:
        """Working hours written like ``08:30-12:00``."""
        return cls.model_validate({"spans": spans})

    def on(self, day: date, calendar: Calendar) -> tuple[tuple[datetime, datetime], ...]:
        """The working time of ``day`` as UTC intervals; none on a day off."""
        if not calendar.is_working(day):
            return ()
        return tuple((at_local(day, s.opens), at_local(day, s.closes)) for s in self.spans)


OFFICE_HOURS: Final = Hours.parse("08:30-12:00", "14:00-17:30")
"""The default of domain.md §18."""


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
    """One line of an explanation: a stable code, its values, and ready texts in Chinese and English."""

    code: str
    values: dict[str, str]
    zh: str
    en: str


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
    scene = _Scene(calendar, hours)
    due, moved_from = _run(clock, scene)
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
    return _segment(_RULERS[limit.unit].origin(_aware(at)), limit, [], _Scene(calendar, hours))[0]


_NOTHING_DUE: Final[dict[str, Any]] = {
    "due": None,
    "counted": None,
    "provisional": False,
    "yellow_at": None,
    "red_at": None,
}


# How units run -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Scene:
    """What counting looks at."""

    calendar: Calendar
    hours: Hours

    def working_time(self, a: datetime, b: datetime) -> timedelta:
        """Working time inside [a, b)."""
        total, day, last = timedelta(), local_day(a), local_day(b)
        while day <= last:
            for opens, closes in self.hours.on(day, self.calendar):
                total += max(timedelta(), min(b, closes) - max(a, opens))
            day += ONE_DAY
        return total


def _forward_wd(scene: _Scene, at: datetime, ticks: int) -> datetime:
    return midnight(scene.calendar.nth_working_day(day_of_due(at), ticks) + ONE_DAY)


def _back_wd(scene: _Scene, at: datetime, ticks: int) -> datetime:
    day = day_of_due(at)
    for _ in range(ticks):
        day = scene.calendar.last_working_day(day)
    return midnight(day + ONE_DAY)


def _forward_wh(scene: _Scene, at: datetime, ticks: int) -> datetime:
    left, day = ticks * _MICROSECOND, local_day(at)
    while True:
        for opens, closes in scene.hours.on(day, scene.calendar):
            begin = max(at, opens)
            if closes - begin >= left:
                return begin + left
            left -= max(timedelta(), closes - begin)
        day += ONE_DAY


def _back_wh(scene: _Scene, at: datetime, ticks: int) -> datetime:
    # At the edge of a break the earlier instant is meant, as in _forward_wh: hence strictly more than what is left.
    left, day = ticks * _MICROSECOND, local_day(at)
    while True:
        for opens, closes in reversed(scene.hours.on(day, scene.calendar)):
            end = min(at, closes)
            if end - opens > left:
                return end - left
            left -= max(timedelta(), end - opens)
        day -= ONE_DAY


def _forward_d(scene: _Scene, at: datetime, ticks: int) -> datetime:
    del scene
    return midnight(day_of_due(at) + (ticks + 1) * ONE_DAY)


def _back_d(scene: _Scene, at: datetime, ticks: int) -> datetime:
    return _forward_d(scene, at, -ticks)


def _past_days_off(scene: _Scene, end: datetime) -> datetime:
    """民法典 203: a period whose last day is a day off ends with the next working day."""
    day = day_of_due(end)
    return end if scene.calendar.is_working(day) else _forward_wd(scene, end, 1)


def _after_start_day(at: datetime) -> datetime:
    """24:00 of the day to which ``at`` belongs (民法典 201)."""
    return midnight(local_day(at) + ONE_DAY)


def _same(at: datetime) -> datetime:
    return at


@dataclass(frozen=True)
class _Ruler:
    """How one unit runs. A tick is a day end (wd, d) or a microsecond (the rest)."""

    ticks: int
    forward: Callable[[_Scene, datetime, int], datetime]
    back: Callable[[_Scene, datetime, int], datetime]
    length: Callable[[_Scene, datetime, datetime], int]
    origin: Callable[[datetime], datetime] = _same
    settle: Callable[[_Scene, datetime], datetime] = lambda _, end: end


def _plain(length: timedelta) -> _Ruler:
    """A unit of fixed length that runs 24x7."""
    return _Ruler(
        ticks=length // _MICROSECOND,
        forward=lambda _, at, ticks: at + ticks * _MICROSECOND,
        back=lambda _, at, ticks: at - ticks * _MICROSECOND,
        length=lambda _, a, b: (b - a) // _MICROSECOND,
    )


_RULERS: Final[dict[Unit, _Ruler]] = {
    Unit.wd: _Ruler(
        ticks=1,
        forward=_forward_wd,
        back=_back_wd,
        length=lambda scene, a, b: scene.calendar.working_day_ends(a, b),
        origin=_after_start_day,
    ),
    Unit.wh: _Ruler(
        ticks=timedelta(hours=1) // _MICROSECOND,
        forward=_forward_wh,
        back=_back_wh,
        length=lambda scene, a, b: scene.working_time(a, b) // _MICROSECOND,
    ),
    Unit.d: _Ruler(
        ticks=1,
        forward=_forward_d,
        back=_back_d,
        length=lambda _, a, b: sum(1 for _day in days_that_end(a, b)),
        origin=_after_start_day,
        settle=_past_days_off,
    ),
    Unit.h: _plain(timedelta(hours=1)),
    Unit.min: _plain(timedelta(minutes=1)),
    Unit.s: _plain(timedelta(seconds=1)),
}


def _run(clock: Clock, scene: _Scene) -> tuple[datetime, date | None]:
    """The due of a running clock, and the day off from which 民法典 203 moved it."""
    unit = clock.limit.unit
    amount = clock.limit.amount + sum(e.amount for e in clock.extensions if e.unit is unit)
    pauses = list(clock.pauses)
    due, moved_from = _segment(_RULERS[unit].origin(clock.start), Limit(amount=amount, unit=unit), pauses, scene)
    for extension in clock.extensions:
        if extension.unit is not unit:
            due, moved_from = _segment(due, extension, pauses, scene)
    return due, moved_from


def _segment(origin: datetime, limit: Limit, pauses: list[Pause], scene: _Scene) -> tuple[datetime, date | None]:
    """Run ``limit`` from ``origin``; takes from ``pauses`` those that begin before its end, in order."""
    ruler = _RULERS[limit.unit]
    ticks = limit.amount * ruler.ticks
    end = ruler.forward(scene, origin, ticks)
    due = ruler.settle(scene, end)
    while pauses and pauses[0].start < due:
        pause = pauses.pop(0)
        resumed = pause.end or pause.start
        if pause.start < end:
            ticks += ruler.length(scene, pause.start, resumed)
        else:  # All days had run, the end was only waiting for a working day: it waits on from the day of resuming.
            origin, ticks = ruler.origin(resumed), 0
        end = ruler.forward(scene, origin, ticks)
        due = ruler.settle(scene, end)
    return due, None if due == end else day_of_due(end)


def _counted(clock: Clock, due: datetime, moved_from: date | None, scene: _Scene) -> Counted | None:
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


def _yellow(clock: Clock, due: datetime, scene: _Scene) -> datetime | None:
    """So long before the due; none when that lies at or before the start."""
    before = clock.warn.yellow
    if before is None:
        return None
    ruler = _RULERS[before.unit]
    at = ruler.back(scene, due, before.amount * ruler.ticks)
    return at if at > clock.start else None


def _red(clock: Clock, due: datetime, scene: _Scene) -> datetime | None:
    after = clock.warn.red
    if after is None:
        return None
    if after == "next_working_day":
        return _forward_wd(scene, due, 1) - ONE_DAY
    ruler = _RULERS[after.unit]
    return ruler.forward(scene, due, after.amount * ruler.ticks)


def _aware(at: datetime) -> datetime:
    if at.tzinfo is None:
        raise ClockError("naive_instant", f"{at} has no time zone")
    return at.astimezone(UTC)


# The explanation -----------------------------------------------------------------------------------------------------

_UNITS_ZH: Final = {"wd": "个工作日", "wh": "个工作小时", "d": "个自然日", "h": "小时", "min": "分钟", "s": "秒"}
_UNITS_EN: Final = {
    "wd": "working day(s)",
    "wh": "working hour(s)",
    "d": "calendar day(s)",
    "h": "hour(s)",
    "min": "minute(s)",
    "s": "second(s)",
}

_TEXTS: Final[dict[str, tuple[str, str]]] = {
    "rule": ("规则 {rule}，版本 {version}", "Rule {rule}, version {version}"),
    "source": ("依据：{source}", "Source: {source}"),
    "limit": ("时限：{limit_zh}", "Limit: {limit_en}"),
    "nominal": ("按比例缩短，原时限：{limit_zh}", "Scaled down from {limit_en}"),
    "start": ("起算：{at}", "Started: {at}"),
    "start_day": ("{day} 为起算日，不计入（民法典第201条）", "The day of start, {day}, does not count (Civil Code 201)"),
    "calendar": ("日历版本：{calendar}", "Calendar version: {calendar}"),
    "counted_wd": ("计入工作日：{first} 至 {last}，共 {days} 日", "Working days counted: {first} to {last}, {days} in all"),
    "counted_d": ("计入自然日：{first} 起，共 {days} 日", "Calendar days counted: from {first}, {days} in all"),
    "moved": (
        "末日 {day} 为休息日，顺延至 {last}（民法典第203条）",
        "The last day, {day}, is a day off: moved to {last} (Civil Code 203)",
    ),
    "extension": ("延期：{limit_zh}", "Extended by {limit_en}"),
    "pause": ("暂停（{kind}）：{start} 至 {end}", "Paused ({kind}): {start} to {end}"),
    "pause_open": ("暂停中（{kind}）：自 {start}", "Paused ({kind}) since {start}"),
    "due": ("截止：{at}", "Due: {at}"),
    "due_open": ("暂停期间不计截止时间", "No due while paused"),
    "provisional": ("临时日历：当年放假通知尚未发布，届时重算", "Provisional: the notice for that year is not out; to be recounted"),
    "yellow": ("黄牌：{at}", "Yellow card: {at}"),
    "red": ("红牌：{at}", "Red card: {at}"),
}


def explain(clock: Clock) -> tuple[Line, ...]:
    """Why the clock is due when it is: rule, source, start, days counted, extensions, pauses, due, warnings.

    Times are wall times in Asia/Shanghai; 00:00 of a due is written as 24:00 of the day before.
    """
    return tuple(_line(code, values) for code, values in _facts(clock))


def _line(code: str, values: dict[str, str]) -> Line:
    zh, en = _TEXTS[code]
    return Line(code=code, values=values, zh=zh.format_map(values), en=en.format_map(values))


def _facts(clock: Clock) -> Iterable[tuple[str, dict[str, str]]]:
    yield "rule", {"rule": clock.rule, "version": clock.rule_version}
    yield "source", {"source": clock.source}
    yield "limit", _limit_values(clock.limit)
    if clock.nominal is not None:
        yield "nominal", _limit_values(clock.nominal)
    yield "start", {"at": wall(clock.start)}
    if clock.limit.unit in (Unit.wd, Unit.d):
        yield "start_day", {"day": local_day(clock.start).isoformat()}
    for extension in clock.extensions:
        yield "extension", _limit_values(extension)
    for pause in clock.pauses:
        if pause.end is None:
            yield "pause_open", {"kind": pause.kind, "start": wall(pause.start)}
        else:
            yield "pause", {"kind": pause.kind, "start": wall(pause.start), "end": wall(pause.end)}
    if clock.counted is not None:
        yield "calendar", {"calendar": clock.calendar}
        yield from _counted_facts(clock.limit.unit, clock.counted)
    if clock.due is None:
        yield "due_open", {}
        return
    yield "due", {"at": wall(clock.due, end=True)}
    if clock.provisional:
        yield "provisional", {}
    if clock.yellow_at is not None:
        yield "yellow", {"at": wall(clock.yellow_at)}
    if clock.red_at is not None:
        yield "red", {"at": wall(clock.red_at)}


def _counted_facts(unit: Unit, counted: Counted) -> Iterable[tuple[str, dict[str, str]]]:
    values = {"first": counted.first.isoformat(), "last": counted.last.isoformat(), "days": str(counted.days)}
    yield ("counted_d" if unit is Unit.d else "counted_wd"), values
    if counted.moved_from is not None:
        yield "moved", {"day": counted.moved_from.isoformat(), "last": counted.last.isoformat()}


def _limit_values(limit: Limit) -> dict[str, str]:
    return {
        "limit": str(limit),
        "limit_zh": f"{limit.amount} {_UNITS_ZH[limit.unit]}",
        "limit_en": f"{limit.amount} {_UNITS_EN[limit.unit]}",
    }


def wall(at: datetime, *, end: bool = False) -> str:
    """Wall time in Asia/Shanghai; with ``end``, midnight is written as ``24:00`` of the day that ends."""
    local = at.astimezone(SHANGHAI)
    if end and local.time() == time():
        return f"{day_of_due(at)} 24:00"
    return f"{local:%Y-%m-%d %H:%M:%S}".removesuffix(":00")
