"""Webhooks from department systems: signed as Standard Webhooks describes, idempotent by ``webhook-id``.

A signed answer goes through the same door as a person's decision, as user ``unit:{code}`` in the role of the unit's liaison.
"""

from dataclasses import dataclass
from typing import Annotated, Any, Final

from fastapi import APIRouter, Path, Response
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from api.access import Place, slow_down, slow_down_stranger
from api.bodies import EVENT_TYPES, REFUSED, check, media_type, parse
from api.decisions.door import Given
from api.decisions.routes import UNDER_WAY, answered, decide
from api.decisions.schemas import Decided, Pending, asked
from api.departments.schemas import COMMANDS, EXAMPLE, Answer, OrderMessage
from api.documents.files import TYPES
from api.documents.routes import FILE, OF_A_FILE, CaseProcess, FileName, Stored, keep
from api.idempotency import hashed
from api.openapi import takes
from api.problems import Problem, Wrong, invalid
from api.refusals import RULES, refuses
from api.services import Services
from domain.casework.state import Case
from domain.disclosure import Field, disclosure
from domain.process import Actor
from domain.signing import SignatureError, announced, verify
from storage import city
from storage.cases import load_process

router = APIRouter(tags=["departments"])
outward = APIRouter()
LIAISON = "unit_liaison"
Unit = Annotated[str, Path(max_length=80, pattern=r"^[\w.-]+$")]

UNSIGNED: Final = (
    "bad_secret",
    "signature_expired",
    "signature_missing",
    "signature_wrong",
    "storage_unavailable",
    "too_many_requests",
    "unknown_unit",
)
SIGNED: Final = {
    "parameters": [
        {"name": name, "in": "header", "required": True, "schema": {"type": "string"}, "description": what}
        for name, what in (
            ("webhook-id", "the message's id; the same id is the same message"),
            ("webhook-timestamp", "seconds since 1970, at most five minutes away"),
            ("webhook-signature", "`v1,` and the base64 HMAC-SHA256 of `id.timestamp.body`"),
        )
    ]
}
"""The headers of a signed message (Standard Webhooks)."""


@dataclass(frozen=True)
class Signed:
    """A message whose signature fits: from which unit, under which id."""

    actor: Actor
    message: str
    body: bytes


@router.post(
    "/departments/{unit}/answers",
    openapi_extra=takes(Answer, EXAMPLE, "application/cloudevents+json") | SIGNED,
    responses=UNDER_WAY,
    operation_id="answer_as_department",
    summary="A department system answers",
)
@refuses(*REFUSED, *UNSIGNED, RULES, "command_not_for_units", "idempotency_key_reused")
async def answer(unit: Unit, request: Request, place: Place, response: Response) -> Decided | Pending:
    """Take what a department system says about its order. The same ``webhook-id`` gets the same answer."""
    media_type(request, EVENT_TYPES)
    signed = await _signed(request, place, unit)
    event = parse(Answer, signed.body, place.settings.json_depth)
    data = event.data
    if data.command not in COMMANDS:
        raise Problem(403, "command_not_for_units", command=data.command)
    if data.body.get("order", data.order) != data.order:
        raise invalid(Wrong("/data/body/order", "not_this_order"))
    of = asked("case")[data.command]
    body = check(of.body, {**data.body, "order": data.order}, "/data/body")
    said: dict[str, Any] = body.model_dump(mode="json")
    given = Given((signed.actor,), f"case/{data.case}", of, said, signed.message)
    return answered(response, await decide(place, given))


@router.post(
    "/departments/{unit}/documents",
    status_code=201,
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {t: {"schema": FILE} for t in sorted(TYPES)},
        },
        **SIGNED,
    },
    operation_id="hand_in_document_as_department",
    summary="A department system hands in a file",
)
@refuses(*UNSIGNED, "forbidden", "unknown_process", *OF_A_FILE)
async def upload(unit: Unit, request: Request, place: Place, process: CaseProcess, name: FileName = None) -> Stored:
    """Take a file for a case the unit has a live order on; the body is signed like an answer."""
    claimed = media_type(request, TYPES)
    signed = await _signed(request, place, unit)
    return await run_in_threadpool(_keep, place, signed, process, claimed, name)


@outward.post("order-message", operation_id="receive_order_message", summary="What a department system receives")
def order_message(body: OrderMessage) -> None:
    """Describe our own webhook: a CloudEvent ``cn.sanhuan.order.{what}``, signed, its id the same at every attempt."""
    del body


async def _signed(request: Request, place: Services, unit: str) -> Signed:
    """Return the message if its signature fits. Refuses: 401 with what is wrong, 404 for an unknown unit."""
    known = await run_in_threadpool(_unit, place, unit)
    if known is None or not known.active:
        slow_down_stranger(request)
        raise Problem(404, "unknown_unit", unit=unit)
    try:
        announced(request.headers, place.now())  # nobody makes us hold a body who does not even say that he signed it
    except SignatureError as error:
        slow_down_stranger(request)
        raise Problem(401, error.code) from error
    async with place.bodies:
        body = await request.body()
    try:
        message = verify(known.secret or "", request.headers, body, place.now())
    except SignatureError as error:
        slow_down_stranger(request)
        raise Problem(401, error.code) from error
    slow_down(place, f"unit:{unit}")
    actor = Actor(user=f"unit:{unit}", role=LIAISON, unit=unit, district=known.district)
    return Signed(actor, message, body)


def _unit(place: Services, unit: str) -> Any:
    with place.database.read() as connection:
        return city.unit(connection, unit)


def _keep(place: Services, signed: Signed, process: str, claimed: str, name: str | None) -> Stored:
    with place.database.read() as connection:
        stored = load_process(connection, process)
    if stored is None:
        raise Problem(404, "unknown_process", process=process)
    case: Case = stored.process.state
    if Field.documents not in disclosure(case, signed.actor):
        raise Problem(403, "forbidden")
    document = "doc-" + hashed(signed.actor.user, process, signed.message)[:32]
    return keep(
        place, document=document, process=process, content=signed.body, claimed=claimed, name=name, by=signed.actor.user
    )
