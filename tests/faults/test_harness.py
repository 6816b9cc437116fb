"""The harness itself: the same seed gives the same run, and a planted word is found wherever it lies."""

from collections import Counter
from pathlib import Path

import pytest

from tests.faults import canary
from tests.faults.driver import CANARIES
from tests.faults.hooks import Orders, read
from tests.faults.lives import Life, by_script, differences
from tests.faults.schedule import KILLS, TROUBLES, WORTH, killed, schedule
from tests.faults.scripts import SCRIPTS, cast


def test_the_same_seed_casts_and_strikes_the_same_way() -> None:
    assert cast(300, 7) == cast(300, 7)
    assert schedule(7, 200, 2000) == schedule(7, 200, 2000)
    assert schedule(7, 200, 2000) != schedule(8, 200, 2000)


@pytest.mark.parametrize("kills", [0, 1, 6, 7, 30, 200])
def test_a_schedule_kills_exactly_so_many_processes(kills: int) -> None:
    struck = Counter(fault.kind for fault in schedule(7, kills, 200))
    assert killed(struck) == kills
    assert set(TROUBLES) <= set(struck)
    assert struck["outage"] >= 1
    if kills >= sum(WORTH.get(kind, 1) for kind in KILLS):
        assert set(KILLS) <= set(struck)


def test_every_script_is_played_where_there_are_cases_enough() -> None:
    assert {s.name for s in cast(len(SCRIPTS), 3)} == {s.name for s in SCRIPTS}


def test_an_order_to_die_is_taken_back_or_obeyed_never_both(tmp_path: Path) -> None:
    orders = Orders(tmp_path)
    struck = orders.arm("worker", 1)
    assert orders.disarm(struck)
    assert not orders.disarm(struck)
    assert read(struck) is None


@pytest.mark.parametrize("word", CANARIES)
def test_a_planted_word_is_found_as_it_is_and_as_json_escapes_it(word: str, tmp_path: Path) -> None:
    for n, form in enumerate(canary.forms(word)):
        file = tmp_path / f"{n}.log"
        file.write_bytes(b"\x00before" + form + b"after")
        assert list(canary.in_files([file], CANARIES)) == [f"{n}.log holds {word}"]
    assert list(canary.in_texts([f'{{"detail": "{word}"}}', "nothing"], CANARIES)) != []
    assert list(canary.in_texts(["nothing"], CANARIES)) == []


def life(*events: str, effects: tuple[str, ...] = ()) -> Life:
    return Life(script="straight", events=list(events), effects=list(effects))


@pytest.mark.parametrize(
    "other", [life("opened"), life("opened", "closed", "closed"), life("opened", "closed", effects=("notice",))]
)
def test_a_life_that_came_out_differently_is_named(other: Life) -> None:
    calm, unsteady = by_script({"c1.a": life("opened", "closed"), "c2.a": life("opened", "closed")})
    assert not unsteady
    assert differences(calm, {"c7.a": life("opened", "closed")}) == []
    (line,) = differences(calm, {"c7.a": other})
    assert line.startswith("c7.a (straight)")
    _, (line,) = by_script({"c1.a": life("opened", "closed"), "c2.a": other})
    assert "not the same every time" in line
