"""The tables agree with one another, and what was ever written can still be read (architecture 1.2, law 4).

``golden/`` holds a sample of every command and event as the release that first wrote it did. Samples are added, never
changed: a test that fails here says that stored journals or waiting commands of a running city would no longer be read.
"""

import json
from datetime import UTC, datetime
from enum import EnumMeta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from domain import kernel
from domain.case import DECIDER, MOVES, RULES
from domain.casework import words
from domain.casework.applying import CHANGES
from domain.casework.commands import COMMANDS
from domain.casework.events import EVENTS
from domain.casework.words import Stage
from domain.process import Command, Event
from tests.domain.casekit import PERMISSIONS, City

GOLDEN = Path(__file__).parent / "golden"
ALL_COMMANDS = {**COMMANDS, **kernel.KERNEL_COMMANDS}
ALL_EVENTS = {**EVENTS, **kernel.KERNEL_EVENTS}
NOW = datetime(2026, 3, 2, 1, tzinfo=UTC)


def golden(kind: str) -> dict[str, dict[str, Any]]:
    return {p.name.split(".")[1]: json.loads(p.read_text()) for p in sorted(GOLDEN.glob(f"{kind}.*.json"))}


GOLDEN_COMMANDS = golden("command")
GOLDEN_EVENTS = golden("event")


# ---------------------------------------------------------------------------------------------------------- the tables


def test_every_command_has_one_move_one_rule_and_one_row_of_permissions() -> None:
    assert set(COMMANDS) == set(MOVES) == set(RULES)
    assert set(ALL_COMMANDS) <= set(PERMISSIONS.commands)


def test_every_event_has_a_change_or_is_said_to_have_none() -> None:
    assert set(CHANGES) == set(EVENTS)


def test_a_table_is_keyed_by_the_names_of_its_models() -> None:
    assert all(name == model.NAME for name, model in ALL_COMMANDS.items())
    assert all(name == model.TYPE for name, model in ALL_EVENTS.items())
    assert not set(EVENTS) & set(kernel.KERNEL_EVENTS)
    assert not set(COMMANDS) & set(kernel.KERNEL_COMMANDS)


@pytest.mark.parametrize("name", MOVES)
def test_machine_commands_are_the_systems_and_no_others(name: str) -> None:
    roles = PERMISSIONS.roles_for(name)
    assert (roles == ("system",)) is MOVES[name].machine
    assert set(roles) <= set(PERMISSIONS.roles)


@pytest.mark.parametrize("name", MOVES)
def test_a_move_names_stages_that_exist(name: str) -> None:
    assert MOVES[name].stages <= {str(s) for s in Stage}
    assert MOVES[name].stages


def test_every_stage_that_is_not_an_end_has_a_way_on() -> None:
    ends = {Stage.answered, Stage.diverted, Stage.guided, Stage.declined, Stage.archived}
    for stage in set(Stage) - ends:
        assert any(stage in move.stages for move in MOVES.values()), stage


# ------------------------------------------------------------------------------------------------------ golden samples


def test_every_command_and_event_has_its_sample_and_none_was_removed() -> None:
    assert set(GOLDEN_COMMANDS) == set(ALL_COMMANDS)
    assert set(GOLDEN_EVENTS) == set(ALL_EVENTS)


@pytest.mark.parametrize("name", GOLDEN_COMMANDS)
def test_a_command_as_it_was_is_still_read(name: str) -> None:
    command = ALL_COMMANDS[name].model_validate(GOLDEN_COMMANDS[name])
    _holds(command, GOLDEN_COMMANDS[name])


@pytest.mark.parametrize("type_", GOLDEN_EVENTS)
def test_an_event_as_it_was_is_still_read_and_applied(type_: str) -> None:
    event = ALL_EVENTS[type_].model_validate(GOLDEN_EVENTS[type_])
    _holds(event, GOLDEN_EVENTS[type_])
    if type_ in EVENTS:
        DECIDER.apply(DECIDER.initial(), event, NOW)
        DECIDER.apply(City().case().dispatched().state, event, NOW)


def _holds(model: Command | Event, sample: dict[str, Any]) -> None:
    """Fail when a field of the sample, however deep, is not kept: ignored fields would be lost in a replay."""
    kept = json.loads(model.model_dump_json())
    for path, value in _leaves(sample):
        found: Any = kept
        for step in path:
            assert step in found if isinstance(found, dict) else step < len(found), f"{path} was removed"
            found = found[step]
        assert found == value or _instant(found) == _instant(value), path


def _leaves(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[tuple[Any, ...], Any]]:
    if isinstance(value, dict):
        return [leaf for key, item in value.items() for leaf in _leaves(item, (*path, key))]
    if isinstance(value, list):
        return [leaf for n, item in enumerate(value) for leaf in _leaves(item, (*path, n))]
    return [(path, value)]


def _instant(value: object) -> object:
    try:
        return datetime.fromisoformat(str(value))
    except ValueError:
        return value


@pytest.mark.parametrize("name", json.loads((GOLDEN / "words.json").read_text()))
def test_no_word_of_a_closed_vocabulary_was_removed(name: str) -> None:
    now = getattr(words, name)
    assert isinstance(now, EnumMeta)
    assert set(json.loads((GOLDEN / "words.json").read_text())[name]) <= set(map(str, now.__members__.values()))


class _Before(Event):
    TYPE = "sample"
    kept: str
    gone: int


class _Less(Event):
    TYPE = "sample"
    kept: str


class _More(Event):
    TYPE = "sample"
    kept: str
    gone: int
    demanded: str


def test_the_check_notices_a_removed_and_a_newly_required_field() -> None:
    sample = json.loads(_Before(kept="a", gone=1).model_dump_json())
    with pytest.raises(AssertionError, match="was removed"):
        _holds(_Less.model_validate(sample), sample)
    with pytest.raises(ValidationError):
        _More.model_validate(sample)


# ------------------------------------------------------------------------------------------------------------- totality


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from(sorted(EVENTS)), max_size=25), st.booleans())
def test_apply_and_all_that_looks_at_a_state_are_total(types: list[str], opened: bool) -> None:
    """Any events in any order, sensible or not: the state, its timers, todos, claims and card can be had."""
    state = DECIDER.initial()
    if opened:
        state = DECIDER.apply(state, EVENTS["opened"].model_validate(GOLDEN_EVENTS["opened"]), NOW)
    for type_ in types:
        state = DECIDER.apply(state, EVENTS[type_].model_validate(GOLDEN_EVENTS[type_]), NOW)
        DECIDER.timers(state)
        DECIDER.todos(state)
        DECIDER.claims(state)
        DECIDER.card(state)
        DECIDER.columns(state)
        assert isinstance(DECIDER.closed(state), bool)


@pytest.mark.parametrize(
    ("type_", "fields"),
    [
        ("corrected", {"field": "stage", "value": "archived"}),
        ("corrected", {"field": "case_type", "value": "a word of a later release"}),
        ("order_ended", {"order": "a1", "how": "a word of a later release"}),
        ("screening_ended", {"end": "new"}),
    ],
)
def test_an_event_with_a_word_nobody_knows_is_applied_without_failing(type_: str, fields: dict[str, str]) -> None:
    case = City().case().dispatched().state
    event = EVENTS[type_].model_validate(GOLDEN_EVENTS[type_] | fields)
    assert DECIDER.apply(case, event, NOW).stage is case.stage
