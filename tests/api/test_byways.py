"""The byways by HTTP: the ledger of cases on account, who may do what next, who reads what was handed down."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from domain.calendar import local_day
from storage import city
from storage.accounts import put_account
from tests.api.kit import DISTRICT, STREET, Api, password_hash, problem

COMMUNITY, GRID = "east-1-c1", "east-1-c1-g1"


@pytest.fixture
def branch(api: Api) -> Api:
    """A community and a grid below the street, each with somebody who works there."""
    with api.database.write() as connection:
        for code, level, parent in ((COMMUNITY, "community", STREET), (GRID, "grid", COMMUNITY)):
            city.put_unit(
                connection,
                code=code,
                level=level,
                kind=level,
                parent=parent,
                district=DISTRICT,
                name_zh=code,
                name_en=code,
            )
            roles = ["grid_worker"] if level == "grid" else ["unit_liaison"]
            put_account(
                connection,
                user=f"at.{code}",
                password_hash=password_hash(),
                roles=roles,
                unit=code,
                name_zh=code,
                name_en=code,
            )
    return api


async def on_account(api: Api) -> str:
    no = await api.dispatched(district=DISTRICT)
    await api.do("liaison.water", no, "sign", order="a1")
    body = {
        "ground": "engineering",
        "plan": "明年春天改造",
        "review_on": (local_day(datetime.now(UTC)) + timedelta(days=20)).isoformat(),
    }
    await api.do("liaison.water", no, "request_on_account", order="a1", **body)
    for who in ("order_reviewer", "city_centre"):
        await api.do(who, no, "review_on_account", order="a1", approve=True, reason="同意")
    return no


async def seen(api: Api, user: str, path: str, **params: Any) -> dict[str, Any]:
    found = await api.get(user, path, **params)
    assert found.status_code == 200, found.text
    body: dict[str, Any] = found.json()
    return body


async def test_a_case_on_account_is_marked_in_lists_and_shows_its_plan_and_day(api: Api) -> None:
    no, other = await on_account(api), await api.dispatched()
    listed = await seen(api, "dispatcher", "/cases", on_account="true")
    assert [(c["no"], c["on_account"], c["stage"]) for c in listed["items"]] == [(no, True, "in_progress")]
    assert [c["no"] for c in (await seen(api, "dispatcher", "/cases", on_account="false"))["items"]] == [other]
    account = (await seen(api, "liaison.water", f"/cases/{no}"))["account"]
    assert (account["order"], account["ground"], account["striking"], account["overdue"]) == (
        "a1",
        "engineering",
        False,
        False,
    )
    assert (await seen(api, "liaison.roads", f"/cases/{no}"))["account"] is not None, "the lead's order is shown to all"
    events = (await seen(api, "liaison.water", f"/cases/{no}/events", limit=200))["items"]
    asked = next(e for e in events if e["type"] == "on_account_requested")
    assert asked["texts"] == {"plan": "明年春天改造"}


async def test_the_ledger_says_who_stood_on_account_at_any_instant(api: Api) -> None:
    before = datetime.now(UTC)
    no = await on_account(api)
    standing = datetime.now(UTC)
    await api.do("order_reviewer", no, "recheck_on_account", order="a1", keep=False, reason="条件具备")
    again = await on_account(api)
    for at, cases in ((before, []), (standing, [no]), (datetime.now(UTC), [again])):
        found = await seen(api, "supervisor", "/on-account", at=at.isoformat())
        assert [c["no"] for c in found["items"]] == cases
        assert found["total"] == len(cases)
    ended = (await seen(api, "supervisor", "/on-account", at=standing.isoformat()))["items"][0]
    assert (ended["unit"], ended["how"], ended["review_at"]) == ("water", "ended", None)


async def test_each_sees_the_ledger_within_his_reach(api: Api) -> None:
    no = await on_account(api)
    reach = {
        "liaison.water": [no],
        "liaison.roads": [],
        f"centre.{DISTRICT}": [no],
        "centre.west": [],
        "city_centre": [no],
        "catalogue_keeper": [no],
    }
    for user, cases in reach.items():
        found = await seen(api, user, "/on-account")
        assert [c["no"] for c in found["items"]] == cases, user
        assert found["total"] == len(cases)
    assert (await seen(api, "supervisor", "/on-account", unit="roads"))["total"] == 0


async def test_the_ledger_comes_in_pages(api: Api) -> None:
    cases = [await on_account(api) for _ in range(3)]
    first = await seen(api, "supervisor", "/on-account", limit=2)
    second = await seen(api, "supervisor", "/on-account", limit=2, cursor=first["next"])
    assert [c["no"] for c in (*first["items"], *second["items"])] == cases
    assert (first["total"], second["next"]) == (3, None)
    problem(await api.get("supervisor", "/on-account", at="yesterday"), 422, "invalid_input")


async def test_a_wrong_dispatch_is_undone_by_http(api: Api) -> None:
    no = await api.dispatched()
    offered = {a["command"] for a in (await seen(api, "dispatcher", f"/cases/{no}"))["actions"]}
    assert "undo_dispatch" in offered
    done = await api.do("dispatcher", no, "undo_dispatch", reason="选错单位")
    assert done["stage"] == "triaged"
    assert (await seen(api, "dispatcher", f"/cases/{no}"))["header"]["undone"] == 1


async def test_what_is_over_offers_its_reopening_and_nothing_else(api: Api) -> None:
    no = await api.take()
    await api.do("agent", no, "answer", reply="已答复")
    over = await seen(api, "agent", f"/cases/{no}")
    assert over["closed"]
    assert [a["command"] for a in over["actions"]] == ["request_reopening"]
    await api.do("agent", no, "request_reopening", request=no, facts="又漏水了")
    [todo] = (await seen(api, "shift_leader", "/todos"))["items"]
    assert (todo["key"], todo["commands"]) == ("reopening", ["review_reopening"])
    await api.do("shift_leader", no, "review_reopening", approve=True, reason="情况属实")
    again = await seen(api, "agent", f"/cases/{no}")
    assert (again["stage"], again["closed"], again["header"]["reopened"]) == ("screening", False, 1)


async def test_the_unit_above_reads_the_report_and_may_take_it_and_nobody_else(branch: Api) -> None:
    api = branch
    no = await api.take(district=DISTRICT, street=STREET)
    await api.do("agent", no, "triage", triage="routine")
    await api.do("dispatcher", no, "dispatch", lead=STREET, co=["roads"])
    await api.do(f"liaison.{STREET}", no, "hand_down", order="a1", unit=COMMUNITY, note="请核实")
    await api.do(f"at.{COMMUNITY}", no, "submit_result", order="a3", code="explained", reply="已向来电人说明")
    file = await seen(api, f"liaison.{STREET}", f"/cases/{no}")
    assert [o["id"] for o in file["orders"]] == ["a1", "a3"]
    assert next(o for o in file["orders"] if o["id"] == "a3")["above"] == "a1"
    assert {a["command"]: a["orders"] for a in file["actions"]}["review_report"] == ["a3"]
    events = (await seen(api, f"liaison.{STREET}", f"/cases/{no}/events", limit=200))["items"]
    assert next(e for e in events if e["type"] == "result_submitted")["texts"] == {"reply": "已向来电人说明"}
    assert [o["id"] for o in (await seen(api, "liaison.roads", f"/cases/{no}"))["orders"]] == ["a1", "a2"]
    below = await seen(api, f"at.{COMMUNITY}", f"/cases/{no}")
    assert [o["id"] for o in below["orders"]] == ["a1", "a3"]
    assert "review_report" not in {a["command"] for a in below["actions"]}
    refused = await api.give(f"at.{COMMUNITY}", no, "review_report", order="a3", accept=True)
    problem(refused, 403, "not_permitted")
    await api.do(f"liaison.{STREET}", no, "review_report", order="a3", accept=True)


async def test_a_grid_worker_finds_his_order_calls_the_caller_and_closes_on_the_spot(branch: Api) -> None:
    api = branch
    no = await api.take(district=DISTRICT, street=STREET)
    await api.do("agent", no, "triage", triage="routine")
    await api.do("dispatcher", no, "dispatch", lead=STREET)
    await api.do(f"liaison.{STREET}", no, "hand_down", order="a1", unit=GRID)
    [todo] = (await seen(api, f"at.{GRID}", "/todos"))["items"]
    assert todo["commands"] == ["sign", "contact", "close_on_spot", "give_back"]
    assert (await seen(api, f"at.{GRID}", "/cases"))["items"][0]["no"] == no
    caller = await seen(api, f"at.{GRID}", f"/requests/{no}", why="先行联系")
    assert caller["caller"]["phone"] == "13900000001"
    problem(await api.give(f"at.{GRID}", no, "close_on_spot", order="a2", reply="已清理"), 409, "proof_missing")
    photo = await api.photo(no, f"at.{GRID}")
    await api.do(f"at.{GRID}", no, "close_on_spot", order="a2", reply="已清理", documents=[photo])
    await api.do("order_reviewer", no, "review_result", order="a1", accept=True)
    done = await seen(api, "dispatcher", f"/cases/{no}")
    assert (done["stage"], done["header"]["on_spot"]) == ("callback", 1)


async def test_nobody_hands_down_to_a_unit_beside_him(branch: Api) -> None:
    no = await branch.dispatched()
    refused = await branch.give("liaison.water", no, "hand_down", order="a1", unit="roads")
    problem(refused, 409, "not_below")
