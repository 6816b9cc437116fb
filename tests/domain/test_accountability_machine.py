"""问责 under everybody's hands: any command by any role, time, messages late and doubled. After every step the laws of Town hold.

Proved beside them, from the events alone: nothing takes effect without a served notice, the unit's word or the end of its time, a
decision by a person who prepared nothing, service, and the end of the time for a review or a review by a third person. A grave
start has a second person before the notice. Before the notice the unit hears nothing; before it is effective nobody else does.
"""

from datetime import datetime, timedelta
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from domain.accountability import DECIDER
from domain.answering.words import Outcome, Result, Step
from domain.kernel import Written
from domain.process import Actor
from domain.supervision import DECIDER as SUPERVISION
from tests.domain.casekit import REF, text_fields
from tests.domain.townkit import PERMISSIONS, Town

ONE = "accountability/water/a1"
USERS = ("u1", "u2", "u3", "u4", "u5")
UNITS = ("water", "roads", None)
HUMAN = sorted(name for name, move in DECIDER.moves.items() if not move.machine)
PREPARING = {"accountability_facts_recorded", "accountability_noticed"}


class SlowPost(Town):
    """A town in which messages arrive one by one, when the test says so."""

    def deliver(self, n: int | None = None) -> None:
        del n


class Accountabilities(RuleBasedStateMachine):
    """One accountability and the listed supervision it may begin."""

    @initialize(step=st.sampled_from(list(Step)), grave=st.booleans(), user=st.sampled_from(USERS))
    def begin(self, step: Step, grave: bool, user: str) -> None:
        self.town = SlowPost(DECIDER, SUPERVISION)
        del self.town.deciders["case"]
        grave = grave and step in {Step.criticise, Step.propose}
        more: dict[str, Any] = {"supervision": "supervision/m1/listed/c1-1"}
        if step is not Step.remind and not grave:
            more["after"] = "accountability/water/a0"
        self.town.give(
            ONE, "open_accountability", unit="water", step=str(step), matter="m1", user_=user, role="supervisor", **more
        )

    # ------------------------------------------------------------------------------------------------------------ steps

    @rule(data=st.data(), steps=st.integers(1, 6))
    def it_goes_on(self, data: st.DataObject, steps: int) -> None:
        """Those who have to act do so, whoever of them may; or a window closes."""
        for _ in range(steps):
            todos = self.town.todos(ONE)
            if not todos or data.draw(st.integers(0, 3)) == 0:
                self.town.wait(days=data.draw(st.sampled_from((1, 8, 31))))
                continue
            todo = data.draw(st.sampled_from(todos))
            name = data.draw(st.sampled_from(todo.commands))
            body = self.body(data, name)
            for user in USERS:
                if self.town.send(ONE, name, body, Actor(user=user, role=todo.role, unit=todo.unit)) is None:
                    break

    @rule(data=st.data(), user=st.sampled_from(USERS), unit=st.sampled_from(UNITS), name=st.sampled_from(HUMAN))
    def do_anything(self, data: st.DataObject, user: str, unit: str | None, name: str) -> None:
        role = data.draw(st.sampled_from(sorted(PERMISSIONS.commands[name].grants)))
        self.give(data, name, Actor(user=user, role=role, unit=unit))

    @rule(days=st.sampled_from((1, 1, 4, 8, 31, 60)))
    def time_passes(self, days: int) -> None:
        self.town.wait(days=days)

    @rule()
    def the_matter_is_listed_by_somebody_else(self) -> None:
        body = {"level": "listed", "unit": "water", "matter": "m1", "trigger": "media", "note": REF}
        self.town.send("supervision/s1", "issue_supervision", body, Actor(user="u9", role="supervisor"))

    @rule(data=st.data(), again=st.booleans())
    def a_message_arrives(self, data: st.DataObject, again: bool) -> None:
        """Messages of one process to one target keep their order; all others do not."""
        ways = [(letter.sender, letter.effect.target) for letter in self.town.mail]
        first = [i for i, way in enumerate(ways) if way not in ways[:i]]
        if first:
            self.town.arrive(data.draw(st.sampled_from(first)), again=again)

    def give(self, data: st.DataObject, name: str, actor: Actor) -> None:
        late = timedelta(days=data.draw(st.sampled_from((0, 0, 0, 1, 6, 32))))
        received = max(self.town.now - late, self.town.state(ONE).opened_at)
        self.town.send(ONE, name, self.body(data, name), actor, received=received)

    def body(self, data: st.DataObject, name: str) -> dict[str, Any]:
        body: dict[str, Any] = dict.fromkeys(text_fields(DECIDER.commands[name]), REF)
        if name == "open_accountability":
            body |= {"unit": "water", "step": "remind", "matter": "m1"}
        if name == "decide_accountability":
            body["outcome"] = str(data.draw(st.sampled_from((*[Outcome.upheld] * 7, *Outcome))))
        if name in {"approve_grave", "decide_review"}:
            body["approve" if name == "approve_grave" else "upheld"] = data.draw(st.integers(0, 2)) > 0
        if name == "check_rectification":
            body["result"] = str(data.draw(st.sampled_from(list(Result))))
        return body

    # --------------------------------------------------------------------------------------------------------------- laws

    @invariant()
    def nothing_takes_effect_without_the_right_of_reply(self) -> None:
        events = self.town.events[ONE]
        for n, event in enumerate(events):
            if event.type == "accountability_effective":
                _was_heard(events[: n + 1], event.at)

    @invariant()
    def it_is_dropped_tolerated_or_upheld_by_somebody_else(self) -> None:
        prepared: set[str] = set()
        for event in self.town.events[ONE]:
            if event.type == "accountability_opened":
                prepared.add(event.body["opener"])
            elif event.type in PREPARING:
                prepared.add(event.body["by"])
            elif event.type in {
                "accountability_decided",
                "accountability_grave_reviewed",
                "accountability_review_decided",
            }:
                assert event.body["by"] not in prepared, event.type

    @invariant()
    def nobody_hears_before_his_time(self) -> None:
        told = self.town.effects[ONE]
        types = self.town.types(ONE)
        if "accountability_noticed" not in types:
            assert all(e.target != "unit:water" for e in told)
            assert DECIDER.parties(self.town.state(ONE)) == frozenset()
        if "accountability_served" not in types:
            assert all(e.kind != "paper" for e in told)
        if "accountability_effective" not in types:
            assert all(e.kind in {"notice", "paper"} for e in told)
            assert all(e.target != "role:discipline_liaison" for e in told)
        starts = [e for e in told if e.kind == "start"]
        handed = [e for e in told if e.body.get("what") == "accountability_proposal"]
        assert len(starts) <= 1
        assert len(handed) <= 1

    @invariant()
    def what_was_set_aside_has_no_listing_left(self) -> None:
        if self.town.stage(ONE) == "set_aside" and not self.town.mail:
            assert all(self.town.closed(p) for p in self.town.starts_with("supervision/m1/listed/water.a1"))


def _was_heard(events: list[Written], at: datetime) -> None:
    """Fail unless the unit had its notice, its say, a decision, service and review, each by somebody else, in this order."""
    last = {event.type: n for n, event in enumerate(events)}
    by = {event.type: event.body.get("by") for event in events}
    notice, decision, service = (last[f"accountability_{what}"] for what in ("noticed", "decided", "served"))
    assert notice < decision < service
    assert events[decision].body["outcome"] == "upheld"
    spoke = [n for n, e in enumerate(events) if e.type in {"accountability_answered", "accountability_unit_silent"}]
    assert any(notice < n < decision for n in spoke)
    assert all(n < decision for n in spoke), "what the unit said was before the decision that holds"
    preparers = {events[0].body["opener"], *(e.body["by"] for e in events if e.type in PREPARING)}
    assert by["accountability_decided"] not in preparers
    if events[0].body["grave"]:
        approval = last["accountability_grave_reviewed"]
        assert approval < notice
        assert events[approval].body["approve"]
        assert events[approval].body["by"] not in preparers
    asked = last.get("accountability_review_asked")
    if asked is None:
        assert at >= datetime.fromisoformat(events[service].body["until"])
        return
    review = last["accountability_review_decided"]
    assert asked < review
    assert events[review].body["upheld"]
    assert events[review].body["by"] not in {*preparers, by["accountability_decided"], events[asked].body["by"]}


Accountabilities.TestCase.settings = settings(max_examples=70, stateful_step_count=25, deadline=None)
TestAccountabilities = Accountabilities.TestCase
