"""诉求人信息: shown only when asked for, with a reason, and every time on record."""

from typing import Annotated

from fastapi import APIRouter, Form, Path
from starlette.requests import Request
from starlette.responses import Response

from api.access import Place
from api.bodies import unwanted
from api.console.page import render
from api.console.refusing import whole
from api.console.visiting import Visiting
from api.problems import Wrong, invalid
from api.requests.routes import read

router = APIRouter()
LEAST, MOST = 2, 120


@router.post("/requests/{no}/caller")
def reveal(
    request: Request,
    place: Place,
    visit: Visiting,
    no: Annotated[str, Path(max_length=40, pattern=r"^[\w-]+$")],
    why: Annotated[str, Form(max_length=400)] = "",
) -> Response:
    """Show a caller's data as far as the viewer may read it. Refuses: 422 without a reason, 404 where nothing may be read."""
    whole([why])
    why = why.strip()
    if not LEAST <= len(why) <= MOST or unwanted(why):
        raise invalid(Wrong("why", "too_short" if len(why) < LEAST else "too_long", {"least": LEAST, "most": MOST}))
    found = read(no, place, visit.viewer, why)
    return render(request, "caller.html", visit, found=found, why=why)
