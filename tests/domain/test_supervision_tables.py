"""The tables of supervision and accountability agree: commands, permissions, texts, papers, workflows, samples; apply is total.

``golden/supervision`` and ``golden/accountability`` hold a sample of every command and event as the release that first wrote it
did: added, never changed. The ladder of supervision ends, and each step of accountability has its paper.
"""

import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from itertools import pairwise
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter

from domain import accountability, answering, incidents, papers, supervising, supervision
from domain.answering import commands as answering_commands
from domain.answering import events as answering_events
from domain.answering import words as answering_words
from domain.answering.outward import WATCHERS
from domain.answering.state import CHANGES as ANSWERING_CHANGES
from domain.proceeding import ProcessId
from domain.process import Decider, Event, Text
from domain.supervising import commands as supervising_commands
from domain.supervising import events as supervising_events
from domain.supervising import words
from domain.supervising.outward import PAPERS
from domain.supervising.state import CHANGES as SUPERVISING_CHANGES
from storage.policies import load_pack, pack_ids
from storage.texts import LANGUAGES, catalogue, sentence
from tests.domain.casekit import PERMISSIONS

ROOT = Path(__file__).parents[2]
NOW = datetime(2026, 3, 2, 1, tzinfo=UTC)
PLACES = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True)
class Kind:
    """One of the two kinds, with all that its tables are made of."""

    decider: Decider
    package: ModuleType
    commands: ModuleType
    events: dict[str, type[Event]]
    changes: Any
    over: frozenset[str]
    stages: type[StrEnum]
    vocabularies: dict[str, type[StrEnum]]
    clocks: tuple[str, ...]

    @property
    def name(self) -> str:
        return self.decider.kind

    @property
    def human(self) -> dict[str, Any]:
        return {n: self.decider.commands[n] for n, move in self.decider.moves.items() if not move.machine}

    def golden(self, what: str) -> dict[str, dict[str, Any]]:
        folder = Path(__file__).parent / "golden" / self.name
        return {p.name.split(".")[1]: json.loads(p.read_text()) for p in sorted(folder.glob(f"{what}.*.json"))}


SUPERVISION = Kind(
    decider=supervision.DECIDER,
    package=supervising,
    commands=supervising_commands,
    events={e.TYPE: e for e in supervising_events.EVENTS},
    changes=SUPERVISING_CHANGES,
    over=frozenset(map(str, words.OVER)),
    stages=words.Stage,
    vocabularies={
        "stage": words.Stage,
        "level": words.Level,
        "trigger": words.Trigger,
        "supervision_cause": words.Cause,
    },
    clocks=(*(c for pair in words.CLOCKS.values() for c in pair), "supervision_verify", "supervision_decide"),
)
ACCOUNTABILITY = Kind(
    decider=accountability.DECIDER,
    package=answering,
    commands=answering_commands,
    events={e.TYPE: e for e in answering_events.EVENTS},
    changes=ANSWERING_CHANGES,
    over=frozenset(map(str, answering_words.OVER)),
    stages=answering_words.Stage,
    vocabularies={
        "stage": answering_words.Stage,
        "step": answering_words.Step,
        "accountability_outcome": answering_words.Outcome,
        "answer_kind": answering_words.AnswerKind,
        "accountability_result": answering_words.Result,
    },
    clocks=("statement", "review_window", *WATCHERS),
)
KINDS = pytest.mark.parametrize("kind", [SUPERVISION, ACCOUNTABILITY], ids=lambda k: k.name)


# ---------------------------------------------------------------------------------------------------------- the tables


@KINDS
def test_every_command_has_one_move_and_one_row_of_permissions(kind: Kind) -> None:
    assert set(kind.decider.commands) == set(kind.decider.moves)
    for name, move in kind.decider.moves.items():
        roles = PERMISSIONS.roles_for(name)
        assert roles, name
        assert (roles == ("system",)) is move.machine
        assert set(roles) <= set(PERMISSIONS.roles)
        assert move.stages <= set(map(str, kind.stages))


@KINDS
def test_every_event_changes_the_state(kind: Kind) -> None:
    assert set(kind.events) == set(kind.changes)


@KINDS
def test_a_stage_that_is_no_end_has_a_way_on(kind: Kind) -> None:
    for stage in set(map(str, kind.stages)) - kind.over:
        assert any(stage in m.stages for m in kind.decider.moves.values() if not m.machine), stage


def test_the_ladder_goes_up_one_level_at_a_time_and_ends() -> None:
    levels = list(words.Level)
    assert dict(pairwise(levels)) == words.NEXT
    assert set(words.CLOCKS) == set(levels)
    steps = list(answering_words.Step)
    assert {later: earlier for earlier, later in pairwise(steps)} == answering_words.BEFORE


def test_every_paper_is_one_that_can_be_printed() -> None:
    assert {*PAPERS.values(), "supervision_order", *answering_words.PAPERS.values()} <= set(papers.KINDS)
    assert set(answering_words.PAPERS) == set(answering_words.Step)


@pytest.mark.parametrize("pack", pack_ids())
def test_every_pack_has_the_limits_that_the_rules_ask_for(pack: str) -> None:
    steps = load_pack(pack).steps
    asked = {c for pair in words.CLOCKS.values() for c in pair} | {
        "supervision_verify",
        "accountability_facts",
        "statement",
        "accountability_decide",
        "accountability_serve",
        "review_window",
        "review_decide",
        "rectify",
    }
    assert asked <= set(steps)
    for rights in ("statement", "review_window", "review_decide"):
        assert "any" in steps[rights]


# --------------------------------------------------------------------------------------------------------------- texts


@KINDS
@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_event_word_clock_notice_refusal_and_field_has_words(kind: Kind, lang: str) -> None:
    texts = catalogue(lang)
    for type_, model in kind.events.items():
        assert set(PLACES.findall(texts[f"event.{type_}"])) <= set(model.model_fields), type_
    wanted = {f"{home}.{w}" for home, vocabulary in kind.vocabularies.items() for w in vocabulary}
    wanted |= {f"clock.{c}" for c in kind.clocks}
    wanted |= {f"console.field.{f}" for model in kind.human.values() for f in model.model_fields}
    wanted |= {f"command.{c}" for c in kind.decider.commands}
    source = "".join(p.read_text() for p in Path(next(iter(kind.package.__path__))).glob("*.py"))
    refusals = set(re.findall(r'Refusal\(\s*"(\w+)"', source))
    assert len(refusals) >= 8
    wanted |= {f"refusal.{code}" for code in refusals}
    outward = (Path(next(iter(kind.package.__path__))) / "outward.py").read_text()
    said = set(re.findall(rf'"({kind.name}_\w+)"', outward)) - {"supervision_order", "supervision_ended"}
    said -= {clock for clock in kind.clocks if clock in said}
    assert len(said) >= 5
    wanted |= {f"notice.{what}" for what in said}
    assert sorted(wanted - set(texts)) == []


@KINDS
def test_both_languages_have_the_same_keys_and_places(kind: Kind) -> None:
    zh, en = (
        re.findall(
            r'^msgid "(\S+)"\nmsgstr "(.*)"$',
            (ROOT / "domain" / "locale" / lang / f"{kind.name}.po").read_text(),
            re.MULTILINE,
        )
        for lang in LANGUAGES
    )
    assert [(k, set(PLACES.findall(v))) for k, v in zh] == [(k, set(PLACES.findall(v))) for k, v in en]
    assert len(dict(zh)) == len(zh)
    assert all(v for _, v in (*zh, *en))


def test_a_sentence_reads_well() -> None:
    body = {"unit": "water", "level": "催办", "trigger": "逾期"}
    assert sentence("supervision_issued", body) == "对 water 发起催办（逾期）"


# ----------------------------------------------------------------------------------------------------------- workflows


@KINDS
def test_a_workflow_shows_every_human_command_by_its_name_and_every_kind_of_effect(kind: Kind) -> None:
    """Read, not imported: the rules' tests load no Temporal."""
    source = (ROOT / "workflows" / f"{kind.name}.py").read_text()
    shown = re.findall(r"^    (\w+) = decision\((c|incidents)\.(\w+)\)$", source, re.MULTILINE)
    models = {name: getattr(kind.commands if home == "c" else incidents, model) for name, home, model in shown}
    assert len(models) == len(shown)
    assert all(name == model.NAME for name, model in models.items())
    assert set(models) == set(kind.human) | {"retry_effect", "redirect_effect", "waive_effect"}
    assert f'@workflow.defn(name="{kind.name.title()}Workflow")' in source
    assert set(re.findall(r'case "(\w+)":', source)) == {"notice", "tell", "start"}


# -------------------------------------------------------------------------------------------------------------- golden


@KINDS
def test_every_command_and_event_has_its_sample_and_none_was_removed(kind: Kind) -> None:
    assert set(kind.golden("command")) == set(kind.decider.commands)
    assert set(kind.golden("event")) == set(kind.events)


@KINDS
def test_what_was_written_is_still_read(kind: Kind) -> None:
    for what, models in (("command", kind.decider.commands), ("event", kind.events)):
        for name, sample in kind.golden(what).items():
            read = models[name].model_validate(sample)
            assert json.loads(read.model_dump_json()) == sample, name
            assert read.model_fields_set == set(models[name].model_fields), name
            for field, info in models[name].model_fields.items():
                if any(isinstance(m, Text) for m in info.metadata):
                    assert "#" in sample[field], "a reference, no words"


@KINDS
@settings(max_examples=100, deadline=None)
@given(data=st.data(), begun=st.booleans())
def test_apply_and_all_that_looks_at_a_state_are_total(kind: Kind, data: st.DataObject, begun: bool) -> None:
    """Any events in any order, sensible or not: the state and all that is read from it can be had."""
    samples = kind.golden("event")
    first = "supervision_issued" if kind is SUPERVISION else "accountability_opened"
    types = data.draw(st.lists(st.sampled_from(sorted(samples)), max_size=15))
    state = kind.decider.initial()
    for type_ in ([first] if begun else []) + types:
        event = kind.events[type_].model_validate(samples[type_])
        state = kind.decider.apply(state, event, NOW)
        kind.decider.effects(state, event)
        kind.decider.timers(state)
        kind.decider.claims(state)
        kind.decider.columns(state)
        assert kind.decider.state.model_validate_json(state.model_dump_json()) == state
        if state.opened_at is not None:
            kind.decider.todos(state)
            kind.decider.card(state)


def test_process_ids_that_are_made_here_are_process_ids() -> None:
    adapter = TypeAdapter(ProcessId)
    body = SUPERVISION.golden("event")["supervision_issued"]
    state = supervision.DECIDER.initial()
    state = supervision.DECIDER.apply(state, supervising_events.SupervisionIssued.model_validate(body), NOW)
    assert adapter.validate_python(state.beside(words.Level.on_site)) == "supervision/leak/on_site/c1-1.supervise"
    opened = ACCOUNTABILITY.golden("event")["accountability_opened"]
    other = accountability.DECIDER.initial()
    other = accountability.DECIDER.apply(other, answering_events.AccountabilityOpened.model_validate(opened), NOW)
    assert adapter.validate_python(other.listing) == "supervision/leak/listed/water.a1"
