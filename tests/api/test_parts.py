"""The small parts: buckets, colours, cursors, the memory of sessions."""

from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.bodies import plain_json
from api.limits import MOST_KEYS, Buckets
from api.paging import cursor_of, keys_of
from api.problems import Problem
from api.services import Briefly
from api.todos.colours import Colours
from tests.domain.clock_helpers import sh


def test_a_bucket_gives_its_burst_and_then_its_rate() -> None:
    now = [0.0]
    bucket = Buckets(2, 3, lambda: now[0])
    assert [bucket.take("a") for _ in range(4)] == [0, 0, 0, 0.5]
    assert bucket.take("b") == 0
    now[0] = 0.5
    assert [bucket.take("a"), bucket.take("a") > 0] == [0, True]


def test_buckets_forget_the_least_used() -> None:
    bucket = Buckets(1, 1)
    for n in range(MOST_KEYS + 10):
        bucket.take(str(n))
    assert len(bucket._levels) == MOST_KEYS


def test_colours_follow_working_days_of_the_pack() -> None:
    friday = sh("2026-03-06 10:00")
    colours = Colours(friday)
    assert colours.of(None, "haikou") == "grey"
    assert colours.of(friday - timedelta(seconds=1), "haikou") == "red"
    assert colours.of(sh("2026-03-09 12:00"), "haikou") == "yellow"  # the Monday after the weekend
    assert colours.of(sh("2026-03-10 12:00"), "haikou") == "green"
    assert colours.of(friday + timedelta(hours=1), "demo") == "green"  # a day of the demo is seconds


PLAIN = st.text(alphabet=st.characters(categories=("L", "N", "P")))


@given(st.datetimes(timezones=st.just(UTC)), PLAIN, st.integers(1 - 2**53, 2**53 - 1))
def test_cursors_come_back_as_they_were(at: datetime, text: str, number: int) -> None:
    assert keys_of(cursor_of(at, text, number), datetime, str, int) == (at, text, number)


@given(st.text(max_size=80))
def test_any_other_cursor_is_refused_as_a_problem(text: str) -> None:
    with pytest.raises(Problem, check=lambda problem: problem.status == 422):
        keys_of(text, datetime, str)


@given(st.binary(max_size=300))
def test_any_bytes_are_json_or_a_problem(raw: bytes) -> None:
    with suppress(Problem):
        plain_json(raw, 8)


def test_a_brief_memory_forgets_by_time_and_by_number() -> None:
    brief: Briefly[int] = Briefly(60, 2)
    for n in range(3):
        brief.put(str(n), n)
    assert [brief.get(str(n)) for n in range(3)] == [None, 1, 2]
    brief.drop("1")
    assert brief.get("1") is None
    stale: Briefly[int] = Briefly(-1, 2)
    stale.put("a", 1)
    assert stale.get("a") is None


@pytest.mark.parametrize(("raw", "value"), [(b"2.0", 2), (b"1e2", 100), (b"2.5", 2.5), (b"-0.0", 0), (b"1e300", 1e300)])
def test_a_whole_number_is_an_integer_however_it_is_written(raw: bytes, value: float) -> None:
    found = plain_json(raw, 1)
    assert (found, type(found)) == (value, type(value))


@pytest.mark.parametrize("raw", [b"1", b'"x"', b"[1.5,null,true]", b'{"a":{"b":[]}}'])
def test_plain_json_is_read(raw: bytes) -> None:
    plain_json(raw, 4)
