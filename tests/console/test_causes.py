"""Why a machine could not do something is said in words, whatever it was."""

import re
from pathlib import Path

import pytest

from api.console.wording import cause
from storage.texts import LANGUAGES, known

ROOT = Path(__file__).parents[2]
ACTS = [*(ROOT / "activities").rglob("*.py"), ROOT / "workflows" / "durable.py"]
OURS = {"ClaimTaken", "not_sent", "unknown_effect"}
"""They never become an incident: they are tried again for ever, or are a defect."""


def codes() -> set[str]:
    """Every type an activity gives its errors, and what the workflow says of others."""
    lines = [line.partition("type=")[2] for path in ACTS for line in path.read_text(encoding="utf-8").splitlines()]
    found = {code for line in lines for code in re.findall(r'"(\w+)"', line)}
    return (found | {"timeout", "failed", "workflow_ahead", "heads_differ"}) - OURS


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_cause_has_words(lang: str) -> None:
    assert {"unit_unreachable", "unit_error", "unit_rejects", "unit_secret", "unit_address"} <= codes()
    assert [code for code in sorted(codes()) if cause(code, lang) == code] == []


def test_a_refusal_of_whom_it_asked_is_said_as_that_refusal() -> None:
    assert known("refusal.order_exists")
    assert cause("order_exists", "zh") != "order_exists"
