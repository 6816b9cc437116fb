"""Ways round what protects callers and the house, each of them shut."""

import asyncio
from collections.abc import MutableMapping
from typing import Any

import pytest

from storage.models import AuditRow, CaseRow
from tests.api.beside import deliver_all
from tests.api.kit import CALLER, V1, Api, problem
from tests.api.test_sessions import sign_in
from tests.factories.city import rows


async def test_who_is_made_confidential_by_a_correction_stays_so_when_merged_into_a_case_that_is_not(api: Api) -> None:
    leading, no = await api.dispatched(), await api.take()
    await api.do("agent", no, "correct", field="confidential", value="true", reason="怕被报复")
    for user in ("dispatcher", "liaison.water"):
        told = await api.get(user, f"/requests/{no}", why="核对电话")
        assert told.status_code == 404 or told.json()["disclosed"] == []
    await api.do("agent", no, "merge", into=leading, reason="同一件事")
    await asyncio.to_thread(deliver_all, api.engine.journal)
    assert rows(api.database, CaseRow, no=no)[0].stage == "merged"
    for user in ("dispatcher", "order_reviewer", "shift_leader", "liaison.water"):
        told = await api.get(user, f"/requests/{no}", why="核对电话")
        assert CALLER["phone"] not in told.text, user


async def test_a_foreign_link_leaves_no_record_of_reading_under_somebodys_name(api: Api) -> None:
    no = await api.take()
    cookie = (await sign_in(api, cookie=True)).headers["set-cookie"].partition(";")[0]
    path, why = f"{V1}/requests/{no}", {"why": "核对电话"}
    foreign = {"cookie": cookie, "sec-fetch-site": "cross-site"}
    problem(await api.http.get(path, params=why, headers=foreign), 403, "csrf")
    assert rows(api.database, AuditRow, action="read_caller") == []
    for site in ("same-origin", "none"):
        assert (await api.http.get(path, params=why, headers=foreign | {"sec-fetch-site": site})).status_code == 200
    token = api.headers("agent") | {"sec-fetch-site": "cross-site"}
    assert (await api.http.get(path, params=why, headers=token)).status_code == 200


@pytest.mark.parametrize("why", ["  ", "\n\n", " x "])
async def test_a_blank_reason_is_none(api: Api, why: str) -> None:
    no = await api.take()
    problem(await api.get("agent", f"/requests/{no}", why=why), 422, "invalid_input")
    assert rows(api.database, AuditRow, action="read_caller") == []


async def test_guesses_beside_each_other_count_as_those_after_each_other(light_api: Api) -> None:
    most = light_api.place.settings.sign_in_failures
    told = await asyncio.gather(*(sign_in(light_api, "agent", "wrong") for _ in range(4 * most)))
    statuses = [r.status_code for r in told]
    assert set(statuses) == {401, 429}
    assert statuses.count(401) <= most + 1, "two are looked at at once"


async def test_a_unit_is_not_told_who_else_has_an_order_of_its_case(api: Api) -> None:
    no = await api.dispatched()
    own = await api.get("liaison.water", "/cases", unit="water", no=no)
    assert [c["no"] for c in own.json()["items"]] == [no]
    assert (await api.get("liaison.water", "/cases", unit="roads", no=no)).json()["items"] == []
    assert (await api.get("dispatcher", "/cases", unit="roads", no=no)).json()["items"] != []


@pytest.mark.parametrize(
    ("unit", "headers", "status"),
    [
        ("nowhere", {}, 404),
        ("water", {}, 401),
        ("water", {"webhook-id": "m", "webhook-timestamp": "1", "webhook-signature": "v1,x"}, 401),
    ],
)
async def test_a_body_that_nobody_has_signed_is_not_even_taken_in(
    light_api: Api, unit: str, headers: dict[str, str], status: int
) -> None:
    asked, sent = [], []

    async def receive() -> dict[str, Any]:
        asked.append(1)
        return {"type": "http.request", "body": b"x" * 1000, "more_body": True}

    async def send(message: MutableMapping[str, Any]) -> None:
        sent.append(message)

    given = {"content-type": "text/plain", "content-length": "9000000", "host": "test"} | headers
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "POST",
        "scheme": "http",
        "path": f"{V1}/departments/{unit}/documents",
        "raw_path": f"{V1}/departments/{unit}/documents".encode(),
        "query_string": b"process=case/20260105-000001",
        "root_path": "",
        "headers": [(k.encode(), v.encode()) for k, v in given.items()],
        "client": ("127.0.0.1", 1),
        "server": ("test", 80),
    }
    await asyncio.wait_for(light_api.app(scope, receive, send), 10)
    assert sent[0]["status"] == status
    assert asked == []
