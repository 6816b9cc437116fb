"""What API tests share: a fake engine that decides in the journal at once, people with sessions, a case on its way."""

import asyncio
import itertools
import json
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import httpx
from fastapi import FastAPI
from temporalio.exceptions import ApplicationError

from activities.journal import Journal
from activities.signatures import CommitRequest
from api.app import build, equip
from api.engine import Failing, Refused
from api.services import Services
from api.settings import Settings
from api.standing import Standing
from domain.kernel import GENESIS
from domain.messages import Decision, Receipt
from domain.process import Envelope
from domain.signing import new_secret, sign
from storage import city
from storage.accounts import find_account, hash_password, open_session, put_account
from storage.policies import load_permissions, pack_ids
from storage.rules import register
from storage.unit_of_work import Database
from tests.factories.city import added, counts

V1 = "/api/v1"
PASSWORD = "a-demo-password"
SECRET = new_secret()
DISTRICT, STREET = "east", "east-1"
UNITS = {
    "water": ("city", "bureau", None),
    "roads": ("city", "bureau", None),
    "parks": ("city", "bureau", None),
    DISTRICT: ("district", "district", None),
    "west": ("district", "district", None),
    STREET: ("street", "street", DISTRICT),
}
CALLER = {"type": "person", "name": "测试人", "phone": "13900000001", "address": "虚构路一号"}
REQUEST: dict[str, Any] = {
    "channel": "phone",
    "case_type": "complaint",
    "title": "路灯不亮",
    "content": "小区门口的路灯三天不亮。",
    "caller": CALLER,
}
_keys = itertools.count(1)


def key() -> str:
    """A fresh idempotency key."""
    return f"key-{next(_keys)}"


@cache
def password_hash() -> str:
    """The one password's hash: argon2 is slow on purpose."""
    return hash_password(PASSWORD)


def found_places(database: Database) -> None:
    """Register rules, found units; those of the city have department systems."""
    with database.write() as connection:
        register(connection, pack_ids(), datetime.now(UTC))
        for code, (level, kind, district) in UNITS.items():
            system = level == "city"
            city.put_unit(
                connection,
                code=code,
                name_zh=code,
                name_en=code,
                level=level,
                kind=kind,
                district=district,
                parent=district,
                endpoint="http://127.0.0.1:1/" if system else None,
                secret=SECRET if system else None,
            )
        city.put_item(connection, code="lamp", version="1", name_zh="路灯", name_en="Lamps", owner="roads")


def found_accounts(database: Database) -> None:
    """An account for each role, named like the role; one liaison and one head a unit."""
    accounts: list[tuple[str, list[str], str | None]] = [
        (role, [role], None) for role in load_permissions().roles if role not in {"system", "district_centre"}
    ]
    accounts += [(f"liaison.{unit}", ["unit_liaison"], unit) for unit in UNITS]
    accounts += [(f"head.{unit}", ["unit_head"], unit) for unit in UNITS]
    accounts += [(f"centre.{d}", ["district_centre"], d) for d in (DISTRICT, "west")]
    accounts += [("second_reviewer", ["order_reviewer", "shift_leader"], None)]
    accounts += [("second_member", ["adjudication_group"], None)]
    with database.write() as connection:
        for user, roles, unit in accounts:
            put_account(
                connection,
                user=user,
                name_zh=user,
                name_en=user,
                password_hash=password_hash(),
                roles=roles,
                unit=unit,
            )


@dataclass
class FakeEngine:
    """Decides in the journal at once. ``mood``: working, silent (takes nothing), late (decides, but does not answer)."""

    journal: Journal
    mood: str = "working"
    refusing: Refused | None = None
    started: list[str] = field(default_factory=list)
    restarted: list[str] = field(default_factory=list)
    standings: dict[str, Standing] = field(default_factory=dict)
    troubled: list[Failing] = field(default_factory=list)

    async def start_case(self, process: str, *, urgent: bool = False) -> bool:
        del urgent
        if self.mood == "silent":
            return False
        self.started.append(process)
        await self.tick(process)
        return True

    async def decide(
        self, process: str, name: str, decision: Decision[Any], *, urgent: bool = False
    ) -> Receipt | Refused | None:
        del urgent
        if self.refusing is not None:
            return self.refusing
        if self.mood == "silent":
            return None
        envelope = Envelope(
            id=decision.id,
            process=process,
            name=name,
            body=decision.body.model_dump(mode="json"),
            actor=decision.actor,
            received_at=decision.received_at,
        )
        result = await self.commit(process, envelope)
        if self.mood == "late":
            return None
        if result.outcome != "recorded":
            return Refused(result.code or "parked", result.detail)
        return Receipt(process=process, seq=result.seq, stage=result.card.stage, events=result.events)

    async def restart(self, process: str) -> bool:
        if self.mood == "silent":
            return False
        self.restarted.append(process)
        return True

    async def standing(self, process: str) -> Standing | None:
        return self.standings.get(process, Standing(running=True)) if self.mood != "silent" else None

    async def failing(self, most: int) -> Sequence[Failing] | None:
        return self.troubled[:most] if self.mood != "silent" else None

    async def ping(self) -> bool:
        return self.mood != "silent"

    async def tick(self, process: str) -> None:
        await self.commit(process, None)

    async def commit(self, process: str, envelope: Envelope | None) -> Any:
        request = CommitRequest(process=process, seq=0, head=GENESIS, now=datetime.now(UTC), envelope=envelope)
        for _ in range(20):  # as the workflow retries
            try:
                return await asyncio.to_thread(self.journal.commit, request)
            except ApplicationError as error:
                if error.type != "StorageUnavailable":
                    raise
        raise AssertionError("the database stayed away")


_idle: list[FastAPI] = []


@contextmanager
def equipped(place: Services) -> Iterator[FastAPI]:
    """An app that works with these services, which nobody else uses meanwhile.

    FastAPI works out an app's routes at its first requests, half a second in all: an app that a test has left serves the next one.
    """
    app = _idle.pop() if _idle else build()
    equip(app, place)
    yield app
    _idle.append(app)


@dataclass
class Api:
    """The app, its database and engine, and a client for everybody."""

    app: FastAPI
    database: Database
    engine: FakeEngine
    http: httpx.AsyncClient
    tokens: dict[str, str] = field(default_factory=dict)

    @classmethod
    @asynccontextmanager
    async def on(cls, database: Database, **settings: Any) -> AsyncIterator["Api"]:
        engine = FakeEngine(Journal(database))
        place = Services(settings=Settings(**settings), database=database, engine=engine)
        with equipped(place) as app:
            transport = httpx.ASGITransport(app=app, client=("127.0.0.1", 1))
            async with httpx.AsyncClient(transport=transport, base_url="http://test") as http:
                yield cls(app, database, engine, http)

    @property
    def place(self) -> Services:
        found: Services = self.app.state.services
        return found

    def token(self, user: str) -> str:
        """A session of the user, opened behind the door."""
        if user not in self.tokens:
            with self.database.write() as connection:
                found = find_account(connection, user)
                assert found is not None, user
                session = open_session(connection, found[0], datetime.now(UTC), timedelta(hours=1))
            self.tokens[user] = session.token
        return self.tokens[user]

    def headers(self, user: str | None, **more: str) -> dict[str, str]:
        given = {"authorization": f"Bearer {self.token(user)}"} if user else {}
        return given | {name.replace("_", "-"): value for name, value in more.items()}

    async def get(self, user: str | None, path: str, **params: Any) -> httpx.Response:
        return await self.http.get(V1 + path, params=params, headers=self.headers(user))

    async def post(
        self, user: str | None, path: str, body: Any = None, *, idempotency: str | None = None, **headers: str
    ) -> httpx.Response:
        given = self.headers(user, **headers)
        given.setdefault("idempotency-key", idempotency or key())
        return await self.http.post(V1 + path, json=body, headers=given)

    async def take(self, **fields: Any) -> str:
        """Register a request; return its number."""
        response = await self.post("agent", "/requests", REQUEST | fields)
        assert response.status_code == 201, response.text
        return str(response.json()["no"])

    async def give(
        self,
        user: str,
        no: str,
        command: str,
        *,
        idempotency: str | None = None,
        headers: dict[str, str] | None = None,
        **body: Any,
    ) -> httpx.Response:
        return await self.post(
            user, f"/processes/case/{no}/decisions/{command}", body, idempotency=idempotency, **(headers or {})
        )

    async def do(self, user: str, no: str, command: str, **body: Any) -> dict[str, Any]:
        """Give a decision that must take effect."""
        response = await self.give(user, no, command, **body)
        assert response.status_code == 200, response.text
        found: dict[str, Any] = response.json()
        return found

    async def answer(self, unit: str, data: Any, *, message: str | None = None, **changes: Any) -> httpx.Response:
        """Send a department's signed answer. ``changes``: secret, at, body (other bytes than were signed), headers."""
        message = message or key()
        event = {"specversion": "1.0", "id": message, "source": unit, "type": "cn.sanhuan.answer", "data": data}
        content = json.dumps(event, ensure_ascii=False).encode()
        signed = sign(changes.get("secret", SECRET), message, changes.get("at", datetime.now(UTC)), content)
        headers = {"content-type": "application/cloudevents+json"} | signed | changes.get("headers", {})
        return await self.http.post(
            f"{V1}/departments/{unit}/answers", content=changes.get("body", content), headers=headers
        )

    # ------------------------------------------------------------------------------------------------------ short ways

    async def dispatched(self, **fields: Any) -> str:
        """A case whose order lies with the water bureau."""
        no = await self.take(**fields)
        await self.do("agent", no, "triage", triage="routine")
        await self.do("dispatcher", no, "dispatch", lead="water", co=["roads"], note="请尽快")
        return no

    async def in_callback(self) -> str:
        """A case whose callers are to be called back."""
        no = await self.take()
        await self.do("agent", no, "triage", triage="routine")
        await self.do("dispatcher", no, "dispatch", lead="water")
        await self.do("liaison.water", no, "sign", order="a1")
        await self.do("liaison.water", no, "contact", order="a1")
        await self.do(
            "liaison.water",
            no,
            "submit_result",
            order="a1",
            code="solved",
            reply="已修好",
            documents=[await self.photo(no)],
        )
        await self.do("order_reviewer", no, "review_result", order="a1", accept=True)
        return no

    async def photo(self, no: str, user: str = "liaison.water") -> str:
        """A picture handed in for the case."""
        response = await self.http.post(
            f"{V1}/documents",
            params={"process": f"case/{no}", "name": "after.png"},
            content=b"\x89PNG\r\n\x1a\n" + key().encode(),
            headers=self.headers(user, content_type="image/png", idempotency_key=key()),
        )
        assert response.status_code == 201, response.text
        return str(response.json()["id"])

    def grown(self, before: dict[str, int]) -> dict[str, int]:
        """Which tables grew since."""
        return added(before, counts(self.database))

    def counts(self) -> dict[str, int]:
        return counts(self.database)


def problem(response: httpx.Response, status: int, code: str) -> dict[str, Any]:
    """Check that the answer is a whole problem of this status and code; return it."""
    assert response.headers["content-type"].startswith("application/problem+json"), response.text
    body: dict[str, Any] = response.json()
    assert (response.status_code, body["code"]) == (status, code), body
    assert body["status"] == status
    assert body["type"] == f"urn:sanhuan:problem:{code}"
    assert body["title"]
    assert body["detail"] not in ("", f"problem.{code}", f"refusal.{code}")
    assert response.headers["x-request-id"]
    return body
