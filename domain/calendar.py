"""工作日历: which days are working days (工作日), make-up days (调休) included.

Guarantees: every question about a day has an answer; a year without a notice is *provisional* and says so; nothing
here reads a file or a clock. Days are local dates in Asia/Shanghai, instants are timezone-aware.

Sources: 民法典 201 and 203; 全国年节及纪念日放假办法 (2024-11-10); one 国办 notice per year (policies/calendars/).
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from typing import Final
from zoneinfo import ZoneInfo

from pydantic import PrivateAttr, model_validator

from domain.model import Strict

SHANGHAI: Final = ZoneInfo("Asia/Shanghai")
ONE_DAY: Final = timedelta(days=1)
_INSTANT: Final = timedelta(microseconds=1)
_SATURDAY: Final = 5

# Dates that follow the lunar calendar (GB/T 33661-2017): 春节 (初一), 端午节, 中秋节. Years outside the table have only
# their solar statutory days; they are provisional anyway.
_LUNAR: Final[dict[int, tuple[tuple[int, int], tuple[int, int], tuple[int, int]]]] = {
    2023: ((1, 22), (6, 22), (9, 29)),
    2024: ((2, 10), (6, 10), (9, 17)),
    2025: ((1, 29), (5, 31), (10, 6)),
    2026: ((2, 17), (6, 19), (9, 25)),
    2027: ((2, 6), (6, 9), (9, 15)),
    2028: ((1, 26), (5, 28), (10, 3)),
    2029: ((2, 13), (6, 16), (9, 22)),
    2030: ((2, 3), (6, 5), (9, 12)),
    2031: ((1, 23), (6, 24), (10, 1)),
    2032: ((2, 11), (6, 12), (9, 19)),
    2033: ((1, 31), (6, 1), (9, 8)),
    2034: ((2, 19), (6, 20), (9, 27)),
    2035: ((2, 8), (6, 10), (9, 16)),
    2036: ((1, 28), (5, 30), (10, 4)),
}


class CalendarError(ValueError):
    """A question that has no meaning, or years that contradict each other. ``code`` is stable."""

    def __init__(self, code: str, message: str) -> None:
        """Keep the stable code beside the text."""
        super().__init__(message)
        self.code = code


class Period(Strict):
    """Days from ``first`` to ``last``, both included, with the paper that ordered it."""

    first: date
    last: date
    source: str

    @model_validator(mode="after")
    def _ordered(self) -> "Period":
        if self.last < self.first:
            raise CalendarError("period_reversed", f"{self.last} lies before {self.first}")
        return self

    def days(self) -> Iterator[date]:
        """Every day of the period, in order."""
        return (self.first + n * ONE_DAY for n in range((self.last - self.first).days + 1))


class CalendarYear(Strict):
    """One year as its 国办 notice orders it, or provisionally by 放假办法 alone.

    What holds for a day: ``all_work`` (surge), else ``make_up`` 调休, ``local_rest`` (放假办法 4), ``off``, weekday.
    """

    year: int
    version: str
    notice: str
    provisional: bool
    off: frozenset[date]
    make_up: frozenset[date] = frozenset()
    local_rest: frozenset[date] = frozenset()
    local_rest_source: str | None = None
    all_work: tuple[Period, ...] = ()

    @model_validator(mode="after")
    def _consistent(self) -> "CalendarYear":
        stray = {d for d in (*self.off, *self.make_up, *self.local_rest) if d.year != self.year}
        if stray:
            raise CalendarError("other_year", f"{min(stray)} is not a day of {self.year}")
        both = self.off & self.make_up
        if both:
            raise CalendarError("off_and_make_up", f"{min(both)} is both off and a make-up day")
        weekday = {d for d in self.make_up if d.weekday() < _SATURDAY}
        if weekday:
            raise CalendarError("make_up_on_weekday", f"{min(weekday)} is no Saturday or Sunday")
        if self.local_rest and self.local_rest_source is None:
            raise CalendarError("no_source", f"local rest days of {self.year} name no source")
        return self

    def is_working(self, day: date) -> bool:
        """Whether ``day``, a day of this year, is a working day."""
        if any(p.first <= day <= p.last for p in self.all_work) or day in self.make_up:
            return True
        return day not in self.off and day not in self.local_rest and day.weekday() < _SATURDAY


class Calendar(Strict):
    """The known years under one version, such as ``cn:2024.1+2025.1+2026.1+2027.0``.

    A day of an unknown year is Monday to Friday less the statutory days, and provisional; it never raises.
    """

    version: str
    years: tuple[CalendarYear, ...]

    _by_year: dict[int, CalendarYear] = PrivateAttr(default_factory=dict)

    def model_post_init(self, context: object, /) -> None:
        """Index the years; refuse the same year twice."""
        del context
        for item in self.years:
            if item.year in self._by_year:
                raise CalendarError("year_twice", f"year {item.year} appears twice in {self.version}")
            self._by_year[item.year] = item

    def _year(self, year: int) -> CalendarYear:
        return self._by_year.get(year) or provisional_year(year)

    def is_working(self, day: date) -> bool:
        """Whether ``day`` is a legal working day 工作日."""
        return self._year(day.year).is_working(day)

    def is_provisional(self, day: date) -> bool:
        """Whether the notice of that day's year is not known yet 临时日历."""
        return self._year(day.year).provisional

    def next_working_day(self, day: date) -> date:
        """The first working day strictly after ``day``."""
        day += ONE_DAY
        while not self.is_working(day):
            day += ONE_DAY
        return day

    def last_working_day(self, day: date) -> date:
        """The last working day strictly before ``day``."""
        day -= ONE_DAY
        while not self.is_working(day):
            day -= ONE_DAY
        return day

    def nth_working_day(self, start: date, n: int) -> date:
        """The ``n``-th working day after ``start``, which itself never counts (民法典 201).

        When ``start`` is a day off, the first working day after it is day 1 (vector 4). Raises ``CalendarError``
        (``not_positive``) for n < 1.
        """
        if n < 1:
            raise CalendarError("not_positive", f"the {n}-th working day does not exist")
        for _ in range(n):
            start = self.next_working_day(start)
        return start

    def working_day_ends(self, a: datetime, b: datetime) -> int:
        """How many working days end (24:00 = next 00:00 Asia/Shanghai) inside (a, b]; 0 when b <= a."""
        return sum(map(self.is_working, days_that_end(a, b)))


def local_day(at: datetime) -> date:
    """The day in Asia/Shanghai to which the instant ``at`` belongs; 24:00 belongs to the next day."""
    return at.astimezone(SHANGHAI).date()


def day_of_due(at: datetime) -> date:
    """The last day before ``at``: a limit that ends at 00:00 ends on the day before it (24:00)."""
    return local_day(at - _INSTANT)


def midnight(day: date) -> datetime:
    """The UTC instant at which ``day`` begins in Asia/Shanghai."""
    return at_local(day, time())


def at_local(day: date, clock: time) -> datetime:
    """The UTC instant of the wall time ``clock`` on ``day`` in Asia/Shanghai."""
    return datetime.combine(day, clock, SHANGHAI).astimezone(UTC)


def days_that_end(a: datetime, b: datetime) -> Iterator[date]:
    """Days whose end lies inside (a, b], in order."""
    day, last = local_day(a), local_day(b)
    while day < last:
        yield day
        day += ONE_DAY


@cache
def statutory_days(year: int) -> frozenset[date]:
    """The 13 statutory days of ``year`` by 放假办法 (2024-11-10) 2, as far as they can be computed.

    春节 is 除夕 and 初一 to 初三. Days given instead of those on a weekend (放假办法 6) are left to the notice: the law
    does not say which day it will be.
    """
    solar = {date(year, 1, 1), date(year, 5, 1), date(year, 5, 2), *(date(year, 10, d) for d in (1, 2, 3))}
    if year not in _LUNAR:
        return frozenset(solar | {_qingming(year)})
    spring, boat, autumn = (date(year, m, d) for m, d in _LUNAR[year])
    lunar = {*(spring + n * ONE_DAY for n in range(-1, 3)), boat, autumn}
    return frozenset(solar | lunar | {_qingming(year)})


def _qingming(year: int) -> date:
    """清明: 4 or 5 April; the rule of thumb [Y x 0.2422 + 4.81] - [Y / 4] holds for 2000-2099."""
    y = year % 100
    return date(year, 4, (y * 2422 + 48100) // 10000 - y // 4)


@cache
def provisional_year(year: int) -> CalendarYear:
    """A year without a notice: Monday to Friday less the statutory days, no make-up days."""
    return CalendarYear(
        year=year,
        version=f"{year}.0",
        notice="放假办法 (2024-11-10); 国办通知未发布",
        provisional=True,
        off=statutory_days(year),
    )
