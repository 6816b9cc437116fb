"""运行情况: what is overdue, parked or failing, what each means, and a button that starts a process again from the journal."""

import secrets
from typing import Annotated, Final, Literal

from fastapi import APIRouter, Form, Query
from starlette.requests import Request
from starlette.responses import Response

from api.access import KEY, Place
from api.console.page import go, render
from api.console.visiting import Visiting
from api.gates import roles_of
from api.operations.restart import restart
from api.operations.troubles import MOST, grouped, look
from api.operations.words import LONGEST, PROCESS
from api.problems import Problem

router = APIRouter()
Done = Annotated[Literal["restarted", "waiting"] | None, Query(description="what became of a restart")]
HERE: Final = "/console/operations"
BACK: Final = {"operations": HERE, "incidents": "/console/incidents"}


@router.get("/operations")
async def page(request: Request, place: Place, visit: Visiting, done: Done = None) -> Response:
    """Show what is wrong now."""
    visit.viewer.holds(*roles_of("list_troubles"))
    found = await look(place, visit.lang)
    return render(
        request,
        "operations.html",
        visit,
        found=found,
        groups=grouped(found.items),
        most=MOST,
        done=done,
        key=secrets.token_hex(16),
        settle="operator" in visit.viewer.roles,
    )


@router.post("/operations/restart")
async def again(
    request: Request,
    place: Place,
    visit: Visiting,
    process: Annotated[str, Query(max_length=LONGEST, pattern=PROCESS)],
    back: Annotated[Literal["operations", "incidents"], Query()] = "operations",
    key: Annotated[str, Form(max_length=200)] = "",
) -> Response:
    """Start a process again from the journal and go back to the page; the page's key makes pressing twice harmless."""
    if not KEY.fullmatch(key):
        raise Problem(400, "idempotency_key_missing")
    begun = await restart(process, place, visit.viewer, key)
    return go(request, f"{BACK[back]}?done={'restarted' if begun.engine else 'waiting'}")
