"""Health, figures, audit."""

from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel
from starlette.concurrency import run_in_threadpool

from api.access import Place, SignedIn
from api.gates import roles_of
from api.paging import Cursor, Limit, cursor_of, keys_of
from api.refusals import refuses
from storage.audit import list_audit

health = APIRouter(tags=["health"])
router = APIRouter(tags=["operations"])


class Health(BaseModel):
    """The process is alive."""

    status: Literal["ok"] = "ok"


class Readiness(BaseModel):
    """What answers. ``degraded``: requests and decisions are taken and will be carried out when the engine is back."""

    status: Literal["ready", "degraded", "unavailable"]
    database: bool
    engine: bool


class AuditLine(BaseModel):
    """Who read or changed what, and why."""

    id: int
    at: datetime
    user: str
    role: str | None
    action: str
    subject: str
    fields: tuple[str, ...]
    why: str


class AuditPage(BaseModel):
    """One page of the audit, the latest first."""

    items: tuple[AuditLine, ...]
    next: str | None


@health.get("/healthz", operation_id="is_alive", summary="Is the process alive")
async def alive() -> Health:
    """Answer as long as the process lives."""
    return Health()


@health.get(
    "/readyz",
    operation_id="is_ready",
    responses={503: {"model": Readiness, "description": "There is no database"}},
    summary="Can it work",
)
async def ready(place: Place, response: Response) -> Readiness:
    """Ask database and engine. 503 without a database; without an engine 200 and ``degraded``: nothing is lost."""
    database = await run_in_threadpool(place.database.ping)
    engine = await place.engine.ping()
    if not database:
        response.status_code = 503
        return Readiness(status="unavailable", database=False, engine=engine)
    return Readiness(status="ready" if engine else "degraded", database=True, engine=engine)


@router.get("/audit", operation_id="list_audit", summary="Who read or changed what")
@refuses("forbidden")
def audit(
    place: Place,
    who: SignedIn,
    subject: Annotated[str | None, Query(max_length=300)] = None,
    user: Annotated[str | None, Query(max_length=80)] = None,
    cursor: Cursor = None,
    limit: Limit = 100,
) -> AuditPage:
    """List the audit for auditors and privacy officers."""
    who.holds(*roles_of("list_audit"))
    keys = keys_of(cursor, int)
    with place.database.read() as connection:
        rows = list_audit(connection, subject=subject, user=user, before=keys[0] if keys else None, limit=limit + 1)
    page = rows[:limit]
    items = tuple(AuditLine(**_plain(r)) for r in page)
    return AuditPage(items=items, next=cursor_of(page[-1].id) if len(rows) > limit else None)


def _plain(row: Any) -> dict[str, Any]:
    return {name: getattr(row, name) for name in AuditLine.model_fields}
