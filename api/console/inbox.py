"""待办: who signs in sees what waits for him. The rows are the todos of the journal, the buttons their commands."""

from typing import Annotated, Any, Final, Literal
from urllib.parse import urlencode

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from api.access import Place
from api.console.page import render
from api.console.queue import JustDone
from api.console.visiting import Visiting
from api.paging import Cursor
from api.todos.routes import counts, inbox

router = APIRouter()
PAGE: Final = 30
Due = Literal["overdue", "today"]


@router.get("/")
def page(
    request: Request,
    place: Place,
    visit: Visiting,
    told: JustDone,
    role: Annotated[str | None, Query(max_length=40)] = None,
    due: Annotated[Due | None, Query()] = None,
    number: Annotated[str, Query(max_length=40, pattern=r"^[\d-]*$")] = "",
    cursor: Cursor = None,
) -> Response:
    """Show the inbox, and what was done just now with its last item."""
    values = _values(place, visit, role, due, number, cursor)
    return render(request, "inbox.html", visit, **values, told=told)


@router.get("/inbox/rows")
def rows(
    request: Request,
    place: Place,
    visit: Visiting,
    role: Annotated[str | None, Query(max_length=40)] = None,
    due: Annotated[Due | None, Query()] = None,
    number: Annotated[str, Query(max_length=40, pattern=r"^[\d-]*$")] = "",
    cursor: Cursor = None,
) -> Response:
    """Return the part of the inbox that is fetched again every 15 seconds."""
    return render(request, "_todos.html", visit, **_values(place, visit, role, due, number, cursor))


def _values(
    place: Place, visit: Visiting, role: str | None, due: Due | None, number: str, cursor: str | None
) -> dict[str, Any]:
    who, role = visit.viewer, role or None
    found = inbox(place, who, visit.lang, role=role, due=due, begins=number or None, cursor=cursor, limit=PAGE)
    counted = counts(place, who)
    kept = {"role": role, "due": due, "number": number or None}

    def address(path: str = "/console/", **changes: str | None) -> str:
        query = {k: v for k, v in {**kept, **changes}.items() if v}
        return f"{path}?{urlencode(query)}" if query else path

    chosen = [c for c in counted.roles if role in (None, c.role)]
    return {
        "items": found.items,
        "next": address(cursor=found.next) if found.next else None,
        "first": address() if cursor else None,
        "here": address("/console/inbox/rows", cursor=cursor),
        "back": address(cursor=cursor),
        "tabs": (
            ("all", sum(c.total for c in chosen), address(due=None), due is None),
            ("overdue", sum(c.overdue for c in chosen), address(due="overdue"), due == "overdue"),
            ("today", sum(c.due_today for c in chosen), address(due="today"), due == "today"),
        ),
        "role": role,
        "due": due,
        "number": number,
    }
