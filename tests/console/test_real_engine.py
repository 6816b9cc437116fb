"""The whole thing at once: Temporal, worker, API and console as processes of their own, people at browsers."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from cli.stack import Plan, Stack
from tests.console.kit import Desk
from tests.console.people import PICTURE, called_back, register, returned, worked

BY_HAND, OTHER = "justice", "data"  # units without a system of their own: their people work at the console
ARCHIVED_WITHIN_S = 180.0

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]


@pytest.fixture(scope="module")
def stack(temporal_program: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    del temporal_program  # found or built before the stack asks for it
    with Stack.running(Plan(data=tmp_path_factory.mktemp("stack"), pack="demo-minutes")) as found:
        yield found


def test_straight_to_the_archive(stack: Stack, desk_at: Callable[..., Desk]) -> None:
    desk = desk_at(stack.api, "zh")
    desk.become("agent")
    no = register(desk, pack="demo")
    desk.act(no, "triage", triage="routine")
    desk.become("dispatcher")
    desk.act(no, "dispatch", lead=BY_HAND)
    desk.become(f"liaison.{BY_HAND}")
    desk.act(no, "contact", "a1", how="phone", note="已联系诉求人。")
    desk.act(no, "submit_result", "a1", code="solved", reply="已办结。", documents=PICTURE)
    desk.become("order_reviewer")
    desk.act(no, "review_result", "a1", accept="yes")
    called_back(desk, no, "yes", "satisfied")
    until = time.monotonic() + ARCHIVED_WITHIN_S
    while (stage := stage_on_page(desk, no)) != "已归档" and time.monotonic() < until:
        time.sleep(2)
    assert stage == "已归档"
    link = desk.page.get_attribute(f"a[href^='{stack.ui}']", "href")
    assert link == f"{stack.ui}/namespaces/default/workflows/case%2F{no}"


def test_with_a_return_and_a_redo(stack: Stack, desk_at: Callable[..., Desk]) -> None:
    desk = desk_at(stack.api, "en")
    desk.become("agent")
    no = register(desk)
    desk.act(no, "triage", triage="routine")
    desk.become("dispatcher")
    desk.act(no, "dispatch", lead=BY_HAND)
    returned(desk, no, "a1", BY_HAND, OTHER)
    desk.become("dispatcher")
    desk.act(no, "dispatch")
    worked(desk, no, OTHER, "a2")
    called_back(desk, no, "no", "unsatisfied")
    worked(desk, no, OTHER, "a3")
    called_back(desk, no, "yes", "satisfied")
    assert stage_on_page(desk, no) == "Closed"
    assert desk.faults() == []
    desk.shot("redo-on-the-real-engine")


def stage_on_page(desk: Desk, no: str) -> str:
    desk.open(f"/console/cases/{no}")
    return desk.page.inner_text(".tag-stage")


def test_a_consultation_begun_by_a_person_until_its_case_is_dispatched(
    stack: Stack, desk_at: Callable[..., Desk]
) -> None:
    """Begun at the door, voted on by two units, and handed down to the case, all by messages between workflows."""
    desk = desk_at(stack.api, "zh")
    desk.become("agent")
    no = register(desk, pack="haikou")
    desk.act(no, "triage", triage="routine")
    desk.open("/console/processes/new/consultation/open_consultation")
    desk.fill(question="该路灯由谁管护？", **{"entries-0-holder": no})
    units = desk.page.locator("[name='candidates']")
    units.nth(0).fill(BY_HAND)
    units.nth(1).fill(OTHER)
    desk.page.click("#act form button[type=submit]")
    desk.page.wait_for_url("**/console/processes/consultation/*?done=open_consultation")
    process = desk.page.url.partition("/console/processes/")[2].partition("?")[0]
    for unit, opinion in ((BY_HAND, "mine"), (OTHER, "not_mine")):
        desk.become(f"liaison.{unit}")
        desk.open(f"/console/processes/{process}/acts/state_opinion?subject=i1")
        desk.fill(opinion=opinion, basis="职责清单")
        desk.page.click("#act form button[type=submit]")
        desk.page.wait_for_url("**?done=state_opinion")
    desk.become("dispatcher")
    until = time.monotonic() + ARCHIVED_WITHIN_S
    while (stage := stage_on_page(desk, no)) != "已派单" and time.monotonic() < until:
        time.sleep(1)
    assert stage == "已派单"
    assert desk.page.locator(f"#h-beside + table a[href='/console/processes/{process}']").count() == 1
    desk.open(f"/console/processes/{process}")
    assert desk.page.inner_text(".tag-stage") == "已办结"
