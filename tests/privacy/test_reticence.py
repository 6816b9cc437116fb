"""Errors whose messages quote what people said: logs keep types and places only, histories too; the SDK's own way would leak."""

import io
import json
import logging
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
import structlog
from jinja2 import Environment, StrictUndefined
from pydantic import TypeAdapter
from sqlalchemy import create_engine, text
from temporalio import activity, workflow
from temporalio.client import Client, WorkflowFailureError
from temporalio.common import RetryPolicy
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from api.console import page
from cli import servers
from storage.models import Base
from storage.reticence import FORM, Reticent, name_of, trace_of
from tests.api.kit import Api
from tests.faults.canary import found_in, in_temporal
from tests.faults.driver import CANARIES, NAME, PHONE, WORDS
from worker.plugin import plugin
from worker.reticence import log_for_operators


def of_pydantic() -> None:
    TypeAdapter(dict[str, int]).validate_python({"content": WORDS})


def of_a_key() -> None:
    {}[NAME]  # type: ignore[index]


def of_json() -> None:
    raise ValueError(json.dumps({"name": NAME}, ensure_ascii=False))


def of_a_template() -> None:
    environment = Environment(undefined=StrictUndefined)  # noqa: S701 - nothing is rendered for a browser
    environment.from_string("{{ caller[name] }}").render(caller={}, name=PHONE)


def of_sqlite() -> None:
    engine = create_engine("sqlite://", hide_parameters=True)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE t (a TEXT)"))
        connection.execute(text(f"CREATE TRIGGER x BEFORE INSERT ON t BEGIN SELECT RAISE(ABORT, '{WORDS}'); END"))
        connection.execute(text("INSERT INTO t VALUES (:a)"), {"a": NAME})


def of_a_chain() -> None:
    try:
        of_a_key()
    except KeyError as error:
        raise RuntimeError(PHONE) from error


def of_a_context() -> None:
    try:
        of_a_key()
    finally:
        of_pydantic()


def of_a_group() -> None:
    raise ExceptionGroup(NAME, [ValueError(PHONE), ExceptionGroup("x", [KeyError(WORDS)])])


LEAKS: list[Callable[[], None]] = [
    of_pydantic,
    of_a_key,
    of_json,
    of_a_template,
    of_sqlite,
    of_a_chain,
    of_a_context,
    of_a_group,
]


@pytest.fixture
def record() -> Callable[[logging.Formatter, Callable[[], None]], bytes]:
    """What a formatter makes of an error."""

    def make(formatter: logging.Formatter, leak: Callable[[], None]) -> bytes:
        stream = io.StringIO()
        handler = logging.StreamHandler(stream)
        handler.setFormatter(formatter)
        log = logging.getLogger("tests.privacy")
        log.propagate, log.handlers = False, [handler]
        try:
            leak()
        except Exception:
            log.exception("request %s failed", "0123456789abcdef")
        return stream.getvalue().encode()

    return make


@pytest.mark.parametrize("leak", LEAKS, ids=lambda leak: leak.__name__)
def test_a_log_keeps_types_and_places_of_an_error_and_the_usual_way_would_leak(record: Any, leak: Any) -> None:
    written = record(Reticent(FORM), leak)
    assert found_in(written, CANARIES) == []
    assert f"in {leak.__name__}".encode() in written
    assert b"0123456789abcdef failed" in written
    assert found_in(record(logging.Formatter(FORM), leak), CANARIES) != [], "the canary must catch the usual way"


def test_postgresql_quotes_the_failing_row_and_the_log_does_not(record: Any, postgres_url: str) -> None:
    def leak() -> None:
        engine = create_engine(postgres_url, hide_parameters=True)
        try:
            with engine.begin() as connection:
                connection.execute(text("CREATE TABLE t (a TEXT CHECK (length(a) < 3))"))
                connection.execute(text("INSERT INTO t VALUES (:a)"), {"a": NAME})
        finally:
            engine.dispose()

    assert found_in(record(Reticent(FORM), leak), CANARIES) == []
    assert found_in(record(logging.Formatter(FORM), leak), CANARIES) == [NAME]


@pytest.fixture
def structured() -> Iterator[None]:
    handlers = logging.getLogger().handlers[:]
    yield
    structlog.reset_defaults()
    logging.getLogger().handlers[:] = handlers


def test_the_workers_own_log_keeps_no_message_and_no_local_variable(structured: None, capsys: Any) -> None:
    log_for_operators()
    heard = WORDS
    try:
        of_pydantic()
    except ValueError:
        structlog.get_logger().exception("relay_round_failed")
        logging.getLogger("temporalio.activity").exception("Completing activity as failed")
    printed = "".join(capsys.readouterr())
    assert heard == WORDS
    assert found_in(printed.encode(), CANARIES) == []
    assert printed.count("of_pydantic") >= 2


def test_a_code_of_ours_is_kept_and_anything_else_in_its_place_is_not() -> None:
    class Coded(Exception):
        def __init__(self, code: Any) -> None:
            super().__init__(WORDS)
            self.code = code

    assert name_of(Coded("four_eyes")).endswith("Coded (four_eyes)")
    for other in (NAME, f"x {PHONE}", 5, None):
        assert found_in(name_of(Coded(other)).encode(), CANARIES) == []
    assert name_of(ValueError(WORDS)) == "ValueError"


def test_a_ring_of_causes_ends() -> None:
    one, two = ValueError(WORDS), ValueError(NAME)
    one.__cause__, two.__cause__ = two, one
    assert trace_of(one).splitlines() == ["ValueError", "ValueError"]


async def test_an_error_while_a_page_is_made_is_a_problem_and_its_log_keeps_no_word(
    light_api: Api, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    no = await light_api.take(title=WORDS, content=WORDS)

    class Broken:
        def render(self, *_: Any) -> str:
            raise KeyError(WORDS)

    monkeypatch.setattr(page.templates, "get_template", lambda _: Broken())
    cookie = {"cookie": f"sanhuan_session={light_api.token('dispatcher')}"}
    transport = httpx.ASGITransport(
        app=light_api.app, raise_app_exceptions=False
    )  # uvicorn logs what escapes, and goes on
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as http:
        response = await http.get(f"/console/cases/{no}", headers=cookie)
    assert response.status_code == 500
    assert found_in(response.content, CANARIES) == []
    assert caplog.records, "the error is logged"
    assert found_in("\n".join(Reticent(FORM).format(r) for r in caplog.records).encode(), CANARIES) == []


# ---------------------------------------------------------------------------------------------------------- histories


@activity.defn
def talkative() -> None:
    """Fails with words in its message, and in that of its cause."""
    of_a_chain()


@workflow.defn
class Talkative:
    @workflow.run
    async def run(self) -> None:
        with suppress(Exception):
            await workflow.execute_activity(
                talkative,
                start_to_close_timeout=timedelta(seconds=10),
                retry_policy=RetryPolicy(maximum_attempts=1),
            )
        await workflow.execute_local_activity(
            talkative,
            start_to_close_timeout=timedelta(seconds=10),
            retry_policy=RetryPolicy(maximum_attempts=1),
        )


@pytest.fixture
async def server(temporal_program: Path, tmp_path: Path) -> AsyncIterator[servers.TemporalServer]:
    """A server of its own: a leak that is planted stays in it."""
    with servers.TemporalServer.start(tmp_path / "temporal.db") as found:
        yield found


@pytest.mark.parametrize("ours", [True, False])
async def test_a_history_keeps_the_type_of_an_error_and_the_sdks_own_way_would_leak(
    server: servers.TemporalServer, ours: bool
) -> None:
    from concurrent.futures import ThreadPoolExecutor  # noqa: PLC0415

    way: dict[str, Any] = {"plugins": [plugin(sandbox=False)]} if ours else {"data_converter": pydantic_data_converter}
    client = await Client.connect(server.address, **way)
    with ThreadPoolExecutor(2) as threads:
        async with Worker(
            client,
            task_queue="q",
            workflows=[Talkative],
            activities=[talkative],
            activity_executor=threads,
            workflow_runner=UnsandboxedWorkflowRunner(),
        ):
            with pytest.raises(WorkflowFailureError):
                await client.execute_workflow(Talkative.run, id="talkative", task_queue="q")
    found, histories = await in_temporal(server.address, CANARIES)
    assert histories == 1
    assert (found == []) is ours, found
    history = (await client.get_workflow_handle("talkative").fetch_history()).to_json()
    assert "RuntimeError" in history
    assert "KeyError" in history


def test_no_column_of_an_incident_can_hold_words() -> None:
    """An incident is codes, ids and instants; a text column would be a place for messages."""
    columns = {c.name for c in Base.metadata.tables["incident"].columns}
    assert columns == {
        "id", "process", "effect", "kind", "target", "code", "attempt", "status", "opened_at", "settled_at", "settled_by",
    }  # fmt: skip
