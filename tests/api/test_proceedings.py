"""Processes beside the case through the API: begun, read as disclosed, listed, decided on."""

import json
import re
from typing import Any

from sqlalchemy import select

from api.proceedings.opening import UNDER, number_of
from domain.export import Export, verify
from storage.models import CommandRow, table
from tests.api.beside import act, begun, consulting
from tests.api.kit import V1, Api, key, problem
from tests.domain.clock_helpers import sh

MINE = {"opinion": "mine", "basis": "职责清单第三条"}


# ----------------------------------------------------------------------------------------------------------------- opening


async def test_a_person_begins_a_process_under_a_number_of_his_own(api: Api) -> None:
    process, no = await consulting(api)
    assert re.fullmatch(r"consultation/\d{8}-[A-Z2-7]{6}", process)
    found = (await api.get("agent", f"/proceedings/{process}")).json()
    assert (found["kind"], found["stage"], found["closed"]) == ("consultation", "voting", False)
    assert found["header"]["by"] == "agent"
    assert [(i["holder"], i["case_no"], i["state"]) for i in found["items"]] == [(f"case/{no}", no, "reserved")]
    assert found["header"]["case_no"] == no
    assert found["terms"]["pack"] == "haikou"


async def test_the_same_key_begins_one_process_and_another_body_is_refused(api: Api) -> None:
    no = await api.take()
    body = {"question": "谁？", "candidates": ["water", "roads"], "entries": [{"holder": f"case/{no}"}]}
    path, same = "/proceedings/consultation/open/open_consultation", key()
    first = await api.post("agent", path, body, idempotency=same)
    before = api.counts()
    again = await api.post("agent", path, body, idempotency=same)
    assert first.json()["process"] == again.json()["process"]
    assert api.grown(before) == {}
    problem(
        await api.post("agent", path, body | {"question": "别的？"}, idempotency=same), 422, "idempotency_key_reused"
    )
    other = await api.post("dispatcher", path, body, idempotency=same)
    assert other.json()["process"] != first.json()["process"]


async def test_a_key_is_one_for_a_kind_also_where_the_number_says_what_it_is_about(api: Api) -> None:
    path, same = "/proceedings/supervision/open/issue_supervision", key()
    body = {"level": "urge", "unit": "water", "matter": "m-lamp", "trigger": "media", "note": "媒体曝光"}
    first = (await api.post("supervisor", path, body, idempotency=same)).json()
    assert re.fullmatch(r"supervision/m-lamp/urge/\d{8}-[A-Z2-7]{6}", first["process"])
    problem(
        await api.post("supervisor", path, body | {"level": "listed"}, idempotency=same), 422, "idempotency_key_reused"
    )
    assert (await api.post("supervisor", path, body)).status_code == 409  # one is open of this matter and level


def test_numbers_follow_from_who_and_key_and_stand_under_what_they_are_about() -> None:
    at, said = sh("2026-03-02 00:30"), {"matter": "m1", "level": "urge", "unit": "water"}
    plain = number_of("consultation", "agent", "k", said, at)
    assert re.fullmatch(r"20260302-[A-Z2-7]{6}", plain)
    assert number_of("consultation", "agent", "k", {}, at) == plain
    assert number_of("consultation", "agent", "k2", said, at) != plain
    assert number_of("consultation", "other", "k", said, at) != plain
    assert number_of("supervision", "agent", "k", said, at).startswith("m1/urge/20260302-")
    assert number_of("accountability", "agent", "k", said, at).startswith("water/20260302-")
    assert set(UNDER) == {"supervision", "accountability"}


async def test_only_who_may_begins_and_nobody_gives_a_machines_opening(light_api: Api) -> None:
    api = light_api
    no = await api.take()
    body = {"question": "谁？", "candidates": ["water", "roads"], "entries": [{"holder": f"case/{no}"}]}
    before = api.counts()
    path = "/proceedings/consultation/open/open_consultation"
    problem(await api.post("liaison.water", path, body), 403, "not_permitted")
    problem(await api.post("agent", path, {}), 422, "invalid_input")
    problem(await api.post("agent", "/proceedings/consultation/open/open", body), 404, "unknown_command")
    problem(await api.post("agent", "/proceedings/consultation/open/advise", body), 404, "unknown_command")
    problem(await api.post("agent", "/proceedings/nothing/open/open", body), 404, "unknown_process")
    assert api.grown(before).keys() <= {"audit", "session"}


async def test_what_a_silent_engine_did_not_open_is_delivered_later(light_api: Api) -> None:
    api = light_api
    no = await api.take()
    api.engine.mood = "silent"
    body = {"question": "谁？", "candidates": ["water", "roads"], "entries": [{"holder": f"case/{no}"}]}
    told = await api.post("agent", "/proceedings/consultation/open/open_consultation", body)
    assert told.status_code == 202
    process = told.json()["process"]
    command = table(CommandRow)
    with api.database.read() as connection:
        row = connection.execute(select(command).where(command.c.id == told.json()["command"])).one()
    assert (row.process, row.outcome) == (process, "received")
    problem(await api.get("agent", f"/proceedings/{process}"), 404, "not_found")


async def test_words_within_rows_are_kept_apart_and_read_again(api: Api) -> None:
    process, _ = await consulting(api)
    found = (await api.get("agent", f"/proceedings/{process}")).json()
    reference = found["facts"]["question"]
    assert reference.startswith("d/")
    assert found["texts"][reference] == "谁来管这盏灯？"
    assert "谁来管" not in json.dumps(found["facts"], ensure_ascii=False)


# ----------------------------------------------------------------------------------------------------------------- reading


async def test_units_that_are_asked_read_it_and_others_do_not(api: Api) -> None:
    process, _ = await consulting(api, district="east")
    path = f"/proceedings/{process}"
    for user in ("liaison.water", "head.roads", "centre.east", "dispatcher", "session_leader", "specialist"):
        found = (await api.get(user, path)).json()
        assert found["texts"], user
        assert found["items"][0]["request"]["title"] == "路灯不亮", user
    for user in ("operator", "auditor"):
        found = (await api.get(user, path)).json()
        assert found["texts"] == {}, user
        assert found["facts"]["question"], user
        assert found["items"][0]["request"] is None, user
    for user in ("liaison.parks", "centre.west", "discipline_liaison", "community"):
        for more in ("", "/events", "/ledger", "/export"):
            problem(await api.get(user, path + more), 404, "not_found")
        assert (await api.get(user, "/proceedings")).json()["items"] == []
    assert (await api.get("liaison.water", path)).json()["items"][0]["case_open"] is False
    assert (await api.get("agent", path)).json()["items"][0]["case_open"] is True


async def test_its_todos_are_in_the_inbox_of_each_unit_with_kind_and_link(api: Api) -> None:
    process, no = await consulting(api)
    todo = (await api.get("liaison.water", "/todos")).json()["items"][0]
    assert (todo["process"], todo["kind"], todo["case"]) == (process, "consultation", no)
    assert (todo["link"], todo["commands"]) == (f"{V1}/proceedings/{process}", ["state_opinion"])
    assert todo["title"] == f"一键会商 {todo['no']} · 路灯不亮"
    assert (await api.get("agent", "/todos", number=no[:12])).json()[
        "items"
    ] == []  # the matter is with the consultation
    assert len((await api.get("liaison.water", "/todos", number=no)).json()["items"]) == 1
    assert len((await api.get("liaison.water", "/todos", kind="consultation")).json()["items"]) == 1
    assert (await api.get("liaison.water", "/todos", kind="ring")).json()["items"] == []
    shown = (await api.get("liaison.roads", f"/proceedings/{process}")).json()
    assert sorted((t["unit"], t["mine"]) for t in shown["todos"]) == [("roads", True), ("water", False)]
    assert [a["command"] for a in shown["actions"]] == ["state_opinion"]


async def test_a_decision_a_timeline_a_ledger_and_a_file_that_verifies(api: Api) -> None:
    process, _ = await consulting(api)
    done = await act(api, "liaison.water", process, "state_opinion", item="i1", unit="water", **MINE)
    assert done["events"] == ["opinion_stated"]
    problem(
        await api.post(
            "liaison.water", f"/processes/{process}/decisions/state_opinion", {"item": "i1", "unit": "roads", **MINE}
        ),
        403,
        "not_permitted",
    )
    events = (await api.get("dispatcher", f"/proceedings/{process}/events")).json()["items"]
    stated = next(e for e in events if e["type"] == "opinion_stated")
    assert stated["texts"] == {"basis": MINE["basis"]}
    assert stated["sentence"] != "event.opinion_stated"
    assert "basis" not in stated["body"]
    assert all(e["texts"] == {} for e in (await api.get("auditor", f"/proceedings/{process}/events")).json()["items"])
    clocks = (await api.get("dispatcher", f"/proceedings/{process}/ledger")).json()["clocks"]
    assert [c["key"] for c in clocks] == ["vote"]
    assert clocks[0]["entries"][0]["lines"]
    answer = await api.get("supervisor", f"/proceedings/{process}/export")
    assert "consultation-" in answer.headers["content-disposition"]
    assert verify(Export.model_validate(answer.json())) == []
    problem(await api.get("dispatcher", f"/proceedings/{process}/export"), 403, "forbidden")


async def test_consensus_reaches_the_case_and_is_told_on_both_sides(api: Api) -> None:
    process, no = await consulting(api)
    await act(api, "liaison.water", process, "state_opinion", item="i1", unit="water", **MINE)
    await act(
        api,
        "liaison.roads",
        process,
        "state_opinion",
        item="i1",
        unit="roads",
        opinion="not_mine",
        owner="water",
        basis="不归我们",
    )
    found = (await api.get("agent", f"/proceedings/{process}")).json()
    assert (found["stage"], found["closed"]) == ("closed", True)
    assert found["actions"] == []
    assert found["items"][0]["verdict"]["lead"] == "water"
    assert (await api.get("agent", f"/cases/{no}")).json()["orders"][0]["unit"] == "water"
    assert (await api.get("liaison.roads", f"/proceedings/{process}")).json()["items"][0]["request"] is None


# ------------------------------------------------------------------------------------------------------------------- lists


async def test_lists_are_narrowed_paged_and_counted(api: Api) -> None:
    first, no = await consulting(api)
    second, _ = await consulting(api, district="west")
    third = await begun(
        api,
        "supervisor",
        "supervision",
        "issue_supervision",
        level="urge",
        unit="water",
        matter="m-lamp",
        trigger="media",
        note="媒体曝光",
    )

    async def listed(user: str = "dispatcher", **query: Any) -> list[str]:
        found = (await api.get(user, "/proceedings", **query)).json()
        ids = [i["process"] for i in found["items"]]
        while found["next"]:
            found = (await api.get(user, "/proceedings", cursor=found["next"], **query)).json()
            ids += [i["process"] for i in found["items"]]
        return ids

    assert await listed() == await listed(limit=1) == [third, second, first]
    assert set(await listed(order="due", limit=1)) == {first, second, third}
    assert await listed(kind="consultation", limit=1) == [second, first]
    assert await listed(kind="supervision", level="urge", unit="water", matter="m-lamp", stage="issued") == [third]
    assert await listed(kind="supervision", level="listed") == []
    assert await listed(case_no=no) == [first]
    assert await listed(no=no) == [first]
    assert await listed(district="west") == await listed("centre.west") == [second]
    assert await listed(party="roads") == [second, first]
    assert await listed("liaison.roads") == [second, first]
    assert await listed("liaison.parks") == []
    assert await listed(open=False) == []
    assert await listed(overdue=True) == []
    assert len(await listed(overdue=False, open=True)) == 3
    counts = (await api.get("dispatcher", "/proceedings/counts", kind="supervision")).json()
    assert counts["items"] == [{"level": "urge", "stage": "issued", "total": 1, "overdue": 0}]
    assert (await api.get("liaison.parks", "/proceedings/counts", kind="supervision")).json()["total"] == 0
    problem(await api.get("dispatcher", "/proceedings", cursor="x"), 422, "invalid_input")


async def test_a_ruling_is_found_again_by_what_it_is_about(api: Api) -> None:
    no = await api.take(district="east")
    await api.do("agent", no, "triage", triage="routine")
    process = await begun(
        api,
        "city_centre",
        "adjudication",
        "open_adjudication",
        parties=["water", "roads"],
        entries=[{"holder": f"case/{no}"}],
        question="谁负责？",
    )
    for unit in ("water", "roads"):
        await act(api, f"liaison.{unit}", process, "submit_evidence", unit=unit, kind="law", text="依据第五条")
    await act(api, "adjudication_group", process, "close_evidence")
    await act(api, "adjudication_group", process, "rule", item="i1", form="designate", lead="roads", basis="三定方案")
    problem(
        await api.post("adjudication_group", f"/processes/{process}/decisions/confirm_ruling", {"item": "i1"}),
        409,
        "four_eyes",
    )
    await act(api, "second_member", process, "confirm_ruling", item="i1")
    found = (await api.get("dispatcher", "/rulings", unit="roads")).json()["items"]
    assert [(r["process"], r["lead"], r["case_no"]) for r in found] == [(process, "roads", no)]
    assert (await api.get("dispatcher", "/rulings", unit="water")).json()["items"] == []
    assert (await api.get("dispatcher", "/rulings", in_force=True, district="east")).json()["items"] == found
    problem(await api.get("liaison.water", "/rulings"), 403, "forbidden")


async def test_a_file_is_handed_in_for_any_process_and_read_by_who_reads_that(light_api: Api) -> None:
    api = light_api
    process, _ = await consulting(api)
    sent = await api.http.post(
        f"{V1}/documents",
        params={"process": process, "name": "duty.png"},
        content=b"\x89PNG\r\n\x1a\n" + key().encode(),
        headers=api.headers("liaison.water", content_type="image/png", idempotency_key=key()),
    )
    assert sent.status_code == 201, sent.text
    document = sent.json()["id"]
    assert (await api.get("liaison.roads", f"/documents/{document}")).status_code == 200
    problem(await api.get("liaison.parks", f"/documents/{document}"), 404, "not_found")
    assert [d["id"] for d in (await api.get("agent", f"/proceedings/{process}")).json()["documents"]] == [document]
