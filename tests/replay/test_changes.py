"""The corpus sees what would break running cases, and lets pass what would not."""

import importlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from temporalio.client import WorkflowHistory
from temporalio.worker import Replayer

from domain.deciders import WORKFLOWS, workflow_of
from tests.replay import corpus
from tests.replay.changed import FILES, NoSuchPlace, release
from tests.replay.mutations import BREAKING, DURABLE, EVERYWHERE, HARMLESS, Change
from worker.plugin import plugin

pytestmark = pytest.mark.slow
Named = tuple[str, WorkflowHistory]
SLOW, TRIES = "deadlock", 5
"""The SDK takes a workflow task that lasts two seconds for a deadlock; on a busy machine that says nothing of the change."""
CHANGED = """{files} changed since the histories of version {version} were recorded.

Cases that run now were begun with the recorded code, and Temporal replays them with the new one.
1. Run `make test ARGS=tests/replay`: recorded runs that fail there would stand still in a city.
2. What makes them fail goes behind `workflow.patched("...")`, so that old runs keep the old way.
3. Then `make histories` records this version anew (it refuses while recorded runs do not replay; FORGET=1 says that no city
   runs this version), and the new files are committed with the change."""


@pytest.fixture(scope="module")
def every() -> list[Named]:
    """All recorded runs of all kinds; the long ones last, so that what breaks is found early."""
    found = [(run.file, corpus.history(version, run)) for version, _, run in corpus.runs()]
    return sorted(found, key=lambda named: len(named[1].events))


@pytest.fixture(scope="module")
def histories(every: list[Named]) -> list[Named]:
    """All recorded runs of cases."""
    return [named for named in every if named[1].workflow_id.startswith("case/")]


def of_type(every: list[Named], workflow: str) -> list[Named]:
    """The recorded runs of a type of workflow."""
    found = [named for named in every if workflow_of(named[1].workflow_id) == workflow]
    assert found, f"no run of {workflow} is recorded: make histories"
    return found


async def first_broken(changes: Change, histories: list[Named]) -> tuple[str, str] | None:
    """The first recorded run that does not replay with a change, and why; None when all do."""

    async def each() -> AsyncIterator[WorkflowHistory]:
        for _, history in histories:
            yield history

    with release(changes) as workflows:
        replayer, names = Replayer(workflows=workflows, plugins=[plugin()]), iter(histories)
        async with replayer.workflow_replay_iterator(each()) as results:
            async for result in results:
                name, failure = next(names)[0], result.replay_failure
                for _ in range(TRIES):
                    if failure is None or SLOW not in str(failure):
                        break
                    again = await replayer.replay_workflow(result.history, raise_on_replay_failure=False)
                    failure = again.replay_failure
                if failure is not None:
                    return name, str(failure)
    return None


@pytest.mark.parametrize("what", sorted(BREAKING))
async def test_a_change_that_would_break_running_cases_is_seen(what: str, histories: list[Named]) -> None:
    broken = await first_broken(BREAKING[what], histories)
    assert broken is not None, f"{what}: all recorded runs replay"


@pytest.mark.parametrize("what", sorted(HARMLESS))
async def test_a_change_that_breaks_nothing_is_let_pass(what: str, every: list[Named]) -> None:
    assert await first_broken(HARMLESS[what], every) is None


@pytest.mark.parametrize("what", EVERYWHERE)
@pytest.mark.parametrize("workflow", FILES)
async def test_a_change_of_what_all_share_is_seen_in_the_runs_of_every_kind(
    workflow: str, what: str, every: list[Named]
) -> None:
    broken = await first_broken(BREAKING[what], of_type(every, workflow))
    assert broken is not None, f"{what}: all recorded runs of {workflow} replay"


@pytest.mark.parametrize("workflow", FILES)
async def test_a_change_of_how_a_process_begins_is_seen_in_its_runs(workflow: str, every: list[Named]) -> None:
    change = {
        FILES[workflow]: ("        await self.live()\n", "        await workflow.sleep(1)\n        await self.live()\n")
    }
    assert await first_broken(change, of_type(every, workflow)) is not None


@pytest.mark.parametrize("workflow", FILES)
async def test_a_command_taken_from_a_process_is_seen_in_its_runs(workflow: str, every: list[Named]) -> None:
    runs = of_type(every, workflow)
    commands = sorted({name for _, history in runs for name in accepted(history)})
    assert commands, f"no recorded run of {workflow} was given a decision: make histories"
    line = next(x for x in lines_of(FILES[workflow]) if x.startswith(f"    {commands[0]} = decision("))
    assert await first_broken({FILES[workflow]: (line, "")}, runs) is not None


@pytest.mark.parametrize("workflow", FILES)
async def test_an_effect_a_process_no_longer_performs_is_seen_in_its_runs(workflow: str, every: list[Named]) -> None:
    runs = of_type(every, workflow)
    for effect in ("tell", "start", "slice"):
        line = f'            case "{effect}":\n'
        gone = {FILES[workflow]: (line, line.replace(effect, f"no_{effect}"))}
        if line in lines_of(FILES[workflow]) and await first_broken(gone, runs) is not None:
            return
    pytest.fail(f"no recorded run of {workflow} has an effect on another process: make histories")


@pytest.mark.parametrize("workflow", FILES)
async def test_another_command_for_a_process_breaks_none_of_its_runs(workflow: str, every: list[Named]) -> None:
    line = "    retry_effect = decision(incidents.RetryEffect)\n"
    change = {FILES[workflow]: (line, f"{line}    once_more = decision(incidents.FailEffect)\n")}
    assert await first_broken(change, of_type(every, workflow)) is None


def lines_of(module: str) -> list[str]:
    """The lines of a module's file."""
    source = Path(importlib.import_module(module).__file__ or "")
    return source.read_text(encoding="utf-8").splitlines(keepends=True)


def accepted(history: WorkflowHistory) -> set[str]:
    """The updates that a run accepted."""
    events = (e.workflow_execution_update_accepted_event_attributes for e in history.events)
    return {e.accepted_request.input.name for e in events} - {""}


def test_every_type_of_workflow_has_its_file_here() -> None:
    assert set(FILES) == set(WORKFLOWS.values())


def test_a_change_whose_place_is_gone_is_no_proof() -> None:
    with pytest.raises(NoSuchPlace), release({DURABLE: ("no such line", "")}):
        pass


def test_the_workflow_files_are_those_the_histories_were_recorded_with() -> None:
    version = corpus.version()
    was, now = corpus.manifest(version).workflows, corpus.workflow_files()
    files = ", ".join(f"workflows/{name}" for name in sorted(was.keys() | now.keys()) if was.get(name) != now.get(name))
    assert not files, CHANGED.format(files=files, version=version)


def test_a_fingerprint_sees_code_and_nothing_else() -> None:
    source = 'class A:\n    """Words."""\n\n    x = 1  # why\n'
    same = "class A:\n    '''Other words.'''\n    x   = (1)\n"
    assert corpus.fingerprint(source) == corpus.fingerprint(same)
    assert corpus.fingerprint(source) != corpus.fingerprint(source.replace("x = 1", "x = 2"))
    assert corpus.fingerprint(source) != corpus.fingerprint(source.replace("x = 1", "y = 1"))
