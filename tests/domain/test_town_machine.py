"""All kinds of processes explored together: what people do, what clocks do, and messages late, doubled and in any order.

After every step the laws of :class:`~tests.domain.townkit.Town` hold (events give the state, somebody always has a todo or a timer,
what is over holds nothing); here beside them: no two processes hold one claim, what a case holds for a process is an item of that
process, no order is given back after a ruling. At the end, when all letters have arrived, every
item of what is over has ended, and no case holds anything for a process that is over.
"""

import random
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from enum import Enum
from typing import Any, ClassVar, Literal, get_args, get_origin

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from domain.agenda import WithAgenda
from domain.casework.words import OrderState
from domain.process import Actor, Text, Todo
from tests.domain.casekit import ITEMS, opening
from tests.domain.townkit import PERMISSIONS, Town

USERS = ("u1", "u2", "u3", "u4")
DEPARTMENTS = ("housing", "water", "roads", "parks", "east-housing", "east-roads")
SEEDS = st.integers(0, 2**32 - 1)
REF = "row#text"


def is_text(info: FieldInfo) -> bool:
    """Whether a field takes words, by reference."""
    marks = [*info.metadata, *(m for arm in get_args(info.annotation) for m in get_args(arm))]
    return any(isinstance(m, Text) for m in marks)


class Together(RuleBasedStateMachine):
    """Two cases of one matter, and all that grows out of them."""

    steps: ClassVar[Counter[str]] = Counter()

    def __init__(self) -> None:
        super().__init__()
        self.town = Town()
        self.granted: set[str] = set()

    @initialize(urgent=st.booleans())
    def cases(self, urgent: bool) -> None:
        system = Actor(user="system", role="system")
        for no, district in (("c1", "east"), ("c2", None)):
            body = opening(no, self.town) | {"district": district, "street": "east-1" if district else None}  # type: ignore[arg-type]
            assert self.town.send(f"case/{no}", "open", body, system) is None
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

    # ----------------------------------------------------------------------------------------------------- what happens

    @rule(seed=SEEDS)
    def goes_on(self, seed: int) -> None:
        self.on_and_on(seed)

    def on_and_on(self, seed: int) -> None:
        """A stretch of life: many things, one after the other; the laws are asked after each by the town itself."""
        dice = random.Random(seed)
        for _ in range(30):
            self.on_and_on_once(dice)

    def on_and_on_once(self, dice: random.Random) -> None:
        """One thing of such a stretch."""
        acts = (
            self.somebody_does_what_is_asked,
            self.a_letter_arrives,
            self.time_passes,
            self.a_case_goes_up,
            self.the_catalogue_learns,
        )
        dice.choices(acts, (24, 16, 2, 2, 1))[0](dice)

    @rule(seed=SEEDS)
    def and_on(self, seed: int) -> None:
        self.on_and_on(seed)

    @rule(seed=SEEDS)
    def one_thing(self, seed: int) -> None:
        dice = random.Random(seed)
        dice.choice((self.somebody_does_what_is_asked, self.a_letter_arrives, self.time_passes))(dice)

    @rule()
    def all_letters_arrive(self) -> None:
        self.town.deliver()

    def somebody_does_what_is_asked(self, dice: random.Random) -> None:
        waiting = [(p, t) for p in self.town.processes for t in self.town.todos(p)]
        # What is rare is looked at as often as what is frequent.
        kinds = sorted({p.partition("/")[0] for p, _ in waiting})
        if not kinds:
            return
        kind = dice.choice(kinds)
        process, todo = dice.choice([(p, t) for p, t in waiting if p.startswith(f"{kind}/")])
        # What ends a process before it has done anything is tried seldom.
        seldom = {"merge", "withdraw_merge", "cancel_session", "withdraw_consultation", "withdraw_adjudication"}
        often = [c for c in todo.commands if c not in seldom]
        name = dice.choice(often if often and dice.random() < 0.95 else todo.commands)
        self.give(dice, process, name, todo)

    def a_case_goes_up(self, dice: random.Random) -> None:
        process = dice.choice(("case/c1", "case/c2"))
        todo = next((t for t in self.town.todos(process) if t.unit is not None), None)
        name = dice.choice(("report_up", "whistle", "triage"))
        if todo is not None and (name == "triage" or name in todo.commands):
            self.give(dice, process, name, todo if name != "triage" else None)

    def the_catalogue_learns(self, dice: random.Random) -> None:
        """Nobody is asked to, and a process that is over may be looked at."""
        process = dice.choice(
            sorted(p for p in self.town.processes if p.startswith(("consultation/", "adjudication/"))) or [""]
        )
        if process:
            self.give(dice, process, "amend_catalogue", None)

    def a_letter_arrives(self, dice: random.Random) -> None:
        if self.town.mail:
            self.town.arrive(dice.randrange(len(self.town.mail)), again=dice.random() < 0.2)

    def time_passes(self, dice: random.Random) -> None:
        self.town.now += timedelta(hours=dice.choice((1, 3, 5, 30, 24 * 9)))
        for process in list(self.town.processes):
            if any(t.at <= self.town.now for t in self.town.processes[process].timers):
                self.town.tick(process)

    def give(self, dice: random.Random, process: str, name: str, todo: Todo | None) -> None:
        decider = self.town.decider(process)
        grants = list(PERMISSIONS.commands[name].grants)
        role = todo.role if todo is not None and todo.role in grants else dice.choice(grants)
        state = self.town.state(process)
        body = self.body(dice, process, name, todo)
        unit = todo.unit if todo is not None else None
        actor = Actor(user=dice.choice(USERS), role=role, unit=unit, district=getattr(state, "district", None))
        code = self.town.send(process, name, body, actor)
        self.steps[f"{decider.kind} {name}: {code or 'recorded'}"] += 1

    # ------------------------------------------------------------------------------------------------------------ bodies

    def body(self, dice: random.Random, process: str, name: str, todo: Todo | None) -> dict[str, Any]:
        model = self.town.decider(process).commands[name]
        found: dict[str, Any] = {}
        for field, info in model.model_fields.items():
            if not info.is_required() and dice.random() < 0.4 and field not in {"documents", "reason", "unit", "lead"}:
                continue
            value = REF if is_text(info) else self.value(dice, process, field, info.annotation, todo)
            if value is not None:
                found[field] = value
        return self.likely(dice, name, found)

    def likely(self, dice: random.Random, name: str, body: dict[str, Any]) -> dict[str, Any]:
        """Put right what would hardly ever fit."""
        if name == "record_callback":
            good = dice.random() < 0.6
            answer = {"solved": "yes" if good else "no", "satisfaction": "satisfied" if good else "unsatisfied"}
            return {"request": body["request"], "reached": True, "note": REF, **answer}
        if name == "submit_result":
            return {"order": body["order"], "code": "solved", "reply": REF, "documents": ["d1"]}
        if name == "triage":
            return {"triage": dice.choice(("disputed", "hard")), "reason": REF}
        if "lead" in body:
            body["co"] = [u for u in body.get("co") or () if u != body["lead"]]
        return body

    def value(self, dice: random.Random, process: str, field: str, annotation: Any, todo: Todo | None) -> Any:  # noqa: C901, PLR0911, PLR0912
        state = self.town.state(process)
        subject = todo.subject if todo is not None else None
        hint = todo.hint if todo is not None else {}
        match field:
            case "order":
                return subject if subject in state.orders else next(iter(state.orders), "a1")
            case "item":
                items = getattr(state, "items", {})
                return subject if subject in items else dice.choice(sorted(items) or ["i1"])
            case "request":
                return subject if subject in getattr(state, "callers", {}) else getattr(state, "no", "c1")
            case "matter":
                return subject or "m1"
            case "unit":
                named = hint.get("unit") or (todo.unit if todo else None)
                return subject if subject in DEPARTMENTS else named or dice.choice(DEPARTMENTS)
            case "lead" | "proposed_owner" | "owner":
                return dice.choice(DEPARTMENTS)
            case "units" | "co" | "candidates" | "attending" | "members":
                return dice.sample(DEPARTMENTS, 2)
            case "present":
                return sorted(getattr(state, "invitations", {}))
            case "deputies" | "absent" | "measures" | "milestones":
                return []
            case "documents":
                return ["d1"]
            case "catalogue_item":
                return dice.choice(sorted(ITEMS))
            case "version":
                return None
            case "kind" if process.startswith("case/"):
                return dice.choice(sorted(self.town.pack.pauses))
            case "accept" | "approve" | "met" | "attends":
                return dice.random() < 0.7
            case "at":
                return (self.town.now + timedelta(days=2)).isoformat()
            case "holder":
                wanted = ("adjudication/",) if getattr(state, "kind", "") == "duty_meeting" else ("case/", "ring/")
                return dice.choice([p for p in self.town.processes if p.startswith(wanted)] or ["case/c1"])
            case "to":
                return dice.choice(["session/city", "session/district", "session/duty"])
            case "territory" | "industry" | "firm":
                return None
            case "leader":
                return hint.get("leader") or "u1"
            case "measure":
                return hint.get("measure") or "measure/m-1"
            case "milestone":
                return (hint.get("milestones") or ["m1"])[0]
            case "session":
                return next((p.partition("/")[2] for p in self.town.processes if p.startswith("session/")), "s1")
            case "level" if hint.get("levels") is not None:
                return dice.choice(("urge", "supervise"))
        return self.by_type(dice, annotation)

    def by_type(self, dice: random.Random, annotation: Any) -> Any:  # noqa: PLR0911
        kinds = [a for a in get_args(annotation) if a is not type(None)] or [annotation]
        kind = kinds[0]
        if get_origin(annotation) is Literal or get_origin(kind) is Literal:
            return dice.choice(get_args(annotation if get_origin(annotation) is Literal else kind))
        if isinstance(kind, type) and issubclass(kind, Enum):
            return dice.choice([str(v) for v in kind])
        if kind is bool:
            return dice.random() < 0.7
        if kind is int:
            return dice.choice((1, 3))
        if kind is date:
            return (self.town.now.date() + timedelta(days=dice.choice((2, 9)))).isoformat()
        if kind is datetime:
            return (self.town.now.astimezone(UTC) + timedelta(days=2)).isoformat()
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            return None
        return "x1"

    # -------------------------------------------------------------------------------------------------------------- laws

    @invariant()
    def no_claim_is_held_twice(self) -> None:
        held = Counter(
            claim for p, process in self.town.processes.items() for claim in self.town.decider(p).claims(process.state)
        )
        assert [claim for claim, n in held.items() if n > 1] == []

    @invariant()
    def nothing_ruled_is_given_back(self) -> None:
        for p, process in self.town.processes.items():
            if p.startswith("case/"):
                locked = [o for o in process.state.orders.values() if o.no_return]
                assert not [o.id for o in locked if o.state in {OrderState.returned, OrderState.return_requested}]

    def teardown(self) -> None:
        town = self.town
        town.deliver()
        for p, process in town.processes.items():
            state = process.state
            if isinstance(state, WithAgenda) and town.closed(p):
                assert [i.id for i in state.items.values() if not i.ended] == [], p
            for hold in getattr(state, "holds", {}).values() if p.startswith("case/") else ():
                assert not town.closed(hold.process), f"{p} waits for {hold.process}, which is over"
                assert hold.item in town.state(hold.process).items
        self.no_claim_is_held_twice()


TestTogether = Together.TestCase
TestTogether.settings = settings(
    max_examples=15,
    stateful_step_count=10,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
