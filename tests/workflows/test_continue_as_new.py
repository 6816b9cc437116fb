"""Law 7: continue-as-new keeps timers, waiting messages, owed effects, and answers updates that are in flight."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta

import pytest
from temporalio.client import Client
from temporalio.exceptions import ApplicationError

from activities.notices import Notices
from activities.signatures import EffectOrder, Performed
from cli import servers
from domain.messages import Message
from storage.models import NoticeRow
from storage.unit_of_work import Database
from tests.factories.city import rows
from tests.factories.engine import Engine, LiveCase, engine_on, envelope_of, seen, until
from worker.plugin import plugin

SUGGEST_AT = 40


@pytest.fixture(scope="module")
def short_server(
    tmp_path_factory: pytest.TempPathFactory, temporal_program: object
) -> Iterator[servers.TemporalServer]:
    """A server that finds histories long after forty events."""
    del temporal_program
    config = {"limit.historyCount.suggestContinueAsNew": SUGGEST_AT}
    path = tmp_path_factory.mktemp("short") / "temporal.db"
    with servers.TemporalServer.start(path, dynamic_config=config) as server:
        yield server


@pytest.fixture
async def short_engine(short_server: servers.TemporalServer, either_database: Database) -> AsyncIterator[Engine]:
    """An engine whose runs are short."""
    client = await Client.connect(short_server.address, plugins=[plugin(sandbox=True)])
    async with engine_on(client, either_database) as running:
        yield running


async def continued(case: LiveCase) -> bool:
    """Whether the case is in a later run."""
    history = await case.handle.fetch_history()
    return bool(history.events[0].workflow_execution_started_event_attributes.continued_execution_run_id)


async def test_a_long_case_goes_on_in_new_runs_with_timers_and_no_effect_twice(short_engine: Engine) -> None:
    case = await (await short_engine.case()).dispatched(co=("roads", "parks"))
    for order in ("a1", "a2", "a3"):
        await case.give("sign", unit={"a1": "water", "a2": "roads", "a3": "parks"}[order], order=order)
    for _ in range(4):
        await case.give("report_progress", unit="water", order="a1")
    await until(lambda: continued(case))
    await case.settled()
    runs = await case.histories()
    assert len(runs) >= 2
    assert all(len(h.events) < 3 * SUGGEST_AT for h in runs)
    wanted = {t.split("→")[0] for t in await armed(case)}
    assert any("办理" in t for t in wanted), wanted
    notices = rows(short_engine.database, NoticeRow, process=case.process)
    assert len(notices) == len({n.effect for n in notices})
    assert {e.status for e in case.effects()} == {"done"}
    assert (await case.give("submit_result", unit="water", order="a1", code="explained")).stage == "reply_review"


async def armed(case: LiveCase) -> list[str]:
    """The summaries of the timers of the latest run, once it has some."""

    async def look() -> list[str]:
        history = await case.handle.fetch_history()
        return [e.user_metadata.summary.data.decode() for e in seen(history, "TIMER_STARTED")]

    found: list[str] = await until(look)
    return found


async def test_updates_and_signals_in_flight_while_runs_change_are_all_answered_once(short_engine: Engine) -> None:
    case = await (await short_engine.case()).dispatched()
    await case.give("sign", unit="water", order="a1")
    signalled = [await case.decision("report_progress", unit="water", order="a1") for _ in range(15)]

    async def person() -> None:
        for _ in range(6):
            await case.give("report_progress", unit="water", order="a1")

    async def relay() -> None:
        for decision in signalled:
            message = Message(envelope=envelope_of("report_progress", decision, case.process))
            await case.handle.signal("decide", message)

    async with asyncio.TaskGroup() as group:
        group.create_task(relay())
        for _ in range(4):
            group.create_task(person())
    await until(lambda: case.types().count("progress_reported") == 15 + 24)
    assert await continued(case)
    outcomes = [c.outcome for c in case.commands(name="report_progress")]
    assert outcomes == ["recorded"] * 39
    runs = await case.histories()
    assert len(runs) >= 3
    await case.settled()


async def test_an_effect_that_is_under_way_when_the_run_changes_is_taken_up_by_the_next(
    short_engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    give = Notices.give_notice
    away = [True]

    def sometimes(self: Notices, order: EffectOrder) -> Performed:
        if away and order.id.endswith("/1/0"):
            raise ApplicationError("not now", type="channel_busy", next_retry_delay=timedelta(seconds=600))
        return give(self, order)

    sometimes.__dict__.update(give.__dict__)
    monkeypatch.setattr(Notices, "give_notice", sometimes)
    # The workers of this test took the method before.
    await short_engine.team.stop()
    await short_engine.team.start()
    case = await (await short_engine.case()).opened()
    await case.dispatched()
    await case.give("sign", unit="water", order="a1")
    first = (await case.handle.describe()).run_id
    away.clear()
    while (await case.handle.describe()).run_id == first:
        await case.give("report_progress", unit="water", order="a1")
        await asyncio.sleep(0.05)
    await case.settled()
