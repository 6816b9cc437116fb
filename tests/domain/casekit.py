"""A case in the hands of a test: commands, ticks, a fake clock, actors of every role, and the laws that always hold.

:class:`City` holds the cases of a test and carries their messages to one another. :class:`CaseKit` runs one of them through
``kernel.advance`` with exactly the facts that the command asked for, as the journal does, and checks :func:`laws` after
every step.
"""

from collections.abc import Container, Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any, Protocol

from domain import kernel
from domain.calendar import Calendar
from domain.case import DECIDER, MOVES, acting_unit
from domain.casework.commands import COMMANDS
from domain.casework.state import Case
from domain.casework.words import LIVE, OPEN, WITH_UNIT, OrderState
from domain.clock import recompute
from domain.kernel import Advanced, Planned, Process, Written
from domain.permissions import Scope
from domain.policy import Pack
from domain.process import SYSTEM, Actor, CaseFact, Command, Envelope, Facts, ItemFact, Text, Todo, UnitFact
from storage.policies import load_calendar, load_pack, load_permissions
from tests.domain.clock_helpers import sh

PERMISSIONS = load_permissions()
CALENDAR = load_calendar()


def noticed(*off: date, make_up: Sequence[date] = (), version: str = "2026.2") -> Calendar:
    """The calendar after another notice for 2026: more days off, and days that make up for them."""
    years = [
        y.model_copy(update={"version": version, "off": y.off | set(off), "make_up": y.make_up | set(make_up)})
        if y.year == 2026
        else y
        for y in CALENDAR.years
    ]
    return Calendar(version="cn:" + "+".join(y.version for y in years), years=tuple(years))


SPRING = noticed(date(2026, 3, 5), date(2026, 3, 6))
"""Another notice: the Thursday and Friday of the first week of March are off."""
PACKS = {f"{p.id}@{p.version}": p for p in map(load_pack, ("haikou", "demo", "shandong-2020", "weifang-emergency"))}
CALENDARS = {c.version: c for c in (CALENDAR, SPRING)}


def registered(wanted: Container[tuple[str, str]]) -> dict[str, Any]:
    """The packs and calendars in the database, those that a command named."""
    return {
        "packs": {k: p for k, p in PACKS.items() if ("pack", k) in wanted},
        "calendars": {k: c for k, c in CALENDARS.items() if ("calendar", k) in wanted},
    }


MONDAY = "2026-03-02 09:00"
UNITS = {
    u.code: u
    for u in (
        UnitFact(code="housing", level="city", system=True),
        UnitFact(code="water", level="city"),
        UnitFact(code="roads", level="city"),
        UnitFact(code="parks", level="city"),
        UnitFact(code="east", level="district"),
        UnitFact(code="east-1", level="street", district="east", parent="east"),
        UnitFact(code="east-2", level="street", district="east", parent="east"),
        UnitFact(code="east-housing", level="district", district="east", parent="east"),
        UnitFact(code="east-roads", level="district", district="east", parent="east"),
        UnitFact(code="east-1-river", level="community", district="east", parent="east-1"),
        UnitFact(code="east-1-hill", level="community", district="east", parent="east-1"),
        UnitFact(code="east-1-river-g1", level="grid", district="east", parent="east-1-river"),
        UnitFact(code="west", level="district"),
        UnitFact(code="west-1", level="street", district="west", parent="west"),
        UnitFact(code="closed-bureau", level="city", active=False),
    )
}
ITEMS = {i.code: i for i in (ItemFact(code="pipe", version="7", owner="water"), ItemFact(code="lamp", version="2"))}
REF = "row#text"


def branches(wanted: set[tuple[str, str]]) -> set[str]:
    """The units asked for with all those above them."""
    found: set[str] = set()
    left = [key for kind, key in wanted if kind == "branch"]
    while left:
        unit = UNITS.get(left.pop())
        if unit is not None and unit.code not in found:
            found.add(unit.code)
            left += [unit.parent] if unit.parent else []
    return found


def text_fields(model: type[Command]) -> Iterator[str]:
    """The required fields of a command that hold words."""
    for name, field in model.model_fields.items():
        if field.is_required() and any(isinstance(m, Text) for m in field.metadata):
            yield name


class City:
    """The cases of one test, the clock they share, and the messages under way between them."""

    def __init__(self, at: str = MONDAY, pack: str = "haikou") -> None:
        self.now = sh(at)
        self.pack: Pack = load_pack(pack)
        self.kits: dict[str, CaseKit] = {}
        self.mail: list[tuple[str, Planned]] = []
        self.spread = kernel.NO_SPREAD

    def case(self, no: str = "c1", **fields: Any) -> "CaseKit":
        """Open another case."""
        kit = CaseKit(self, no)
        self.kits[no] = kit
        kit.do("open", **(opening(no, self) | fields))
        return kit

    def facts(self, command: Command | None, kit: "CaseKit | None" = None) -> Facts:
        """The facts the command asked for and no others; pack and calendar are those the case has."""
        wanted = {(n.kind, n.key) for n in (DECIDER.needs(command) if command is not None else ())}
        return Facts(
            pack=kit.pack if kit is not None else self.pack,
            calendar=kit.calendar if kit is not None else CALENDAR,
            permissions=PERMISSIONS,
            units={k: u for k, u in UNITS.items() if ("unit", k) in wanted or k in branches(wanted)},
            items={k: i for k, i in ITEMS.items() if ("item", k) in wanted},
            cases={no: kit.fact for no, kit in self.kits.items() if ("case", no) in wanted},
            **registered(wanted),
        )

    def taken(self, kit: "CaseKit", after: Process) -> dict[str, str]:
        """The claims that a case would take and another holds, as the journal finds them."""
        wanted = DECIDER.claims(after.state) - DECIDER.claims(kit.state)
        others = (k for k in self.kits.values() if k is not kit)
        return {claim: k.process.id for k in others for claim in DECIDER.claims(k.state) & wanted}

    def deliver(self) -> None:
        """Carry every message under way to its case; a refusal goes back as the message asked."""
        while self.mail:
            sender, effect = self.mail.pop(0)
            no = effect.target.removeprefix("case/")
            if no not in self.kits:
                continue
            answer = self.kits[no].send(effect.body["command"], effect.body["body"], SYSTEM)
            if answer.refusal and effect.body["on_refused"]:
                self.kits[sender].send(effect.body["on_refused"], {"into": no, "code": answer.refusal}, SYSTEM)


class Terms(Protocol):
    """What the opening of a case asks of a city."""

    @property
    def now(self) -> datetime: ...

    @property
    def pack(self) -> Pack: ...


def opening(no: str, city: Terms) -> dict[str, Any]:
    """The fields of the command that opens a case."""
    return {
        "request": no,
        "received_at": city.now.isoformat(),
        "case_type": "complaint",
        "channel": "phone",
        "caller_type": "person",
        "pack": city.pack.id,
        "pack_version": city.pack.version,
        "pack_sha": "sha",
        "calendar": CALENDAR.version,
    }


class CaseKit:
    """One case: what was written, and short ways to act on it."""

    def __init__(self, city: City, no: str) -> None:
        self.city = city
        self.no = no
        self.process = Process(id=f"case/{no}", kind="case", state=DECIDER.initial())
        self.events: list[Written] = []
        self.effects: list[Planned] = []
        self.last: Advanced = Advanced(process=self.process, records=())
        self.commands = 0
        self.eyes = Eyes()

    @property
    def state(self) -> Case:
        state = self.process.state
        assert isinstance(state, Case)
        return state

    @property
    def stage(self) -> str:
        return str(self.state.stage)

    @property
    def pack(self) -> Pack:
        """The pack the case has now."""
        case = self.state
        return PACKS[f"{case.pack}@{case.pack_version}"] if case.terms_by else self.city.pack

    @property
    def calendar(self) -> Calendar:
        """The calendar the case has now."""
        return CALENDARS[self.state.calendar] if self.state.terms_by else CALENDAR

    @property
    def fact(self) -> CaseFact:
        return CaseFact(no=self.no, open=self.state.stage in OPEN, stage=self.stage, main_case=self.state.main_case)

    # ------------------------------------------------------------------------------------------------------- acting

    def at(self, text: str) -> "CaseKit":
        """Move the city's clock to a wall time in Asia/Shanghai."""
        self.city.now = sh(text)
        return self

    def go(self, **span: float) -> "CaseKit":
        """Move the city's clock on."""
        self.city.now += timedelta(**span)
        return self

    def actor(self, name: str, body: dict[str, Any], role: str | None = None, user: str | None = None) -> Actor:
        """Somebody who may give the command: of the first role that may, and of the order's unit where that is asked."""
        row = PERMISSIONS.commands[name]
        role = role or next(iter(row.grants))
        if role == "system":
            return SYSTEM
        order = self.state.orders.get(body.get("order", ""))
        own = order is not None and row.grants.get(role) is Scope.unit
        unit = acting_unit(self.state, name, order) if own and order is not None else None
        return Actor(user=user or (f"{role}@{unit}" if unit else role), role=role, unit=unit)

    def do(self, name: str, *, role: str | None = None, user: str | None = None, **body: Any) -> "CaseKit":
        """Give a command that must be accepted."""
        got = self.give(name, role=role, user=user, **body)
        assert got.refusal is None, f"{name}: {got.refusal} {got.detail}"
        return self

    def refuses(self, name: str, *, role: str | None = None, user: str | None = None, **body: Any) -> str:
        """Give a command that must be refused; return the code."""
        got = self.give(name, role=role, user=user, **body)
        assert got.refusal is not None, f"{name} was accepted"
        return got.refusal

    def give(
        self,
        name: str,
        *,
        role: str | None = None,
        user: str | None = None,
        received: datetime | str | None = None,
        **body: Any,
    ) -> Advanced:
        """Give a command, with references in place of the words that it needs."""
        texts = dict.fromkeys(text_fields(kernel.command_model(DECIDER, name)), REF)
        whole = texts | body
        if isinstance(received, str):
            received = sh(received)
        return self.send(name, whole, self.actor(name, whole, role, user), received)

    def send(self, name: str, body: dict[str, Any], actor: Actor, received: datetime | None = None) -> Advanced:
        """Give a command as it is."""
        self.commands += 1
        envelope = Envelope(
            id=f"{self.no}-{self.commands}",
            process=self.process.id,
            name=name,
            body=body,
            actor=actor,
            received_at=received or self.city.now,
        )
        try:
            command = kernel.command_model(DECIDER, name).model_validate(body)
        except Exception:  # noqa: BLE001 - what cannot be read has no needs; advance refuses it
            command = None
        return self._advance(envelope, self.city.facts(command, self))

    def tick(self) -> "CaseKit":
        """Let the timers ring that have passed."""
        envelope = Envelope(
            id=f"{self.no}-tick",
            process=self.process.id,
            name=kernel.TICK,
            body={},
            actor=SYSTEM,
            received_at=self.city.now,
        )
        self._advance(envelope, self.city.facts(None, self))
        return self

    def _advance(self, envelope: Envelope, facts: Facts) -> Advanced:
        before = self.process
        got = kernel.advance(DECIDER, before, envelope, facts, self.city.now, self.city.spread)
        if taken := self.city.taken(self, got.process):
            got = kernel.advance(
                DECIDER, before, envelope, replace(facts, taken=taken), self.city.now, self.city.spread
            )
            if self.city.taken(self, got.process):
                got = Advanced(process=before, records=(), refusal="order_exists")
        self.last = got
        self.process = got.process
        new = [e for record in got.records for e in record.events]
        self.events += new
        for record in got.records:
            for effect in record.effects:
                self.effects.append(effect)
                if effect.kind == "tell":
                    self.city.mail.append((self.no, effect))
        laws(self, before, envelope, got)
        return got

    # ------------------------------------------------------------------------------------------------------ looking

    def types(self) -> list[str]:
        """The types of all events so far."""
        return [e.type for e in self.events]

    def new(self) -> list[str]:
        """The types of the events of the last step."""
        return [e.type for record in self.last.records for e in record.events]

    def bodies(self, type_: str) -> list[dict[str, Any]]:
        """The bodies of all events of one type."""
        return [e.body for e in self.events if e.type == type_]

    def todos(self) -> dict[str, Todo]:
        """The todos by key."""
        return {t.key: t for t in kernel.todos(DECIDER, self.process)}

    def timer(self, key: str) -> datetime:
        """The instant of a live timer."""
        return next(t.at for t in self.process.timers if t.key == key)

    def due(self, key: str) -> datetime:
        """The due instant of a running clock."""
        running = self.state.running(key)
        assert running is not None, f"clock {key} does not run"
        assert running.clock.due is not None, f"clock {key} is paused"
        return running.clock.due

    def told(self, target: str) -> list[str]:
        """What a target was told, in order."""
        return [e.body["what"] for e in self.effects if e.target == target]

    # ---------------------------------------------------------------------------------------------------- short ways

    def triaged(self, triage: str = "routine", **more: Any) -> "CaseKit":
        return self.do("triage", triage=triage, **more)

    def dispatched(self, lead: str = "water", triage: str = "routine", **more: Any) -> "CaseKit":
        return self.triaged(triage).do("dispatch", lead=lead, **more)

    def submitted(self, order: str = "a1", code: str = "solved") -> "CaseKit":
        return self.do("submit_result", order=order, code=code, documents=["doc-1"])

    def accepted(self, order: str = "a1", code: str = "solved") -> "CaseKit":
        return self.submitted(order, code).do("review_result", order=order, accept=True)

    def in_callback(self, code: str = "solved") -> "CaseKit":
        return self.dispatched().accepted(code=code)

    def satisfied(self, request: str | None = None) -> "CaseKit":
        request = request or self.no
        return self.do("record_callback", request=request, reached=True, solved="yes", satisfaction="satisfied")

    def dissatisfied(self, request: str | None = None) -> "CaseKit":
        request = request or self.no
        return self.do("record_callback", request=request, reached=True, solved="no", satisfaction="unsatisfied")

    def closed(self) -> "CaseKit":
        return self.in_callback().satisfied()

    def state_of(self, order: str) -> OrderState:
        return self.state.orders[order].state


WHOLE_CASE = frozenset({"termination", "closing", "reopening"})
"""Questions about the case, not about one order."""


class Eyes:
    """Watches the events for two persons where two are needed. Keeps its own books, apart from the state."""

    ASKED = {  # noqa: RUF012 - a table
        "return_requested": "return",
        "extension_requested": "extension",
        "pause_requested": "pause",
        "result_submitted": "result",
        "termination_requested": "termination",
        "closing_proposed": "closing",
        "on_account_requested": "account",
        "strike_off_requested": "strike",
        "reopening_requested": "reopening",
    }
    ANSWERED = {  # noqa: RUF012 - a table
        "return_reviewed": "return",
        "extension_reviewed": "extension",
        "pause_decided": "pause",
        "result_accepted": "result",
        "result_sent_back": "result",
        "termination_reviewed": "termination",
        "closing_reviewed": "closing",
        "on_account_reviewed": "account",
        "strike_off_reviewed": "strike",
        "reopening_reviewed": "reopening",
        "report_reviewed": "result",
    }

    def __init__(self) -> None:
        self.people: dict[tuple[str, str], list[str]] = {}

    def see(self, event: Written) -> None:
        """Fail when one person appears twice on one question."""
        order = event.body.get("order", "")
        if what := self.ASKED.get(event.type):
            order = "" if what in WHOLE_CASE else order
            self.people[what, order] = [event.body["by"]]
        if what := self.ANSWERED.get(event.type):
            order = "" if what in WHOLE_CASE else order
            by = event.body["by"]
            assert by not in self.people[what, order], f"four eyes: {by} twice on {what} {order}"
            self.people[what, order].append(by)


def laws(kit: CaseKit, before: Process, envelope: Envelope, got: Advanced) -> None:
    """What holds after every step, whatever was asked."""
    process, case = kit.process, kit.state
    _refusal_changes_nothing(before, got)
    # Nothing that has passed is left to ring, but where a claim was missing: all that was rolled back, and waits for the tick.
    tick = envelope.name == kernel.TICK
    passed = (
        None
        if got.refusal == "order_exists"
        else kit.city.now
        if tick
        else process.floor
        if got.refusal is None
        else min(envelope.received_at, kit.city.now)
    )
    assert passed is None or all(t.at > passed for t in process.timers), f"passed {passed}: {process.timers}"
    assert before.floor is None or (process.floor is not None and process.floor >= before.floor)
    _folds_to_the_same(before, got)
    # An open case waits for somebody or something; a closed one for nothing.
    todos = kernel.todos(DECIDER, process)
    keys = [t.key for t in todos]
    assert len(keys) == len(set(keys)), keys
    if case.stage in OPEN:
        assert todos or process.timers, case.stage
    if process.seq and DECIDER.closed(case):
        assert not process.timers
        assert all(t.key.startswith("incident/") for t in todos), keys
    for todo in todos:
        _can_be_done(kit, todo)
    _claims_are_the_orders(case)
    _on_account_stands_still(case)
    _lower_units_have_one_above(case)
    assert not {c for t in todos for c in t.commands} & {"urge", "supervise"}, "supervision is a process of its own"
    armed = {(t.key, t.at) for t in process.timers}
    assert armed == {(t.key, t.at) for t in DECIDER.timers(case)}
    for key, running in case.clocks.items():
        if running.stopped_at is None and running.clock.due is not None and "due" not in running.rung:
            assert any(timer.startswith(f"{key}/") for timer, _ in armed), f"nothing will ring for {key}"
    old = before.state.clocks if isinstance(before.state, Case) else {}
    for key, running in case.clocks.items():
        if old.get(key) is not running:
            assert running.clock.due is None or running.clock.due >= running.clock.start, key
            assert recompute(running.clock, CALENDARS[running.clock.calendar], kit.pack.hours) == running.clock, key
    for record in got.records:
        for event in record.events:
            kit.eyes.see(event)
    assert case.id == process.id or not process.seq or case.no == ""


def _refusal_changes_nothing(before: Process, got: Advanced) -> None:
    if got.refusal is None:
        return
    assert all(record.command.name == "ring" for record in got.records)
    assert got.records or got.process == before


def _folds_to_the_same(before: Process, got: Advanced) -> None:
    """The written events alone, read back from JSON, give the very process: state, timers, numbers, head."""
    folded = before
    for record in got.records:
        for written in record.events:
            event = Written.model_validate_json(written.model_dump_json())
            assert event.seq == folded.seq + 1
            assert kernel.chain(folded.head, event.seq, event.type, event.at, event.body) == event.head
            model = kernel.event_model(DECIDER, event.type).model_validate(event.body)
            folded = kernel._apply(DECIDER, folded, model, event.at, event.head)
    assert folded.model_copy(update={"floor": got.process.floor}) == got.process


def replays(kit: CaseKit) -> None:
    """Replayed from the first event, the process is the same; and its state survives being stored."""
    again = kernel.replay(DECIDER, kit.process.id, kit.events)
    assert again.model_copy(update={"floor": kit.process.floor}) == kit.process
    assert Case.model_validate_json(kit.state.model_dump_json()) == kit.state


def _can_be_done(kit: CaseKit, todo: Todo) -> None:
    assert todo.commands, todo.key
    for command in todo.commands:
        assert todo.role in PERMISSIONS.roles_for(command), (todo.key, command)
        if command in kernel.KERNEL_COMMANDS:
            continue
        assert command in COMMANDS, (todo.key, command)
        assert kit.stage in MOVES[command].stages, (todo.key, command, kit.stage)


def _on_account_stands_still(case: Case) -> None:
    """On account no limit of a unit at work runs, nor the overall one, and somebody looks again. Else nothing stands for it."""
    at_work = [o for o in case.live if o.state in WITH_UNIT]
    limits = [f"{o.id}/{what}" for o in at_work for what in ("handle", "respond", "feedback")] + [
        f"overall/{case.cycle}"
    ]
    clocks = [r.clock for key in limits if (r := case.running(key)) is not None]
    if not case.on_account:
        paused = {o.id for o in case.orders.values() if o.pausing is not None and o.pausing.since is not None}
        held = [c.key for c in clocks if c.due is None and c.pauses[-1].kind == "on_account"]
        # Who is paused since then stands for that; the overall limit with the lead.
        assert not [k for k in held if k.partition("/")[0] not in {*paused, "overall" if paused else ""}], held
        return
    assert not [c.key for c in clocks if c.due is not None], "a limit runs on account"
    assert case.account is not None
    assert case.account.order == getattr(case.lead, "id", None)
    assert case.running(f"{case.account.order}/account_date") is not None
    assert case.stage in OPEN
    assert case.code is None


def _lower_units_have_one_above(case: Case) -> None:
    for order in case.live:
        if order.above is not None:
            above = case.orders[order.above]
            assert above.cycle == case.cycle
            assert above.state in WITH_UNIT, f"{order.id} reports to {above.id}, which is {above.state}"


def _claims_are_the_orders(case: Case) -> None:
    live = [o for o in case.orders.values() if o.state in LIVE]
    units = [o.unit for o in live]
    assert len(units) == len(set(units)), f"two open orders of one unit: {units}"
    claims = DECIDER.claims(case)
    assert {f"order/{u}/{case.matter_key}" for u in units} <= claims
    ended = {OrderState.returned, OrderState.reassigned, OrderState.withdrawn}
    held = [o for o in case.orders.values() if o.cycle == case.cycle and o.state not in ended]
    assert claims <= {f"order/{o.unit}/{case.matter_key}" for o in held}
    if live:
        assert case.stage in OPEN
        assert {o.cycle for o in live} == {case.cycle}
