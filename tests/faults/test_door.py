"""A workflow that lost its last step with its server must not refuse a person by what it still believes."""

from collections.abc import Iterator
from typing import Any

import pytest

from domain.messages import Decision, Receipt
from storage.unit_of_work import Database
from tests.api.kit import Api, FakeEngine, found_accounts, found_places


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
