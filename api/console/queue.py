"""一件接一件: who works through his inbox comes from one decision to the next item, in the order of the list he took it from.

An item is opened with its todo's key and the list's address; both travel with the form. Nothing is kept between two requests.
"""

from dataclasses import dataclass
from typing import Annotated, Any, Final
from urllib.parse import parse_qs, urlencode, urlsplit

from fastapi import APIRouter, Depends, Query
from starlette.requests import Request
from starlette.responses import Response

from api.access import Place, Viewer
from api.console.page import go
from api.console.visiting import HOME, Visiting
from api.console.wording import page_of, short
from api.paging import cursor_of
from api.proceedings.reading import LONGEST_ID
from api.services import Services
from api.todos.routes import inbox
from api.todos.schemas import TodoOut
from storage.cases import CASE
from storage.todos import process_todos

router = APIRouter()
NEXT: Final = "/console/next"
DUES: Final = ("overdue", "today")
Where = tuple[Any, ...]
"""Where an item stands in every inbox it is in: the keys of its row."""
Told = tuple[str, str]
"""A decision that took effect just now and the process it is of."""


def just_done(
    done: Annotated[str, Query(max_length=60, pattern=r"^[a-z_]*$")] = "",
    was: Annotated[str, Query(max_length=LONGEST_ID, pattern=r"^[\w.:@/+-]*$")] = "",
) -> Told | None:
    """Return what an address says was done just now."""
    return (done, process_of(was)) if done and was else None


def process_of(no: str) -> str:
    """Return the id of a process: a bare number is a case's."""
    return no if "/" in no or not no else f"{CASE}/{no}"


JustDone = Annotated[Told | None, Depends(just_done)]


@dataclass(frozen=True)
class Turn:
    """The item one works at, by its todo, the inbox it was taken from, and what was done with the item before it."""

    todo: str
    back: str
    told: Told | None = None

    @property
    def query(self) -> dict[str, str]:
        """The part of an address that carries the turn."""
        return {"todo": self.todo, "back": self.back}

    @property
    def filters(self) -> dict[str, Any]:
        """What the inbox shows only: a role, what is due, numbers that begin so."""
        found = {name: values[0] for name, values in parse_qs(urlsplit(self.back).query).items()}
        due = found.get("due")
        return {
            "role": found.get("role"),
            "due": due if due in DUES else None,
            "begins": found.get("number"),
            "kind": found.get("kind"),
        }


def turn(
    told: JustDone,
    todo: Annotated[str, Query(max_length=300, pattern=r"^[\w.:@/+-]*$")] = "",
    back: Annotated[str, Query(max_length=1500)] = "",
) -> Turn | None:
    """Return the turn that an address carries; None when the page was not opened from the inbox."""
    if not todo:
        return None
    return Turn(todo, back if urlsplit(back)[:3] == ("", "", HOME) else HOME, told)


InTurn = Annotated[Turn | None, Depends(turn)]


@router.get("/next")
def following(
    request: Request,
    place: Place,
    visit: Visiting,
    at: InTurn,
    no: Annotated[str, Query(max_length=LONGEST_ID, pattern=r"^[\w.:@/+-]*$")] = "",
) -> Response:
    """Leave an item as it is and go to the next; from nowhere, go to the most urgent one."""
    process, turn_ = process_of(no), at or Turn("", HOME)
    return go(request, onward(place, visit.viewer, visit.lang, turn_, process, where(place, at, process)))


def where(place: Services, at: Turn | None, process: str) -> Where | None:
    """Return where the item stands now, or None when it is done already."""
    if at is None:
        return None
    with place.database.read() as connection:
        rows = process_todos(connection, process)
    return next(((r.sort_at, r.process, r.key) for r in rows if r.key == at.todo), None)


def onward(place: Services, who: Viewer, lang: str, at: Turn, process: str, stood: Where | None, done: str = "") -> str:
    """Return the address of the item after the one that stood there; at the end of the first, of the inbox if none is left."""
    told = {"done": done, "was": short(process)} if done else {}
    found = _after(place, who, lang, at, process, stood)
    if found is None:
        mark = "&" if urlsplit(at.back).query else "?"
        return f"{at.back}{mark}{urlencode(told)}" if told else at.back
    subject = {"subject": found.subject} if found.subject else {}
    query = urlencode({**subject, **Turn(found.key, at.back).query, **told})
    return f"{page_of(found.process)}/acts/{found.commands[0]}?{query}"


def _after(place: Services, who: Viewer, lang: str, at: Turn, process: str, stood: Where | None) -> TodoOut | None:
    filters = at.filters
    if filters["role"] not in who.roles:
        filters["role"] = None
    if stood is not None:
        after = inbox(place, who, lang, **filters, cursor=cursor_of(*stood), limit=1).items
        if after:
            return after[0]
    first = inbox(place, who, lang, **filters, limit=2).items
    return next((t for t in first if (t.process, t.key) != (process, at.todo)), None)
