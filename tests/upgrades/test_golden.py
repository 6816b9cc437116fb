"""Every journal that a release has left (recorded with the replay corpus) is read by this one and comes to the same process."""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import pytest

from domain import snapshots
from domain.deciders import DECIDERS, decider_of
from domain.kernel import KERNEL_COMMANDS, KERNEL_EVENTS, Written, read_command, replay
from domain.process import SYSTEM, Command, Envelope
from tests.replay import corpus

RELEASES = sorted(path.name.removesuffix(".json.gz") for path in corpus.GOLDEN.glob("*.json.gz"))
JOURNALS = [
    pytest.param(journal, id=f"{release}/{shape}/{n}")
    for release in RELEASES
    for shape, journals in json.loads(corpus.unpacked(corpus.GOLDEN / f"{release}.json.gz")).items()
    for n, journal in enumerate(journals, start=1)
]


def written(journal: Mapping[str, Any]) -> list[Written]:
    """The events of a journal."""
    return [Written.model_validate(event) for event in journal["events"]]


def says_the_same(old: Any, new: Any, where: str = "state") -> None:
    """All that ``old`` says, ``new`` says too; it may say more."""
    if isinstance(old, dict):
        for key, value in old.items():
            says_the_same(value, new[key], f"{where}.{key}")
    else:
        assert old == new, where


@pytest.mark.parametrize("journal", JOURNALS)
def test_events_of_an_older_release_are_read_and_give_the_process_that_release_kept(journal: Mapping[str, Any]) -> None:
    process = replay(decider_of(journal["process"]), journal["process"], written(journal))
    kept = json.loads(journal["snapshot"])
    for field in ("seq", "head", "state", "timers", "armed", "incidents", "attempts"):
        says_the_same(kept[field], json.loads(process.model_dump_json())[field], field)


@pytest.mark.parametrize("journal", JOURNALS)
def test_a_snapshot_of_an_older_release_is_taken_up_and_written_back_whole(journal: Mapping[str, Any]) -> None:
    decider = decider_of(journal["process"])
    process = snapshots.take_up(decider, journal["snapshot"])
    assert process == snapshots.look(decider, journal["snapshot"])
    says_the_same(json.loads(journal["snapshot"]), json.loads(snapshots.write(process)), "process")


@pytest.mark.parametrize("journal", JOURNALS)
def test_a_command_that_an_older_release_recorded_is_read(journal: Mapping[str, Any]) -> None:
    for row in journal["commands"]:
        if row["outcome"] == "recorded" and row["name"] != "ring":
            command = read(journal["process"], row["name"], row["body"])
            assert command.model_fields_set >= set(row["body"])
            assert read(journal["process"], row["name"], command.model_dump(mode="json")) == command


def read(process: str, name: str, body: dict[str, Any]) -> Command:
    """A command as the journal reads it."""
    return read_command(
        decider_of(process),
        Envelope(id="c", process=process, name=name, body=body, actor=SYSTEM, received_at=datetime.now(UTC)),
    )


def types(release: str, kind: str | None = None) -> set[str]:
    """The event types that a release's journals (of a kind) hold."""
    found = json.loads(corpus.unpacked(corpus.GOLDEN / f"{release}.json.gz"))
    journals = [journal for shape in found.values() for journal in shape]
    wanted = [j for j in journals if kind is None or j["process"].startswith(f"{kind}/")]
    return {event["type"] for journal in wanted for event in journal["events"]}


NOBODY = "its stages follow from its own events"
NO_CARDS = "no pack gives its limits a card"
ACTS = "both its limits act when they pass, so that nothing is overdue"
IN_DAYS = (
    "a person opens it under the pack in force, whose limit for the approval is days: no recorded run waits so long"
)
NEVER: Mapping[tuple[str, str], str] = {
    ("supervision", "stage_changed"): NOBODY,
    ("accountability", "stage_changed"): NOBODY,
    ("adjudication", "item_carried"): "the group passes nothing on",
    ("consultation", "overdue_reached"): ACTS,
    ("consultation", "overdue_annulled"): ACTS,
    ("batch", "stage_changed"): NOBODY,
    ("batch", "overdue_reached"): IN_DAYS,
    ("batch", "overdue_annulled"): IN_DAYS,
    **{
        (kind, "warning_given"): NO_CARDS
        for kind in ("ring", "consultation", "adjudication", "session", "supervision", "accountability", "batch")
    },
}
"""Types of events that a kind shares with others and never writes, and why."""


@pytest.mark.parametrize("kind", DECIDERS)
def test_every_type_of_event_of_every_kind_has_been_written_by_some_shape_of_this_release(kind: str) -> None:
    never = {type_ for of, type_ in NEVER if of == kind}
    written_ = types(corpus.version(), kind)
    missing = {*DECIDERS[kind].events, *(KERNEL_EVENTS if kind == "case" else ())} - written_ - never
    assert not missing, (
        f"no shape in tests/replay/shapes writes {sorted(missing)} of a {kind}: add one, `make histories`"
    )
    assert never - written_ == never, "what is said to be written by nobody"


@pytest.mark.parametrize("release", RELEASES)
def test_no_type_of_event_and_no_command_was_ever_removed(release: str) -> None:
    journals = json.loads(corpus.unpacked(corpus.GOLDEN / f"{release}.json.gz"))
    named = {
        c["name"] for found in journals.values() for j in found for c in j["commands"] if c["outcome"] == "recorded"
    }
    known = DECIDERS.values()
    assert types(release) <= {type_ for decider in known for type_ in decider.events} | KERNEL_EVENTS.keys()
    assert named - {"ring"} <= {name for decider in known for name in decider.commands} | KERNEL_COMMANDS.keys()


def test_a_journal_that_was_tampered_with_is_not_read() -> None:
    events: Sequence[Written] = written(JOURNALS[0].values[0])  # type: ignore[arg-type]
    spoiled = events[1].model_copy(update={"body": {**events[1].body, "stage": "closed"}})
    with pytest.raises(ValueError, match="does not follow"):
        replay(decider_of("case/x"), "case/x", [events[0], spoiled, *events[2:]])


def test_a_field_that_is_read_wrongly_is_seen() -> None:
    with pytest.raises(AssertionError, match=r"state\.a\.b"):
        says_the_same({"a": {"b": 1}}, {"a": {"b": 2, "c": 3}})
