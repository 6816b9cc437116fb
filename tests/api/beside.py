"""Processes beside the case in API tests: begun by persons or by machines, and the messages between them delivered at once."""

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select

from activities.journal import Journal
from activities.signatures import CommitRequest
from domain.kernel import GENESIS
from domain.process import SYSTEM, Envelope
from storage.models import EffectRow, table
from tests.api.kit import Api, FakeEngine, key

ROUNDS = 20


async def deliver(engine: FakeEngine) -> None:
    """Bring what processes owe one another, as the worker does, until nothing is under way."""
    await asyncio.to_thread(deliver_all, engine.journal)


def deliver_all(journal: Journal) -> None:
    """Bring what processes owe one another, as the worker does, until nothing is under way."""
    effect = table(EffectRow)
    for _ in range(ROUNDS):
        with journal.database.read() as connection:
            owed = connection.execute(
                select(effect)
                .where(effect.c.kind.in_(("tell", "start")), effect.c.status == "planned")
                .order_by(effect.c.planned_at, effect.c.id)
            ).all()
        if not owed:
            return
        for one in owed:
            _bring(journal, one)


def _bring(journal: Journal, one: Any) -> None:
    said = one.body
    answer = _commit(journal, _letter(one.id, one.target, said["command"], said["body"], effect=True))
    if answer.outcome == "recorded":
        return
    about = said.get("reply") or {"into": one.target.partition("/")[2]}
    back = said.get("on_refused")
    assert back, f"{one.id}: refused ({answer.code}), and nobody is told"
    word = {**about, "code": answer.code}
    _commit(journal, _letter(f"{one.id}/refused", one.process, back, word, settles=one.id))


def _commit(journal: Journal, letter: Envelope) -> Any:
    now = datetime.now(UTC)
    return journal.commit(CommitRequest(process=letter.process, seq=0, head=GENESIS, now=now, envelope=letter))


def _letter(id_: str, process: str, name: str, body: Mapping[str, Any], **more: Any) -> Envelope:
    at = datetime.now(UTC)
    return Envelope(id=id_, process=process, name=name, body=dict(body), actor=SYSTEM, received_at=at, **more)


async def begin(api: Api, process: str, **body: Any) -> None:
    """A machine begins a process, under the terms in force."""
    with api.database.read() as connection:
        pins = api.place.rules.in_force(connection).model_dump()
    answer = await api.engine.commit(process, _letter(f"x/{key()}", process, "open", {"by": "system", **pins, **body}))
    assert answer.outcome == "recorded", answer
    await deliver(api.engine)


async def begun(api: Api, user: str, kind: str, command: str, **body: Any) -> str:
    """A person begins a process; return its id."""
    response = await api.post(user, f"/proceedings/{kind}/open/{command}", body)
    assert response.status_code == 200, response.text
    await deliver(api.engine)
    return str(response.json()["process"])


async def act(api: Api, user: str, process: str, command: str, **body: Any) -> dict[str, Any]:
    """A person gives a decision that must take effect."""
    response = await api.post(user, f"/processes/{process}/decisions/{command}", body)
    assert response.status_code == 200, response.text
    await deliver(api.engine)
    found: dict[str, Any] = response.json()
    return found


async def consulting(api: Api, **body: Any) -> tuple[str, str]:
    """A consultation of two units on a case, and the number of the case."""
    no = await api.take(district="east")
    await api.do("agent", no, "triage", triage="routine")
    asked = {"question": "谁来管这盏灯？", "candidates": ["water", "roads"], "entries": [{"holder": f"case/{no}"}]}
    return await begun(api, "agent", "consultation", "open_consultation", **asked | body), no
