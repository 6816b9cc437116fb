import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from simulation.client import Api, DecisionLog, Pace
from simulation.feed import Fed, csv_rows, send_all
from simulation.texts import requests

PROCESS = "case/20260105-000001"
COLUMNS = "message_id,user,title,created_at,body,dislikes,likes\n"
ROW = '{n},U1,路灯{n}不亮,2020/1/1 08:00:00,"楼前路灯{n}坏了，\n请修。",0,0\n'


class FakeApi:
    """Answers as told, after a sign-in; keeps what was asked."""

    def __init__(self, answer: Callable[[httpx.Request, int], httpx.Response]) -> None:
        self.answer = answer
        self.asked: list[httpx.Request] = []
        self.signed_in = 0

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/sessions"):
            self.signed_in += 1
            return httpx.Response(201, json={"token": f"t{self.signed_in}"})
        self.asked.append(request)
        return self.answer(request, len(self.asked))


def api_of(fake: FakeApi, log: Path | None = None) -> Api:
    http = httpx.AsyncClient(base_url="http://sanhuan", transport=httpx.MockTransport(fake))
    return Api(http, DecisionLog(log), patience=5)


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("simulation.client.FIRST_WAIT", 0.001)


async def test_an_account_signs_in_once() -> None:
    fake = FakeApi(lambda _r, _n: httpx.Response(200, json={"items": []}))
    api = api_of(fake)
    await api.get("agent", "/todos")
    await api.get("agent", "/todos")
    assert fake.signed_in == 1
    assert fake.asked[0].headers["authorization"] == "Bearer t1"


async def test_an_expired_session_is_opened_again() -> None:
    fake = FakeApi(lambda r, _n: httpx.Response(401 if r.headers["authorization"] == "Bearer t1" else 200, json={}))
    assert (await api_of(fake).get("agent", "/todos")).ok
    assert fake.signed_in == 2


async def test_a_busy_or_unavailable_server_is_asked_again_under_the_same_key() -> None:
    fake = FakeApi(lambda _r, n: httpx.Response({1: 503, 2: 429}.get(n, 200), json={"seq": 7}))
    outcome = await api_of(fake).decide("agent", PROCESS, "answer", {"reply": "好"}, "k1")
    assert outcome.ok
    assert [r.headers["idempotency-key"] for r in fake.asked] == ["k1"] * 3


async def test_a_lost_connection_is_tried_again_under_the_same_key() -> None:
    def answer(_request: httpx.Request, n: int) -> httpx.Response:
        if n == 1:
            raise httpx.ReadError("gone")
        return httpx.Response(200, json={})

    fake = FakeApi(answer)
    assert (await api_of(fake).decide("agent", PROCESS, "sign", {}, "k1")).ok
    assert [r.headers["idempotency-key"] for r in fake.asked] == ["k1", "k1"]


async def test_a_refusal_is_told_and_not_repeated() -> None:
    fake = FakeApi(lambda _r, _n: httpx.Response(409, json={"code": "four_eyes"}))
    outcome = await api_of(fake).decide("shift_leader", PROCESS, "review_return", {}, "k")
    assert (outcome.status, outcome.code, len(fake.asked)) == (409, "four_eyes", 1)


@pytest.mark.parametrize(("became", "status"), [("recorded", 200), ("refused", 409)])
async def test_a_stored_decision_is_followed_until_it_is_known_what_became_of_it(became: str, status: int) -> None:
    def answer(request: httpx.Request, n: int) -> httpx.Response:
        if request.method == "POST":
            return httpx.Response(202, json={"command": "d/1", "status_url": "/api/v1/commands/d/1"})
        return httpx.Response(200, json={"outcome": "received" if n < 4 else became})

    fake = FakeApi(answer)
    outcome = await api_of(fake).decide("agent", PROCESS, "answer", {}, "k")
    assert outcome.status == status
    assert fake.asked[-1].url.path == "/api/v1/commands/d/1"


async def test_every_decision_is_a_line_of_the_log(tmp_path: Path) -> None:
    log = tmp_path / "log" / "decisions.jsonl"
    fake = FakeApi(lambda _r, n: httpx.Response(200 if n == 1 else 409, json={"code": "four_eyes"} if n > 1 else {}))
    api = api_of(fake, log)
    await api.decide("agent", PROCESS, "answer", {}, "k1")
    await api.decide("agent", PROCESS, "answer", {}, "k2")
    api.decisions.close()
    first, second = map(json.loads, log.read_text(encoding="utf-8").splitlines())
    assert (first["result"], second["result"], second["status"]) == ("recorded", "four_eyes", 409)
    assert first["start"] <= first["end"]
    assert {"account", "process", "command", "key", "answer", "stored"} <= set(first)


async def test_a_pace_lets_so_many_pass_a_second() -> None:
    pace = Pace(200)
    fake: list[float] = []
    import asyncio  # noqa: PLC0415 - the loop's clock of this test only

    began = asyncio.get_running_loop().time()
    for _ in range(11):
        await pace.wait()
        fake.append(asyncio.get_running_loop().time() - began)
    assert fake[-1] >= 0.045


def registered(request: httpx.Request, _n: int) -> httpx.Response:
    key = request.headers["idempotency-key"]
    return httpx.Response(201, json={"no": f"no-{key}", "process": f"case/{key}"})


async def test_the_source_of_a_request_is_its_key_and_its_item_is_not_told() -> None:
    fake = FakeApi(registered)
    fed = await send_all(api_of(fake), requests(20, 1))
    assert fed.report()["requests"] == 20
    bodies: list[dict[str, Any]] = [json.loads(r.content) for r in fake.asked]
    assert {r.headers["idempotency-key"] for r in fake.asked} == {b["source"].replace(":", "%3A") for b in bodies}
    assert all("item" not in b for b in bodies)


async def test_what_the_api_refuses_is_counted_with_code_and_place() -> None:
    problem = {"code": "invalid", "errors": [{"place": "/title", "code": "too_long"}]}
    fake = FakeApi(lambda r, n: httpx.Response(422, json=problem) if n == 3 else registered(r, n))
    report = (await send_all(api_of(fake), requests(5, 1), in_flight=1)).report()
    assert (report["requests"], report["refused"], report["refusals"]) == (4, 1, {"invalid /title": 1})


async def test_a_csv_fed_twice_gives_the_same_requests(tmp_path: Path) -> None:
    file = tmp_path / "信.csv"
    file.write_text(COLUMNS + "".join(ROW.format(n=n) for n in range(1, 6)), encoding="utf-8")
    fake = FakeApi(registered)
    fed = Fed()
    api = api_of(fake)
    for _ in range(2):
        await send_all(api, csv_rows(file, fed), fed=fed)
    assert (fed.report()["requests"], fed.report()["repeated"]) == (5, 5)
    assert fake.asked[0].content == fake.asked[5].content


def test_malformed_rows_are_skipped_and_counted(tmp_path: Path) -> None:
    file = tmp_path / "m.csv"
    file.write_bytes(
        (COLUMNS + ROW.format(n=1) + "2,too,few\n" + "3,u,,2020/1/1,,0,0\n" + "4,u,a,2020/1/1,b,0,0,much\n").encode()
        + "5,u,\xff标题,2020/1/1,内容,0,0\n".encode("latin-1", "ignore")
        + ROW.format(n=6).encode()
    )
    fed = Fed()
    rows = list(csv_rows(file, fed))
    assert [r.source for r in rows][::2] == ["m.csv:1", "m.csv:6"]
    assert fed.skipped == {"wrong_number_of_cells": 2, "empty": 1}


def test_a_long_text_is_not_shortened(tmp_path: Path) -> None:
    file = tmp_path / "m.csv"
    file.write_text(COLUMNS + f"1,u,标题,2020/1/1,{'长' * 12_000},0,0\n", encoding="utf-8")
    assert len(next(csv_rows(file, Fed())).content) == 12_000


def test_the_users_code_of_a_csv_is_not_taken_over(tmp_path: Path) -> None:
    file = tmp_path / "m.csv"
    file.write_text(COLUMNS + "1,SECRET-USER,标题,2020/1/1,内容,0,0\n", encoding="utf-8")
    assert "SECRET-USER" not in next(csv_rows(file, Fed())).model_dump_json()


def test_a_csv_without_the_columns_is_refused_by_name(tmp_path: Path) -> None:
    file = tmp_path / "m.csv"
    file.write_text("a,b\n1,2\n", encoding="utf-8")
    with pytest.raises(ValueError, match="message_id, title, body"):
        list(csv_rows(file, Fed()))
