"""Law 3 and law 6: the relay brings what nobody acted on, once, patiently, and one relay at a time."""

import asyncio
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, cast

import pytest
from sqlalchemy import insert, update
from temporalio.client import Client
from temporalio.common import WorkflowIDConflictPolicy
from temporalio.service import RPCError, RPCStatusCode

import activities.tell
import worker.relay
from activities.journal import Journal
from activities.tell import Tell
from domain.deciders import workflow_of
from domain.messages import ProcessStart
from storage import journal
from storage import relay as sql
from storage.effects import Owed
from storage.models import CommandRow, EffectRow, IncidentRow, NoticeRow, ProcessRow, table
from storage.unit_of_work import Database
from tests.factories.book import Book
from tests.factories.city import rows, take_request
from tests.factories.engine import Engine, LiveCase, engine_on, until
from worker.relay import MOST, MOST_ANEW, Patience, Relay
from worker.settings import WorkerSettings

LONG_AGO = timedelta(hours=1)


def relay_of(engine: Engine, **more: Any) -> Relay:
    """A relay on the engine's database."""
    return Relay(engine.database, engine.client, WorkerSettings(database_url=engine.database.url, **more))


def adopt(engine: Engine, no: str) -> LiveCase:
    """A case that somebody else began."""
    case = LiveCase(engine, no)
    engine.cases.append(case)
    return case


def store(database: Database, book: Book, name: str, at: datetime, **body: Any) -> str:
    """Store a decision as the API does when the engine is away."""
    envelope = book.envelope(name, received=at, **body)
    row = {
        "id": envelope.id,
        "process": envelope.process,
        "name": name,
        "user": envelope.actor.user,
        "role": envelope.actor.role,
        "unit": envelope.actor.unit,
        "body": envelope.body,
        "texts": {},
        "received_at": at,
        "outcome": "received",
    }
    with database.write() as connection:
        connection.execute(insert(table(CommandRow)).values(**row))
    return envelope.id


def owe(database: Database, sender: Book, target: Book, at: datetime) -> None:
    """Let one process owe another a message."""
    row = {
        "id": f"{sender.process}/9/0-00000000",
        "process": sender.process,
        "seq": 9,
        "kind": "tell",
        "target": target.process,
        "body": {"command": "process_refused", "body": {"process": "ring/1", "code": "x"}, "on_refused": None},
        "status": "planned",
        "planned_at": at,
        "attempt": 1,
    }
    with database.write() as connection:
        connection.execute(insert(table(EffectRow)).values(**row))


def sql_hanging(database: Database) -> list[str]:
    """Who hangs for a minute."""
    with database.read() as connection:
        return list(sql.processes_hanging(connection, datetime.now(UTC) - timedelta(minutes=1), MOST))


async def test_a_request_whose_case_never_began_becomes_a_case(client: Client, database: Database) -> None:
    async with engine_on(client, database) as engine:
        case = adopt(engine, take_request(database, datetime.now(UTC) - LONG_AGO))
        assert await relay_of(engine).round() == 1
        await case.opened()
        await case.settled()
        assert await relay_of(engine, relay_after=0.0).round() == 0


@pytest.mark.usefixtures("by_activity")
async def test_a_commit_whose_workflow_died_with_it_still_has_its_consequences(
    client: Client, database: Database
) -> None:
    async with engine_on(client, database) as engine:
        at = datetime.now(UTC) - LONG_AGO
        book = Book(database, at).dispatched(co=("roads",))
        case = adopt(engine, book.no)
        assert {e.status for e in case.effects()} == {"planned"}
        assert await relay_of(engine).round() == 1
        await case.settled()
        assert {e.status for e in case.effects()} == {"done"}
        assert (await case.give("sign", unit="water", order="a1")).stage == "in_progress"


async def test_messages_to_what_was_refused_its_beginning_end_refused_in_whatever_order_the_relay_brings_them(
    client: Client, database: Database
) -> None:
    """The message is brought before the opening it depends on; the sender is over and completes, and nothing is an incident."""
    async with engine_on(client, database) as engine:
        at = datetime.now(UTC) - LONG_AGO
        holder, book = Book(database, at).opened(), Book(database, at).opened()
        for one, lead in ((holder, "water"), (book, "parks")):
            one.do("triage", triage="routine", matter=f"leak-{holder.no}")
            one.do("dispatch", lead=lead)
        ended = Book(database, at).opened()
        ended.do("answer")
        urge = f"supervision/leak-{holder.no}/urge"
        body = {"by": "system", "case": None, "matter": f"leak-{holder.no}", "level": "urge", "unit": "water"}
        pins = Journal(database).rules.in_force
        with database.write() as connection:
            opening = {**body, "trigger": "overdue", **pins(connection).model_dump()}
            for n, (case, kind, target, command, about, refused) in enumerate(
                (
                    (ended, "tell", f"{urge}/2", "annul_supervision", {"clock": "x"}, None),
                    (holder, "start", f"{urge}/1", "open", opening, None),
                    (book, "start", f"{urge}/2", "open", opening, "process_refused"),
                    (book, "tell", f"{urge}/2", "annul_supervision", {"clock": "x"}, "process_refused"),
                )
            ):
                said = {"command": command, "body": about, "on_refused": refused, "reply": {"process": target}}
                row = {
                    "id": f"{case.process}/1/{7 + n}-0",
                    "process": case.process,
                    "seq": 1,
                    "kind": kind,
                    "attempt": 1,
                }
                connection.execute(
                    insert(table(EffectRow)).values(target=target, body=said, status="planned", planned_at=at, **row)
                )
        relay = relay_of(engine, relay_every=0.2)
        first, second, third = (adopt(engine, one.no) for one in (holder, book, ended))
        # The one whose opening holds the key is brought first; all else as it comes.
        await relay._signal(first.process, "sync")
        await until(lambda: rows(database, ProcessRow, id=f"{urge}/1"))
        await relay._signal(third.process, "sync")
        await until(lambda: rows(database, CommandRow, process=f"{urge}/2", name="annul_supervision"))
        assert await third.handle.result() == "answered"
        await until(relay.round)
        await second.settled()
        await until(lambda: second.types().count("process_not_begun") == 2)
        told = rows(database, EffectRow, target=f"{urge}/2")
        assert {(e.kind, e.status, e.outcome) for e in told} == {
            ("tell", "done", "refused"),
            ("start", "done", "refused"),
        }
        assert rows(database, IncidentRow) == []
        assert rows(database, ProcessRow, id=f"{urge}/2") == []


def _more_than(found: list[str], n: int) -> bool:
    return len(found) > n


async def test_what_one_process_owes_another_arrives_in_its_order_whatever_dies_meanwhile(
    client: Client, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While the first has no answer the second is not sent: not by this run, not by the next, not by the relay."""
    monkeypatch.setattr(activities.tell, "LOOKS", 4)
    sent: list[str] = []
    signal = Tell._signal

    async def heard(self: Tell, effect: Owed) -> None:
        sent.append(effect.id)
        await signal(self, effect)

    monkeypatch.setattr(Tell, "_signal", heard)
    async with engine_on(client, database) as engine:
        at = datetime.now(UTC) - LONG_AGO
        sender, target = Book(database, at).dispatched(), Book(database, at).dispatched()
        first, second = (f"{sender.process}/{seq}/0-00000000" for seq in (1, 2))
        with database.write() as connection:
            for seq, effect in ((2, second), (1, first)):
                body = {
                    "command": "process_refused",
                    "body": {"process": f"ring/{seq}", "code": "x"},
                    "on_refused": None,
                }
                row = {"id": effect, "process": sender.process, "seq": seq, "kind": "tell", "target": target.process}
                connection.execute(
                    insert(table(EffectRow)).values(body=body, status="planned", planned_at=at, attempt=1, **row)
                )
            journal.park(connection, target.process, "heads_differ", at)
        relay = relay_of(engine, relay_every=0.1)
        live, other = adopt(engine, sender.no), adopt(engine, target.no)
        for n in range(3):
            assert await relay.round() >= 1
            await until(partial(_more_than, sent, n))
            await asyncio.sleep(1.5)  # one answer that is not there, and the next try
            await live.keep()
            await live.handle.terminate("the run is lost")
            relay.processes.nudged.clear()
        assert set(sent) == {first}
        assert rows(database, CommandRow, name="process_refused") == []
        await relay.round()
        with database.write() as connection:
            journal.unpark(connection, target.process, "operator", at)
        await live.settled()
        assert [e.body["process"] for e in other.events() if e.type == "process_not_begun"] == ["ring/1", "ring/2"]


async def test_a_timer_that_passed_while_nobody_was_there_rings_at_its_nominal_instant(
    client: Client, database: Database
) -> None:
    async with engine_on(client, database) as engine:
        book = Book(database, datetime.now(UTC) - timedelta(days=3)).opened()
        with database.write() as connection:
            connection.execute(update(table(EffectRow)).values(status="done"))
        nominal = rows(database, ProcessRow)[0].next_timer_at
        case = adopt(engine, book.no)
        assert await relay_of(engine).round() == 1
        rang = await until(lambda: [e for e in case.events() if e.type == "timer_rang"])
        assert (rang[0].at, rang[0].body["late_by"]) == (nominal, "engine")
        await case.settled()


async def test_a_stored_decision_reaches_the_engine_with_its_own_id(client: Client, database: Database) -> None:
    async with engine_on(client, database) as engine:
        at = datetime.now(UTC) - timedelta(minutes=1)
        book = Book(database, at).opened()
        case = adopt(engine, book.no)
        command = store(database, book, "triage", at, triage="routine")
        assert await relay_of(engine, relay_after=1e6).round() == 1
        await until(lambda: rows(database, CommandRow, id=command, outcome="recorded"))
        assert "triaged" in case.types()
        await case.settled()


async def test_a_stored_decision_for_a_closed_case_is_answered_too(client: Client, database: Database) -> None:
    async with engine_on(client, database) as engine:
        case = await engine.case()
        await case.give("answer")
        await case.handle.result()
        await case.keep()
        book = Book(database, no=case.no)
        at = datetime.now(UTC) - timedelta(minutes=1)
        command = store(database, book, "triage", at, triage="routine")
        await relay_of(engine).round()
        await until(lambda: rows(database, CommandRow, id=command, outcome="refused"))
        await case.handle.result()
        assert len(rows(database, NoticeRow)) == len(case.effects(kind="notice"))


async def test_of_two_relays_one_works(client: Client, database: Database) -> None:
    async with engine_on(client, database) as engine:
        case = adopt(engine, take_request(database, datetime.now(UTC) - LONG_AGO))
        first, second = relay_of(engine), relay_of(engine)
        assert [await first.round(), await second.round()] == [1, 0]
        await case.opened()
        await case.settled()


def test_the_lease_is_ours_to_renew_and_anothers_once_it_has_run_out(database: Database) -> None:
    now = datetime.now(UTC)
    until_then = now + timedelta(seconds=60)

    def take(owner: str, at: datetime) -> bool:
        with database.write() as connection:
            return sql.take_lease(connection, owner, at, at + (until_then - now))

    assert take("a", now)
    assert not take("b", now + timedelta(seconds=30))
    assert take("a", now + timedelta(seconds=30))
    assert not take("b", now + timedelta(seconds=89))
    assert take("b", now + timedelta(seconds=91))
    assert not take("a", now + timedelta(seconds=92))


def test_who_stays_behind_is_nudged_ever_more_rarely_and_forgotten_when_he_has_caught_up() -> None:
    patience = Patience(30.0)
    start = datetime.now(UTC)
    nudged = []
    for second in range(0, 4000, 30):
        now = start + timedelta(seconds=second)
        if turn := patience.turn(["case/1"], now):
            patience.note(turn, now)
            nudged.append(second)
    assert nudged == [0, 30, 90, 210, 450, 930, 1890, 3810]
    assert patience.turn([], start + timedelta(seconds=4000)) == []
    assert patience.turn(["case/1"], start + timedelta(seconds=4000)) == ["case/1"]


def test_who_could_not_be_reached_is_tried_again_at_once() -> None:
    patience = Patience(30.0)
    now = datetime.now(UTC)
    assert patience.turn(["case/1"], now) == ["case/1"]
    patience.note([], now)
    assert patience.turn(["case/1"], now) == ["case/1"]


class Deaf:
    """A client that counts whom it was to reach."""

    def __init__(self, error: Exception | None = None) -> None:
        self.reached: list[str] = []
        self.anew: list[str] = []
        self.error = error
        self.unreachable = ""

    async def start_workflow(self, *_: Any, id: str, **how: Any) -> None:  # noqa: A002 - the SDK's word
        if self.error is not None:
            raise self.error
        if id == self.unreachable:
            raise RPCError("too many signals", RPCStatusCode.INVALID_ARGUMENT, b"")
        anew = how["id_conflict_policy"] is WorkflowIDConflictPolicy.TERMINATE_EXISTING
        (self.anew if anew else self.reached).append(id)

    def get_workflow_handle(self, _: str) -> "Deaf":
        return self

    async def describe(self) -> None:
        raise RPCError("unknown", RPCStatusCode.NOT_FOUND, b"")


def relay_to(client: Deaf, database: Database, **more: Any) -> Relay:
    """A relay that reaches nobody but this client."""
    return Relay(database, cast("Client", client), WorkerSettings(database_url=database.url, **more))


@pytest.mark.usefixtures("by_activity")
async def test_many_that_cannot_be_helped_do_not_hide_one_that_can(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker.relay, "MOST", 2)
    books = [Book(database, datetime.now(UTC) - LONG_AGO).opened() for _ in range(5)]
    deaf = Deaf()
    relay = relay_to(deaf, database)
    for _ in range(3):
        await relay.round()
    assert sorted(deaf.reached) == sorted(b.process for b in books)
    for _ in range(6):
        assert await relay.round() == 0, "patient"


@pytest.mark.usefixtures("by_activity")
async def test_a_parked_process_and_its_decisions_are_left_alone(database: Database) -> None:
    book = Book(database, datetime.now(UTC) - LONG_AGO).opened()
    store(database, book, "triage", datetime.now(UTC) - LONG_AGO, triage="routine")
    book.commit(seq=99)
    deaf = Deaf()
    relay = relay_to(deaf, database)
    assert await relay.round() == 0
    assert deaf.reached == []


async def test_when_the_engine_is_away_a_round_ends_quickly_and_nothing_is_forgotten(database: Database) -> None:
    for _ in range(40):
        take_request(database, datetime.now(UTC) - LONG_AGO)
    away = Deaf(RPCError("away", RPCStatusCode.UNAVAILABLE, b""))
    relay = relay_to(away, database)
    assert await relay.round() == 0
    away.error = None
    assert await relay.round() == 40


async def test_a_run_that_never_gets_a_task_is_begun_anew_and_its_decision_taken(
    client: Client, database: Database
) -> None:
    """Nothing that holds a run can hold a decision: here a run waits for a worker that does not exist."""
    async with engine_on(client, database) as engine:
        book = Book(database, datetime.now(UTC) - LONG_AGO).opened()
        case = adopt(engine, book.no)
        await client.start_workflow(
            workflow_of(book.process), ProcessStart(process=book.process), id=book.process, task_queue="nobody"
        )
        command = store(database, book, "triage", datetime.now(UTC) - LONG_AGO, triage="routine")
        relay = relay_of(engine, relay_anew_after=0.2)
        await relay.round()
        await asyncio.sleep(0.3)
        assert rows(database, CommandRow, id=command, outcome="received")
        assert await relay.round() == 1
        assert await relay.round() == 1, "the decision comes again: it was a signal to a run that is no more"
        await until(lambda: rows(database, CommandRow, id=command, outcome="recorded"))
        await case.settled()
        assert relay.metrics.registry.get_sample_value("sanhuan_relay_signals_total", {"what": "hanging"}) == 1


@pytest.mark.usefixtures("by_activity")
async def test_what_hangs_between_processes_is_begun_anew_on_both_sides_with_patience(database: Database) -> None:
    at = datetime.now(UTC) - LONG_AGO
    sender, target = Book(database, at).opened(), Book(database, at).opened()
    owe(database, sender, target, at)
    deaf = Deaf()
    relay = relay_to(deaf, database)
    hung = sorted((sender.process, target.process))
    now = datetime.now(UTC)
    begun = []
    for minute in range(75):
        await relay._begin_anew(sql_hanging(database), now + timedelta(minutes=minute))
        if deaf.anew:
            assert sorted(deaf.anew) == hung
            begun.append(minute)
            deaf.anew.clear()
    assert begun == [10, 30, 70]


@pytest.mark.usefixtures("by_activity")
async def test_what_waits_for_a_department_or_an_operator_does_not_hang(database: Database) -> None:
    """Each case owes messages to units by activities; one of a pair is parked."""
    at = datetime.now(UTC) - LONG_AGO
    Book(database, at).dispatched(co=("roads",))
    sender, target = Book(database, at).opened(), Book(database, at).opened()
    owe(database, sender, target, at)
    with database.write() as connection:
        connection.execute(update(table(ProcessRow)).values(next_timer_at=None))
        journal.park(connection, target.process, "heads_differ", at)
    assert sql_hanging(database) == []


async def test_while_the_engine_is_away_nobody_hangs(database: Database) -> None:
    at = datetime.now(UTC) - LONG_AGO
    sender, target = Book(database, at).opened(), Book(database, at).opened()
    owe(database, sender, target, at)
    deaf = Deaf()
    relay = relay_to(deaf, database, relay_anew_after=0.4, relay_every=0.0)
    await relay.round()
    await asyncio.sleep(0.5)
    deaf.error = RPCError("away", RPCStatusCode.UNAVAILABLE, b"")
    await relay.round()
    deaf.error = None
    await relay.round()
    assert deaf.anew == [], "its patience begins when the engine is back"
    await asyncio.sleep(0.5)
    await relay.round()
    assert sorted(deaf.anew) == sorted((sender.process, target.process))


async def test_one_that_cannot_be_signalled_keeps_nobody_else_from_being_begun_anew(database: Database) -> None:
    at = datetime.now(UTC) - LONG_AGO
    sender, target = Book(database, at).opened(), Book(database, at).opened()
    owe(database, sender, target, at)
    full = Book(database, at).opened()
    store(database, full, "triage", at, triage="routine")
    deaf = Deaf()
    deaf.unreachable = full.process
    relay = relay_to(deaf, database, relay_anew_after=0.4, relay_every=0.0)
    for _ in range(3):
        await relay.round()
        await asyncio.sleep(0.3)
    assert {sender.process, target.process} <= set(deaf.anew)


async def test_when_all_hang_only_some_are_begun_anew_at_a_time(database: Database) -> None:
    for _ in range(MOST_ANEW + 5):
        book = Book(database, datetime.now(UTC) - LONG_AGO).opened()
        store(database, book, "triage", datetime.now(UTC) - LONG_AGO, triage="routine")
    deaf = Deaf()
    relay = relay_to(deaf, database, relay_anew_after=0.0)
    await relay.round()
    await relay.round()
    assert len(set(deaf.anew)) == MOST_ANEW
