"""Who is asking. A session token comes as ``Authorization: Bearer …`` or, from the console, in a cookie.

A cookie travels by itself, so a write that comes with one must show that it comes from our pages: by its ``Origin`` or by the
session's ``X-CSRF-Token``.
"""

import hashlib
import hmac
import re
from dataclasses import dataclass
from typing import Annotated, Final
from urllib.parse import urlsplit

from fastapi import Depends, Header
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from api.limits import network_of
from api.problems import Problem
from api.refusals import refuses
from api.services import Services, services
from domain.process import Actor
from storage.accounts import Account, Session, find_session, token_hash

COOKIE: Final = "sanhuan_session"
API: Final = "/api/"
SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})
TOKEN: Final = re.compile(r"[A-Za-z0-9_-]{20,100}")
KEY: Final = re.compile(r"[\x21-\x7e]{1,200}")


@dataclass(frozen=True)
class Viewer:
    """A signed-in account, and the role it asks to act in (None: whichever fits)."""

    account: Account
    token: str
    role: str | None = None

    @property
    def roles(self) -> tuple[str, ...]:
        """The roles to try, in order."""
        return self.account.roles if self.role is None else (self.role,)

    def actor(self, role: str) -> Actor:
        """Return the actor for the rules."""
        account = self.account
        return Actor(user=account.user, role=role, unit=account.unit, district=account.district)

    def actors(self) -> tuple[Actor, ...]:
        """Return an actor for each role to try."""
        return tuple(self.actor(role) for role in self.roles)

    def holds(self, *roles: str) -> str:
        """Return the first of ``roles`` that may be used here, or refuse with 403."""
        for role in roles:
            if role in self.roles:
                return role
        raise Problem(403, "forbidden")


def client_address(request: Request) -> str:
    """Return the address the request came from."""
    return request.client.host if request.client else "-"


@refuses("not_signed_in", "role_not_held", "csrf", "too_many_requests", "storage_unavailable")
async def signed_in(
    request: Request,
    x_role: Annotated[
        str | None,
        Header(
            max_length=40,
            description="role to act in; without it, whichever of one's roles fits",
        ),
    ] = None,
) -> Viewer:
    """Return who asks. Refuses: 401 without a live session, 403 for a role not held, 429 for too many requests."""
    found = await viewer_of(request)
    if found is None:
        slow_down_stranger(request)
        raise Problem(401, "not_signed_in", headers={"WWW-Authenticate": "Bearer"})
    slow_down(services(request), f"account:{found.account.user}")
    if x_role is not None and x_role not in found.account.roles:
        raise Problem(403, "role_not_held", role=x_role[:40])
    return Viewer(found.account, found.token, x_role)


async def viewer_of(request: Request) -> Viewer | None:
    """Return who asks, or None for a stranger. A cookie that proves no origin is refused with 403 ``csrf``."""
    token, from_cookie = _token(request)
    if token is None:
        return None
    session = await session_of(services(request), token)
    if session is None:
        return None
    if from_cookie and request.method not in SAFE and not _same_origin(request, token):
        raise Problem(403, "csrf")
    if from_cookie and request.url.path.startswith(API) and request.headers.get("sec-fetch-site") == "cross-site":
        raise Problem(403, "csrf")  # reading may leave a record under his name, which no foreign link shall do
    return Viewer(session.account, token)


async def session_of(place: Services, token: str) -> Session | None:
    """Return the live session of a token; remembered for a few seconds."""
    now, key = place.now(), token_hash(token)
    session = place.sessions.get(key)
    if session is None:
        session = await run_in_threadpool(_look_up, place, token)
        if session is not None:
            place.sessions.put(key, session)
    return session if session is not None and session.expires_at > now else None


def csrf_token(token: str) -> str:
    """Return what pages of a session send along with their writes."""
    return hashlib.sha256(f"csrf:{token}".encode()).hexdigest()[:40]


def slow_down(place: Services, key: str) -> None:
    """Refuse with 429 an account or unit that asks too often."""
    too_often(place.limits.requests.take(key))


def slow_down_stranger(request: Request) -> None:
    """Refuse with 429 an address from which strangers ask too often."""
    too_often(services(request).limits.strangers.take(network_of(client_address(request))))


def too_often(wait_s: float) -> None:
    """Refuse with 429 whose bucket is empty for so many seconds."""
    if wait_s > 0:
        raise Problem(429, "too_many_requests", retry_after=wait_s)


@refuses("idempotency_key_missing")
def idempotency_key(
    idempotency_key: Annotated[
        str | None,
        Header(
            description="1 to 200 visible ASCII characters, required; the same key repeats, never doubles",
        ),
    ] = None,
) -> str:
    """Return the request's Idempotency-Key; refuse with 400 when it is missing."""
    if idempotency_key is None or not KEY.fullmatch(idempotency_key):
        raise Problem(400, "idempotency_key_missing")
    return idempotency_key


SignedIn = Annotated[Viewer, Depends(signed_in)]
IdempotencyKey = Annotated[str, Depends(idempotency_key)]
Place = Annotated[Services, Depends(services)]


def _token(request: Request) -> tuple[str | None, bool]:
    header = request.headers.get("authorization")
    if header is not None:
        scheme, _, token = header.partition(" ")
        good = scheme.lower() == "bearer" and TOKEN.fullmatch(token.strip())
        return (token.strip() if good else None), False
    cookie = request.cookies.get(COOKIE)
    return (cookie if cookie and TOKEN.fullmatch(cookie) else None), True


def _same_origin(request: Request, token: str) -> bool:
    given = request.headers.get("x-csrf-token")
    if given is not None:
        return hmac.compare_digest(given.encode("latin-1", "replace"), csrf_token(token).encode())
    origin = request.headers.get("origin")
    return origin is not None and urlsplit(origin).netloc == request.headers.get("host")


def _look_up(place: Services, token: str) -> Session | None:
    with place.database.read() as connection:
        return find_session(connection, token, place.now())
