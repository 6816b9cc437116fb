"""Pages, lists and forms of the processes beside the case: each kind's, accessible, in both languages, also without script."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser
from sqlalchemy import select

from api.console.forms import Known, flat, form_fields
from api.console.kinds import KINDS
from api.decisions.schemas import asked, openings
from domain import snapshots
from domain.deciders import DECIDERS
from storage.models import ProcessRow, RulingRow, table
from storage.texts import LANGUAGES, known
from tests.console.beside import CENTRE, STREET, Town
from tests.console.kit import Desk, Running, looked_at

READERS = {
    "ring": CENTRE,
    "consultation": "dispatcher",
    "adjudication": "adjudicator",
    "session": "session_secretary",
    "supervision": "supervisor",
    "accountability": "discipline_liaison",
    "measure": "supervisor",
    "batch": "city_office",
}
"""Who looks at the list and the page of a kind."""


@pytest.fixture(scope="module")
def town(console: Running) -> Iterator[Town]:
    found = Town(console).everything()
    yield found
    found.http.close()


def state_of(console: Running, process: str) -> dict[str, Any]:
    row = table(ProcessRow)
    found = console.rows(select(row.c.snapshot).where(row.c.id == process))[0][0]
    state: dict[str, Any] = snapshots.look(DECIDERS[process.partition("/")[0]], found).state.model_dump(mode="json")
    return state


@pytest.mark.parametrize("kind", READERS)
def test_a_list_and_a_page_of_each_kind(town: Town, desk: Desk, kind: str) -> None:
    desk.become(READERS[kind])
    looked_at(desk, f"/console/boards/{kind}?state=all", f"board-{kind}")
    number = town.processes[kind].partition("/")[2]
    assert desk.page.locator("tbody tr", has_text=number).count() == 1
    assert desk.page.locator(".board-level").count() >= len(KINDS[kind].levels)
    looked_at(desk, f"/console/processes/{town.processes[kind]}", f"process-{kind}")
    shown = desk.page.inner_text("main")
    assert number in shown
    assert "d/" not in shown  # no reference in place of words
    stands = desk.page.locator(".tag-stage").inner_text()
    assert desk.page.locator('.course [aria-current="step"] .course-stage').all_inner_texts() == [stands]
    looked_at(desk, f"/console/processes/{town.processes[kind]}/ledger", f"process-ledger-{kind}")


def test_the_cases_of_a_batch_are_listed_and_narrowed(town: Town, desk: Desk) -> None:
    desk.become("city_office")
    number = town.processes["batch"].partition("/")[2]
    for query in ("", "?outcome=pending", "?direction=later"):
        looked_at(desk, f"/console/batches/{number}/items{query}", "batch-items")
    looked_at(desk, f"/console/batches/{number}/items?outcome=nonsense", "batch-items-wrong", 404)
    desk.become("liaison.education")
    looked_at(desk, f"/console/batches/{number}/items", "batch-items-hidden", 404)


def test_who_may_not_read_it_is_told_that_there_is_none(town: Town, desk: Desk) -> None:
    desk.become("liaison.education")
    looked_at(desk, f"/console/processes/{town.processes['ring']}", "process-hidden", 404)
    looked_at(desk, "/console/boards/ring", "board-empty")
    assert desk.page.locator("tbody tr").count() == 0
    looked_at(desk, "/console/boards/case", "board-none", 404)
    looked_at(desk, "/console/rulings", "rulings-hidden", 403)


def test_lists_are_in_the_menu_of_those_whose_work_they_are(town: Town, desk: Desk) -> None:
    def listed(user: str) -> set[str]:
        desk.become(user)
        desk.open("/console/")
        links = desk.page.locator("nav a[href^='/console/boards/']")
        return {str(h).rpartition("/")[2] for h in links.evaluate_all("a => a.map(e => e.getAttribute('href'))")}

    assert listed("agent") == {"consultation"}
    assert listed("adjudicator") == {"adjudication"}
    assert listed("discipline_liaison") == {"accountability"}
    assert "ring" in listed(CENTRE)
    assert listed("operator") <= {"batch"}


def test_a_unit_answers_from_its_inbox_and_comes_to_what_is_next(console: Running, town: Town, desk: Desk) -> None:
    process = town.consulting("路灯又不亮")
    desk.become("liaison.street-lights")
    desk.open("/console/?kind=consultation")
    row = desk.page.locator("tr[data-row]", has_text=process.partition("/")[2])
    assert "路灯又不亮" in row.inner_text()
    row.locator("[data-first]").click()
    desk.page.wait_for_selector("#act form")
    assert desk.page.locator("[name='unit']").get_attribute("value") == "street-lights"
    assert desk.page.locator("[name='item']").get_attribute("value") == "i1"
    assert "路灯又不亮" in desk.page.inner_text(".act-about")
    assert desk.faults() == []
    desk.fill(opinion="mine", basis="属我所管护清单。")
    desk.page.click("#act form button[type=submit]")
    desk.page.wait_for_url(lambda url: "done=state_opinion" in url)
    assert desk.page.locator(f".done-line a[href='/console/processes/{process}']").count() == 1
    voice = state_of(console, process)["voices"]["i1"]["street-lights"]
    assert voice["opinion"] == "mine"
    desk.open(f"/console/processes/{process}")
    assert "属我所管护清单。" in desk.page.inner_text("#h-t-voices + table")


def test_a_leader_gives_an_opinion_with_measures_and_what_is_wrong_stands_at_its_row(
    console: Running, town: Town, desk: Desk
) -> None:
    process = town.sitting()
    desk.become("session_leader")
    desk.open(f"/console/processes/{process}/acts/give_opinion?subject=i1")
    desk.fill(basis="先复工，后追责。", lead="housing")
    desk.fill(**{"measures-0-unit": "housing", "measures-0-what": "排出复工计划。"})
    desk.fill(**{"measures-0-milestones-0-what": "摸清底数。"})
    desk.page.click("[name='more:measures-0-milestones']")
    desk.page.wait_for_selector("[name='measures-0-milestones-2-what']")
    assert desk.page.input_value("[name='measures-0-what']") == "排出复工计划。"
    desk.page.click("#act form button[type=submit]")
    desk.page.wait_for_selector("#act .wrong")
    wrong = desk.page.locator("#act .field-day.wrong [name]").evaluate_all("es => es.map(e => e.name)")
    assert wrong == ["measures-0-due", "measures-0-milestones-0-due"]
    assert desk.faults() == []
    desk.shot("act-give_opinion-wrong")


def test_an_appointment_is_made_at_the_hour_on_the_wall(console: Running, town: Town, desk: Desk) -> None:
    desk.become("session_secretary")
    looked_at(desk, "/console/processes/new/session/schedule_session", "new-session")
    year = 2027
    desk.fill(kind="leader_session", level="city", at=f"{year}-03-01T09:30", leader="session_leader", title="三月坐诊")
    desk.page.click("#act form button[type=submit]")
    desk.page.wait_for_url("**/console/processes/session/*?done=schedule_session")
    assert f"{year}-03-01 09:30" in desk.page.inner_text("main")
    process = desk.page.url.partition("/console/processes/")[2].partition("?")[0]
    assert state_of(console, process)["at"].startswith(f"{year}-03-01T01:30")


@pytest.mark.parametrize("lang", ["zh"])
def test_a_process_is_begun_without_script_and_rows_are_added(
    console: Running, town: Town, browser: Browser, desk_at: Callable[..., Desk], lang: str
) -> None:
    numbers = [town.case(f"第 {n} 盏路灯") for n in range(3)]
    desk = desk_at(console.url, lang, java_script_enabled=False)
    desk.token = console.token
    desk.become("agent")
    desk.open("/console/processes/new/consultation/open_consultation")
    desk.fill(question="三盏路灯由谁管护？")
    units = desk.page.locator("[name='candidates']")
    units.nth(0).fill("urban")
    units.nth(1).fill("street-lights")
    desk.fill(**{f"entries-{n}-holder": numbers[n] for n in range(2)})
    desk.page.click("[name='more:entries']")
    desk.fill(**{"entries-2-holder": numbers[2]})
    desk.page.press("[name='entries-2-holder']", "Enter")  # sends the form, and adds no row
    desk.page.wait_for_url("**/console/processes/consultation/*?done=open_consultation")
    process = desk.page.url.partition("/console/processes/")[2].partition("?")[0]
    assert [i["holder"] for i in state_of(console, process)["items"].values()] == [f"case/{n}" for n in numbers]


def test_a_case_shows_what_is_beside_it_and_the_rulings_that_fit(console: Running, town: Town, desk: Desk) -> None:
    no = town.cases["ring"]
    item = town.call("dispatcher", "GET", "/items")["items"][0]["code"]
    if state_of(console, f"case/{no}")["item"] is None:
        town.do("dispatcher", f"case/{no}", "correct", field="item", value=item, reason="补录事项")
    with console.database.write() as connection:
        connection.execute(table(RulingRow).update().values(catalogue_item=item))
    desk.become("dispatcher")
    looked_at(desk, f"/console/cases/{no}", "case-beside")
    panel = desk.page.locator("#h-beside + table")
    assert panel.locator(f"a[href='/console/processes/ring/{no}/middle/1']").count() == 1
    assert "i1" in panel.inner_text()
    assert desk.page.locator("#h-precedents + table tbody tr").count() >= 1
    looked_at(desk, "/console/rulings?unit=urban", "rulings")
    assert desk.page.locator("tbody tr").count() >= 1
    desk.become(f"liaison.{STREET}")
    looked_at(desk, f"/console/cases/{no}", "case-beside-unit")
    assert desk.page.locator("#h-beside + table a").count() == 1


def test_a_process_is_begun_from_the_page_of_a_case_with_what_is_known_of_it(
    console: Running, town: Town, desk: Desk
) -> None:
    no = town.cases["ring"]
    desk.become("supervisor")
    desk.open(f"/console/cases/{no}")
    desk.page.locator(".more summary").click()
    with desk.page.expect_navigation():
        desk.page.locator("a[href*='/new/supervision/issue_supervision?']").click()
    assert desk.page.input_value("[name='case']") == no
    assert STREET in desk.page.input_value("[name='unit']")
    assert desk.page.input_value("[name='matter']") == no
    desk.fill(level="supervise", trigger="leader_note", note="请限期办结。")
    desk.page.click("#act form button[type=submit]")
    desk.page.wait_for_url(lambda url: "done=issue_supervision" in url)
    assert f"supervision/{no}/supervise/" in desk.page.url
    desk.open(f"/console/cases/{no}")
    assert desk.page.locator("#h-beside + table tbody tr").count() >= 2
    desk.become("centre_head")
    process = desk.page.locator("a[href*='/processes/supervision/']").first.get_attribute("href")
    desk.open(f"{process}/acts/withdraw_supervision")  # so that the other language finds it free
    desk.fill(reason="已办结")
    desk.page.click("#act form button[type=submit]")
    desk.page.wait_for_url(lambda url: "done=withdraw_supervision" in url)


@pytest.mark.parametrize("width", [1440, 720])
def test_pages_fit_a_narrow_window_and_a_zoomed_one(
    console: Running, town: Town, desk_at: Callable[..., Desk], width: int
) -> None:
    desk = desk_at(console.url, viewport={"width": width, "height": 900})
    desk.token = console.token
    ring = town.processes["ring"]
    for user, path in (
        (CENTRE, "/console/boards/ring"),
        (CENTRE, f"/console/processes/{ring}"),
        (CENTRE, f"/console/processes/{ring}/acts/form_task_force"),
        ("session_leader", f"/console/processes/{town.processes['session']}/acts/give_opinion?subject=i1"),
        ("liaison.urban", "/console/"),
    ):
        desk.become(user)
        desk.open(path)
        wider = desk.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wider <= 0, path


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_form_of_every_kind_is_labelled(lang: str) -> None:
    bare: list[str] = []
    for kind in DECIDERS:
        for of in (*openings(kind).values(), *asked(kind).values()):
            fields = [f for f in flat(form_fields(of, None, Known(kind=kind), lang)) if f.kind != "fixed"]
            bare += [f"{kind}.{of.name}.{f.name}" for f in fields if not known(f"console.field.{f.home}")]
            words = [f"{kind}.{of.name}.{f.name}={o.label}" for f in fields for o in f.options if o.label == o.value]
            bare += words if lang == "zh" else []  # an English word may be its code
    assert bare == []
