"""Processes beside the case: lists, boards, one of them, its timeline and ledger. Everything goes through disclosure."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Response
from starlette.requests import Request

from api.access import Place, SignedIn, Viewer
from api.cases.reading import reach_of as reach_of_cases
from api.cases.routes import ALL_EVENTS
from api.cases.schemas import EventOut, EventPage, Ledger
from api.cases.timeline import CLOSED_TO_UNITS, event_out, ledger, references
from api.gates import roles_of
from api.paging import Cursor, Limit, cursor_of, keys_of
from api.problems import Problem, language
from api.proceedings.reading import Kind, Number, disclosed, reach_of
from api.proceedings.schemas import (
    OpenCount,
    OpenCounts,
    ProceedingLine,
    ProceedingOut,
    ProceedingPage,
    RulingLine,
    RulingPage,
)
from api.proceedings.view import Around, cases_in, proceeding_view, said_in
from api.refusals import refuses
from api.services import Services
from api.todos.colours import Colours
from domain.disclosure import Field
from domain.export import Export, export_process, terms_of
from domain.kernel import Written
from domain.permissions import Permissions
from storage.audit import write_audit
from storage.cases import Reach as CaseReach
from storage.cases import Stored, list_events, within_reach
from storage.documents import list_documents
from storage.outbox import texts_of
from storage.papers import list_papers
from storage.proceedings import (
    RULINGS,
    Reach,
    Wanted,
    count_open,
    list_proceedings,
    list_rulings,
    request_words,
)
from storage.todos import process_todos

router = APIRouter(tags=["proceedings"])
Code = Annotated[str | None, Query(max_length=80)]
Order = Literal["latest", "due"]
MOST_PAPERS = 200


@router.get(
    "/proceedings", operation_id="list_proceedings", summary="Processes beside the case, the latest begun first"
)
def proceedings(  # noqa: PLR0913, PLR0917 - query parameters are arguments
    place: Place,
    who: SignedIn,
    kind: Code = None,
    level: Code = None,
    stage: Code = None,
    unit: Annotated[str | None, Query(max_length=80, description="the unit it is mainly about")] = None,
    party: Annotated[str | None, Query(max_length=80, description="a unit it is or was about")] = None,
    district: Code = None,
    case_no: Annotated[
        str | None, Query(max_length=80, description="about this case, or with it on the agenda")
    ] = None,
    matter: Code = None,
    no: Annotated[str | None, Query(max_length=160, description="how the number, or the case's number, begins")] = None,
    is_open: Annotated[
        bool | None, Query(alias="open", description="only open ones, or only those that are over")
    ] = None,
    overdue: Annotated[
        bool | None, Query(description="only open ones of which a limit has passed, or the others")
    ] = None,
    order: Annotated[Order, Query(description="the latest begun first, or what is due first")] = "latest",
    cursor: Cursor = None,
    limit: Limit = 50,
) -> ProceedingPage:
    """List the processes within the viewer's reach."""
    given = {
        "kind": kind,
        "level": level,
        "stage": stage,
        "unit": unit,
        "district": district,
        "matter": matter,
    }
    now = place.now()
    wanted = Wanted(
        now=now,
        equal={name: value for name, value in given.items() if value is not None},
        is_open=is_open,
        overdue=overdue,
        party=party,
        case=case_no,
        no=no,
        due_first=order == "due",
    )
    after, colours = keys_of(cursor, datetime, str), Colours(now)
    with place.database.read() as connection:
        rows = list_proceedings(connection, reach_of(who), wanted, after=after, limit=limit + 1)
    page = rows[:limit]
    last = page[-1] if len(rows) > limit else None
    more = cursor_of(last.first_due if order == "due" else last.opened_at, last.id) if last else None
    return ProceedingPage(items=tuple(line_of(r, colours) for r in page), next=more)


@router.get(
    "/proceedings/counts", operation_id="count_proceedings", summary="What is open of a kind, by level and stage"
)
def counts(place: Place, who: SignedIn, kind: Annotated[str, Query(max_length=40)]) -> OpenCounts:
    """Count what is open of a kind within the viewer's reach, and with how many of them a limit has passed."""
    with place.database.read() as connection:
        rows = count_open(connection, reach_of(who), kind, place.now())
    items = tuple(OpenCount(level=r.level, stage=r.stage, total=r.total, overdue=r.overdue) for r in rows)
    return OpenCounts(kind=kind, items=items, total=sum(i.total for i in items), overdue=sum(i.overdue for i in items))


@router.get("/rulings", operation_id="list_rulings", summary="Who was ruled to own what 判例, the latest first")
@refuses("forbidden")
def rulings(  # noqa: PLR0913, PLR0917 - query parameters are arguments
    place: Place,
    who: SignedIn,
    item: Annotated[str | None, Query(max_length=80, description="item of the catalogue")] = None,
    matter: Code = None,
    unit: Annotated[str | None, Query(max_length=80, description="who was ruled to be the owner")] = None,
    district: Code = None,
    case_no: Code = None,
    kind: Code = None,
    in_force: Annotated[bool, Query(description="only rulings that hold now")] = False,  # noqa: FBT002 - a query parameter
    cursor: Cursor = None,
    limit: Limit = 50,
) -> RulingPage:
    """List rulings and opinions on who owns what, in codes: precedents for the next dispatch and the next adjudication."""
    who.holds(*roles_of("list_rulings"))
    given = dict(zip(RULINGS, (item, matter, district, case_no, kind), strict=True))
    with place.database.read() as connection:
        rows = list_rulings(
            connection,
            {name: value for name, value in given.items() if value is not None},
            unit=unit,
            in_force=place.now() if in_force else None,
            after=keys_of(cursor, datetime, str, str),
            limit=limit + 1,
        )
    page = rows[:limit]
    items = tuple(ruling_of(r) for r in page)
    more = cursor_of(page[-1].ruled_at, page[-1].process, page[-1].item) if len(rows) > limit else None
    return RulingPage(items=items, next=more)


@router.get(
    "/proceedings/{kind}/{no:path}/events", operation_id="list_proceeding_events", summary="The timeline of a process"
)
@refuses("not_found")
def events(
    kind: Kind,
    no: Number,
    request: Request,
    place: Place,
    who: SignedIn,
    after: Annotated[int, Query(ge=0, le=2**31 - 1)] = 0,
    limit: Limit = 100,
) -> EventPage:
    """Return the events after a seq, with the words the viewer may read."""
    process = f"{kind}/{no}"
    lang = language(request.headers.get("accept-language"))
    with place.database.read() as connection:
        _, _, fields = disclosed(connection, who, process)
        rows = list_events(connection, process, after=after, limit=limit + 1)
        shown = [r for r in rows[:limit] if visible(r, fields)]
        commands = sorted({c for r in shown for c, _ in references(r.body).values()})
        words = texts_of(connection, commands) if Field.texts_all in fields else {}
    items: tuple[EventOut, ...] = tuple(event_out(r, words, fields, frozenset(), lang) for r in shown)
    return EventPage(items=items, next=rows[limit - 1].seq if len(rows) > limit else None)


@router.get(
    "/proceedings/{kind}/{no:path}/ledger",
    operation_id="read_proceeding_ledger",
    summary="Why every due instant is what it is 时限台账",
)
@refuses("not_found")
def clock_ledger(kind: Kind, no: Number, request: Request, place: Place, who: SignedIn) -> Ledger:
    """Return every clock with all its changes."""
    return ledger_of(place, who, f"{kind}/{no}", language(request.headers.get("accept-language")))


def ledger_of(place: Services, who: Viewer, process: str, lang: str) -> Ledger:
    """Return the ledger in one language; without clocks to who reads no more than that there is, or was, such a process."""
    with place.database.read() as connection:
        stored, _, fields = disclosed(connection, who, process)
        rows = list_events(connection, process, after=0, limit=ALL_EVENTS)
    return ledger(stored.process.state, rows, None if whole(fields) else frozenset(), lang)


@router.get(
    "/proceedings/{kind}/{no:path}/export",
    operation_id="export_proceeding",
    summary="The process as a file that `sanhuan verify` checks offline",
)
@refuses("not_found", "forbidden")
def export(kind: Kind, no: Number, response: Response, place: Place, who: SignedIn) -> Export:
    """Return events, pack, calendar and clocks: codes and references, no words. Recorded in the audit."""
    process, now = f"{kind}/{no}", place.now()
    with place.database.write() as connection:
        stored, viewer, fields = disclosed(connection, who, process)
        if Field.export not in fields:
            raise Problem(403, "forbidden")
        write_audit(
            connection, at=now, user=viewer.user, role=viewer.role, action="export", subject=process, why="verify"
        )
        rows = list_events(connection, process, after=0, limit=ALL_EVENTS)
    name = process.replace("/", "-").replace(":", "-")
    response.headers["Content-Disposition"] = f'attachment; filename="{name}.json"'
    written = [Written(seq=r.seq, type=r.type, at=r.at, body=r.body, head=r.head) for r in rows]
    first, *later = place.rules.terms(terms_of(stored.process.id, written))
    return export_process(stored.process, written, first.pack, first.calendar, now, later)


@router.get("/proceedings/{kind}/{no:path}", operation_id="read_proceeding", summary="One process, as disclosed")
@refuses("not_found")
def proceeding(
    kind: Kind, no: Number, request: Request, response: Response, place: Place, who: SignedIn
) -> ProceedingOut:
    """Return the process with what the viewer may see and do. The ETag is its seq."""
    lang = language(request.headers.get("accept-language"))
    found = view_of(place, who, f"{kind}/{no}", lang)
    response.headers["ETag"] = f'"{found.seq}"'
    return found


def view_of(place: Services, who: Viewer, process: str, lang: str) -> ProceedingOut:
    """Return the process in one language. 404 when the viewer may see nothing of it."""
    with place.database.read() as connection:
        stored, _, fields = disclosed(connection, who, process)
        return view_in(connection, stored, fields, who, place.rules.permissions(), Colours(place.now()), lang)


def view_in(
    connection: Any,
    stored: Stored,
    fields: frozenset[Field],
    who: Viewer,
    permissions: Permissions,
    colours: Colours,
    lang: str,
) -> ProceedingOut:
    """Return the process as ``fields`` allow, with what is looked up for it."""
    process, state = stored.process.id, stored.process.state
    numbers = cases_in(state)
    commands = sorted({c for c, _ in said_in(state).values()}) if Field.texts_all in fields else []
    papers: Sequence[Any] = ()
    if whole(fields):
        papers = list_papers(connection, CaseReach(city=True), Reach(kinds=None), process=process, limit=MOST_PAPERS)
    around = Around(
        todos=process_todos(connection, process),
        documents=list_documents(connection, process) if Field.documents in fields else (),
        papers=papers,
        readable=within_reach(connection, reach_of_cases(who), numbers),
        words=request_words(connection, numbers) if Field.request_text in fields else {},
        texts=texts_of(connection, commands),
    )
    return proceeding_view(stored, who, fields, around, permissions, colours, lang)


def visible(event: Any, fields: Collection[Field]) -> bool:
    """Say whether a viewer of these fields is shown the event: units are not shown the centre's own affairs."""
    if Field.orders_all in fields:
        return True
    return Field.texts_all in fields and event.type not in CLOSED_TO_UNITS


def whole(fields: Collection[Field]) -> bool:
    """Say whether these fields are more than that there is, or was, such a process."""
    return Field.orders_all in fields or Field.texts_all in fields


def line_of(row: Any, colours: Colours) -> ProceedingLine:
    """Return one line of a list."""
    known = {"process": row.id, "colour": colours.of(row.due, row.pack)}
    return ProceedingLine(**{n: getattr(row, n) for n in ProceedingLine.model_fields if n not in known}, **known)


def ruling_of(row: Any) -> RulingLine:
    """Return one ruling."""
    return RulingLine(**{n: getattr(row, n) for n in RulingLine.model_fields})
