"""登记: a request is taken once, gets the next number of its day, and begins a case, now or when the engine is back."""

import asyncio
from datetime import UTC, datetime

from domain.calendar import local_day
from storage.models import AuditRow, PersonRow, ProcessRow, RequestRow
from storage.requests import text_digest
from tests.api.kit import REQUEST, Api, problem
from tests.factories.city import rows


async def test_a_request_is_one_transaction_and_begins_its_case(api: Api) -> None:
    before = api.counts()
    response = await api.post("agent", "/requests", REQUEST)
    assert response.status_code == 201
    found = response.json()
    assert found["no"] == f"{local_day(datetime.now(UTC)):%Y%m%d}-000001"
    assert found["process"] == f"case/{found['no']}"
    grown = api.grown(before)
    assert {t: grown[t] for t in ("person", "request", "counter", "process")} == dict.fromkeys(
        ("person", "request", "counter", "process"), 1
    )
    assert rows(api.database, AuditRow, action="register")[0].fields == ["address", "name", "phone"]
    assert rows(api.database, ProcessRow)[0].id == found["process"]


async def test_the_same_key_is_the_same_request(api: Api) -> None:
    first = await api.post("agent", "/requests", REQUEST, idempotency="k")
    before = api.counts()
    again = await api.post("agent", "/requests", REQUEST, idempotency="k")
    assert (again.status_code, again.json()) == (201, first.json())
    problem(
        await api.post("agent", "/requests", REQUEST | {"title": "别的"}, idempotency="k"),
        422,
        "idempotency_key_reused",
    )
    assert api.grown(before) == {}


async def test_requests_at_once_get_numbers_without_gap_and_a_key_at_once_one_request(api: Api) -> None:
    many = await asyncio.gather(*(api.post("agent", "/requests", REQUEST) for _ in range(8)))
    taken = sorted(r.json()["no"] for r in many if r.status_code == 201)
    assert {r.status_code for r in many} <= {201, 503}
    assert [int(n[-6:]) for n in taken] == list(range(1, len(taken) + 1))
    same = await asyncio.gather(*(api.post("agent", "/requests", REQUEST, idempotency="k") for _ in range(6)))
    assert len({r.json()["no"] for r in same if r.status_code == 201}) == 1
    assert len(rows(api.database, RequestRow)) == len(taken) + 1


async def test_a_request_is_taken_while_the_engine_is_away(api: Api) -> None:
    api.engine.mood = "silent"
    no = await api.take()
    assert rows(api.database, ProcessRow) == []
    assert rows(api.database, RequestRow, no=no)[0].started_at is None


async def test_an_anonymous_request_keeps_nobody(api: Api) -> None:
    await api.take(caller={"type": "anonymous"})
    person = rows(api.database, PersonRow)[0]
    assert (person.name, person.phone, person.address) == (None, None, None)


async def test_the_district_is_known_from_the_street(api: Api) -> None:
    no = await api.take(street="east-1")
    assert rows(api.database, RequestRow, no=no)[0].district == "east"


async def test_only_agents_register(api: Api) -> None:
    before = api.counts()
    for user in ("liaison.water", "operator", "supervisor"):
        problem(await api.post(user, "/requests", REQUEST), 403, "forbidden")
    assert api.grown(before).keys() <= {"session"}


async def test_the_same_words_are_found_again_whatever_their_form(api: Api) -> None:
    first = await api.take(content="路灯不亮，请尽快修！ABC")
    await api.take(content="水管漏水")
    second = await api.take(content="路灯不亮请尽快修ａｂｃ。")
    found = (await api.get("agent", f"/requests/{second}/similar")).json()
    assert [(s["no"], s["exact"], s["open"]) for s in found["items"]] == [(first, True, True)]
    assert found["lead"] == first
    assert (await api.get("agent", f"/requests/{first}/similar")).json()["lead"] is None
    problem(await api.get("liaison.water", f"/requests/{first}/similar"), 403, "forbidden")


def test_texts_of_signs_only_still_differ() -> None:
    assert text_digest("？", "！") != text_digest("。", "…")
