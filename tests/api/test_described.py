"""The description as an integrator reads it: stable operation ids, every problem with an example, tags in both languages."""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from api.app import create_app
from api.gates import gate_of
from api.problems import ProblemBody
from api.refusals import STATUS, of_the_rules
from api.settings import Settings
from storage.texts import LANGUAGES, known, text
from storage.unit_of_work import Database
from tests.api.kit import Api, FakeEngine, problem
from tests.conftest import ROOT

OPERATIONS = Path(__file__).parent / "operations.txt"
PROBLEM = "application/problem+json"


@pytest.fixture(scope="module")
def described(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    database = Database(f"sqlite:///{tmp_path_factory.mktemp('none')}/none.db")
    engine: Any = FakeEngine(None)  # type: ignore[arg-type]  # nobody is served
    found = create_app(Settings(), database, engine).openapi()
    database.close()
    return found


def operations(described: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in described["paths"].items():
        for method, operation in methods.items():
            yield method.upper(), path, operation


def test_operation_ids_are_those_that_clients_were_built_on(described: dict[str, Any]) -> None:
    """A line that is missing breaks somebody's client. A new operation is written down in operations.txt."""
    lines = sorted(f"{operation['operationId']} {method} {path}" for method, path, operation in operations(described))
    assert lines == OPERATIONS.read_text(encoding="utf-8").splitlines()


def test_every_problem_of_every_operation_has_a_whole_example(described: dict[str, Any]) -> None:
    examples = described["components"]["examples"]
    answers = [a for _, _, o in operations(described) for s, a in o["responses"].items() if s >= "400"]
    answers += described["components"]["responses"].values()
    named = {code for a in answers for code in a.get("content", {}).get(PROBLEM, {}).get("examples", {})}
    assert examples.keys() - named == {"method_not_allowed"}  # of no operation
    for code, example in examples.items():
        told = ProblemBody.model_validate(example["value"])
        assert (told.code, told.type) == (code, f"urn:sanhuan:problem:{code}")
        zh, en = example["summary"].split(" · ", 1)
        assert zh != en
        assert "problem." not in example["summary"]
        assert "refusal." not in example["summary"]


def test_the_status_of_a_described_problem_is_that_of_its_example(described: dict[str, Any]) -> None:
    """But for what the doors and the rules call alike, which the rules refuse as a conflict."""
    alike = STATUS.keys() & set(of_the_rules())
    for _, path, operation in operations(described):
        for status, told in operation["responses"].items():
            for code in told.get("content", {}).get(PROBLEM, {}).get("examples", {}):
                assert code in alike or STATUS.get(code, int(status)) == int(status), (path, status, code)


def test_who_must_be_signed_in_is_said(described: dict[str, Any]) -> None:
    for _, path, operation in operations(described):
        open_to_all = gate_of(operation["operationId"]).way in {"anyone", "unit"}
        assert ("security" not in operation) == open_to_all, path
        assert ("401" in operation["responses"]) == (not open_to_all or "post" in described["paths"][path]), path


def test_writes_name_their_key_and_waits_their_header(described: dict[str, Any]) -> None:
    for method, path, operation in operations(described):
        keys = [p for p in operation.get("parameters", ()) if p["name"] == "idempotency-key"]
        signed = [p for p in operation.get("parameters", ()) if p["name"] == "webhook-id"]
        write = method == "POST" and not path.endswith("/sessions")
        assert len(keys) + len(signed) == int(write), path
        assert all(p["required"] for p in keys + signed)
        waits = [operation["responses"][s] for s in ("429", "503") if s in operation["responses"]]
        assert all("Retry-After" in told["headers"] for told in waits if PROBLEM in told["content"]), path


def test_every_tag_is_told_in_both_languages(described: dict[str, Any]) -> None:
    used = {tag for _, _, operation in operations(described) for tag in operation["tags"]}
    told = {tag["name"]: tag for tag in described["tags"]}
    assert told.keys() == used
    for name, tag in told.items():
        assert known(f"tag.{name}")
        zh, en = (text(f"tag.{name}", lang) for lang in LANGUAGES)
        assert zh != en
        assert tag["description"] == f"{zh} · {en}"


def test_every_refusal_of_the_doors_has_the_status_of_the_table() -> None:
    found = set()
    for path in (ROOT / "api").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Problem":
                status, code = (arg.value if isinstance(arg, ast.Constant) else None for arg in node.args[:2])
                if isinstance(status, int) and isinstance(code, str):
                    found.add((code, status))
    assert len(found) > 25
    assert found <= STATUS.items()


async def test_the_list_of_codes_is_open_to_all_and_whole(light_api: Api) -> None:
    items = (await light_api.get(None, "/problems")).json()["items"]
    assert {(i["code"], i["status"]) for i in items} >= set(STATUS.items())
    assert {i["code"] for i in items} == STATUS.keys() | set(of_the_rules())
    assert all(i["zh"] and i["en"] and i["zh"] != i["en"] for i in items)
    told = problem(await light_api.get(None, "/me"), 401, "not_signed_in")
    assert told["detail"] in {i["zh"] for i in items if i["code"] == "not_signed_in"}
