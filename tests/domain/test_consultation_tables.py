"""Consultation and adjudication: every row of their tables, every word, every sample as the release that first wrote it did."""

import ast
import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

import pytest

from domain import adjudication, cataloguing, consultation, keeping, kernel
from domain.adjudicating import words as adjudicating
from domain.adjudicating.state import CHANGES as ADJUDICATING
from domain.casework.commands import COMMANDS
from domain.consulting import words as consulting
from domain.consulting.state import CHANGES as CONSULTING
from domain.process import NEW, Command, Decider, Event, Text
from storage.texts import catalogue
from tests.domain.asitwas import keeps
from tests.domain.test_adjudication import A
from tests.domain.test_adjudication import referred as adjudication_town
from tests.domain.test_consultation import C
from tests.domain.test_consultation import undecided as consultation_town
from tests.domain.townkit import PERMISSIONS, Town

ROOT = Path(__file__).parents[2]
NOW = datetime(2026, 3, 2, 1, tzinfo=UTC)
KINDS = {
    "consultation": (consultation.DECIDER, consultation.TABLE, consulting.Stage, "consulting"),
    "adjudication": (adjudication.DECIDER, adjudication.TABLE, adjudicating.Stage, "adjudicating"),
}
SHARED = {e.TYPE for e in keeping.EVENTS}
OF_BOTH = {e.TYPE for e in cataloguing.EVENTS}
PLACES = re.compile(r"\{(\w+)\}")
LABELS: dict[str, type[StrEnum]] = {
    "opinion": consulting.Opinion,
    "consultation_how": consulting.Ended,
    "evidence_kind": adjudicating.EvidenceKind,
    "adjudication_form": adjudicating.RulingForm,
}

pytestmark = pytest.mark.parametrize("kind", KINDS)


def decider(kind: str) -> Decider:
    return KINDS[kind][0]


def human(kind: str) -> Iterator[tuple[str, type[Command]]]:
    found = decider(kind)
    return ((name, found.commands[name]) for name, move in found.moves.items() if not move.machine)


def constants(kind: str, function: str, position: int = 0) -> set[str]:
    """The words with which the modules of a kind call a function."""
    found = set()
    for path in (ROOT / "domain" / KINDS[kind][3]).glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and len(node.args) > position:
                name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
                word = node.args[position]
                if name == function and isinstance(word, ast.Constant):
                    found.add(str(word.value))
    return found


# ---------------------------------------------------------------------------------------------------------------- tables


def test_every_command_has_one_row_and_one_name(kind: str) -> None:
    found, table = decider(kind), KINDS[kind][1]
    assert sorted(row[0] for row in table) == sorted(found.commands)
    assert all(name == model.NAME for name, model in found.commands.items())
    assert not (set(found.commands) - {"open", "reserve_matter", "release_matter", "apply_decision"}) & set(COMMANDS)


def test_machine_commands_are_the_systems_and_no_others(kind: str) -> None:
    for name, move in decider(kind).moves.items():
        roles = PERMISSIONS.roles_for(name)
        assert roles, name
        assert (roles == ("system",)) is move.machine, name
        assert set(roles) <= set(PERMISSIONS.roles), name


def test_a_move_names_stages_that_exist_and_every_stage_that_is_no_end_has_a_way_on(kind: str) -> None:
    found, _, stages, _ = KINDS[kind]
    assert {str(s) for move in found.moves.values() for s in move.stages} == {NEW, *map(str, stages)}
    for stage in set(stages) - {"closed"}:
        assert any(stage in move.stages for move in found.moves.values())


def test_every_event_is_applied_by_something_and_its_type_is_its_own(kind: str) -> None:
    found = decider(kind)
    changes = {"consultation": CONSULTING, "adjudication": ADJUDICATING}[kind]
    assert set(found.events) == {*SHARED, "stage_changed", *changes}
    assert all(type_ == model.TYPE for type_, model in found.events.items())
    assert not set(found.events) & set(kernel.KERNEL_EVENTS)


def test_the_two_kinds_share_no_event_but_those_of_agendas_and_clocks(kind: str) -> None:
    (other,) = set(KINDS) - {kind}
    both = set(decider(kind).events) & set(decider(other).events)
    assert {t for t in both if not t.startswith("item_")} == {*SHARED, *OF_BOTH, "stage_changed"}


def test_what_people_say_is_a_reference(kind: str) -> None:
    """Strings of commands are codes or references, never free text (law 8)."""
    for name, model in human(kind):
        for field, info in model.model_fields.items():
            coded = any(getattr(m, "pattern", None) for m in info.metadata) or Text in map(type, info.metadata)
            assert info.annotation is not str or coded, f"{name}.{field}"


# --------------------------------------------------------------------------------------------------------------- samples


def golden(kind: str, what: str) -> dict[str, dict[str, Any]]:
    folder = Path(__file__).parent / "golden" / kind
    return {p.name.split(".")[1]: json.loads(p.read_text()) for p in sorted(folder.glob(f"{what}.*.json"))}


def test_every_command_and_event_has_its_sample_and_none_was_removed(kind: str) -> None:
    assert set(golden(kind, "command")) == set(decider(kind).commands)
    assert set(golden(kind, "event")) == set(decider(kind).events) - SHARED


def test_a_command_as_it_was_is_still_read_whole(kind: str) -> None:
    for name, sample in golden(kind, "command").items():
        kept = decider(kind).commands[name].model_validate(sample)
        assert keeps(json.loads(kept.model_dump_json()), sample), name


def test_an_event_as_it_was_is_still_read_whole_and_applied_to_any_state(kind: str) -> None:
    found = decider(kind)
    lived = {"consultation": (consultation_town, C), "adjudication": (adjudication_town, A)}[kind]
    town: Town = lived[0]()
    for type_, sample in golden(kind, "event").items():
        event: Event = found.events[type_].model_validate(sample)
        assert keeps(json.loads(event.model_dump_json()), sample), type_
        for state in (found.initial(), town.state(lived[1])):
            after = found.apply(state, event, NOW)
            found.timers(after)
            found.effects(after, event)


def test_an_event_about_an_item_nobody_knows_changes_no_item(kind: str) -> None:
    found = decider(kind)
    state = found.initial()
    for type_, sample in golden(kind, "event").items():
        if type_ != "item_proposed":
            after = found.apply(state, found.events[type_].model_validate(sample), NOW)
            assert getattr(after, "items", None) == {}, type_


# ----------------------------------------------------------------------------------------------------------------- texts


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_word_has_its_text(kind: str, lang: str) -> None:
    found, _, stages, _ = KINDS[kind]
    keys = (
        {f"stage.{s}" for s in stages} | {f"event.{t}" for t in found.events} | {f"command.{c}" for c in found.commands}
    )
    keys |= {f"refusal.{code}" for code in constants(kind, "Refusal")}
    keys |= {f"notice.{what}" for what in constants(kind, "notice") | constants(kind, "_to", 1)}
    keys |= {f"{label}.{word}" for label, enum in LABELS.items() for word in enum}
    keys |= {f"console.field.{field}" for _, model in human(kind) for field in model.model_fields}
    keys |= {f"clock.{clock}" for clock in ("vote", "meeting", "evidence", "adjudicate", "definition")}
    assert keys - catalogue(lang).keys() == set()


def test_every_event_has_a_sentence_that_its_body_fills(kind: str) -> None:
    for type_, model in decider(kind).events.items():
        if type_ not in SHARED:
            for lang in ("zh", "en"):
                assert set(PLACES.findall(catalogue(lang)[f"event.{type_}"])) <= set(model.model_fields), type_
