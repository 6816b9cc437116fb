"""Every recorded history replays with the code as it is now, and the corpus holds what it says."""

import pytest

from activities import signatures
from domain.case import DECIDER as CASE
from domain.deciders import DECIDERS
from domain.kernel import KERNEL_EVENTS
from tests.factories.city import PHONE
from tests.factories.engine import replays
from tests.replay import corpus
from tests.replay.corpus import Run
from tests.replay.scrub import everything_said, traces
from tests.replay.shapes import SHAPES
from tests.workflows.test_tables import human

RUNS = list(corpus.runs())
FEWEST_SHAPES = 30
MOST_BYTES = 2_500_000
NOT_GIVEN = frozenset({"urge", "supervise"})
"""Commands no shape gives: they settle matters that only cases of the first release raised; supervision is a process now."""
HUMAN = human(CASE)


def named(found: tuple[str, str, Run]) -> str:
    version, _, run = found
    return f"{version}/{run.file}"


@pytest.mark.parametrize("found", RUNS, ids=named)
async def test_a_recorded_run_is_whole_and_replays(found: tuple[str, str, Run]) -> None:
    version, _, run = found
    data = (corpus.HISTORIES / version / run.file).read_bytes()
    assert corpus.digest(data) == run.sha256, "the file is not the one that was recorded"
    history = corpus.history(version, run)
    assert corpus.counted(history) == run.events
    await replays([history])


@pytest.mark.parametrize("found", RUNS, ids=named)
def test_a_recorded_run_tells_of_no_person_and_no_machine(found: tuple[str, str, Run]) -> None:
    version, _, run = found
    assert traces(everything_said(corpus.unpacked(corpus.HISTORIES / version / run.file)), corpus.IDENTITY) == []


def test_the_search_for_persons_and_machines_finds_them() -> None:
    planted = f'{{"identity": "12@host", "stackTrace": "File /srv/app/x.py", "phone": "{PHONE}"}}'
    assert len(traces(planted, corpus.IDENTITY)) >= 3


def test_there_are_many_shapes_and_they_are_small() -> None:
    assert len(SHAPES) >= FEWEST_SHAPES
    for version, manifest in corpus.manifests().items():
        files = {run.file for shape in manifest.shapes.values() for run in shape.runs}
        there = {path.name for path in (corpus.HISTORIES / version).glob("*.gz")}
        assert there == files, version
        assert sum((corpus.HISTORIES / version / f).stat().st_size for f in files) < MOST_BYTES


def test_every_shape_there_is_was_recorded_for_this_version() -> None:
    assert set(corpus.manifest(corpus.version()).shapes) == set(SHAPES), "make histories"


def given(version: str) -> set[str]:
    """The updates that some recorded run of a version accepted."""
    histories = [corpus.history(v, run) for v, _, run in RUNS if v == version and run.process.startswith("case/")]
    events = [e for h in histories for e in h.events]
    accepted = [e.workflow_execution_update_accepted_event_attributes.accepted_request.input.name for e in events]
    return set(accepted) - {""}


def test_every_command_of_people_was_given_and_recorded() -> None:
    assert given(corpus.version()) == set(HUMAN) - NOT_GIVEN


def test_every_activity_was_called_and_recorded() -> None:
    histories = [corpus.history(v, run) for v, _, run in RUNS if v == corpus.version()]
    scheduled = [e.activity_task_scheduled_event_attributes.activity_type.name for h in histories for e in h.events]
    wanted = {
        signatures.commit,
        signatures.send_order_message,
        signatures.give_notice,
        signatures.tell_process,
        signatures.take_slice,
    }
    names = {getattr(stub, "__temporal_activity_definition").name for stub in wanted}
    assert set(scheduled) - {""} == names


def test_what_shapes_say_they_hold_are_types_of_events() -> None:
    held = {type_ for shape in SHAPES.values() for type_ in shape.holds}
    assert held <= {type_ for decider in DECIDERS.values() for type_ in decider.events} | KERNEL_EVENTS.keys()
