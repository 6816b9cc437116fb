"""Giving decisions: refusals in place, answers that are late, double clicks, hostile words, no script, only the keyboard."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import func, select

from activities.signatures import CommitRequest
from domain.kernel import GENESIS
from domain.process import Actor, Envelope
from storage.models import AuditRow, CommandRow, DocumentRow, RequestRow, table
from tests.console.kit import UNIT, Desk, Running
from tests.console.people import PICTURE, dispatched, hand_in, register

COMMAND, AUDIT, REQUEST, DOCUMENT = table(CommandRow), table(AuditRow), table(RequestRow), table(DocumentRow)
HOSTILE = """<script>document.title='owned'</script><img src=x onerror=alert(1)>"'&{{7*7}}{% raw %}</textarea>"""


def count(console: Running, no: str, name: str) -> int:
    statement = select(func.count()).where(COMMAND.c.process == f"case/{no}", COMMAND.c.name == name)
    return int(console.rows(statement)[0][0])


def opened(desk: Desk, no: str, command: str, subject: str | None = None) -> None:
    """Open a form inside the case's page."""
    desk.open(f"/console/cases/{no}")
    end = f"/acts/{command}" + (f"?subject={subject}" if subject else "")
    desk.page.locator(f".acts a[href$='{end}']").first.click()
    desk.page.wait_for_selector("#act form")


def send(desk: Desk) -> None:
    desk.page.click("#act form button[type=submit]")


def test_a_refusal_is_said_in_the_form_and_nothing_written_is_lost(console: Running, desk: Desk) -> None:
    no = dispatched(desk)
    desk.become(f"liaison.{UNIT}")
    opened(desk, no, "request_return", "a1")
    desk.fill(ground="other_owner", reason="理由", basis="依据", proposed_owner="不存在的单位")
    send(desk)
    desk.page.wait_for_selector("#act [role=alert]")
    assert desk.page.input_value("#f-reason") == "理由"
    assert desk.page.url.endswith(f"/console/cases/{no}?lang={desk.lang}")
    assert desk.faults() == []
    desk.fill(proposed_owner="urban")
    send(desk)  # a fresh key: the same form may be sent again
    desk.page.wait_for_url(f"**/console/cases/{no}?done=request_return")


def test_what_is_wrong_stands_at_its_field(console: Running, desk: Desk) -> None:
    no = dispatched(desk)
    desk.become(f"liaison.{UNIT}")
    desk.act(no, "sign", "a1")
    opened(desk, no, "request_extension", "a1")
    desk.page.evaluate("document.querySelector('#act form').noValidate = true")
    desk.fill(days="0", reason="施工")
    send(desk)
    desk.page.wait_for_selector("#act .wrong")
    wrong = desk.page.locator("#act .wrong [name]").evaluate_all("es => [...new Set(es.map(e => e.name))]")
    assert wrong == ["days", "ground", "caller_told"]
    assert desk.page.get_attribute("#f-days", "aria-invalid") == "true"
    assert desk.faults() == []


def test_a_stale_button_is_refused_with_the_reason(console: Running, desk: Desk) -> None:
    no = dispatched(desk)
    desk.become(f"liaison.{UNIT}")
    desk.open(f"/console/cases/{no}/acts/sign?subject=a1")
    desk.act(no, "sign", "a1")
    desk.open(f"/console/cases/{no}/acts/sign?subject=a1")
    send(desk)
    desk.page.wait_for_selector("#act [role=alert]")
    assert "a1" in desk.page.inner_text("#act [role=alert]")


def test_an_engine_that_is_silent_costs_time_never_the_decision(console: Running, desk: Desk) -> None:
    no = dispatched(desk)
    desk.become(f"liaison.{UNIT}")
    opened(desk, no, "sign", "a1")
    console.engine.mood = "silent"
    try:
        send(desk)
        desk.page.wait_for_selector(".pending")
        assert desk.faults() == []
        desk.shot("pending")
    finally:
        console.engine.mood = "working"
    row = console.rows(select(COMMAND).where(COMMAND.c.process == f"case/{no}", COMMAND.c.name == "sign"))[0]
    assert row.outcome == "received"
    deliver(console, row)
    desk.page.wait_for_url(f"**/console/cases/{no}?done=sign")


def deliver(console: Running, row: Any) -> None:
    """What the worker's relay does with a decision that lies in the outbox."""
    actor = Actor(user=row.user, role=row.role, unit=row.unit, district=row.district)
    envelope = Envelope(
        id=row.id, process=row.process, name=row.name, body=row.body, actor=actor, received_at=row.received_at
    )
    request = CommitRequest(process=row.process, seq=0, head=GENESIS, now=datetime.now(UTC), envelope=envelope)
    assert console.engine.journal.commit(request).outcome == "recorded"


def test_a_double_click_decides_once(console: Running, desk: Desk) -> None:
    no = dispatched(desk)
    desk.become(f"liaison.{UNIT}")
    opened(desk, no, "sign", "a1")
    desk.page.dblclick("#act form button[type=submit]")
    desk.page.wait_for_url(f"**/console/cases/{no}?done=sign")
    assert count(console, no, "sign") == 1


def test_hostile_words_stay_words(console: Running, desk: Desk) -> None:
    desk.become("agent")
    no = register(desk, title=HOSTILE[:300], content=HOSTILE, caller_name=HOSTILE[:120], place=HOSTILE[:300])
    desk.act(no, "triage", triage="routine", reason=HOSTILE)
    for path in (f"/console/cases/{no}", "/console/", f"/console/cases/{no}/acts/correct", "/console/cases"):
        desk.open(path)
        assert "owned" not in desk.page.title()
        assert desk.page.locator("main img, main script").count() == 0
    desk.open(f"/console/cases/{no}")
    assert HOSTILE in desk.page.inner_text("main")
    desk.open("/console/requests/new")
    desk.page.evaluate("document.querySelector('form.intake').noValidate = true")
    desk.page.fill("#i-content", HOSTILE)
    desk.page.click("form.intake button.btn-primary")
    desk.page.wait_for_selector("[role=alert]")
    assert desk.page.input_value("#i-content") == HOSTILE
    assert desk.page.locator("main img, main script").count() == 0


@pytest.mark.parametrize("words", ["\u202ereversed", "bell\x07", "\u2028"])
def test_characters_that_deceive_are_refused_at_their_field(console: Running, desk: Desk, words: str) -> None:
    desk.become("agent")
    before = console.rows(select(func.count()).select_from(REQUEST))[0][0]
    desk.open("/console/requests/new")
    desk.page.fill("#i-title", "标题")
    desk.page.fill("#i-content", f"内容{words}")
    desk.page.click("form.intake button.btn-primary")
    desk.page.wait_for_selector("#i-content-wrong")
    assert console.rows(select(func.count()).select_from(REQUEST))[0][0] == before


def test_a_file_that_is_no_picture_is_refused_and_none_is_kept(console: Running, desk: Desk) -> None:
    no = dispatched(desk)
    desk.become(f"liaison.{UNIT}")
    desk.act(no, "sign", "a1")
    opened(desk, no, "submit_result", "a1")
    fake = {"name": "after.png", "mimeType": "image/png", "buffer": b"MZ no picture"}
    desk.fill(code="solved", reply="已修复", documents=fake)
    send(desk)
    desk.page.wait_for_selector("#act [role=alert]")
    assert desk.page.input_value("#f-reply") == "已修复"
    assert console.rows(select(func.count()).where(DOCUMENT.c.process == f"case/{no}"))[0][0] == 0
    desk.fill(documents=PICTURE)
    send(desk)
    desk.page.wait_for_url(f"**/console/cases/{no}?done=submit_result")
    assert console.rows(select(func.count()).where(DOCUMENT.c.process == f"case/{no}"))[0][0] == 1


def test_everything_works_without_script(console: Running, desk_at: Callable[..., Desk], lang: str) -> None:
    desk = desk_at(console.url, lang, java_script_enabled=False)
    desk.token = console.token
    desk.become("agent")
    no = hand_in(desk)
    while desk.page.locator(".pending").count():
        desk.page.click(".pending a")  # nothing leads on by itself
    for user, command, subject, values in (
        ("agent", "triage", None, {"triage": "routine"}),
        ("dispatcher", "dispatch", None, {"lead": UNIT}),
        (f"liaison.{UNIT}", "sign", "a1", {}),
        (f"liaison.{UNIT}", "report_progress", "a1", {"note": "正在查看。"}),
    ):
        desk.become(user)
        desk.act(no, command, subject, **values)
    desk.become("agent")
    desk.open(f"/console/cases/{no}")
    desk.page.click(".caller-line summary")
    desk.page.fill("#why-1", "核对电话")
    desk.page.click(".caller-line button")
    assert "000-0000" in desk.page.inner_text("main")


def test_a_caller_is_seen_with_a_reason_only_and_on_record(console: Running, desk: Desk) -> None:
    desk.become("agent")
    no = register(desk)
    assert "000-0000" not in desk.page.content()
    desk.page.click(".caller-line summary")
    desk.page.fill("#why-1", "回访核对")
    desk.page.click(".caller-line button")
    desk.page.wait_for_selector("#caller-1 .facts")
    assert "000-0000" in desk.page.inner_text("#caller-1")
    assert desk.faults() == []
    found = console.rows(select(AUDIT).where(AUDIT.c.subject == f"request/{no}", AUDIT.c.action == "read_caller"))
    assert [(r.user, r.why, r.fields) for r in found] == [("agent", "回访核对", ["address", "name", "phone"])]
    desk.become("supervisor")
    desk.open(f"/console/cases/{no}")
    assert desk.page.locator(".caller-line summary").count() == 0


def test_the_inbox_fetches_itself_and_keeps_the_focus(console: Running, desk: Desk) -> None:
    desk.become("agent")
    no = register(desk)
    desk.open(f"/console/?number={no}")
    desk.page.focus(f"[id='act-{no}-screen-answer']")
    desk.page.evaluate("document.querySelector('.due-cell').dataset.old = 'yes'")
    with desk.page.expect_response("**/console/inbox/rows*"):
        desk.page.evaluate("htmx.ajax('GET', document.querySelector('#todos').getAttribute('hx-get'), '#todos')")
    desk.page.wait_for_selector(".due-cell:not([data-old])")
    assert desk.page.evaluate("document.activeElement.id") == f"act-{no}-screen-answer"


def test_a_decision_by_keyboard_only(console: Running, desk: Desk) -> None:
    desk.become("agent")
    no = register(desk)
    desk.open(f"/console/cases/{no}")
    desk.page.locator(f".acts a[href$='/cases/{no}/acts/answer']").focus()
    desk.page.keyboard.press("Enter")
    desk.page.wait_for_selector("#f-reply:focus")
    desk.page.keyboard.type("路灯由物业维修，已告知联系方式。")
    desk.page.keyboard.press("Tab")
    desk.page.keyboard.press("Enter")
    desk.page.wait_for_url(f"**/console/cases/{no}?done=answer")
    assert console.stage(no) == "answered"


def test_the_same_words_are_shown_with_a_hint_to_merge(console: Running, desk: Desk) -> None:
    desk.become("agent")
    first = register(desk, title=f"同一件事 {desk.lang}")
    second = register(desk, title=f"同一件事 {desk.lang}")
    desk.open(f"/console/cases/{second}")
    assert first in desk.page.inner_text(".hint-line")
    opened(desk, second, "merge")
    assert desk.page.input_value("#f-into") == first


def test_a_request_taken_while_the_engine_is_away_has_its_number_and_becomes_a_case(
    console: Running, desk: Desk
) -> None:
    desk.become("agent")
    console.engine.mood = "silent"
    try:
        no = hand_in(desk)
    finally:
        console.engine.mood = "working"
    desk.page.wait_for_selector(".pending")
    assert no in desk.page.inner_text("h1")
    assert desk.faults() == []
    request = CommitRequest(process=f"case/{no}", seq=0, head=GENESIS, now=datetime.now(UTC), envelope=None)
    console.engine.journal.commit(request)  # what the relay starts
    desk.page.wait_for_selector(".case-head")
    assert desk.page.url.endswith(f"/{no}?done=register")
