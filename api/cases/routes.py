"""Cases: lists, one case, its timeline and ledger. Everything goes through disclosure."""

from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query, Response
from starlette.requests import Request

from api.access import Place, SignedIn, Viewer
from api.cases.reading import actor_and_fields, reach_of
from api.cases.schemas import CaseLine, CaseOut, CasePage, EventPage, Ledger
from api.cases.timeline import event_out, ledger, references, visible
from api.cases.view import case_view
from api.paging import Cursor, Limit, cursor_of, keys_of
from api.problems import Problem, language
from api.refusals import refuses
from api.services import Services
from api.todos.colours import Colours
from domain.casework.state import Case
from domain.casework.words import CaseType, Stage, Triage
from domain.disclosure import Field, answered_orders, visible_orders
from domain.export import Export, export_process, terms_of
from domain.kernel import Written
from domain.process import Actor
from storage.audit import write_audit
from storage.cases import Stored, Urgency, list_cases, list_events, load_process
from storage.documents import list_documents
from storage.outbox import texts_of
from storage.requests import titles
from storage.todos import process_todos, soonest

router = APIRouter(tags=["cases"])
No = Annotated[str, Path(max_length=40, pattern=r"^[\w-]+$")]
Code = Annotated[str | None, Query(max_length=80)]
ALL_EVENTS = 100_000
Order = Literal["latest", "due"]


@router.get("/cases", operation_id="list_cases", summary="Cases, the latest or the most urgent first")
def cases(  # noqa: PLR0913, PLR0917 - query parameters are arguments
    place: Place,
    who: SignedIn,
    stage: Stage | None = None,
    triage: Triage | None = None,
    case_type: CaseType | None = None,
    district: Code = None,
    lead_unit: Code = None,
    unit: Code = None,
    item: Code = None,
    matter: Code = None,
    main_case: Code = None,
    overdue: Annotated[
        bool | None, Query(description="only cases that missed their overall limit or are late with a step")
    ] = None,
    on_account: Annotated[bool | None, Query(description="only cases on account 挂账, or none of them")] = None,
    order: Annotated[Order, Query(description="the latest received first, or what is due first")] = "latest",
    no: Annotated[str | None, Query(max_length=40, description="how the number begins")] = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> CasePage:
    """List the cases within the viewer's reach."""
    given = {
        "stage": stage,
        "triage": triage,
        "case_type": case_type,
        "district": district,
        "lead_unit": lead_unit,
        "item": item,
        "matter": matter,
        "main_case": main_case,
    }
    filters: dict[str, str | bool] = {name: str(value) for name, value in given.items() if value is not None}
    if on_account is not None:
        filters["on_account"] = on_account
    after, now, reach = keys_of(cursor, datetime, str), place.now(), reach_of(who)
    if reach.unit is not None and unit not in {None, reach.unit}:
        return CasePage(items=(), next=None)  # who else has an order of a case is not a unit's to ask
    with place.database.read() as connection:
        rows = list_cases(
            connection,
            reach,
            filters=filters,
            unit=unit,
            urgency=Urgency(now, overdue, first=order == "due") if order == "due" or overdue is not None else None,
            number=no,
            after=after,
            limit=limit + 1,
        )
        page, colours = rows[:limit], Colours(now)
        steps = soonest(connection, [f"case/{r.no}" for r in page], reach.unit)
    last = page[-1] if len(rows) > limit else None
    more = cursor_of(last.sorted_by if order == "due" else last.received_at, last.no) if last else None
    return CasePage(items=tuple(_line(r, steps.get(f"case/{r.no}"), colours) for r in page), next=more)


@router.get("/cases/{no}", operation_id="read_case", summary="One case, as disclosed")
@refuses("not_found")
def case(no: No, request: Request, response: Response, place: Place, who: SignedIn) -> CaseOut:
    """Return the case with what the viewer may see and do. The ETag is its seq."""
    lang = language(request.headers.get("accept-language"))
    with place.database.read() as connection:
        stored, viewer, fields = disclosed(connection, who, no)
        rows = process_todos(connection, stored.process.id)
        files = list_documents(connection, stored.process.id) if Field.documents in fields else ()
        title = titles(connection, [no]).get(no) if Field.request_text in fields else None
    response.headers["ETag"] = f'"{stored.process.seq}"'
    return case_view(
        stored,
        who,
        viewer,
        fields,
        rows=rows,
        title=title,
        documents=files,
        permissions=place.rules.permissions(),
        colours=Colours(place.now()),
        lang=lang,
    )


@router.get("/cases/{no}/events", operation_id="list_case_events", summary="The timeline of a case")
@refuses("not_found")
def events(
    no: No,
    request: Request,
    place: Place,
    who: SignedIn,
    after: Annotated[int, Query(ge=0, le=2**31 - 1)] = 0,
    limit: Limit = 100,
) -> EventPage:
    """Return the events after a seq, with the words the viewer may read."""
    lang = language(request.headers.get("accept-language"))
    with place.database.read() as connection:
        stored, viewer, fields = disclosed(connection, who, no)
        state: Case = stored.process.state
        orders, own = visible_orders(state, viewer, fields), answered_orders(state, viewer.unit)
        rows = list_events(connection, stored.process.id, after=after, limit=limit + 1)
        shown = [r for r in rows[:limit] if visible(r, fields, orders)]
        commands = sorted({c for r in shown for c, _ in references(r.body).values()})
        words = texts_of(connection, commands) if fields & {Field.texts_all, Field.texts_own} else {}
    items = tuple(event_out(r, words, fields, own, lang) for r in shown)
    return EventPage(items=items, next=rows[limit - 1].seq if len(rows) > limit else None)


@router.get(
    "/cases/{no}/ledger", operation_id="read_case_ledger", summary="Why every due instant is what it is 时限台账"
)
@refuses("not_found")
def clock_ledger(no: No, request: Request, place: Place, who: SignedIn) -> Ledger:
    """Return every clock the viewer may see, with all its changes."""
    return ledger_of(place, who, no, language(request.headers.get("accept-language")))


def ledger_of(place: Services, who: Viewer, no: str, lang: str) -> Ledger:
    """Return the ledger in one language. 404 when the viewer may see nothing of the case."""
    with place.database.read() as connection:
        stored, viewer, fields = disclosed(connection, who, no)
        rows = list_events(connection, stored.process.id, after=0, limit=ALL_EVENTS)
    orders = None if Field.orders_all in fields else visible_orders(stored.process.state, viewer, fields)
    return ledger(stored.process.state, rows, orders, lang)


@router.get(
    "/cases/{no}/export",
    operation_id="export_case",
    summary="The case as a file that `sanhuan verify` checks offline",
)
@refuses("not_found", "forbidden")
def export(no: No, response: Response, place: Place, who: SignedIn) -> Export:
    """Return events, pack, calendar and clocks: codes and references, no word of a caller. Recorded in the audit."""
    now = place.now()
    with place.database.write() as connection:
        stored, viewer, fields = disclosed(connection, who, no)
        if Field.export not in fields:
            raise Problem(403, "forbidden")
        write_audit(
            connection,
            at=now,
            user=viewer.user,
            role=viewer.role,
            action="export",
            subject=stored.process.id,
            why="verify",
        )
        rows = list_events(connection, stored.process.id, after=0, limit=ALL_EVENTS)
    response.headers["Content-Disposition"] = f'attachment; filename="case-{no}.json"'
    written = [Written(seq=r.seq, type=r.type, at=r.at, body=r.body, head=r.head) for r in rows]
    first, *later = place.rules.terms(terms_of(stored.process.id, written))
    return export_process(stored.process, written, first.pack, first.calendar, now, later)


def disclosed(connection: Any, who: Viewer, no: str) -> tuple[Stored, Actor, frozenset[Field]]:
    """Return a case, its viewer in the role that sees most, and what he may read. 404 when that is nothing."""
    stored = load_process(connection, f"case/{no}")
    if stored is None:
        raise Problem(404, "not_found")
    viewer, fields = actor_and_fields(who, [stored.process.state])
    return stored, viewer, fields


def _line(row: Any, step: Any | None, colours: Colours) -> CaseLine:
    """Return one line; ``step`` is the todo that is due first, if any is."""
    by_step = step is not None and (row.due is None or step.due < row.due)
    due = step.due if step is not None and by_step else row.due
    known = {
        "process": f"case/{row.no}",
        "next_due": due,
        "next_rule": step.rule if step is not None and by_step else None,
        "colour": colours.of(due, row.pack),
    }
    return CaseLine(**{n: getattr(row, n) for n in CaseLine.model_fields if n not in known}, **known)
