"""The port to Temporal, on a real server with real workers; and without any."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime

import pytest
from temporalio.api.enums.v1 import EventType
from temporalio.client import Client, WorkflowUpdateFailedError
from temporalio.exceptions import ApplicationError

from api.engine import Refused, TemporalEngine, _refusal
from cli.servers import TemporalServer
from domain.casework.commands import Answer, Classify, Dispatch, Sign
from domain.casework.words import Triage
from domain.messages import Decision, Receipt
from domain.process import Actor
from storage.unit_of_work import Database
from tests.factories.city import found_city, take_request
from tests.factories.engine import engine_on, until
from worker.plugin import plugin

AGENT = Actor(user="agent", role="agent")
DISPATCHER = Actor(user="dispatcher", role="dispatcher")


def triage(command: str = "d/1") -> Decision[Classify]:
    return Decision[Classify](
        id=command, actor=AGENT, received_at=datetime.now(UTC), body=Classify(triage=Triage.routine)
    )


@pytest.fixture
async def city(sqlite_url: str, temporal_server: TemporalServer) -> AsyncIterator[tuple[Database, TemporalEngine]]:
    database = Database(sqlite_url)
    found_city(database)
    client = await Client.connect(temporal_server.address, plugins=[plugin()])
    async with engine_on(client, database, replay=False):
        yield database, TemporalEngine(temporal_server.address, "default", 60)
    database.close()


async def test_a_decision_starts_its_case_and_comes_back_with_a_receipt(city: tuple[Database, TemporalEngine]) -> None:
    database, engine = city
    process = f"case/{take_request(database)}"
    first = await engine.decide(process, "triage", triage(f"{process}/d"))
    assert isinstance(first, Receipt)
    assert (first.process, first.stage) == (process, "triaged")
    assert "triaged" in first.events
    again = await engine.decide(process, "triage", triage(f"{process}/d"))
    assert again == first


async def test_a_refusal_comes_back_with_its_code_and_what_fills_its_text(
    city: tuple[Database, TemporalEngine],
) -> None:
    database, engine = city
    process = f"case/{take_request(database)}"
    assert await engine.start_case(process)
    assert await engine.start_case(process, urgent=True)
    unit = Actor(user="liaison", role="unit_liaison", unit="water")
    decision = Decision[Sign](id=f"{process}/s", actor=unit, received_at=datetime.now(UTC), body=Sign(order="a1"))
    answer = await engine.decide(process, "sign", decision)
    assert isinstance(answer, Refused)
    assert answer.code in {"not_permitted", "not_in_this_stage"}
    assert answer.detail["command"] == "sign"


async def test_a_case_over_is_started_again_for_a_command_that_comes_late(
    city: tuple[Database, TemporalEngine],
) -> None:
    database, engine = city
    process = f"case/{take_request(database)}"
    done = Decision[Answer](id=f"{process}/a", actor=AGENT, received_at=datetime.now(UTC), body=Answer(reply="x#reply"))
    assert isinstance(await engine.decide(process, "answer", done), Receipt)
    client = await engine.client()
    await asyncio.wait_for(client.get_workflow_handle(process).result(), 60)
    late = await engine.decide(process, "triage", triage(f"{process}/late"))
    assert isinstance(late, Refused)
    assert late.code == "not_in_this_stage"
    assert await engine.restart(process)


async def test_a_decision_whose_run_is_ended_under_it_is_decided_by_the_next_one(
    city: tuple[Database, TemporalEngine],
) -> None:
    """The database is busy until the run has accepted the decision and lost it: nobody has refused it."""
    database, engine = city
    process = f"case/{take_request(database)}"
    assert isinstance(await engine.decide(process, "triage", triage(f"{process}/d")), Receipt)
    handle = (await engine.client()).get_workflow_handle(process)

    async def accepted() -> int:
        taken = EventType.EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_ACCEPTED
        return sum([e.event_type == taken async for e in handle.fetch_history_events()])

    before = await accepted()
    with database.engine.connect() as busy:
        busy.exec_driver_sql("BEGIN IMMEDIATE")
        sent = Decision[Dispatch](
            id=f"{process}/s", actor=DISPATCHER, received_at=datetime.now(UTC), body=Dispatch(lead="water")
        )
        deciding = asyncio.create_task(engine.decide(process, "dispatch", sent))
        await until(lambda: _more(accepted, before))
        await handle.terminate("the run is lost")
        busy.rollback()
    answer = await deciding
    assert isinstance(answer, Receipt)
    assert answer.stage == "dispatched"


async def _more(count: Callable[[], Awaitable[int]], than: int) -> bool:
    return await count() > than


def test_only_a_refusal_of_the_rules_is_one() -> None:
    """An old worker that cannot read the decision has refused nothing: it stays under way, and the relay brings it again."""

    def answer(kind: str) -> Refused | None:
        return _refusal(WorkflowUpdateFailedError(ApplicationError("no", type=kind)))

    assert answer("four_eyes") == Refused("four_eyes")
    assert [answer(kind) for kind in ("ValidationError", "RuntimeError", "AcceptedUpdateCompletedWorkflow")] == [
        None
    ] * 3


async def test_the_server_is_asked_for_its_health(city: tuple[Database, TemporalEngine]) -> None:
    assert await city[1].ping()


async def test_without_a_server_nothing_is_raised_and_the_wait_is_bounded() -> None:
    engine = TemporalEngine("127.0.0.1:1", "default", 1.0)
    begun = time.monotonic()
    assert await engine.decide("case/1", "triage", triage()) is None
    assert not await engine.start_case("case/1")
    assert not await engine.restart("case/1")
    assert not await engine.ping()
    assert time.monotonic() - begun < 15


async def test_a_server_that_takes_the_call_but_has_no_worker_means_no_answer(temporal_server: TemporalServer) -> None:
    engine = TemporalEngine(temporal_server.address, "default", 1.0)
    begun = time.monotonic()
    assert await engine.decide("case/nobody", "triage", triage("d/nobody")) is None
    assert time.monotonic() - begun < 5
    client = await engine.client()
    await client.get_workflow_handle("case/nobody").terminate()
