"""How each unit of a limit runs over days off, nights, lunch breaks and pauses (domain.md §6.1, §18; 民法典 201, 203).

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

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final, NamedTuple

from domain.calendar import ONE_DAY, Calendar, day_of_due, days_that_end, local_day, midnight
from domain.limits import Hours, Limit, Unit

_MICROSECOND: Final = timedelta(microseconds=1)


@dataclass(frozen=True)
class Scene:
    """What counting looks at: which days work, and which hours of them."""

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


def _forward_wd(scene: Scene, at: datetime, ticks: int) -> datetime:
    return midnight(scene.calendar.nth_working_day(day_of_due(at), ticks) + ONE_DAY)


def _back_wd(scene: Scene, at: datetime, ticks: int) -> datetime:
    day = day_of_due(at)
    for _ in range(ticks):
        day = scene.calendar.last_working_day(day)
    return midnight(day + ONE_DAY)


def _forward_wh(scene: Scene, at: datetime, ticks: int) -> datetime:
    left, day = ticks * _MICROSECOND, local_day(at)
    while True:
        for opens, closes in scene.hours.on(day, scene.calendar):
            begin = max(at, opens)
            if closes - begin >= left:
                return begin + left
            left -= max(timedelta(), closes - begin)
        day += ONE_DAY


def _back_wh(scene: Scene, at: datetime, ticks: int) -> datetime:
    # At the edge of a break the earlier instant is meant, as in _forward_wh: hence strictly more than what is left.
    left, day = ticks * _MICROSECOND, local_day(at)
    while True:
        for opens, closes in reversed(scene.hours.on(day, scene.calendar)):
            end = min(at, closes)
            if end - opens > left:
                return end - left
            left -= max(timedelta(), end - opens)
        day -= ONE_DAY


def _forward_d(scene: Scene, at: datetime, ticks: int) -> datetime:
    del scene
    return midnight(day_of_due(at) + (ticks + 1) * ONE_DAY)


def _back_d(scene: Scene, at: datetime, ticks: int) -> datetime:
    return _forward_d(scene, at, -ticks)


def _past_days_off(scene: Scene, end: datetime) -> datetime:
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
    forward: Callable[[Scene, datetime, int], datetime]
    back: Callable[[Scene, datetime, int], datetime]
    length: Callable[[Scene, datetime, datetime], int]
    origin: Callable[[datetime], datetime] = _same
    settle: Callable[[Scene, datetime], datetime] = lambda _, end: end


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


class Stretch(NamedTuple):
    """A pause that has ended."""

    start: datetime
    end: datetime


class End(NamedTuple):
    """Where a limit ends, and the day off from which 民法典 203 moved that."""

    due: datetime
    moved_from: date | None


def run_from(start: datetime, limit: Limit, pauses: list[Stretch], scene: Scene) -> End:
    """Run ``limit`` from ``start``, whose day does not count for wd and d.

    Takes from ``pauses``, which are in order and apart, those that begin before the end.
    """
    return run_through(_RULERS[limit.unit].origin(start), limit, pauses, scene)


def run_through(origin: datetime, limit: Limit, pauses: list[Stretch], scene: Scene) -> End:
    """Run ``limit`` on from the end of another one at ``origin``; pauses as in ``run_from``."""
    ruler = _RULERS[limit.unit]
    ticks = limit.amount * ruler.ticks
    end = ruler.forward(scene, origin, ticks)
    due = ruler.settle(scene, end)
    while pauses and pauses[0].start < due:
        pause = pauses.pop(0)
        if pause.start < end:
            ticks += ruler.length(scene, pause.start, pause.end)
        else:  # All days had run, the end was only waiting for a working day: it waits on from the day of resuming.
            origin, ticks = ruler.origin(pause.end), 0
        end = ruler.forward(scene, origin, ticks)
        due = ruler.settle(scene, end)
    return End(due, None if due == end else day_of_due(end))


def after(due: datetime, limit: Limit, scene: Scene) -> datetime:
    """The instant at which ``limit`` has run since ``due``."""
    ruler = _RULERS[limit.unit]
    return ruler.forward(scene, due, limit.amount * ruler.ticks)


def before(due: datetime, limit: Limit, scene: Scene) -> datetime:
    """The first instant at which no more than ``limit`` is left until ``due``."""
    ruler = _RULERS[limit.unit]
    return ruler.back(scene, due, limit.amount * ruler.ticks)
