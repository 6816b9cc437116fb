"""The laws of the case decider under anything people, timers, delays and other cases can do to it.

``SANHUAN_STEPS`` sets the number of steps (default 25000). A failure prints the steps; each draws one seed.
"""

import os
import random
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule

from domain import kernel
from domain.case import DECIDER
from domain.casework import byway_commands
from domain.casework.commands import COMMANDS
from domain.casework.reopening import REOPENABLE
from domain.kernel import Advanced, Process
from domain.process import SYSTEM, Actor, Decider, Envelope, Facts
from tests.domain.asking import body, spoil
from tests.domain.casekit import PERMISSIONS, UNITS, CaseKit, City, opening, replays

STEPS = int(os.environ.get("SANHUAN_STEPS", "25000"))
LENGTH = 100
MOST_LIVES = 200
SEEDS = st.integers(0, 2**32 - 1)
USERS = ("u1", "u2", "u3", "u4")
PEOPLE = tuple(r for r in PERMISSIONS.roles if r != "system")
ALL = (*COMMANDS, *kernel.KERNEL_COMMANDS, "no_such_command")
UNASKED = tuple(n for n, row in PERMISSIONS.commands.items() if n in COMMANDS and "system" not in row.grants)
ONWARD: dict[str, dict[str, Any]] = {
    "triage": {"triage": "routine"},
    "dispatch": {"co": [], "informed": []},
    "submit_result": {"code": "solved"},
    "review_result": {"accept": True},
    "record_callback": {"reached": True, "solved": "no", "satisfaction": "unsatisfied", "unreasonable": False},
    "supervise": {},
}
UNREACHED = frozenset({"consent", "territory", "industry"})
BESIDE = frozenset(
    {"call_consultation", "reserve_matter", "release_matter", "apply_decision", "process_refused", "supervision_ended"}
)
"""What begins a process beside the case, and what such a one says: explored with all of them, each taken in test_town_commands."""
BYWAYS = tuple(c.NAME for c in byway_commands.COMMANDS if "reopening" not in c.NAME)
FORMER = frozenset({"urge", "supervise"})
"""They settle matters of cases that were dissatisfied when that was a matter for the supervisor: later ones are supervised."""


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
        self.pass_time(dice, kit)
        kit.send(name, body(dice, kit, name, todo), Actor(user=dice.choice(USERS), role=todo.role, unit=todo.unit))

    def unasked(self, dice: random.Random, kit: CaseKit) -> None:
        """What nobody has to do but somebody may, by one who may."""
        allowed = [n for n in kernel.card(DECIDER, kit.process).allowed if n in UNASKED]
        name = dice.choice(allowed if allowed and dice.random() < 0.8 else UNASKED)
        fields = body(dice, kit, name, None)
        self.pass_time(dice, kit)
        kit.send(name, fields, kit.actor(name, fields, user=dice.choice(USERS)))

    @rule(seed=SEEDS)
    def on_and_on(self, seed: int) -> None:
        """One case is worked on and on, and its caller is not content: some things come only after many rounds."""
        dice = self.dice(seed)
        open_ = [k for k in self.kits if k.todos()]
        if not open_ or dice.random() < 0.8:
            return
        kit = max(open_, key=lambda k: (k.state.dissatisfied, k.process.seq))
        for _ in range(6):
            ways = [(t, n) for t in kit.todos().values() for n in t.commands if n in ONWARD]
            if not ways:
                return
            todo, name = dice.choice(ways)
            self.city.now += timedelta(hours=dice.random())
            fields = {k: v for k, v in body(dice, kit, name, todo).items() if k not in UNREACHED} | ONWARD[name]
            kit.send(name, fields, Actor(user=dice.choice(USERS), role=todo.role, unit=todo.unit))

    @rule(seed=SEEDS)
    def new_facts(self, seed: int) -> None:
        """Somebody has new facts about a case that is over, and the second person answers, or not yet."""
        dice = self.dice(seed)
        over = [k for k in self.kits if k.stage in REOPENABLE]
        if not over or dice.random() < 0.7:
            return
        kit = dice.choice(over)
        for name in ("request_reopening", "review_reopening"):
            fields = body(dice, kit, name, None)
            kit.send(name, fields, kit.actor(name, fields, user=dice.choice(USERS)))
            if dice.random() < 0.3:
                return
            self.pass_time(dice, kit)

    @rule(seed=SEEDS)
    def byways(self, seed: int) -> None:
        """What a unit does beside the main way, on and on: it goes on account, hands down, recalls, closes on the spot."""
        dice = self.dice(seed)
        kit = self.some_case(dice)
        for _ in range(5):
            if not (live := kit.state.live):
                return
            asked = [(t, n) for t in kit.todos().values() for n in t.commands if n in BYWAYS]
            if asked and dice.random() < 0.7:
                todo, name = dice.choice(asked)
                self.city.now += timedelta(hours=dice.random())
                user = Actor(user=dice.choice(USERS), role=todo.role, unit=todo.unit)
                kit.send(name, body(dice, kit, name, todo), user)
                continue
            name = dice.choice(BYWAYS)
            fields = body(dice, kit, name, None) | ({"order": dice.choice(live).id} if name != "undo_dispatch" else {})
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


Life.TestCase.settings = settings(
    max_examples=max(1, STEPS // LENGTH),
    stateful_step_count=LENGTH,
    deadline=None,
    print_blob=True,
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
    suppress_health_check=list(HealthCheck),
)
TestLife = pytest.mark.slow(Life.TestCase)


@pytest.mark.slow
def test_these_lives_come_to_every_command(monkeypatch: pytest.MonkeyPatch) -> None:
    """A law holds only of what was tried: each command is taken at least once, whatever the machine draws."""
    missing = {*COMMANDS, *kernel.KERNEL_COMMANDS} - BESIDE - FORMER
    advance = kernel.advance

    def watched(
        decider: Decider, process: Process, envelope: Envelope, facts: Facts, now: datetime, spread: timedelta
    ) -> Advanced:
        got = advance(decider, process, envelope, facts, now, spread)
        if got.refusal is None:
            missing.discard(envelope.name)
        return got

    monkeypatch.setattr(kernel, "advance", watched)
    dice = random.Random("every command")
    for _ in range(MOST_LIVES):
        life = Life()
        for _ in range(LENGTH):
            if not missing:
                return
            seeds = [dice.getrandbits(32) for _ in range(3)]
            acts = [
                partial(act, seeds[0])
                for act in (life.anything, life.tick, life.fail, life.on_and_on, life.byways, life.new_facts)
            ]
            dice.choice([partial(life.what_is_asked, *seeds), *acts])()
            if DECIDER.closed(life.kits[-1].state) or DECIDER.closed(life.kits[-2].state):
                life.open_another()
    pytest.fail(f"never taken: {sorted(missing)}")
