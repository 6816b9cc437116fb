"""A measure under anything people and clocks can do to it.

Proved after every step: the laws of :class:`~tests.domain.townkit.Town`; an open measure has an owner, a day, and a timer or a
todo; the day that stands is what its clock runs to, and every clock is recomputed from its inputs; who handled it neither
verifies nor strikes it off, nor does one and the same both; whoever ordered it is told once, when it is over and not before. At
the end, when all fall silent for ever: it is over, or it is the unit's and the supervisor's, or waits for eyes of which the city
centre's are some.
"""

import random
from collections.abc import Callable, Mapping
from datetime import timedelta
from enum import Enum
from typing import Any, get_args

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from domain.calendar import day_of_due, local_day
from domain.clock import recompute
from domain.keeping import ClockSet
from domain.measure import DECIDER
from domain.measures.words import WITH_UNIT, Pressure
from domain.process import SYSTEM, Actor, Command, Todo
from tests.domain.casekit import REF, UNITS
from tests.domain.townkit import CALENDAR, PERMISSIONS, Town

SEEDS = st.integers(0, 2**32 - 1)
USERS = ("u1", "u2", "u3", "u4", "u5")
PEOPLE = tuple(r for r in PERMISSIONS.roles if r != "system")
HUMAN = tuple(n for n, move in DECIDER.moves.items() if not move.machine)

BY_NAME: Mapping[str, Callable[["Life", random.Random], Any]] = {
    "unit": lambda _l, dice: dice.choice(list(UNITS)),
    "due": lambda life, dice: life.day(dice),
    "case": lambda _l, dice: "nowhere" if dice.random() < 0.1 else None,
    "documents": lambda _l, dice: ["d1"] if dice.random() < 0.9 else [],
    "milestone": lambda _l, dice: dice.choice(("m1", "m2", "m3")),
}


class Life(RuleBasedStateMachine):
    """One town with one measure after another."""

    town: Town

    def __init__(self) -> None:
        super().__init__()
        self.town = Town(DECIDER)
        del self.town.deciders["supervision"]  # what it answers is drawn
        self.steps = 0
        self.open_another(random.Random(0))

    @property
    def measures(self) -> list[str]:
        return self.town.starts_with("measure/")

    @property
    def last(self) -> str:
        return f"measure/s1-{len(self.measures)}"

    def open_another(self, dice: random.Random) -> None:
        """The next one: ordered by a session mostly, else entered by a person."""
        n = len(self.measures) + 1
        if n % 3 == 0:
            self.town.give(f"measure/s1-{n}", "enter_measure", unit="east-roads", due=self.day(dice, 1))
            return
        steps = [{"what": REF, "due": self.day(dice, 1)} for _ in range(n % 3)]
        more: dict[str, Any] = {"district": "east"} if n % 2 else {}
        self.town.open(
            f"measure/s1-{n}",
            by=USERS[0], origin="campaign/x1", unit="roads", due=self.day(dice), milestones=steps, case="c1", **more,
        )  # fmt: skip

    def dice(self, seed: int) -> random.Random:
        """Dice that fall differently at every step."""
        self.steps += 1
        return random.Random(f"{seed}/{self.steps}")

    def day(self, dice: random.Random, first: int = -1) -> str:
        """A day soon, or one that has come."""
        days = max(first, dice.choice((-1, 0, 1, 2, 5, 9, 40)))
        return (local_day(self.town.now) + timedelta(days=days)).isoformat()

    def draw(self, dice: random.Random, model: type[Command]) -> dict[str, Any]:
        """A body that is often, but not always, right."""
        out: dict[str, Any] = {}
        for field, info in model.model_fields.items():
            if info.is_required() or dice.random() < 0.6:
                kinds = [a for a in get_args(info.annotation) if a is not type(None)] or [info.annotation]
                if field in BY_NAME:
                    out[field] = BY_NAME[field](self, dice)
                elif isinstance(kinds[0], type) and issubclass(kinds[0], Enum):
                    out[field] = dice.choice([str(v) for v in kinds[0]])
                else:
                    out[field] = dice.random() < 0.8 if kinds[0] is bool else REF
        return out

    def ask(self, dice: random.Random, name: str, role: str) -> None:
        state = self.town.state(self.last)
        body = self.draw(dice, DECIDER.commands[name])
        if name == "report_milestone" and state.left and dice.random() < 0.8:
            body["milestone"] = state.left[0].id
        unit = state.unit if role in {"unit_liaison", "unit_head"} else None
        if dice.random() < 0.1:
            unit = dice.choice(list(UNITS))
        back = timedelta(seconds=dice.choice((0, 0, 0, 1, 900, 90_000)))
        # Whoever acts for the unit is one of two mostly: others are left to verify and to strike off.
        user = dice.choice(USERS[:2] if role == "unit_liaison" and dice.random() < 0.9 else USERS)
        actor = Actor(user=user, role=role, unit=unit, district=state.district)
        self.town.send(self.last, name, body, actor, received=self.town.now - back)

    # ---------------------------------------------------------------------------------------------------------- what happens

    @rule(first=SEEDS, second=SEEDS, third=SEEDS)
    def what_is_asked(self, first: int, second: int, third: int) -> None:
        """Three times somebody does one of the things the todos ask for."""
        for seed in (first, second, third):
            dice = self.dice(seed)
            todos = self.town.todos(self.last)
            if todos:
                todo: Todo = dice.choice(todos)
                if todo.key != "rebound" or dice.random() < 0.3:
                    self.ask(dice, dice.choice(todo.commands), todo.role)

    @rule(seed=SEEDS)
    def anything(self, seed: int) -> None:
        """Anybody asks for anything a person may ask for, rightly or wrongly, often late; giving up more rarely."""
        dice = self.dice(seed)
        name = dice.choice([n for n in HUMAN if n != "give_up_measure" or dice.random() < 0.2])
        roles = PERMISSIONS.roles_for(name) if dice.random() < 0.8 else PEOPLE
        self.ask(dice, name, dice.choice(roles))

    @rule(seed=SEEDS)
    def time_passes(self, seed: int) -> None:
        """Time passes; clocks are looked at on time, or late, or at the very instant."""
        dice = self.dice(seed)
        timers = [t.at for t in self.town.processes[self.last].timers]
        if timers and dice.random() < 0.5:
            self.town.now = max(self.town.now, min(timers) + timedelta(microseconds=dice.choice((-1, 0, 1))))
        else:
            self.town.now += timedelta(seconds=dice.choice((1, 900, 20_000, 400_000)) * dice.random())
        if dice.random() < 0.7:
            self.town.tick(self.last)

    @precondition(lambda self: self.town.mail)
    @rule(seed=SEEDS)
    def a_supervision_is_refused(self, seed: int) -> None:
        """Messages go out, more than once; what a supervision answers comes back, sometimes for a second time."""
        dice = self.dice(seed)
        letter = self.town.mail[dice.randrange(len(self.town.mail))]
        if letter.effect.kind == "start" and dice.random() < 0.5:
            body = {"process": letter.effect.target, "code": dice.choice(("order_exists", "unknown_unit"))}
            self.town.send(letter.sender, "supervision_refused", body, SYSTEM)
        self.town.arrive(0, again=dice.random() < 0.2)

    @precondition(lambda self: self.town.closed(self.last))
    @rule(seed=SEEDS)
    def next_one(self, seed: int) -> None:
        """It is over: the next one."""
        self.open_another(self.dice(seed))

    # -------------------------------------------------------------------------------------------------------- what holds

    @invariant()
    def an_open_measure_has_an_owner_a_day_and_a_timer_or_a_todo(self) -> None:
        process = self.town.processes[self.last]
        if not self.town.closed(self.last):
            assert process.state.unit
            assert process.state.due is not None
            assert process.timers or self.town.todos(self.last)

    @invariant()
    def the_day_that_stands_is_what_its_clock_runs_to(self) -> None:
        state = self.town.state(self.last)
        if state.stage not in WITH_UNIT:
            return
        running = state.running("due")
        assert running is not None
        assert running.clock.due is not None
        held = any(p.end is not None and p.end > p.start for p in running.clock.pauses)
        if state.due > local_day(running.clock.start) and not held:
            last = state.due if CALENDAR.is_working(state.due) else CALENDAR.next_working_day(state.due)
            assert day_of_due(running.clock.due) == last

    @invariant()
    def every_clock_is_recomputed(self) -> None:
        for event in self.town.events[self.last][-5:]:
            if event.type == "clock_set":
                clock = ClockSet.model_validate(event.body).clock
                assert recompute(clock, CALENDAR, self.town.pack.hours) == clock

    @invariant()
    def other_eyes_looked(self) -> None:
        handlers: set[str] = set()
        verifier = None
        for event in self.town.events[self.last]:
            match event.type:
                case "measure_accepted" | "milestone_reported" | "measure_self_checked":
                    handlers.add(event.body["by"])
                case "measure_verified":
                    verifier = event.body["by"]
                    assert verifier not in handlers
                case "measure_struck_off" | "strike_off_denied":
                    assert event.body["by"] not in {*handlers, verifier}

    @invariant()
    def whoever_ordered_it_is_told_once_and_at_the_end(self) -> None:
        for process in self.measures[-2:]:
            told = [e for e in self.town.told(process, "tell") if e.body["command"] == "measure_ended"]
            owed = self.town.closed(process) and self.town.state(process).origin is not None
            assert len(told) == int(owed)

    def teardown(self) -> None:
        """All fall silent for ever."""
        self.town.wait(days=500)
        for process in self.measures:
            if self.town.closed(process):
                continue
            state = self.town.state(process)
            roles = {t.role for t in self.town.todos(process)}
            if state.stage in WITH_UNIT:
                assert "unit_liaison" in roles
                assert "supervisor" in roles or state.pressed == frozenset(Pressure)
            else:
                assert "city_centre" in roles, state.stage


Life.TestCase.settings = settings(
    max_examples=25,
    stateful_step_count=40,
    deadline=None,
    print_blob=True,
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
    suppress_health_check=list(HealthCheck),
)
TestMeasures = Life.TestCase
