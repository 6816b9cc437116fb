"""The corpus sees what would break running cases, and lets pass what would not."""

import pytest
from temporalio.client import WorkflowHistory
from temporalio.worker import Replayer

from tests.replay import corpus
from tests.replay.changed import NoSuchPlace, release
from tests.replay.mutations import BREAKING, DURABLE, HARMLESS, Change
from worker.plugin import plugin

SLOW, TRIES = "deadlock", 5
"""The SDK takes a workflow task that lasts two seconds for a deadlock; on a busy machine that says nothing of the change."""
CHANGED = """{files} changed since the histories of version {version} were recorded.

Cases that run now were begun with the recorded code, and Temporal replays them with the new one.
1. Run `make test ARGS=tests/replay`: recorded runs that fail there would stand still in a city.
2. What makes them fail goes behind `workflow.patched("...")`, so that old runs keep the old way.
3. Then `make histories` records this version anew (it refuses while recorded runs do not replay; FORGET=1 says that no city
   runs this version), and the new files are committed with the change."""


@pytest.fixture(scope="module")
def histories() -> list[tuple[str, WorkflowHistory]]:
    """All recorded runs of cases; the long ones last, so that what breaks is found early."""
    runs = [(version, run) for version, _, run in corpus.runs() if run.process.startswith("case/")]
    found = [(run.file, corpus.history(version, run)) for version, run in runs]
    return sorted(found, key=lambda named: len(named[1].events))


async def first_broken(changes: Change, histories: list[tuple[str, WorkflowHistory]]) -> tuple[str, str] | None:
    """The first recorded run that does not replay with a change, and why; None when all do."""
    with release(changes) as workflow:
        replayer = Replayer(workflows=[workflow], plugins=[plugin()])
        for name, history in histories:
            for _ in range(TRIES):
                failure = (await replayer.replay_workflow(history, raise_on_replay_failure=False)).replay_failure
                if failure is None or SLOW not in str(failure):
                    break
            if failure is not None:
                return name, str(failure)
    return None


@pytest.mark.parametrize("what", sorted(BREAKING))
async def test_a_change_that_would_break_running_cases_is_seen(
    what: str, histories: list[tuple[str, WorkflowHistory]]
) -> None:
    broken = await first_broken(BREAKING[what], histories)
    assert broken is not None, f"{what}: all recorded runs replay"


@pytest.mark.parametrize("what", sorted(HARMLESS))
async def test_a_change_that_breaks_nothing_is_let_pass(
    what: str, histories: list[tuple[str, WorkflowHistory]]
) -> None:
    assert await first_broken(HARMLESS[what], histories) is None


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
