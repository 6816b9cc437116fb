"""Consultations under anything people, clocks and messages can do to them, with the adjudications they begin and their holders.

Proved after every step: the laws of :class:`~tests.domain.townkit.Town` (somebody has a todo, a timer is set or a message is under
way; events give the state; what is over holds nothing); an item is decided once, a note issued once, nobody rules alone. At the
end, when all fall silent for ever: every consultation is over and holds nobody's matter, and what is not decided is with the
adjudication group *and* the centre head.
"""

import random
from collections.abc import Mapping
from datetime import timedelta
from enum import Enum
from typing import Any, ClassVar, Literal, get_args, get_origin

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from domain import adjudication, consultation
from domain.holding import ItemState
from domain.process import Actor, Command, Decider, Todo
from tests.domain.casekit import REF, UNITS
from tests.domain.holderkit import HOLDER
from tests.domain.townkit import PERMISSIONS, Town

SEEDS = st.integers(0, 2**32 - 1)
USERS = ("u1", "u2", "u3")
WORKING = ("water", "roads", "parks", "housing")
DECIDERS: Mapping[str, Decider] = {d.kind: d for d in (consultation.DECIDER, adjudication.DECIDER)}
PEOPLE = tuple(r for r in PERMISSIONS.roles if r != "system")


def draw(dice: random.Random, town: Town, process: str, model: type[Command], todo: Todo | None) -> dict[str, Any]:
    """A body that is often, but not always, right."""
    out: dict[str, Any] = {}
    for field, info in model.model_fields.items():
        if info.is_required() or dice.random() < 0.6:
            value = _value(dice, town, process, field, info.annotation, todo)
            if value is not None:
                out[field] = value
    if model.NAME == "rule" and out.get("form") != "joint" and dice.random() < 0.8:
        out.pop("co", None)
        if out["form"] == "refer":
            out = {k: v for k, v in out.items() if k not in {"lead", "term"}}
        else:
            out.setdefault("lead", dice.choice(WORKING))
    if model.NAME == "state_opinion" and dice.random() < 0.7:
        out.pop("owner", None)
    return out


def _value(  # noqa: PLR0911 - one line a field
    dice: random.Random, town: Town, process: str, field: str, annotation: Any, todo: Todo | None
) -> Any:
    state = town.state(process) if process in town.processes else None
    match field:
        case "item":
            items = [*getattr(state, "items", {}), "i9"]
            return todo.subject if todo is not None and todo.subject is not None else dice.choice(items)
        case "unit":
            return todo.unit if todo is not None else dice.choice([*WORKING, None])
        case "lead" | "owner" | "first_receiver" | "district":
            return dice.choice(WORKING if dice.random() < 0.95 else list(UNITS)) if field != "district" else "east"
        case "co" | "attending" | "candidates" | "parties":
            return dice.sample(WORKING, dice.choice((0, 1, 2, 3)))
        case "entries":
            return [{"holder": dice.choice(town.starts_with("case/")), "matter": "m1"} for _ in range(2)]
        case "documents":
            return ["d1"]
        case "term":
            return dice.choice((1, 20))
    kinds = [a for a in get_args(annotation) if a is not type(None)] or [annotation]
    if get_origin(annotation) is Literal:
        return dice.choice(kinds)
    if isinstance(kinds[0], type) and issubclass(kinds[0], Enum):
        return dice.choice([str(v) for v in kinds[0]])
    return dice.random() < 0.7 if kinds[0] is bool else REF


class Life(RuleBasedStateMachine):
    """One town with two cases for every process; where one is over, another is opened."""

    kind: ClassVar[str] = "consultation"

    def __init__(self) -> None:
        super().__init__()
        self.town = Town(*DECIDERS.values(), HOLDER)
        self.steps = 0
        self.n = 0
        self.open_another()

    def open_another(self) -> None:
        """Open the next one, by a machine; the number of every other one is taken among adjudications."""
        self.n += 1
        cases = [f"case/c{self.n}{letter}" for letter in "ab"]
        for case in cases:
            self.town.open(case, district="east")
        entries = [{"holder": case, "matter": "m1"} for case in cases]
        given: dict[str, Any] = {"entries": entries, "triage": ("routine", "urgent")[self.n % 2], "district": "east"}
        if self.kind == "consultation":
            given["candidates"] = WORKING[: 2 + self.n % 2]
            if self.n % 2:
                self.town.open(f"adjudication/n{self.n}", parties=(), entries=entries[:1])
        else:
            given |= {"parties": WORKING[: self.n % 3], "first_receiver": "east-1"}
        self.town.open(f"{self.kind}/n{self.n}", **given)

    def dice(self, seed: int) -> random.Random:
        """Dice that fall differently at every step."""
        self.steps += 1
        return random.Random(f"{seed}/{self.steps}")

    @property
    def ours(self) -> list[str]:
        return [p for kind in DECIDERS for p in self.town.starts_with(f"{kind}/")]

    def some(self, dice: random.Random) -> str:
        return dice.choice([*self.ours[-3:], *self.ours])

    def actor(self, dice: random.Random, role: str, body: Mapping[str, Any], todo: Todo | None) -> Actor:
        unit = body.get("unit") if role in {"unit_liaison", "unit_head", "consultation_member"} else None
        if dice.random() < 0.1:
            unit = dice.choice(list(UNITS))
        return Actor(user=dice.choice(USERS), role=role, unit=todo.unit or unit if todo is not None else unit)

    def ask(self, dice: random.Random, process: str, name: str, role: str, todo: Todo | None) -> None:
        model = self.town.decider(process).commands[name]
        body = draw(dice, self.town, process, model, todo)
        back = timedelta(seconds=dice.choice((0, 0, 0, 1, 900, 90_000)))
        received = self.town.now - back
        self.town.send(process, name, body, self.actor(dice, role, body, todo), received=received)

    # ---------------------------------------------------------------------------------------------------------- what happens

    @rule(first=SEEDS, second=SEEDS, third=SEEDS)
    def what_is_asked(self, first: int, second: int, third: int) -> None:
        """Three times somebody does one of the things the todos ask for."""
        for seed in (first, second, third):
            dice = self.dice(seed)
            waiting = [(p, t) for p in self.ours for t in self.town.todos(p)]
            if waiting:
                process, todo = dice.choice(waiting)
                self.ask(dice, process, dice.choice(todo.commands), todo.role, todo)

    @rule(seed=SEEDS)
    def anything(self, seed: int) -> None:
        """Anybody asks for anything a person may ask for, rightly or wrongly, often late."""
        dice = self.dice(seed)
        process = self.some(dice)
        found = self.town.decider(process)
        name = dice.choice([n for n, move in found.moves.items() if not move.machine])
        roles = PERMISSIONS.roles_for(name) if dice.random() < 0.8 else PEOPLE
        if "withdraw" in name and dice.random() < 0.7:
            return
        self.ask(dice, process, name, dice.choice(roles), None)

    @rule(seed=SEEDS)
    def by_hand(self, seed: int) -> None:
        """Somebody opens one by hand, on matters that others may have."""
        dice = self.dice(seed)
        if dice.random() < 0.3:
            self.n += 1
            name = f"open_{self.kind}"
            role = dice.choice(PERMISSIONS.roles_for(name))
            body = draw(dice, self.town, f"{self.kind}/h{self.n}", DECIDERS[self.kind].commands[name], None)
            self.town.send(f"{self.kind}/h{self.n}", name, body, Actor(user=dice.choice(USERS), role=role))

    @rule(seed=SEEDS)
    def elsewhere(self, seed: int) -> None:
        """The question is settled another way."""
        dice = self.dice(seed)
        if dice.random() < 0.3:
            case = dice.choice(self.town.starts_with("case/"))
            self.town.send(case, "designate", {"matter": "m1"}, Actor(user="u1", role="city_centre"))

    @rule(seed=SEEDS)
    def time_passes(self, seed: int) -> None:
        """Time passes; clocks are looked at on time, or late, or at the very instant."""
        dice = self.dice(seed)
        timers = [t.at for p in self.ours for t in self.town.processes[p].timers]
        if timers and dice.random() < 0.4:
            self.town.now = max(self.town.now, min(timers) + timedelta(microseconds=dice.choice((-1, 0, 1))))
        else:
            self.town.now += timedelta(seconds=dice.choice((1, 900, 20_000, 200_000)) * dice.random())
        if dice.random() < 0.7:
            self.town.tick(self.some(dice))

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

    @precondition(lambda self: all(self.town.closed(p) for p in self.ours))
    @rule()
    def next_one(self) -> None:
        """All are over: another one is opened."""
        self.open_another()

    # -------------------------------------------------------------------------------------------------------- what holds

    @invariant()
    def a_note_is_issued_once(self) -> None:
        for process in self.town.starts_with("consultation/"):
            assert len(self.town.told(process, "paper")) <= 1

    @invariant()
    def nobody_rules_alone_and_what_is_ruled_is_decided(self) -> None:
        for process in self.town.starts_with("adjudication/"):
            issued = [e.body for e in self.town.events[process] if e.type == "ruling_issued"]
            assert all(e["by"] != e["drafted_by"] for e in issued)
            decided = [e.body["item"] for e in self.town.events[process] if e.type == "item_decided"]
            assert decided == [e["item"] for e in issued]
            assert len(self.town.told(process, "paper")) == len(issued)

    @invariant()
    def an_item_is_decided_once(self) -> None:
        for process in self.ours:
            decided = [e.body["item"] for e in self.town.events[process] if e.type == "item_decided"]
            assert len(decided) == len(set(decided))

    def teardown(self) -> None:
        """All fall silent for ever."""
        self.town.deliver()
        self.town.wait(days=300)
        self.town.deliver()
        held = {h.process for case in self.town.starts_with("case/") for h in self.town.state(case).holds.values()}
        for process in self.ours:
            state = self.town.state(process)
            if self.town.closed(process):
                assert process not in held, "what is over holds no matter of anybody"
                continue
            assert process.startswith("adjudication/"), f"{process} waits for ever at {state.stage}"
            assert {"adjudication_group", "centre_head"} <= {t.role for t in self.town.todos(process)}
            for item in state.live:
                hold = self.town.state(item.holder).holds["m1"]
                assert (item.state, hold.process) == (ItemState.reserved, process)


SETTINGS = settings(
    max_examples=25,
    stateful_step_count=40,
    deadline=None,
    print_blob=True,
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
    suppress_health_check=list(HealthCheck),
)
Life.TestCase.settings = SETTINGS
TestConsultations = Life.TestCase
