"""All kinds of processes explored together: what people do, what clocks do, and messages late, doubled and in any order.

After every step the laws of :class:`~tests.domain.townkit.Town` hold (events give the state, somebody always has a todo or a timer,
what is over holds nothing) and those of :class:`~tests.domain.townmachine.Life`: no two processes hold one claim, no order is given
back after a ruling. At the end, when all letters have arrived, every item of what is over has ended, and no case holds anything for
a process that is over. That these lives come to every command of every kind is shown by test_town_commands.
"""

import random

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from tests.domain.townmachine import Life

SEEDS = st.integers(0, 2**32 - 1)


class Together(RuleBasedStateMachine):
    """Cases of two districts' matters, sessions, and all that grows out of them."""

    life: Life

    @initialize(seed=SEEDS)
    def begins(self, seed: int) -> None:
        self.life = Life(random.Random(seed))

    @rule(seed=SEEDS)
    def goes_on(self, seed: int) -> None:
        self.on_and_on(seed)

    @rule(seed=SEEDS)
    def and_on(self, seed: int) -> None:
        self.on_and_on(seed)

    def on_and_on(self, seed: int) -> None:
        """A stretch of life: many things, one after the other; the laws are asked after each by the town itself."""
        self.life.dice = random.Random(seed)
        for _ in range(30):
            self.life.act()

    @rule(seed=SEEDS)
    def one_thing(self, seed: int) -> None:
        self.life.dice = random.Random(seed)
        self.life.act()

    @rule()
    def all_letters_arrive(self) -> None:
        self.life.town.deliver()

    @invariant()
    def laws(self) -> None:
        if hasattr(self, "life"):
            self.life.laws()

    def teardown(self) -> None:
        if hasattr(self, "life"):
            self.life.end()


TestTogether = Together.TestCase
TestTogether.settings = settings(
    max_examples=40,
    stateful_step_count=10,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
