"""A whole life with failures, every part a process of its own, every word a canary: none is found where only codes belong.

Looked into: histories, search attributes and memos, Temporal's own database, the logs of all parts, figures, problems, incidents,
and every column of the journal that is not made for words.
"""

import asyncio
import json
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from prometheus_client import CollectorRegistry, Counter, start_http_server

from cli.servers import free_port
from cli.stack import Plan, Stack
from domain.signing import sign
from simulation.city import DEMO_PASSWORD, secret_of
from storage.models import Base
from tests.faults.canary import found_in, in_files, in_metrics, in_temporal
from tests.faults.driver import ADDRESS, CANARIES, NAME, PHONE, WORDS
from tests.faults.people import People

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]
V1 = "/api/v1"
UNIT = "street-lights"
BY_HAND = "justice"
PATIENCE_S = 90.0
FOR_WORDS = {
    "command": {"texts"},
    "request": None,
    "person": None,
    "document": None,
    "paper": {"zh", "en"},
    "audit": {"why"},
}
"""Where words belong: columns by table, None for a whole table. ``audit.why`` is the reason a reader types."""

REQUEST = {
    "channel": "phone",
    "case_type": "complaint",
    "title": f"路灯不亮 {WORDS}",
    "content": f"小区门口的路灯三天不亮。{WORDS}",
    "place": ADDRESS,
    "caller": {"type": "person", "name": NAME, "phone": PHONE, "address": ADDRESS},
    "pack": "demo",
}


@pytest.fixture
def stack(temporal_program: Path, tmp_path: Path) -> Iterator[Stack]:
    del temporal_program
    with Stack.running(Plan(data=tmp_path / "data", pack="demo", relay_every=2.0, relay_after=4.0)) as found:
        yield found


class Life:
    """The life of one case at a stack, all problems it met kept."""

    def __init__(self, stack: Stack) -> None:
        self.stack, self.people = stack, People(stack.api)
        self.answers: list[bytes] = []
        self.codes: set[str] = set()

    def send(self, method: str, path: str, who: str | None = "agent", **more: Any) -> httpx.Response:
        """Send anything at all; keep the answer when it is a problem."""
        headers = {"idempotency-key": f"k{len(self.answers)}-{time.monotonic_ns()}"} | more.pop("headers", {})
        with httpx.Client(base_url=self.stack.api, timeout=30) as http:
            if who is not None:
                told = http.post(f"{V1}/sessions", json={"user": who, "password": DEMO_PASSWORD}).json()
                headers["authorization"] = f"Bearer {told['token']}"
            response = http.request(method, path, headers=headers, **more)
        if response.status_code >= 400:
            self.answers.append(_without_echo(response))
            if "json" in response.headers.get("content-type", ""):
                self.codes.add(response.json()["code"])
        return response

    def decide(self, who: str, no: str, command: str, **body: Any) -> httpx.Response:
        """Give a decision once, whatever comes of it."""
        return self.send("POST", f"{V1}/processes/case/{no}/decisions/{command}", who, json=body)


def _without_echo(response: httpx.Response) -> bytes:
    """The answer without what its asker wrote as an address or as the name of a field, which comes back to him only."""
    if "json" in response.headers.get("content-type", ""):
        body = response.json() | {"instance": ""}
        content = json.dumps(body | {"errors": [e | {"place": ""} for e in body["errors"]]}, ensure_ascii=False)
    else:
        content = response.text.replace(response.request.url.path, "").replace(
            response.request.url.raw_path.decode(), ""
        )
    return (content + str(response.headers)).encode()


@contextmanager
def broken(stack: Stack, table: str) -> Iterator[None]:
    """Let the database refuse every new row of a table, in words: its error text quotes a canary."""
    file = stack.url.removeprefix("sqlite:///")
    with closing(sqlite3.connect(file, timeout=20)) as connection:
        connection.execute(
            f"CREATE TRIGGER canary BEFORE INSERT ON {table} BEGIN SELECT RAISE(ABORT, '{WORDS} {NAME}'); END"
        )
        connection.commit()
        try:
            yield
        finally:
            connection.execute("DROP TRIGGER canary")
            connection.commit()


def eventually(holds: Callable[[], Any]) -> Any:
    until = time.monotonic() + PATIENCE_S
    while not (found := holds()):
        assert time.monotonic() < until, "not in time"
        time.sleep(0.3)
    return found


def test_no_planted_word_is_found_where_only_codes_belong(stack: Stack) -> None:
    life = Life(stack)
    bad_requests(life)
    no = life.send("POST", f"{V1}/requests", json=REQUEST).json()["no"]
    bad_decisions(life, no)
    errors_of_the_database(life, no)
    a_failing_department(life)
    to_the_end(life, no)
    at_the_console(life, no)

    assert {
        "invalid_input",
        "malformed_json",
        "not_in_this_stage",
        "signature_wrong",
        "internal",
    } <= life.codes
    assert life.codes & {"four_eyes", "not_your_turn"}, "refused by the rules, in the journal"
    assert [found for answer in life.answers for found in found_in(answer, CANARIES)] == []
    found, histories = asyncio.run(in_temporal(stack.temporal_address, CANARIES))
    assert found == []
    assert histories >= 2
    logs = sorted((stack.data / "log").iterdir())
    assert {log.stem for log in logs} >= {"api", "worker", "departments", "temporal"}
    assert b"IntegrityError" in (stack.data / "log" / "api.log").read_bytes(), (
        "the error was met, and is told by its type"
    )
    assert b"IntegrityError" in (stack.data / "log" / "worker.log").read_bytes()
    assert list(in_files([*logs, *stack.data.glob("temporal.db*")], CANARIES)) == []
    assert list(in_metrics(stack.metrics, CANARIES)) == []
    assert list(in_the_journal(stack.url)) == []


def test_the_canary_finds_a_word_in_a_column_and_in_a_figure(sqlite_url: str) -> None:
    """A leak is planted where it would be looked for (histories, files: test_reticence, tests/faults/test_harness)."""
    assert list(in_the_journal(sqlite_url)) == []
    with closing(sqlite3.connect(sqlite_url.removeprefix("sqlite:///"))) as connection:
        connection.execute("INSERT INTO setting VALUES ('relay.lease', ?)", (f"x {WORDS}",))
        connection.commit()
    assert list(in_the_journal(sqlite_url)) == [f"setting.value holds {WORDS}"]
    registry, port = CollectorRegistry(), free_port()
    Counter("cases", "Cases", ("caller",), registry=registry).labels(NAME).inc()
    start_http_server(port, "127.0.0.1", registry=registry)
    assert len(list(in_metrics([f"http://127.0.0.1:{port}/metrics"], CANARIES))) == 1


def bad_requests(life: Life) -> None:
    """Bad JSON, wrong fields, wrong types, wrong keys and headers, each with canaries in it."""
    bad = json.dumps(REQUEST, ensure_ascii=False).encode()
    for content in (bad[:-9], bad.replace(b'"phone"', b'"' + NAME.encode() + b'"', 1), b"[" * 40 + bad, bad + bad):
        response = life.send("POST", f"{V1}/requests", content=content, headers={"content-type": "application/json"})
        assert 400 <= response.status_code < 500
    for body in (
        REQUEST | {WORDS: NAME},
        REQUEST | {"case_type": WORDS},
        REQUEST | {"title": [WORDS]},
        REQUEST | {"caller": {"type": "person", "phone": f"{NAME}{PHONE}"}},
        REQUEST | {"district": ADDRESS},
        REQUEST | {"pack": WORDS},
    ):
        assert life.send("POST", f"{V1}/requests", json=body).status_code == 422
    quoted = httpx.QueryParams({"no": NAME, "district": ADDRESS}).__str__()
    for path in (
        f"{V1}/cases/{WORDS}",
        f"{V1}/todos?role={NAME}",
        f"{V1}/cases?cursor={WORDS}",
        f"{V1}/cases?{quoted}",
    ):
        life.send("GET", path)
    life.send("GET", f"{V1}/me", None, headers={"x-request-id": "x", "authorization": f"Bearer {PHONE}" + "x" * 20})
    life.send("POST", f"{V1}/sessions", None, json={"user": NAME, "password": WORDS})


def bad_decisions(life: Life, no: str) -> None:
    """Decisions that the schema, the door, the workflow and the journal refuse."""
    assert life.decide("liaison.street-lights", no, "sign", order="a1").status_code in {403, 409}
    assert life.decide("agent", no, "triage", triage=WORDS).status_code == 422
    assert life.decide("dispatcher", no, "dispatch", lead=NAME).status_code in {409, 422}
    life.people.do("agent", no, "triage", triage="routine")
    assert life.decide("agent", no, "answer", reply=f"{WORDS}{NAME}").status_code == 409
    content = json.dumps({"data": WORDS, "source": NAME}).encode()
    signed = sign(secret_of(UNIT), "m1", datetime.now(UTC), content) | {"content-type": "application/cloudevents+json"}
    for body in (content, content + WORDS.encode()):  # signed but no answer, and not what was signed
        response = life.send("POST", f"{V1}/departments/{UNIT}/answers", None, content=body, headers=signed)
        assert 400 <= response.status_code < 500


def errors_of_the_database(life: Life, no: str) -> None:
    """The database refuses rows of intake (in the API) and of the journal (in the worker), and quotes words in its errors."""
    with broken(life.stack, "person"):
        assert life.send("POST", f"{V1}/requests", json=REQUEST).status_code == 500
    with broken(life.stack, "event"):
        told = life.decide("dispatcher", no, "dispatch", lead=UNIT, note=f"{WORDS} {ADDRESS}")
        assert told.status_code == 202
        time.sleep(4)
    eventually(lambda: life.people.get("dispatcher", f"/cases/{no}")["stage"] not in {"screening", "dispatching"})


def a_failing_department(life: Life) -> None:
    """The unit's system is away while a message with words is owed; then it is there again."""
    life.stack.kill("departments")
    other = life.send("POST", f"{V1}/requests", json=REQUEST).json()["no"]
    life.people.do("agent", other, "triage", triage="routine")
    life.people.do("dispatcher", other, "dispatch", lead="parking", note=f"{WORDS}{NAME}")
    time.sleep(3)
    life.stack.start_again("departments")


def to_the_end(life: Life, no: str) -> None:
    """A return that one person may not decide alone; a worker killed on the way; a reader with his reason."""
    mine = life.send("POST", f"{V1}/requests", json=REQUEST).json()["no"]
    life.people.do("agent", mine, "triage", triage="routine")
    life.people.do("dispatcher", mine, "dispatch", lead=BY_HAND, note=f"{WORDS}{NAME}")
    words = {"reason": f"{WORDS}{NAME}", "basis": f"{ADDRESS}{WORDS}", "proposed_owner": "parking"}
    life.people.do(f"liaison.{BY_HAND}", mine, "request_return", order="a1", ground="not_our_duty", **words)
    life.people.do("order_reviewer", mine, "review_return", order="a1", approve=True, reason=WORDS)
    life.decide("order_reviewer", mine, "review_return", order="a1", approve=True, reason=f"{WORDS}{PHONE}")
    life.stack.kill_worker()
    life.decide("shift_leader", mine, "review_return", order="a1", approve=True, reason=f"{WORDS}{PHONE}")
    assert life.send("GET", f"{V1}/requests/{no}", params={"why": f"回电核实 {WORDS}"}).status_code == 200


def at_the_console(life: Life, no: str) -> None:
    """Pages and forms with canaries where codes are expected."""
    for path in (f"/console/cases/{WORDS}", f"/console/cases/{no}/acts/{WORDS}", f"/console/cases?stage={NAME}"):
        life.send("GET", path, None)
        life.send("GET", path)


def in_the_journal(url: str) -> Iterator[str]:
    """Look into every column of the database that is not made for words."""
    with closing(sqlite3.connect(url.removeprefix("sqlite:///"), timeout=20)) as connection:
        for table in Base.metadata.tables.values():
            allowed = FOR_WORDS.get(table.name, set())
            if allowed is None:
                continue
            columns = [c.name for c in table.columns if c.name not in allowed]
            names = ", ".join(f'"{c}"' for c in columns)
            for row in connection.execute(f'SELECT {names} FROM "{table.name}"'):  # noqa: S608 - names of our own
                for column, value in zip(columns, row, strict=True):
                    for word in found_in(str(value).encode(), CANARIES):
                        yield f"{table.name}.{column} holds {word}"
