"""The calendars on file against the notices, the vectors and two independent libraries."""

from datetime import date, timedelta

import chinese_calendar
import holidays
import pytest
from pydantic import ValidationError

from domain.calendar import (
    Calendar,
    CalendarError,
    CalendarYear,
    Period,
    provisional_year,
    statutory_days,
)
from storage.policies import PolicyFileError, load_calendar
from tests.domain.clock_helpers import CN, sh

KNOWN = (2024, 2025, 2026)


def days_of(year: int) -> list[date]:
    first = date(year, 1, 1)
    return [day for n in range(366) if (day := first + timedelta(days=n)).year == year]


@pytest.mark.parametrize("year", KNOWN)
def test_every_day_agrees_with_chinesecalendar(year: int) -> None:
    wrong = [day for day in days_of(year) if CN.is_working(day) != chinese_calendar.is_workday(day)]
    assert wrong == []


@pytest.mark.parametrize("year", KNOWN)
def test_every_day_agrees_with_holidays(year: int) -> None:
    theirs = holidays.country_holidays("CN", years=year)
    wrong = [day for day in days_of(year) if CN.is_working(day) != theirs.is_working_day(day)]
    assert wrong == []


@pytest.mark.parametrize(("year", "working", "make_up"), [(2024, 251, 8), (2025, 248, 5), (2026, 248, 6)])
def test_year_has_the_published_number_of_days(year: int, working: int, make_up: int) -> None:
    on_file = next(y for y in CN.years if y.year == year)
    assert (sum(map(CN.is_working, days_of(year))), len(on_file.make_up)) == (working, make_up)


@pytest.mark.parametrize(
    ("year", "notice"),
    [(2024, "国办发明电〔2023〕7号"), (2025, "国办发明电〔2024〕12号"), (2026, "国办发明电〔2025〕7号")],
)
def test_year_names_its_notice(year: int, notice: str) -> None:
    on_file = next(y for y in CN.years if y.year == year)
    assert notice in on_file.notice
    assert not on_file.provisional


def test_2027_on_file_is_provisional_and_has_only_the_statutory_days() -> None:
    on_file = next(y for y in CN.years if y.year == 2027)
    assert (on_file.provisional, on_file.off, on_file.make_up) == (True, statutory_days(2027), frozenset())


@pytest.mark.parametrize("year", range(2025, 2037))
def test_statutory_days_agree_with_holidays(year: int) -> None:
    named = (
        "New Year's Day",
        "Chinese New Year",
        "Tomb-Sweeping Day",
        "Labor Day",
        "Dragon Boat",
        "Mid-Autumn",
        "National Day",
    )
    theirs = {
        day
        for day, name in holidays.country_holidays("CN", years=year).items()
        if name.startswith(named) and not all("observed" in part for part in name.split("; "))
    }
    assert statutory_days(year) == theirs


def test_version_names_every_year() -> None:
    assert CN.version == "cn:2024.1+2025.1+2026.1+2027.0"


def test_a_pinned_version_is_found_again() -> None:
    assert load_calendar("cn:2025.1+2026.1").version == "cn:2025.1+2026.1"


def test_an_unknown_version_names_what_is_missing() -> None:
    with pytest.raises(PolicyFileError, match=r"2026\.9"):
        load_calendar("cn:2026.9")


@pytest.mark.parametrize("day", [date(1999, 1, 1), date(2023, 6, 1), date(2036, 6, 2), date(2060, 3, 1)])
def test_unknown_years_are_answered_and_provisional(day: date) -> None:
    assert CN.is_provisional(day)
    assert CN.is_working(day) == (day.weekday() < 5 and day not in statutory_days(day.year))


# domain.md 6.2: received, n, due.
VECTORS = [
    ("2026-02-13", 7, "2026-03-02"),
    ("2026-02-13", 3, "2026-02-25"),
    ("2026-02-14", 5, "2026-02-28"),
    ("2026-02-16", 3, "2026-02-26"),
    ("2026-05-08", 1, "2026-05-09"),
    ("2026-09-18", 3, "2026-09-22"),
    ("2026-09-24", 5, "2026-10-09"),
    ("2026-09-30", 7, "2026-10-15"),
    ("2026-09-25", 7, "2026-10-12"),
    ("2026-12-24", 7, "2027-01-05"),
]


@pytest.mark.parametrize(("start", "n", "due"), VECTORS)
def test_nth_working_day_gives_the_vector(start: str, n: int, due: str) -> None:
    assert CN.nth_working_day(date.fromisoformat(start), n) == date.fromisoformat(due)


def test_the_zeroth_working_day_is_refused() -> None:
    with pytest.raises(CalendarError) as refused:
        CN.nth_working_day(date(2026, 3, 2), 0)
    assert refused.value.code == "not_positive"


@pytest.mark.parametrize(
    ("a", "b", "ends"),
    [
        ("2026-02-13 10:00", "2026-02-13 23:59", 0),
        ("2026-02-13 10:00", "2026-02-14 00:00", 1),
        ("2026-02-14 00:00", "2026-02-15 00:00", 1),  # the end at a does not count, a make-up Saturday does
        ("2026-02-15 00:00", "2026-02-24 00:00", 0),
        ("2026-02-13 10:00", "2026-03-02 10:00", 7),  # 13 and 14, 24 to 27, 28 (make-up)
        ("2026-02-14 10:00", "2026-02-13 10:00", 0),
    ],
)
def test_working_day_ends_inside_an_interval(a: str, b: str, ends: int) -> None:
    assert CN.working_day_ends(sh(a), sh(b)) == ends


def year_2030(**changes: object) -> CalendarYear:
    return CalendarYear.model_validate(
        {"year": 2030, "version": "2030.1", "notice": "test", "provisional": False, "off": frozenset(), **changes}
    )


def test_surge_makes_all_days_work() -> None:
    surge = Period(first=date(2030, 6, 1), last=date(2030, 6, 2), source="应急高峰")
    calendar = Calendar(version="t", years=(year_2030(all_work=(surge,), off={date(2030, 6, 1)}),))
    assert [calendar.is_working(date(2030, 6, d)) for d in (1, 2, 8)] == [True, True, False]


def test_local_rest_days_do_not_work() -> None:
    calendar = Calendar(version="t", years=(year_2030(local_rest={date(2030, 6, 3)}, local_rest_source="放假办法 4"),))
    assert not calendar.is_working(date(2030, 6, 3))


@pytest.mark.parametrize(
    "changes",
    [
        {"off": {date(2031, 1, 1)}},
        {"make_up": {date(2030, 6, 3)}},
        {"off": {date(2030, 6, 1)}, "make_up": {date(2030, 6, 1)}},
        {"local_rest": {date(2030, 6, 3)}},
    ],
    ids=["day of another year", "make-up on a weekday", "off and make-up", "local rest without source"],
)
def test_contradictory_years_are_refused(changes: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        year_2030(**changes)


def test_a_year_twice_is_refused() -> None:
    with pytest.raises(ValueError, match="twice"):
        Calendar(version="t", years=(provisional_year(2030), provisional_year(2030)))
