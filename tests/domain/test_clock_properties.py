"""Laws of the clock over generated calendars of ten years: against a slow counter, and against itself."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.calendar import Calendar, day_of_due
from domain.clock import (
    Clock,
    ClockError,
    Limit,
    Unit,
    extend_clock,
    pause_clock,
    recompute,
    recount,
    resume_clock,
)
from storage.policies import load_calendar
from tests.domain.clock_helpers import (
    CN,
    FIRST_YEAR,
    HOURS,
    YEARS,
    calendars,
    started,
    working_ordinals,
)
from tests.domain.slow_counter import SlowCounter, instant, minute_of

LIGHT = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])

AMOUNTS = {Unit.wd: 8, Unit.wh: 30, Unit.d: 12, Unit.h: 72, Unit.min: 600, Unit.s: 600}
UNITS = st.sampled_from(list(Unit))
# Late enough in the ten years for a holiday on either side, early enough for the limit to end inside them.
MINUTES = st.integers(minute_of(date(FIRST_YEAR, 1, 10)), minute_of(date(FIRST_YEAR + YEARS - 1, 9, 1)))


@st.composite
def limits(draw: st.DrawFn, unit: Unit | None = None) -> Limit:
    unit = unit or draw(UNITS)
    return Limit(amount=draw(st.integers(1, AMOUNTS[unit])), unit=unit)


@st.composite
def pauses(draw: st.DrawFn, start: int) -> tuple[tuple[int, int], ...]:
    """Up to three pauses after ``start``, in order, some short and some over days."""
    result, at = [], start
    for _ in range(draw(st.integers(0, 3))):
        begin = at + draw(st.integers(0, 3 * 24 * 60))
        at = begin + draw(st.one_of(st.integers(0, 90), st.integers(0, 5 * 24 * 60)))
        result.append((begin, at))
    return tuple(result)


def with_pauses(clock: Clock, stretches: tuple[tuple[int, int], ...], calendar: Calendar) -> Clock:
    for a, b in stretches:
        clock = resume_clock(pause_clock(clock, instant(a), "court"), instant(b), calendar, HOURS)
    return clock


def due(clock: Clock) -> datetime:
    assert clock.due is not None
    return clock.due


SLOW: dict[Unit, Callable[[SlowCounter, int, int], int]] = {
    Unit.wd: SlowCounter.working_days,
    Unit.wh: SlowCounter.working_hours,
    Unit.h: lambda counter, start, n: counter.minutes(start, n * 60),
    Unit.min: SlowCounter.minutes,
}


@pytest.mark.parametrize("unit", list(SLOW))
@settings(LIGHT, max_examples=80)
@given(data=st.data(), calendar=calendars(), start=MINUTES)
def test_due_equals_the_slow_counter(unit: Unit, data: st.DataObject, calendar: Calendar, start: int) -> None:
    limit = data.draw(limits(unit))
    stretches = data.draw(pauses(start))
    slow = SlowCounter(working_ordinals(calendar), stretches)
    clock = with_pauses(started(str(limit), instant(start), calendar), stretches, calendar)
    assert due(clock) == instant(SLOW[unit](slow, start, limit.amount))


@LIGHT
@given(limit=limits(Unit.d), calendar=calendars(), start=MINUTES)
def test_natural_days_equal_the_slow_counter_moved_past_days_off(limit: Limit, calendar: Calendar, start: int) -> None:
    working = working_ordinals(calendar)
    end = SlowCounter(working).natural_days(start, limit.amount)
    while day_of_due(instant(end)).toordinal() not in working:
        end += 24 * 60
    assert due(started(str(limit), instant(start), calendar)) == instant(end)


@LIGHT
@given(limit=limits(), calendar=calendars(), start=MINUTES, later=st.integers(0, 10 * 24 * 60))
def test_due_is_monotone_in_the_start(limit: Limit, calendar: Calendar, start: int, later: int) -> None:
    first = started(str(limit), instant(start), calendar)
    second = started(str(limit), instant(start + later), calendar)
    assert due(first) <= due(second)


@LIGHT
@given(data=st.data(), unit=UNITS, calendar=calendars(), start=MINUTES)
def test_due_is_monotone_in_the_limit(data: st.DataObject, unit: Unit, calendar: Calendar, start: int) -> None:
    amounts = sorted({data.draw(limits(unit)).amount for _ in range(3)})
    dues = [due(started(f"{n}{unit}", instant(start), calendar)) for n in amounts]
    assert all(a <= b for a, b in pairwise(dues))


@LIGHT
@given(limit=limits(), calendar=calendars(), start=MINUTES)
def test_due_lies_after_the_start(limit: Limit, calendar: Calendar, start: int) -> None:
    assert due(started(str(limit), instant(start), calendar)) > instant(start)


@LIGHT
@given(data=st.data(), unit=st.sampled_from([Unit.wd, Unit.wh, Unit.d]), calendar=calendars(), start=MINUTES)
def test_the_last_counted_day_is_never_a_day_off(
    data: st.DataObject, unit: Unit, calendar: Calendar, start: int
) -> None:
    clock = with_pauses(
        started(str(data.draw(limits(unit))), instant(start), calendar), data.draw(pauses(start)), calendar
    )
    assert clock.counted is not None
    assert clock.counted.last == day_of_due(due(clock))
    assert calendar.is_working(clock.counted.last)


@LIGHT
@given(data=st.data(), calendar=calendars(), start=MINUTES)
def test_working_days_counted_are_limit_pauses_and_extensions(
    data: st.DataObject, calendar: Calendar, start: int
) -> None:
    limit, by, stretches = data.draw(limits(Unit.wd)), data.draw(limits(Unit.wd)), data.draw(pauses(start))
    clock = extend_clock(started(str(limit), instant(start), calendar), by, calendar, HOURS)
    expected, moved = limit.amount + by.amount, 0
    for a, b in stretches:
        if instant(a) < due(clock):
            moved += calendar.working_day_ends(instant(a), instant(b))
        clock = with_pauses(clock, ((a, b),), calendar)
    assert clock.counted is not None
    assert clock.counted.days == expected + moved


@LIGHT
@given(data=st.data(), unit=UNITS, calendar=calendars(), start=MINUTES)
def test_one_pause_is_as_good_as_its_two_halves(
    data: st.DataObject, unit: Unit, calendar: Calendar, start: int
) -> None:
    clock = started(str(data.draw(limits(unit))), instant(start), calendar)
    begin = start + data.draw(st.integers(0, 2 * 24 * 60))
    middle = begin + data.draw(st.integers(0, 3 * 24 * 60))
    end = middle + data.draw(st.integers(0, 3 * 24 * 60))
    whole = with_pauses(clock, ((begin, end),), calendar)
    halves = with_pauses(clock, ((begin, middle), (middle, end)), calendar)
    assert due(whole) == due(halves)


@LIGHT
@given(data=st.data(), unit=UNITS, calendar=calendars(), start=MINUTES)
def test_a_pause_never_brings_the_due_nearer_and_leaves_time_after_it(
    data: st.DataObject, unit: Unit, calendar: Calendar, start: int
) -> None:
    clock = started(str(data.draw(limits(unit))), instant(start), calendar)
    for a, b in data.draw(pauses(start)):
        before = due(clock)
        clock = with_pauses(clock, ((a, b),), calendar)
        assert due(clock) >= before
        if instant(a) < before:
            assert due(clock) > instant(b)


@LIGHT
@given(data=st.data(), calendar=calendars(), start=MINUTES, limit=limits(), by=limits())
def test_extension_and_pause_commute(
    data: st.DataObject, calendar: Calendar, start: int, limit: Limit, by: Limit
) -> None:
    stretches = data.draw(pauses(start))
    clock = started(str(limit), instant(start), calendar)
    one = with_pauses(extend_clock(clock, by, calendar, HOURS), stretches, calendar)
    other = extend_clock(with_pauses(clock, stretches, calendar), by, calendar, HOURS)
    assert one == other


@LIGHT
@given(data=st.data(), calendar=calendars(), start=MINUTES, limit=limits(), by=limits())
def test_extending_while_paused_is_as_good_as_before_or_after(
    data: st.DataObject, calendar: Calendar, start: int, limit: Limit, by: Limit
) -> None:
    a = start + data.draw(st.integers(0, 2 * 24 * 60))
    b = a + data.draw(st.integers(0, 2 * 24 * 60))
    clock = started(str(limit), instant(start), calendar)
    inside = extend_clock(pause_clock(clock, instant(a), "court"), by, calendar, HOURS)
    inside = resume_clock(inside, instant(b), calendar, HOURS)
    assert inside == extend_clock(with_pauses(clock, ((a, b),), calendar), by, calendar, HOURS)


@LIGHT
@given(start=MINUTES, limit=limits(), data=st.data())
def test_recount_at_the_end_is_as_good_as_at_the_start(start: int, limit: Limit, data: st.DataObject) -> None:
    old = load_calendar("cn:2024.1")
    stretches, by = data.draw(pauses(start)), data.draw(limits())
    early = recount(started(str(limit), instant(start), old), CN, HOURS)
    early = extend_clock(with_pauses(early, stretches, CN), by, CN, HOURS)
    late = extend_clock(with_pauses(started(str(limit), instant(start), old), stretches, old), by, old, HOURS)
    assert early == recount(late, CN, HOURS)


@LIGHT
@given(data=st.data(), calendar=calendars(), start=MINUTES, limit=limits(), by=limits())
def test_recomputing_is_the_identity(
    data: st.DataObject, calendar: Calendar, start: int, limit: Limit, by: Limit
) -> None:
    clock = with_pauses(started(str(limit), instant(start), calendar), data.draw(pauses(start)), calendar)
    clock = extend_clock(clock, by, calendar, HOURS)
    open_pause = pause_clock(clock, instant(start + 20 * 24 * 60), "court")
    for each in (clock, open_pause):
        assert recompute(Clock.model_validate_json(each.model_dump_json()), calendar, HOURS) == each


@LIGHT
@given(calendar=calendars(), start=MINUTES, limit=limits())
def test_cards_surround_the_due(calendar: Calendar, start: int, limit: Limit) -> None:
    clock = started(str(limit), instant(start), calendar)
    assert clock.yellow_at is None or clock.start < clock.yellow_at < due(clock)
    assert clock.red_at is not None
    assert due(clock) <= clock.red_at


@LIGHT
@given(calendar=calendars(), start=MINUTES, limit=limits(), wait=st.integers(0, 400 * 24 * 60))
def test_a_paused_clock_stays_without_due_however_long(calendar: Calendar, start: int, limit: Limit, wait: int) -> None:
    clock = pause_clock(started(str(limit), instant(start), calendar), instant(start), "court")
    assert recompute(clock, calendar, HOURS).due is None
    assert due(resume_clock(clock, instant(start + wait), calendar, HOURS)) > instant(start + wait)


@LIGHT
@given(calendar=calendars(), start=MINUTES, back=st.integers(1, 10_000))
def test_time_never_runs_backwards(calendar: Calendar, start: int, back: int) -> None:
    clock = started("7wd", instant(start), calendar)
    with pytest.raises(ClockError):
        pause_clock(clock, instant(start) - timedelta(seconds=back), "court")
