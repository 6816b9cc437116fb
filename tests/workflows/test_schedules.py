"""The city's schedules on a real server: made once however often, struck twice they do a thing once a day."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from temporalio.client import (
    Schedule,
    ScheduleActionStartWorkflow,
    ScheduleBackfill,
    ScheduleSpec,
    ScheduleState,
)

from activities.cadence import Cadence
from activities.signatures import Beat
from storage.models import EventRow, NoticeRow, ProceedingRow, TodoRow
from storage.policies import load_pack
from storage.unit_of_work import Database
from tests.factories.city import rows
from tests.factories.engine import Engine, until
from worker.schedules import beats, ensure

MONDAY = datetime(2026, 3, 2, 1, tzinfo=UTC)


async def test_schedules_are_made_once_and_an_operators_pause_stays(engine: Engine) -> None:
    first = await ensure(engine.client, engine.database)
    handle = engine.client.get_schedule_handle("sanhuan/digest")
    await handle.pause(note="an operator")
    assert await ensure(engine.client, engine.database) == first
    described = await handle.describe()
    assert described.schedule.state.paused
    assert described.schedule.spec.time_zone_name == "Asia/Shanghai"
    for id_ in first:
        await engine.client.get_schedule_handle(id_).delete()


def test_every_cadence_of_the_pack_has_its_schedules() -> None:
    made = {id_: (cron, beat) for id_, cron, beat in beats(load_pack("haikou"), ["east", "west"])}
    assert {"sanhuan/district_session/east", "sanhuan/district_session/west", "sanhuan/city_session/city"} <= set(made)
    assert made["sanhuan/city_session/city"][1].district is None
    assert {beat.what for _, beat in made.values()} == {"session", "digest", "provisional"}


async def test_a_session_is_opened_once_a_day_and_prepared_until_it_is_held(engine: Engine) -> None:
    beat = Beat(what="session", title="t", kind="leader_session", ahead=7, at=MONDAY)
    for _ in range(2):
        await engine.client.execute_workflow(
            "CadenceWorkflow", beat, id=f"cadence-{_}", task_queue="cases", result_type=str
        )

    def opened() -> list[ProceedingRow]:
        return rows(engine.database, ProceedingRow, kind="session")

    await until(opened)
    await asyncio.sleep(0.5)
    (session,) = opened()
    assert (session.stage, session.level, session.by) == ("preparing", "city", "schedule")
    await engine.client.get_workflow_handle(session.id).terminate("the test is over")


async def test_a_session_is_planned_from_when_the_schedule_meant_it_to_be_however_late_it_is_struck(
    engine: Engine,
) -> None:
    day = datetime.now(UTC).replace(hour=1, minute=0, second=0, microsecond=0) - timedelta(days=2)
    beat = Beat(what="session", title="t", kind="leader_session", district="east", ahead=7)
    action = ScheduleActionStartWorkflow("CadenceWorkflow", beat, id="cadence-late", task_queue="cases")
    spec = ScheduleSpec(cron_expressions=["0 9 * * *"], time_zone_name="Asia/Shanghai")
    late = ScheduleBackfill(start_at=day - timedelta(minutes=1), end_at=day + timedelta(minutes=1))
    state = ScheduleState(paused=True)
    handle = await engine.client.create_schedule(
        "late", Schedule(action=action, spec=spec, state=state), backfill=[late]
    )
    process = f"session/{day:%Y%m%d}-leader_session-east"
    (session,) = await until(lambda: rows(engine.database, ProceedingRow, id=process))
    opened = rows(engine.database, EventRow, process=process)[0].body
    assert datetime.fromisoformat(opened["at"]) == day + timedelta(days=7)
    await handle.delete()
    await engine.client.get_workflow_handle(session.id).terminate("the test is over")


@pytest.fixture
def cadence(engine: Engine) -> Cadence:
    return Cadence(engine.database, engine.client)


async def test_a_unit_gets_one_digest_a_day(engine: Engine, cadence: Cadence) -> None:
    case = await (await engine.case()).dispatched()
    due = rows(engine.database, TodoRow, process=case.process, role="unit_liaison")[0].due
    at = due.replace(tzinfo=UTC) if due.tzinfo is None else due
    for _ in range(2):
        await cadence.strike(Beat(what="digest", title="t", at=at))
    told = [n for n in rows(engine.database, NoticeRow) if n.what == "digest" and n.target == "unit:water"]
    assert len(told) == 1
    assert told[0].body["overdue"] + told[0].body["due_today"] >= 1


async def test_a_year_whose_notice_is_not_out_is_told_and_a_known_one_is_not(cadence: Cadence) -> None:
    assert await cadence.strike(Beat(what="provisional", title="t", at=MONDAY)) == "2027 is provisional"
    assert await cadence.strike(Beat(what="provisional", title="t", at=MONDAY.replace(year=2025))) == "2026 is known"


def told(database: Database) -> list[NoticeRow]:
    return [n for n in rows(database, NoticeRow) if n.what == "provisional_year"]


async def test_it_is_told_once_a_day(engine: Engine, cadence: Cadence) -> None:
    before = len(told(engine.database))
    for _ in range(2):
        await cadence.strike(Beat(what="provisional", title="t", at=MONDAY.replace(day=3)))
    assert len(told(engine.database)) == before + 1
