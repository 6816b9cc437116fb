"""The HTTP door of all department systems: ``POST /units/{unit}/messages``, ``GET /stats``, ``GET /healthz``."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any, Final

import httpx
from fastapi import FastAPI, Request, Response
from pydantic import BaseModel, ValidationError

from domain.signing import SignatureError, verify
from simulation.city import DEMO_KEY, City, secret_of
from simulation.departments.answers import Sender
from simulation.departments.desk import Desk
from simulation.departments.memory import Memory
from simulation.departments.messages import OrderMessage
from simulation.departments.tempers import Config, rng_for

LARGEST: Final = 256 * 1024
TIMEOUT: Final = httpx.Timeout(15.0, pool=None)


class Play(BaseModel):
    """What the run is about: where the API is, the seed, how many seconds a working day has, the key of the secrets."""

    api: str
    seed: int = 1
    day: float = 6.0
    key: str = DEMO_KEY


class Departments:
    """All department systems: one desk a unit, one memory, one sender."""

    def __init__(self, city: City, config: Config, play: Play, memory: Memory, http: httpx.AsyncClient) -> None:
        """Give each unit with a system its temper; nothing is worked yet."""
        units = [u.code for u in city.units if u.system]
        self.tempers = config.assign(units, play.seed)
        sender = Sender(http, memory, key=play.key)
        owners = tuple(u.code for u in city.units if u.level == "city" and u.kind in {"department", "utility"})
        self.desks: Mapping[str, Desk] = {
            unit: Desk(unit, config.tempers[name], config, sender, seed=play.seed, day=play.day, owners=owners)
            for unit, name in self.tempers.items()
        }
        self.memory, self._play = memory, play
        self._tries: dict[str, int] = {}

    def resume(self) -> None:
        """Hear again what was kept from before a restart. Answers that were settled are not sent again."""
        for message in self.memory.messages.values():
            self.desks[message.data.unit].hear(message.data)

    def receive(self, unit: str, headers: Mapping[str, str], body: bytes) -> tuple[int, dict[str, Any]]:
        """Take one message; return the status and body to answer with. Nothing is kept unless it is answered 202."""
        desk = self.desks.get(unit)
        if desk is None:
            return 404, {"code": "unknown_unit"}
        try:
            message_id = verify(secret_of(unit, self._play.key), headers, body, datetime.now(UTC))
        except SignatureError as error:
            self.memory.counts["bad_signatures"] += 1
            return 401, {"code": error.code}
        self.memory.counts["received"] += 1
        try:
            message = OrderMessage.model_validate_json(body)
        except ValidationError as error:
            self.memory.counts["malformed"] += 1
            return 422, {"code": "malformed", "errors": [".".join(map(str, e["loc"])) for e in error.errors()]}
        if message.data.unit != unit:
            self.memory.counts["malformed"] += 1
            return 422, {"code": "other_unit"}
        if message_id not in self.memory.messages and self._fails(desk, message_id):
            self.memory.counts["failed_on_purpose"] += 1
            return 500, {"code": "out_of_order_today"}
        if self.memory.take(message_id, message):
            desk.hear(message.data)
        return 202, {"taken": message_id}

    def stats(self) -> dict[str, Any]:
        """Return the counts, the orders being worked, and which unit has which temper."""
        return {
            **self.memory.stats(),
            "orders_open": sum(d.open for d in self.desks.values()),
            "tempers": self.tempers,
        }

    def stop(self) -> None:
        """Stop all work."""
        for desk in self.desks.values():
            desk.stop()

    def _fails(self, desk: Desk, message_id: str) -> bool:
        tries = self._tries[message_id] = self._tries.get(message_id, 0) + 1
        return tries <= desk.temper.fail.tries(rng_for(self._play.seed, "fail", message_id))


def create_app(
    city: City,
    config: Config,
    play: Play,
    memory: Memory | None = None,
    transport: httpx.AsyncBaseTransport | None = None,
) -> FastAPI:
    """Return the server. ``transport`` replaces the network in tests."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with httpx.AsyncClient(base_url=play.api, timeout=TIMEOUT, transport=transport) as http:
            departments = Departments(city, config, play, memory or Memory(), http)
            app.state.departments = departments
            departments.resume()
            yield
            departments.stop()
            departments.memory.close()

    app = FastAPI(title="Department systems of the sample city", lifespan=lifespan, openapi_url=None)

    @app.post("/units/{unit}/messages")
    async def messages(unit: str, request: Request, response: Response) -> dict[str, Any]:
        body = await request.body()
        if len(body) > LARGEST:
            response.status_code = 413
            return {"code": "too_large"}
        departments: Departments = request.app.state.departments
        response.status_code, answer = departments.receive(unit, request.headers, body)
        return answer

    @app.get("/stats")
    async def stats(request: Request) -> dict[str, Any]:
        departments: Departments = request.app.state.departments
        return departments.stats()

    @app.get("/healthz")
    async def healthz() -> dict[str, str]:
        return {"status": "ok"}

    return app
