"""批量变更 on the engine: previewed, approved and run through real workflows; no case twice, none lost, whatever dies meanwhile."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime
from typing import Any

import pytest
from temporalio.client import Client

from activities.batches import Batches
from domain.calendar import Calendar
from storage import batches as sql
from storage.city import put_calendar
from storage.models import BatchItemRow, CaseRow, CommandRow, EventRow, OrderRow
from storage.policies import load_calendar
from storage.unit_of_work import Database
from tests.factories.city import rows
from tests.factories.engine import Engine, LiveCase, LiveProcess, engine_on, replays, until
from worker.relay import Relay
from worker.settings import WorkerSettings

pytestmark = pytest.mark.slow
CASES = 6


def noticed(database: Database) -> str:
    """Register another notice: in each year there is, all days of the next two weeks are off; return its version."""
    current, today = load_calendar(), datetime.now(UTC).date()
    off = {date.fromordinal(today.toordinal() + n) for n in range(1, 15)}
    years = tuple(
        y.model_copy(
            update={
                "version": f"{y.year}.9",
                "off": y.off | {d for d in off if d.year == y.year},
                "make_up": y.make_up - off,
            }
        )
        for y in current.years
    )
    calendar = Calendar(version="cn:" + "+".join(y.version for y in years), years=years)
    with database.write() as connection:
        put_calendar(connection, version=calendar.version, body=calendar.model_dump_json(), now=datetime.now(UTC))
    return calendar.version


async def open_cases(engine: Engine, n: int = CASES) -> list[LiveCase]:
    return [await (await engine.case()).dispatched() for _ in range(n)]


async def begun(engine: Engine, **body: Any) -> LiveProcess:
    batch = LiveProcess(engine, f"batch/20260302-{len(engine.cases):04d}")
    engine.cases.append(batch)
    given = {"ground": "calendar_notice", "rate": 50} | body
    await batch.give("begin_batch", role="calendar_keeper", **given)
    await until(lambda: stage(batch) == "to_approve")
    return batch


def stage(batch: LiveProcess) -> str:
    with batch.engine.database.read() as connection:
        return sql.stage_of(connection, batch.process) or ""


def results(batch: LiveProcess) -> dict[str, int]:
    with batch.engine.database.read() as connection:
        return sql.count_results(connection, batch.process, "", None).model_dump(exclude_defaults=True)


def items(batch: LiveProcess) -> list[Any]:
    return rows(batch.engine.database, BatchItemRow, batch=batch.process)


def changes(engine: Engine, batch: LiveProcess) -> list[Any]:
    return [e for e in rows(engine.database, EventRow, type="terms_changed") if e.body["batch"] == batch.process]


async def test_what_was_foreseen_is_what_then_happens_to_each_case_once(either_engine: Engine) -> None:
    engine = either_engine
    cases = await open_cases(engine)
    gone = await engine.case()
    await gone.give("answer")
    version = noticed(engine.database)
    batch = await begun(engine, calendar=version)
    foreseen = {i.no: i for i in items(batch)}
    assert set(foreseen) == {c.no for c in cases}
    assert {(i.foreseen, i.direction, i.clock) for i in foreseen.values()} == {("changed", "later", "overall/1")}
    assert changes(engine, batch) == []
    before = {r.case_no: r.due for r in rows(engine.database, OrderRow)}
    await batch.give("approve_batch", role="city_office")
    await until(lambda: stage(batch) == "finished")
    assert len(changes(engine, batch)) == CASES
    for row in rows(engine.database, CaseRow):
        if row.no in foreseen:
            assert row.due == foreseen[row.no].due_to
            assert row.due > before[row.no]
    assert results(batch) == {"changed": CASES}
    assert await batch.handle.result() == "finished"


async def test_a_case_that_ends_before_its_turn_is_gone_and_one_that_begins_after_the_preview_is_taken_along(
    either_engine: Engine,
) -> None:
    engine = either_engine
    cases = await open_cases(engine, 3)
    batch = await begun(engine, calendar=noticed(engine.database))
    late = await engine.case()
    await late.opened()
    await cases[0].give("caller_withdrew", request=cases[0].no)
    await until(lambda: rows(engine.database, CaseRow, no=cases[0].no)[0].stage == "closed")
    await batch.give("approve_batch", role="city_office")
    await until(lambda: stage(batch) == "finished")
    assert results(batch) == {"changed": 3, "gone": 1, "added": 1}
    assert cases[0].no not in {e.process.partition("/")[2] for e in changes(engine, batch)}


async def test_paused_it_stands_still_and_goes_on_where_it_stood(engine: Engine) -> None:
    await open_cases(engine)
    batch = await begun(engine, calendar=noticed(engine.database), rate=1)
    await batch.give("approve_batch", role="city_office")
    await until(lambda: len(changes(engine, batch)) >= 1)
    await batch.give("pause_batch", role="calendar_keeper")
    await until(lambda: any(e.type == "batch_sliced" for e in batch.events()))
    done = len(changes(engine, batch))
    assert done < CASES
    await asyncio.sleep(2)
    assert len(changes(engine, batch)) == done
    await batch.give("resume_batch", role="operator", rate=50)
    await until(lambda: stage(batch) == "finished")
    assert results(batch) == {"changed": CASES}


async def test_stopped_it_changes_no_other_case(engine: Engine) -> None:
    await open_cases(engine)
    batch = await begun(engine, calendar=noticed(engine.database), rate=1)
    await batch.give("approve_batch", role="city_office")
    await until(lambda: len(changes(engine, batch)) >= 1)
    await batch.give("stop_batch", role="city_office")
    assert await batch.handle.result() == "stopped"
    done = len(changes(engine, batch))
    assert done < CASES
    with engine.database.read() as connection:
        pending = sql.list_items(connection, batch.process, outcome="pending")
    assert len(pending) == CASES - done


# --------------------------------------------------------------------------------------------------------- what dies meanwhile


@pytest.fixture
async def team(client: Client, either_database: Database) -> AsyncIterator[Engine]:
    """An engine whose workers die and come back."""
    async with engine_on(client, either_database, replay=False) as running:
        yield running


async def test_a_run_that_is_killed_again_and_again_goes_on_where_it_stood_with_no_case_twice(team: Engine) -> None:
    """The workflow is terminated in the middle of slices; each new run knows nothing but the journal."""
    await open_cases(team)
    batch = await begun(team, calendar=noticed(team.database), rate=1)
    await batch.give("approve_batch", role="city_office")
    for n in range(1, 4):
        await until(lambda n=n: len(changes(team, batch)) >= n)  # type: ignore[misc]
        await batch.keep()
        await batch.handle.terminate("killed")
        await team.client.start_workflow(
            "BatchWorkflow",
            batch.operation._start_workflow_input.args[0],
            id=batch.process,
            task_queue="cases",
        )
    await until(lambda: stage(batch) == "finished")
    once(team, batch)
    await replays(await batch.histories())


async def test_workers_that_die_in_a_slice_leave_it_to_the_next_ones(team: Engine) -> None:
    await open_cases(team)
    batch = await begun(team, calendar=noticed(team.database), rate=1)
    await batch.give("approve_batch", role="city_office")
    await until(lambda: len(changes(team, batch)) >= 1)
    dying = [task for _, task in team.team.running]
    team.team.running = []
    for task in dying:
        task.cancel()
    await asyncio.gather(*dying, return_exceptions=True)
    await team.team.start()
    await until(lambda: stage(batch) == "finished")
    once(team, batch)


async def test_whom_no_signal_reaches_the_relay_brings_the_change(
    team: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The activity dies after it has put commands in the outbox: they are brought all the same, and counted."""
    await open_cases(team)
    batch = await begun(team, calendar=noticed(team.database))

    async def nobody(_self: Batches, effect: Any, cases: Any) -> None:
        await asyncio.to_thread(_self._put, effect, cases)

    monkeypatch.setattr(Batches, "_send", nobody)
    await batch.give("approve_batch", role="city_office")
    await until(lambda: len(rows(team.database, CommandRow, name="change_terms", outcome="received")) == CASES)
    settings = WorkerSettings(database_url=team.database.url, deliver_after=0.0)
    await Relay(team.database, team.client, settings).round()
    await until(lambda: stage(batch) == "finished")
    once(team, batch)


def once(engine: Engine, batch: LiveProcess) -> None:
    """Every case was changed by the batch once, by one command of its own."""
    changed = [e.process for e in changes(engine, batch)]
    assert len(changed) == len(set(changed)) == CASES
    commands = rows(engine.database, CommandRow, name="change_terms")
    assert {c.id for c in commands} == {f"{batch.process}/terms/{p.partition('/')[2]}" for p in changed}
    assert {c.outcome for c in commands} == {"recorded"}
    assert results(batch) == {"changed": CASES}


async def test_two_batches_at_once_leave_every_case_with_the_terms_approved_later(either_engine: Engine) -> None:
    engine = either_engine
    cases = await open_cases(engine)
    one = await begun(engine, calendar=noticed(engine.database), rate=2)
    two = await begun(engine, calendar=load_calendar().version, rate=50)
    await one.give("approve_batch", role="city_office")
    await two.give("approve_batch", role="city_office")
    await until(lambda: {stage(one), stage(two)} == {"finished"})
    for case in cases:
        last = [e for e in case.events() if e.type.startswith("terms_")][-1]
        assert last.body["batch"] == two.process
    total = results(one)
    assert sum(total.values()) == CASES
    assert set(total) <= {"changed", "refused"}
