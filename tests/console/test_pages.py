"""Every page, in both languages: accessible, without errors, without other hosts; seen on a screenshot."""

import re
from collections.abc import Callable
from datetime import UTC, datetime

import httpx
import pytest
from sqlalchemy import insert, update

from storage.models import AuditRow, CaseRow, IncidentRow, ProcessRow, TodoRow, table
from storage.unit_of_work import StorageUnavailable
from tests.console.kit import UNIT, Desk, Running, looked_at
from tests.console.people import dispatched, register, worked

PAGES = ("/console/sign-in",)
SIGNED_IN = {
    "agent": (
        "/console/",
        "/console/requests/new",
        "/console/cases",
        "/console/cases?stage=closed&overdue=yes&on_account=yes",
    ),
    "operator": ("/console/incidents", "/console/incidents?status=all", "/console/operations"),
    f"liaison.{UNIT}": ("/console/", "/console/cases"),
}
ACTS = ("triage", "answer", "divert", "guide", "decline", "merge", "correct", "caller_withdrew")
ORDER_ACTS = (
    "sign", "contact", "begin_work", "report_progress", "submit_result", "request_return", "request_extension", "request_pause",
    "resume", "request_termination", "request_on_account", "request_strike_off", "hand_down", "review_report", "recall_order",
    "give_back", "close_on_spot",
)  # fmt: skip


@pytest.mark.parametrize(
    ("user", "path"), [(u, p) for u, paths in SIGNED_IN.items() for p in paths] + [(None, p) for p in PAGES]
)
def test_page(console: Running, desk: Desk, user: str | None, path: str) -> None:
    if user:
        desk.become(user)
    looked_at(desk, path, f"{user or 'stranger'}{path.replace('/', '-').replace('?', '-')}")


def test_forms_of_screening(console: Running, desk: Desk) -> None:
    desk.become("agent")
    no = register(desk)
    for act in ACTS:
        looked_at(desk, f"/console/cases/{no}/acts/{act}", f"act-{act}")
    looked_at(desk, f"/console/cases/{no}", "case-screening")


def test_forms_of_a_unit(console: Running, desk: Desk) -> None:
    no = dispatched(desk)
    desk.become(f"liaison.{UNIT}")
    for act in ORDER_ACTS:
        looked_at(desk, f"/console/cases/{no}/acts/{act}?subject=a1", f"act-{act}")
    looked_at(desk, f"/console/cases/{no}", "case-unit")


def test_the_rest_of_the_forms(console: Running, desk: Desk) -> None:
    no = dispatched(desk)
    desk.become("dispatcher")
    looked_at(desk, f"/console/cases/{no}", "case-dispatcher")
    for act in (
        "dispatch",
        "add_assignment",
        "reassign",
        "withdraw_order",
        "designate",
        "review_result",
        "record_callback",
        "review_pause",
    ):
        looked_at(desk, f"/console/cases/{no}/acts/{act}", f"act-{act}")


def test_a_case_with_everything_opened(console: Running, desk: Desk) -> None:
    no = dispatched(desk)
    worked(desk, no, UNIT, "a1")
    desk.become("callback_officer")
    desk.open(f"/console/cases/{no}")
    desk.page.evaluate("document.querySelectorAll('details').forEach(d => { d.open = true })")
    desk.shot("case-opened")
    assert desk.faults() == []
    desk.page.emulate_media(media="print")
    desk.shot("case-printed")
    assert not desk.page.locator(".bar").is_visible()


def test_the_ledger_is_a_page_that_explains_every_limit(console: Running, desk: Desk) -> None:
    no = dispatched(desk)
    worked(desk, no, UNIT, "a1")
    desk.become("callback_officer")
    desk.open(f"/console/cases/{no}")
    with desk.page.expect_navigation():
        desk.page.click(f"a[href='/console/cases/{no}/ledger']")
    told = desk.page.inner_text("main")
    words = ("本系统默认", "已提交，等待审核", "计入") if desk.lang == "zh" else ("our default", "handed in", "Due:")
    assert [w for w in words[:2] if w not in told] == []
    assert "domain.md" not in told
    assert "submitted" not in told
    looked_at(desk, f"/console/cases/{no}/ledger", "ledger")
    stamps = desk.page.locator(".ledger-due").all_inner_texts()
    assert all(re.search(r"\d\d:\d\d:\d\d$", s) for s in stamps if re.search(r"\d", s))  # this pack counts seconds
    handled = desk.page.locator("details table").first
    assert not handled.is_visible()
    desk.page.emulate_media(media="print")
    assert handled.is_visible()
    desk.shot("ledger-printed")


def test_what_is_folded_is_printed(console: Running, desk: Desk) -> None:
    no = dispatched(desk)
    desk.open(f"/console/cases/{no}")
    folded = desk.page.locator(".timeline details ul").first
    asking = desk.page.locator(".caller-line form").first
    assert not folded.is_visible()
    desk.page.emulate_media(media="print")
    assert folded.is_visible()
    assert not asking.is_visible()
    desk.page.evaluate("window.dispatchEvent(new Event('beforeprint'))")  # for browsers that know no ::details-content
    assert desk.page.locator("details:not(.no-print):not([open])").count() == 0
    desk.page.evaluate("window.dispatchEvent(new Event('afterprint'))")
    assert desk.page.locator(".timeline details[open]").count() == 0


def test_a_case_whose_step_is_late_is_red_in_the_list_and_first_by_urgency(console: Running, desk: Desk) -> None:
    no = dispatched(desk)
    todo, row, due = table(TodoRow), table(CaseRow), datetime(2020, 1, 1, tzinfo=UTC)
    with console.database.write() as connection:
        connection.execute(update(todo).where(todo.c.process == f"case/{no}").values(due=due))
        connection.execute(
            update(row).where(row.c.no == no).values(first_due=due)
        )  # the commit that makes it writes both
    looked_at(desk, "/console/cases?order=due", "cases-by-urgency")
    rows = desk.page.locator("tbody tr")
    mine = rows.filter(has_text=no)
    assert mine.get_attribute("class") == "due-red"
    assert no in " ".join(rows.all_inner_texts()[:4])  # other tests may have left late ones too
    desk.open(f"/console/cases?overdue=yes&number={no}")
    assert desk.page.locator("tbody tr").count() == 1


@pytest.mark.parametrize("width", [1440, 720])
def test_pages_fit_a_narrow_window_and_a_zoomed_one(console: Running, desk_at: Callable[..., Desk], width: int) -> None:
    desk = desk_at(console.url, viewport={"width": width, "height": 900})
    desk.token = console.token
    no = dispatched(desk)
    for path in ("/console/", "/console/cases", f"/console/cases/{no}", f"/console/cases/{no}/acts/dispatch"):
        desk.open(path)
        wider = desk.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wider <= 0, path


@pytest.mark.parametrize(
    ("user", "path", "status"),
    [
        ("agent", "/console/nowhere", 404),
        ("agent", "/console/cases/20200101-000001", 404),
        ("agent", "/console/incidents", 403),
        ("agent", "/console/operations", 403),
        ("dispatcher", "/console/requests/new", 403),
        ("agent", "/console/cases?cursor=x", 422),
    ],
)
def test_errors_are_pages_in_words(console: Running, desk: Desk, user: str, path: str, status: int) -> None:
    desk.become(user)
    looked_at(desk, path, f"error-{status}{path.replace('/', '-').partition('?')[0]}", status)
    assert desk.page.locator("[role=alert]").count() == 1


def test_headers_allow_no_script_of_a_page_and_no_other_host(console: Running) -> None:
    answer = httpx.get(f"{console.url}/console/sign-in")
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "http" not in policy
    assert answer.headers["x-frame-options"] == "DENY"
    assert "<script>" not in answer.text
    assert " style=" not in answer.text


def test_incidents_have_their_buttons_and_a_parked_case_goes_on(console: Running, desk: Desk) -> None:
    no = dispatched(desk)
    process, incident = table(ProcessRow), table(IncidentRow)
    row = {
        "process": f"case/{no}",
        "attempt": 3,
        "status": "open",
        "opened_at": datetime.now(UTC),
        "code": "unit_unreachable",
    }
    with console.database.write() as connection:
        connection.execute(
            insert(incident).values(
                id=f"i-{no}", effect=f"case/{no}/9/0", kind="order_sent", target=f"unit/{UNIT}", **row
            )
        )
        row["code"] = "heads_differ"
        connection.execute(insert(incident).values(id=f"p-{no}", effect=None, kind="parked", target="-", **row))
        connection.execute(update(process).where(process.c.id == f"case/{no}").values(parked="heads_differ"))
    desk.become("operator")
    looked_at(desk, "/console/incidents", "incidents")
    line = desk.page.locator("tbody tr", has_text=no)
    assert line.locator("a.btn").count() == 3
    shown = line.first.inner_text()
    assert ("派单" if desk.lang == "zh" else "Order") in shown
    assert f"unit/{UNIT}" not in shown
    assert f"case/{no}/9/0" not in shown
    line.first.locator("summary").click()
    assert f"case/{no}/9/0" in line.first.inner_text()
    looked_at(desk, f"/console/cases/{no}/acts/waive_effect?subject=case/{no}/9/0", "act-waive_effect")
    desk.open("/console/incidents")
    with desk.page.expect_navigation():
        line.locator("form button").click()
    assert console.engine.restarted[-1] == f"case/{no}"
    audit = table(AuditRow)
    assert console.rows(audit.select().where(audit.c.action == "restart", audit.c.subject == f"case/{no}"))
    with console.database.write() as connection:
        connection.execute(incident.delete().where(incident.c.process == f"case/{no}"))


def test_a_database_that_is_away_is_said_in_words(
    console: Running, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.become("agent")
    desk.open("/console/")

    def away() -> None:
        raise StorageUnavailable

    monkeypatch.setattr(console.database, "read", away)
    looked_at(desk, "/console/cases", "error-503", 503)
