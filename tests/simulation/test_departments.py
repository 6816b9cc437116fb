import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import ValidationError

from domain.casework.commands import COMMANDS
from domain.signing import sign, verify
from simulation.city import load_city, secret_of
from simulation.departments.answers import picture
from simulation.departments.memory import Memory
from simulation.departments.messages import OrderMessage
from simulation.departments.server import Departments, Play, create_app
from simulation.departments.tempers import Config, Failing, intend, load_config, rng_for

CITY = load_city()
UNIT = "housing"
CASE = "20260105-000001"


class FakeSanhuan:
    """The other side: keeps every answer by webhook id and says what ``verdict`` tells it to."""

    def __init__(self, verdict: Callable[[str, int], int] = lambda _command, _n: 200) -> None:
        self.verdict = verdict
        self.answers: list[dict[str, Any]] = []
        self.ids: list[str] = []
        self.documents = 0

    def __call__(self, request: httpx.Request) -> httpx.Response:
        unit = request.url.path.split("/")[4]
        message = verify(secret_of(unit), request.headers, request.content, datetime.now(UTC))
        self.ids.append(message)
        if request.url.path.endswith("/documents"):
            self.documents += 1
            return httpx.Response(201, json={"id": f"d{self.documents}"})
        event = json.loads(request.content)
        assert event["id"] == message
        status = self.verdict(event["data"]["command"], self.ids.count(message))
        if status < 300:
            self.answers.append(event["data"])
        return httpx.Response(status, json={"code": "not_in_this_state"} if status >= 400 else {})

    def commands(self) -> list[str]:
        return [a["command"] for a in self.answers]


def config(**temper: Any) -> Config:
    base = load_config()
    fast = {"share": 1, "handle": (0.5, 0.1), "return_rate": 0.0, **temper}
    rates = {"return": 0, "return_again": 0, "extension": 0, "pause": 0, "progress": 0}
    return Config.model_validate(
        {"tempers": {"t": fast}, "rates": rates, "codes": {"solved": 1}, "pauses": base.pauses, "urgent_speed": 1}
    )


@asynccontextmanager
async def playing(
    sanhuan: FakeSanhuan, how: Config, memory: Memory | None = None
) -> AsyncIterator[tuple[httpx.AsyncClient, Departments]]:
    app = create_app(CITY, how, Play(api="http://sanhuan", day=0.02), memory, httpx.MockTransport(sanhuan))
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://departments") as http,
    ):
        yield http, app.state.departments


def message(what: str = "order_sent", id_: str = "case/x/1/0", **data: Any) -> dict[str, Any]:
    body = {"case": CASE, "order": "a1", "unit": UNIT, "what": what, "role": "lead", "triage": "routine", **data}
    return {"specversion": "1.0", "id": id_, "source": "/sanhuan", "type": f"cn.sanhuan.order.{what}", "data": body}


async def send(
    http: httpx.AsyncClient, event: dict[str, Any], *, unit: str = UNIT, secret: str | None = None, late: float = 0
) -> httpx.Response:
    body = json.dumps(event).encode()
    at = datetime.now(UTC) - timedelta(seconds=late)
    headers = sign(secret or secret_of(unit), event["id"], at, body)
    return await http.post(f"/units/{unit}/messages", content=body, headers=headers)


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not condition():  # noqa: ASYNC110 - what is waited for sets no event
            await asyncio.sleep(0.01)


async def test_an_order_is_signed_contacted_worked_and_handed_in_with_a_photo() -> None:
    sanhuan = FakeSanhuan()
    async with playing(sanhuan, config()) as (http, _):
        assert (await send(http, message())).status_code == 202
        await until(lambda: "submit_result" in sanhuan.commands())
    assert sanhuan.commands() == ["sign", "contact", "begin_work", "submit_result"]
    assert sanhuan.answers[-1]["body"]["documents"] == ["d1"]


async def test_answers_are_bodies_of_the_commands_of_a_case() -> None:
    sanhuan = FakeSanhuan()
    rates = {"return": 0, "return_again": 0, "extension": 1, "pause": 1, "progress": 1}
    how = config().model_copy(update={"rates": load_config().rates.model_validate(rates)})
    async with playing(sanhuan, how) as (http, _):
        await send(http, message())
        await until(lambda: "submit_result" in sanhuan.commands())
    assert {"request_extension", "request_pause", "report_progress"} <= set(sanhuan.commands())
    for given in sanhuan.answers:
        COMMANDS[given["command"]].model_validate({"order": given["order"], **given["body"]})


async def test_a_message_with_a_wrong_signature_is_refused() -> None:
    async with playing(FakeSanhuan(), config()) as (http, departments):
        wrong = await send(http, message(), secret=secret_of("urban"))
        late = await send(http, message(), late=600)
        assert (wrong.status_code, late.status_code) == (401, 401)
        assert departments.stats()["bad_signatures"] == 2
        assert departments.stats()["distinct"] == 0


async def test_a_message_sent_again_starts_nothing_and_is_counted() -> None:
    sanhuan = FakeSanhuan()
    async with playing(sanhuan, config()) as (http, departments):
        for _ in range(3):
            assert (await send(http, message())).status_code == 202
        await until(lambda: "submit_result" in sanhuan.commands())
        stats = (await http.get("/stats")).json()
    assert (stats["received"], stats["distinct"], stats["duplicates"]) == (3, 1, 2)
    assert stats["orders_doubled"] == 0
    assert sanhuan.commands().count("sign") == 1
    assert departments.memory.orders[UNIT, CASE, "a1"] == 1


async def test_one_order_under_two_ids_is_seen_as_doubled() -> None:
    async with playing(FakeSanhuan(), config()) as (http, departments):
        await send(http, message(id_="case/x/1/0"))
        await send(http, message(id_="case/x/9/0"))
        assert departments.stats()["orders_doubled"] == 1


async def test_a_malformed_message_or_one_for_another_unit_is_refused() -> None:
    async with playing(FakeSanhuan(), config()) as (http, _):
        no_case = message()
        del no_case["data"]["case"]
        assert (await send(http, no_case)).status_code == 422
        assert (await send(http, message(unit="urban"))).status_code == 422
        assert (await send(http, message(), unit="nobody", secret=secret_of("nobody"))).status_code == 404


async def test_an_unacknowledged_answer_is_sent_again_under_the_same_id() -> None:
    sanhuan = FakeSanhuan(lambda _command, n: 503 if n < 3 else 200)
    async with playing(sanhuan, config()) as (http, _):
        await send(http, message())
        await until(lambda: bool(sanhuan.answers))
    assert sanhuan.ids[:3] == [f"{UNIT}.{CASE}.a1.sign.1"] * 3


async def test_a_refused_step_does_not_stop_the_order() -> None:
    sanhuan = FakeSanhuan(lambda command, _n: 409 if command in {"sign", "begin_work"} else 200)
    async with playing(sanhuan, config()) as (http, departments):
        await send(http, message())
        await until(lambda: "submit_result" in sanhuan.commands())
        assert departments.stats()["refusals"]["sign: not_in_this_state"] == 1


async def test_a_recalled_order_is_worked_no_further_whichever_message_comes_first() -> None:
    sanhuan = FakeSanhuan()
    async with playing(sanhuan, config(handle=(50.0, 0.1))) as (http, departments):
        await send(http, message())
        await until(lambda: "begin_work" in sanhuan.commands())
        await send(http, message("order_recalled", "case/x/2/0"))
        await send(http, message("order_recalled", "case/x/3/0", order="a2"))
        await send(http, message("order_sent", "case/x/2/1", order="a2"))
        await until(lambda: departments.stats()["orders_open"] == 0)
    assert "submit_result" not in sanhuan.commands()


async def test_a_result_sent_back_is_handed_in_again() -> None:
    sanhuan = FakeSanhuan()
    async with playing(sanhuan, config()) as (http, departments):
        await send(http, message())
        await until(lambda: sanhuan.commands().count("submit_result") == 1)
        await send(http, message("sent_back", "case/x/2/0"))
        await until(lambda: sanhuan.commands().count("submit_result") == 2)
        await send(http, message("result_accepted", "case/x/3/0"))
        await until(lambda: departments.stats()["orders_open"] == 0)


async def test_a_unit_that_returns_waits_for_the_word_and_works_when_denied() -> None:
    sanhuan = FakeSanhuan()
    async with playing(sanhuan, config(return_rate=1.0)) as (http, _):
        await send(http, message())
        await until(lambda: "request_return" in sanhuan.commands())
        await asyncio.sleep(0.1)
        assert "contact" not in sanhuan.commands()
        await send(http, message("return_denied", "case/x/2/0"))
        await until(lambda: "submit_result" in sanhuan.commands())
    assert sanhuan.answers[1]["body"]["proposed_owner"] != UNIT


async def test_a_locked_order_is_not_given_back() -> None:
    sanhuan = FakeSanhuan()
    async with playing(sanhuan, config(return_rate=1.0)) as (http, _):
        await send(http, message(no_return=True))
        await until(lambda: "submit_result" in sanhuan.commands())
    assert "request_return" not in sanhuan.commands()


async def test_a_silent_system_takes_messages_and_never_answers() -> None:
    sanhuan = FakeSanhuan()
    async with playing(sanhuan, config(silent=True)) as (http, _):
        assert (await send(http, message())).status_code == 202
        await asyncio.sleep(0.1)
    assert sanhuan.ids == []


async def test_a_failing_system_takes_the_message_after_its_first_tries() -> None:
    sanhuan = FakeSanhuan()
    async with playing(sanhuan, config(fail={"first": 2})) as (http, departments):
        statuses = [(await send(http, message())).status_code for _ in range(4)]
        assert statuses == [500, 500, 202, 202]
        assert departments.stats()["failed_on_purpose"] == 2
        assert departments.stats()["distinct"] == 1


async def test_a_careless_system_says_everything_twice_under_one_id() -> None:
    sanhuan = FakeSanhuan()
    async with playing(sanhuan, config(twice=True)) as (http, _):
        await send(http, message())
        await until(lambda: sanhuan.commands().count("begin_work") == 2)
    assert sanhuan.ids.count(f"{UNIT}.{CASE}.a1.sign.1") == 2


async def test_a_restarted_city_goes_on_and_settled_answers_are_not_sent_again(tmp_path: Path) -> None:
    file = tmp_path / "state.jsonl"
    before, after = FakeSanhuan(), FakeSanhuan()
    async with playing(before, config(handle=(1000.0, 0.1)), Memory(file)) as (http, _):
        await send(http, message())
        await until(lambda: "begin_work" in before.commands())
    with file.open("a", encoding="utf-8") as broken:
        broken.write('{"answer": "cut off')
    async with playing(after, config(), Memory(file)) as (http, departments):
        assert (await send(http, message())).status_code == 202
        assert departments.stats()["duplicates"] == 1
        await until(lambda: "submit_result" in after.commands())
    assert after.commands() == ["submit_result"]


def test_tempers_are_given_by_share_and_seed_and_every_one_occurs() -> None:
    units = [u.code for u in CITY.units if u.system]
    how = load_config()
    given = how.assign(units, 1)
    assert given == how.assign(list(reversed(units)), 1)
    assert given != how.assign(units, 2)
    assert set(given.values()) == set(how.tempers)
    assert set(given) == set(units)


def test_a_configured_unit_keeps_its_temper() -> None:
    how = load_config().model_copy(update={"units": {UNIT: "silent"}})
    assert how.assign([u.code for u in CITY.units if u.system], 5)[UNIT] == "silent"


def test_what_a_unit_does_depends_on_seed_and_order_only() -> None:
    how = load_config()

    def draw(*names: str, seed: int = 1) -> Any:
        return intend(
            how,
            how.tempers["out_of_order"],
            rng_for(seed, *names),
            day=6,
            urgent=False,
            returnable=True,
            again=False,
        )

    assert draw(UNIT, CASE, "a1") == draw(UNIT, CASE, "a1")
    assert draw(UNIT, CASE, "a1") != draw(UNIT, CASE, "a2")
    assert draw(UNIT, CASE, "a1") != draw(UNIT, CASE, "a1", seed=2)


def test_some_messages_of_a_failing_system_fail_for_ever() -> None:
    failing = Failing(first=2, long_share=0.1, long=12, forever_share=0.1)
    drawn = {failing.tries(rng_for(1, str(n))) for n in range(200)}
    assert drawn == {2, 12, float("inf")}


def test_a_message_of_another_version_is_refused() -> None:
    with pytest.raises(ValidationError):
        OrderMessage.model_validate({**message(), "specversion": "0.3"})


def test_a_picture_is_a_png_and_differs_by_seed() -> None:
    assert picture("a").startswith(b"\x89PNG\r\n\x1a\n")
    assert picture("a") != picture("b")
