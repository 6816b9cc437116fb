"""The one door for decisions: ``POST /api/v1/processes/{process}/decisions/{command}``. Read this file fourth.

The way of a decision: who is it, is the body right (:mod:`api.decisions.schemas`, derived from the rules) → may he, and can it
be at this stage (:func:`api.decisions.door.store`, which also stores it) → the engine (:mod:`api.engine`), whose journal
decides → 200 with where the process stands now, 409 with why not, or 202 when there was no answer in time and the relay
will deliver it.
"""

from collections.abc import Awaitable, Callable
from functools import cache
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Header, Path, Response
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from api.access import IdempotencyKey, Place, SignedIn, Viewer
from api.bodies import json_body
from api.decisions import door
from api.decisions.door import Given, Ready
from api.decisions.schemas import Asked, CommandOut, Decided, Pending, asked, example
from api.engine import Refused
from api.openapi import takes
from api.problems import Problem, language, refused
from api.refusals import RULES, refuses
from api.services import Services
from domain.deciders import DECIDERS
from domain.messages import Receipt
from domain.model import Strict
from domain.process import Actor
from storage.texts import text

_others = APIRouter(tags=["decisions"])
STATUS = "/api/v1/commands/"
NUMBER: Final = r"^[A-Za-z0-9_.:@/+-]+$"
"""What follows the kind in the id of a process."""
SEEN: Final = r'^(\*|(W/)?"[0-9]{1,9}"|[0-9]{1,9})$'
"""An ETag of ours; nine digits fit every database's integer."""
UNDER_WAY: Final[dict[int | str, dict[str, Any]]] = {
    202: {"model": Pending, "description": "Stored and sure to be delivered; the engine has not answered yet"}
}


async def decide(place: Services, given: Given) -> Decided | Pending:
    """Give one decision to the engine and return what came of it. Raises :class:`~api.problems.Problem` for a refusal."""
    ready = await run_in_threadpool(door.store, place, given)
    if isinstance(ready, Decided):
        return ready
    answer = await place.engine.decide(ready.process, ready.name, ready.decision, urgent=ready.urgent)
    match answer:
        case Receipt():
            # Temporal answers a repeated id by itself: a journal restored from a backup may not hold what it remembers.
            held = await run_in_threadpool(door.look_up, place, ready.id)
            return Decided(command=ready.id, **answer.model_dump()) if held else _pending(ready)
        case Refused():
            return await run_in_threadpool(door.settle_refusal, place, ready.process, ready.id, answer)
        case None:
            settled = await run_in_threadpool(door.look_up, place, ready.id)
            return settled or _pending(ready)


def _pending(ready: Ready) -> Pending:
    return Pending(command=ready.id, process=ready.process, status_url=f"{STATUS}{ready.id}")


def answered(response: Response, outcome: Decided | Pending) -> Decided | Pending:
    """Set the status: 200 with an ETag for what took effect, 202 with where to ask for what is under way."""
    if isinstance(outcome, Pending):
        response.status_code = 202
        response.headers["Location"] = outcome.status_url
        response.headers["Retry-After"] = "2"
    else:
        response.headers["ETag"] = f'"{outcome.seq}"'
    return outcome


def seen_seq(
    if_match: Annotated[
        str | None, Header(pattern=SEEN, description='the ETag of the state that was looked at, such as "12"')
    ] = None,
) -> int | None:
    """Return the seq the person had seen."""
    if if_match is None or if_match == "*":
        return None
    return int(if_match.removeprefix("W/").strip('"'))


def _route(kind: str, of: Asked) -> Callable[..., Awaitable[Decided | Pending]]:
    @refuses(RULES, "forbidden", "idempotency_key_reused")
    async def give(
        no: Annotated[str, Path(max_length=160, pattern=NUMBER)],
        place: Place,
        who: SignedIn,
        key: IdempotencyKey,
        seen: Annotated[int | None, Depends(seen_seq)],
        body: Annotated[Strict, Depends(json_body(of.body))],
        response: Response,
    ) -> Decided | Pending:
        given = Given(actors_of(who), f"{kind}/{no}", of, body.model_dump(mode="json"), key, seen)
        return answered(response, await decide(place, given))

    give.__name__ = f"{kind}_{of.name}"
    return give


def actors_of(who: Viewer) -> tuple[Actor, ...]:
    """Return the viewer in each of his roles; refuse with 403 who holds none."""
    actors = who.actors()
    if not actors:
        raise Problem(403, "forbidden")
    return actors


def router() -> APIRouter:
    """Return the routes of all kinds of processes there are."""
    return _router(tuple(DECIDERS))


@cache
def _router(kinds: tuple[str, ...]) -> APIRouter:
    found = APIRouter(tags=["decisions"])
    for kind in kinds:
        for name, of in asked(kind).items():
            add_command(found, f"/processes/{kind}/{{no:path}}/decisions/{name}", kind, of, _route(kind, of))
    found.include_router(_others)
    return found


def add_command(
    to: APIRouter, path: str, kind: str, of: Asked, give: Callable[..., Awaitable[Decided | Pending]]
) -> None:
    """Add the route of one command, described from its model."""
    to.add_api_route(
        path,
        give,
        methods=["POST"],
        response_model=Decided | Pending,
        responses=UNDER_WAY,
        operation_id=f"{kind}_{of.name}",
        openapi_extra=takes(of.body, example(of)),
        summary=f"{text(f'command.{of.name}', 'en')} {text(f'command.{of.name}', 'zh')}",
        description=(of.command.__doc__ or of.name).strip(),
    )


@_others.post("/processes/{process:path}/decisions/{command}", include_in_schema=False)
async def unknown(process: str, command: str, who: SignedIn) -> None:
    """Refuse a command nobody knows, or one that only machines give."""
    del who
    kind = process.partition("/")[0]
    if kind in DECIDERS:
        raise refused("unknown_command", {"command": command[:80]})
    raise refused("unknown_process", {"process": process[:80]})


@_others.get("/commands/{command:path}", operation_id="read_command", summary="What became of a decision")
@refuses("not_found")
def status(
    command: Annotated[str, Path(max_length=100, pattern=r"^d/[0-9a-f]{64}$")],
    request: Request,
    place: Place,
    who: SignedIn,
) -> CommandOut:
    """Tell what became of one's own decision."""
    return door.status(place, command, who.account.user, language(request.headers.get("accept-language")))
