"""The workflow file misses no command, no effect, no activity: compared with the tables it shows by hand."""

import ast
import inspect
import textwrap
import typing
from pathlib import Path

import pytest
from temporalio import activity, workflow

from activities import signatures
from activities.departments.sender import Departments
from activities.journal import Journal
from activities.notices import Notices
from activities.tell import Tell
from domain import deciders
from domain.case import MOVES
from domain.casework import outward
from domain.casework.commands import COMMANDS
from domain.kernel import KERNEL_COMMANDS
from domain.messages import Decision
from worker import host
from workflows.case import CaseWorkflow
from workflows.durable import DurableProcess

DEFINED = workflow._Definition.must_from_class(CaseWorkflow)
HUMAN = {name: COMMANDS[name] for name, move in MOVES.items() if not move.machine}
HUMAN |= {name: model for name, model in KERNEL_COMMANDS.items() if name != "fail_effect"}


def test_every_human_command_is_an_update_and_there_are_no_others() -> None:
    assert set(DEFINED.updates) == set(HUMAN)


@pytest.mark.parametrize("name", sorted(HUMAN))
def test_the_update_has_a_validator_one_typed_argument_and_a_description(name: str) -> None:
    update = DEFINED.updates[name]
    assert update.validator is not None
    assert update.arg_types == [Decision[HUMAN[name]]]  # type: ignore[valid-type]
    assert update.description


def test_machine_commands_come_by_signal_only() -> None:
    assert set(DEFINED.signals) == {"decide", "sync"}
    assert not {name for name, move in MOVES.items() if move.machine} & set(DEFINED.updates)


def effect_kinds(module: object) -> set[str]:
    """The kinds of all effects that a module makes: every ``Effect(kind=…)`` in its source."""
    tree = ast.parse(inspect.getsource(module))  # type: ignore[arg-type]
    calls = [n for n in ast.walk(tree) if isinstance(n, ast.Call) and getattr(n.func, "id", "") == "Effect"]
    kinds = [k.value for call in calls for k in call.keywords if k.arg == "kind"]
    assert all(isinstance(k, ast.Constant) for k in kinds), "a kind that is computed cannot be compared"
    return {str(k.value) for k in kinds if isinstance(k, ast.Constant)}


def arms(function: object) -> set[str]:
    """The constants a function's ``match`` has arms for."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(function)))  # type: ignore[arg-type]
    found = [n.value for n in ast.walk(tree) if isinstance(n, ast.MatchValue)]
    return {str(v.value) for v in found if isinstance(v, ast.Constant)}


def test_perform_has_an_arm_for_every_effect_a_case_can_have_and_no_other() -> None:
    assert arms(CaseWorkflow.perform) == effect_kinds(outward)


def test_effects_are_made_in_one_module_only() -> None:
    folder = Path(inspect.getfile(outward)).parent
    others = [p for p in folder.glob("*.py") if p.name != "outward.py" and "Effect(" in p.read_text(encoding="utf-8")]
    assert others == []


PERFORMED = {
    "commit": Journal.commit,
    "send_order_message": Departments.send_order_message,
    "give_notice": Notices.give_notice,
    "tell_process": Tell.tell_process,
}


def stubs() -> dict[str, typing.Any]:
    """All activities of the signatures."""
    found = inspect.getmembers(signatures, inspect.isfunction)
    return {name: f for name, f in found if getattr(f, "__temporal_activity_definition", None)}


def test_every_stub_has_somebody_who_performs_it() -> None:
    assert set(stubs()) == set(PERFORMED)


@pytest.mark.parametrize("name", sorted(PERFORMED))
def test_an_activity_has_the_name_and_the_types_of_its_stub(name: str) -> None:
    stub, real = stubs()[name], typing.cast("typing.Any", PERFORMED[name])
    assert activity._Definition.must_from_callable(stub).name == activity._Definition.must_from_callable(real).name
    hints, real_hints = typing.get_type_hints(stub), typing.get_type_hints(real)
    assert list(hints.values()) == list(real_hints.values())
    assert inspect.iscoroutinefunction(stub) == inspect.iscoroutinefunction(real)


def test_every_kind_of_process_has_a_workflow_that_the_worker_hosts_and_others_can_reach() -> None:
    hosted = {workflow._Definition.must_from_class(w).name for w in host.WORKFLOWS}
    assert {kind.partition("/")[0] for kind in deciders.WORKFLOWS} == set(deciders.DECIDERS)
    assert set(deciders.WORKFLOWS.values()) == hosted


def test_the_shell_defines_no_run_and_the_workflow_shows_its_own() -> None:
    assert "run" in vars(CaseWorkflow)
    assert "run" not in vars(DurableProcess)
