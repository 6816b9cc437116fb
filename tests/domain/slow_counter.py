"""A counter that cannot be wrong in the way a clever one can: it walks minute by minute.

It shares no code with domain/: days are ordinals, times are minutes since 1970-01-01 00:00 in Asia/Shanghai (UTC+8, no
summer time since 1991), working days are a set of ordinals it is given.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

_DAY = 24 * 60
_EPOCH_DAY = date(1970, 1, 1).toordinal()
_MORNING, _NOON, _AFTERNOON, _EVENING = 8 * 60 + 30, 12 * 60, 14 * 60, 17 * 60 + 30


@dataclass(frozen=True)
class SlowCounter:
    """``working`` holds the ordinals of the working days; pauses are pairs of minutes [a, b)."""

    working: Collection[int]
    pauses: tuple[tuple[int, int], ...] = ()

    def _paused(self, minute: int) -> bool:
        return any(a <= minute < b for a, b in self.pauses)

    def _day_works(self, minute: int) -> bool:
        return minute // _DAY + _EPOCH_DAY in self.working

    def _office(self, minute: int) -> bool:
        clock = minute % _DAY
        return self._day_works(minute) and (_MORNING <= clock < _NOON or _AFTERNOON <= clock < _EVENING)

    def working_days(self, start: int, n: int) -> int:
        """The minute at which ``n`` working days after the day of ``start`` have ended outside the pauses."""
        left = n + self._day_works(start)  # the day of start ends too, and does not count
        minute = start
        while left:
            if (minute + 1) % _DAY == 0 and self._day_works(minute) and not self._paused(minute):
                left -= 1
            minute += 1
        return minute

    def working_hours(self, start: int, n: int) -> int:
        """The minute at which ``n`` hours of office time have run outside the pauses."""
        left = n * 60
        minute = start
        while left:
            left -= self._office(minute) and not self._paused(minute)
            minute += 1
        return minute

    def natural_days(self, start: int, n: int) -> int:
        """The minute at which ``n`` days after the day of ``start`` have ended outside the pauses."""
        left, minute = n + 1, start
        while left:
            left -= (minute + 1) % _DAY == 0 and not self._paused(minute)
            minute += 1
        return minute

    def minutes(self, start: int, n: int) -> int:
        """The minute at which ``n`` minutes have run outside the pauses."""
        left, minute = n, start
        while left:
            left -= not self._paused(minute)
            minute += 1
        return minute


def instant(minute: int) -> datetime:
    """The UTC instant of a minute."""
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(minutes=minute - 8 * 60)


def minute_of(day: date, hour: int = 0, minute: int = 0) -> int:
    """The minute of a wall time in Asia/Shanghai."""
    return (day.toordinal() - _EPOCH_DAY) * _DAY + hour * 60 + minute
