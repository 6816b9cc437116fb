"""The laws of rings under anything that people, clocks, cases and other processes do to them, messages late, doubled, disordered.

Proved beside the laws of every town (somebody acts or a timer is set; the events give the state; what is over holds nothing): no
verdict sends down what was reported up unless a ruling says so; a ring decides once; one ring of a level has a case's question;
nobody but the city office decides past a process that holds it; whoever held it hears the end of it once; nothing a todo offers is
beyond its role.
"""

import random
from collections import Counter
from datetime import timedelta
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule

from domain.process import SYSTEM, Actor
from domain.ring import DECIDER
from domain.ringing.specs import HIGHEST
from tests.domain.casekit import REF, UNITS
from tests.domain.test_ring_town import REPORTER, Rings
from tests.domain.townkit import PERMISSIONS

SEEDS = st.integers(0, 2**32 - 1)
SOME = ("water", "roads", "parks", "east-2", REPORTER)
HUMAN = tuple(name for name, move in DECIDER.moves.items() if not move.machine)
ROLES = (
    "district_centre",
    "city_office",
    "unit_liaison",
    "unit_head",
    "session_secretary",
    "task_force_lead",
    "centre_head",
)
OUTSIDE = ("session/s1", "session/s2", "consultation/x", "adjudication/y")
BEYOND = {"not_at_this_level", "not_the_ring_convener", "not_permitted", "unknown_command", "invalid_command"}
RULINGS = {"process", "standing_meeting"}


class Life(RuleBasedStateMachine):
    """Two cases, each with a ring; escalation brings more."""

    def __init__(self) -> None:
        super().__init__()
        self.town = Rings("ring/c1/middle/1")
        self.town.up("ring/c2/large/1", kind="whistle")
        self.step = 0

    def dice(self, seed: int) -> random.Random:
        self.step += 1
        return random.Random(f"{seed}/{self.step}")

    @property
    def rings(self) -> list[str]:
        return self.town.starts_with("ring/")

    @rule(seed=SEEDS)
    def what_happens(self, seed: int) -> None:
        """Ten things happen; after each the laws hold."""
        ways = {
            self.what_is_asked: 12,
            self.a_message_arrives: 6,
            self.anything: 3,
            self.another_process: 2,
            self.time_passes: 2,
            self.the_case: 1,
            self.what_did_not_begin: 1,
            self.another_report: 1,
        }
        for _ in range(10):
            dice = self.dice(seed)
            dice.choices(list(ways), list(ways.values()))[0](dice)
            self.laws()

    # ------------------------------------------------------------------------------------------------------- people

    def what_is_asked(self, dice: random.Random) -> None:
        """Somebody does one of the things the todos ask for."""
        asked = [(ring, t) for ring in self.rings for t in self.town.todos(ring) if t.commands]
        if not asked:
            return
        ring, todo = dice.choice(asked)
        name = dice.choice(todo.commands)
        actor = Actor(
            user=dice.choice(("ann", "bob")),
            role=todo.role,
            unit=todo.unit,
            district=todo.district,
        )
        refused = self.give(dice, ring, name, self.body(dice, ring, name, todo.subject), actor)
        assert refused not in BEYOND, f"{todo.key} offers {todo.role} {name}: {refused}"

    def anything(self, dice: random.Random) -> None:
        """Anybody asks for anything, rightly or wrongly."""
        ring, name = dice.choice(self.rings), dice.choice(HUMAN)
        roles = PERMISSIONS.roles_for(name) if dice.random() < 0.8 else ROLES
        unit = dice.choice((None, None, *SOME))
        actor = Actor(
            user=dice.choice(("ann", "bob")), role=dice.choice(roles), unit=unit, district=dice.choice(("east", "west"))
        )
        self.give(dice, ring, name, self.body(dice, ring, name, unit), actor)

    def give(self, dice: random.Random, ring: str, name: str, body: dict[str, Any], actor: Actor) -> str | None:
        """A person gives a command, now and then received long before it comes to the journal."""
        held = self.town.state(ring).hold
        received = self.town.now - timedelta(hours=dice.choice((0, 0, 0, 0, 0, 0, 2, 30)))
        refused = self.town.send(ring, name, body, actor, received=received)
        if name in {"conclude", "escalate"} and held is not None and actor.role != HIGHEST:
            assert refused is not None, "decided past the process that holds the question"
        return refused

    def body(self, dice: random.Random, ring: str, name: str, subject: str | None) -> dict[str, Any]:
        """A body that is mostly right."""
        state = self.town.state(ring)
        two = dice.sample(SOME, 2)
        values: dict[str, Any] = {
            "accept": dice.random() < 0.75,
            "units": two[:1] if name == "name_lead" else dice.sample(SOME, dice.randint(1, 2)),
            "unit": subject or dice.choice((*state.called, *SOME)),
            "lead": two[1],
            "co": two[:1] if dice.random() < 0.5 else [],
            "candidates": two,
            "members": [],
            "due": "2026-12-31",
            "session": dice.choice(("s1", "session/s2")),
            "arrival": dice.randint(1, 5),
            "effort": dice.randint(1, 5),
            "justified": dice.randint(1, 5),
            "extra_days": 1,
            "reason": REF if dice.random() < 0.9 or name != "answer_report" else None,
        }
        model = DECIDER.commands[name].model_fields
        body = {f: values.get(f, REF) for f in model if f in values or model[f].is_required()}
        if name == "record_survey":
            body.pop("units", None)
        return body

    # ---------------------------------------------------------------------------------------- cases, other processes

    def the_case(self, dice: random.Random) -> None:
        """A unit's result is accepted; now and then the case ends."""
        case = dice.choice(("case/c1", "case/c2"))
        if dice.random() < 0.85:
            self.town.send(case, "unit_finished", {"unit": dice.choice(SOME)}, SYSTEM)
        elif dice.random() < 0.5:
            self.town.send(case, "case_over", {"code": "solved"}, SYSTEM)

    def another_process(self, dice: random.Random) -> None:
        """Sessions, consultations and adjudications ask, let go, decide; rightly or not."""
        ring = dice.choice(self.rings)
        hold = self.town.state(ring).hold
        right = hold is not None and dice.random() < 0.7
        process = hold.process if right else dice.choice(OUTSIDE)
        item = (hold.item if right else "") or f"i{dice.randint(1, 3)}"
        about = {"process": process, "item": item}
        name = dice.choice(("reserve_matter", "release_matter", "apply_decision", "apply_decision"))
        if name == "reserve_matter":
            about |= {"instead_of": hold.process if hold and dice.random() < 0.3 else None}
        if name == "apply_decision":
            about |= {"verdict": {"lead": dice.choice((*SOME, None)), "co": [], "basis": REF}}
        self.town.send(ring, name, about, SYSTEM)

    def what_did_not_begin(self, dice: random.Random) -> None:
        """Something that a ring wanted to begin does not; a measure ends."""
        ring = dice.choice(self.rings)
        state = self.town.state(ring)
        begun = [p for p in (*state.begun, *OUTSIDE) if p not in self.town.processes and not self.under_way(p)]
        begun = [state.up] if state.up in begun and dice.random() < 0.5 else begun
        code = dice.choice(("order_exists", "unknown_unit"))
        self.town.send(ring, "ring_start_refused", {"process": dice.choice(begun), "code": code}, SYSTEM)
        session = state.hold.process if state.hold and state.hold.process in OUTSIDE[:2] else "session/s1"
        self.town.send(ring, "session_refused", {"session": session, "code": "agenda_closed"}, SYSTEM)
        measure = dice.choice((*state.measures, "measure/none"))
        self.town.send(ring, "measure_ended", {"measure": measure, "outcome": "struck_off"}, SYSTEM)

    def under_way(self, process: str) -> bool:
        return process.startswith("ring/") and any(m.effect.target == process for m in self.town.mail)

    # --------------------------------------------------------------------------------------------- time and messages

    def a_message_arrives(self, dice: random.Random) -> None:
        """Messages of one sender to one target keep their order; all else may overtake, or come twice."""
        for _ in range(3):
            pairs: dict[tuple[str, str], int] = {}
            for n, letter in enumerate(self.town.mail):
                pairs.setdefault((letter.sender, letter.effect.target), n)
            if not pairs:
                return
            self.town.arrive(dice.choice(list(pairs.values())), again=dice.random() < 0.2)

    def time_passes(self, dice: random.Random) -> None:
        self.town.wait(hours=dice.choice((1, 5, 30, 100)))

    def another_report(self, dice: random.Random) -> None:
        """The case comes up again, whatever became of it before."""
        if len(self.rings) > 7 or dice.random() < 0.7:
            return
        level = dice.choice(("middle", "large"))
        ring = f"ring/c1/{level}/{90 + len(self.rings)}"
        body = {"by": "system", **self.town.pins, **self.town.opening("c1", level, reserved=False)}
        refused = self.town.send(ring, "open", body, SYSTEM)
        assert refused in {None, "order_exists"}

    # ----------------------------------------------------------------------------------------------------------- laws

    def laws(self) -> None:
        self.no_return_downward()
        self.refusals_go_up()
        self.one_question_one_ring()
        self.the_city_office_has_what_a_district_leaves_overdue()
        self.two_persons_at_the_standing_meeting()
        self.whoever_held_the_question_hears_the_end_of_it_once()

    def no_return_downward(self) -> None:
        for ring in self.rings:
            state = self.town.state(ring)
            decided = self.town.bodies("item_decided", ring)
            concluded = self.town.bodies("ring_concluded", ring)
            assert len(decided) == len(concluded) <= 1, "a ring decides once"
            for verdict, how in zip(decided, concluded, strict=True):
                down = state.kind == "report_up" and verdict["verdict"]["lead"] == state.reporter
                assert not down or how["via"] in RULINGS
            named = [b["lead"] for b in self.town.bodies("ring_units_whistled", ring)]
            assert state.kind != "report_up" or state.reporter not in named

    def refusals_go_up(self) -> None:
        for ring in self.rings:
            answers = self.town.bodies("ring_answered", ring)
            refused = [a for a in answers if not a["accept"]]
            assert all(a["reason"] for a in refused)
            assert len(self.town.bodies("ring_passed_on", ring)) >= len(refused)

    def one_question_one_ring(self) -> None:
        claims = Counter(c for ring in self.rings for c in DECIDER.claims(self.town.state(ring)))
        assert all(n == 1 for n in claims.values()), claims

    def the_city_office_has_what_a_district_leaves_overdue(self) -> None:
        for ring in self.rings:
            state = self.town.state(ring)
            if state.level != "middle" or not state.open:
                continue
            late = {k for k, r in state.clocks.items() if r.stopped_at is None and r.overdue_at}
            roles = {t.role for t in self.town.todos(ring)}
            assert not any(k.startswith("ring_") for k in late) or HIGHEST in roles

    def two_persons_at_the_standing_meeting(self) -> None:
        for ring in self.rings:
            referred = [b["by"] for b in self.town.bodies("ring_standing_referred", ring)]
            recorded = [b["by"] for b in self.town.bodies("ring_standing_recorded", ring)]
            assert not recorded or recorded[0] != referred[-1]

    def whoever_held_the_question_hears_the_end_of_it_once(self) -> None:
        for ring in self.rings:
            held: tuple[str, str] | None = None
            for e in self.town.events[ring]:
                if e.type == "ring_held":
                    held = (e.body["process"], e.body["item"])
                elif e.type in {"ring_consultation_started", "ring_ruling_asked"}:
                    assert held is None
                    held = (e.body["process"], "i1")
                elif e.type == "ring_session_entered":
                    assert held is None
                    held = (e.body["process"], "")
                elif e.type in {"ring_released", "ring_start_failed", "ring_session_refused"}:
                    held = None if held and held[0] == e.body["process"] else held
                elif e.type == "ring_hold_ended":
                    assert held == (e.body["process"], e.body["item"])
                    held = None
            hold = self.town.state(ring).hold
            assert held == (None if hold is None else (hold.process, hold.item))
            assert held is None or not self.town.closed(ring), "it still waits for word"

    def teardown(self) -> None:
        """When nobody does anything any more, all messages arrive and all timers ring, everything comes to rest lawfully."""
        self.town.deliver()
        self.town.wait(days=40)
        self.town.deliver()
        for ring in self.rings:
            assert self.town.closed(ring) or self.town.todos(ring)
            assert self.town.stage(ring) != "rating", "silence ends the rating"
            assert all(t.unit in UNITS for t in self.town.todos(ring) if t.unit)


TestLife = Life.TestCase
TestLife.settings = settings(
    max_examples=25,
    stateful_step_count=12,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
