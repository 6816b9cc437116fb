"""One request typed in by hand, taken to the archive by people who only look at pages."""

from sqlalchemy import select

from storage.models import OrderRow, table
from tests.console.kit import OTHER_UNIT, UNIT, Desk, Running
from tests.console.people import called_back, dispatched, returned, worked

ORDER = table(OrderRow)


def archived(console: Running, desk: Desk, no: str) -> None:
    """The case is closed, and in time archived; its page still tells everything."""
    assert console.stage(no) == "closed"
    console.pass_time(no)
    assert console.stage(no) == "archived"
    desk.open(f"/console/cases/{no}")
    assert desk.faults() == []
    desk.shot(f"archived-{no}")
    assert desk.page.locator(".todo-list").count() == 0
    told = desk.page.inner_text(".timeline")
    assert ("满意度：满意" if desk.lang == "zh" else "Satisfaction: Satisfied") in told


def test_straight_to_the_archive(console: Running, desk: Desk) -> None:
    no = dispatched(desk)
    worked(desk, no, UNIT, "a1")
    called_back(desk, no, "yes", "satisfied")
    archived(console, desk, no)


def test_with_a_return_and_a_redo(console: Running, desk: Desk) -> None:
    no = dispatched(desk)
    desk.become(f"liaison.{UNIT}")
    desk.act(no, "sign", "a1")
    returned(desk, no, "a1")
    assert console.stage(no) == "triaged"
    desk.become("dispatcher")
    desk.act(no, "dispatch")  # the proposed owner stands in the form
    worked(desk, no, OTHER_UNIT, "a2")
    called_back(desk, no, "no", "unsatisfied")
    assert console.stage(no) == "dispatched"
    desk.open(f"/console/cases/{no}")
    told = desk.page.inner_text(".caller-line")
    assert ("上次回访" if desk.lang == "zh" else "Last callback") in told
    assert ("不满意" if desk.lang == "zh" else "Not satisfied") in told
    assert ("尚未回访" if desk.lang == "zh" else "Not called back yet") not in told
    for entry in desk.page.locator(".timeline .what").all():
        quoted = entry.locator("blockquote").all_inner_texts()
        assert len(quoted) == len(set(quoted)), quoted
    units = [r.unit for r in console.rows(select(ORDER).where(ORDER.c.case_no == no, ORDER.c.cycle == 2))]
    assert units == [OTHER_UNIT]
    worked(desk, no, OTHER_UNIT, "a3", reply="已整体更换灯具。")
    called_back(desk, no, "yes", "satisfied")
    archived(console, desk, no)
