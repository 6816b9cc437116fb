"""What people do at their desks: a request typed in, a case taken on from hand to hand."""

from typing import Any

from tests.console.kit import OTHER_UNIT, UNIT, Desk

PICTURE = {"name": "after.png", "mimeType": "image/png", "buffer": b"\x89PNG\r\n\x1a\n a picture of a lamp that burns"}
WORDS = {
    "title": "楼下路灯不亮",
    "content": "小区门口的路灯已经三天不亮，晚上出入不便。\n请尽快维修。",
    "place": "和风路与听海街交叉口",
    "caller_name": "来电人",
    "caller_phone": "000-0000",
}


def register(desk: Desk, **words: str) -> str:
    """Type a request in and wait until its case has begun, which it does beside the answer; return its number."""
    no = hand_in(desk, **words)
    desk.page.wait_for_selector(".case-head")
    return no


def hand_in(desk: Desk, **words: str) -> str:
    """Type a request in; return its number, whether or not its case has begun."""
    desk.open("/console/requests/new")
    for name, value in {**WORDS, **words}.items():
        box = desk.page.locator(f"form.intake [name='{name}']")
        if box.first.get_attribute("type") == "radio":
            desk.page.check(f"form.intake [name='{name}'][value='{value}']")
        elif box.evaluate("e => e.tagName") == "SELECT":
            box.select_option(value)
        else:
            box.fill(value)
    desk.page.click("form.intake button.btn-primary")
    desk.page.wait_for_url("**/console/cases/*?done=register")
    return desk.page.url.rpartition("/")[2].partition("?")[0]


def dispatched(desk: Desk, unit: str = UNIT, **words: str) -> str:
    """A case whose order lies with a unit; the desk is the dispatcher's afterwards."""
    desk.become("agent")
    no = register(desk, **words)
    desk.act(no, "triage", triage="routine")
    desk.become("dispatcher")
    desk.act(no, "dispatch", lead=unit, note="请先联系诉求人")
    return no


def worked(desk: Desk, no: str, unit: str, order: str, **result: Any) -> None:
    """The unit signs, works and hands in; the reviewer accepts."""
    desk.become(f"liaison.{unit}")
    desk.act(no, "sign", order)
    desk.act(no, "contact", order, how="visit", note="已到现场查看。")
    desk.act(no, "begin_work", order)
    handed_in = {"code": "solved", "reply": "已更换灯泡，夜间照明恢复。", "documents": PICTURE} | result
    desk.act(no, "submit_result", order, **handed_in)
    desk.become("order_reviewer")
    desk.act(no, "review_result", order, accept="yes")


def returned(desk: Desk, no: str, order: str, unit: str = UNIT, owner: str = OTHER_UNIT) -> None:
    """The unit gives the order back, and two persons agree."""
    desk.become(f"liaison.{unit}")
    desk.act(
        no,
        "request_return",
        order,
        ground="not_our_duty",
        reason="该路灯由城市管理部门管护。",
        basis="路灯管护职责清单",
        proposed_owner=owner,
    )
    desk.become("order_reviewer")
    desk.act(no, "review_return", order, approve="yes", reason="情况属实")
    desk.become("shift_leader")
    desk.act(no, "review_return", order, approve="yes", reason="同意改派")


def called_back(desk: Desk, no: str, solved: str, satisfaction: str) -> None:
    """The callback officer reaches the caller."""
    desk.become("callback_officer")
    desk.act(no, "record_callback", no, reached="yes", solved=solved, satisfaction=satisfaction, note="已电话回访。")
