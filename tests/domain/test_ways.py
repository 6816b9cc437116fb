"""The rows of ``domain/ways`` say where processes go: each is walked again, every stage is come to, every open one can end."""

import os
import random

import pytest

from domain import kernel
from domain.deciders import DECIDERS
from domain.process import NEW, SYSTEM
from storage.ways import CLOCK, Way, load_ways
from tests.domain.casekit import opening
from tests.domain.townkit import Town
from tests.domain.townmachine import Life
from tests.domain.ways import RECORDING, STAGES, Watch, again, steps

LIVES = 40 if os.environ.get(RECORDING) else 1


@pytest.mark.parametrize("kind", DECIDERS)
def test_every_arrow_is_walked_again(kind: str) -> None:
    """A row stays true or is written anew: each has a recorded step that goes along it by the rules of today."""
    walked = {way for recorded in steps(kind) for way in again(kind, recorded)}
    assert set(load_ways(kind)) == walked


@pytest.mark.parametrize("kind", DECIDERS)
def test_the_stages_are_those_of_the_vocabulary(kind: str) -> None:
    """A stage nobody comes to is none; every stage has its row."""
    known = load_ways(kind)
    assert list(known.stages) == [str(s) for s in STAGES[kind] if s != NEW]
    assert known.after(NEW) == set(known.stages)


@pytest.mark.parametrize("kind", DECIDERS)
def test_an_arrow_begins_where_its_command_may_come(kind: str) -> None:
    """What leads somewhere is a row of the decider's own table, in that stage; all else is a clock."""
    moves = DECIDERS[kind].moves
    for way in load_ways(kind):
        if not way.cause.startswith(CLOCK):
            assert way.source in moves[way.cause].stages, way


@pytest.mark.parametrize("kind", DECIDERS)
def test_every_open_stage_leads_to_an_end(kind: str) -> None:
    """Wherever a process stands, it can still come to a stage in which it is over."""
    decider, known = DECIDERS[kind], load_ways(kind)
    over = {s for s in known.stages if decider.closed(decider.initial().model_copy(update={"stage": s}))}
    assert over
    for stage in known.stages:
        assert stage in over or known.after(stage) & over, stage


def test_a_step_without_a_row_fails_the_test_that_takes_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """The watch would see an arrow that nobody recorded."""
    monkeypatch.setattr("tests.domain.ways._known", lambda _kind: frozenset({Way(NEW, "open", "screening")}))
    monkeypatch.setattr(kernel, "advance", Watch(recording=False))
    town = Town()
    assert town.send("case/c1", "open", opening("c1", town), SYSTEM) is None
    with pytest.raises(AssertionError, match="no row of domain/ways"):
        town.give("case/c1", "triage", triage="routine")


def test_explore() -> None:
    """Lives in which everybody does whatever he may, asked or not: many while the ways are recorded, so that rare ones are seen."""
    for n in range(LIVES):
        life = Life(random.Random(f"ways/{n}"))
        for _ in range(300):
            life.act()
