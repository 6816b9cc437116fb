"""Months of a case's life with time skipping, under the pack 海口: every timer rings at its instant with its event."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from temporalio.api.enums.v1 import IndexedValueType
from temporalio.api.operatorservice.v1 import AddSearchAttributesRequest
from temporalio.testing import WorkflowEnvironment

from activities.tell import signal_process
from cli.servers.temporal import SEARCH_ATTRIBUTES
from domain.calendar import SHANGHAI
from domain.clock import start_clock
from storage.models import NoticeRow
from storage.policies import load_calendar, load_pack
from storage.unit_of_work import Database
from tests.factories.city import rows
from tests.factories.engine import Engine, LiveCase, engine_on, until
from worker.plugin import plugin
from worker.settings import WorkerSettings

CALENDAR, PACK = load_calendar(), load_pack("haikou")
SPREAD = timedelta(seconds=WorkerSettings().timer_spread)


@pytest.fixture
async def months(java_test_server: Path, database: Database) -> AsyncIterator[tuple[Engine, WorkflowEnvironment]]:
    """An engine on the server that skips time, at the next working day's morning."""
    async with await WorkflowEnvironment.start_time_skipping(
        plugins=[plugin(sandbox=True)],
        test_server_existing_path=str(java_test_server),
        test_server_startup_timeout=timedelta(seconds=30),
    ) as environment:
        names = dict.fromkeys(SEARCH_ATTRIBUTES, IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD)
        request = AddSearchAttributesRequest(search_attributes=names, namespace=environment.client.namespace)
        await environment.client.operator_service.add_search_attributes(request)
        async with engine_on(environment.client, database, now=environment.get_current_time) as engine:
            await to_morning(environment)
            yield engine, environment


async def to_morning(environment: WorkflowEnvironment) -> None:
    """Skip to 09:00 of the next working day."""
    now = (await environment.get_current_time()).astimezone(SHANGHAI)
    day = CALENDAR.next_working_day(now.date())
    await skip(environment, datetime(day.year, day.month, day.day, 9, tzinfo=SHANGHAI))


async def skip(environment: WorkflowEnvironment, to: datetime) -> None:
    """Skip to an instant."""
    await environment.sleep(max(to - await environment.get_current_time(), timedelta()))


def rang(case: LiveCase) -> dict[str, tuple[datetime, str | None]]:
    """When each timer rang, and whose delay it was."""
    return {e.body["key"]: (e.at, e.body["late_by"]) for e in case.events() if e.type == "timer_rang"}


def due(step: str, at: datetime, case_type: str = "complaint") -> datetime:
    """The instant a step that begins now is due, counted anew from pack and calendar."""
    rule = PACK.rule(step, triage="routine", case_type=case_type, grade="grade_normal")
    found = start_clock("k", rule, at, CALENDAR, PACK.hours).due
    assert found is not None
    return found


def at_of(case: LiveCase, type_: str) -> datetime:
    """The instant of the latest event of a type."""
    found: datetime = [e.at for e in case.events() if e.type == type_][-1]
    return found


async def test_an_order_nobody_touches_is_signed_by_the_system_warned_of_and_overdue_at_the_right_instants(
    months: tuple[Engine, WorkflowEnvironment],
) -> None:
    engine, environment = months
    case = await (await (await engine.case()).opened()).dispatched()
    sent = at_of(case, "order_sent")
    limit = due("handle", sent)
    await skip(environment, limit + timedelta(days=6))
    await until(lambda: "a1/handle/red" in rang(case))
    times = rang(case)
    assert times["a1/sign/due"] == (due("auto_sign", sent), None)
    assert times["a1/handle/due"] == (limit, None)
    assert times["a1/handle/yellow"][0] < limit <= times["a1/handle/red"][0]
    assert (limit - times["a1/handle/yellow"][0]) >= timedelta(days=1)
    signed = next(e for e in case.events() if e.type == "order_signed")
    assert (signed.at, signed.body["auto"], signed.body["by"]) == (times["a1/sign/due"][0], True, "system")
    assert [e.body["key"] for e in case.events() if e.type == "overdue_reached"].count("a1/handle") == 1
    woke = {e.body["key"]: e.recorded_at - e.at for e in case.events() if e.type == "timer_rang"}
    own = [woke[key] for key in ("a1/handle/yellow", "a1/handle/due", "a1/handle/red")]
    assert max(own) - min(own) < timedelta(seconds=10), (
        "a case has a moment of its own, the same for each of its limits"
    )
    assert timedelta() < own[0] < SPREAD + timedelta(seconds=10)
    told = [e.body["what"] for e in case.effects(target="water")]
    assert [w for w in told if w != "due_changed"] == ["order_sent", "yellow_card", "overdue", "red_card"]
    # Law 6: a result our door received in time annuls what was written in between.
    receipt = await case.give(
        "submit_result",
        unit="water",
        order="a1",
        code="solved",
        documents=("doc-1",),
        received=limit - timedelta(minutes=1),
    )
    assert "overdue_annulled" in receipt.events


async def test_a_return_that_no_reviewer_looks_at_goes_to_the_centre_head(
    months: tuple[Engine, WorkflowEnvironment],
) -> None:
    engine, environment = months
    case = await (await (await engine.case()).opened()).dispatched()
    await case.give("request_return", unit="water", order="a1", ground="not_our_duty", proposed_owner="roads")
    asked = at_of(case, "return_requested")
    await skip(environment, due("return_review1", asked) + SPREAD + timedelta(minutes=1))
    await until(lambda: "return_escalated" in case.types())
    assert at_of(case, "return_escalated") == due("return_review1", asked)
    assert await case.refuses("review_return", role="order_reviewer", order="a1", approve=True) == "not_your_turn"
    receipt = await case.give("decide_return", order="a1", approve=True)
    assert "return_decided" in receipt.events
    assert receipt.stage == "triaged"


async def test_a_pause_ends_by_itself_at_its_maximum_and_the_unit_gets_its_remainder(
    months: tuple[Engine, WorkflowEnvironment],
) -> None:
    engine, environment = months
    case = await (await (await engine.case()).opened()).dispatched()
    await case.give("sign", unit="water", order="a1")
    await case.give("request_pause", unit="water", order="a1", kind="expert")
    await case.give("review_pause", order="a1", approve=True)
    begun = at_of(case, "pause_decided")
    await skip(environment, begun + timedelta(days=59))
    assert "pause_ended" not in case.types()
    assert not any(k.startswith("a1/handle") for k in rang(case)), "a clock that stands still does not ring"
    await skip(environment, begun + timedelta(days=62))
    await until(lambda: "pause_ended" in case.types())
    day = (begun.astimezone(SHANGHAI) + timedelta(days=61)).date()
    assert at_of(case, "pause_ended") == datetime(day.year, day.month, day.day, tzinfo=SHANGHAI)
    assert next(e for e in case.events() if e.type == "pause_ended").body["by"] == "system"


async def test_a_caller_who_is_not_reached_on_three_days_and_then_the_archive(
    months: tuple[Engine, WorkflowEnvironment],
) -> None:
    engine, environment = months
    case = await (await (await engine.case()).opened()).in_callback()
    for day in range(3):
        receipt = await case.give("record_callback", request=case.no, reached=False)
        assert receipt.stage == ("closed" if day == 2 else "callback")
        await environment.sleep(timedelta(days=1, minutes=1))
    closed = at_of(case, "closed")
    await environment.sleep(timedelta(days=8))
    assert await case.handle.result() == "archived"
    assert at_of(case, "archived") == due("closed_to_archived", closed)
    notices = rows(engine.database, NoticeRow, process=case.process)
    assert len(notices) == len(case.effects(kind="notice"))


async def test_timers_that_passed_while_nobody_was_there_are_made_up_once_each_in_nominal_order_and_charged_to_us(
    months: tuple[Engine, WorkflowEnvironment],
) -> None:
    engine, environment = months
    case = await (await (await engine.case()).opened()).dispatched()
    await case.settled()
    sent = at_of(case, "order_sent")
    await case.keep()
    await engine.team.stop()
    # This server does not skip time while a task waits for a worker: the run is lost too, which is the harder case.
    await case.handle.terminate("lost in the outage")
    away_until = due("handle", sent) + timedelta(days=10)
    await skip(environment, away_until)
    await engine.team.start()
    await signal_process(engine.client, case.process, "sync")
    await until(lambda: "a1/handle/red" in rang(case), seconds=60)
    found = [e for e in case.events() if e.type == "timer_rang"]
    keys = [e.body["key"] for e in found]
    assert len(keys) == len(set(keys)), "once each"
    assert [e.at for e in found] == sorted(e.at for e in found), "in nominal order"
    assert {e.body["late_by"] for e in found} == {"engine"}
    assert keys.index("a1/sign/due") < keys.index("a1/handle/yellow") < keys.index("a1/handle/due")
    assert rang(case)["a1/handle/due"][0] == due("handle", sent)
    made_up = {datetime.fromisoformat(e.body["made_up_at"]) for e in found}
    assert all(m >= away_until for m in made_up)
