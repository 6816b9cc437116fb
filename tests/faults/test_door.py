"""A workflow that lost its last step with its server must not refuse a person by what it still believes."""

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest

from api.decisions import door
from domain.messages import Decision, Receipt
from storage.unit_of_work import Database
from tests.api.kit import Api, FakeEngine, found_accounts, found_places

DECLINED: dict[str, Any] = {"ground": "no_facts", "reason": "无具体事实", "remedy": "可补充材料后再次反映"}


@pytest.fixture
def database(sqlite_url: str) -> Iterator[Database]:
    found = Database(sqlite_url)
    found_places(found)
    found_accounts(found)
    yield found
    found.close()


@pytest.mark.parametrize("headers", [{}, {"if_match": '"1"'}])
async def test_the_engine_is_told_where_the_journal_stands_whatever_the_person_had_seen(
    database: Database, headers: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[int | None] = []
    decide = FakeEngine.decide

    async def spy(self: FakeEngine, process: str, name: str, decision: Decision[Any], **more: Any) -> Any:
        told.append(decision.seen)
        return await decide(self, process, name, decision, **more)

    async with Api.on(database) as api:
        no = await api.take(pack="haikou")
        done = await api.do("agent", no, "triage", triage="routine")
        monkeypatch.setattr(FakeEngine, "decide", spy)
        answer = await api.give("dispatcher", no, "dispatch", headers=headers, lead="water")
    assert answer.status_code == 200
    assert told == [done["seq"]]


async def test_a_yes_the_journal_does_not_hold_is_no_yes(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    async def remembers(self: FakeEngine, process: str, *_: Any, **__: Any) -> Receipt:
        return Receipt(process=process, seq=99, stage="triaged", events=("triaged",))

    async with Api.on(database) as api:
        no = await api.take(pack="haikou")
        monkeypatch.setattr(FakeEngine, "decide", remembers)
        answer = await api.give("agent", no, "triage", triage="routine")
    assert answer.status_code == 202
    assert answer.json()["status_url"].endswith(answer.json()["command"])


@pytest.mark.parametrize("read", ["find_command", "load_process"])
async def test_a_twin_that_is_decided_while_the_door_looks_is_answered_like_the_first(
    database: Database, read: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whichever the door reads last, the other twin is decided just before or just after that."""
    loop = asyncio.get_running_loop()
    async with Api.on(database) as api:
        no = await api.take(pack="haikou")
        firsts: list[Any] = []
        real = getattr(door, read)

        def reading(*args: Any) -> Any:
            if not firsts:
                firsts.append(None)
                first = api.give("agent", no, "decline", idempotency="one-click", **DECLINED)
                firsts[0] = asyncio.run_coroutine_threadsafe(first, loop).result(20)
            return real(*args)

        monkeypatch.setattr(door, read, reading)
        second = await api.give("agent", no, "decline", idempotency="one-click", **DECLINED)
    (first,) = firsts
    assert (first.status_code, second.status_code) == (200, 200), second.text
    assert second.json() == first.json()
