"""What the clock tests share: short ways to say an instant, and generated calendars of ten years."""

from datetime import date, datetime, timedelta

from hypothesis import strategies as st

from domain.calendar import SHANGHAI, Calendar, CalendarYear
from domain.clock import OFFICE_HOURS, Clock, ClockRule, Limit, Warn, start_clock
from storage.policies import load_calendar

CN = load_calendar()
HOURS = OFFICE_HOURS
CARDS = Warn(yellow=Limit.parse("1wd"), red="next_working_day")


def sh(text: str) -> datetime:
    """The instant of a wall time in Asia/Shanghai, ``2026-02-13 10:00`` or a date."""
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


def rule(limit: str, warn: Warn = CARDS) -> ClockRule:
    """A rule of the test with this limit."""
    return ClockRule(id="test/rule", version="1", limit=Limit.parse(limit), source="test", warn=warn)


def started(limit: str, at: str | datetime, calendar: Calendar = CN, warn: Warn = CARDS) -> Clock:
    """A clock with this limit, started at a wall time."""
    return start_clock("k", rule(limit, warn), sh(at) if isinstance(at, str) else at, calendar, HOURS)


FIRST_YEAR, YEARS = 2024, 10


@st.composite
def calendars(draw: st.DrawFn) -> Calendar:
    """Ten years with drawn holidays of up to nine days, their weekends before and after made up 调休."""
    years = []
    for year in range(FIRST_YEAR, FIRST_YEAR + YEARS):
        off: set[date] = set()
        make_up: set[date] = set()
        for first in draw(st.lists(st.integers(0, 355), max_size=6)):
            length = draw(st.integers(1, 9))
            begin = date(year, 1, 1) + timedelta(days=first)
            off |= {begin + timedelta(days=n) for n in range(length)}
            around = [begin + timedelta(days=n) for n in (*range(-8, 0), *range(length, length + 8))]
            weekends = [d for d in around if d.weekday() >= 5 and d.year == year]
            make_up |= set(draw(st.lists(st.sampled_from(weekends), max_size=2))) if weekends else set()
        off = {d for d in off if d.year == year}
        years.append(
            CalendarYear(
                year=year,
                version=f"{year}.1",
                notice="generated",
                provisional=draw(st.booleans()),
                off=frozenset(off),
                make_up=frozenset(make_up - off),
            )
        )
    return Calendar(version="generated", years=tuple(years))


def working_ordinals(calendar: Calendar) -> frozenset[int]:
    """The working days of a calendar as ordinals, by its published tables alone (for the slow counter)."""
    return frozenset(
        d.toordinal()
        for year in calendar.years
        for n in range(366)
        if (d := date(year.year, 1, 1) + timedelta(days=n)).year == year.year
        if d in year.make_up or (d.weekday() < 5 and d not in year.off)
    )
