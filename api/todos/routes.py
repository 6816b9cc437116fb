"""Inboxes: own roles, own unit."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from sqlalchemy import Connection
from starlette.requests import Request

from api.access import Place, SignedIn, Viewer
from api.paging import Cursor, Limit, cursor_of, keys_of
from api.problems import Problem, language
from api.refusals import refuses
from api.services import Services
from api.todos.colours import Colours
from api.todos.schemas import Counts, RoleCount, TodoOut, TodoPage
from domain.calendar import local_day, midnight
from domain.disclosure import sits_for
from storage.cases import CASE, case_rows
from storage.proceedings import rows_of
from storage.requests import titles
from storage.texts import text
from storage.todos import Desk, Window, count_todos, list_todos

router = APIRouter(tags=["todos"])

ABOUT = ("stage", "level", "triage", "case_type", "district", "lead_unit", "pack")
WORDLESS = frozenset({"operator", "auditor", "privacy_officer", "catalogue_keeper", "calendar_keeper"})
"""Roles whose work needs no word of a caller: their lists show no titles."""


@router.get("/todos", operation_id="list_todos", summary="One's inbox")
@refuses("forbidden")
def todos(  # noqa: PLR0913, PLR0917 - query parameters are arguments
    request: Request,
    place: Place,
    who: SignedIn,
    role: Annotated[str | None, Query(max_length=40)] = None,
    unit: Annotated[str | None, Query(max_length=80)] = None,
    due: Annotated[Literal["overdue", "today", "soon"] | None, Query()] = None,
    begins: Annotated[
        str | None, Query(alias="number", max_length=40, description="how the number, or the case's number, begins")
    ] = None,
    kind: Annotated[str | None, Query(max_length=40, description="only of one kind of process")] = None,
    later: Annotated[bool, Query(description="also those that may not be done yet")] = False,  # noqa: FBT002 - a query parameter
    cursor: Cursor = None,
    limit: Limit = 50,
) -> TodoPage:
    """List what waits for the roles one holds, the most urgent first."""
    lang = language(request.headers.get("accept-language"))
    filters = {"role": role, "unit": unit, "due": due, "begins": begins, "kind": kind}
    return inbox(place, who, lang, **filters, later=later, cursor=cursor, limit=limit)


def inbox(  # noqa: PLR0913 - what a list can be narrowed by
    place: Services,
    who: Viewer,
    lang: str,
    *,
    role: str | None = None,
    unit: str | None = None,
    due: str | None = None,
    begins: str | None = None,
    kind: str | None = None,
    later: bool = False,
    cursor: str | None = None,
    limit: int = 50,
) -> TodoPage:
    """Return one page of what waits for the viewer, with titles in one language."""
    desk = desk_of(who, role, unit)
    now = place.now()
    colours = Colours(now)
    edges = {"overdue": now, "soon": now + timedelta(days=1)}
    today = (now, day_ends(now)) if due == "today" else None
    before = edges.get(due or "")
    window = Window(now=now, later=later, due_before=before, due_within=today, number=begins, kind=kind)
    after = keys_of(cursor, datetime, str, str)
    with place.database.read() as connection:
        rows = list_todos(connection, desk, window, after=after, limit=limit + 1)
        page = rows[:limit]
        about = _about(connection, {r.process for r in page})
        words = {} if set(desk.roles) <= WORDLESS else titles(connection, {a["no"] for a in about.values() if a["no"]})
    items = tuple(
        todo_out(r, about.get(r.process), _title(r, about.get(r.process), words, lang), colours) for r in page
    )
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


def is_mine(row: Any, who: Viewer) -> bool:
    """Say whether a todo waits for the viewer, as :func:`desk_of` has it."""
    if row.unit is not None:
        at_home = row.unit == who.account.unit
    else:
        own = who.account.district
        at_home = (row.district is None or own in {None, row.district}) and sits_for(row.role, own, row.district)
    return row.role in who.roles and at_home


def _about(connection: Connection, processes: Iterable[str]) -> dict[str, Mapping[str, Any]]:
    """Return what is listed of processes, cases and others; ``no`` is the number of the case, where it is about one."""
    wanted = set(processes)
    numbers = {number(p) for p in wanted if kind_of(p) == CASE}
    found: dict[str, Mapping[str, Any]] = {
        f"{CASE}/{no}": row._mapping  # noqa: SLF001 - SQLAlchemy's public name for it
        for no, row in case_rows(connection, numbers).items()
    }
    beside = rows_of(connection, (p for p in wanted if kind_of(p) != CASE))
    return found | {p: {**row._mapping, "no": row.case_no} for p, row in beside.items()}  # noqa: SLF001 - as above


def _title(row: Any, about: Mapping[str, Any] | None, words: Mapping[str, str], lang: str) -> str | None:
    """Return what the caller said of a case; of any other process what it is, its number, and the same of its case."""
    said = words.get(about["no"]) if about and row.role not in WORDLESS else None
    if kind_of(row.process) == CASE:
        return said
    named = f"{text(f'process.{kind_of(row.process)}', lang)} {number(row.process)}"
    return f"{named} · {said}" if said else named


def kind_of(process: str) -> str:
    """Return the kind of a process, by its id."""
    return process.partition("/")[0]


def number(process: str) -> str:
    """Return the number of a process, by its id."""
    return process.partition("/")[2]


def link_of(process: str) -> str:
    """Return where the API has a process."""
    return f"/api/v1/cases/{number(process)}" if kind_of(process) == CASE else f"/api/v1/proceedings/{process}"


def todo_out(row: Any, about: Mapping[str, Any] | None, title: str | None, colours: Colours) -> TodoOut:
    """Return a todo with what is listed of its process."""
    listed = about or {}
    is_case = kind_of(row.process) == CASE
    return TodoOut(
        process=row.process,
        kind=kind_of(row.process),
        no=number(row.process),
        case=number(row.process) if is_case else listed.get("case_no"),
        link=link_of(row.process),
        key=row.key,
        role=row.role,
        unit=row.unit,
        commands=tuple(row.commands),
        since=row.since,
        due=row.due,
        colour=colours.of(row.due, listed.get("pack")),
        rule=row.rule,
        subject=row.subject,
        hint=row.hint or {},
        title=title,
        **{f: listed.get(f) for f in ABOUT},
    )
