"""Signing in and out, throttling, cookies and where their writes come from."""

import time

import httpx

from storage.models import AuditRow, SessionRow
from tests.api.kit import PASSWORD, REQUEST, V1, Api, key, problem
from tests.factories.city import rows


async def sign_in(api: Api, user: str = "agent", password: str = PASSWORD, **more: object) -> httpx.Response:
    return await api.http.post(f"{V1}/sessions", json={"user": user, "password": password, **more})


async def test_signing_in_gives_a_token_of_which_only_the_hash_is_kept(api: Api) -> None:
    response = await sign_in(api, "liaison.water")
    assert response.status_code == 201
    found = response.json()
    assert found["user"]["roles"] == ["unit_liaison"]
    assert found["user"]["unit"] == "water"
    assert "set-cookie" not in response.headers
    me = await api.http.get(f"{V1}/me", headers={"authorization": f"Bearer {found['token']}"})
    assert me.json()["user"] == "liaison.water"
    assert found["token"] not in str(rows(api.database, SessionRow))
    assert rows(api.database, AuditRow, action="sign_in")[0].user == "liaison.water"


async def test_signing_out_ends_the_session_at_once(api: Api) -> None:
    headers = {"authorization": f"Bearer {(await sign_in(api)).json()['token']}"}
    assert (await api.http.get(f"{V1}/me", headers=headers)).status_code == 200
    assert (await api.http.delete(f"{V1}/sessions/current", headers=headers)).status_code == 204
    problem(await api.http.get(f"{V1}/me", headers=headers), 401, "not_signed_in")


async def test_a_wrong_user_and_a_wrong_password_are_told_alike_and_cost_alike(light_api: Api) -> None:
    await sign_in(light_api)  # the first one pays for what is loaded
    costs = []
    for user in ("agent", "nobody"):
        begun = time.process_time()  # a busy machine makes either answer slow, not dear
        problem(await sign_in(light_api, user, "wrong"), 401, "wrong_credentials")
        costs.append(time.process_time() - begun)
    assert costs[1] > costs[0] / 5  # nobody is not found out by a quick answer


async def test_too_many_failures_close_the_door_for_a_while(light_api: Api) -> None:
    for _ in range(light_api.place.settings.sign_in_failures):
        problem(await sign_in(light_api, "agent", "wrong"), 401, "wrong_credentials")
    told = await sign_in(light_api)
    problem(told, 429, "too_many_failures")
    assert int(told.headers["retry-after"]) >= 1
    assert (await sign_in(light_api, "dispatcher")).status_code == 201


async def test_a_cookie_is_for_pages_and_its_writes_must_show_where_they_come_from(light_api: Api) -> None:
    api = light_api
    signed = await sign_in(api, cookie=True)
    cookie = signed.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "samesite=lax" in cookie.lower()
    value = cookie.partition(";")[0]
    assert (await api.http.get(f"{V1}/me", headers={"cookie": value})).status_code == 200

    async def write(**headers: str) -> int:
        given = {"cookie": value, "idempotency-key": key()} | headers
        return (await api.http.post(f"{V1}/requests", json=REQUEST, headers=given)).status_code

    assert await write() == 403
    assert await write(origin="http://elsewhere.example") == 403
    assert await write(**{"x-csrf-token": "wrong"}) == 403
    assert await write(origin="http://test") == 201
    assert await write(**{"x-csrf-token": signed.json()["csrf"]}) == 201


async def test_bodies_of_sign_in_are_checked(light_api: Api) -> None:
    problem(await sign_in(light_api, "x" * 81), 422, "invalid_input")
    problem(await sign_in(light_api, "agent\0"), 422, "invalid_input")
    problem(await sign_in(light_api, "agent", ""), 422, "invalid_input")
