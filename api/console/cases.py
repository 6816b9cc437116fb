"""诉求单: the list, and the page of one case."""

from typing import Annotated, Any, Final
from urllib.parse import urlencode

from fastapi import APIRouter, Path, Query
from starlette.requests import Request
from starlette.responses import Response

from api.access import Place
from api.cases.routes import Order, cases
from api.console.casefile import open_file, unit_names
from api.console.forms import code_of, shown
from api.console.page import go, render
from api.console.processes import engine_page
from api.console.visiting import Visiting
from api.paging import Cursor
from api.problems import Problem
from api.requests.routes import similar as same
from domain.casework.words import Stage
from domain.disclosure import STAFF
from storage.cases import load_process
from storage.requests import find_request
from storage.texts import known

router = APIRouter()
PAGE: Final = 50
No = Annotated[str, Path(max_length=40, pattern=r"^[\w-]+$")]


@router.get("/cases")
def listed(  # noqa: PLR0913, PLR0917 - query parameters are arguments
    request: Request,
    place: Place,
    visit: Visiting,
    stage: Annotated[str, Query(max_length=20)] = "",
    unit: Annotated[str, Query(max_length=200)] = "",
    number: Annotated[str, Query(max_length=40, pattern=r"^[\d-]*$")] = "",
    overdue: Annotated[str, Query(max_length=3)] = "",
    on_account: Annotated[str, Query(max_length=3)] = "",
    order: Annotated[Order, Query()] = "latest",
    cursor: Cursor = None,
) -> Response:
    """List the cases within the viewer's reach."""
    with place.database.read() as connection:
        units = unit_names(connection, visit.lang)
    code = code_of(unit, units) if unit.strip() else None
    page = cases(
        place,
        visit.viewer,
        stage=Stage(stage) if stage in set(Stage) else None,
        unit=code,
        overdue=True if overdue == "yes" else None,
        on_account=True if on_account == "yes" else None,
        order=order,
        no=number or None,
        cursor=cursor,
        limit=PAGE,
    )
    kept = {
        "stage": stage,
        "unit": code,
        "number": number,
        "overdue": overdue,
        "on_account": on_account,
        "order": order,
    }
    query = {k: v for k, v in kept.items() if v}
    return render(
        request,
        "cases.html",
        visit,
        items=page.items,
        units=units,
        stages=[str(s) for s in Stage],
        stage=stage,
        unit=shown(code, units) if code else "",
        number=number,
        overdue=overdue,
        on_account=on_account,
        order=order,
        next=f"/console/cases?{urlencode({**query, 'cursor': page.next})}" if page.next else None,
        first=f"/console/cases?{urlencode(query)}" if cursor else None,
    )


@router.get("/cases/{no}")
def page(
    request: Request,
    place: Place,
    visit: Visiting,
    no: No,
    done: Annotated[str | None, Query(max_length=60, pattern=r"^[a-z_]+$")] = None,
) -> Response:
    """Show a case. One that is registered and not yet begun says so, with its number."""
    try:
        file = open_file(place, visit, no)
    except Problem as problem:
        if problem.status == 404 and set(visit.viewer.roles) & STAFF.keys() and (row := _registered(place, no)):  # noqa: PLR2004 - HTTP
            return render(request, "beginning.html", visit, no=no, received_at=row.received_at)
        raise
    twins = (
        same(no=no, place=place, who=visit.viewer) if "merge" in {c for t in file.mine for c in t.commands} else None
    )
    return render(
        request,
        "case.html",
        visit,
        file=file,
        similar=twins.items if twins else (),
        merge_into=twins.lead if twins else None,
        view=file.view,
        header=file.view.header,
        done=done if done and known(f"command.{done}") else "register" if done == "register" else None,
        engine=engine_page(place, file.view.process),
    )


@router.get("/cases/{no}/begun")
def begun(request: Request, place: Place, visit: Visiting, no: No) -> Response:
    """Lead to the case as soon as it has begun; answer 204 until then."""
    del visit
    with place.database.read() as connection:
        found = load_process(connection, f"case/{no}")
    return go(request, f"/console/cases/{no}?done=register") if found else Response(status_code=204)


def _registered(place: Place, no: str) -> Any | None:
    with place.database.read() as connection:
        return find_request(connection, no)
