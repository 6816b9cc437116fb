"""A workflow that lost its last step with its server must not refuse a person by what it still believes."""

import asyncio
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from activities import journal
from api.decisions import door
from api.engine import Refused
from domain import kernel
from domain.messages import Decision, Receipt
from storage import unit_of_work
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


async def test_a_refusal_by_courtesy_does_not_overtake_a_commit_of_the_same_decision(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The run that asked for the commit is lost; the one that follows it knows less, and refuses."""
    for bound, patience in (("LOCK_TIMEOUT_MS", 60_000), ("STATEMENT_TIMEOUT_MS", 60_000), ("TURN_TIMEOUT_S", 60.0)):
        monkeypatch.setattr(unit_of_work, bound, patience)
    database = Database(database_url)
    found_places(database)
    found_accounts(database)
    reading, reads_on, real = threading.Event(), threading.Event(), kernel.advance
    commits: list[asyncio.Task[Any]] = []
    decide = FakeEngine.decide

    def slow(*asked: Any) -> Any:
        reading.set()
        assert reads_on.wait(60)
        return real(*asked)

    async def lost(self: FakeEngine, process: str, name: str, decision: Decision[Any], **_: Any) -> Refused:
        monkeypatch.setattr(journal, "advance", slow)
        commits.append(asyncio.create_task(decide(self, process, name, decision)))
        assert await asyncio.to_thread(reading.wait, 60)
        threading.Timer(0.5, reads_on.set).start()
        return Refused("not_in_this_stage", {"command": name, "stage": "screening"})

    async with Api.on(database) as api:
        no = await api.take(pack="haikou")
        monkeypatch.setattr(FakeEngine, "decide", lost)
        answer = await api.give("agent", no, "triage", triage="routine")
        receipt = await commits[0]
    database.close()
    assert receipt.stage == "triaged"
    assert (answer.status_code, answer.json().get("stage")) == (200, "triaged"), answer.text
