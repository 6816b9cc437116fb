"""立: a person begins a process: ``POST /api/v1/proceedings/{kind}/open/{command}``, through the same door as every decision.

The number of what is begun follows from who begins it and his Idempotency-Key, so that a repeated request names the same process.
"""

import base64
import hashlib
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from functools import cache
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Path, Response

from api.access import IdempotencyKey, Place, SignedIn, Viewer
from api.bodies import json_body
from api.decisions.door import Given
from api.decisions.routes import actors_of, add_command, answered, decide
from api.decisions.schemas import Asked, Decided, Pending, openings
from api.problems import refused
from api.refusals import RULES, refuses
from domain.calendar import local_day
from domain.deciders import DECIDERS
from domain.model import Strict

UNDER: Final[Mapping[str, tuple[str, ...]]] = {
    "supervision": ("matter", "level"),
    "accountability": ("unit",),
}
"""Fields of the opening that stand in the number before what is given out, by kind; a kind that is not named has none."""
LETTERS: Final = 6


def number_of(kind: str, user: str, key: str, said: Mapping[str, Any], now: datetime) -> str:
    """Return the number under which a person's process begins: ``20260105-4KQ2ZA``, for some kinds under what it is about."""
    digest = hashlib.sha256(f"{kind}\0{user}\0{key}".encode()).digest()
    letters = base64.b32encode(digest).decode()[:LETTERS]
    under = (str(said[name]) for name in UNDER.get(kind, ()) if said.get(name) is not None)
    return "/".join((*under, f"{local_day(now):%Y%m%d}-{letters}"))


def opening(who: Viewer, kind: str, of: Asked, said: Mapping[str, Any], key: str, now: datetime) -> Given:
    """Return the decision that begins a process."""
    process = f"{kind}/{number_of(kind, who.account.user, key, said, now)}"
    return Given(actors_of(who), process, of, said, key, opens=True)


def router() -> APIRouter:
    """Return the routes of all openings of all kinds there are."""
    return _router(tuple(DECIDERS))


@cache
def _router(kinds: tuple[str, ...]) -> APIRouter:
    found = APIRouter(tags=["proceedings"])
    for kind in kinds:
        for name, of in openings(kind).items():
            add_command(found, f"/proceedings/{kind}/open/{name}", kind, of, _route(kind, of))
    found.include_router(_others)
    return found


def _route(kind: str, of: Asked) -> Callable[..., Awaitable[Decided | Pending]]:
    @refuses(RULES, "forbidden", "idempotency_key_reused")
    async def give(
        place: Place,
        who: SignedIn,
        key: IdempotencyKey,
        body: Annotated[Strict, Depends(json_body(of.body))],
        response: Response,
    ) -> Decided | Pending:
        given = opening(who, kind, of, body.model_dump(mode="json"), key, place.now())
        return answered(response, await decide(place, given))

    give.__name__ = f"{kind}_{of.name}"
    return give


_others = APIRouter()


@_others.post("/proceedings/{kind}/open/{command}", include_in_schema=False)
async def unknown(kind: Annotated[str, Path(max_length=40)], command: str, who: SignedIn) -> None:
    """Refuse a kind nobody knows, and a command that begins nothing."""
    del who
    if kind in DECIDERS:
        raise refused("unknown_command", {"command": command[:80]})
    raise refused("unknown_process", {"process": kind})
