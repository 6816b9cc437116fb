"""What a clock does, case by case: the vectors, pauses, extensions, warnings, recounts and refusals."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from pydantic import ValidationError

from domain.clock import (
    Clock,
    ClockError,
    Counted,
    Hours,
    Limit,
    Warn,
    change_rule,
    explain,
    extend_clock,
    pause_clock,
    reckon,
    recompute,
    recount,
    resume_clock,
    wall,
)
from storage.policies import load_calendar
from tests.domain.clock_helpers import CN, HOURS, rule, sh, started
from tests.domain.test_calendar import VECTORS


def due(clock: Clock) -> str:
    assert clock.due is not None
    return wall(clock.due, end=True)


def paused(clock: Clock, start: str, end: str, kind: str = "court") -> Clock:
    return resume_clock(pause_clock(clock, sh(start), kind), sh(end), CN, HOURS)


@pytest.mark.parametrize("clock_time", ["00:00", "07:00", "10:00", "23:59"])
@pytest.mark.parametrize(("start", "n", "last"), VECTORS)
def test_vector_is_due_at_the_end_of_its_day(start: str, n: int, last: str, clock_time: str) -> None:
    assert due(started(f"{n}wd", f"{start} {clock_time}")) == f"{last} 24:00"


@pytest.mark.parametrize(("start", "provisional"), [("2026-12-24 10:00", True), ("2026-12-21 10:00", False)])
def test_only_a_count_that_reaches_an_unannounced_year_is_provisional(start: str, provisional: bool) -> None:
    assert started("7wd", start).provisional is provisional


def test_a_count_says_which_days_it_counted() -> None:
    clock = started("7wd", "2026-02-13 10:00")
    assert clock.counted == Counted(first=sh("2026-02-14").date(), last=sh("2026-03-02").date(), days=7)


@pytest.mark.parametrize(
    ("limit", "start", "end"),
    [
        ("1wh", "2026-03-02 09:00", "2026-03-02 10:00"),
        ("1wh", "2026-03-02 11:00", "2026-03-02 12:00"),  # at the break the first instant is meant
        ("1wh", "2026-03-02 11:30", "2026-03-02 14:30"),  # the lunch break does not run
        ("1wh", "2026-03-02 12:30", "2026-03-02 15:00"),
        ("1wh", "2026-03-02 07:00", "2026-03-02 09:30"),
        ("1wh", "2026-03-02 17:00", "2026-03-03 09:00"),
        ("1wh", "2026-03-06 17:30", "2026-03-09 09:30"),  # closed, over a weekend
        ("4wh", "2026-03-07 10:00", "2026-03-09 14:30"),  # started on a weekend
        ("1wh", "2026-02-13 17:00", "2026-02-14 09:00"),  # into a make-up Saturday
        ("1wh", "2026-02-14 17:00", "2026-02-24 09:00"),  # over Spring Festival
        ("7wh", "2026-03-02 00:00", "2026-03-02 17:30"),
        ("1d", "2026-03-02 10:00", "2026-03-03 24:00"),
        ("1d", "2026-03-02 00:00", "2026-03-03 24:00"),
        ("4d", "2026-03-03 10:00", "2026-03-09 24:00"),  # Saturday 7th moves to Monday (民法典 203)
        ("1d", "2026-02-13 10:00", "2026-02-14 24:00"),  # a make-up Saturday stands
        ("24h", "2026-02-14 10:00", "2026-02-15 10:00"),
        ("30min", "2026-03-07 23:45", "2026-03-08 00:15"),
        ("45s", "2026-03-07 23:59:30", "2026-03-08 00:00:15"),
    ],
)
def test_units_run_as_the_table_says(limit: str, start: str, end: str) -> None:
    assert due(started(limit, start)) == end


def test_one_day_with_a_calendar_is_one_working_day_not_24_working_hours() -> None:  # peers A3.8
    assert due(started("1wd", "2026-03-06 16:00")) == "2026-03-09 24:00"


def test_a_moved_end_says_from_where() -> None:
    counted = started("4d", "2026-03-03 10:00").counted
    assert counted == Counted(
        first=sh("2026-03-04").date(), last=sh("2026-03-09").date(), days=4, moved_from=sh("2026-03-07").date()
    )


# Pauses --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("limit", "start", "pause", "end"),
    [
        ("3wd", "2026-03-02 10:00", ("2026-03-03 09:00", "2026-03-03 17:00"), "2026-03-05 24:00"),  # no end inside
        ("3wd", "2026-03-02 10:00", ("2026-03-03 09:00", "2026-03-04 00:00"), "2026-03-06 24:00"),
        ("3wd", "2026-03-02 10:00", ("2026-03-03 09:00", "2026-03-05 09:00"), "2026-03-09 24:00"),
        ("3wd", "2026-03-05 10:00", ("2026-03-07 00:00", "2026-03-09 09:00"), "2026-03-10 24:00"),  # a weekend is free
        ("1wd", "2026-03-02 10:00", ("2026-03-02 11:00", "2026-03-03 09:00"), "2026-03-04 24:00"),
        ("1wh", "2026-03-02 11:00", ("2026-03-02 11:30", "2026-03-02 14:00"), "2026-03-02 14:30"),
        ("3d", "2026-03-02 10:00", ("2026-03-03 09:00", "2026-03-04 09:00"), "2026-03-06 24:00"),
        ("4d", "2026-03-03 10:00", ("2026-03-08 09:00", "2026-03-08 20:00"), "2026-03-09 24:00"),
        ("4d", "2026-03-03 10:00", ("2026-03-08 09:00", "2026-03-10 09:00"), "2026-03-10 24:00"),
        ("24h", "2026-03-02 10:00", ("2026-03-02 11:00", "2026-03-02 11:20"), "2026-03-03 10:20"),
    ],
)
def test_a_pause_moves_the_due_by_its_length_in_the_unit(
    limit: str, start: str, pause: tuple[str, str], end: str
) -> None:
    assert due(paused(started(limit, start), *pause)) == end


def test_a_paused_clock_is_never_due() -> None:  # peers A3.2
    clock = pause_clock(started("3wd", "2026-03-02 10:00"), sh("2026-03-03 09:00"), "court", "no. 7")
    assert (clock.due, clock.yellow_at, clock.red_at, clock.counted, clock.paused) == (None, None, None, None, True)


def test_a_pause_that_begins_when_overdue_moves_nothing() -> None:
    assert due(paused(started("1wd", "2026-03-02 10:00"), "2026-03-04 00:00", "2026-03-06 10:00")) == "2026-03-03 24:00"


def test_a_pause_survives_a_change_of_rule() -> None:  # peers A3.1
    clock = paused(started("7wd", "2026-03-02 10:00"), "2026-03-03 09:00", "2026-03-05 09:00")
    changed = change_rule(clock, rule("3wd"), CN, HOURS)
    assert (changed.pauses, changed.start, due(changed)) == (clock.pauses, clock.start, "2026-03-09 24:00")


def test_an_open_pause_survives_a_change_of_rule() -> None:  # peers A3.1
    clock = pause_clock(started("7wd", "2026-03-02 10:00"), sh("2026-03-03 09:00"), "court")
    changed = change_rule(clock, rule("3wd"), CN, HOURS)
    assert (changed.paused, changed.due) == (True, None)
    assert due(resume_clock(changed, sh("2026-03-05 09:00"), CN, HOURS)) == "2026-03-09 24:00"


def test_a_unit_that_takes_over_late_gets_a_clock_of_its_own() -> None:  # peers A3.4
    overall = started("7wd", "2026-03-02 10:00")
    own = started("5wd", "2026-03-11 16:00")
    assert (due(overall), due(own)) == ("2026-03-11 24:00", "2026-03-18 24:00")


# Extensions ----------------------------------------------------------------------------------------------------------


def test_an_extension_counts_on_in_working_days() -> None:
    clock = extend_clock(started("7wd", "2026-02-13 10:00"), Limit.parse("3wd"), CN, HOURS)
    assert (due(clock), clock.counted and clock.counted.days) == ("2026-03-05 24:00", 10)


def test_an_extension_in_another_unit_runs_on_from_the_end() -> None:
    clock = extend_clock(started("1wd", "2026-03-05 10:00"), Limit.parse("2d"), CN, HOURS)
    assert due(clock) == "2026-03-09 24:00"


def test_an_extension_of_a_paused_clock_counts_after_the_pause() -> None:
    clock = pause_clock(started("1wd", "2026-03-02 10:00"), sh("2026-03-03 09:00"), "court")
    clock = extend_clock(clock, Limit.parse("2wd"), CN, HOURS)
    assert clock.due is None
    assert due(resume_clock(clock, sh("2026-03-03 10:00"), CN, HOURS)) == "2026-03-05 24:00"


# Warnings ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("limit", "start", "yellow", "red"),
    [
        ("7wd", "2026-02-13 10:00", "2026-03-01 00:00", "2026-03-03 00:00"),  # 28 February works, 1 March is off
        ("1wd", "2026-03-02 10:00", "2026-03-03 00:00", "2026-03-04 00:00"),
        ("1wd", "2026-03-07 10:00", None, "2026-03-10 00:00"),  # one working day before lies before the start
        ("5wd", "2026-03-06 10:00", "2026-03-13 00:00", "2026-03-16 00:00"),  # red on Monday after a Friday
        ("4wh", "2026-03-02 09:00", None, "2026-03-03 00:00"),
    ],
)
def test_cards_come_one_working_day_before_and_on_the_first_after(
    limit: str, start: str, yellow: str | None, red: str
) -> None:
    clock = started(limit, start)
    assert (clock.yellow_at and wall(clock.yellow_at), clock.red_at and wall(clock.red_at)) == (yellow, red)


@pytest.mark.parametrize(
    ("limit", "start", "before", "yellow"),
    [
        ("7wh", "2026-03-02 09:00", "1wh", "2026-03-02 17:00"),
        ("4wh", "2026-03-02 09:00", "1wh", "2026-03-02 12:00"),  # at a break the earlier instant is meant
        ("5d", "2026-03-04 09:00", "2d", "2026-03-08 00:00"),
        ("24h", "2026-03-02 09:00", "2h", "2026-03-03 07:00"),
        ("42s", "2026-03-02 09:00", "6s", "2026-03-02 09:00:36"),
    ],
)
def test_a_yellow_card_may_be_given_in_any_unit(limit: str, start: str, before: str, yellow: str) -> None:
    clock = started(limit, start, warn=Warn(yellow=Limit.parse(before)))
    assert clock.yellow_at is not None
    assert wall(clock.yellow_at) == yellow


def test_a_red_card_may_come_after_a_length_of_time() -> None:
    assert started("42s", "2026-03-02 09:00", warn=Warn(red=Limit.parse("6s"))).red_at == sh("2026-03-02 09:00:48")


# Recounts ------------------------------------------------------------------------------------------------------------


def test_a_recount_under_a_new_notice_keeps_all_inputs() -> None:  # peers A3.9
    old = load_calendar("cn:2024.1+2025.1")
    clock = started("7wd", "2026-02-13 10:00", old)
    assert clock.provisional
    again = recount(clock, CN, HOURS)
    assert again == started("7wd", "2026-02-13 10:00")
    assert (due(again), again.provisional, again.calendar) == ("2026-03-02 24:00", False, CN.version)


def test_a_recomputation_under_another_calendar_is_refused() -> None:
    with pytest.raises(ClockError) as refused:
        recompute(started("7wd", "2026-02-13 10:00"), load_calendar("cn:2024.1"), HOURS)
    assert refused.value.code == "calendar_mismatch"


def test_a_tampered_due_is_found_by_recomputing() -> None:
    clock = started("7wd", "2026-02-13 10:00")
    tampered = clock.model_copy(update={"due": sh("2026-03-05")})
    assert recompute(tampered, CN, HOURS) == clock != tampered


def test_a_clock_survives_json() -> None:
    clock = extend_clock(
        paused(started("7wd", "2026-02-13 10:00"), "2026-02-24 09:00", "2026-02-25 09:00"),
        Limit.parse("2wd"),
        CN,
        HOURS,
    )
    assert Clock.model_validate_json(clock.model_dump_json()) == clock


def test_a_clock_of_a_newer_release_can_be_read() -> None:
    stored = started("1wd", "2026-03-02 10:00").model_dump(mode="json") | {"later": 1}
    assert Clock.model_validate(stored).key == "k"


def test_instants_are_kept_in_utc() -> None:
    clock = started("1wd", "2026-03-02 10:00")
    assert (clock.start.tzinfo, clock.due) == (UTC, datetime(2026, 3, 3, 16, tzinfo=UTC))


def test_a_wake_up_date_is_reckoned_without_a_clock() -> None:
    assert reckon(sh("2026-03-02 10:00"), Limit.parse("10wd"), CN, HOURS) == sh("2026-03-17")


# Refusals ------------------------------------------------------------------------------------------------------------


def test_what_may_not_happen_to_a_clock_is_refused_by_code() -> None:
    clock = started("3wd", "2026-03-02 10:00")
    open_pause = pause_clock(clock, sh("2026-03-03 09:00"), "court")
    closed = resume_clock(open_pause, sh("2026-03-03 12:00"), CN, HOURS)
    attempts: dict[str, Callable[[], Clock]] = {
        "already_paused": lambda: pause_clock(open_pause, sh("2026-03-03 10:00"), "court"),
        "not_paused": lambda: resume_clock(clock, sh("2026-03-03 10:00"), CN, HOURS),
        "resume_too_early": lambda: resume_clock(open_pause, sh("2026-03-03 08:00"), CN, HOURS),
        "pause_too_early": lambda: pause_clock(closed, sh("2026-03-03 11:00"), "court"),
        "naive_instant": lambda: pause_clock(clock, datetime(2026, 3, 3), "court"),  # noqa: DTZ001 - the point
    }
    codes = {}
    for code, attempt in attempts.items():
        with pytest.raises(ClockError) as refused:
            attempt()
        codes[code] = refused.value.code
    assert codes == {code: code for code in attempts}


@pytest.mark.parametrize(
    "text", ["", "7", "wd", "0wd", "-1wd", "7 wd", "7WD", "1.5h", "٣wd", "7wd ", "9999999d", "7weeks"]
)
def test_a_limit_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="no limit"):
        Limit.parse(text)


@pytest.mark.parametrize("text", ["7wd", "4wh", "7d", "24h", "30min", "6s"])
def test_a_limit_reads_what_it_writes(text: str) -> None:
    assert Limit.parse(text).model_dump_json() == f'"{text}"' == f'"{Limit.parse(text)}"'


@pytest.mark.parametrize("spans", [("14:00-17:30", "08:30-12:00"), ("09:00-09:00",), ("17:00-09:00",), ("x",), ()])
def test_working_hours_out_of_order_are_refused(spans: tuple[str, ...]) -> None:
    with pytest.raises(ValidationError):
        Hours.parse(*spans)


# The explanation -----------------------------------------------------------------------------------------------------


def test_the_explanation_tells_every_input_and_the_due() -> None:
    clock = extend_clock(
        paused(started("7wd", "2026-12-24 10:00"), "2026-12-25 09:00", "2026-12-28 09:00"),
        Limit.parse("2wd"),
        CN,
        HOURS,
    )
    assert [line.code for line in explain(clock)] == [
        *("rule", "source", "limit", "start", "start_day", "extension", "pause", "calendar", "counted_wd", "due"),
        *("provisional", "yellow", "red"),
    ]


def test_the_explanation_says_what_was_counted() -> None:
    lines = {line.code: line.values for line in explain(started("7wd", "2026-02-13 10:00"))}
    assert lines["limit"] == {"limit": "7wd"}
    assert lines["counted_wd"] == {"first": "2026-02-14", "last": "2026-03-02", "days": "7"}
    assert lines["due"] == {"at": "2026-03-02 24:00"}


@pytest.mark.parametrize(("limit", "start", "due"), [("30min", "10:00:00", "10:30:00"), ("1h", "10:00", "11:00")])
def test_seconds_are_written_where_a_limit_is_shorter_than_hours(limit: str, start: str, due: str) -> None:
    lines = {line.code: line.values for line in explain(started(limit, "2026-02-13 10:00"))}
    assert (lines["start"]["at"], lines["due"]["at"]) == (f"2026-02-13 {start}", f"2026-02-13 {due}")


def test_the_explanation_of_a_paused_clock_has_no_due() -> None:
    clock = pause_clock(started("7wd", "2026-02-13 10:00"), sh("2026-02-14 10:00"), "court")
    codes = [line.code for line in explain(clock)]
    assert codes[-2:] == ["pause_open", "due_open"]
