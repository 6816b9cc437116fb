"""待办: who signs in sees what waits for him. The rows are the todos of the journal, the buttons their commands."""

from dataclasses import dataclass
from typing import Annotated, Any, Final, Literal
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Query
from starlette.requests import Request
from starlette.responses import Response

from api.access import Place
from api.console.page import render
from api.console.queue import JustDone
from api.console.visiting import Visit, Visiting
from api.paging import Cursor
from api.services import Services
from api.todos.routes import counts, inbox
from domain.deciders import DECIDERS

router = APIRouter()
PAGE: Final = 30
Due = Literal["overdue", "today"]


@dataclass(frozen=True)
class Filters:
    """What the inbox is narrowed by."""

    role: str | None
    due: Due | None
    number: str | None
    kind: str | None


def filters(
    role: Annotated[str | None, Query(max_length=40)] = None,
    due: Annotated[Due | None, Query()] = None,
    number: Annotated[str, Query(max_length=160, pattern=r"^[\w.:@/+-]*$")] = "",
    kind: Annotated[str, Query(max_length=40)] = "",
) -> Filters:
    """Return what an address narrows the inbox by."""
    return Filters(role or None, due, number or None, kind or None)


Asked = Annotated[Filters, Depends(filters)]


@router.get("/")
def page(
    request: Request, place: Place, visit: Visiting, told: JustDone, asked: Asked, cursor: Cursor = None
) -> Response:
    """Show the inbox, and what was done just now with its last item."""
    return render(request, "inbox.html", visit, **_values(place, visit, asked, cursor), told=told)


@router.get("/inbox/rows")
def rows(request: Request, place: Place, visit: Visiting, asked: Asked, cursor: Cursor = None) -> Response:
    """Return the part of the inbox that is fetched again every 15 seconds."""
    return render(request, "_todos.html", visit, **_values(place, visit, asked, cursor))


def _values(place: Services, visit: Visit, asked: Filters, cursor: str | None) -> dict[str, Any]:
    who = visit.viewer
    found = inbox(
        place,
        who,
        visit.lang,
        role=asked.role,
        due=asked.due,
        begins=asked.number,
        kind=asked.kind,
        cursor=cursor,
        limit=PAGE,
    )
    counted = counts(place, who)
    kept = {"role": asked.role, "due": asked.due, "number": asked.number, "kind": asked.kind}

    def address(path: str = "/console/", **changes: str | None) -> str:
        query = {k: v for k, v in {**kept, **changes}.items() if v}
        return f"{path}?{urlencode(query)}" if query else path

    chosen = [c for c in counted.roles if asked.role in (None, c.role)]
    return {
        "items": found.items,
        "next": address(cursor=found.next) if found.next else None,
        "first": address() if cursor else None,
        "here": address("/console/inbox/rows", cursor=cursor),
        "back": address(cursor=cursor),
        "tabs": (
            ("all", sum(c.total for c in chosen), address(due=None), asked.due is None),
            ("overdue", sum(c.overdue for c in chosen), address(due="overdue"), asked.due == "overdue"),
            ("today", sum(c.due_today for c in chosen), address(due="today"), asked.due == "today"),
        ),
        "kinds": tuple(DECIDERS),
        "role": asked.role,
        "due": asked.due,
        "number": asked.number or "",
        "kind": asked.kind,
    }
