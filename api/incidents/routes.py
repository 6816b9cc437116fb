"""异常: what a machine could not do and an operator settles by the commands of the process."""

from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel
from starlette.requests import Request

from api.access import Place, SignedIn
from api.gates import roles_of
from api.paging import Cursor, Limit, cursor_of, keys_of
from api.problems import language
from api.refusals import refuses
from storage.incidents import list_incidents
from storage.texts import text

router = APIRouter(tags=["incidents"])
SETTLING = ("retry_effect", "redirect_effect", "waive_effect")


class IncidentOut(BaseModel):
    """One incident. ``commands`` settle it; a parked process is settled by ``restart``."""

    id: str
    process: str
    effect: str | None
    kind: str
    label: str
    target: str
    code: str
    attempt: int
    status: str
    opened_at: datetime
    settled_at: datetime | None
    settled_by: str | None
    commands: tuple[str, ...]


class IncidentPage(BaseModel):
    """One page of incidents, the oldest first."""

    items: tuple[IncidentOut, ...]
    next: str | None


@router.get("/incidents", operation_id="list_incidents", summary="Incidents, the oldest first")
@refuses("forbidden")
def incidents(
    request: Request,
    place: Place,
    who: SignedIn,
    status: Literal["open", "retried", "redirected", "waived", "restarted", "all"] = "open",
    process: Annotated[str | None, Query(max_length=200)] = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> IncidentPage:
    """List incidents for operators, shift leaders and auditors."""
    who.holds(*roles_of("list_incidents"))
    lang = language(request.headers.get("accept-language"))
    with place.database.read() as connection:
        rows = list_incidents(
            connection,
            status=None if status == "all" else status,
            process=process,
            after=keys_of(cursor, datetime, str),
            limit=limit + 1,
        )
    page = rows[:limit]
    items = tuple(
        IncidentOut(
            **{n: getattr(r, n) for n in IncidentOut.model_fields if n not in {"label", "commands"}},
            label=text(f"effect.{r.kind}", lang),
            commands=SETTLING if r.status == "open" and r.effect is not None else (),
        )
        for r in page
    )
    return IncidentPage(items=items, next=cursor_of(page[-1].opened_at, page[-1].id) if len(rows) > limit else None)
