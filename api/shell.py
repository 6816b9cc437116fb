"""What surrounds every request: an id, limits for its body, headers for browsers, figures, a net for our own errors.

Plain ASGI, outside of FastAPI, so that nothing escapes it.
"""

import asyncio
import logging
import re
import secrets
import time
from collections.abc import Mapping
from typing import Final
from urllib.parse import unquote_to_bytes

from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.bodies import UNWANTED
from api.problems import Problem, answer
from api.services import Services
from api.settings import Settings

log = logging.getLogger(__name__)

MOST_LENGTH_DIGITS: Final = 18
"""Of a length that is read at all: a longer one is too large at any limit."""
GONE: Final = 499
"""What figures call a client who left in the middle of his body."""
REQUEST_ID: Final = re.compile(r"[A-Za-z0-9._-]{8,80}")
DOCUMENT_PATH: Final = re.compile(r"/api/v1/(documents|departments/[^/]+/documents)|/console/cases/[^/]+/acts/[a-z_]+")

SECURITY: Final[Mapping[str, str]] = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "geolocation=(), camera=(), microphone=()",
}
API_POLICY: Final = "default-src 'none'; frame-ancestors 'none'"
API_HEADERS: Final[Mapping[str, str]] = {"cache-control": "no-store", "content-security-policy": API_POLICY}


class Shell:
    """ASGI middleware around the whole app, whose services it asks for at each request."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request; other kinds of connections pass."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        place: Services = scope["app"].state.services
        headers = {k.decode("latin-1").lower(): v.decode("latin-1") for k, v in scope["headers"]}
        given = headers.get("x-request-id", "")
        request_id = given if REQUEST_ID.fullmatch(given) else secrets.token_hex(12)
        scope.setdefault("state", {})["request_id"] = request_id
        begun, status = time.perf_counter(), 500
        started = False

        async def sending(message: Message) -> None:
            nonlocal status, started
            if message["type"] == "http.response.start":
                started, status = True, message["status"]
                _add_headers(message, scope["path"], request_id)
            await send(message)

        try:
            problem = _bad_line(scope) or _too_large(scope, headers, place.settings)
            if problem is None:
                await self.app(scope, _bounded(scope, receive, place.settings), sending)
        except ClientDisconnect:
            status = GONE
            problem = None  # nobody is there to be told
        except Exception:
            log.exception("request %s failed", request_id)
            if started:
                raise
            problem = Problem(500, "internal")
        finally:
            route = getattr(scope.get("route"), "path", "-")
            place.metrics.seen(scope["method"], route, status, time.perf_counter() - begun)
        if problem is not None:
            response = answer(problem, _shown_path(scope), headers.get("accept-language"))
            await response(scope, receive, sending)


def _limit(path: str, settings: Settings) -> int:
    """Return how many bytes a body may have at this path."""
    return settings.document_limit if DOCUMENT_PATH.fullmatch(path) else settings.body_limit


def _too_large(scope: Scope, headers: Mapping[str, str], settings: Settings) -> Problem | None:
    length, most = headers.get("content-length", "0"), _limit(scope["path"], settings)
    if not (length.isascii() and length.isdigit()):
        return Problem(400, "bad_request")
    return Problem(413, "body_too_large", most=most) if len(length) > MOST_LENGTH_DIGITS or int(length) > most else None


def _bounded(scope: Scope, receive: Receive, settings: Settings) -> Receive:
    """Count the bytes as they come: a body need not say its length. A body that trickles is given up."""
    most, taken = _limit(scope["path"], settings), 0
    until = time.monotonic() + settings.body_timeout_s
    ended = False

    async def bounded() -> Message:
        nonlocal taken, ended
        if ended:
            return await receive()
        try:
            message = await asyncio.wait_for(receive(), max(0.0, until - time.monotonic()))
        except TimeoutError as error:
            raise Problem(408, "body_too_slow") from error
        if message["type"] == "http.request":
            taken += len(message.get("body", b""))
            ended = not message.get("more_body", False)
            if taken > most:
                raise Problem(413, "body_too_large", most=most)
        return message

    return bounded


def _bad_line(scope: Scope) -> Problem | None:
    """Refuse control characters and broken UTF-8 in path and query: nothing of ours has them, and databases choke."""
    for raw in (scope.get("raw_path") or scope["path"].encode("utf-8", "surrogateescape"), scope["query_string"]):
        try:
            line = unquote_to_bytes(raw.replace(b"+", b" ")).decode("utf-8")
        except UnicodeDecodeError:
            return Problem(400, "bad_request_line")
        if UNWANTED.search(line):
            return Problem(400, "bad_request_line")
    return None


def _shown_path(scope: Scope) -> str:
    return UNWANTED.sub("?", scope["path"])[:500]


def _add_headers(message: Message, path: str, request_id: str) -> None:
    present = {name.lower() for name, _ in message["headers"]}
    extra = {"x-request-id": request_id, **SECURITY}
    if path.startswith("/api/"):
        extra |= API_HEADERS
    for name, value in extra.items():
        if name.encode() not in present:
            message["headers"].append((name.encode(), value.encode()))
