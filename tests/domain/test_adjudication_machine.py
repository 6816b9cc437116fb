"""Adjudications under anything people, clocks and messages can do to them, by the laws of ``test_consultation_machine``.

Proved besides: such lives come to every event that can happen in both kinds (a law holds only of what was tried).
"""

import random
from functools import partial
from typing import ClassVar

import pytest

from tests.domain import test_consultation_machine as consultations
from tests.domain.test_consultation_machine import DECIDERS, SETTINGS

MOST_LIVES = 200


class Life(consultations.Life):
    """The same town, where cases ask for rulings."""

    kind: ClassVar[str] = "adjudication"


Life.TestCase.settings = SETTINGS
TestAdjudications = Life.TestCase


def test_these_lives_come_to_every_event() -> None:
    missing = {(kind, type_) for kind, decider in DECIDERS.items() for type_ in decider.events}
    missing -= {(kind, "warning_given") for kind in DECIDERS}  # the packs warn of none of these limits
    missing -= {("consultation", "overdue_reached"), ("consultation", "overdue_annulled")}  # its clocks act
    missing -= {("adjudication", "item_carried")}  # nobody decides in its place
    # Sessions are not of this town, nor a catalogue: test_town_machine explores both.
    missing -= {("adjudication", f"ruling_{what}") for what in ("held", "released", "hold_ended")}
    missing -= {(kind, "catalogue_amended") for kind in DECIDERS}
    dice = random.Random("every event")
    for n in range(MOST_LIVES):
        life = (consultations.Life, Life)[n % 2]()
        for _ in range(30):
            a, b, c = (dice.getrandbits(32) for _ in range(3))
            acts = [partial(life.what_is_asked, a, b, c)] * 3
            acts += [partial(act, a) for act in (life.anything, life.by_hand, life.elsewhere, life.time_passes)]
            acts += [partial(life.a_letter_arrives, a)] * 3 if life.town.mail else []
            dice.choice(acts)()
        life.teardown()
        missing -= {
            (process.partition("/")[0], event.type) for process in life.ours for event in life.town.events[process]
        }
        if not missing:
            return
    pytest.fail(f"never seen: {sorted(missing)}")
