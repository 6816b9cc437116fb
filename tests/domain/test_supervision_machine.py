"""督办 under everybody's hands: any command by any role, time, messages late and doubled. After every step the laws of Town hold.

Proved beside them: a matter is supervised once at a level; whoever verified had neither replied nor issued it; nothing on the
spot is lifted without a visit; the case is told of each end once; levels only go up.
"""

from datetime import timedelta
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from domain.accountability import DECIDER as ACCOUNTABILITY
from domain.process import SYSTEM, Actor
from domain.supervising.words import Level, Stage
from domain.supervision import DECIDER
from tests.domain.casekit import REF, text_fields
from tests.domain.townkit import PERMISSIONS, Town

UNITS = ("water", "roads")
MATTERS = ("m1", "m2")
USERS = ("u1", "u2", "u3")
ORDER = list(Level)
HUMAN = sorted(name for name, move in DECIDER.moves.items() if not move.machine)
ENDS = {
    "supervision_lifted",
    "supervision_raised",
    "supervision_proposed",
    "supervision_withdrawn",
    "supervision_annulled",
}


class SlowPost(Town):
    """A town in which messages arrive one by one, when the test says so."""

    def deliver(self, n: int | None = None) -> None:
        del n


class Supervisions(RuleBasedStateMachine):
    """Some supervisions and what they begin."""

    @initialize(urgent=st.booleans())
    def begin(self, urgent: bool) -> None:
        self.town = SlowPost(DECIDER, ACCOUNTABILITY)
        del self.town.deciders["case"]
        self.n = 0
        self.open_by_machine("urge", "m1", "water", urgent)

    # ------------------------------------------------------------------------------------------------------------ steps

    @rule(
        level=st.sampled_from(ORDER), matter=st.sampled_from(MATTERS), unit=st.sampled_from(UNITS), urgent=st.booleans()
    )
    def open_by_machine(self, level: str, matter: str, unit: str, urgent: bool) -> None:
        self.n += 1
        body = {
            "by": "case/c1",
            "case": "c1",
            **self.town.pins,
            "matter": matter,
            "level": str(level),
            "unit": unit,
            "trigger": "overdue",
            "triage": "urgent" if urgent else "routine",
        }
        taken = self.holders(matter, str(level))
        refused = self.town.send(f"supervision/{matter}/{level}/c1-{self.n}", "open", body, SYSTEM)
        assert refused == ("already_supervised" if taken else None)

    @rule(level=st.sampled_from(ORDER), unit=st.sampled_from(UNITS), user=st.sampled_from(USERS))
    def issue(self, level: str, unit: str, user: str) -> None:
        self.n += 1
        body = {"level": str(level), "unit": unit, "matter": "m1", "trigger": "media", "note": REF}
        self.town.send(f"supervision/p{self.n}", "issue_supervision", body, Actor(user=user, role="supervisor"))

    @rule(data=st.data(), steps=st.integers(1, 4))
    def it_goes_on(self, data: st.DataObject, steps: int) -> None:
        """Those who have to act do so, whoever of them may."""
        for _ in range(steps):
            todos = [(p, t) for p in self.mine() for t in self.town.todos(p)]
            if not todos:
                return
            process, todo = data.draw(st.sampled_from(todos))
            name = data.draw(st.sampled_from(todo.commands))
            body = self.body(data, name)
            for user in USERS:
                if self.town.send(process, name, body, Actor(user=user, role=todo.role, unit=todo.unit)) is None:
                    break

    @rule(
        data=st.data(), user=st.sampled_from(USERS), unit=st.sampled_from((*UNITS, None)), name=st.sampled_from(HUMAN)
    )
    def do_anything(self, data: st.DataObject, user: str, unit: str | None, name: str) -> None:
        process = data.draw(st.sampled_from(self.mine()))
        role = data.draw(st.sampled_from(sorted(PERMISSIONS.commands[name].grants)))
        self.give(data, process, name, Actor(user=user, role=role, unit=unit))

    @rule(data=st.data())
    def the_ground_falls(self, data: st.DataObject) -> None:
        process = data.draw(st.sampled_from(self.mine()))
        assert self.town.send(process, "annul_supervision", {"clock": "a1/handle"}, SYSTEM) is None

    @rule(hours=st.sampled_from((1, 5, 30, 100, 400)))
    def time_passes(self, hours: int) -> None:
        self.town.wait(hours=hours)

    @rule(data=st.data(), again=st.booleans())
    def a_message_arrives(self, data: st.DataObject, again: bool) -> None:
        """Messages of one process to one target keep their order; all others do not."""
        seen: set[tuple[str, str]] = set()
        first = []
        for i, letter in enumerate(self.town.mail):
            way = (letter.sender, letter.effect.target)
            if way not in seen:
                first.append(i)
            seen.add(way)
        if first:
            self.town.arrive(data.draw(st.sampled_from(first)), again=again)

    # ------------------------------------------------------------------------------------------------------------ looking

    def mine(self) -> list[str]:
        return self.town.starts_with("supervision/")

    def holders(self, matter: str, level: str) -> list[str]:
        return [
            p
            for p in self.mine()
            if not self.town.closed(p) and (self.town.state(p).matter, self.town.state(p).level) == (matter, level)
        ]

    def give(self, data: st.DataObject, process: str, name: str, actor: Actor) -> None:
        late = timedelta(hours=data.draw(st.sampled_from((0, 0, 0, 1, 50))))
        received = max(self.town.now - late, self.town.state(process).opened_at)
        self.town.send(process, name, self.body(data, name), actor, received=received)

    @staticmethod
    def body(data: st.DataObject, name: str) -> dict[str, Any]:
        body: dict[str, Any] = dict.fromkeys(text_fields(DECIDER.commands[name]), REF)
        if name == "verify_supervision":
            body["met"] = data.draw(st.booleans())
        return body

    # --------------------------------------------------------------------------------------------------------------- laws

    @invariant()
    def a_matter_is_supervised_once_at_a_level(self) -> None:
        open_ = [(self.town.state(p).matter, self.town.state(p).level) for p in self.mine() if not self.town.closed(p)]
        assert len(open_) == len(set(open_)), open_

    @invariant()
    def whoever_verified_had_no_hand_in_it(self) -> None:
        for process in self.mine():
            issuer, repliers = None, set()
            visited = False
            level = self.town.state(process).level
            for event in self.town.events[process]:
                body = event.body
                if event.type == "supervision_issued":
                    issuer = body["issuer"]
                elif event.type == "supervision_replied":
                    repliers = {body["by"]}
                elif event.type == "supervision_site_visited":
                    visited = True
                elif event.type == "supervision_verified":
                    assert body["by"] not in {issuer, *repliers}
                    assert visited or not body["met"] or level != Level.on_site

    @invariant()
    def every_end_is_told_to_the_case_once(self) -> None:
        for process in self.mine():
            if self.town.state(process).case is None:
                continue
            ends = [e for e in self.town.events[process] if e.type in ENDS]
            told = [e for e in self.town.told(process, "tell") if e.target == "case/c1"]
            assert len(ends) == len(told)
            if self.town.stage(process) == Stage.lifted:
                assert told[-1].body["body"]["outcome"] == "lifted"

    @invariant()
    def levels_only_go_up(self) -> None:
        for process in self.mine():
            state = self.town.state(process)
            for event in self.town.events[process]:
                if event.type == "supervision_raised":
                    assert ORDER.index(Level(event.body["to"])) == ORDER.index(state.level) + 1


Supervisions.TestCase.settings = settings(max_examples=45, stateful_step_count=30, deadline=None)
TestSupervisions = Supervisions.TestCase
