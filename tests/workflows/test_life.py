"""A whole life on a real server: the case engine's main job, on both databases, sandboxed and not."""

import pytest
from temporalio.client import Client, WorkflowExecutionStatus

from cli import servers
from storage.models import DeliveryRow, NoticeRow
from storage.unit_of_work import Database
from tests.factories.city import rows
from tests.factories.engine import Engine, engine_on, seen
from worker.plugin import plugin


async def life(engine: Engine) -> None:
    """From the caller's words to the archive (the archive clock runs in seconds under the pack ``demo``)."""
    case = await (await engine.case(pack="demo")).opened()
    await case.dispatched(co=("roads",))
    await case.give("contact", unit="water", order="a1")
    await case.give("submit_result", unit="water", order="a1", code="solved", documents=("doc-1",))
    await case.give("waive_result", order="a2")
    await case.give("review_result", order="a1", accept=True)
    closed = await case.satisfied()
    assert closed.stage == "closed"
    assert closed.events == ("callback_recorded", "clock_stopped", "closed", "stage_moved", "clock_set")
    assert (await case.give("object", request=case.no)).stage == "dispatched"


async def test_a_case_lives_from_screening_to_closing_and_is_redone(either_engine: Engine) -> None:
    await life(either_engine)
    (case,) = either_engine.cases
    await case.settled()
    assert {d.channel for d in rows(either_engine.database, DeliveryRow)} == {"inbox"}
    assert {"received", "replied", "closed", "redo"} <= {n.what for n in rows(either_engine.database, NoticeRow)}


async def test_the_same_life_without_the_sandbox(temporal_server: servers.TemporalServer, database: Database) -> None:
    client = await Client.connect(temporal_server.address, plugins=[plugin(sandbox=False)])
    async with engine_on(client, database) as engine:
        await life(engine)


async def test_an_answered_request_ends_its_workflow_once_its_notices_are_given(engine: Engine) -> None:
    case = await engine.case()
    assert (await case.give("answer")).stage == "answered"
    assert await case.handle.result() == "answered"
    assert await case.status() is WorkflowExecutionStatus.COMPLETED
    assert {e.status for e in case.effects()} == {"done"}


@pytest.mark.usefixtures("by_activity")
async def test_the_history_shows_people_what_happens_in_chinese(engine: Engine) -> None:
    case = await (await engine.case()).dispatched()
    await case.settled()
    history = await case.handle.fetch_history()
    timers = [e.user_metadata.summary.data.decode() for e in seen(history, "TIMER_STARTED")]
    assert any("办理" in t and "haikou/handle" in t and "→ 20" in t for t in timers), timers
    activities = [e.user_metadata.summary.data.decode() for e in seen(history, "ACTIVITY_TASK_SCHEDULED")]
    assert any("→ water" in a for a in activities), activities
    described = await case.handle.describe()
    keys = {k.name: v for k, v in ((p.key, p.value) for p in described.typed_search_attributes)}
    assert keys["CaseStage"] == "dispatched"
    assert keys["LeadUnit"] == "water"
