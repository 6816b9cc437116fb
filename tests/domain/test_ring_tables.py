"""The tables of the ring agree: levels, commands, permissions, texts, workflows, samples; and apply is total.

``golden/ring`` holds a sample of every command and event as the release that first wrote it did: added, never changed.
"""

import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain import incidents
from domain.keeping import EVENTS as CLOCK_EVENTS
from domain.process import Text
from domain.ring import DECIDER
from domain.ringing import commands
from domain.ringing.applying import CHANGES
from domain.ringing.events import OWN
from domain.ringing.outward import EFFECTS
from domain.ringing.specs import HIGHEST, SPECS
from domain.ringing.words import OVER, Level, RingKind, Side, Stage, Via
from storage.texts import LANGUAGES, catalogue, sentence
from tests.domain.asitwas import keeps
from tests.domain.casekit import PERMISSIONS
from tests.domain.test_ring_town import MIDDLE, Rings

ROOT = Path(__file__).parents[2]
GOLDEN = Path(__file__).parent / "golden" / "ring"
NOW = datetime(2026, 3, 2, 1, tzinfo=UTC)
HUMAN = {name: DECIDER.commands[name] for name, move in DECIDER.moves.items() if not move.machine}
EVENTS = {e.TYPE: e for e in OWN}
PLACES = re.compile(r"\{(\w+)\}")
ENUMS = {"stage": Stage, "ring_level": Level, "ring_kind": RingKind, "ring_via": Via, "ring_side": Side}


def golden(kind: str) -> dict[str, dict[str, Any]]:
    return {p.name.split(".")[1]: json.loads(p.read_text()) for p in sorted(GOLDEN.glob(f"{kind}.*.json"))}


COMMANDS_GIVEN, EVENTS_WRITTEN = golden("command"), golden("event")


# -------------------------------------------------------------------------------------------------------------- levels


def test_every_human_command_is_a_power_of_some_level_and_nothing_else_is() -> None:
    assert set(HUMAN) == set().union(*(spec.powers for spec in SPECS.values()))
    assert set(SPECS) == set(Level)


@pytest.mark.parametrize("level", Level)
def test_who_leads_a_ring_may_give_what_it_may_do(level: Level) -> None:
    spec = SPECS[level]
    units = {"report_in", "refuse_report_in", "rate_units", "rate_whistle", "enter_session"}
    for name in spec.powers - units:
        grants = PERMISSIONS.commands[name].grants
        assert spec.convener in grants, name
        assert spec.superior is None or spec.superior in grants, name
    assert spec.naming[2] in spec.powers


def test_only_the_highest_may_overtake() -> None:
    assert HIGHEST in {SPECS["middle"].superior, SPECS["large"].convener}


@pytest.mark.parametrize("name", DECIDER.moves)
def test_machine_commands_are_the_systems_and_no_others(name: str) -> None:
    roles = PERMISSIONS.roles_for(name)
    assert (roles == ("system",)) is DECIDER.moves[name].machine
    assert set(roles) <= set(PERMISSIONS.roles)


def test_a_stage_that_is_no_end_has_a_way_on() -> None:
    for stage in set(Stage) - OVER:
        assert any(stage in m.stages for m in DECIDER.moves.values() if not m.machine), stage


@pytest.mark.parametrize("level", Level)
@pytest.mark.parametrize("name", sorted(HUMAN))
def test_what_is_no_power_of_a_level_is_refused_there(level: Level, name: str) -> None:
    if name in SPECS[level].powers:
        return
    town = Rings(f"ring/c1/{level}/1").accepted()
    body = {"unit": "water", "lead": "water", "due": "2026-03-10", "session": "s1"}
    fields = {k: v for k, v in body.items() if k in HUMAN[name].model_fields}
    assert town.refuses(name, role=HIGHEST, **fields) == "not_at_this_level"


# --------------------------------------------------------------------------------------------------------------- texts


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_event_clock_notice_stage_and_field_has_words(lang: str) -> None:
    texts = catalogue(lang)
    for type_, model in EVENTS.items():
        assert set(PLACES.findall(texts[f"event.{type_}"])) <= set(model.model_fields), type_
    assert {f"{kind}.{w}" for kind, enum in ENUMS.items() for w in enum} <= set(texts)
    clocks = ("ring_answer", "ring_units", "ring_lead", "report_in", "ring_survey", "ring_conclude", "ring_rating")
    assert {f"clock.{c}" for c in clocks} <= set(texts)
    fields = {f for model in HUMAN.values() for f in model.model_fields}
    assert {f"console.field.{f}" for f in fields} <= set(texts)
    assert {f"command.{c}" for c in HUMAN} <= set(texts)


def test_both_languages_have_the_same_keys_and_places() -> None:
    zh, en = (
        re.findall(
            r'^msgid "(\S+)"\nmsgstr "(.*)"$', (ROOT / "domain" / "locale" / lang / "ring.po").read_text(), re.MULTILINE
        )
        for lang in LANGUAGES
    )
    assert [(k, set(PLACES.findall(v))) for k, v in zh] == [(k, set(PLACES.findall(v))) for k, v in en]
    assert len(dict(zh)) == len(zh)
    assert sentence("ring_unit_reported_in", {"unit": "water", "by": "u1"}, "en") == "water has reported in (u1)"


def test_every_refusal_and_notice_of_the_rules_has_words() -> None:
    source = "".join(p.read_text() for p in (ROOT / "domain" / "ringing").glob("*.py"))
    codes = set(re.findall(r'Refusal\("(\w+)"', source))
    notices = set(re.findall(r'"(ring_\w+)"(?:, |\)| if)', (ROOT / "domain" / "ringing" / "outward.py").read_text()))
    notices -= {"ring_start_refused"}
    assert len(codes) > 15
    assert len(notices) > 10
    for lang in LANGUAGES:
        texts = catalogue(lang)
        assert {c for c in codes if f"refusal.{c}" not in texts} == set()
        assert {n for n in notices if f"notice.{n}" not in texts} == set()


# ----------------------------------------------------------------------------------------------------------- workflows


@pytest.mark.parametrize("level", Level)
def test_a_workflow_shows_every_human_command_by_its_name_and_every_kind_of_effect(level: Level) -> None:
    """Read, not imported: the rules' tests load no Temporal."""
    source = (ROOT / "workflows" / f"{level}_ring.py").read_text()
    shown = re.findall(r"^    (\w+) = decision\((c|incidents)\.(\w+)\)$", source, re.MULTILINE)
    models = {name: getattr(commands if home == "c" else incidents, model) for name, home, model in shown}
    assert len(models) == len(shown)
    assert all(name == model.NAME for name, model in models.items())
    assert set(models) == set(HUMAN) | {"retry_effect", "redirect_effect", "waive_effect"}
    assert f'@workflow.defn(name="{level.title()}RingWorkflow")' in source
    assert set(re.findall(r'case "(\w+)":', source)) == {"notice", "tell", "start"}


# -------------------------------------------------------------------------------------------------------------- golden


def test_every_command_and_event_has_its_sample_and_none_was_removed() -> None:
    assert set(COMMANDS_GIVEN) == set(DECIDER.commands)
    assert set(EVENTS_WRITTEN) == set(EVENTS)
    assert set(EVENTS) | {"stage_changed"} | {e.TYPE for e in CLOCK_EVENTS} <= set(DECIDER.events)


@pytest.mark.parametrize("name", COMMANDS_GIVEN)
def test_a_command_as_it_was_is_still_read(name: str) -> None:
    model = DECIDER.commands[name]
    command = model.model_validate(COMMANDS_GIVEN[name])
    assert keeps(json.loads(command.model_dump_json()), COMMANDS_GIVEN[name])
    assert command.model_fields_set == set(model.model_fields)
    for field, info in model.model_fields.items():
        if any(isinstance(m, Text) for m in info.metadata):
            assert "#" in COMMANDS_GIVEN[name][field], "a reference, no words"


@pytest.mark.parametrize("type_", EVENTS_WRITTEN)
def test_an_event_as_it_was_is_still_read_and_applied(type_: str) -> None:
    event = EVENTS[type_].model_validate(EVENTS_WRITTEN[type_])
    assert keeps(json.loads(event.model_dump_json()), EVENTS_WRITTEN[type_])
    assert event.model_fields_set == set(EVENTS[type_].model_fields)
    DECIDER.apply(DECIDER.initial(), event, NOW)


def test_every_event_changes_the_state_or_is_said_not_to() -> None:
    assert set(EVENTS) <= set(CHANGES)
    assert set(EFFECTS) <= set(DECIDER.events)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.sampled_from(sorted(DECIDER.events)), max_size=20), st.booleans())
def test_apply_and_all_that_looks_at_a_state_are_total(types: list[str], opened: bool) -> None:
    """Any events in any order, sensible or not: the state and all that is read from it can be had."""
    samples = {p.name.split(".")[1]: json.loads(p.read_text()) for p in GOLDEN.parent.glob("event.*.json")}
    samples |= EVENTS_WRITTEN | AGENDA
    state = TOWN.ring_state if opened else DECIDER.initial()
    for type_ in types:
        event = DECIDER.events[type_].model_validate(samples[type_])
        state = DECIDER.apply(state, event, NOW)
        DECIDER.effects(state, event)
        DECIDER.timers(state)
        DECIDER.todos(state)
        DECIDER.claims(state)
        DECIDER.columns(state)
        DECIDER.card(state)


TOWN = Rings().with_units("water")
VERDICT = {"lead": "water", "co": ["roads"], "basis": "r#basis"}
AGENDA: dict[str, dict[str, Any]] = {
    "stage_changed": {"stage": "rating"},
    "item_proposed": {"item": "i1", "holder": "case/c1", "by": "u1"},
    "item_reserved": {"item": "i1"},
    "item_refused": {"item": "i1", "code": "x"},
    "item_dropped": {"item": "i1", "by": "u1"},
    "item_carried": {"item": "i1", "by": "u1", "to": "ring/c1/large/1"},
    "item_decided": {"item": "i1", "by": "u1", "verdict": VERDICT},
    "item_applied": {"item": "i1"},
    "item_overtaken": {"item": "i9", "code": "x"},
}


def test_the_row_of_the_lists_names_level_case_lead_and_matter() -> None:
    town = Rings(matter="road-7").accepted().decided()
    columns = DECIDER.columns(town.ring_state)
    row = columns["proceeding_row"][0]
    assert (row["id"], row["level"], row["case_no"], row["unit"], row["matter"]) == (
        MIDDLE,
        "middle",
        "c1",
        "water",
        "road-7",
    )
    assert columns["agenda_row"][0]["lead"] == "water"
    assert {p["unit"] for p in columns["party_row"]} == {"water", "roads", "east-1"}
