"""The operator's page: what is wrong, what it means, and a button that starts a process again from the journal."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import update

from api.engine import Failing
from api.standing import Standing
from storage.journal import park, unpark
from storage.models import AuditRow, EffectRow, ProcessRow, table
from tests.api.kit import FakeEngine
from tests.console.kit import Desk, Running
from tests.console.people import dispatched

LONG_AGO = timedelta(hours=3)
WORDS = {
    "zh": ("停驻的流程", "日志库领先的流程", "运行情况"),
    "en": ("Parked processes", "Journal ahead of the workflow", "Operations"),
}


def in_trouble(console: Running, behind: str, stopped: str) -> None:
    """One process owes something for hours and its workflow knows less; another is parked; a third one's tasks fail."""
    ago = datetime.now(UTC) - LONG_AGO
    effect, process = table(EffectRow), table(ProcessRow)
    with console.database.write() as connection:
        connection.execute(
            update(effect)
            .where(effect.c.process == f"case/{behind}", effect.c.kind == "order_message")
            .values(status="planned", planned_at=ago, done_at=None)
        )
        park(connection, f"case/{stopped}", "heads_differ", ago)
        seq = connection.execute(process.select().where(process.c.id == f"case/{behind}")).one().seq
    console.engine.standings[f"case/{behind}"] = Standing(running=True, seq=seq - 2, head="")
    console.engine.troubled = [Failing(f"case/{behind}", "WorkflowWorkerUnhandledFailure", ago)]


def well_again(console: Running, behind: str, stopped: str) -> None:
    """Nothing is wrong any more: others use this console after us."""
    effect = table(EffectRow)
    with console.database.write() as connection:
        connection.execute(update(effect).where(effect.c.process == f"case/{behind}").values(status="done"))
        unpark(connection, f"case/{stopped}", "operator", datetime.now(UTC))
    console.engine.standings.clear()
    console.engine.troubled = []


def test_an_operator_sees_what_is_wrong_and_starts_a_process_again(console: Running, desk: Desk) -> None:
    behind, stopped = dispatched(desk), dispatched(desk)
    in_trouble(console, behind, stopped)
    try:
        desk.become("operator")
        desk.open("/console/operations")
        headings = " ".join(desk.page.locator("h1, h2").all_inner_texts())
        for words in WORDS[desk.lang]:
            assert words in headings
        assert "console." not in desk.page.inner_text("body")
        assert "trouble." not in desk.page.inner_text("body")
        desk.shot("operations-in-trouble")
        assert desk.faults() == []
        wider = desk.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wider <= 0
        line = desk.page.locator("section[aria-labelledby=k-parked] tbody tr", has_text=stopped)
        with desk.page.expect_navigation():
            line.locator("form button").click()
        assert desk.page.locator("[role=status]").count() == 1
        assert desk.page.locator("section[aria-labelledby=k-parked]").count() == 0
        desk.shot("operations-restarted")
        assert console.engine.restarted[-1] == f"case/{stopped}"
        audit = table(AuditRow)
        actions = audit.select().where(audit.c.subject == f"case/{stopped}").order_by(audit.c.id)
        assert [r.action for r in console.rows(actions)][-2:] == ["restart", "restarted"]
    finally:
        well_again(console, behind, stopped)


def test_who_may_only_look_has_no_button(console: Running, desk: Desk) -> None:
    behind, stopped = dispatched(desk), dispatched(desk)
    in_trouble(console, behind, stopped)
    try:
        desk.become("auditor")
        desk.open("/console/operations")
        assert desk.page.locator("section").count() >= 3
        assert desk.page.locator("main form").count() == 0
    finally:
        well_again(console, behind, stopped)


def test_an_engine_that_is_away_is_said_and_pressing_notes_the_wish(
    console: Running, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    behind, stopped = dispatched(desk), dispatched(desk)
    in_trouble(console, behind, stopped)
    engine: FakeEngine = console.engine
    before = list(engine.restarted)
    try:
        monkeypatch.setattr(engine, "mood", "silent")
        desk.become("operator")
        desk.open("/console/operations")
        assert desk.page.locator("main [role=alert]").count() == 1
        with desk.page.expect_navigation():
            desk.page.locator("tbody tr", has_text=stopped).locator("form button").first.click()
        assert "done=waiting" in desk.page.url
        assert stopped in desk.page.inner_text("section[aria-labelledby=k-parked]"), "who looks again still finds it"
        desk.open("/console/incidents")
        with desk.page.expect_navigation():
            desk.page.locator("tbody tr", has_text=stopped).locator("form button").click()
        assert desk.page.url.endswith("/console/incidents?done=waiting")
        assert desk.page.locator("[role=status]").count() == 1
        assert desk.faults() == []
        desk.shot("operations-without-engine")
        assert engine.restarted == before
    finally:
        well_again(console, behind, stopped)
