"""Sessions under anything people, clocks and messages can do to them, with the measures they begin and holders of their matters.

Proved after every step: the laws of :class:`~tests.domain.townkit.Town`; a matter is decided once, by the word of the leader who
sits; each decision has its document, each meeting its minutes once; measures are numbered without gaps, and an open one has an
owner, a day, and a timer or a todo. At the end, when all fall silent for ever: what is over holds nobody's matter, and what is not
over is somebody's, the city office's too where the secretary or the leader is silent.
"""

import random
from collections.abc import Callable, Mapping
from datetime import timedelta
from enum import Enum
from typing import Any, get_args

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from domain.calendar import local_day
from domain.measure import DECIDER as MEASURE
from domain.process import SYSTEM, Actor, Command, Todo
from domain.session import DECIDER as SESSION
from domain.sitting.words import Stage
from tests.domain.casekit import REF, UNITS
from tests.domain.sessionkit import HOLDER, OFFICE
from tests.domain.townkit import PERMISSIONS, Town

SEEDS = st.integers(0, 2**32 - 1)
USERS = ("u1", "u2", "u3", "u4", "u5")
WORKING = ("water", "roads", "parks")
PEOPLE = tuple(r for r in PERMISSIONS.roles if r != "system")
ENDS = ("cancel_session", "postpone_session", "appoint_leader", "drop_item", "attach_papers", "report_rebound")
"""What leads off the way, and is done more rarely."""


def _unit(_life: "Life", dice: random.Random, _state: Any, todo: Todo | None) -> str:
    return todo.unit if todo is not None and todo.unit else dice.choice(WORKING)


def _item(_life: "Life", dice: random.Random, state: Any, todo: Todo | None) -> str:
    if todo is not None and todo.subject is not None:
        return todo.subject
    return str(dice.choice([*state.items, "i9"]))


def _some_measure(_life: "Life", dice: random.Random, state: Any, todo: Todo | None) -> str:
    if todo is not None and "measure" in todo.hint:
        return str(todo.hint["measure"])
    return str(dice.choice([*getattr(state, "measures", {}), "measure/none"]))


def _units(_life: "Life", dice: random.Random, _state: Any, _todo: Todo | None) -> list[str]:
    return dice.sample(WORKING, dice.choice((1, 2)))


BY_NAME: Mapping[str, Callable[["Life", random.Random, Any, Todo | None], Any]] = {
    "item": _item,
    "unit": _unit,
    "lead": lambda _l, dice, _s, _t: dice.choice(WORKING if dice.random() < 0.95 else list(UNITS)),
    "co": lambda _l, dice, _s, _t: dice.sample(WORKING, dice.choice((0, 0, 1))),
    "units": _units,
    "present": _units,
    "deputies": _units,
    "absent": _units,
    "holder": lambda life, dice, _s, _t: dice.choice(life.town.starts_with("ring/")),
    "matter": lambda _l, _d, _s, _t: None,
    "to": lambda life, dice, _s, _t: dice.choice([*life.sessions, "session/none"]),
    "at": lambda life, dice, _s, _t: (life.town.now + timedelta(hours=dice.choice((-1, 5, 30, 100)))).isoformat(),
    "due": lambda life, dice, _s, _t: life.day(dice),
    "measures": lambda life, dice, _s, _t: [life.measure(dice) for _ in range(dice.choice((0, 1, 2)))],
    "measure": _some_measure,
    "milestone": lambda _l, _d, _s, _t: "m1",
    "leader": lambda _l, dice, _s, _t: dice.choice(USERS),
    "documents": lambda _l, _d, _s, _t: ["d1"],
}


class Life(RuleBasedStateMachine):
    """One town with three sessions at a time and two matters for each of them."""

    town: Town

    def __init__(self) -> None:
        super().__init__()
        self.town = Town(SESSION, MEASURE, HOLDER)
        del self.town.deciders["supervision"]  # it has a machine of its own
        self.steps = 0
        self.n = 0
        for _ in range(3):
            self.open_another()

    def open_another(self) -> None:
        """Open the next one; every third without a leader."""
        self.n += 1
        for letter in "ab":
            self.town.open(f"ring/r{self.n}{letter}", unit=WORKING[self.n % 3], district="east")
        at = self.town.now + timedelta(days=1 + self.n % 3)
        given: dict[str, Any] = {"kind": "leader_session", "level": "city", "at": at.isoformat()}
        given |= {"leader": USERS[self.n % 3]} if self.n % 3 else {}
        self.town.open(f"session/n{self.n}", **given)

    def dice(self, seed: int) -> random.Random:
        """Dice that fall differently at every step."""
        self.steps += 1
        return random.Random(f"{seed}/{self.steps}")

    @property
    def sessions(self) -> list[str]:
        return self.town.starts_with("session/")

    @property
    def ours(self) -> list[str]:
        return [*self.sessions, *self.town.starts_with("measure/")]

    # ----------------------------------------------------------------------------------------------------------- drawing

    def draw(self, dice: random.Random, process: str, model: type[Command], todo: Todo | None) -> dict[str, Any]:
        """A body that is often, but not always, right."""
        out: dict[str, Any] = {}
        for field, info in model.model_fields.items():
            if info.is_required() or dice.random() < 0.6:
                value = self.value(dice, process, field, info.annotation, todo)
                if value is not None:
                    out[field] = value
        state = self.town.state(process)
        if model.NAME == "record_attendance" and dice.random() < 0.8:
            invited = list(state.invitations)
            out |= {"present": invited[1:], "deputies": [], "absent": invited[:1]}
        if model.NAME == "give_opinion" and "lead" not in out:
            out.pop("co", None)
        return out

    def value(self, dice: random.Random, process: str, field: str, annotation: Any, todo: Todo | None) -> Any:
        """A value by the name of the field, else by its type."""
        if field in BY_NAME:
            return BY_NAME[field](self, dice, self.town.state(process), todo)
        kinds = [a for a in get_args(annotation) if a is not type(None)] or [annotation]
        if isinstance(kinds[0], type) and issubclass(kinds[0], Enum):
            return dice.choice([str(v) for v in kinds[0]])
        if kinds[0] is int:
            return dice.choice((0, 5))
        return dice.random() < 0.8 if kinds[0] is bool else REF

    def day(self, dice: random.Random) -> str:
        """A day soon, or one that has come."""
        return (local_day(self.town.now) + timedelta(days=dice.choice((0, 1, 3, 9, 40)))).isoformat()

    def measure(self, dice: random.Random) -> dict[str, Any]:
        return {"unit": dice.choice(WORKING), "what": REF, "due": self.day(dice)}

    def ask(self, dice: random.Random, process: str, name: str, role: str, todo: Todo | None) -> None:
        body = self.draw(dice, process, self.town.decider(process).commands[name], todo)
        units = {"unit_liaison", "unit_head"}
        own = getattr(self.town.state(process), "unit", None) or body.get("unit")
        unit = (todo.unit if todo is not None else None) or (own if role in units else None)
        if dice.random() < 0.1:
            unit = dice.choice(list(UNITS))
        user = dice.choice(USERS)
        if role == "session_leader" and dice.random() < 0.8:
            user = getattr(self.town.state(process), "leader", None) or user
        district = getattr(self.town.state(process), "district", None)
        back = timedelta(seconds=dice.choice((0, 0, 0, 1, 900, 90_000)))
        actor = Actor(user=user, role=role, unit=unit, district=district)
        self.town.send(process, name, body, actor, received=self.town.now - back)

    # ---------------------------------------------------------------------------------------------------------- what happens

    @rule(first=SEEDS, second=SEEDS, third=SEEDS)
    def what_is_asked(self, first: int, second: int, third: int) -> None:
        """Three times somebody does one of the things the todos ask for; what leads off the way more rarely."""
        for seed in (first, second, third):
            dice = self.dice(seed)
            waiting = [(p, t) for p in self.ours for t in self.town.todos(p)]
            if not waiting:
                continue
            process, todo = dice.choice(waiting)
            self.do(dice, process, todo)

    def do(self, dice: random.Random, process: str, todo: Todo) -> None:
        """Do what a todo asks for."""
        onward = [name for name in todo.commands if name not in ENDS]
        self.ask(
            dice, process, dice.choice(onward if onward and dice.random() < 0.9 else todo.commands), todo.role, todo
        )

    @rule(seed=SEEDS)
    def on_and_on(self, seed: int) -> None:
        """One session is brought forward through its stages, with what follows from it."""
        dice = self.dice(seed)
        process = dice.choice([p for p in self.sessions if not self.town.closed(p)] or self.sessions)
        for _ in range(12):
            if dice.random() < 0.8:
                self.town.deliver()
            todos = [t for t in self.town.todos(process) if t.role != "session_leader" or t.key != "execution"]
            if todos:
                self.do(dice, process, dice.choice(todos))
            for measure in self.town.state(process).measures:
                if measure in self.town.processes and self.town.todos(measure):
                    self.do(dice, measure, dice.choice(self.town.todos(measure)))
                if dice.random() < 0.05:
                    self.town.send(measure, "give_up_measure", {"reason": REF}, OFFICE)
                if dice.random() < 0.1:
                    self.town.wait(days=12)
            at = self.town.state(process).at
            if self.town.stage(process) == Stage.called and dice.random() < 0.4:
                self.town.until(max(self.town.now, at))

    @rule(seed=SEEDS)
    def anything(self, seed: int) -> None:
        """Anybody asks for anything a person may ask for, rightly or wrongly, often late."""
        dice = self.dice(seed)
        process = dice.choice([*self.ours[-3:], *self.ours])
        name = dice.choice([n for n, move in self.town.decider(process).moves.items() if not move.machine])
        roles = PERMISSIONS.roles_for(name) if dice.random() < 0.8 else PEOPLE
        self.ask(dice, process, name, dice.choice(roles), None)

    @rule(seed=SEEDS)
    def a_ring_proposes(self, seed: int) -> None:
        """A ring puts its matter on an agenda, or its question ends another way."""
        dice = self.dice(seed)
        ring = dice.choice(self.town.starts_with("ring/"))
        if dice.random() < 0.3:
            self.town.send(ring, "case_over", {}, SYSTEM)
        elif self.town.state(ring).hold is None and not self.town.closed(ring):
            self.town.send(dice.choice(self.sessions), "propose_item", {"holder": ring, "unit": "roads"}, SYSTEM)

    @rule(seed=SEEDS)
    def time_passes(self, seed: int) -> None:
        """Time passes; clocks are looked at on time, or late, or at the very instant."""
        dice = self.dice(seed)
        timers = [t.at for p in self.ours for t in self.town.processes[p].timers]
        if timers and dice.random() < 0.4:
            self.town.now = max(self.town.now, min(timers) + timedelta(microseconds=dice.choice((-1, 0, 1))))
        else:
            self.town.now += timedelta(seconds=dice.choice((1, 900, 20_000, 400_000)) * dice.random())
        for _ in range(2):
            self.town.tick(dice.choice(self.ours))

    @precondition(lambda self: self.town.mail)
    @rule(seed=SEEDS)
    def a_letter_arrives(self, seed: int) -> None:
        """A message arrives, or does so for the first of two times; those of one process to another keep their order."""
        dice = self.dice(seed)
        for _ in range(dice.choice((1, 3, 9))):
            ways: dict[tuple[str, str], int] = {}
            for n, letter in enumerate(self.town.mail):
                ways.setdefault((letter.sender, letter.effect.target), n)
            if ways:
                self.town.arrive(dice.choice(list(ways.values())), again=dice.random() < 0.2)

    @precondition(lambda self: sum(self.town.closed(p) for p in self.sessions) * 2 > len(self.sessions))
    @rule()
    def next_one(self) -> None:
        """Most are over: another one is opened."""
        self.open_another()

    # -------------------------------------------------------------------------------------------------------- what holds

    def bodies(self, process: str, type_: str) -> list[Mapping[str, Any]]:
        return [e.body for e in self.town.events[process] if e.type == type_]

    @invariant()
    def what_is_decided_was_signed_by_who_sat(self) -> None:
        for process in self.sessions:
            leader = None
            for event in self.town.events[process]:
                if event.type in {"session_scheduled", "leader_appointed"}:
                    leader = event.body["leader"]
                elif event.type == "opinion_signed":
                    assert event.body["by"] == leader
            signed, decided = self.bodies(process, "opinion_signed"), self.bodies(process, "item_decided")
            assert [s["item"] for s in signed] == [d["item"] for d in decided]
            assert len({d["item"] for d in decided}) == len(decided), "an item is decided once"

    @invariant()
    def documents_are_issued_once(self) -> None:
        for process in self.sessions:
            kinds = [e.body["paper"] for e in self.town.told(process, "paper")]
            assert kinds.count("session_minutes") == len(self.bodies(process, "minutes_recorded")) <= 1
            assert kinds.count("final_opinion") == len(self.bodies(process, "opinion_signed"))

    @invariant()
    def measures_are_numbered_without_gaps_and_begun(self) -> None:
        for process in self.sessions:
            ordered = self.town.state(process).measures
            no = process.removeprefix("session/")
            assert list(ordered) == [f"measure/{no}-{k}" for k in range(1, len(ordered) + 1)]
            begun = [e.target for e in self.town.told(process, "start") if e.target.startswith("measure/")]
            assert begun == list(ordered)

    @invariant()
    def an_open_measure_has_an_owner_a_day_and_a_timer_or_a_todo(self) -> None:
        for process in self.town.starts_with("measure/"):
            state = self.town.state(process)
            if not self.town.closed(process):
                assert state.unit
                assert state.due is not None
                assert self.town.processes[process].timers or self.town.todos(process)

    def teardown(self) -> None:
        """All fall silent for ever."""
        self.town.deliver()
        self.town.wait(days=500)
        self.town.deliver()
        rings = [self.town.state(r) for r in self.town.starts_with("ring/")]
        undecided = {r.hold.process for r in rings if r.hold is not None and r.verdict is None}
        for process in self.sessions:
            state = self.town.state(process)
            if self.town.closed(process):
                assert process not in undecided, "what is over holds no matter of anybody"
                continue
            roles = {t.role for t in self.town.todos(process)}
            assert roles, process
            if state.stage != Stage.executing:
                assert "city_office" in roles, f"{process} at {state.stage} is nobody's above the secretary"
            else:
                open_ = [m for m in state.measures.values() if m.outcome is None]
                assert open_ or "supervisor" in roles, "it waits for a measure, or for supervision"
                assert all(self.town.todos(m.process) for m in open_), "and that is somebody's"


Life.TestCase.settings = settings(
    max_examples=25,
    stateful_step_count=40,
    deadline=None,
    print_blob=True,
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
    suppress_health_check=list(HealthCheck),
)
TestSessions = Life.TestCase
