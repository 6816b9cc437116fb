"""A deadline that somebody names is a clock like any other: due at the end of that day, on that instant, and recomputable.

Proved for working days, days off, days that have come already, and every pack; what ``sanhuan verify`` asks of a clock holds.
"""

from datetime import UTC, date, datetime, timedelta

import pytest

from domain import keeping
from domain.clock import Clock, Limit, recompute, wall
from domain.keeping import Clocked, ClockSet, ClockStopped
from domain.process import SYSTEM, Context, Facts
from storage.policies import load_calendar, load_pack, load_permissions, pack_ids
from tests.domain.clock_helpers import sh

CALENDAR = load_calendar()


def context(at: str = "2026-03-02 09:17", pack: str = "haikou") -> Context:
    facts = Facts(load_pack(pack), CALENDAR, load_permissions(), units={}, items={}, cases={})
    now = sh(at).astimezone(UTC) + timedelta(seconds=31, microseconds=123456)
    return Context(now=now, recorded_at=now, actor=SYSTEM, command_id="x", facts=facts)


def clock_of(events: object) -> Clock:
    assert isinstance(events, tuple)
    [event] = events
    assert isinstance(event, ClockSet)
    return event.clock


def named(day: date, at: str = "2026-03-02 09:17", pack: str = "haikou") -> Clock:
    return clock_of(keeping.until_day(Clocked(), "due", day, context(at, pack)))


@pytest.mark.parametrize("day", [date(2026, 3, 3), date(2026, 3, 6), date(2026, 3, 31), date(2027, 3, 2)])
def test_a_named_day_is_due_at_its_end(day: date) -> None:
    assert wall(named(day).due or sh("1970-01-01"), end=True) == f"{day} 24:00"


def test_a_named_day_off_is_due_with_the_next_working_day_and_the_ledger_says_so() -> None:
    clock = named(date(2026, 3, 7))
    assert wall(clock.due or sh("1970-01-01"), end=True) == "2026-03-09 24:00"
    assert clock.counted is not None
    assert clock.counted.moved_from == date(2026, 3, 7)


def test_a_make_up_saturday_stays_itself() -> None:
    assert wall(named(date(2026, 5, 9)).due or sh("1970-01-01"), end=True) == "2026-05-09 24:00"


@pytest.mark.parametrize("day", [date(2026, 3, 2), date(2026, 2, 27), date(1999, 1, 1)])
def test_a_day_that_has_come_is_taken_as_tomorrow(day: date) -> None:
    assert wall(named(day).due or sh("1970-01-01"), end=True) == "2026-03-03 24:00"


def test_a_day_beyond_all_plans_is_no_error() -> None:
    assert named(date(9999, 12, 31)).limit == Limit.parse(f"{keeping.MOST_DAYS}d")


def test_a_named_day_warns_by_the_cards_of_the_pack() -> None:
    clock = named(date(2026, 3, 13))
    assert clock.yellow_at == sh("2026-03-13 00:00")
    assert clock.red_at == sh("2026-03-16 00:00")


def test_a_named_instant_is_due_at_that_instant() -> None:
    at = sh("2026-03-04 09:00")
    clock = clock_of(keeping.until_instant(Clocked(), "sitting", at, context()))
    assert clock.due == at
    assert timedelta(0) <= context().now - clock.start < timedelta(minutes=1)


@pytest.mark.parametrize("at", ["2026-03-02 09:17", "2020-01-01 00:00", "2031-01-01 00:00"])
def test_an_instant_that_has_passed_or_is_far_away_keeps_its_due(at: str) -> None:
    assert clock_of(keeping.until_instant(Clocked(), "sitting", sh(at), context())).due == sh(at)


@pytest.mark.parametrize("pack", pack_ids())
def test_every_named_clock_is_recomputed_and_has_the_only_rule_its_pack_allows(pack: str) -> None:
    it = load_pack(pack)
    day = clock_of(keeping.until_day(Clocked(), "due", date(2026, 10, 3), context(pack=pack)))
    at = clock_of(keeping.until_instant(Clocked(), "sitting", sh("2026-03-04 09:00"), context(pack=pack)))
    for clock in (day, at):
        assert recompute(clock, CALENDAR, it.hours) == clock
        rule = keeping.named_rule(it, clock)
        assert rule is not None
        assert (rule.id, rule.version, rule.limit, rule.source, rule.warn, rule.nominal) == (
            clock.rule,
            clock.rule_version,
            clock.limit,
            clock.source,
            clock.warn,
            clock.nominal,
        )


def test_a_forged_limit_or_a_rule_of_another_pack_is_no_named_rule() -> None:
    clock = named(date(2026, 3, 13))
    pack = load_pack("haikou")
    assert keeping.named_rule(pack, clock.model_copy(update={"limit": Limit.parse("5wd")})) is None
    assert keeping.named_rule(load_pack("demo"), clock) is None
    assert keeping.named_rule(pack, clock.model_copy(update={"rule": "haikou/screen/any"})) is None
    rule = keeping.named_rule(pack, clock.model_copy(update={"source": "leave it"}))
    assert rule is not None
    assert rule.source != "leave it"


def test_a_day_named_anew_is_the_next_run_and_the_old_one_stays_in_the_ledger() -> None:
    now = context()
    first = keeping.until_day(Clocked(), "due", date(2026, 3, 6), now)
    state = Clocked(clocks={"due": keeping.Running(clock=clock_of(first))})
    again = keeping.until_day(state, "due", date(2026, 3, 13), now, again=True)
    assert clock_of(again).key == "due/2"
    stopped = keeping.CHANGES[ClockStopped.TYPE](state, ClockStopped(key="due", stopped_at=now.now), now.now)
    assert clock_of(keeping.until_day(stopped, "due", date(2026, 3, 13), now)).key == "due/2"


def test_a_held_day_moves_by_the_days_it_was_held() -> None:
    state = Clocked(clocks={"due": keeping.Running(clock=named(date(2026, 3, 6)))})
    held = keeping.hold(state, "due", "verifying", context("2026-03-05 10:00"))
    [event] = held
    assert isinstance(event, ClockSet)
    state = Clocked(clocks={"due": keeping.Running(clock=event.clock)})
    [on] = keeping.release(state, "due", context("2026-03-09 10:00"), "not_met")
    assert isinstance(on, ClockSet)
    assert on.clock.due == datetime(2026, 3, 10, 16, tzinfo=UTC)
