"""其他流程: a list for each kind, the page of one process, its ledger, and the search for precedents 判例."""

from collections.abc import Sequence
from typing import Annotated, Final
from urllib.parse import quote, urlencode

from fastapi import APIRouter, Path, Query
from starlette.requests import Request
from starlette.responses import Response

from api.access import Place
from api.console.acts import OfProcess
from api.console.batches import progress
from api.console.casefile import item_names, unit_names
from api.console.forms import code_of, shown
from api.console.kinds import kind_of, may_begin
from api.console.ledger import ledger_page
from api.console.page import render
from api.console.processfile import open_process
from api.console.visiting import Visiting
from api.gates import roles_of
from api.paging import Cursor
from api.problems import Problem
from api.proceedings.routes import Order, counts, ledger_of, proceedings, rulings
from api.proceedings.schemas import OpenCounts
from api.services import Services
from domain.deciders import DECIDERS
from domain.papers import kind_of as paper_kind
from domain.process import NEW
from storage.cases import CASE
from storage.texts import known, refusal

router = APIRouter()
PAGE: Final = 50
STATES: Final = ("open", "over", "all")
Kind = Annotated[str, Path(max_length=40, pattern=r"^[a-z_]+$")]
Word = Annotated[str, Query(max_length=40, pattern=r"^[a-z_]*$")]
Words = Annotated[str, Query(max_length=200)]


@router.get("/boards/{kind}")
def board(  # noqa: PLR0913, PLR0917 - query parameters are arguments
    request: Request,
    place: Place,
    visit: Visiting,
    kind: Kind,
    stage: Word = "",
    level: Word = "",
    unit: Words = "",
    number: Annotated[str, Query(max_length=160, pattern=r"^[\w.:@/+-]*$")] = "",
    state: Word = "open",
    overdue: Annotated[str, Query(max_length=3)] = "",
    order: Annotated[Order, Query()] = "latest",
    cursor: Cursor = None,
) -> Response:
    """List the processes of a kind within the viewer's reach, with how many are open at each level and stage."""
    if kind not in DECIDERS or kind == CASE:
        raise Problem(404, "unknown_path")
    how, lang = kind_of(kind), visit.lang
    with place.database.read() as connection:
        units = unit_names(connection, lang)
    code = code_of(unit, units) if unit.strip() else None
    page = proceedings(
        place,
        visit.viewer,
        kind=kind,
        level=level or None,
        stage=stage or None,
        party=code,
        no=number or None,
        is_open={"open": True, "over": False}.get(state),
        overdue=True if overdue == "yes" else None,
        order=order,
        cursor=cursor,
        limit=PAGE,
    )
    kept = {
        "stage": stage,
        "level": level,
        "unit": code,
        "number": number,
        "state": state,
        "overdue": overdue,
        "order": order,
    }
    query = {k: v for k, v in kept.items() if v}
    here = f"/console/boards/{kind}"
    return render(
        request,
        "board.html",
        visit,
        kind=kind,
        how=how,
        items=page.items,
        units=units,
        counts=_matrix(counts(place, visit.viewer, kind), how.levels),
        stages=_stages(kind),
        begins=may_begin(place.rules.permissions(), visit.viewer.roles, kind),
        rulings=kind == "adjudication" and bool(set(visit.viewer.roles) & set(roles_of("list_rulings"))),
        states=STATES,
        given={**kept, "unit": shown(code, units) if code else ""},
        here=here,
        next=f"{here}?{urlencode({**query, 'cursor': page.next})}" if page.next else None,
        first=f"{here}?{urlencode(query)}" if cursor else None,
    )


@router.get("/rulings")
def precedents(
    request: Request,
    place: Place,
    visit: Visiting,
    item: Words = "",
    unit: Words = "",
    matter: Words = "",
    in_force: Annotated[str, Query(max_length=3)] = "",
    cursor: Cursor = None,
) -> Response:
    """Search the rulings on who owns what."""
    with place.database.read() as connection:
        units, items = unit_names(connection, visit.lang), item_names(connection, visit.lang)
    code, about = (code_of(words, names) if words.strip() else None for words, names in ((unit, units), (item, items)))
    page = rulings(
        place,
        visit.viewer,
        item=about,
        matter=matter.strip() or None,
        unit=code,
        in_force=in_force == "yes",
        cursor=cursor,
        limit=PAGE,
    )
    kept = {"item": about, "unit": code, "matter": matter.strip(), "in_force": in_force}
    query = {k: v for k, v in kept.items() if v}
    return render(
        request,
        "rulings.html",
        visit,
        rulings=page.items,
        units=units,
        items=items,
        given={
            "item": shown(about, items) if about else "",
            "unit": shown(code, units) if code else "",
            "matter": matter,
            "in_force": in_force,
        },
        next=f"/console/rulings?{urlencode({**query, 'cursor': page.next})}" if page.next else None,
        first=f"/console/rulings?{urlencode(query)}" if cursor else None,
    )


@router.get("/processes/{process:path}/ledger")
def clock_ledger(request: Request, place: Place, visit: Visiting, process: OfProcess) -> Response:
    """Show the ledger of a process's clocks, those that run first."""
    return ledger_page(request, visit, process, ledger_of(place, visit.viewer, process, visit.lang))


@router.get("/processes/{process:path}")
def page(
    request: Request,
    place: Place,
    visit: Visiting,
    process: OfProcess,
    done: Annotated[str | None, Query(max_length=60, pattern=r"^[a-z_]+$")] = None,
) -> Response:
    """Show a process."""
    file = open_process(place, visit, process)
    return render(
        request,
        "process.html",
        visit,
        file=file,
        view=file.view,
        readable={i.case_no for i in file.view.items if i.case_open} | file.readable,
        done=done if done and known(f"command.{done}") else None,
        engine=engine_page(place, process),
        batch=progress(file.view),
        paper_page=lambda p: f"/api/v1/papers/{p.kind}-{p.year}-{p.n}/page?lang={visit.lang}",
        paper_pdf=lambda p: f"/api/v1/papers/{p.kind}-{p.year}-{p.n}/pdf?lang={visit.lang}",
        paper_name=lambda code: paper_kind(code).title(visit.lang),
        refusal_of=lambda code: refusal(code, {}, visit.lang) if known(f"refusal.{code}") else code,
    )


def engine_page(place: Services, process: str) -> str | None:
    """Return the page of a process's run in the Temporal UI, where one is configured."""
    base, namespace = place.settings.temporal_ui, place.settings.temporal_namespace
    if not base:
        return None
    return f"{base.rstrip('/')}/namespaces/{quote(namespace, safe='')}/workflows/{quote(process, safe='')}"


def _stages(kind: str) -> Sequence[str]:
    """Return the stages that a kind's table of moves names, as it names them."""
    named = dict.fromkeys(stage for move in DECIDERS[kind].moves.values() for stage in sorted(move.stages))
    return [stage for stage in named if stage != NEW]


def _matrix(found: OpenCounts, levels: Sequence[str]) -> list[tuple[str | None, list[tuple[str, int, int]], int, int]]:
    """Return by level what is open at each stage, how many in all, and how many of them are late."""
    by_level: dict[str | None, list[tuple[str, int, int]]] = {level: [] for level in levels}
    for one in found.items:
        by_level.setdefault(one.level, []).append((one.stage, one.total, one.overdue))
    return [(level, rows, sum(r[1] for r in rows), sum(r[2] for r in rows)) for level, rows in by_level.items()]
