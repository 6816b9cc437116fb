"""Inboxes: own roles, own unit."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query

from api.access import Place, SignedIn, Viewer
from api.paging import Cursor, Limit, cursor_of, keys_of
from api.problems import Problem
from api.refusals import refuses
from api.todos.colours import Colours
from api.todos.schemas import Counts, RoleCount, TodoOut, TodoPage
from domain.calendar import local_day, midnight
from storage.cases import case_rows
from storage.requests import titles
from storage.todos import Desk, Window, count_todos, list_todos

router = APIRouter(tags=["todos"])

ABOUT = ("stage", "triage", "case_type", "district", "lead_unit", "pack")
WORDLESS = frozenset({"operator", "auditor", "privacy_officer", "catalogue_keeper", "calendar_keeper"})
"""Roles whose work needs no word of a caller: their lists show no titles."""


@router.get("/todos", operation_id="list_todos", summary="One's inbox")
@refuses("forbidden")
def inbox(  # noqa: PLR0913, PLR0917 - query parameters are arguments
    place: Place,
    who: SignedIn,
    role: Annotated[str | None, Query(max_length=40)] = None,
    unit: Annotated[str | None, Query(max_length=80)] = None,
    due: Annotated[Literal["overdue", "today", "soon"] | None, Query()] = None,
    begins: Annotated[
        str | None, Query(alias="number", max_length=40, description="how the case's number begins")
    ] = None,
    later: Annotated[bool, Query(description="also those that may not be done yet")] = False,  # noqa: FBT002 - a query parameter
    cursor: Cursor = None,
    limit: Limit = 50,
) -> TodoPage:
    """List what waits for the roles one holds, the most urgent first."""
    desk = desk_of(who, role, unit)
    now = place.now()
    colours = Colours(now)
    edges = {"overdue": now, "soon": now + timedelta(days=1)}
    today = (now, day_ends(now)) if due == "today" else None
    window = Window(now=now, later=later, due_before=edges.get(due or ""), due_within=today, number=begins)
    after = keys_of(cursor, datetime, str, str)
    with place.database.read() as connection:
        rows = list_todos(connection, desk, window, after=after, limit=limit + 1)
        numbers = {number(r.process) for r in rows}
        cases = case_rows(connection, numbers)
        words = {} if set(desk.roles) <= WORDLESS else titles(connection, numbers)
    page = rows[:limit]
    items = tuple(todo_out(r, cases.get(number(r.process)), words.get(number(r.process)), colours) for r in page)
    more = cursor_of(page[-1].sort_at, page[-1].process, page[-1].key) if len(rows) > limit else None
    return TodoPage(items=items, next=more)


@router.get("/todos/counts", operation_id="count_todos", summary="How much waits")
def counts(place: Place, who: SignedIn) -> Counts:
    """Count what waits for each role one holds."""
    now = place.now()
    with place.database.read() as connection:
        rows: Sequence[Any] = count_todos(connection, desk_of(who), now, day_ends(now))
    found = {r.role: r for r in rows}
    roles = tuple(
        RoleCount(
            role=role,
            total=found[role].total if role in found else 0,
            overdue=found[role].overdue if role in found else 0,
            due_today=found[role].due_today if role in found else 0,
        )
        for role in who.roles
    )
    return Counts(
        roles=roles,
        total=sum(c.total for c in roles),
        overdue=sum(c.overdue for c in roles),
        due_today=sum(c.due_today for c in roles),
    )


def desk_of(who: Viewer, role: str | None = None, unit: str | None = None) -> Desk:
    """Return the viewer's desk. Refuses roles not held and other units' desks with 403."""
    if (role is not None and role not in who.roles) or (unit is not None and unit != who.account.unit):
        raise Problem(403, "forbidden")
    return Desk(roles=who.roles if role is None else (role,), unit=who.account.unit, district=who.account.district)


def day_ends(now: datetime) -> datetime:
    """Return the midnight that ends the day of ``now`` in Shanghai."""
    return midnight(local_day(now) + timedelta(days=1))


def number(process: str) -> str:
    """Return the number of a case's process id."""
    return process.partition("/")[2]


def todo_out(row: Any, case: Any, title: str | None, colours: Colours) -> TodoOut:
    """Return a todo with what its case is about."""
    about = {f: getattr(case, f, None) for f in ABOUT} if case else {}
    return TodoOut(
        process=row.process,
        case=number(row.process),
        key=row.key,
        role=row.role,
        unit=row.unit,
        commands=tuple(row.commands),
        since=row.since,
        due=row.due,
        colour=colours.of(row.due, case.pack if case else None),
        rule=row.rule,
        subject=row.subject,
        hint=row.hint or {},
        title=title,
        **about,
    )
