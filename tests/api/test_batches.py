"""Batches through the API: begun, previewed, approved by another, run; each case listed with what was foreseen and became of it."""

from datetime import UTC, date, datetime
from typing import Any

import pytest
from temporalio.testing import ActivityEnvironment

import activities.batches
from activities.batches import Batches
from activities.signatures import EffectOrder
from domain.calendar import Calendar
from domain.export import Export, verify
from domain.messages import Message
from storage.city import put_calendar
from storage.models import EffectRow
from storage.policies import load_calendar
from tests.api.beside import _commit, _letter, act, begun
from tests.api.kit import Api, problem
from tests.factories.city import rows


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A case answers its signal at once."""

    async def signal(journal: Any, _process: str, _name: str, message: Message) -> None:
        _commit(journal, message.envelope)

    monkeypatch.setattr(activities.batches, "signal_process", signal)


def notice(api: Api) -> str:
    """Register another calendar for this year and the next; return its version."""
    today = datetime.now(UTC).date()
    off = {date.fromordinal(today.toordinal() + n) for n in range(1, 15)}
    years = tuple(
        y.model_copy(
            update={
                "version": f"{y.year}.9",
                "off": y.off | {d for d in off if d.year == y.year},
                "make_up": y.make_up - off,
            }
        )
        for y in load_calendar().years
    )
    calendar = Calendar(version="cn:" + "+".join(y.version for y in years), years=years)
    with api.database.write() as connection:
        put_calendar(connection, version=calendar.version, body=calendar.model_dump_json(), now=datetime.now(UTC))
    return calendar.version


async def slices(api: Api) -> None:
    """Do the slices that are owed, as the worker does, until none is."""
    hands = Batches(api.database, api.engine.journal)  # type: ignore[arg-type]  # the client is only handed on
    while owed := [e for e in rows(api.database, EffectRow, kind="slice") if e.status == "planned"]:
        (one,) = owed
        order = EffectOrder(id=one.id, kind=one.kind, target=one.target, summary="s")
        done = await ActivityEnvironment().run(hands.take_slice, order)
        assert done.reply is not None
        letter = _letter(f"{one.id}/refused", one.process, done.reply, done.body, settles=one.id)
        assert _commit(api.engine.journal, letter).outcome == "recorded"


async def previewed(api: Api, **body: Any) -> str:
    given = {"ground": "calendar_notice", "reason": "放假通知已发布。", "rate": 50}
    process = await begun(api, "calendar_keeper", "batch", "begin_batch", **given | body)
    await slices(api)
    return process


async def items(api: Api, process: str, user: str = "city_office", **query: Any) -> list[dict[str, Any]]:
    found = await api.get(user, f"/batches/{process.partition('/')[2]}/items", **query)
    assert found.status_code == 200, found.text
    listed: list[dict[str, Any]] = found.json()["items"]
    return listed


async def test_a_batch_from_its_beginning_to_the_result_of_each_case(api: Api) -> None:
    first, second = [await api.take() for _ in range(2)]
    await api.do("agent", first, "triage", triage="routine")
    process = await previewed(api, calendar=notice(api))
    seen = (await api.get("city_office", f"/proceedings/{process}")).json()
    assert (seen["stage"], seen["facts"]["foreseen"]["changed"]) == ("to_approve", 2)
    assert "approve_batch" in {a["command"] for a in seen["actions"]}
    before = await items(api, process)
    assert [(i["no"], i["foreseen"], i["outcome"]) for i in before] == [
        (no, "changed", "pending") for no in sorted((first, second))
    ]
    refused = await api.post("calendar_keeper", f"/processes/{process}/decisions/approve_batch", {})
    problem(refused, 403, "not_permitted")
    await act(api, "city_office", process, "approve_batch")
    await slices(api)
    assert (await api.get("calendar_keeper", f"/proceedings/{process}")).json()["stage"] == "finished"
    after = await items(api, process, outcome="changed")
    assert [i["no"] for i in after] == sorted((first, second))
    assert await items(api, process, outcome="refused") == []
    export = (await api.get("centre_head", f"/cases/{first}/export")).json()
    assert len(export["later"]) == 1
    assert verify(Export.model_validate(export)) == []


async def test_the_cases_are_paged_by_number_and_narrowed(api: Api) -> None:
    numbers = sorted([await api.take() for _ in range(3)])
    process = await previewed(api, calendar=notice(api))
    path = f"/batches/{process.partition('/')[2]}/items"
    page = (await api.get("city_office", path, limit=2)).json()
    rest = (await api.get("city_office", path, limit=2, cursor=page["next"])).json()
    assert [i["no"] for i in (*page["items"], *rest["items"])] == numbers
    assert rest["next"] is None
    assert await items(api, process, direction="earlier") == []
    problem(await api.get("city_office", path, outcome="nonsense"), 422, "invalid_input")


async def test_only_the_cases_of_the_query_are_meant(api: Api) -> None:
    await api.take()
    no = await api.take(district="east")
    process = await previewed(api, calendar=notice(api), district="east")
    assert [i["no"] for i in await items(api, process)] == [no]


async def test_to_whom_a_batch_is_not_disclosed_there_is_none(api: Api) -> None:
    process = await previewed(api, calendar=notice(api))
    problem(await api.get("liaison.water", f"/batches/{process.partition('/')[2]}/items"), 404, "not_found")
    problem(await api.get("city_office", "/batches/20260101-NOBODY/items"), 404, "not_found")
    assert await items(api, process, user="calendar_keeper") == []


async def test_unknown_terms_and_none_at_all_are_refused(api: Api) -> None:
    path, given = "/proceedings/batch/open/begin_batch", {"ground": "surge", "reason": "暴雨。"}
    problem(await api.post("calendar_keeper", path, given), 409, "nothing_to_change")
    problem(await api.post("calendar_keeper", path, given | {"calendar": "cn:1999.1"}), 409, "unknown_calendar")
    problem(await api.post("dispatcher", path, given | {"calendar": "cn:1999.1"}), 403, "not_permitted")
