"""Session and measure: every row of their tables, every word, every sample as the release that first wrote it did."""

import ast
import json
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

import pytest

from domain import keeping, kernel, measure, session
from domain.measures import words as measuring
from domain.measures.state import CHANGES as MEASURING
from domain.process import NEW, Command, Decider, Event, Text
from domain.sitting import words as sitting
from domain.sitting.state import CHANGES as SITTING
from storage.texts import catalogue
from tests.domain.asitwas import keeps
from tests.domain.sessionkit import S, drafted
from tests.domain.test_measure import M, verified
from tests.domain.townkit import PERMISSIONS, Town

ROOT = Path(__file__).parents[2]
NOW = datetime(2026, 3, 2, 1, tzinfo=UTC)
KINDS: Mapping[str, tuple[Decider, Any, type[StrEnum], str]] = {
    "session": (session.DECIDER, session.TABLE, sitting.Stage, "sitting"),
    "measure": (measure.DECIDER, measure.TABLE, measuring.Stage, "measures"),
}
SHARED = {e.TYPE for e in keeping.EVENTS}
TWO_NAMES = {"open", "supervision_refused"}
"""What more than one kind is told, by the same model or by its own opening."""
PLACES = re.compile(r"\{(\w+)\}")
LABELS: Mapping[str, type[StrEnum]] = {
    "session_kind": sitting.Kind,
    "session_level": sitting.SessionLevel,
    "measure_nature": measuring.Nature,
    "measure_level": measuring.Pressure,
    "measure_outcome": measuring.Outcome,
}
CLOCKS = {
    "session": ("sitting", "record", "minutes", "opinion", "again"),
    "measure": ("accept", "due", "milestone", "verify", "strike_off", "rebound"),
}
SAYING = {"notice": 0, "_to": 1, "_to_units": 1, "_to_unit": 1}
"""The functions by which the modules give notices, and where the word stands among their arguments."""

pytestmark = pytest.mark.parametrize("kind", KINDS)


def decider(kind: str) -> Decider:
    return KINDS[kind][0]


def human(kind: str) -> Iterator[tuple[str, type[Command]]]:
    found = decider(kind)
    return ((name, found.commands[name]) for name, move in found.moves.items() if not move.machine)


def lived(kind: str) -> tuple[Town, str]:
    return (drafted(), S) if kind == "session" else (verified(), M)


def calls(kind: str, function: str) -> Iterator[ast.Call]:
    """Where the modules of a kind call a function."""
    for path in (ROOT / "domain" / KINDS[kind][3]).glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == function:
                yield node


def constants(kind: str, function: str, position: int = 0) -> set[str]:
    """The constant words with which the modules of a kind call a function."""
    words = [call.args[position] for call in calls(kind, function) if len(call.args) > position]
    return {str(word.value) for word in words if isinstance(word, ast.Constant)}


# ---------------------------------------------------------------------------------------------------------------- tables


def test_every_command_has_one_row_and_one_name(kind: str) -> None:
    found, table = decider(kind), KINDS[kind][1]
    assert sorted(row[0] for row in table) == sorted(found.commands)
    assert all(name == model.NAME for name, model in found.commands.items())


def test_machine_commands_are_the_systems_and_no_others(kind: str) -> None:
    for name, move in decider(kind).moves.items():
        roles = PERMISSIONS.roles_for(name)
        assert roles, name
        assert (roles == ("system",)) is move.machine, name
        assert set(roles) <= set(PERMISSIONS.roles), name


def test_a_move_names_stages_that_exist_and_every_stage_that_is_no_end_has_a_way_on_for_people(kind: str) -> None:
    found, _, stages, _ = KINDS[kind]
    assert {str(s) for move in found.moves.values() for s in move.stages} == {NEW, *map(str, stages)}
    for stage in set(stages) - {"closed", "cancelled", "given_up"}:
        assert any(stage in move.stages and not move.machine for move in found.moves.values()), stage


def test_every_event_is_applied_by_something_and_its_type_is_its_own(kind: str) -> None:
    found = decider(kind)
    changes = {"session": SITTING, "measure": MEASURING}[kind]
    assert set(found.events) == {*SHARED, "stage_changed", *changes}
    assert all(type_ == model.TYPE for type_, model in found.events.items())
    assert not set(found.events) & set(kernel.KERNEL_EVENTS)


def test_the_two_kinds_share_no_word_but_those_all_have(kind: str) -> None:
    (other,) = set(KINDS) - {kind}
    assert set(decider(kind).commands) & set(decider(other).commands) == TWO_NAMES
    assert set(decider(kind).events) & set(decider(other).events) == {*SHARED, "stage_changed"}


def test_what_people_say_is_a_reference(kind: str) -> None:
    """Strings of commands are codes or references, never free text (law 8)."""
    for name, model in human(kind):
        for field, info in model.model_fields.items():
            coded = any(getattr(m, "pattern", None) for m in info.metadata) or Text in map(type, info.metadata)
            assert info.annotation is not str or coded, f"{name}.{field}"


def test_every_rule_is_documented(kind: str) -> None:
    for row in KINDS[kind][1]:
        assert row[2].__doc__, row[0]
    assert all(model.__doc__ for model in decider(kind).commands.values())


# --------------------------------------------------------------------------------------------------------------- samples


def golden(kind: str, what: str) -> dict[str, dict[str, Any]]:
    folder = Path(__file__).parent / "golden" / kind
    return {p.name.split(".")[1]: json.loads(p.read_text()) for p in sorted(folder.glob(f"{what}.*.json"))}


def test_every_command_and_event_has_its_sample_and_none_was_removed(kind: str) -> None:
    assert set(golden(kind, "command")) == set(decider(kind).commands)
    assert set(golden(kind, "event")) == set(decider(kind).events) - SHARED


def test_a_command_as_it_was_is_still_read_whole(kind: str) -> None:
    for name, sample in golden(kind, "command").items():
        kept = json.loads(decider(kind).commands[name].model_validate(sample).model_dump_json())
        assert keeps(kept, sample), name


def test_an_event_as_it_was_is_still_read_whole_and_applied_to_any_state(kind: str) -> None:
    found = decider(kind)
    town, process = lived(kind)
    for type_, sample in golden(kind, "event").items():
        event: Event = found.events[type_].model_validate(sample)
        kept = json.loads(event.model_dump_json())
        assert keeps(kept, sample), type_
        for state in (found.initial(), town.state(process)):
            after = found.apply(state, event, NOW)
            found.timers(after)
            found.effects(after, event)
            found.columns(after)


# ----------------------------------------------------------------------------------------------------------------- texts


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_word_has_its_text(kind: str, lang: str) -> None:
    found, _, stages, _ = KINDS[kind]
    keys = {f"stage.{s}" for s in stages} | {f"event.{t}" for t in found.events}
    keys |= {f"command.{c}" for c in found.commands}
    keys |= {f"refusal.{code}" for code in constants(kind, "Refusal")}
    keys |= {f"notice.{what}" for function, place in SAYING.items() for what in constants(kind, function, place)}
    keys |= {f"{label}.{word}" for label, enum in LABELS.items() for word in enum}
    keys |= {f"console.field.{field}" for _, model in human(kind) for field in model.model_fields}
    keys |= {f"clock.{clock}" for clock in CLOCKS[kind]}
    assert keys - catalogue(lang).keys() == set()


def test_every_event_has_a_sentence_that_its_body_fills(kind: str) -> None:
    for type_, model in decider(kind).events.items():
        if type_ not in SHARED:
            for lang in ("zh", "en"):
                assert set(PLACES.findall(catalogue(lang)[f"event.{type_}"])) <= set(model.model_fields), type_


def test_every_refusal_fills_its_text(kind: str) -> None:
    for call in calls(kind, "Refusal"):
        code = call.args[0]
        assert isinstance(code, ast.Constant)
        given = {k.arg for k in call.keywords}
        assert set(PLACES.findall(catalogue("zh")[f"refusal.{code.value!s}"])) <= given, code.value
