"""How often one may ask: by account and by address, typed refusals with Retry-After, nothing written."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from api.limits import Buckets, network_of, take_all
from storage.models import AuditRow
from storage.unit_of_work import Database
from tests.api.kit import PASSWORD, REQUEST, V1, Api, found_accounts, found_places, key, problem
from tests.factories.city import rows

WAITS = {"zh": "请稍后再试", "en": "please wait"}


@pytest.fixture
def city(sqlite_url: str) -> Iterator[Database]:
    database = Database(sqlite_url)
    found_places(database)
    found_accounts(database)
    yield database
    database.close()


@asynccontextmanager
async def at(api: Api, address: str) -> AsyncIterator[httpx.AsyncClient]:
    """A client at another address."""
    transport = httpx.ASGITransport(app=api.app, client=(address, 1))
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as http:
        yield http


async def sign_in(http: httpx.AsyncClient, user: str, password: str, language: str = "zh") -> httpx.Response:
    said = {"user": user, "password": password}
    return await http.post(f"{V1}/sessions", json=said, headers={"accept-language": language})


def wait_of(response: httpx.Response, code: str, language: str = "zh") -> int:
    """Check a 429 in its language; return the seconds to wait."""
    assert WAITS[language] in problem(response, 429, code)["detail"]
    assert response.headers["content-language"] == language
    return int(response.headers["retry-after"])


async def test_failures_of_an_account_count_over_all_processes_and_addresses(city: Database) -> None:
    limits = {"account_sign_in_failures": 3, "sign_in_window_s": 60}
    now = datetime.now(UTC)
    async with Api.on(city, **limits) as one, Api.on(city, **limits) as other:
        one.place.now = other.place.now = lambda: now
        for n, api in enumerate((one, other, one)):
            async with at(api, f"192.0.2.{n}") as http:
                problem(await sign_in(http, "agent", "wrong"), 401, "wrong_credentials")
        async with at(other, "198.51.100.9") as http:
            for language in WAITS:
                assert (
                    50 <= wait_of(await sign_in(http, "agent", PASSWORD, language), "too_many_failures", language) <= 61
                )
            assert (await sign_in(http, "dispatcher", PASSWORD)).status_code == 201
            other.place.now = lambda: now + timedelta(seconds=61)
            assert (await sign_in(http, "agent", PASSWORD)).status_code == 201


async def test_a_session_that_is_open_survives_failures_of_others(city: Database) -> None:
    async with Api.on(city, account_sign_in_failures=1) as api:
        api.token("agent")
        async with at(api, "192.0.2.1") as http:
            problem(await sign_in(http, "agent", "wrong"), 401, "wrong_credentials")
            wait_of(await sign_in(http, "agent", PASSWORD), "too_many_failures")
        assert (await api.get("agent", "/me")).status_code == 200


async def test_failures_from_one_address_count_whatever_the_account(city: Database) -> None:
    async with Api.on(city, ip_sign_in_failures=2) as api:
        async with at(api, "2001:db8:0:1::1") as http:
            for user in ("agent", "nobody"):
                problem(await sign_in(http, user, "wrong"), 401, "wrong_credentials")
        async with at(api, "2001:db8:0:1::2") as http:  # another address of the same network
            wait_of(await sign_in(http, "dispatcher", PASSWORD), "too_many_failures")
        async with at(api, "2001:db8:0:2::1") as http:
            assert (await sign_in(http, "dispatcher", PASSWORD)).status_code == 201


async def test_attempts_of_one_address_are_limited_right_or_wrong(city: Database) -> None:
    async with Api.on(city, sign_in_rate_per_s=0.1, sign_in_burst=2) as api:
        async with at(api, "192.0.2.1") as http:
            for user in ("agent", "dispatcher"):
                assert (await sign_in(http, user, PASSWORD)).status_code == 201
            before = api.counts()
            for language in WAITS:
                assert (
                    1
                    <= wait_of(await sign_in(http, "operator", PASSWORD, language), "too_many_requests", language)
                    <= 11
                )
            assert api.grown(before) == {}
        async with at(api, "192.0.2.2") as http:
            assert (await sign_in(http, "operator", PASSWORD)).status_code == 201


async def test_failures_are_on_record_and_what_was_typed_is_not(light_api: Api) -> None:
    async with at(light_api, "192.0.2.1") as http:
        problem(await sign_in(http, "agent", "my-password"), 401, "wrong_credentials")
        problem(await sign_in(http, "my-password-as-user", "agent"), 401, "wrong_credentials")
    found = rows(light_api.database, AuditRow, action="sign_in_failed")
    assert [(r.user, r.subject, r.why) for r in found] == [
        ("agent", "account/agent", "from 192.0.2.1"),
        ("?", "account/?", "from 192.0.2.1"),
    ]


@pytest.mark.parametrize("whose", ["intake", "ip_intake"])
async def test_registrations_are_limited_by_account_and_by_address(city: Database, whose: str) -> None:
    async with Api.on(city, **{f"{whose}_rate_per_s": 0.1, f"{whose}_burst": 2}) as api:
        for _ in range(2):
            assert (await api.post("agent", "/requests", REQUEST)).status_code == 201
        before = api.counts()
        for language in WAITS:
            told = await api.post("agent", "/requests", REQUEST, accept_language=language)
            assert 1 <= wait_of(told, "too_many_requests", language) <= 11
        assert api.grown(before) == {}
        assert (await api.get("agent", "/me")).status_code == 200
        async with at(api, "192.0.2.1") as http:
            elsewhere = await http.post(
                f"{V1}/requests", json=REQUEST, headers=api.headers("agent", idempotency_key=key())
            )
        assert elsewhere.status_code == {"intake": 429, "ip_intake": 201}[whose]


async def test_the_console_registers_no_faster(city: Database) -> None:
    async with Api.on(city, intake_rate_per_s=0.1, intake_burst=1) as api:
        form = {
            "channel": "phone",
            "case_type": "complaint",
            "title": "路灯",
            "content": "路灯不亮",
            "caller_type": "anonymous",
        }
        cookie = {"cookie": f"sanhuan_session={api.token('agent')}", "origin": "http://test"}
        statuses, before = [], {}
        for _ in range(2):
            before = api.counts()
            said = await api.http.post("/console/requests/new", data=form | {"key": key()}, headers=cookie)
            statuses.append(said.status_code)
        assert statuses == [303, 429]
        assert api.grown(before) == {}
        assert "路灯不亮" in said.text  # what was written stays in the form
        assert WAITS["zh"] in said.text
        assert said.headers["retry-after"]


def test_one_address_is_an_ipv4_address_or_an_ipv6_network() -> None:
    assert network_of("192.0.2.7") == "192.0.2.7"
    assert network_of("::ffff:192.0.2.7") == "192.0.2.7"
    assert network_of("2001:db8:1:2:3:4:5:6") == network_of("2001:db8:1:2::1") == "2001:db8:1:2::/64"
    assert network_of("-") == "-"


def test_of_several_buckets_all_give_or_none() -> None:
    full, empty = Buckets(1, 2, lambda: 0.0), Buckets(0.5, 1, lambda: 0.0)
    assert take_all((full, "a"), (empty, "a")) == 0
    assert take_all((full, "a"), (empty, "a")) == 2
    assert full.take("a") == 0
