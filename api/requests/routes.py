"""Requests: intake, reading one with its caller (audited), finding the same words again."""

from typing import Annotated, Final

from fastapi import APIRouter, BackgroundTasks, Depends, Path, Query
from pydantic import StringConstraints
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from api.access import IdempotencyKey, Place, SignedIn, client_address
from api.bodies import json_body
from api.cases.reading import actor_and_fields, open_stage
from api.gates import roles_of
from api.openapi import takes
from api.problems import Problem
from api.refusals import refuses
from api.requests.intake import admit, register
from api.requests.schemas import EXAMPLE, CallerOut, Registered, RequestIn, RequestOut, Similar, SimilarList
from domain.casework.state import Case
from domain.disclosure import CALLER_DATA, Field
from storage.cases import load_process
from storage.requests import Reader, find_request, read_caller, same_text

router = APIRouter(tags=["requests"])
MOST_SIMILAR: Final = 20
No = Annotated[str, Path(max_length=40, pattern=r"^[\w-]+$")]


@router.post(
    "/requests",
    status_code=201,
    openapi_extra=takes(RequestIn, EXAMPLE),
    operation_id="register_request",
    summary="Register a request 登记",
)
@refuses("forbidden", "idempotency_key_reused")
async def take(
    request: Request,
    place: Place,
    who: SignedIn,
    key: IdempotencyKey,
    body: Annotated[RequestIn, Depends(json_body(RequestIn))],
    background: BackgroundTasks,
) -> Registered:
    """Take what a caller said; his number is final. The case begins at once, or when the engine is back."""
    admit(place, who, client_address(request))
    taken = await run_in_threadpool(register, place, who, key, body)
    if taken.new:
        background.add_task(place.engine.start_case, taken.registered.process)
    return taken.registered


@router.get(
    "/requests/{no}", operation_id="read_request", summary="Read a request and, as far as disclosed, its caller"
)
@refuses("not_found")
def read(
    no: No,
    place: Place,
    who: SignedIn,
    why: Annotated[
        str,
        StringConstraints(strip_whitespace=True, min_length=2, max_length=120),
        Query(description="the reason, which is recorded"),
    ],
) -> RequestOut:
    """Read a request. Each reading is recorded: who, which of the caller's fields, and why."""
    with place.database.write() as connection:
        row = find_request(connection, no)
        if row is None:
            raise Problem(404, "not_found")
        own = load_process(connection, f"case/{no}")
        case: Case = own.process.state if own else _not_begun(row)
        lead = load_process(connection, f"case/{case.main_case}") if case.main_case else None
        cases = [case] if lead is None else [case, lead.process.state]
        actor, fields = actor_and_fields(who, cases, confidential=row.confidential or case.confidential)
        if Field.request_text not in fields:
            raise Problem(404, "not_found")
        disclosed = sorted(f.removeprefix("caller_") for f in CALLER_DATA & fields)
        caller = read_caller(connection, no, disclosed, Reader(actor.user, actor.role, why), place.now())
    return RequestOut(
        process=f"case/{no}",
        caller=CallerOut(type=row.caller_type, **caller),
        disclosed=tuple(disclosed),
        **{f: getattr(row, f) for f in _PLAIN},
    )


@router.get("/requests/{no}/similar", operation_id="list_similar_requests", summary="Requests with the same words")
@refuses("forbidden", "not_found")
def similar(no: No, place: Place, who: SignedIn) -> SimilarList:
    """Find the same text sent again: case, width, spaces and punctuation do not matter."""
    who.holds(*roles_of("list_similar_requests"))
    with place.database.read() as connection:
        if find_request(connection, no) is None:
            raise Problem(404, "not_found")
        rows = same_text(connection, no, MOST_SIMILAR)
    items = tuple(
        Similar(
            no=r.no,
            process=f"case/{r.no}",
            received_at=r.received_at,
            stage=r.stage,
            main_case=r.main_case,
            open=open_stage(r.stage),
            exact=True,
        )
        for r in rows
    )
    return SimilarList(items=items, lead=next((s.no for s in items if s.open and s.no < no), None))


_PLAIN: Final = (
    "no",
    "received_at",
    "channel",
    "case_type",
    "grade",
    "confidential",
    "reply_preference",
    "language",
    "source",
    "district",
    "street",
    "title",
    "content",
    "place",
)


def _not_begun(row: object) -> Case:
    """Return the case of a request whose case has not begun: as much as disclosure looks at."""
    return Case(no=row.no, district=row.district, confidential=row.confidential)  # type: ignore[attr-defined]
