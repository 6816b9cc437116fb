"""A whole town at random: people, clocks and letters, drawn from dice. test_town_machine and test_town_commands let it live."""

import random
from collections import Counter
from collections.abc import Collection, Iterable
from datetime import timedelta
from typing import Any

from domain import kernel
from domain.agenda import WithAgenda
from domain.case import acting_unit
from domain.casework import byway_commands
from domain.casework.words import OrderState
from domain.deciders import DECIDERS
from domain.kernel import KERNEL_COMMANDS
from domain.process import SYSTEM, Actor, Todo
from tests.domain.asking import BELOW
from tests.domain.casekit import opening
from tests.domain.townbodies import DEPARTMENTS, Bodies
from tests.domain.townkit import PERMISSIONS, Town

USERS = ("u1", "u2", "u3", "u4", "u5", "u6", "u7")
CASES = {"c1": "east", "c2": None, "c3": "east", "c4": None}
ASKED = ("c3", "c4")
"""Cases of which it is not known whose they are."""
SELDOM = frozenset(
    {"merge", "withdraw_merge", "cancel_session", "withdraw_consultation", "withdraw_adjudication"}
    | {"postpone_session", "appoint_leader", "drop_item"}
)
"""What ends a process before it has done anything, or keeps it where it is."""
OPENINGS = [
    (kind, name) for kind, d in DECIDERS.items() for name, move in d.moves.items() if d.opens(name) and not move.machine
]


def _kinds(processes: Iterable[str]) -> list[str]:
    return sorted({p.partition("/")[0] for p in processes})


class Life:
    """Four cases and two sessions, and all that grows out of them. ``steps`` counts what people were answered.

    ``wanted`` are commands, with their kind of process, that people rather give than others.
    """

    def __init__(self, dice: random.Random, wanted: Collection[tuple[str, str]] = ()) -> None:
        self.town = Town()
        self.wanted = wanted
        self.dice = dice
        self.bodies = Bodies(self.town, tuple(CASES))
        self.steps: Counter[str] = Counter()
        # In some lives letters are long under way: what is decided meanwhile crosses them.
        self.post = dice.choice((8, 8, 2))
        # In each there is a kind that people are more at than at others, so that its long ways are gone to the end.
        self.favours = dice.choice(sorted(DECIDERS))
        self.begin(urgent=dice.random() < 0.5)

    def begin(self, *, urgent: bool) -> None:
        """Two cases at work, two of which it is not known whose they are, a session of a district and one of the city."""
        system = Actor(user="system", role="system")
        for no, district in CASES.items():
            body = opening(no, self.town) | {"district": district, "street": "east-1" if district else None}
            assert self.town.send(f"case/{no}", "open", body, system) is None
            if no in ASKED:
                continue
            triage = "urgent" if urgent and no == "c1" else "routine"
            self.town.give(f"case/{no}", "triage", triage=triage, matter=f"leak-{no}")
            lead = "east-1" if district else "water"
            self.town.give(f"case/{no}", "dispatch", lead=lead)
            self.town.give(f"case/{no}", "sign", order="a1", unit_=lead)
        for name, district in (("district", "east"), ("city", None), ("duty", None)):
            at = (self.town.now + timedelta(days=4)).isoformat()
            body = {
                "kind": "duty_meeting" if name == "duty" else "leader_session",
                "level": "district" if district else "city",
                "at": at,
                "leader": "u1",
                "by": "schedule",
                **self.town.pins,
            }
            opened = self.town.send(f"session/{name}", "open", body | {"district": district}, system)
            assert opened is None, opened

    def act(self) -> None:
        """One thing happens."""
        dice = self.dice
        acts = (
            (self.somebody_does_what_is_asked, 12),
            (self.somebody_does_what_he_may, 2),
            (self.somebody_begins, 0.3),
            (self.an_effect_fails, 0.3),
            (self.a_beginning_is_refused, 3),
            (self.a_letter_arrives, self.post),
            (self.time_passes, 1),
            (self.a_case_goes_up, 1),
            (self.a_case_merges, 2),
            (self.a_unit_takes_a_byway, 2),
            (self.the_catalogue_learns, 1),
        )
        dice.choices([act for act, _ in acts], [weight for _, weight in acts])[0](dice)

    def somebody_does_what_is_asked(self, dice: random.Random) -> None:
        waiting = [(p, t) for p in self.town.processes for t in self.town.todos(p)]
        # What is rare is looked at as often as what is frequent.
        kinds = _kinds([p for p, _ in waiting])
        if not kinds:
            return
        rare = [(p, t, n) for p, t in waiting for n in t.commands if self._is_wanted(p, n)]
        if rare and dice.random() < 0.3:
            process, todo, name = dice.choice(rare)
            self.give(dice, process, name, todo)
            return
        kind = self.favours if self.favours in kinds and dice.random() < 0.4 else dice.choice(kinds)
        process, todo = dice.choice([(p, t) for p, t in waiting if p.startswith(f"{kind}/")])
        often = [c for c in todo.commands if c not in SELDOM]
        name = dice.choice(often if often and dice.random() < 0.95 else todo.commands)
        self.give(dice, process, name, todo)

    def a_case_goes_up(self, dice: random.Random) -> None:
        process = dice.choice([f"case/{no}" for no in CASES])
        todo = next((t for t in self.town.todos(process) if t.unit is not None), None)
        name = dice.choice(("report_up", "whistle", "triage"))
        if todo is not None and (name == "triage" or name in todo.commands):
            self.give(dice, process, name, todo if name != "triage" else None)

    def a_case_merges(self, dice: random.Random) -> None:
        """Somebody hangs a case on another, or waits no longer for that; rather one that is on its way up."""
        town = self.town
        cases = [p for p in (f"case/{no}" for no in CASES) if not town.state(p).live]
        cases = [p for p in cases if town.state(p).holds and dice.random() < 0.7] or cases
        if not cases:
            return
        process = dice.choice(cases)
        name = "merge" if town.state(process).merging_into is None else "withdraw_merge"
        if town.stage(process) in town.decider(process).moves[name].stages and dice.random() < 0.5:
            self.give(dice, process, name, None)

    def a_unit_takes_a_byway(self, dice: random.Random) -> None:
        """On account, handed down, recalled, closed on the spot, undone, opened again: beside all that others decide."""
        process = dice.choice([f"case/{no}" for no in CASES])
        state = self.town.state(process)
        name = dice.choice([c.NAME for c in byway_commands.COMMANDS])
        order = dice.choice(state.live) if state.live else None
        unit = acting_unit(state, name, order) if order is not None else None
        role = next(iter(PERMISSIONS.commands[name].grants))
        body = self.bodies.body(dice, process, name, None)
        if order is not None and "order" in self.town.decider(process).commands[name].model_fields:
            body["order"] = order.id
        if name == "hand_down":
            body["unit"] = dice.choice(BELOW.get(unit or "", ("east-1",)))
        code = self.town.send(process, name, body, Actor(user=dice.choice(USERS), role=role, unit=unit))
        self.steps[f"case {name}: {code or 'recorded'}"] += 1

    def the_catalogue_learns(self, dice: random.Random) -> None:
        """Nobody is asked to, and a process that is over may be looked at."""
        agreed = sorted(p for p in self.town.processes if p.startswith(("consultation/", "adjudication/")))
        if agreed:
            self.give(dice, dice.choice(agreed), "amend_catalogue", None)

    def a_letter_arrives(self, dice: random.Random) -> None:
        if self.town.mail:
            self.town.arrive(dice.randrange(len(self.town.mail)), again=dice.random() < 0.2)

    def time_passes(self, dice: random.Random) -> None:
        self.town.now += timedelta(hours=dice.choice((1, 3, 5, 30, 24 * 9)))
        for process in list(self.town.processes):
            if any(t.at <= self.town.now for t in self.town.processes[process].timers):
                self.town.tick(process)

    def somebody_does_what_he_may(self, dice: random.Random) -> None:
        """What nobody has to do but somebody may."""
        process = dice.choice(self._one_of_each(dice))
        ways = [(process, n) for n in self._open_to_people(process) if n not in SELDOM]
        if self.wanted and dice.random() < 0.5:
            everywhere = [(p, n) for p in self.town.processes for n in self._open_to_people(p)]
            ways = [(p, n) for p, n in everywhere if self._is_wanted(p, n)] or ways
        if ways:
            self.give(dice, *dice.choice(ways), None)

    def _open_to_people(self, process: str) -> list[str]:
        decider = self.town.decider(process)
        allowed = kernel.card(decider, self.town.processes[process]).allowed
        return [n for n in allowed if n in KERNEL_COMMANDS or not decider.moves[n].machine]

    def _is_wanted(self, process: str, name: str) -> bool:
        return (process.partition("/")[0], name) in self.wanted

    def somebody_begins(self, dice: random.Random) -> None:
        """A person opens a process of a kind that persons open."""
        kind, name = dice.choice([o for o in OPENINGS if o[0] == self.favours] * 3 + OPENINGS)
        unit = f"{dice.choice(DEPARTMENTS)}/" if kind == "accountability" else ""
        self.give(dice, f"{kind}/{unit}p-{self.town.count}", name, None)

    def an_effect_fails(self, dice: random.Random) -> None:
        """A notice or a message to a unit could not be brought."""
        process = dice.choice(list(self.town.processes))
        effects = [e for e in self.town.effects[process] if e.kind in {"notice", "order_message"}]
        if effects:
            effect = dice.choice(effects)
            body = {"effect": effect.id, "kind": effect.kind, "target": effect.target, "code": "timeout", "attempt": 1}
            self.town.send(process, "fail_effect", body, SYSTEM)

    def a_beginning_is_refused(self, dice: random.Random) -> None:
        """An opening under way is refused for a reason that lies in no process of this town, such as a calendar that is not out."""
        town = self.town
        # One that names no command for that is an incident of its sender, which an operator waives.
        begins = [x for x in town.mail if x.effect.kind == "start" and x.effect.body["on_refused"]]
        unseen = [x for x in begins if x.effect.id not in town.seen and x.effect.target not in town.processes]
        wanted = [x for x in unseen if self._is_wanted(x.sender, x.effect.body["on_refused"])]
        if wanted or (unseen and dice.random() < 0.03):
            town.refuse(dice.choice(wanted or unseen).effect, "no_calendar")

    def _one_of_each(self, dice: random.Random) -> list[str]:
        """One process of each kind, so that what is rare is looked at as often as what is frequent."""
        processes = list(self.town.processes)
        return [dice.choice([p for p in processes if p.startswith(f"{kind}/")]) for kind in _kinds(processes)]

    def give(self, dice: random.Random, process: str, name: str, todo: Todo | None) -> None:
        decider = self.town.decider(process)
        grants = list(PERMISSIONS.commands[name].grants)
        role = todo.role if todo is not None and todo.role in grants else dice.choice(grants)
        state = self.town.state(process) if process in self.town.processes else decider.initial()
        body = self.bodies.body(dice, process, name, todo)
        unit = todo.unit if todo is not None else self._unit(dice, state, body)
        actor = Actor(user=dice.choice(USERS), role=role, unit=unit, district=getattr(state, "district", None))
        code = self.town.send(process, name, body, actor)
        self.steps[f"{decider.kind} {name}: {code or 'recorded'}"] += 1

    def _unit(self, dice: random.Random, state: Any, body: dict[str, Any]) -> str | None:
        """The unit of one who may: whose order it is, or who is named."""
        orders = getattr(state, "orders", {})
        if (order := orders.get(body.get("order"))) is not None:
            return str(order.unit)
        named = body.get("unit") or getattr(state, "unit", None)
        return dice.choice((named, None)) if named else None

    # -------------------------------------------------------------------------------------------------------------- laws

    def laws(self) -> None:
        """What holds after every step, beside what the town itself asks."""
        town = self.town
        held = Counter(
            claim for p, process in town.processes.items() for claim in town.decider(p).claims(process.state)
        )
        assert [claim for claim, n in held.items() if n > 1] == [], "no two processes hold one claim"
        for p, process in town.processes.items():
            if p.startswith("case/"):
                locked = [o for o in process.state.orders.values() if o.no_return]
                back = [o.id for o in locked if o.state in {OrderState.returned, OrderState.return_requested}]
                assert back == [], "no order is given back after a ruling"

    def end(self) -> None:
        """All letters arrive: every item of what is over has ended, and no case holds anything for a process that is over."""
        town = self.town
        town.deliver()
        for p, process in town.processes.items():
            state = process.state
            if isinstance(state, WithAgenda) and town.closed(p):
                assert [i.id for i in state.items.values() if not i.ended] == [], p
            for hold in getattr(state, "holds", {}).values() if p.startswith("case/") else ():
                assert not town.closed(hold.process), f"{p} waits for {hold.process}, which is over"
                assert hold.item in town.state(hold.process).items
        self.laws()
