"""Any processes together in the hands of a test: people and clocks act, messages travel between them, laws hold after every step.

:class:`Town` runs deciders through ``kernel.advance`` with the facts that a command asked for, as the journal does. What one
process owes another waits in :attr:`Town.mail` until a test lets it arrive: in order, late, doubled or in any order.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from domain import kernel
from domain.deciders import DECIDERS
from domain.keeping import Clocked
from domain.kernel import Planned, Process, Written
from domain.permissions import Scope
from domain.policy import Pack
from domain.process import SYSTEM, Actor, CaseFact, Decider, Envelope, Facts, Pins, Todo
from domain.telling import NOT_BEGUN
from storage.policies import load_calendar, load_pack, load_permissions
from tests.domain.casekit import CALENDARS, ITEMS, PACKS, REF, UNITS, branches, registered, text_fields
from tests.domain.clock_helpers import sh

PERMISSIONS = load_permissions()
CALENDAR = load_calendar()
MONDAY = "2026-03-02 09:00"


class Letter:
    """A message under way: who owes it, and what."""

    def __init__(self, sender: str, effect: Planned) -> None:
        self.sender, self.effect = sender, effect

    def __repr__(self) -> str:
        return f"{self.sender} → {self.effect.target}: {self.effect.body['command']}"


class Town:
    """All processes of one test, the clock they share, and what is under way between them.

    As in the journal, a message opens the process it is for when another one owes it the opening, and one that was refused its
    beginning refuses all messages. ``deciders`` adds kinds that are not registered yet.
    """

    def __init__(self, *deciders: Decider, at: str = MONDAY, pack: str = "haikou") -> None:
        self.now = sh(at)
        self.pack: Pack = load_pack(pack)
        self.deciders: dict[str, Decider] = {**DECIDERS, **{d.kind: d for d in deciders}}
        self.processes: dict[str, Process] = {}
        self.events: dict[str, list[Written]] = {}
        self.effects: dict[str, list[Planned]] = {}
        self.mail: list[Letter] = []
        self.seen: dict[str, tuple[str, str | None]] = {}
        self.refused: set[str] = set()
        self.recorded: Counter[tuple[str, str]] = Counter()
        self._waiting: dict[str, tuple[Process, Sequence[Todo]]] = {}
        self.count = 0

    # ---------------------------------------------------------------------------------------------------------- looking

    @property
    def pins(self) -> dict[str, str]:
        """The terms in force."""
        return {
            "pack": self.pack.id,
            "pack_version": self.pack.version,
            "pack_sha": "sha",
            "calendar": CALENDAR.version,
        }

    def decider(self, process: str) -> Decider:
        return self.deciders[process.partition("/")[0]]

    def state(self, process: str) -> Any:
        return self.processes[process].state

    def stage(self, process: str) -> str:
        return self.decider(process).card(self.state(process)).stage

    def closed(self, process: str) -> bool:
        return self.decider(process).closed(self.state(process))

    def todos(self, process: str) -> Sequence[Todo]:
        now = self.processes[process]
        if (found := self._waiting.get(process)) is None or found[0] is not now:
            found = self._waiting[process] = (now, kernel.todos(self.decider(process), now))
        return found[1]

    def todo(self, process: str, key: str) -> Todo:
        return next(t for t in self.todos(process) if t.key == key)

    def types(self, process: str) -> list[str]:
        return [e.type for e in self.events[process]]

    def told(self, process: str, kind: str) -> list[Planned]:
        """The effects of a kind that a process planned."""
        return [e for e in self.effects[process] if e.kind == kind]

    def starts_with(self, prefix: str) -> list[str]:
        return sorted(p for p in self.processes if p.startswith(prefix))

    # ----------------------------------------------------------------------------------------------------------- acting

    def actor(self, process: str, name: str, role: str | None = None, **who: Any) -> Actor:
        """Somebody who may give the command: the first role granted it, of the unit or district it takes."""
        row = PERMISSIONS.commands[name]
        role = role or next(iter(row.grants))
        unit, district = who.get("unit"), who.get("district")
        if row.grants.get(role) is Scope.district and district is None and process in self.processes:
            district = getattr(self.state(process), "district", None)
        return Actor(user=who.get("user") or f"{role}.{unit or 'x'}", role=role, unit=unit, district=district)

    def give(self, process: str, name: str, *, by: Actor | None = None, role: str | None = None, **body: Any) -> None:
        """A person gives a command, and it is recorded."""
        assert self.refusal(process, name, by=by, role=role, **body) is None

    def refusal(
        self, process: str, name: str, *, by: Actor | None = None, role: str | None = None, **body: Any
    ) -> str | None:
        """A person gives a command; return the code of the refusal, or None. ``user_``, ``unit_`` and ``district_`` name him."""
        who = {k.removesuffix("_"): body.pop(k) for k in ("user_", "unit_", "district_") if k in body}
        model = self.decider(process).commands.get(name) or kernel.KERNEL_COMMANDS[name]
        filled = {field: REF for field in text_fields(model) if field not in body}
        return self.send(process, name, {**filled, **body}, by or self.actor(process, name, role, **who))

    def open(self, process: str, **body: Any) -> None:
        """A machine opens a process under the terms in force."""
        model = self.decider(process).commands["open"]
        filled = {field: REF for field in text_fields(model) if field not in body}
        assert self.send(process, "open", {"by": "system", **self.pins, **filled, **body}, SYSTEM) is None

    def send(
        self,
        process: str,
        name: str,
        body: Mapping[str, Any],
        actor: Actor,
        *,
        id_: str | None = None,
        received: datetime | None = None,
    ) -> str | None:
        """Bring a command to the journal of this town; return the code of its refusal, or None. An id takes effect once."""
        if id_ is not None and id_ in self.seen:
            return self.seen[id_][1]
        self.count += 1
        envelope = Envelope(
            id=id_ or f"t{self.count}",
            process=process,
            name=name,
            body=dict(body),
            actor=actor,
            received_at=received or self.now,
        )
        refused = self._advance(process, envelope)
        self.seen[envelope.id] = (process, refused)
        return refused

    def tick(self, process: str) -> None:
        """The clock is looked at."""
        envelope = Envelope(id="tick", process=process, name="tick", body={}, actor=SYSTEM, received_at=self.now)
        self._advance(process, envelope)

    def wait(self, **length: float) -> None:
        """Time passes, timers ring in their order, messages arrive."""
        self.until(self.now + timedelta(**length))

    def until(self, at: datetime) -> None:
        """Time passes until an instant."""
        while True:
            due = min((t.at for p in self.processes.values() for t in p.timers), default=None)
            if due is None or due > at:
                break
            self.now = max(self.now, due)
            for process in list(self.processes):
                if any(t.at <= self.now for t in self.processes[process].timers):
                    self.tick(process)
            self.deliver()
        self.now = max(self.now, at)

    def ring(self, process: str, key: str) -> None:
        """Wait until a timer whose key begins so rings."""
        timer = next(t for t in self.processes[process].timers if t.key.startswith(key))
        self.until(timer.at)

    # ---------------------------------------------------------------------------------------------------------- messages

    def deliver(self, n: int | None = None) -> None:
        """Let all messages under way (or the first ``n``) arrive in order, and those they bring about."""
        while self.mail and n != 0:
            self.arrive(0)
            n = None if n is None else n - 1

    def arrive(self, index: int, *, again: bool = False) -> None:
        """Let one message arrive; ``again`` leaves it under way, to arrive once more.

        What one process owes another arrives in its order, so that the first of those comes in place of a later one: the workflow
        starts an effect when the one before it to the same target has its answer (``durable.DurableProcess._run``), and a run that
        begins anew asks for all that is owed in that order (tests/worker/test_relay.py). All else comes in any order.
        """
        index = self._first_owed(index)
        letter = self.mail[index] if again else self.mail.pop(index)
        effect = letter.effect
        kind = effect.target.partition("/")[0]
        if kind not in self.deciders:
            return
        refused = self.send(effect.target, effect.body["command"], effect.body["body"], SYSTEM, id_=effect.id)
        back = effect.body.get("on_refused")
        if refused and back:
            about = effect.body.get("reply") or {"into": effect.target.partition("/")[2]}
            self.send(letter.sender, back, {**about, "code": refused}, SYSTEM, id_=f"{effect.id}/refused")
        elif refused and refused != NOT_BEGUN:
            message = f"{letter}: refused ({refused}), and nobody is told"
            raise AssertionError(message)

    def _first_owed(self, index: int) -> int:
        pair = (self.mail[index].sender, self.mail[index].effect.target)
        mails = enumerate(self.mail[:index])
        return next(
            (n for n, x in mails if (x.sender, x.effect.target) == pair and x.effect.id not in self.seen), index
        )

    # ----------------------------------------------------------------------------------------------------------- running

    def _advance(self, process: str, envelope: Envelope) -> str | None:
        decider = self.decider(process)
        if (
            process not in self.processes
            and not decider.opens(envelope.name)
            and not self._opened_by_what_is_owed(process)
        ):
            return NOT_BEGUN if process in self.refused else "unknown_process"
        before = self.processes.get(process) or Process(id=process, kind=decider.kind, state=decider.initial())
        facts = self._facts(decider, envelope, before.state)
        answer = kernel.advance(decider, before, envelope, facts, self.now)
        taken = self._taken(process, decider, before, answer.process)
        if taken:
            answer = kernel.advance(decider, before, envelope, replace(facts, taken=taken), self.now)
            if self._taken(process, decider, before, answer.process):
                return self._refused(process, before, "order_exists")
        if answer.refusal and not answer.records:
            assert answer.process.seq == before.seq, "a refusal writes nothing"
        if not answer.process.seq:
            return self._refused(process, before, answer.refusal)
        self.processes[process] = answer.process
        if answer.refusal is None:
            self.recorded[decider.kind, envelope.name] += 1
        for record in answer.records:
            self.events.setdefault(process, []).extend(record.events)
            self.effects.setdefault(process, []).extend(record.effects)
            self.mail += [Letter(process, e) for e in record.effects if e.kind in {"tell", "start"}]
        self._laws(process, decider, answer.process)
        return answer.refusal

    def refuse(self, opening: Planned, code: str) -> None:
        """Let the journal refuse an opening that is under way; its sender hears of it when it arrives."""
        self.seen[opening.id] = (opening.target, code)
        self.refused.add(opening.target)

    def _refused(self, process: str, before: Process, code: str | None) -> str | None:
        if not before.seq:
            self.refused.add(process)
        return code

    def _opened_by_what_is_owed(self, process: str) -> bool:
        """Open a process by the letters under way that begin it, the oldest first, as the journal does; each is answered once."""
        while process not in self.processes:
            owed = (e.effect for e in self.mail if (e.effect.kind, e.effect.target) == ("start", process))
            effect = next((e for e in owed if e.id not in self.seen), None)
            if effect is None:
                return False
            self.send(process, effect.body["command"], effect.body["body"], SYSTEM, id_=effect.id)
        return True

    def _facts(self, decider: Decider, envelope: Envelope, before: Any) -> Facts:
        wanted = {(n.kind, n.key) for n in kernel.needs(decider, envelope)}
        pins = Pins(**self.pins)
        moved = bool(getattr(before, "terms_by", None))
        return Facts(
            pack=PACKS[f"{before.pack}@{before.pack_version}"] if moved else self.pack,
            calendar=CALENDARS[before.calendar] if moved else CALENDAR,
            permissions=PERMISSIONS,
            units={k: u for k, u in UNITS.items() if ("unit", k) in wanted or k in branches(wanted)},
            items={k: i for k, i in ITEMS.items() if ("item", k) in wanted},
            cases={
                p.partition("/")[2]: CaseFact(
                    no=p.partition("/")[2], open=not self.closed(p), stage=self.stage(p), main_case=None
                )
                for p in self.processes
                if p.startswith("case/") and ("case", p.partition("/")[2]) in wanted
            },
            pins=pins,
            **registered(wanted),
        )

    def _taken(self, process: str, decider: Decider, before: Process, after: Process) -> dict[str, str]:
        old = decider.claims(before.state) if before.seq else frozenset()
        wanted = decider.claims(after.state) - old if after.seq else frozenset()
        others = {p: self.decider(p).claims(x.state) for p, x in self.processes.items() if p != process}
        return {claim: p for p, held in others.items() for claim in held & wanted}

    def _laws(self, process: str, decider: Decider, after: Process) -> None:
        """What holds after every step: somebody has a todo, or a timer is set, unless it is over; the events give the state."""
        state = after.state
        folded = kernel.replay(decider, process, self.events[process])
        assert folded.state == state, "the events give the state"
        assert folded.timers == after.timers
        closed = decider.closed(state)
        todos, timers = decider.todos(state), decider.timers(state)
        # Who waits for a holder waits for what that one is told, too.
        near = {process, *(i.holder for i in getattr(state, "items", {}).values() if not i.ended)}
        waits = any(near & {letter.sender, letter.effect.target} for letter in self.mail)
        assert closed or todos or timers or waits, f"{process} waits for nobody at {self.stage(process)}"
        if closed:
            assert not todos, "what is over waits for nobody"
            assert not decider.claims(state), "what is over holds nothing"
            assert not timers, "what is over has no timer"
        for todo in todos:
            for name in todo.commands:
                stages = decider.moves[name].stages
                assert self.stage(process) in stages, f"{todo.key} offers {name} at {self.stage(process)}"
                grants = PERMISSIONS.commands[name].grants
                assert todo.role in grants, f"{todo.key}: {todo.role} may not {name}"
        if isinstance(state, Clocked):
            live = {k for k, r in state.clocks.items() if r.stopped_at is None and r.clock.due is not None}
            rung = {k for k in live if {"due"} <= set(state.clocks[k].rung)}
            armed = {t.key.rpartition("/")[0] for t in timers}
            assert closed or live - rung <= armed, "a live clock has a timer"
