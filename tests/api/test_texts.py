"""The catalogue is whole: every code people meet has a text in zh and en, no text is without a code."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from babel.messages.pofile import read_po

from domain.casework import words
from domain.casework.events import EVENTS
from domain.deciders import DECIDERS
from domain.kernel import KERNEL_EVENTS
from storage.texts import LANGUAGES, catalogue, files, refusal, sentence, text

ROOT = Path(__file__).parents[2]
ENUMS = {
    "stage": words.Stage,
    "triage": words.Triage,
    "order_role": words.OrderRole,
    "order_state": words.OrderState,
    "channel": words.Channel,
    "case_type": words.CaseType,
    "caller_type": words.CallerType,
    "grade": words.Grade,
    "satisfaction": words.Satisfaction,
    "solved": words.Solved,
    "matter": words.MatterKind,
    "closing": words.ClosingCode,
}
PLACES = re.compile(r"\{(\w+)\}")


def own(lang: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for path in files(lang):
        with path.open("rb") as file:
            here = {str(m.id): str(m.string) for m in read_po(file) if m.id}
        assert not found.keys() & here.keys(), f"{path}: a text has one home"
        found |= here
    return found


def calls(*names: str) -> Iterator[str]:
    """First string arguments of calls to these names in the rules."""
    for path in (ROOT / "domain").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in names and node.args:
                first = node.args[0]
                if isinstance(first, ast.Constant) and isinstance(first.value, str):
                    yield first.value


def api_codes() -> Iterator[tuple[str, str]]:
    """Codes that the API's own problems and faults name, with the prefix their text has."""
    prefix = {"Problem": ("problem", 1), "Wrong": ("input", 1), "SignatureError": ("problem", 0)}
    for path in (*(ROOT / "api").rglob("*.py"), ROOT / "domain" / "signing.py"):
        if "console" in path.parts:
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in prefix:
                kind, position = prefix[node.func.id]
                code = node.args[position] if len(node.args) > position else None
                if isinstance(code, ast.Constant):
                    yield kind, str(code.value)


def test_both_languages_have_the_same_keys_and_no_empty_text() -> None:
    zh, en = own("zh"), own("en")
    assert zh.keys() == en.keys()
    assert all(zh.values())
    assert all(en.values())


def test_both_languages_fill_in_the_same_values() -> None:
    zh, en = own("zh"), own("en")
    assert {k: set(PLACES.findall(zh[k])) for k in zh} == {k: set(PLACES.findall(en[k])) for k in en}


def test_every_refusal_of_the_rules_has_a_text() -> None:
    journal = {"order_exists", "parked", "heads_differ", "workflow_ahead", "unknown_process", "not_begun"}
    codes = set(calls("Refusal")) | journal
    for lang in LANGUAGES:
        assert {c for c in codes if f"refusal.{c}" not in catalogue(lang)} == set()


def test_every_problem_of_the_api_has_a_text() -> None:
    found = set(api_codes())
    assert len(found) > 30
    assert {f"{kind}.{code}" for kind, code in found if f"{kind}.{code}" not in catalogue("zh")} == {
        "problem.unknown_process"  # the rules' own words
    }


def test_every_word_of_a_closed_vocabulary_has_a_label() -> None:
    missing = {f"{kind}.{member}" for kind, enum in ENUMS.items() for member in enum} - catalogue("zh").keys()
    assert missing == set()


def test_every_event_has_a_sentence_that_its_body_fills() -> None:
    for type_, model in {**EVENTS, **KERNEL_EVENTS}.items():
        names = set(PLACES.findall(catalogue("zh")[f"event.{type_}"]))
        fields = set(model.model_fields) | ({"key"} if type_ == "clock_set" else set())
        assert names <= fields, type_


def test_every_command_and_role_has_a_name() -> None:
    for decider in DECIDERS.values():
        assert {c for c in decider.commands if f"command.{c}" not in catalogue("en")} == set()


def test_every_label_stands_for_something() -> None:
    """No orphans: a key of the catalogue is a member, an event, a refusal or a word the code uses."""
    events = {**EVENTS, **KERNEL_EVENTS}
    known = {f"{kind}.{m}" for kind, enum in ENUMS.items() for m in enum} | {f"event.{e}" for e in events}
    source = "\n".join(
        p.read_text(encoding="utf-8")
        for top in ("domain", "api", "storage", "activities", "cli")
        for p in (ROOT / top).rglob("*.py")
    )
    source += "\n".join(p.read_text(encoding="utf-8") for p in (ROOT / "api").rglob("*.html"))
    words_used = set(re.findall(r"[a-z][a-z_0-9]*", source))
    mine = {k for k in own("zh") if not k.startswith("console.")}  # the pages' words are checked with the pages
    orphans = {k for k in mine - known if k.rpartition(".")[2] not in words_used}
    # These are put together: extension_{outcome} of the decision.
    assert orphans <= {"notice.extension_granted", "notice.extension_denied", "notice.extension_denied_late"}


def test_what_effects_say_has_a_name() -> None:
    said = ("order_sent", "replied", "attach_follower", "confirm_merge", "yellow_card", "red_card", "order_message")
    assert [w for w in said if f"effect.{w}" not in catalogue("zh")] == []


def test_texts_say_codes_in_words_and_never_fail() -> None:
    assert refusal("not_in_this_stage", {"stage": "callback", "command": "sign"}, "en") == (
        '"Sign" cannot be given at this stage (Callback).'
    )
    assert sentence("stage_moved", {"stage": "closed"}) == "进入阶段：已办结"
    assert text("refusal.four_eyes", "en") == "This takes a second person; {user} may not decide on his own decision."
    assert text("no.such.key", "fr") == "no.such.key"
