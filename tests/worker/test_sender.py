"""Messages to department systems over real HTTP: signed, once, retried, and an incident when the far side says no."""

import json
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx
import pytest
from sqlalchemy import update
from temporalio.client import Client
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

import activities.journal
from activities.departments.sender import Departments
from activities.signatures import EffectOrder
from domain import signing
from storage.models import AuditRow, DeliveryRow, IncidentRow, UnitRow, table
from storage.unit_of_work import Database
from tests.factories.book import Book
from tests.factories.city import ADDRESS, CONTENT, NAME, PHONE, rows
from tests.factories.engine import engine_on, seen, until

SECRET = signing.new_secret()


@dataclass
class System:
    """A department system: answers with the statuses of its plan, then 200; ``hold`` lets it not answer at all."""

    plan: list[int] = field(default_factory=list)
    taken: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    hold: threading.Event = field(default_factory=threading.Event)
    slow: bool = False
    drips: bool = False
    """Never comes to the end of its answer's head, though it always says something."""
    url: str = ""


@pytest.fixture
def system() -> Iterator[System]:
    """A department system on a free port."""
    it = System()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            it.taken.append(({k.lower(): v for k, v in self.headers.items()}, body))
            if it.slow:
                it.hold.wait(20)
            if it.drips:
                self.wfile.write(b"HTTP/1.1 200 OK\r\n")
                with suppress(OSError):
                    while not it.hold.wait(0.05):
                        self.wfile.write(b"x-wait: a little longer\r\n")
                return
            self.send_response(it.plan.pop(0) if it.plan else 200)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    it.url = f"http://127.0.0.1:{server.server_port}/messages"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield it
    it.hold.set()
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def connected(database: Database, system: System) -> Database:
    """The city, where the water company has a system."""
    with database.write() as connection:
        u = table(UnitRow)
        connection.execute(update(u).where(u.c.code == "water").values(endpoint=system.url, secret=SECRET))
    return database


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Retries after milliseconds: the figures are data, the policy is the workflow's."""
    real = activities.journal._order

    def hasty(*a: Any, **k: Any) -> EffectOrder:
        figures = {"tries": 4, "first_s": 0.05, "factor": 1.0, "longest_s": 0.1, "timeout_s": 20.0}
        return real(*a, **k).model_copy(update=figures)

    monkeypatch.setattr(activities.journal, "_order", hasty)


def send(database: Database, order: EffectOrder) -> None:
    """Send one message as the worker does, one attempt."""
    with httpx.Client() as http, ThreadPoolExecutor(1) as calls:
        ActivityEnvironment().run(Departments(database, http, calls).send_order_message, order)


def order_message(book: Book, **more: Any) -> EffectOrder:
    """Dispatch; return the lead's message."""
    book.opened().do("triage", triage=more.pop("triage", "routine"))
    result = book.do("dispatch", lead="water", **more)
    return next(e for e in result.effects if e.kind == "order_message")


def test_the_message_is_a_signed_cloud_event_with_what_the_unit_needs(connected: Database, system: System) -> None:
    book = Book(connected)
    order = order_message(book)
    send(connected, order)
    ((headers, body),) = system.taken
    assert signing.verify(SECRET, headers, body, datetime.now(UTC)) == order.id
    event = json.loads(body)
    assert (event["specversion"], event["id"], event["type"]) == ("1.0", order.id, "cn.sanhuan.order.order_sent")
    assert event["subject"] == book.process
    data = event["data"]
    assert (data["case"], data["order"], data["unit"], data["content"]) == (book.no, "a1", "water", CONTENT)
    assert data["due"]
    assert data["rule"].startswith("haikou/handle/")
    assert data["caller"] == {"name": NAME, "phone": PHONE}
    assert ADDRESS not in body.decode()


def test_the_callers_contact_leaves_an_audit_row(connected: Database, system: System) -> None:
    book = Book(connected)
    order = order_message(book)
    send(connected, order)
    (audit,) = rows(connected, AuditRow)
    assert (audit.user, audit.subject, audit.fields) == ("unit:water", f"request/{book.no}", ["name", "phone"])
    assert audit.why == order.id
    assert system.taken


@pytest.mark.parametrize("case", ["confidential", "informed"])
def test_the_callers_contact_is_not_given_where_disclosure_says_no(
    connected: Database, system: System, case: str
) -> None:
    book = Book(connected, confidential=case == "confidential")
    book.opened().do("triage", triage="routine")
    sent = {"lead": "water"} if case == "confidential" else {"lead": "roads", "informed": ("water",)}
    result = book.do("dispatch", **sent)
    send(connected, next(e for e in result.effects if e.target == "water"))
    text = system.taken[0][1].decode()
    assert NAME not in text
    assert PHONE not in text
    assert rows(connected, AuditRow) == []


def test_an_error_of_the_far_side_is_tried_again_and_delivered_once_under_one_id(
    connected: Database, system: System
) -> None:
    system.plan = [500, 503, 429]
    book = Book(connected)
    order = order_message(book)
    for _ in range(3):
        with pytest.raises(ApplicationError) as failed:
            send(connected, order)
        assert (failed.value.type, failed.value.non_retryable) == ("unit_error", False)
    for _ in range(2):
        send(connected, order)
    assert {h["webhook-id"] for h, _ in system.taken} == {order.id}
    assert len(system.taken) == 4, "what is delivered is not sent again"
    assert [(d.effect, d.channel) for d in rows(connected, DeliveryRow)] == [(order.id, "webhook")]


@pytest.mark.parametrize("status", [400, 404, 410, 301])
def test_a_no_for_good_is_not_tried_again(connected: Database, system: System, status: int) -> None:
    system.plan = [status]
    order = order_message(Book(connected))
    with pytest.raises(ApplicationError) as failed:
        send(connected, order)
    assert (failed.value.type, failed.value.non_retryable) == ("unit_rejects", True)
    assert rows(connected, DeliveryRow) == []


def test_a_system_that_does_not_answer_or_is_not_there_is_tried_again(connected: Database, system: System) -> None:
    order = order_message(Book(connected)).model_copy(update={"timeout_s": 0.2})
    system.slow = True
    with pytest.raises(ApplicationError) as failed:
        send(connected, order)
    assert (failed.value.type, failed.value.non_retryable) == ("unit_unreachable", False)
    with connected.write() as connection:
        u = table(UnitRow)
        connection.execute(update(u).where(u.c.code == "water").values(endpoint="http://127.0.0.1:9/messages"))
    with pytest.raises(ApplicationError) as failed:
        send(connected, order)
    assert (failed.value.type, failed.value.non_retryable) == ("unit_unreachable", False)


def test_a_system_that_always_says_a_little_more_is_not_listened_to_longer_than_promised(
    connected: Database, system: System
) -> None:
    order = order_message(Book(connected)).model_copy(update={"timeout_s": 0.3})
    system.drips = True
    with httpx.Client() as http, ThreadPoolExecutor(1) as calls:
        sender = Departments(connected, http, calls)
        with pytest.raises(ApplicationError, match="no answer in time") as failed:
            sender.send_order_message(order)
        assert (failed.value.type, failed.value.non_retryable) == ("unit_unreachable", False)
        with pytest.raises(ApplicationError) as failed:
            sender.send_order_message(order)
        assert failed.value.type == "not_sent", "the one call is still busy: that is no failure of the unit"
        system.hold.set()
    assert len(system.taken) == 1


@pytest.mark.parametrize("url", ["not a url", "gopher://x/"])
def test_an_address_that_is_none_is_an_incident_at_once(connected: Database, url: str) -> None:
    with connected.write() as connection:
        u = table(UnitRow)
        connection.execute(update(u).where(u.c.code == "water").values(endpoint=url))
    with pytest.raises(ApplicationError) as failed:
        send(connected, order_message(Book(connected)))
    assert (failed.value.type, failed.value.non_retryable) == ("unit_address", True)


@pytest.mark.parametrize("secret", [None, "whsec_???"])
def test_without_a_usable_secret_nothing_is_sent(connected: Database, system: System, secret: str | None) -> None:
    with connected.write() as connection:
        u = table(UnitRow)
        connection.execute(update(u).where(u.c.code == "water").values(secret=secret))
    with pytest.raises(ApplicationError) as failed:
        send(connected, order_message(Book(connected)))
    assert (failed.value.type, failed.value.non_retryable) == ("unit_secret", True)
    assert system.taken == []


async def test_on_the_engine_a_system_that_errs_twice_gets_its_order_once(
    client: Client, connected: Database, system: System, quick: None
) -> None:
    system.plan = [500, 503]
    async with engine_on(client, connected) as engine:
        case = await (await engine.case()).dispatched(triage="urgent", co=("roads",))
        await case.settled()
        assert [(d.unit, d.channel, d.attempts) for d in rows(connected, DeliveryRow)] == [
            ("water", "webhook", 3),
            ("roads", "inbox", 1),
        ]
        assert len({h["webhook-id"] for h, _ in system.taken}) == 1
        history = await case.handle.fetch_history()
        scheduled = [e.activity_task_scheduled_event_attributes for e in seen(history, "ACTIVITY_TASK_SCHEDULED")]
        sent = [a for a in scheduled if a.activity_type.name == "departments.send_message"]
        assert {a.priority.priority_key for a in sent} == {1}
        for planted in (NAME, PHONE, CONTENT):
            assert planted not in history.to_json()


async def test_systems_that_do_not_answer_keep_no_decision_waiting(
    client: Client, connected: Database, system: System
) -> None:
    """More messages wait for a system than a worker has threads; decisions are committed at once all the same."""
    system.slow = True
    async with engine_on(client, connected, threads=2, replay=False) as engine:
        for _ in range(4):
            await (await engine.case()).dispatched()
        await until(lambda: len(system.taken) >= 2)
        case = await engine.case()
        await case.give("triage", triage="routine")
        await case.give("dispatch", lead="roads")
        history = await case.handle.fetch_history()
        assert not seen(history, "ACTIVITY_TASK_SCHEDULED"), "no commit had to wait for a thread"
        system.slow = False
        system.hold.set()


@pytest.mark.parametrize(("plan", "attempts"), [([400], 1), ([500] * 4, 4)])
async def test_on_the_engine_a_delivery_that_fails_for_good_is_an_incident_and_retried_by_an_operator(
    client: Client, connected: Database, system: System, quick: None, plan: list[int], attempts: int
) -> None:
    system.plan = list(plan)
    async with engine_on(client, connected) as engine:
        case = await (await engine.case()).dispatched()
        (incident,) = await until(lambda: rows(connected, IncidentRow, status="open"))
        assert incident.code == ("unit_rejects" if attempts == 1 else "unit_error")
        assert len(system.taken) == attempts
        assert (await case.give("retry_effect", effect=incident.effect)).stage == "dispatched"
        await case.settled()
        assert len(rows(connected, DeliveryRow)) == 1
        assert rows(connected, IncidentRow)[0].status == "retried"


@pytest.mark.usefixtures("by_activity")
def test_a_unit_that_lost_the_order_before_it_was_told_hears_nothing_of_it(connected: Database, system: System) -> None:
    book = Book(connected)
    order = order_message(book, triage="disputed")
    book.do("designate", lead="roads")
    send(connected, order)
    assert not system.taken
    (row,) = rows(connected, DeliveryRow)
    assert row.channel == "overtaken"
