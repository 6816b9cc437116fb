"""People of a directed fault test: they sign in, decide and read one step at a time, over HTTP."""

import asyncio
import itertools
from collections.abc import Coroutine
from typing import Any, TypeVar

import httpx

from simulation.client import Api, Outcome

T = TypeVar("T")
_keys = itertools.count(1)
"""Of all people of a test process: several may act in one city."""


class People:
    """Everybody, at one address. Each call is a connection of its own, so that parts may die between calls."""

    def __init__(self, address: str, patience: float = 60.0) -> None:
        self.address, self.patience = address, patience

    def take(self, pack: str = "haikou", case_type: str = "complaint") -> str:
        """Register a request; return its number."""
        request = {
            "channel": "phone",
            "case_type": case_type,
            "title": "路灯不亮",
            "content": "小区门口的路灯三天不亮。",
            "caller": {"type": "person", "name": "测试人", "phone": "13900000001"},
            "pack": pack,
        }
        outcome = self._run(lambda api: api.post("agent", "/requests", request, self._key()))
        assert outcome.ok, outcome
        return str(outcome.body["no"])

    def decide(self, who: str, no: str, command: str, *, key: str | None = None, **body: Any) -> Outcome:
        """Give a decision and wait for what becomes of it."""
        key = key or self._key()
        return self._run(lambda api: api.decide(who, f"case/{no}", command, body, key))

    def do(self, who: str, no: str, command: str, **body: Any) -> Outcome:
        """Give a decision that must be recorded."""
        outcome = self.decide(who, no, command, **body)
        assert outcome.ok, (command, outcome)
        return outcome

    def get(self, who: str, path: str, **params: Any) -> dict[str, Any]:
        """Read."""
        outcome = self._run(lambda api: api.get(who, path, **params))
        assert outcome.ok, outcome
        return outcome.body

    def post(self, who: str, path: str, body: dict[str, Any]) -> Outcome:
        """Write something that is no decision."""
        return self._run(lambda api: api.post(who, path, body, self._key()))

    def _key(self) -> str:
        return f"people-{next(_keys)}"

    def _run(self, call: Any) -> Outcome:
        async def go() -> Outcome:
            async with httpx.AsyncClient(base_url=self.address, timeout=20) as http:
                found: Outcome = await call(Api(http, patience=self.patience))
                return found

        return asyncio.run(go())


def in_loop(work: Coroutine[Any, Any, T]) -> T:
    """Run something asynchronous from a synchronous test."""
    return asyncio.run(work)
