"""Who may come in, in which role, and where he comes to."""

from collections.abc import Callable

import httpx
import pytest

from simulation.city import DEMO_PASSWORD
from storage.accounts import hash_password, put_account
from tests.console.kit import UNIT, Desk, Running

ROLES = (
    "agent",
    "dispatcher",
    "order_reviewer",
    "shift_leader",
    "centre_head",
    "city_centre",
    "callback_officer",
    "supervisor",
    "operator",
    "auditor",
    f"liaison.{UNIT}",
    f"head.{UNIT}",
)


@pytest.mark.parametrize("user", ROLES)
def test_each_demo_role_signs_in_to_its_inbox(console: Running, desk_at: Callable[..., Desk], user: str) -> None:
    desk = desk_at(console.url)
    desk.sign_in(user)
    assert desk.page.locator("h1").inner_text() == "待办"
    menu = desk.page.locator(".bar nav a").all_inner_texts()
    assert ("登记诉求" in menu) == (user == "agent")
    assert ("异常" in menu) == (user == "operator")
    desk.sign_out()
    desk.open("/console/")
    assert "/console/sign-in" in desk.page.url


def test_a_wrong_password_is_said_in_the_form(console: Running, desk: Desk) -> None:
    desk.open("/console/sign-in")
    desk.page.fill("#user", "agent")
    desk.page.fill("#password", "wrong")
    desk.page.click("form[action='/console/sign-in'] button")
    desk.page.wait_for_selector("[role=alert]")
    assert desk.page.input_value("#user") == "agent"
    assert desk.faults() == []


def test_after_signing_in_one_is_where_one_wanted_to_go(console: Running, desk: Desk) -> None:
    desk.open("/console/cases?stage=closed")
    assert "/sign-in" in desk.page.url
    desk.page.fill("#user", "dispatcher")
    desk.page.fill("#password", DEMO_PASSWORD)
    desk.page.click("form[action='/console/sign-in'] button")
    desk.page.wait_for_url("**/console/cases?*")
    assert desk.page.input_value("#f-stage") == "closed"


@pytest.mark.parametrize("back", ["https://example.org/", "//example.org", "/console//example.org", "/api/v1/me"])
def test_signing_in_leads_nowhere_else(console: Running, back: str) -> None:
    answer = httpx.post(
        f"{console.url}/console/sign-in",
        data={"user": "agent", "password": DEMO_PASSWORD, "back": back},
        headers={"origin": console.url},
    )
    assert (answer.status_code, answer.headers["location"]) == (303, "/console/")


@pytest.mark.parametrize(
    "path", ["sign-in", "sign-out", "role", "requests/new", "cases/x/acts/sign", "operations/restart?process=case/x"]
)
@pytest.mark.parametrize("origin", [None, "https://example.org", "null"])
def test_forms_of_other_sites_are_refused(console: Running, path: str, origin: str | None) -> None:
    headers = {"origin": origin} if origin else {}
    cookies = {"sanhuan_session": console.token("agent")}
    answer = httpx.post(f"{console.url}/console/{path}", data={"user": "agent"}, headers=headers, cookies=cookies)
    assert answer.status_code == 403


def test_who_holds_several_roles_may_act_in_one(console: Running, desk: Desk) -> None:
    with console.database.write() as connection:
        put_account(
            connection,
            user="both",
            name_zh="值班长",
            name_en="Duty officer",
            password_hash=hash_password(DEMO_PASSWORD),
            roles=["dispatcher", "shift_leader"],
        )
    desk.become("both")
    desk.open("/console/")
    with desk.page.expect_navigation():
        desk.page.select_option("#role-switch", "shift_leader")
    assert desk.page.input_value("#role-switch") == "shift_leader"
    assert desk.faults() == []
