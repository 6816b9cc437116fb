"""Sending: signed webhooks and documents to Sanhuan, each under one id until Sanhuan has said its final word."""

import asyncio
import hashlib
import json
import struct
import zlib
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any, Final

import httpx
import structlog

from domain.signing import sign
from simulation.city import DEMO_KEY, secret_of
from simulation.departments.memory import Memory
from simulation.departments.messages import answer

FIRST_WAIT: Final = 0.5
LONGEST_WAIT: Final = 5.0
log = structlog.get_logger()


class Reply:
    """Sanhuan's final word: the status and, where it said no, the code of the problem."""

    def __init__(self, status: int, body: dict[str, Any]) -> None:
        """Keep both."""
        self.status, self.body = status, body

    @property
    def ok(self) -> bool:
        """Whether the answer was taken."""
        return self.status < HTTPStatus.BAD_REQUEST

    @property
    def code(self) -> str:
        """The code of the problem, or the status where there is none."""
        return str(self.body.get("code") or self.status)


class Sender:
    """Sends for all units over one connection pool. 202, 429, 5xx and lost connections are tried again, same id."""

    def __init__(self, http: httpx.AsyncClient, memory: Memory, *, key: str = DEMO_KEY, in_flight: int = 8) -> None:
        """``http`` carries the base address of the API."""
        self._http, self._memory, self._key = http, memory, key
        self._slots = asyncio.Semaphore(in_flight)

    async def answer(self, unit: str, case: str, order: str, command: str, body: dict[str, Any], n: int) -> Reply:
        """Send the ``n``-th ``command`` about an order and return the final word on it."""
        message = f"{unit}.{case}.{order}.{command}.{n}"
        event = answer(unit, case, order, command, body, message)
        content = json.dumps(event, ensure_ascii=False).encode()
        reply = await self._until_settled(
            unit, f"/api/v1/departments/{unit}/answers", message, content, "application/cloudevents+json"
        )
        if not reply.ok:
            self._memory.refusals[f"{command}: {reply.code}"] += 1
            self._memory.counts["answers_refused"] += 1
        return reply

    async def again(self, unit: str, case: str, order: str, command: str, body: dict[str, Any], n: int) -> None:
        """Send an answer once more under the same id, as a careless system does; nothing may come of it."""
        message = f"{unit}.{case}.{order}.{command}.{n}"
        content = json.dumps(answer(unit, case, order, command, body, message), ensure_ascii=False).encode()
        path = f"/api/v1/departments/{unit}/answers"
        try:
            await self._once(unit, path, message, content, "application/cloudevents+json")
        except httpx.TransportError as error:
            log.info("second copy was lost", unit=unit, error=repr(error))

    async def upload(self, unit: str, case: str, order: str, n: int) -> str | None:
        """Upload a picture as proof and return its id, or None when it was refused."""
        message = f"{unit}.{case}.{order}.document.{n}"
        path = f"/api/v1/departments/{unit}/documents"
        params = {"process": f"case/{case}", "order": order, "name": f"{case}-{order}-{n}.png"}
        reply = await self._until_settled(unit, path, message, picture(message), "image/png", params)
        if reply.ok:
            self._memory.counts["documents"] += 1
            return str(reply.body["id"])
        self._memory.refusals[f"document: {reply.code}"] += 1
        return None

    async def _until_settled(
        self, unit: str, path: str, message: str, content: bytes, media: str, params: dict[str, str] | None = None
    ) -> Reply:
        known = self._memory.settled.get(message)
        if known is not None:
            return Reply(*known)
        wait = FIRST_WAIT
        while True:
            pause = wait
            try:
                response = await self._once(unit, path, message, content, media, params)
            except httpx.TransportError as error:
                log.info("answer not delivered", unit=unit, message=message, error=repr(error))
            else:
                if not _try_again(response.status_code):
                    return self._final(message, response)
                pause = max(wait, _retry_after(response))
            await asyncio.sleep(pause)
            wait = min(LONGEST_WAIT, wait * 2)

    async def _once(
        self, unit: str, path: str, message: str, content: bytes, media: str, params: dict[str, str] | None = None
    ) -> httpx.Response:
        headers = sign(secret_of(unit, self._key), message, datetime.now(UTC), content)
        async with self._slots:
            self._memory.counts["answers_sent"] += 1
            return await self._http.post(
                path, content=content, params=params, headers={**headers, "content-type": media}
            )

    def _final(self, message: str, response: httpx.Response) -> Reply:
        try:
            body = response.json()
        except ValueError:
            body = {}
        reply = Reply(response.status_code, body if isinstance(body, dict) else {})
        self._memory.counts["answers_acknowledged"] += 1
        self._memory.settle(message, reply.status, reply.body)
        return reply


def picture(seed: str) -> bytes:
    """Return a valid PNG of one pixel whose colour comes from ``seed``: the smallest honest photo."""
    colour = hashlib.sha256(seed.encode()).digest()[:3]
    chunks = (
        (b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 0)),
        (b"tEXt", b"Comment\x00" + seed.encode("ascii", "replace")),
        (b"IDAT", zlib.compress(b"\x00" + colour)),
        (b"IEND", b""),
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in chunks
    )


def _try_again(status: int) -> bool:
    again = {HTTPStatus.ACCEPTED, HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_MANY_REQUESTS}
    return status in again or status >= HTTPStatus.INTERNAL_SERVER_ERROR


def _retry_after(response: httpx.Response) -> float:
    value = response.headers.get("retry-after", "")
    return float(value) if value.isdigit() else 0.0
