"""A case that the street cannot solve goes up through both rings to a city leader session and comes back solved.

Everything real: Temporal, worker, API, console. Each step is taken by the account whose role it is, at a browser, by a button of
its page. Nothing is set behind the doors; the hour of the session is the hour on the wall.
"""

import time
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import quote
from zoneinfo import ZoneInfo

import httpx
import pytest

from cli.stack import Plan, Stack
from simulation.city import load_city
from tests.console.kit import Desk
from tests.console.people import called_back, register, worked

STREET, DISTRICT, DEPARTMENT = "songlan-liuting", "songlan", "justice"
PLACE = {"district": DISTRICT, "street": STREET}
ARRIVES_WITHIN_S = 60.0
SHANGHAI = ZoneInfo("Asia/Shanghai")

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def stack(temporal_program: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    del temporal_program  # found or built before the stack asks for it
    city = load_city()
    assert not any(city.unit(unit).system for unit in (STREET, DEPARTMENT)), "their people work at the console"
    with Stack.running(Plan(data=tmp_path_factory.mktemp("stack"), pack="demo-minutes")) as found:
        yield found


def decide(desk: Desk, process: str, command: str, subject: str | None = None, **values: str) -> None:
    """Wait until the page of a process shows the button, press it, fill its form in and send it."""
    end = f"/acts/{command}" + (f"?subject={subject}" if subject else "")
    button = desk.page.locator(f".acts a[href$='{end}']:visible")
    until = time.monotonic() + ARRIVES_WITHIN_S
    while desk.open(f"/console/processes/{process}") and not button.count():
        assert time.monotonic() < until, f"{command} is not offered at {process}"
        time.sleep(0.5)
    button.first.click()
    desk.page.wait_for_selector("#act form")
    desk.fill(**values)
    desk.page.click("#act form button[type=submit]")
    desk.page.wait_for_url(lambda url: f"done={command}" in url)


def stage_of(desk: Desk, path: str) -> str:
    desk.open(path)
    return desk.page.inner_text(".tag-stage")


def arrives(desk: Desk, path: str, stage: str) -> None:
    """Wait until messages between workflows have brought a page to a stage."""
    until = time.monotonic() + ARRIVES_WITHIN_S
    while (found := stage_of(desk, path)) != stage:
        assert time.monotonic() < until, f"{path} is at {found}, not at {stage}"
        time.sleep(0.5)


def scheduled(desk: Desk) -> tuple[str, datetime]:
    """The secretary prepares a session of the city that begins at the full minute after the next; return it and its instant."""
    at = (datetime.now(SHANGHAI) + timedelta(minutes=2)).replace(second=0, microsecond=0)
    desk.become("session_secretary")
    desk.open("/console/processes/new/session/schedule_session")
    hour = at.strftime("%Y-%m-%dT%H:%M")
    desk.fill(kind="leader_session", level="city", at=hour, leader="session_leader", title="疑难诉求坐诊")
    desk.page.click("#act form button[type=submit]")
    desk.page.wait_for_url("**/console/processes/session/*?done=schedule_session")
    return desk.page.url.partition("/console/processes/")[2].partition("?")[0], at.astimezone(UTC)


def reported_up(desk: Desk) -> str:
    """A case typed in, dispatched to a street, and reported up by it; return its number."""
    desk.become("agent")
    places = {key: f"{load_city().unit(code).name_zh} ({code})" for key, code in PLACE.items()}
    no = register(desk, title="小区挡墙开裂多年", **places)
    desk.act(no, "triage", triage="routine")
    desk.become("dispatcher")
    desk.act(no, "dispatch", lead=STREET)
    desk.become(f"liaison.{STREET}")
    desk.act(no, "sign", "a1")
    desk.act(no, "contact", "a1", how="visit", note="已到现场查看。")
    desk.act(no, "report_up", "a1", reason="挡墙产权不清，镇街无力处置。", tried="已联系两家单位。")
    return no


def decided_in_session(desk: Desk, ring: str) -> str:
    """The session the ring asks for: prepared, held at its hour, with an opinion and minutes; return it."""
    session, at = scheduled(desk)
    decide(desk, ring, "enter_session", session=session.partition("/")[2])
    decide(desk, session, "call_session", units=DEPARTMENT)
    desk.become(f"liaison.{DEPARTMENT}")
    decide(desk, session, "answer_invitation", DEPARTMENT, attends="yes")
    time.sleep(max(0.0, (at - datetime.now(UTC)).total_seconds()))
    desk.become("session_secretary")
    decide(desk, session, "record_attendance", present=DEPARTMENT)
    desk.become("session_leader")
    decide(desk, session, "give_opinion", "i1", lead=DEPARTMENT, basis="先处置，后确权。")
    desk.become("session_secretary")
    decide(desk, session, "record_minutes", minutes="明确牵头单位，限期处置。")
    desk.shot("session")
    return session


def test_up_through_both_rings_to_a_leader_session_and_back_solved(stack: Stack, desk_at: Callable[..., Desk]) -> None:
    desk = desk_at(stack.api, "zh")
    no = reported_up(desk)
    middle, large = f"ring/{no}/middle/1", f"ring/{no}/large/1"
    desk.become(f"centre.{DISTRICT}")
    decide(desk, middle, "answer_report", accept="yes")
    decide(desk, middle, "escalate", reason="超出区级职权。")
    desk.shot("ring-middle")
    desk.become("city_office")
    decide(desk, large, "answer_report", accept="yes")
    decide(desk, large, "ask_session", note="多次协调未果。")
    session = decided_in_session(desk, large)

    desk.become("dispatcher")
    arrives(desk, f"/console/cases/{no}", "已派单")
    assert desk.page.locator(f"#h-beside + table a[href='/console/processes/{large}']").count() == 1
    order = order_of(desk, DEPARTMENT)
    desk.shot("case-after-the-session")
    desk.become(f"liaison.{DEPARTMENT}")
    desk.open(f"/console/cases/{no}")
    assert desk.page.locator(".acts a[href*='/acts/sign']").count() == 1
    assert desk.page.locator(".acts a[href*='/acts/request_return']").count() == 0, "what was decided is not given back"
    worked(desk, no, DEPARTMENT, order, reply="挡墙已加固。")
    called_back(desk, no, "yes", "satisfied")
    arrives(desk, f"/console/cases/{no}", "已办结")
    desk.shot("case-solved")
    desk.become("city_office")
    arrives(desk, f"/console/processes/{middle}", "已提级")
    arrives(desk, f"/console/processes/{session}", "已办结")

    kinds = {
        f"case/{no}": "CaseWorkflow",
        middle: "MiddleRingWorkflow",
        large: "LargeRingWorkflow",
        session: "LeaderSessionWorkflow",
    }
    family = workflows(stack, kinds)
    assert {name: kind for name, (kind, _) in family.items()} == kinds
    assert family[session][1] == "WORKFLOW_EXECUTION_STATUS_COMPLETED"


def order_of(desk: Desk, unit: str) -> str:
    """The order that lies with a unit, as the case's page lists it."""
    row = desk.page.locator("#h-orders + table tbody tr", has_text=load_city().unit(unit).name_zh)
    return row.locator("th, td").first.inner_text().split()[0]


def workflows(stack: Stack, ids: Iterable[str]) -> dict[str, tuple[str, str]]:
    """Look workflows up by their ids, where the Temporal UI gets them from; return what each is and how it stands."""
    found = {}
    for id_ in ids:
        answer = httpx.get(f"{stack.ui}/api/v1/namespaces/default/workflows/{quote(id_, safe='')}", timeout=30)
        info = answer.raise_for_status().json()["workflowExecutionInfo"]
        found[id_] = (info["type"]["name"], info["status"])
    return found
