"""The people's way to Sanhuan: sign in, read, decide, over HTTP. Patience is here: back-off, polling a stored decision.

Every decision is written down as a JSON line (who, when, what, under which key, what became of it), so that a checker can
compare what people were told with what the journal holds.
"""

import asyncio
import json
import time
from collections.abc import Mapping
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final

import httpx
import structlog
from pydantic import Field

from domain.model import Model
from simulation.city import DEMO_PASSWORD

PREFIX: Final = "/api/v1"
FIRST_WAIT: Final = 0.2
LONGEST_WAIT: Final = 5.0
log = structlog.get_logger()


class Outcome(Model):
    """What became of a request: the last status, the body, and whether Sanhuan said yes."""

    status: int
    body: dict[str, Any] = Field(default_factory=dict)

    @property
    def ok(self) -> bool:
        """Whether it was taken (for a decision: recorded)."""
        return HTTPStatus.OK <= self.status < HTTPStatus.MULTIPLE_CHOICES

    @property
    def code(self) -> str:
        """The code of the problem, or the status where there is none."""
        return str(self.body.get("code") or self.status)


class DecisionLog:
    """JSON lines of decisions, their instants in seconds of the epoch (UTC); without a file only the counts are kept."""

    def __init__(self, file: Path | None = None) -> None:
        """Append to ``file``."""
        self.counts: dict[str, int] = {}
        self.seconds: list[float] = []
        if file is not None:
            file.parent.mkdir(parents=True, exist_ok=True)
        self._file = file.open("a", encoding="utf-8") if file is not None else None

    def write(self, line: Mapping[str, Any], seconds: float) -> None:
        """Write one line. ``seconds`` is how long the person waited for the answer."""
        name = f"{line['command']}: {line['result']}"
        self.counts[name] = self.counts.get(name, 0) + 1
        self.seconds.append(seconds)
        if self._file is not None:
            self._file.write(json.dumps(line, ensure_ascii=False) + "\n")
            self._file.flush()

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            self._file.close()


class Pace:
    """Lets at most ``per_second`` pass, evenly."""

    def __init__(self, per_second: float) -> None:
        """The first may pass at once."""
        self._gap = 1 / per_second
        self._next = 0.0

    async def wait(self) -> None:
        """Return when it is one's turn."""
        now = time.monotonic()
        turn = max(now, self._next)
        self._next = turn + self._gap
        await asyncio.sleep(turn - now)


class Api:
    """One pool of connections, many accounts. 429, 503 and lost connections are waited out, always under the same key."""

    def __init__(
        self,
        http: httpx.AsyncClient,
        decisions: DecisionLog | None = None,
        *,
        password: str = DEMO_PASSWORD,
        in_flight: int = 16,
        patience: float = 300.0,
    ) -> None:
        """``http`` carries the base address; ``patience`` is for how many seconds one request is tried."""
        self._http, self._password, self._patience = http, password, patience
        self.decisions = decisions or DecisionLog()
        self._slots = asyncio.Semaphore(in_flight)
        self._tokens: dict[str, str] = {}
        self._signing_in: dict[str, asyncio.Lock] = {}

    async def get(self, account: str, path: str, **params: Any) -> Outcome:
        """Read a resource."""
        return await self._ask(account, "GET", path, params={k: v for k, v in params.items() if v is not None})

    async def post(self, account: str, path: str, body: Mapping[str, Any], key: str) -> Outcome:
        """Write a resource under an idempotency key."""
        return await self._ask(account, "POST", path, json=dict(body), headers={"idempotency-key": key})

    async def upload(self, account: str, process: str, name: str, content: bytes, media: str, key: str) -> Outcome:
        """Upload a document of a process."""
        return await self._ask(
            account,
            "POST",
            "/documents",
            params={"process": process, "name": name},
            content=content,
            headers={"content-type": media, "idempotency-key": key},
        )

    async def decide(self, account: str, process: str, command: str, body: Mapping[str, Any], key: str) -> Outcome:
        """Give a decision and wait until it is known what became of it, also when it was only stored at first (202)."""
        start, began = time.time(), time.monotonic()
        stored = False
        outcome = Outcome(status=0)
        try:
            outcome = await self.post(account, f"/processes/{process}/decisions/{command}", body, key)
            seconds = time.monotonic() - began
            if outcome.status == HTTPStatus.ACCEPTED:
                stored = True
                outcome = await self._settled(account, str(outcome.body.get("status_url", "")))
            return outcome
        finally:
            if outcome.status == 0 or stored:
                seconds = time.monotonic() - began
            self.decisions.write(
                {
                    "start": start,
                    "end": start + (time.monotonic() - began),
                    "account": account,
                    "process": process,
                    "command": command,
                    "key": key,
                    "status": outcome.status,
                    "stored": stored,
                    "result": "recorded" if outcome.ok else outcome.code if outcome.status else "unknown",
                    "answer": outcome.body,
                },
                seconds,
            )

    async def _settled(self, account: str, url: str) -> Outcome:
        """Poll the status of a stored decision until it is recorded or refused."""
        path = url.removeprefix(str(self._http.base_url).rstrip("/")).removeprefix(PREFIX)
        until = time.monotonic() + self._patience
        wait = FIRST_WAIT
        while time.monotonic() < until:
            await asyncio.sleep(wait)
            wait = min(LONGEST_WAIT, wait * 2)
            outcome = await self._ask(account, "GET", path)
            state = outcome.body.get("outcome")
            if state == "recorded":
                return outcome
            if state == "refused":
                return Outcome(status=HTTPStatus.CONFLICT, body=outcome.body)
            if not outcome.ok:
                return outcome
        return Outcome(status=0, body={"code": "not_settled_in_time"})

    async def _ask(self, account: str, method: str, path: str, **how: Any) -> Outcome:
        headers = dict(how.pop("headers", {}))
        until = time.monotonic() + self._patience
        wait = FIRST_WAIT
        while True:
            status, body, pause = await self._once(account, method, path, headers, how)
            if status == HTTPStatus.UNAUTHORIZED:
                self._tokens.pop(account, None)
            elif 0 < status < HTTPStatus.INTERNAL_SERVER_ERROR and status != HTTPStatus.TOO_MANY_REQUESTS:
                return Outcome(status=status, body=body)
            if time.monotonic() + wait > until:
                return Outcome(status=status, body=body)
            await asyncio.sleep(max(wait, pause))
            wait = min(LONGEST_WAIT, wait * 2)

    async def _once(
        self, account: str, method: str, path: str, headers: dict[str, str], how: dict[str, Any]
    ) -> tuple[int, dict[str, Any], float]:
        try:
            token = await self._token(account)
            async with self._slots:
                response = await self._http.request(
                    method, PREFIX + path, headers={**headers, "authorization": f"Bearer {token}"}, **how
                )
        except (httpx.TransportError, _NotSignedInError) as error:
            log.debug("no answer", account=account, path=path, error=repr(error))
            return 0, {"code": "no_answer"}, 0.0
        return response.status_code, _body(response), _retry_after(response)

    async def _token(self, account: str) -> str:
        lock = self._signing_in.setdefault(account, asyncio.Lock())
        async with lock:
            if account not in self._tokens:
                response = await self._http.post(
                    f"{PREFIX}/sessions", json={"user": account, "password": self._password}
                )
                if response.status_code != HTTPStatus.CREATED:
                    log.info("sign-in failed", account=account, status=response.status_code)
                    raise _NotSignedInError
                self._tokens[account] = response.json()["token"]
            return self._tokens[account]


class _NotSignedInError(Exception):
    """The account could not sign in now."""


def _body(response: httpx.Response) -> dict[str, Any]:
    try:
        body = response.json()
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {"items": body}


def _retry_after(response: httpx.Response) -> float:
    value = response.headers.get("retry-after", "")
    return float(value) if value.isdigit() else 0.0
