"""Three hundred items before noon: from one decision to the next, by keyboard, each sent once."""

import re

import httpx
import pytest

from tests.console.kit import Desk, Running
from tests.console.people import register
from tests.console.test_deciding import count

FIRST = "tr[data-row] [data-first]"


def case_of(desk: Desk) -> str:
    """The number of the case the page is about."""
    found = re.search(r"/console/cases/([\d-]+)/acts/", desk.page.url)
    assert found, desk.page.url
    return found[1]


def focused(desk: Desk) -> str:
    found: str = desk.page.evaluate(
        "document.activeElement.closest('tr[data-row]')?.querySelector('[data-open]').innerText"
    )
    return found


def test_keys_lead_from_item_to_item(console: Running, desk: Desk) -> None:
    desk.become("agent")
    for _ in range(3):
        register(desk)
    desk.open("/console/")
    rows = desk.page.locator("tr[data-row] [data-open]").all_inner_texts()
    for key, expected in (("j", rows[0]), ("j", rows[1]), ("k", rows[0])):
        desk.page.keyboard.press(key)
        assert focused(desk) == expected
    desk.page.keyboard.press("Enter")
    desk.page.wait_for_selector("#act input[name=triage]:focus")
    assert case_of(desk) == rows[0]
    assert desk.faults() == []
    desk.shot("act-in-turn")
    desk.page.keyboard.press("Space")
    desk.page.keyboard.press("Control+Enter")
    desk.page.wait_for_url(f"**/cases/{rows[1]}/acts/**")
    assert rows[0] in desk.page.inner_text(".done-line")
    assert count(console, rows[0], "triage") == 1
    desk.page.keyboard.press("Escape")
    desk.page.evaluate("document.activeElement.blur()")
    desk.page.keyboard.press("n")
    desk.page.wait_for_url(f"**/cases/{rows[2]}/acts/**")
    assert count(console, rows[1], "triage") == 0
    desk.page.evaluate("document.activeElement.blur()")
    desk.page.keyboard.press("i")
    desk.page.wait_for_selector("#todos")
    assert rows[0] not in desk.page.locator("tr[data-row] [data-open]").all_inner_texts()


def test_keys_are_letters_where_somebody_writes_and_can_be_turned_off(console: Running, desk: Desk) -> None:
    desk.become("agent")
    register(desk)
    desk.open("/console/")
    desk.page.keyboard.press("/")
    assert desk.page.evaluate("document.activeElement.id") == "f-number"
    desk.page.keyboard.type("20")
    assert desk.page.input_value("#f-number") == "20"
    desk.page.click("[data-keys]")
    desk.page.evaluate("document.activeElement.blur()")
    desk.page.keyboard.press("j")
    assert focused(desk) is None
    desk.page.click("[data-keys]")
    desk.page.keyboard.press("j")
    assert focused(desk)


def test_the_last_item_leads_back_to_the_list_and_a_double_click_sends_once(console: Running, desk: Desk) -> None:
    desk.become("agent")
    no = register(desk)
    desk.open(f"/console/?number={no}")
    desk.page.click(FIRST)
    desk.page.check("#act input[name=triage][value=routine]")
    desk.page.dblclick("#act button[type=submit]")
    desk.page.wait_for_selector("#todos")
    assert f"number={no}" in desk.page.url
    assert no in desk.page.inner_text(".done-line")
    assert desk.page.locator("tr[data-row]").count() == 0
    assert count(console, no, "triage") == 1
    assert desk.faults() == []


def test_without_script_one_decision_leads_to_the_next_too(console: Running, desk: Desk) -> None:
    desk.become("agent")
    first, second = sorted(register(desk) for _ in range(2))
    todo = {"todo": "screen", "back": "/console/"}
    cookies = {"sanhuan_session": console.token("agent")}
    page = httpx.get(f"{console.url}/console/cases/{first}/acts/triage", params=todo, cookies=cookies).text
    key, seen = (re.findall(rf'name="{n}" value="(\w+)"', page)[0] for n in ("key", "seen"))
    sent = {"key": key, "seen": seen, "triage": "routine"}
    where: list[str] = []
    for _ in range(2):  # the second time is the double click of somebody without script
        answer = httpx.post(
            f"{console.url}/console/cases/{first}/acts/triage",
            params=todo,
            data=sent,
            cookies=cookies,
            headers={"origin": console.url},
        )
        assert answer.status_code == 303
        where.append(answer.headers["location"])
    assert f"/cases/{second}/acts/triage?" in where[0]
    assert f"was={first}" in where[0]
    assert count(console, first, "triage") == 1


@pytest.mark.parametrize(
    "back", ["https://example.org/", "//example.org/console/", "/console//example.org", "/api/v1/me"]
)
def test_a_turn_leads_nowhere_but_to_the_inbox(console: Running, back: str) -> None:
    cookies = {"sanhuan_session": console.token("auditor")}
    answer = httpx.get(
        f"{console.url}/console/next", params={"todo": "x", "no": "20200101-000001", "back": back}, cookies=cookies
    )
    assert (answer.status_code, answer.headers["location"]) == (303, "/console/")
