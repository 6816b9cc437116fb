"""目录更新 through HTTP: what was agreed becomes a version of the catalogue, suggested at the next dispatch, read as precedent."""

from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import select, update

from api.console.casefile import _owners
from storage import city
from storage.catalogue import CatalogueMoved, amend
from storage.models import EffectRow, ItemRow, table
from tests.api.beside import act, begun
from tests.api.kit import Api, problem


async def agreed(api: Api) -> str:
    """A consultation on a lamp: water leads, roads helps; it is over."""
    no = await api.take(district="east")
    await api.do("agent", no, "triage", triage="routine", item="lamp")
    asked = {"question": "谁来管这盏灯？", "candidates": ["water", "roads"], "entries": [{"holder": f"case/{no}"}]}
    process = await begun(api, "agent", "consultation", "open_consultation", **asked)
    await act(api, "liaison.water", process, "state_opinion", item="i1", unit="water", opinion="mine", basis="三定规定")
    await act(
        api, "liaison.roads", process, "state_opinion", item="i1", unit="roads", opinion="joint", basis="三定规定"
    )
    assert (await api.get("city_centre", f"/proceedings/{process}")).json()["closed"]
    return process


def item(api: Api) -> Any:
    with api.database.read() as connection:
        return next(i for i in city.list_items(connection) if i.code == "lamp")


BODY = {"item": "i1", "catalogue_item": "lamp", "version": "1", "reason": "两家都认可"}


async def test_what_was_agreed_becomes_a_version_and_the_next_dispatch_suggests_it(api: Api) -> None:
    process = await agreed(api)
    seen = (await api.get("catalogue_keeper", f"/proceedings/{process}")).json()
    assert [(a["command"], a["items"]) for a in seen["actions"]] == [("amend_catalogue", ["i1"])]
    await act(api, "catalogue_keeper", process, "amend_catalogue", **BODY)
    listed = (await api.get("dispatcher", "/items")).json()["items"][0]
    assert (listed["version"], listed["owner"], listed["co"]) == ("1+1", "water", ["roads"])
    (change,) = (await api.get("dispatcher", "/items/lamp/versions")).json()["items"]
    assert change.pop("at")
    assert change == {
        "code": "lamp", "version": "1+1", "was": "1", "owner": "water", "co": ["roads"], "process": process, "item": "i1",
    }  # fmt: skip
    with api.database.read() as connection:
        kept = connection.execute(select(table(EffectRow)).where(table(EffectRow).c.kind == "catalogue")).one()
        assert (kept.status, kept.outcome) == ("done", "1+1")
        case: Any = SimpleNamespace(proposed_owner=None, item="lamp")
        assert _owners(connection, case) == {"lead": "water", "co": ["roads"]}
        case = SimpleNamespace(proposed_owner="parks", item="lamp")
        assert _owners(connection, case) == {"lead": "parks"}
    (precedent,) = (await api.get("dispatcher", "/rulings", item="lamp")).json()["items"]
    assert (precedent["kind"], precedent["process"], precedent["lead"]) == ("consultation", process, "water")


async def test_who_may_not_and_what_is_not_is_refused_and_the_catalogue_stays(api: Api) -> None:
    process = await agreed(api)
    path = f"/processes/{process}/decisions/amend_catalogue"
    problem(await api.post("dispatcher", path, BODY), 403, "not_permitted")
    problem(await api.post("catalogue_keeper", path, {**BODY, "version": "0"}), 409, "catalogue_moved")
    problem(
        await api.post("catalogue_keeper", path, {**BODY, "catalogue_item": "pipe"}), 409, "not_about_catalogue_item"
    )
    assert (item(api).version, item(api).owner, item(api).co) == ("1", "roads", [])
    await act(api, "catalogue_keeper", process, "amend_catalogue", **BODY)
    problem(await api.post("catalogue_keeper", path, {**BODY, "version": "1+1"}), 409, "catalogue_unchanged")
    assert (await api.get("dispatcher", "/items/nothing/versions")).json()["items"] == []


async def test_loading_the_same_catalogue_again_keeps_what_was_decided_and_a_new_one_does_not(api: Api) -> None:
    process = await agreed(api)
    await act(api, "catalogue_keeper", process, "amend_catalogue", **BODY)
    words = {"code": "lamp", "name_zh": "路灯", "name_en": "Lamps", "owner": "roads"}
    with api.database.write() as connection:
        city.put_item(connection, version="1", **words)
    assert (item(api).version, item(api).owner) == ("1+1", "water")
    with api.database.write() as connection:
        city.put_item(connection, version="2", **words)
    assert (item(api).version, item(api).owner, item(api).co) == ("2", "roads", [])


def test_a_version_that_moved_in_the_same_instant_writes_nothing(api: Api) -> None:
    body = {
        "code": "lamp",
        "was": "1",
        "version": "1+1",
        "owner": "water",
        "co": [],
        "process": "p/1",
        "item": "i1",
        "by": "x",
    }
    i = table(ItemRow)
    with api.database.write() as connection:
        connection.execute(update(i).where(i.c.code == "lamp").values(version="1+1"))
    with pytest.raises(CatalogueMoved), api.database.write() as connection:
        amend(connection, "e/1", body, api.place.now())
    assert item(api).owner == "roads"
