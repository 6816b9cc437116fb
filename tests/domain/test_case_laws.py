"""The laws of the case decider under anything people, timers, delays and other cases can do to it.

``SANHUAN_STEPS`` sets the number of steps (default 40000). A failure prints the steps; each draws one seed.
"""

import os
import random
from datetime import timedelta
from enum import Enum
from typing import Any, Literal, get_args, get_origin

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule

from domain import kernel
from domain.case import DECIDER
from domain.casework.commands import COMMANDS
from domain.casework.state import Case
from domain.process import SYSTEM, Actor, Todo
from tests.domain.casekit import ITEMS, PERMISSIONS, REF, UNITS, CaseKit, City, opening, replays

STEPS = int(os.environ.get("SANHUAN_STEPS", "40000"))
LENGTH = 100
SEEDS = st.integers(0, 2**32 - 1)
USERS = ("u1", "u2", "u3", "u4")
PEOPLE = tuple(r for r in PERMISSIONS.roles if r != "system")
ALL = (*COMMANDS, *kernel.KERNEL_COMMANDS, "no_such_command")
UNASKED = tuple(n for n, row in PERMISSIONS.commands.items() if n in COMMANDS and "system" not in row.grants)
WORKING_UNITS = ("housing", "water", "roads", "parks", "east-1")


class Life(RuleBasedStateMachine):
    """Two cases of one city at a time; where one is over, another is opened."""

    def __init__(self) -> None:
        super().__init__()
        self.city = City()
        self.kits: list[CaseKit] = []
        self.step = 0
        self.open_another()
        self.open_another()

    def open_another(self) -> None:
        """Open the next case."""
        kit = CaseKit(self.city, f"c{len(self.kits) + 1}")
        self.kits.append(kit)
        self.city.kits[kit.no] = kit
        grade = ("grade_normal", "grade_urgent")[len(self.kits) % 2]
        kit.do("open", **opening(kit.no, self.city), grade=grade, district="east", street="east-1")

    def dice(self, seed: int) -> random.Random:
        """Dice that fall differently at every step: Hypothesis likes to draw the same seed again."""
        self.step += 1
        return random.Random(f"{seed}/{self.step}")

    def some_case(self, dice: random.Random) -> CaseKit:
        """One of the last two cases mostly."""
        return dice.choice([*self.kits[-2:], *self.kits[-2:], *self.kits[-2:], *self.kits])

    @rule(first=SEEDS, second=SEEDS, third=SEEDS)
    def what_is_asked(self, first: int, second: int, third: int) -> None:
        """Three times somebody does one of the things the todos ask for."""
        for seed in (first, second, third):
            self.one_thing(self.dice(seed))

    def one_thing(self, dice: random.Random) -> None:
        """Do one of the things the todos ask for; the ends of screening more rarely."""
        if dice.random() < 0.3:
            self.city.deliver()
        open_ = [k for k in self.kits if k.todos()]
        if not open_:
            return
        kit = dice.choice(open_)
        if dice.random() < 0.3:
            self.unasked(dice, kit)
            return
        todo = dice.choice(list(kit.todos().values()))
        name = dice.choice(todo.commands)
        if todo.key == "screen" and dice.random() < 0.8:
            name = "triage"
        order = kit.state.orders.get(todo.subject or "")
        unit = order.unit if order is not None and todo.role in {"unit_liaison", "unit_head"} else todo.unit
        self.pass_time(dice, kit)
        kit.send(name, body(dice, kit, name, todo), Actor(user=dice.choice(USERS), role=todo.role, unit=unit))

    def unasked(self, dice: random.Random, kit: CaseKit) -> None:
        """What nobody has to do but somebody may, by one who may."""
        name = dice.choice(UNASKED)
        fields = body(dice, kit, name, None)
        self.pass_time(dice, kit)
        kit.send(name, fields, kit.actor(name, fields, user=dice.choice(USERS)))

    @rule(seed=SEEDS)
    def anything(self, seed: int) -> None:
        """Anybody asks for anything, rightly or wrongly, often late."""
        dice = self.dice(seed)
        kit = self.some_case(dice)
        name = dice.choice(ALL)
        fields = body(dice, kit, name, None)
        if dice.random() < 0.1:
            spoil(dice, fields)
        row = PERMISSIONS.commands.get(name)
        role = dice.choice(list(row.grants)) if row and dice.random() < 0.8 else dice.choice(PEOPLE)
        order = kit.state.orders.get(str(fields.get("order")))
        unit = order.unit if order is not None and role in {"unit_liaison", "unit_head"} else None
        if dice.random() < 0.1:
            unit = dice.choice(list(UNITS))
        actor = SYSTEM if role == "system" else Actor(user=dice.choice(USERS), role=role, unit=unit)
        self.pass_time(dice, kit)
        back = timedelta(seconds=dice.choice((0, 0, 0, 1, 300, 90_000, 400_000)))
        kit.send(name, fields, actor, self.city.now - back)

    @rule(seed=SEEDS)
    def tick(self, seed: int) -> None:
        """Time passes, and the timers ring late or on time."""
        dice = self.dice(seed)
        kit = self.some_case(dice)
        self.pass_time(dice, kit)
        if dice.random() < 0.3:
            self.city.now += timedelta(days=dice.choice((1, 3, 12, 70)))
        kit.tick()

    @precondition(lambda self: self.city.mail)
    @rule()
    def deliver(self) -> None:
        """Messages between the cases arrive."""
        self.city.deliver()

    @rule(seed=SEEDS)
    def fail(self, seed: int) -> None:
        """An effect fails."""
        dice = self.dice(seed)
        kit = self.some_case(dice)
        if dice.random() < 0.7:
            return
        effect = dice.choice(kit.effects)
        fields = {"effect": effect.id, "kind": effect.kind, "target": effect.target, "code": "timeout", "attempt": 1}
        kit.send("fail_effect", fields, SYSTEM)

    @precondition(lambda self: DECIDER.closed(self.kits[-1].state) or DECIDER.closed(self.kits[-2].state))
    @rule()
    def next_case(self) -> None:
        """A case is over: another one comes."""
        self.open_another()

    def pass_time(self, dice: random.Random, kit: CaseKit) -> None:
        """Go on by minutes, hours or days, or to the very instant of the next timer."""
        timers = kit.process.timers
        if timers and dice.random() < 0.15:
            self.city.now = max(self.city.now, timers[0].at + timedelta(microseconds=dice.choice((-1, 0, 1))))
            return
        self.city.now += timedelta(seconds=dice.choice((0, 1, 60, 900, 7200, 40_000)) * dice.random())

    def teardown(self) -> None:
        """At the end each process is replayed from its first event."""
        for kit in self.kits:
            replays(kit)
            ids = [effect.id for effect in kit.effects]
            assert len(ids) == len(set(ids))


def body(dice: random.Random, kit: CaseKit, name: str, todo: Todo | None) -> dict[str, Any]:
    """A body for a command that is often, but not always, right."""
    model = COMMANDS.get(name) or kernel.KERNEL_COMMANDS.get(name)
    if model is None:
        return {}
    if name == "open":
        return opening(kit.no, kit.city)
    fields: dict[str, Any] = {}
    for field, info in model.model_fields.items():
        if not info.is_required() and dice.random() < 0.4:
            continue
        value = draw(dice, kit, field, info.annotation, todo)
        if value is not None:
            fields[field] = value
    if name == "correct":
        fields["value"] = dice.choice(
            {
                "case_type": ("help", "nonsense"),
                "caller_type": ("firm", "nonsense"),
                "confidential": ("true", "false", "maybe"),
                "item": (*ITEMS, "nonsense"),
                "matter": ("x1", "x2"),
            }.get(fields["field"], (*UNITS, "nonsense"))
        )
    if name == "record_callback" and dice.random() < 0.9:
        fields = callback(dice, fields)
    if name == "submit_result":
        fields["documents"] = ["d1"]
    return fields


def callback(dice: random.Random, fields: dict[str, Any]) -> dict[str, Any]:
    """What a caller says, or that he was not reached, without contradiction."""
    fields = {k: v for k, v in fields.items() if k not in {"solved", "satisfaction"}}
    fields |= {"reached": dice.random() < 0.7, "unreasonable": False, "note": REF}
    if not fields["reached"]:
        return fields
    if dice.random() < 0.5:
        return fields | {"solved": "yes", "satisfaction": "satisfied"}
    return fields | {"solved": "no", "satisfaction": "unsatisfied", "unreasonable": dice.random() < 0.4}


def draw(dice: random.Random, kit: CaseKit, field: str, annotation: Any, todo: Todo | None) -> Any:  # noqa: C901, PLR0911, PLR0912
    """A value for a field, by its name first and then by its type."""
    case: Case = kit.state
    other = dice.choice([no for no in kit.city.kits if no != kit.no])
    match field:
        case "order":
            if todo is not None and todo.subject in case.orders:
                return todo.subject
            return dice.choice([*case.orders, *(o.id for o in case.live), "a999"])
        case "request":
            if todo is not None and todo.subject in case.callers:
                return todo.subject
            return dice.choice([*case.callers, *(c.request for c in case.waiting_callers), "nobody"])
        case "matter" if case.matters:
            return dice.choice([*case.matters])
        case "into" | "case" | "was":
            return dice.choice([other, other, case.merging_into or other, kit.no, "nowhere"])
        case "effect":
            return dice.choice([*kit.process.incidents, *(e.id for e in kit.effects[-3:]), "case/x/1/0"])
        case "item":
            return dice.choice([*ITEMS, "nonsense"]) if dice.random() < 0.5 else None
        case "lead" | "unit" | "proposed_owner" | "territory" | "industry":
            return dice.choice(WORKING_UNITS if dice.random() < 0.95 else list(UNITS))
        case "co" | "informed":
            return dice.sample(WORKING_UNITS, dice.choice((0, 0, 1, 2)))
        case "days":
            return dice.choice((1, 3, 10, 11))
        case "kind":
            return dice.choice((*kit.city.pack.pauses, "nonsense"))
        case "documents":
            return ["d1"]
    kinds = [a for a in get_args(annotation) if a is not type(None)] or [annotation]
    kind = kinds[0]
    if get_origin(annotation) is Literal:
        return dice.choice(kinds)
    if isinstance(kind, type) and issubclass(kind, Enum):
        return dice.choice([str(v) for v in kind])
    if kind is bool:
        return dice.random() < 0.7
    return 1 if kind is int else "x"


def spoil(dice: random.Random, fields: dict[str, Any]) -> None:
    """Make a body wrong."""
    if fields:
        fields[dice.choice(list(fields))] = dice.choice((None, "", "x" * 400, 7, ["a"], {"b": 1}, "空 格"))
    else:
        fields["surprise"] = 1


Life.TestCase.settings = settings(
    max_examples=max(1, STEPS // LENGTH),
    stateful_step_count=LENGTH,
    deadline=None,
    derandomize=False,
    print_blob=True,
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
    suppress_health_check=list(HealthCheck),
)
TestLife = pytest.mark.slow(Life.TestCase)
