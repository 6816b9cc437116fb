"""A whole life of a case through the API, and what each viewer sees of it on the way."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import update

from api.todos.routes import day_ends
from domain.export import Export, verify
from storage.models import AuditRow, CaseRow, TodoRow, table
from tests.api.kit import CALLER, REQUEST, Api
from tests.factories.city import rows


async def test_a_case_goes_from_a_callers_words_to_closing(api: Api) -> None:
    no = await api.in_callback()
    done = await api.do(
        "callback_officer", no, "record_callback", request=no, reached=True, solved="yes", satisfaction="satisfied"
    )
    assert done["stage"] == "closed"
    assert "closed" in done["events"]


async def test_an_inbox_shows_what_waits_and_only_to_whom_it_waits_for(api: Api) -> None:
    no = await api.dispatched()
    mine = (await api.get("liaison.water", "/todos")).json()["items"]
    assert [(t["case"], t["subject"], "sign" in t["commands"], t["title"]) for t in mine] == [
        (no, "a1", True, REQUEST["title"])
    ]
    assert (await api.get("liaison.parks", "/todos")).json()["items"] == []
    assert (await api.get("dispatcher", "/todos")).json()["items"] == []
    counted = (await api.get("liaison.water", "/todos/counts")).json()
    assert [(c["role"], c["total"], c["overdue"]) for c in counted["roles"]] == [("unit_liaison", 1, 0)]


async def test_inbox_pages_follow_one_another_without_gap(api: Api) -> None:
    numbers = [await api.take() for _ in range(5)]
    found: list[str] = []
    cursor = None
    while True:
        params = {"limit": 2} | ({"cursor": cursor} if cursor else {})
        page = (await api.get("agent", "/todos", **params)).json()
        found += [t["case"] for t in page["items"]]
        cursor = page["next"]
        if cursor is None:
            break
    assert found == numbers


async def test_case_lists_filter_and_page(api: Api) -> None:
    first = await api.dispatched(district="east")
    second = await api.take()
    page = (await api.get("dispatcher", "/cases", limit=1)).json()
    assert [c["no"] for c in page["items"]] == [second]
    assert [c["no"] for c in (await api.get("dispatcher", "/cases", cursor=page["next"])).json()["items"]] == [first]
    for params in (
        {"stage": "dispatched"},
        {"district": "east"},
        {"lead_unit": "water"},
        {"unit": "roads"},
        {"no": first},
    ):
        assert [c["no"] for c in (await api.get("dispatcher", "/cases", **params)).json()["items"]] == [first], params
    assert (await api.get("dispatcher", "/cases", overdue="true")).json()["items"] == []
    assert [c["no"] for c in (await api.get("liaison.roads", "/cases")).json()["items"]] == [first]
    assert [c["no"] for c in (await api.get("centre.east", "/cases")).json()["items"]] == [first]
    assert (await api.get("liaison.parks", "/cases")).json()["items"] == []


async def test_a_case_whose_next_step_is_late_looks_late_and_comes_first(api: Api) -> None:
    calm, late = await api.take(), await api.dispatched()
    todo = table(TodoRow)
    with api.database.write() as connection:
        for unit, minutes in (("roads", -1), ("water", 1)):
            whose = (todo.c.process == f"case/{late}") & (todo.c.unit == unit)
            due = datetime.now(UTC) + timedelta(minutes=minutes)
            connection.execute(update(todo).where(whose).values(due=due))
            if minutes < 0:  # what the commit that makes such a todo writes beside it
                row = table(CaseRow)
                connection.execute(update(row).where(row.c.no == late).values(first_due=due))
    newest = await api.take()

    async def listed(user: str, **params: Any) -> list[tuple[str, str]]:
        page = (await api.get(user, "/cases", **params)).json()["items"]
        return [(c["no"], c["colour"]) for c in page]

    assert (await listed("dispatcher", overdue="true")) == [(late, "red")]
    assert {no for no, _ in await listed("dispatcher", overdue="false")} == {calm, newest}
    assert [no for no, _ in await listed("dispatcher")] == [newest, late, calm]
    assert [no for no, _ in await listed("dispatcher", order="due")] == [late, calm, newest]
    assert await listed("liaison.roads") == [(late, "red")]
    assert await listed("liaison.water") == [(late, "yellow")]  # another unit's lateness is none of theirs
    assert await listed("liaison.water", overdue="true") == []
    line = (await api.get("dispatcher", "/cases", no=late)).json()["items"][0]
    assert line["next_rule"].startswith("haikou/auto_sign")
    assert line["next_due"] < line["due"]
    first = (await api.get("dispatcher", "/cases", order="due", limit=1)).json()
    rest = (await api.get("dispatcher", "/cases", order="due", cursor=first["next"])).json()
    assert [c["no"] for c in (*first["items"], *rest["items"])] == [late, calm, newest]


async def test_what_is_due_today_is_listed_as_it_is_counted(api: Api) -> None:
    cases = [await api.take() for _ in range(3)]
    now = datetime.now(UTC)
    dues = dict(
        zip(cases, (now - timedelta(minutes=1), day_ends(now), day_ends(now) + timedelta(seconds=1)), strict=True)
    )
    with api.database.write() as connection:
        for no, due in dues.items():
            whose = table(TodoRow).c.process == f"case/{no}"
            connection.execute(update(table(TodoRow)).where(whose).values(due=due, sort_at=due))
    counted = (await api.get("agent", "/todos/counts")).json()
    listed = {d: (await api.get("agent", "/todos", due=d)).json()["items"] for d in ("overdue", "today")}
    assert (counted["overdue"], counted["due_today"]) == (1, 1)
    assert {d: [t["case"] for t in found] for d, found in listed.items()} == {"overdue": cases[:1], "today": cases[1:2]}


async def test_the_case_page_shows_clocks_with_their_reasons_and_what_the_viewer_may_do(api: Api) -> None:
    no = await api.dispatched()
    response = await api.get("liaison.water", f"/cases/{no}")
    case = response.json()
    assert response.headers["etag"] == f'"{case["seq"]}"'
    assert case["title"] == REQUEST["title"]
    handle = next(c for c in case["clocks"] if c["key"] == "a1/handle")
    assert handle["due"]
    assert {"rule", "source", "limit", "start", "due"} <= {line["code"] for line in handle["lines"]}
    assert {o["id"]: o["mine"] for o in case["orders"]} == {"a1": True}
    actions = {a["command"]: a for a in case["actions"]}
    assert actions["sign"]["orders"] == ["a1"]
    assert "review_result" not in actions
    assert [t["mine"] for t in case["todos"]] == [True]
    helper = (await api.get("liaison.roads", f"/cases/{no}")).json()
    assert {o["id"]: o["mine"] for o in helper["orders"]} == {"a1": False, "a2": True}
    staff = (await api.get("dispatcher", f"/cases/{no}")).json()
    assert {t["role"] for t in staff["todos"]} == {"unit_liaison"}
    assert "reassign" in {a["command"] for a in staff["actions"]}


async def test_every_action_shown_is_one_that_the_door_lets_through(api: Api) -> None:
    no = await api.dispatched()
    for user in ("liaison.water", "dispatcher", "order_reviewer", "agent", "supervisor", "city_centre"):
        for action in (await api.get(user, f"/cases/{no}")).json()["actions"]:
            response = await api.give(user, no, action["command"], nonsense=1)
            assert response.json()["code"] == "invalid_input", (user, action)


async def test_a_timeline_has_words_for_those_who_may_read_them(api: Api) -> None:
    no = await api.dispatched()
    staff = (await api.get("dispatcher", f"/cases/{no}/events")).json()["items"]
    sent = [e for e in staff if e["type"] == "order_sent"]
    assert [e["texts"] for e in sent] == [{"note": "请尽快"}] * 2
    assert sent[0]["sentence"] == "派单 a1 → water（主办）"
    lead = (await api.get("liaison.water", f"/cases/{no}/events")).json()["items"]
    assert {e["order"] for e in lead} == {None, "a1"}
    helper = (await api.get("liaison.roads", f"/cases/{no}/events")).json()["items"]
    assert {e["order"]: bool(e["texts"]) for e in helper if e["type"] == "order_sent"} == {"a1": False, "a2": True}
    operator = (await api.get("operator", f"/cases/{no}/events")).json()["items"]
    assert not any(e["texts"] for e in operator)
    assert "请尽快" not in json.dumps([e["body"] for e in staff], ensure_ascii=False)


async def test_timeline_pages_follow_one_another(api: Api) -> None:
    no = await api.dispatched()
    whole = [e["seq"] for e in (await api.get("dispatcher", f"/cases/{no}/events")).json()["items"]]
    found: list[int] = []
    after: int | None = 0
    while after is not None:
        page = (await api.get("dispatcher", f"/cases/{no}/events", after=after, limit=3)).json()
        found += [e["seq"] for e in page["items"]]
        after = page["next"]
    assert found == whole == list(range(1, len(whole) + 1))


async def test_an_export_is_verified_offline(api: Api) -> None:
    no = await api.in_callback()
    response = await api.get("auditor", f"/cases/{no}/export")
    assert verify(Export.model_validate_json(response.content)) == []
    assert CALLER["phone"] not in response.text
    assert (await api.get("liaison.water", f"/cases/{no}/export")).status_code == 403
    ledger = (await api.get("liaison.water", f"/cases/{no}/ledger")).json()
    assert {"overall/1", "a1/handle"} <= {c["key"] for c in ledger["clocks"]}


async def test_a_case_without_ones_order_does_not_exist_for_a_unit(api: Api) -> None:
    no = await api.dispatched()
    for path in (f"/cases/{no}", f"/cases/{no}/events", f"/cases/{no}/ledger", f"/cases/{no}/export"):
        assert (await api.get("liaison.parks", path)).status_code == 404
    assert (await api.get("centre.west", f"/cases/{no}")).status_code == 404


async def test_every_reading_of_a_caller_is_recorded_with_who_what_and_why(api: Api) -> None:
    no = await api.dispatched()
    for user, fields in (
        ("agent", ["address", "name", "phone"]),
        ("liaison.water", ["name", "phone"]),
        ("city_centre", ["none"]),
    ):
        response = await api.get(user, f"/requests/{no}", why="回访核实")
        assert response.status_code == 200, response.text
        found = response.json()
        assert found["caller"]["phone"] == (None if fields == ["none"] else CALLER["phone"])
        assert found["caller"]["address"] == (CALLER["address"] if "address" in fields else None)
        last = [a for a in rows(api.database, AuditRow, action="read_caller") if a.user == user][-1]
        assert (last.subject, last.fields, last.why) == (f"request/{no}", fields, "回访核实")
    assert (await api.get("agent", f"/requests/{no}")).status_code == 422
    assert (await api.get("liaison.parks", f"/requests/{no}", why="好奇")).status_code == 404
    assert (await api.get("operator", f"/requests/{no}", why="好奇")).status_code == 404


async def test_a_confidential_caller_is_hidden_from_units_and_most_staff(api: Api) -> None:
    no = await api.dispatched(confidential=True)
    for user in ("liaison.water", "dispatcher"):
        found = (await api.get(user, f"/requests/{no}", why="办理")).json()
        assert found["caller"] == {"type": "person", "name": None, "phone": None, "address": None}
    assert (await api.get("agent", f"/requests/{no}", why="联系")).json()["caller"]["name"] == CALLER["name"]


async def test_incidents_and_audit_are_for_those_whose_work_they_are(api: Api) -> None:
    await api.dispatched()
    assert (await api.get("operator", "/incidents")).json() == {"items": [], "next": None}
    assert (await api.get("agent", "/incidents")).status_code == 403
    lines = (await api.get("auditor", "/audit", limit=1)).json()
    assert len(lines["items"]) == 1
    assert (await api.get("agent", "/audit")).status_code == 403


async def test_reference_data_is_complete_and_keeps_secrets(api: Api) -> None:
    units = await api.get("agent", "/units", level="city")
    assert [u["code"] for u in units.json()["items"]] == ["parks", "roads", "water"]
    assert "whsec" not in units.text
    assert [i["code"] for i in (await api.get("agent", "/items")).json()["items"]] == ["lamp"]
    force = next(p for p in (await api.get("agent", "/policies")).json()["items"] if p["in_force"])
    pack = (await api.get("agent", f"/policies/{force['id']}/{force['version']}")).json()
    assert pack["body"]["id"] == force["id"] == "haikou"
    calendar = (await api.get("agent", "/calendars/current")).json()
    assert (await api.get("agent", f"/calendars/{calendar['version']}")).json()["body"] == calendar["body"]
    assert (await api.get("agent", "/policies/haikou/0")).status_code == 404
