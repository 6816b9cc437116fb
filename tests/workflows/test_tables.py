"""The workflow file misses no command, no effect, no activity: compared with the tables it shows by hand."""

import ast
import importlib
import inspect
import re
import textwrap
import typing
from pathlib import Path

import pytest
from temporalio import activity, workflow

from activities import signatures
from activities.batches import Batches
from activities.cadence import Cadence
from activities.departments.sender import Departments
from activities.journal import Journal
from activities.notices import Notices
from activities.tell import Tell
from domain import deciders
from domain.kernel import KERNEL_COMMANDS
from domain.messages import Decision
from domain.process import Decider
from worker import host
from workflows.durable import DurableProcess

ROOT = Path(__file__).parents[2]
HOSTED: dict[str, typing.Any] = {str(workflow._Definition.must_from_class(w).name): w for w in host.WORKFLOWS}
KINDS = {name: (deciders.DECIDERS[kind.partition("/")[0]], HOSTED[name]) for kind, name in deciders.WORKFLOWS.items()}
"""By workflow type: the decider it carries, and the class."""
MADE = {
    "message": "order_message",
    "notice": "notice",
    "notice_to_caller": "notice",
    "tell": "tell",
    "start": "start",
    "paper": "paper",
    "slice_of": "slice",
    "catalogue": "catalogue",
}
"""The constructors of domain/telling.py, and the kinds of effect they make."""
IN_THE_COMMIT = frozenset({"paper", "catalogue"})
"""Done in the commit that owes them, always: no workflow performs them."""


def human(decider: Decider) -> dict[str, typing.Any]:
    """The commands people give."""
    own = {name: decider.commands[name] for name, move in decider.moves.items() if not move.machine}
    return own | {name: model for name, model in KERNEL_COMMANDS.items() if name != "fail_effect"}


UPDATES = [(name, command) for name, (decider, _) in KINDS.items() for command in sorted(human(decider))]


@pytest.mark.parametrize("name", KINDS)
def test_every_human_command_is_an_update_and_there_are_no_others(name: str) -> None:
    decider, hosted = KINDS[name]
    assert set(workflow._Definition.must_from_class(hosted).updates) == set(human(decider))


@pytest.mark.parametrize(("name", "command"), UPDATES)
def test_the_update_has_a_validator_one_typed_argument_and_a_description(name: str, command: str) -> None:
    decider, hosted = KINDS[name]
    update = workflow._Definition.must_from_class(hosted).updates[command]
    assert update.validator is not None
    assert [str(t) for t in update.arg_types or ()] == [str(Decision[human(decider)[command]])]  # type: ignore[misc]
    assert update.description


@pytest.mark.parametrize("name", KINDS)
def test_machine_commands_come_by_signal_only(name: str) -> None:
    decider, hosted = KINDS[name]
    defined = workflow._Definition.must_from_class(hosted)
    assert set(defined.signals) == {"decide", "sync"}
    assert not {command for command, move in decider.moves.items() if move.machine} & set(defined.updates)


def rules_of(kind: str) -> list[Path]:
    """The files of a kind of process: its module and the package of what that module imports from beside it."""
    module = importlib.import_module(f"domain.{kind}")
    source = inspect.getsource(module)
    packages = set(re.findall(r"^from domain\.(\w+) import", source, re.MULTILINE))
    folders = [p for name in packages if (p := ROOT / "domain" / name).is_dir()]
    return [Path(inspect.getfile(module)), *(file for folder in folders for file in folder.glob("*.py"))]


def effect_kinds(kind: str) -> set[str]:
    """The kinds of all effects a kind of process makes: by its own calls, and by what it shares with holders and agendas."""
    found: set[str] = set()
    for path in rules_of(kind):
        source = path.read_text(encoding="utf-8")
        assert "Effect(" not in source, f"{path.name}: effects are made by domain/telling.py"
        imported = re.findall(r"^from domain\.telling import (.+)$", source, re.MULTILINE)
        names = {n.strip() for line in imported for n in line.strip("()").split(",")}
        calls = set(re.findall(r"\btelling\.(\w+)\(", source)) | {n for n in names if re.search(rf"\b{n}\(", source)}
        found |= {MADE[call] for call in calls}
        if re.search(r"\bagenda\.effects\(|\bholding\.(confirm|overtaken|ask_for|let_go|hand_down)", source):
            found.add("tell")
    return found


def arms(function: object) -> set[str]:
    """The constants a function's ``match`` has arms for."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(function)))  # type: ignore[arg-type]
    found = [n.value for n in ast.walk(tree) if isinstance(n, ast.MatchValue)]
    return {str(v.value) for v in found if isinstance(v, ast.Constant)}


@pytest.mark.parametrize("name", KINDS)
def test_perform_has_an_arm_for_every_effect_the_process_can_have_and_no_other(name: str) -> None:
    decider, hosted = KINDS[name]
    assert arms(hosted.perform) == effect_kinds(decider.kind) - IN_THE_COMMIT


PERFORMED = {
    "commit": Journal.commit,
    "send_order_message": Departments.send_order_message,
    "give_notice": Notices.give_notice,
    "tell_process": Tell.tell_process,
    "strike": Cadence.strike,
    "take_slice": Batches.take_slice,
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
    assert {kind.partition("/")[0] for kind in deciders.WORKFLOWS} == set(deciders.DECIDERS)
    assert set(deciders.WORKFLOWS.values()) == set(HOSTED)


@pytest.mark.parametrize("name", KINDS)
def test_the_shell_defines_no_run_and_the_workflow_shows_its_own(name: str) -> None:
    assert "run" in vars(KINDS[name][1])
    assert "run" not in vars(DurableProcess)


@pytest.mark.parametrize(
    ("process", "name"),
    [
        ("case/c1", "CaseWorkflow"),
        ("ring/c1/middle/1", "MiddleRingWorkflow"),
        ("ring/c1/large/2", "LargeRingWorkflow"),
        ("supervision/middle/urge/c1-1", "SupervisionWorkflow"),
    ],
)
def test_a_process_id_names_its_workflow(process: str, name: str) -> None:
    assert deciders.workflow_of(process) == name
