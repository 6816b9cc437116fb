"""A law holds only of what was tried: the lives of a town come to every command of every kind of process, but for those named."""

import random
from collections.abc import Collection
from typing import Final

import pytest

from domain.deciders import DECIDERS
from domain.kernel import KERNEL_COMMANDS
from tests.domain.test_case_laws import BESIDE, FORMER
from tests.domain.townkit import Town
from tests.domain.townmachine import Life

MOST_LIVES: Final = 600
LENGTH: Final = 400

EVERY: Final = frozenset((kind, name) for kind, decider in DECIDERS.items() for name in decider.commands)

FORMERLY: Final = "settles a matter that only cases of an older release have: see FORMER in test_case_laws"
IN_SLICES: Final = "of batches, whose slices an activity does: all of it taken in test_batch_machine"
BATCHING: Final = (*(("batch", name) for name in DECIDERS["batch"].commands), ("case", "change_terms"))
NEVER: Final = {**{("case", name): FORMERLY for name in FORMER}, **dict.fromkeys(BATCHING, IN_SLICES)}
"""What no life of today comes to, and why. What is here is taken by examples only."""

SITTING: Final = ("add_item", "call_session", "record_attendance", "give_opinion", "confirm_opinion", "record_minutes")
WAYS: Final = {
    ("case", "become_own"): [("case", "merge"), ("case", "split_off")],
    ("case", "refuse_merge"): [("case", "merge")],
    ("case", "release_follower"): [("case", "merge"), ("case", "withdraw_merge")],
    ("session", "measure_ended"): [*(("session", n) for n in SITTING), ("measure", "give_up_measure")],
    ("session", "supervise_item"): [*(("session", n) for n in SITTING), ("measure", "give_up_measure")],
    ("session", "measure_refused"): [("session", n) for n in SITTING],
    ("session", "supervision_refused"): [
        *(("session", n) for n in (*SITTING, "supervise_item")),
        ("measure", "give_up_measure"),
    ],
    ("accountability", "listed_refused"): [("accountability", n) for n in DECIDERS["accountability"].commands],
    ("accountability", "record_talk"): [("accountability", n) for n in DECIDERS["accountability"].commands],
    ("measure", "report_milestone"): [("session", n) for n in SITTING],
}
"""What leads to commands at the end of long ways: while one of these has not been taken, people rather go there."""


def wanted(missing: Collection[tuple[str, str]]) -> frozenset[tuple[str, str]]:
    """What people of the next life are after."""
    return frozenset(missing) | {step for one in missing for step in WAYS.get(one, ())}


def test_the_table_names_commands_that_there_are() -> None:
    steps = {step for ways in WAYS.values() for step in ways}
    assert NEVER.keys() | WAYS.keys() | steps <= EVERY
    assert {("case", name) for name in BESIDE} <= EVERY - NEVER.keys(), (
        "what test_case_laws leaves to the town is taken here"
    )


@pytest.mark.slow
def test_these_lives_come_to_every_command_of_every_kind(monkeypatch: pytest.MonkeyPatch) -> None:
    """Always the same dice, so that it depends on no luck; each life ends by the laws of the machine."""
    # What holds after each step is shown by test_town_machine, in fewer lives.
    monkeypatch.setattr(Town, "_laws", lambda *_: None)
    missing = {*EVERY, *(("case", name) for name in KERNEL_COMMANDS)} - NEVER.keys()
    surprises: set[tuple[str, str]] = set()
    for n in range(MOST_LIVES):
        if not missing:
            break
        life = Life(random.Random(f"every command/{n}"), wanted(missing))
        for _ in range(LENGTH):
            life.act()
        life.end()
        missing -= life.town.recorded.keys()
        surprises |= NEVER.keys() & life.town.recorded.keys()
    assert missing == set(), "never taken"
    assert surprises == set(), "taken, although the table says that it is not"
