"""What an operator sees of an installation in trouble, and starting a process again from the journal."""

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import insert, update

from api.engine import Failing
from api.standing import Standing
from storage.journal import park
from storage.models import AuditRow, CommandRow, EffectRow, IncidentRow, ProcessRow, RequestRow, table
from storage.operations import figures
from tests.api.kit import Api, problem
from tests.factories.city import rows

LONG_AGO = timedelta(hours=1)


async def seen(api: Api, user: str = "operator") -> dict[str, list[dict[str, Any]]]:
    """What the operator is told, by kind."""
    response = await api.get(user, "/operations/troubles")
    assert response.status_code == 200, response.text
    by_kind: dict[str, list[dict[str, Any]]] = {}
    for item in response.json()["items"]:
        by_kind.setdefault(item["kind"], []).append(item)
    assert {kind: len(items) for kind, items in by_kind.items()} == response.json()["counts"]
    return by_kind


def owing(api: Api, no: str, since: timedelta = LONG_AGO) -> None:
    """Let what the case owes be owed for long."""
    effect = table(EffectRow)
    with api.database.write() as connection:
        connection.execute(
            update(effect)
            .where(effect.c.process == f"case/{no}")
            .values(status="planned", planned_at=datetime.now(UTC) - since, done_at=None)
        )


async def test_nothing_is_wrong_at_first_and_what_is_young_is_no_trouble(api: Api) -> None:
    assert await seen(api) == {}
    no = await api.dispatched()
    owing(api, no, timedelta(seconds=1))
    assert await seen(api) == {}


async def test_an_effect_owed_is_named_and_so_is_where_its_workflow_stands(api: Api) -> None:
    no = await api.dispatched()
    owing(api, no)
    process = f"case/{no}"
    (row,) = rows(api.database, ProcessRow, id=process)
    assert set(await seen(api)) == {"effect_owed", "journal_ahead"}, "a workflow that knows nothing is behind"
    api.engine.standings[process] = Standing(running=True, seq=row.seq, head=row.head)
    assert set(await seen(api)) == {"effect_owed"}
    api.engine.standings[process] = Standing(running=True, seq=row.seq - 1, head="")
    assert (await seen(api))["journal_ahead"][0]["subject"] == f"{row.seq - 1} < {row.seq}"
    api.engine.standings[process] = Standing(running=False)
    found = await seen(api)
    assert set(found) == {"effect_owed", "not_running"}
    for items in found.values():
        for item in items:
            assert (item["process"], item["restart"]) == (process, True)
            assert item["means"] != f"trouble.{item['kind']}.means"


async def test_every_other_kind_of_trouble_is_named(api: Api) -> None:
    late, stopped, waiting, failing = [await api.take() for _ in range(4)]
    ago = datetime.now(UTC) - LONG_AGO
    with api.database.write() as connection:
        p, r = table(ProcessRow), table(RequestRow)
        connection.execute(update(p).where(p.c.id == f"case/{late}").values(next_timer_at=ago))
        connection.execute(update(r).where(r.c.no == waiting).values(started_at=None, received_at=ago))
        park(connection, f"case/{stopped}", "heads_differ", ago)
        stored: dict[str, Any] = {
            "id": "d/x",
            "process": f"case/{late}",
            "name": "triage",
            "user": "agent",
            "role": "agent",
        }
        stored |= {"body": {}, "texts": {}, "received_at": ago, "outcome": "received", "detail": {}}
        connection.execute(insert(table(CommandRow)).values(**stored))
        incident: dict[str, Any] = {
            "id": "e/1",
            "process": f"case/{late}",
            "effect": "e/1",
            "kind": "order_sent",
            "target": "unit/water",
        }
        incident |= {"code": "unit_error", "attempt": 1, "status": "open", "opened_at": ago}
        connection.execute(insert(table(IncidentRow)).values(**incident))
        counted = figures(connection, datetime.now(UTC), ago)
    api.engine.troubled = [Failing(f"case/{failing}", "WorkflowWorkerUnhandledFailure", ago)]
    found = await seen(api)
    assert {kind: [i["process"] for i in items] for kind, items in found.items()} == {
        "parked": [f"case/{stopped}"],
        "tasks_failing": [f"case/{failing}"],
        "journal_ahead": [f"case/{late}"],
        "timer_late": [f"case/{late}"],
        "undelivered": [f"case/{late}"],
        "unopened": [f"case/{waiting}"],
        "incident": [f"case/{late}"],
    }
    assert not found["incident"][0]["restart"], "an incident has buttons of its own"
    assert (counted.timers_late, counted.outbox, counted.unopened, counted.parked) == (1, 1, 1, 1)
    assert counted.incidents == {"order_sent": 1}
    assert min(counted.timers_late_s, counted.outbox_s) >= LONG_AGO.total_seconds()


async def test_without_an_engine_its_part_is_missing_and_that_is_said(light_api: Api) -> None:
    no = await light_api.dispatched()
    owing(light_api, no)
    light_api.engine.mood = "silent"
    told = (await light_api.get("auditor", "/operations/troubles")).json()
    assert (told["engine"], set(told["counts"])) == (False, {"effect_owed"})


async def test_only_who_runs_or_audits_the_installation_sees_it(light_api: Api) -> None:
    for user, status in {
        "operator": 200,
        "shift_leader": 200,
        "auditor": 200,
        "agent": 403,
        "liaison.water": 403,
    }.items():
        assert (await light_api.get(user, "/operations/troubles")).status_code == status, user


async def test_a_process_starts_again_once_a_key_and_it_is_on_record(api: Api) -> None:
    process = f"case/{await api.take()}"
    for _ in range(2):
        told = await api.post("operator", f"/processes/{process}/restart", idempotency="once")
        assert told.json() == {"process": process, "engine": True}
    assert api.engine.restarted == [process]
    await api.post("operator", f"/processes/{process}/restart", idempotency="again")
    assert api.engine.restarted == [process, process]
    audit = rows(api.database, AuditRow, subject=process)
    assert [(r.action, r.user, r.role) for r in audit] == [
        (action, "operator", "operator") for action in ("restart", "restarted") * 2
    ]


async def test_a_restart_that_the_engine_did_not_take_goes_on_under_the_same_key(api: Api) -> None:
    process = f"case/{await api.take()}"
    with api.database.write() as connection:
        park(connection, process, "workflow_ahead", datetime.now(UTC))
    api.engine.mood = "silent"
    told = await api.post("operator", f"/processes/{process}/restart", idempotency="k")
    assert told.json() == {"process": process, "engine": False}
    assert rows(api.database, ProcessRow, id=process)[0].parked == "workflow_ahead", "who looks again still finds it"
    assert rows(api.database, IncidentRow, process=process)[0].status == "open"
    api.engine.mood = "working"
    assert (await api.post("operator", f"/processes/{process}/restart", idempotency="k")).json()["engine"]
    assert api.engine.restarted == [process]
    assert [(r.action, r.why) for r in rows(api.database, AuditRow, subject=process)] == [
        ("restart", "workflow_ahead"),
        ("restarted", "from_the_journal"),
    ]
    assert rows(api.database, IncidentRow, process=process)[0].status == "restarted"


async def test_what_nobody_knows_does_not_start(light_api: Api) -> None:
    problem(await light_api.post("operator", "/processes/case/20200101-000001/restart"), 404, "unknown_process")
    problem(await light_api.post("agent", "/processes/case/20200101-000001/restart"), 403, "forbidden")
    assert light_api.engine.restarted == []
