"""The durable workflow and the bare decider agree on the same sequence, whatever is asked, in whatever order.

Each sequence is drawn from a seed: people do what the todos ask, or anything else, rightly and wrongly, one after the other or at
one moment, once or twice; timers ring; workers are replaced, runs reset, terminated and deleted. ``SANHUAN_SEQUENCES`` sets how
many, ``SANHUAN_SEED`` which.
"""

import asyncio
import json
import os
import random
import shutil
from collections.abc import AsyncIterator
from contextlib import closing, suppress
from datetime import UTC, timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError
from temporalio.client import Client, WorkflowExecutionStatus
from temporalio.service import RPCError

from activities.labels import timer_summary
from activities.tell import signal_process
from domain import kernel
from domain.case import DECIDER
from domain.casework.commands import COMMANDS
from domain.kernel import KERNEL_COMMANDS
from domain.messages import Decision, Message
from domain.process import SYSTEM, Actor, Envelope, Facts
from storage.facts import look_up
from storage.models import ClaimRow, TodoRow
from storage.rules import Rules
from storage.unit_of_work import Database
from tests.domain.asking import WORKING_UNITS, body, spoil
from tests.domain.casekit import CALENDAR, PERMISSIONS, replays
from tests.factories.book import Book
from tests.factories.city import found_city, rows
from tests.factories.engine import Engine, LiveCase, Refused, engine_on, seen, until
from tests.factories.twin import Twin, Twins, Watch
from tests.faults.city import trouble
from workflows.case import CaseWorkflow

SEQUENCES = int(os.environ.get("SANHUAN_SEQUENCES", "8"))
SEED = os.environ.get("SANHUAN_SEED", "1")
STEPS = 40
PATIENCE_S = 60.0
CHANGE_EVERY_S = 7.0
COURTESY = "not_in_this_stage"
USERS = ("u1", "u2", "u3", "u4")
ASKED = (*COMMANDS, *KERNEL_COMMANDS, "no_such_command")

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


@pytest.fixture
async def world(
    client: Client, sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[tuple[Engine, Twins]]:
    """An engine, and the bare deciders beside it."""
    database = Database(sqlite_url)
    found_city(database, WORKING_UNITS)
    twins = Twins(Watch(monkeypatch, sqlite_url))
    async with engine_on(client, database) as engine:
        yield engine, twins
    database.close()


def decision_of(envelope: Envelope) -> Decision[Any] | None:
    """The command as a person's decision; None when it cannot be read as one."""
    model = {**COMMANDS, **KERNEL_COMMANDS}.get(envelope.name)
    try:
        content = model.model_validate(envelope.body) if model else None
    except ValidationError:
        return None
    if model is None or content is None:
        return None
    return Decision[model](  # type: ignore[valid-type]
        id=envelope.id, actor=envelope.actor, received_at=envelope.received_at, body=content
    )


class Sequence:
    """One random sequence over two cases. Under the pack ``demo`` a working day has six seconds: its timers ring meanwhile."""

    def __init__(self, engine: Engine, twins: Twins, seed: str) -> None:
        self.engine, self.twins = engine, twins
        self.dice = random.Random(f"agreement/{seed}")
        self.seed, self.n = seed, 0
        self.cases: list[LiveCase] = []
        self.given: dict[str, str | None] = {}
        """Of each decision given: the code of the refusal the person was told, or None."""
        self.asked: dict[str, Envelope] = {}

    async def play(self) -> None:
        """Two cases, and so many things that happen to them."""
        pack = self.dice.choice(("demo", "demo", "haikou"))
        for grade in ("grade_normal", "grade_urgent"):
            self.cases.append(await (await self.engine.case(pack=pack, grade=grade)).opened())
        acts = [self.asked_for, self.anything, self.twice, self.together, self.time_passes, self.lost]
        for act in self.dice.choices(acts, (14, 3, 2, 2, 3, 1), k=STEPS):
            await self.quiet()
            await asyncio.wait_for(act(), PATIENCE_S)
        await self.quiet()

    # ------------------------------------------------------------------------------------------------------- what happens

    async def asked_for(self) -> None:
        """Somebody does what a todo asks for."""
        await self.give(*await self.draw())

    async def anything(self) -> None:
        """Anybody asks for anything, also what no form would let him."""
        case, twin = self.some()
        name = self.dice.choice(ASKED)
        fields = body(self.dice, twin, name, None)
        if self.dice.random() < 0.3:
            spoil(self.dice, fields)
        row = PERMISSIONS.commands.get(name)
        # Nobody can speak as the system: the cases' own messages to one another come by themselves.
        roles = [role for role in (row.grants if row else ()) if role != "system"]
        role = self.dice.choice(roles) if roles and self.dice.random() < 0.8 else "agent"
        await self.give(case, await self.envelope(case, name, fields, self.actor(role, twin, fields)))

    async def twice(self) -> None:
        """The same command comes by two ways at one moment."""
        case, envelope = await self.draw()
        signalled = signal_process(self.engine.client, case.process, "decide", Message(envelope=envelope))
        await asyncio.gather(self.give(case, envelope), signalled)

    async def together(self) -> None:
        """Two people decide at one moment."""
        await asyncio.gather(*[self.give(*await self.draw()) for _ in range(2)])

    async def time_passes(self) -> None:
        """Timers ring."""
        await asyncio.sleep(self.dice.choice((0.1, 0.5, 2.0)))

    async def lost(self) -> None:
        """The run is reset or lost."""
        case, _ = self.some()
        kind = self.dice.choice(("terminate", "reset", "delete"))
        address = self.engine.client.service_client.config.target_host
        with suppress(RPCError):
            await trouble(address, case.process, kind)
        await signal_process(self.engine.client, case.process, "sync")

    # ----------------------------------------------------------------------------------------------------------- drawing

    def some(self) -> tuple[LiveCase, Twin]:
        case = self.dice.choice(self.cases)
        return case, self.twins.twin(case.no)

    def actor(self, role: str, twin: Twin, fields: dict[str, Any], unit: str | None = None) -> Actor:
        order = twin.state.orders.get(str(fields.get("order")))
        if order is not None and role in {"unit_liaison", "unit_head"}:
            unit = order.unit
        return SYSTEM if role == "system" else Actor(user=self.dice.choice(USERS), role=role, unit=unit)

    async def draw(self) -> tuple[LiveCase, Envelope]:
        """One of the things the todos ask for."""
        case, twin = self.some()
        todos = list(twin.todos().values())
        if not todos:
            name = self.dice.choice(("object", "urge", "report_progress"))
            fields = body(self.dice, twin, name, None)
            return case, await self.envelope(case, name, fields, twin.actor(name, fields))
        todo = self.dice.choice(todos)
        name = self.dice.choice(todo.commands)
        if name not in ("triage", "dispatch") and self.dice.random() < 0.8:  # long lives
            name = next((n for n in ("triage", "dispatch") if n in todo.commands), name)
        fields = body(self.dice, twin, name, todo)
        return case, await self.envelope(case, name, fields, self.actor(todo.role, twin, fields, todo.unit))

    async def envelope(self, case: LiveCase, name: str, fields: dict[str, Any], actor: Actor) -> Envelope:
        self.n += 1
        back = timedelta(seconds=self.dice.choice((0, 0, 0, 1, 300, 90_000)))
        asked = Envelope(
            id=f"d/{self.seed}/{self.n}",
            process=case.process,
            name=name,
            body=fields,
            actor=actor,
            received_at=await self.engine.now() - back,
        )
        decision = decision_of(asked)
        return asked.model_copy(update={"body": decision.body.model_dump(mode="json")}) if decision else asked

    # ------------------------------------------------------------------------------------------------------------ giving

    async def give(self, case: LiveCase, envelope: Envelope) -> None:
        """Give a command as an update where there is one that takes it, else as a signal, and keep what was answered."""
        self.asked[envelope.id] = envelope
        decision = decision_of(envelope)
        if decision is None or not hasattr(CaseWorkflow, envelope.name):
            await signal_process(self.engine.client, case.process, "decide", Message(envelope=envelope))
            await until(lambda: case.commands(id=envelope.id))
            return
        try:
            await case.send(envelope.name, decision)
        except Refused as refused:
            self.given[envelope.id] = refused.code
            held = case.commands(id=envelope.id)
            if not held:
                await self.rightly_refused_by_courtesy(case, envelope, refused.code)
            elif refused.code == COURTESY:
                # A decided update came a second time (its run died before it could answer, or a signal brought it first) and
                # the stage had moved on. Our door tells the person what the journal holds, and so does this one.
                self.given[envelope.id] = held[0].code
        else:
            self.given[envelope.id] = None

    async def rightly_refused_by_courtesy(self, case: LiveCase, envelope: Envelope, code: str) -> None:
        """What the workflow refuses by itself the bare decider would refuse too."""
        assert code == COURTESY
        self.twins.catch_up()
        twin = self.twins.twin(case.no)
        rules = Rules(self.engine.database)
        with self.engine.database.read() as connection:
            units, items, cases = look_up(connection, kernel.needs(DECIDER, envelope))
        pack = rules.pack(twin.state.pack, twin.state.pack_version, twin.state.pack_sha)
        facts = Facts(pack=pack, calendar=CALENDAR, permissions=PERMISSIONS, units=units, items=items, cases=cases)
        assert twin.would_refuse(envelope, facts, await self.engine.now()), f"{envelope} was refused by courtesy"

    async def quiet(self) -> None:
        """Wait until nothing is owed or due any more, and let the bare deciders catch up."""

        async def still() -> bool:
            now = await self.engine.now()
            self.twins.catch_up()
            due = [t for c in self.cases for t in self.twins.twin(c.no).process.timers if t.at <= now]
            return not due and not any(case.effects(status="planned") for case in self.cases)

        await until(still)

    # --------------------------------------------------------------------------------------------------------- comparing

    async def compare_answers(self) -> None:
        """What people were told against what the bare deciders come to, and what the engine keeps against their timers."""
        twins = [self.twins.twin(case.no) for case in self.cases]
        decided = {k: v for twin in twins for k, v in twin.outcomes.items()}
        for id_, code in self.given.items():
            assert decided.get(id_, code) == code, f"a person was told {code} of {id_}, it is {decided[id_]}"
        assert {k for k, v in self.given.items() if v is None} <= set(decided)
        taken = {k: v for twin in twins for k, v in twin.envelopes.items() if k.startswith("d/")}
        assert taken == {k: self.asked.get(k) for k in taken}, "something was decided that nobody had asked for"
        for case, twin in zip(self.cases, twins, strict=True):
            await self.compare_run(case, twin)

    async def compare_run(self, case: LiveCase, twin: Twin) -> None:
        """The run is over when the bare decider says so, and otherwise keeps one timer for each of its timers."""

        async def as_it_should_be() -> bool:
            return await self.run_as_it_should_be(case, twin)

        await until(as_it_should_be)

    async def run_as_it_should_be(self, case: LiveCase, twin: Twin) -> bool:
        self.twins.catch_up()
        over = DECIDER.closed(twin.state) and not case.effects(status="incident")
        status = await case.status()
        if over or status is not WorkflowExecutionStatus.RUNNING:
            return over and status is WorkflowExecutionStatus.COMPLETED
        history = await case.handle.fetch_history()
        kept = {
            e.timer_started_event_attributes.timer_id: json.loads(e.user_metadata.summary.data)
            for e in seen(history, "TIMER_STARTED")
        }
        for kind in ("TIMER_FIRED", "TIMER_CANCELED"):
            for event in seen(history, kind):
                kept.pop(getattr(event, f"{kind.lower()}_event_attributes").timer_id)
        return sorted(kept.values()) == sorted(timer_summary(t) for t in twin.process.timers)

    def compare_journal(self) -> None:
        """The journal's rows against the bare deciders."""
        for case in self.cases:
            self.compare_case(case, self.twins.twin(case.no))

    def compare_case(self, case: LiveCase, twin: Twin) -> None:
        """Everything the journal and the engine hold of one case."""
        replays(twin)
        database, process = self.engine.database, twin.process
        written = [(e.seq, e.type, e.at.astimezone(UTC), e.body, e.head) for e in case.events()]
        assert written == [(e.seq, e.type, e.at, e.body, e.head) for e in twin.events]
        assert {t.key for t in rows(database, TodoRow, process=process.id)} == set(twin.todos())
        assert {c.key for c in rows(database, ClaimRow, process=process.id)} == DECIDER.claims(twin.state)
        planned = {(e.id, e.kind, e.target) for e in twin.effects}
        assert {(e.id, e.kind, e.target) for e in case.effects()} == planned


def test_a_watch_sees_its_own_journal_only(
    sqlite_template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    urls = [f"sqlite:///{shutil.copyfile(sqlite_template, tmp_path / name)}" for name in ("own.db", "other.db")]
    watch, opened = Watch(monkeypatch, urls[0]), []
    for url in urls:
        with closing(Database(url)) as database:
            found_city(database, WORKING_UNITS)
            opened.append(Book(database).opened().process)
    assert [made.before.id for made in watch.take()] == opened[:1]


async def test_workflow_and_bare_decider_agree(world: tuple[Engine, Twins]) -> None:
    engine, twins = world
    sequences = [Sequence(engine, twins, f"{SEED}/{n}") for n in range(SEQUENCES)]
    playing = asyncio.gather(*(s.play() for s in sequences))
    while not playing.done():
        await asyncio.wait([playing], timeout=CHANGE_EVERY_S)
        await engine.team.stop()
        await engine.team.start()
    await playing
    await asyncio.gather(*(s.compare_answers() for s in sequences))
    await engine.team.stop()
    twins.catch_up()
    for sequence in sequences:
        sequence.compare_journal()
    outcomes = [code for s in sequences for code in s.given.values()]
    assert outcomes.count(None) > SEQUENCES * STEPS / 8, "most sequences did something"
    assert len(set(outcomes)) > 3, "and were refused for more than one reason"
