"""Every door refuses what is not right: with a code, a place and a text, never a 5xx, and nothing half written."""

import json
import math
from typing import Any

import httpx
import pytest

from api.gates import Way, gate_of
from api.problems import language
from storage.unit_of_work import Database
from tests.api.kit import REQUEST, V1, Api, found_accounts, found_places, key, problem

ALLOWED = {"audit", "command"}

MALFORMED = {
    "no JSON": (b"{", 400, "malformed_json"),
    "nothing": (b"", 400, "malformed_json"),
    "no UTF-8": (b'{"a":"\xff\xfe"}', 400, "invalid_utf8"),
    "UTF-16": ('{"a":1}'.encode("utf-16"), 400, "invalid_utf8"),
    "NaN": (b'{"a":NaN}', 400, "malformed_json"),
    "twice": (b'{"a":1,"a":2}', 400, "duplicate_key"),
    "deep list": (b"[" * 100_000 + b"]" * 100_000, 400, "too_deep"),
    "deep object": (b'{"a":' * 20_000 + b"1" + b"}" * 20_000, 400, "too_deep"),
    "open string": (b'{"a":"' + b'\\"' * 100_000, 400, "malformed_json"),
    "a list": (b"[]", 422, "invalid_input"),
    "a text": (b'"x"', 422, "invalid_input"),
    "null": (b"null", 422, "invalid_input"),
    "huge number": (b'{"a":' + b"9" * 5000 + b"}", 422, "invalid_input"),
    "endless float": (b'{"a":1e999}', 422, "invalid_input"),
    "NUL": (b'{"a":"x\\u0000y"}', 422, "invalid_input"),
    "NUL in a name": (b'{"x\\u0000y":1}', 422, "invalid_input"),
    "half a surrogate": (b'{"a":"\\ud800"}', 422, "invalid_input"),
    "escape": (b'{"a":"\\u001b[31m"}', 422, "invalid_input"),
    "turned writing": ('{"a":"\u202e"}'.encode(), 422, "invalid_input"),
    "unknown field": (b'{"surely_not_a_field":1}', 422, "invalid_input"),
}


def doors(api: Api) -> list[str]:
    """Every path that takes a JSON body, with its parameters filled in."""
    paths: dict[str, Any] = api.app.openapi()["paths"]
    found = [
        path.replace("{no}", "20260105-000001").replace("{unit}", "water").replace("{process}", "case/x")
        for path, operations in paths.items()
        if "application/json" in operations.get("post", {}).get("requestBody", {}).get("content", {})
    ]
    assert len(found) > 40
    return found


@pytest.mark.parametrize("name", MALFORMED)
async def test_malformed_bodies_are_refused_at_every_door(light_api: Api, name: str) -> None:
    api = light_api
    body, status, code = MALFORMED[name]
    api.token("agent")
    before = api.counts()
    for path in doors(api):
        headers = api.headers("agent", content_type="application/json", idempotency_key=key())
        told = problem(await api.http.post(path, content=body, headers=headers), status, code)
        if status == 422:
            assert told["errors"], path
            assert all(e["text"] and e["code"] and not e["text"].startswith("input.") for e in told["errors"]), told
    assert api.grown(before) == {}


async def test_strangers_get_no_further_than_the_door(light_api: Api) -> None:
    api = light_api
    api.place.limits.strangers.burst = math.inf  # every door is knocked at, faster than strangers may
    before = api.counts()
    for path, operations in api.app.openapi()["paths"].items():
        for method, operation in operations.items():
            if gate_of(operation["operationId"]).way in {Way.anyone, Way.unit}:
                continue
            url = path.replace("{", "").replace("}", "")
            for headers in ({}, {"authorization": "Bearer " + "x" * 40}, {"authorization": "Basic eDp5"}):
                problem(await api.http.request(method, url, headers=headers), 401, "not_signed_in")
    assert api.grown(before) == {}


async def test_media_types_other_than_json_are_refused(light_api: Api) -> None:
    api = light_api
    for media in ("text/plain", "application/xml", "application/json; charset=gbk", "multipart/form-data", ""):
        headers = api.headers("agent", content_type=media, idempotency_key=key())
        problem(await api.http.post(f"{V1}/requests", content=b"{}", headers=headers), 415, "unsupported_media_type")


async def test_a_body_that_is_too_large_is_refused_with_and_without_its_length(light_api: Api) -> None:
    api = light_api
    body = json.dumps(REQUEST | {"content": "水" * 300_000}).encode()

    async def trickle() -> Any:
        for start in range(0, len(body), 60_000):
            yield body[start : start + 60_000]

    headers = api.headers("agent", content_type="application/json", idempotency_key=key())
    before = api.counts()
    problem(await api.http.post(f"{V1}/requests", content=body, headers=headers), 413, "body_too_large")
    problem(await api.http.post(f"{V1}/requests", content=trickle(), headers=headers), 413, "body_too_large")
    lying = headers | {"content-length": "9" * 30}
    problem(await api.http.post(f"{V1}/requests", content=b"{}", headers=lying), 413, "body_too_large")
    problem(
        await api.http.post(f"{V1}/requests", content=b"{}", headers=headers | {"content-length": "-1"}),
        400,
        "bad_request",
    )
    assert api.grown(before) == {}


async def test_unknown_paths_and_methods(light_api: Api) -> None:
    api = light_api
    problem(await api.get("agent", "/nothing"), 404, "unknown_path")
    problem(await api.http.get("/nothing-at-all", headers={"accept": "application/json"}), 404, "unknown_path")
    told = await api.http.put(f"{V1}/requests", headers=api.headers("agent"))
    problem(told, 405, "method_not_allowed")
    assert told.headers["allow"]


@pytest.mark.parametrize(
    "path", ["/cases/%00", "/cases/x%0Ay%1b", "/cases?district=%00", "/cases/%ff", "/todos?role=%ed%a0%80"]
)
async def test_control_characters_in_an_address_are_refused(light_api: Api, path: str) -> None:
    response = await light_api.http.get(V1 + path, headers=light_api.headers("agent"))
    assert response.status_code in {400, 404, 422}, response.text
    assert response.headers["content-type"].startswith("application/problem+json")


async def test_queries_are_checked_with_their_place(light_api: Api) -> None:
    api = light_api
    wrong: dict[str, dict[str, Any]] = {
        "/cases": {"limit": 0, "stage": "nowhere", "overdue": "perhaps", "cursor": "x", "district": "d" * 100},
        "/todos": {"limit": 10**30, "due": "never", "cursor": "W10", "later": "maybe"},
        "/audit": {"cursor": "WyIwIl0", "limit": "many"},
    }
    for path, params in wrong.items():
        user = "auditor" if path == "/audit" else "agent"
        for name, value in params.items():
            told = problem(await api.get(user, path, **{name: value}), 422, "invalid_input")
            assert [e["place"] for e in told["errors"]] == [f"query/{name}"], told


async def test_sql_in_any_field_is_only_a_text(api: Api) -> None:
    evil = "'; DROP TABLE request; -- %_\\ \" `"
    no = await api.take(title=evil, content=evil, place=evil)
    read = (await api.get("agent", f"/requests/{no}", why=evil)).json()
    assert (read["title"], read["content"], read["place"]) == (evil, evil, evil)
    assert (await api.get("agent", "/cases", no=evil, unit=evil, item=evil)).json()["items"] == []
    assert (await api.get("agent", "/cases", no="%")).json()["items"] == []
    assert (await api.get("agent", f"/requests/{no}/similar")).status_code == 200


@pytest.mark.parametrize(
    ("change", "place", "code"),
    [
        ({"title": ""}, "/title", "too_short"),
        ({"title": "  \n "}, "/title", "too_short"),
        ({"title": "水" * 301}, "/title", "too_long"),
        ({"title": 5}, "/title", "wrong_type"),
        ({"title": "两\n行"}, "/title", "bad_format"),
        ({"content": "水" * 10_001}, "/content", "too_long"),
        ({"channel": "pigeon"}, "/channel", "not_allowed"),
        ({"channel": None}, "/channel", "not_allowed"),
        ({"confidential": "true"}, "/confidential", "wrong_type"),
        ({"confidential": 1}, "/confidential", "wrong_type"),
        ({"district": "nowhere"}, "/district", "unknown_unit"),
        ({"district": "water"}, "/district", "unknown_unit"),
        ({"street": "east"}, "/street", "unknown_unit"),
        ({"street": "east-1", "district": "west"}, "/street", "unknown_unit"),
        ({"pack": "nowhere"}, "/pack", "unknown_pack"),
        ({"pack": "../../etc"}, "/pack", "bad_format"),
        ({"caller": {"type": "anonymous", "name": "某"}}, "/caller", "anonymous_has_no_data"),
        ({"caller": {"type": "person", "phone": "<script>"}}, "/caller/phone", "bad_format"),
        ({"caller": []}, "/caller", "wrong_type"),
        ({"extra": 1}, "/extra", "unknown_field"),
        ({"a/b~c": 1}, "/a~1b~0c", "unknown_field"),
    ],
)
async def test_intake_names_what_is_wrong_and_where(
    light_api: Api, change: dict[str, Any], place: str, code: str
) -> None:
    before = light_api.counts()
    told = problem(await light_api.post("agent", "/requests", REQUEST | change), 422, "invalid_input")
    assert [(e["place"], e["code"]) for e in told["errors"]] == [(place, code)]
    assert light_api.grown(before).keys() <= ALLOWED | {"session"}


@pytest.mark.parametrize("days", [0, 61, -1, 2.5, "3", True, None, 10**25])
async def test_numbers_are_taken_literally(light_api: Api, days: Any) -> None:
    api = light_api
    body = {"order": "a1", "days": days, "ground": "other", "reason": "x", "caller_told": True}
    path = f"{V1}/processes/case/20260105-000001/decisions/request_extension"
    headers = api.headers("liaison.water", idempotency_key=key())
    told = problem(await api.http.post(path, json=body, headers=headers), 422, "invalid_input")
    assert [e["place"] for e in told["errors"]] == ["/days"]


@pytest.mark.parametrize("bad", [None, "", " ", "x" * 201, "ключ"])
async def test_every_write_needs_a_well_formed_key(light_api: Api, bad: str | None) -> None:
    api = light_api
    headers: dict[str, Any] = api.headers("agent")
    if bad is not None:
        headers["idempotency-key"] = bad.encode()
    for path in (f"{V1}/requests", f"{V1}/processes/case/20260105-000001/decisions/sign"):
        body = REQUEST if path.endswith("requests") else {"order": "a1"}
        problem(await api.http.post(path, json=body, headers=headers), 400, "idempotency_key_missing")


async def test_problems_are_told_in_the_readers_language(light_api: Api) -> None:
    api = light_api
    wishes = {"en": "en", "zh-CN, en;q=0.5": "zh", "fr": "zh", "\x7f;q=x": "zh"}
    for wish, lang in wishes.items():
        told = await api.http.get(f"{V1}/me", headers={"accept-language": wish})
        word = {"en": "sign in", "zh": "登录"}[lang]
        assert word in problem(told, 401, "not_signed_in")["detail"]
        assert told.headers["content-language"] == lang


def test_languages_are_chosen_by_weight() -> None:
    assert [language(w) for w in (None, "", "en;q=0.1, zh;q=0.9", "de, en-GB;q=0.8, zh;q=0.2", "en;q=7")] == [
        "zh",
        "zh",
        "zh",
        "en",
        "zh",
    ]


async def test_every_answer_has_an_id_and_headers_for_browsers(light_api: Api) -> None:
    api = light_api
    answers: list[httpx.Response] = [
        await api.get("agent", "/me"),
        await api.get(None, "/me"),
        await api.http.get("/healthz"),
    ]
    for response in answers:
        assert response.headers["x-request-id"]
        assert response.headers["x-content-type-options"] == "nosniff"
    assert answers[0].headers["cache-control"] == "no-store"
    mine = await api.http.get("/healthz", headers={"x-request-id": "my-own-id-1"})
    assert mine.headers["x-request-id"] == "my-own-id-1"
    evil = await api.http.get("/healthz", headers={"x-request-id": "a b<script>"})
    assert evil.headers["x-request-id"] != "a b<script>"


async def test_an_error_of_ours_is_a_problem_too(light_api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_args: object, **_more: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("api.todos.routes.count_todos", broken)
    told = problem(await light_api.get("agent", "/todos/counts"), 500, "internal")
    assert "ZeroDivision" not in json.dumps(told)


async def test_who_asks_too_often_is_told_to_wait(sqlite_url: str) -> None:
    database = Database(sqlite_url)
    found_places(database)
    found_accounts(database)
    async with Api.on(database, rate_per_s=0.1, rate_burst=3, ip_rate_per_s=0.1, ip_rate_burst=2) as api:
        statuses = [(await api.get("agent", "/me")).status_code for _ in range(4)]
        assert statuses == [200, 200, 200, 429]
        told = await api.get("agent", "/me")
        problem(told, 429, "too_many_requests")
        assert 1 <= int(told.headers["retry-after"]) <= 11
        assert (await api.get("dispatcher", "/me")).status_code == 200
        assert [(await api.get(None, "/me")).status_code for _ in range(3)] == [401, 401, 429]
    database.close()


async def test_health_readiness_and_figures(api: Api) -> None:
    assert (await api.http.get("/healthz")).json() == {"status": "ok"}
    assert (await api.http.get("/readyz")).json() == {"status": "ready", "database": True, "engine": True}
    api.engine.mood = "silent"
    degraded = await api.http.get("/readyz")
    assert (degraded.status_code, degraded.json()["status"]) == (200, "degraded")
    problem(await api.http.get("/metrics"), 404, "unknown_path")  # they have a port of their own


def test_the_description_is_whole(light_api: Api) -> None:
    schema = light_api.app.openapi()
    text = json.dumps(schema)
    for name in {part.split('"')[0] for part in text.split("#/components/schemas/")[1:]}:
        assert name in schema["components"]["schemas"], name
    assert "/api/v1/processes/case/{no}/decisions/sign" in schema["paths"]
    assert "order-message" in schema["webhooks"]
