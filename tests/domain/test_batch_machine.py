"""A batch under anything people and slices do to it, with real cases: the laws of the town hold after every step; beside them

* no case is sent a change before the approval, and the approver is not who began it;
* each case takes the change of a batch once; what the batch counts is what its cases say;
* at most one slice is under way; when two batches want one case, the one approved later holds in the end.
"""

import random
from collections import Counter
from typing import Any, ClassVar

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from domain.batch import DECIDER
from domain.kernel import Planned
from domain.process import SYSTEM, Actor
from tests.domain.casekit import CALENDAR, PACKS, SPRING, opening
from tests.domain.townkit import PERMISSIONS, Town

SEEDS = st.integers(0, 2**32 - 1)
CASES = tuple(f"c{n}" for n in range(1, 8))
BATCHES = ("batch/1", "batch/2", "batch/3")
PROVINCE = next(k for k in PACKS if k.startswith("shandong"))
ROLES = ("calendar_keeper", "city_office", "centre_head", "operator", "dispatcher")
USERS = ("u1", "u2", "u3")
OPEN = {"screening", "triaged", "dispatched", "in_progress", "reply_review", "callback"}


class Batching(RuleBasedStateMachine):
    """Seven cases, up to three batches, and an activity that does slices in three cases at a time, sometimes twice."""

    seen: ClassVar[Counter[str]] = Counter()
    recorded: ClassVar[Counter[tuple[str, str]]] = Counter()

    def __init__(self) -> None:
        super().__init__()
        self.town = Town(DECIDER)
        self.sent: dict[str, set[str]] = {b: set() for b in BATCHES}
        self.step = 0

    def dice(self, seed: int) -> random.Random:
        """Dice that fall differently at every step: Hypothesis likes to draw the same seed again."""
        self.step += 1
        return random.Random(f"{seed}/{self.step}")

    @initialize()
    def cases(self) -> None:
        for no in CASES:
            assert self.town.send(f"case/{no}", "open", opening(no, self.town), SYSTEM) is None
            self.town.give(f"case/{no}", "triage", triage="routine", matter=no)
            self.town.give(f"case/{no}", "dispatch", lead="water")

    @rule(seed=SEEDS)
    def somebody_does_something(self, seed: int) -> None:
        dice = self.dice(seed)
        for _ in range(4):
            self.one(dice)

    def one(self, dice: random.Random) -> None:
        batch = dice.choice(BATCHES)
        if batch not in self.town.processes:
            to = dice.choice(({"calendar": SPRING.version}, {"calendar": CALENDAR.version}, {"pack": PROVINCE}))
            self.give(dice, batch, "begin_batch", ground="surge", **to)
            return
        waiting = [c for t in self.town.todos(batch) for c in t.commands]
        names = waiting if waiting and dice.random() < 0.7 else [n for n, m in DECIDER.moves.items() if not m.machine]
        self.give(dice, batch, dice.choice(names))

    def give(self, dice: random.Random, batch: str, name: str, **body: Any) -> None:
        if name == "begin_batch" and not body:
            return
        grants = PERMISSIONS.commands[name].grants
        role = dice.choice(list(grants)) if dice.random() < 0.9 else dice.choice(ROLES)
        actor = Actor(user=dice.choice(USERS), role=role)
        self.town.refusal(batch, name, by=actor, **body)

    @rule(seed=SEEDS)
    def batches_go_far(self, seed: int) -> None:
        """Batches go on by what they wait for, in turns: of two at work now one is ahead and now the other."""
        dice = self.dice(seed)
        for _ in range(12):
            batch = dice.choice(BATCHES)
            if batch not in self.town.processes:
                self.one(dice)
                continue
            state = self.town.state(batch)
            if state.out is not None:
                self.do_slice(dice, batch)
            elif state.stage == "to_approve":
                other = next(u for u in USERS if u != state.by)
                name = dice.choice(("approve_batch",) * 6 + ("preview_batch", "reject_batch"))
                self.town.give(batch, name, by=Actor(user=other, role=next(iter(PERMISSIONS.commands[name].grants))))
            elif state.stage == "suspended":
                self.town.give(batch, "resume_batch", by=Actor(user="u1", role="operator"))

    def do_slice(self, dice: random.Random, batch: str) -> None:
        effect = self.town.told(batch, "slice")[-1]
        answer = self.slice(batch, effect)
        if dice.random() < 0.3:
            assert self.slice(batch, effect) == answer
        for _ in range(dice.choice((1, 1, 2))):
            self.town.send(batch, *answer, SYSTEM, id_=f"{effect.id}/refused")

    @rule(seed=SEEDS)
    def a_slice_is_done(self, seed: int) -> None:
        dice = self.dice(seed)
        for batch in dice.sample(BATCHES, 3):
            if batch in self.town.processes and self.town.state(batch).out is not None:
                self.do_slice(dice, batch)

    def slice(self, batch: str, effect: Planned) -> tuple[str, dict[str, Any]]:
        body, about = effect.body, {"slice": effect.body["slice"]}
        if body["phase"] == "settle":
            return "report_totals", about | {"results": self.outcomes(batch, CASES)}
        left = [no for no in CASES if no > body["after"]][:3]
        more = {"last": left[-1] if left else None, "finished": len(left) < 3}
        if body["phase"] == "preview":
            return "report_preview", about | more | {"foreseen": {"cases": len(left)}}
        for no in left:
            change = {k: body[k] for k in ("calendar", "pack", "decided_at")} | {"batch": batch}
            if self.town.stage(f"case/{no}") in OPEN or f"{batch}/terms/{no}" in self.town.seen:
                self.town.send(f"case/{no}", "change_terms", change, SYSTEM, id_=f"{batch}/terms/{no}")
                self.sent[batch].add(no)
        return "report_slice", about | more | {"results": self.outcomes(batch, left)}

    def outcomes(self, batch: str, numbers: Any) -> dict[str, int]:
        found = {"changed": 0, "unchanged": 0, "refused": 0, "gone": 0}
        for no in numbers:
            if no not in self.sent[batch]:
                found["gone"] += 1
                continue
            code = self.town.seen[f"{batch}/terms/{no}"][1]
            events = [
                e for e in self.town.events[f"case/{no}"] if e.type.startswith("terms_") and e.body["batch"] == batch
            ]
            kind = events[0].type if events else ""
            found["refused" if code else "changed" if kind == "terms_changed" else "unchanged"] += 1
        return found

    @rule(seed=SEEDS)
    def a_case_goes_on(self, seed: int) -> None:
        dice = self.dice(seed)
        process = f"case/{dice.choice(CASES)}"
        stage = self.town.stage(process)
        if stage == "dispatched" and dice.random() < 0.6:
            self.town.refusal(process, "sign", order="a1", unit_="water")
        elif stage in {"dispatched", "in_progress"}:
            done: dict[str, Any] = {"order": "a1", "code": "solved", "documents": ["d1"]}
            self.town.refusal(process, "submit_result", unit_="water", **done)
        elif stage == "reply_review":
            self.town.refusal(process, "review_result", order="a1", accept=True)
        elif stage == "callback":
            said: dict[str, Any] = {"reached": True, "solved": "yes", "satisfaction": "satisfied"}
            self.town.refusal(process, "record_callback", request=process.partition("/")[2], **said)

    @rule(hours=st.sampled_from([1, 30, 100]))
    def time_passes(self, hours: int) -> None:
        self.town.wait(hours=hours)

    @invariant()
    def nothing_is_changed_before_it_is_approved_by_another(self) -> None:
        for batch in BATCHES:
            events = self.town.events.get(batch, [])
            approved = [e for e in events if e.type == "batch_approved"]
            assert approved or not self.sent[batch]
            assert all(e.body["by"] != self.town.state(batch).by for e in approved)

    @invariant()
    def a_case_takes_a_batch_once(self) -> None:
        for no in CASES:
            taken = [e.body["batch"] for e in self.town.events.get(f"case/{no}", []) if e.type.startswith("terms_")]
            assert len(taken) == len(set(taken))

    @invariant()
    def of_two_batches_the_one_approved_later_holds(self) -> None:
        for no in CASES:
            if f"case/{no}" not in self.town.processes:
                continue
            state = self.town.state(f"case/{no}")
            for part in ("calendar", "pack"):
                took = [b for b in map(self.town.state, self.took(no)) if getattr(b, f"to_{part}") is not None]
                self.seen[f"took {part} from {len(took)}"] += 1
                if took:
                    last = max(took, key=lambda b: (b.approved_at, b.id))
                    has = {"calendar": state.calendar, "pack": f"{state.pack}@{state.pack_version}"}[part]
                    assert (has, state.terms_by[part].batch) == (getattr(last, f"to_{part}"), last.id)

    def took(self, no: str) -> list[str]:
        """The batches whose change a case took."""
        return [b for b in BATCHES if no in self.sent[b] and self.town.seen[f"{b}/terms/{no}"][1] is None]

    @invariant()
    def at_most_one_slice_is_under_way(self) -> None:
        for batch in BATCHES:
            if batch in self.town.processes:
                state = self.town.state(batch)
                assert state.out in {None, state.slices}
                assert state.slices == len(self.town.told(batch, "slice"))

    def teardown(self) -> None:
        """What a finished batch counted is what its cases say."""
        self.seen.update(code or "taken" for _, code in self.town.seen.values())
        self.recorded.update(self.town.recorded)
        for batch in BATCHES:
            self.seen.update(e.type for e in self.town.events.get(batch, []))
            if batch in self.town.processes and self.town.stage(batch) == "finished":
                results = self.town.state(batch).results
                assert results.changed + results.unchanged + results.refused + results.gone == len(CASES)


Batching.TestCase.settings = settings(
    max_examples=25, stateful_step_count=40, deadline=None, suppress_health_check=list(HealthCheck)
)
TestBatching = Batching.TestCase


def test_the_machine_goes_where_it_matters() -> None:
    """With fixed seeds: every command is taken, two batches meet in one case; the same laws after each step."""
    Batching.seen.clear()
    Batching.recorded.clear()
    for seed in range(9):
        life = Batching()
        life.cases()
        for n in range(8):
            life.batches_go_far(100 * seed + n)
            life.somebody_does_something(100 * seed + n)
            life.a_case_goes_on(n)
            life.nothing_is_changed_before_it_is_approved_by_another()
            life.of_two_batches_the_one_approved_later_holds()
            life.a_case_takes_a_batch_once()
            life.at_most_one_slice_is_under_way()
        life.teardown()
    assert {"later_terms_hold", "batch_stopped", "batch_settled"} <= Batching.seen.keys()
    every = {*(("batch", name) for name in DECIDER.commands), ("case", "change_terms")}
    assert every - Batching.recorded.keys() == set(), "never taken"
