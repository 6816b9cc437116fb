"""异常: what a machine could not do, for the operator to try again, do another way, or let be."""

import secrets
from typing import Annotated, Final, Literal
from urllib.parse import urlencode

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from api.access import Place
from api.console import wording
from api.console.casefile import unit_names
from api.console.operations import Done
from api.console.page import render
from api.console.visiting import Visiting
from api.incidents import routes as api
from api.paging import Cursor
from storage.incidents import effect_bodies

router = APIRouter()
PAGE: Final = 50
Status = Literal["open", "retried", "redirected", "waived", "restarted", "all"]
STATUSES: Final[tuple[Status, ...]] = ("open", "retried", "redirected", "waived", "restarted", "all")


@router.get("/incidents")
def listed(
    request: Request,
    place: Place,
    visit: Visiting,
    status: Annotated[Status, Query()] = "open",
    cursor: Cursor = None,
    done: Done = None,
) -> Response:
    """List incidents, the oldest first."""
    page = api.incidents(request, place, visit.viewer, status=status, cursor=cursor, limit=PAGE)
    with place.database.read() as connection:
        units = unit_names(connection, visit.lang)
        bodies = effect_bodies(connection, {i.effect for i in page.items if i.effect})
    return render(
        request,
        "incidents.html",
        visit,
        items=page.items,
        names={i.id: wording.effect_name(i.kind, bodies.get(i.effect or ""), visit.lang) for i in page.items},
        targets={i.id: wording.target_name(i.target, units, visit.lang) for i in page.items},
        statuses=STATUSES,
        chosen=status,
        next=f"/console/incidents?{urlencode({'status': status, 'cursor': page.next})}" if page.next else None,
        settle="operator" in visit.viewer.roles,
        done=done,
        key=secrets.token_hex(16),
    )
