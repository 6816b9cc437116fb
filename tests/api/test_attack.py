"""Schemathesis over the whole description: no 5xx, no undescribed answer or code, all its checks; the same requests every time."""

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from domain.deciders import DECIDERS
from tests.api.attack import Target, attack, target

KINDS = "|".join(DECIDERS)
DECISIONS = r"^case_"
BESIDE = rf"^(?!case_)({KINDS})_"
THE_REST = rf"^(?!({KINDS})_)"
BY_NUMBER = (
    r"^(read_case|list_case_events|read_request|read_document|read_policy|restart_process|case_sign|read_command"
    r"|read_proceeding|list_proceeding_events|read_proceeding_ledger|export_proceeding|read_paper)$"
)
NO_COMMAND = "d/" + "0" * 64


@pytest.fixture
def aim(sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Target]:
    monkeypatch.chdir(tmp_path)  # Schemathesis keeps a cache where it runs: each run begins without one
    with target(sqlite_url) as found:
        yield found


def nothing(findings: Iterable[tuple[str, str]]) -> None:
    """Check that nothing was found; else say all of it."""
    found = [f"{operation}\n{finding}" for operation, finding in findings]
    assert not found, "\n\n".join(found[:20])


@pytest.mark.slow
def test_every_decision_keeps_its_description(aim: Target) -> None:
    nothing(attack(aim, DECISIONS, examples=EXAMPLES, fixed={"path.no": aim.no}, get_in=10))


@pytest.mark.slow
def test_every_decision_beside_the_case_and_every_opening_keeps_its_description(aim: Target) -> None:
    number = aim.beside.partition("/")[2]
    nothing(attack(aim, BESIDE, examples=max(1, EXAMPLES // 8), fixed={"path.no": number}, get_in=2))


@pytest.mark.slow
def test_every_other_operation_keeps_its_description(aim: Target) -> None:
    fixed = {"path.no": aim.no, "path.document": aim.document, "path.command": NO_COMMAND}
    nothing(attack(aim, THE_REST, examples=EXAMPLES, fixed=fixed, get_in=25))


@pytest.mark.slow
def test_any_number_in_an_address_keeps_the_description(aim: Target) -> None:
    nothing(attack(aim, BY_NUMBER, examples=2 * EXAMPLES, fixed={"path.command": NO_COMMAND}, get_in=0))


EXAMPLES = int(os.environ.get("SANHUAN_ATTACK_EXAMPLES", "8"))
"""Random requests an operation, besides those that Schemathesis derives from the description."""
