"""The cases of a batch: what was foreseen for each, and what became of it. What may be done with a batch is the door's."""

from typing import Annotated, Literal, get_args

from fastapi import APIRouter, Path, Query

from api.access import Place, SignedIn, Viewer
from api.batches.schemas import BatchItem, BatchItemPage
from api.cases.reading import reach_of as reach_of_cases
from api.paging import Cursor, Limit, cursor_of, keys_of
from api.problems import Problem
from api.proceedings.reading import disclosed
from api.refusals import refuses
from api.services import Services
from domain.disclosure import Field
from storage import batches as sql
from storage.cases import within_reach

router = APIRouter(tags=["proceedings"])
Outcome = Literal["pending", "waiting", "changed", "unchanged", "refused", "gone"]
Foreseen = Literal["changed", "unchanged", "refused"]
Direction = Literal["later", "earlier", "same"]
OUTCOMES: tuple[str, ...] = get_args(Outcome)
DIRECTIONS: tuple[str, ...] = get_args(Direction)


@router.get("/batches/{no}/items", operation_id="list_batch_items", summary="The cases of a batch, by number")
@refuses("not_found")
def items(
    no: Annotated[str, Path(max_length=80, pattern=r"^[A-Za-z0-9_.:-]+$")],
    place: Place,
    who: SignedIn,
    outcome: Annotated[Outcome | None, Query(description="only those of which this became")] = None,
    foreseen: Annotated[Foreseen | None, Query(description="only those for which this was foreseen")] = None,
    direction: Annotated[Direction | None, Query(description="only those whose first due goes there")] = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> BatchItemPage:
    """List the cases that a batch means: the page of examples of its preview, then the result of each."""
    return items_of(place, who, no, outcome, foreseen, direction, cursor, limit)


def items_of(
    place: Services,
    who: Viewer,
    no: str,
    outcome: str | None = None,
    foreseen: str | None = None,
    direction: str | None = None,
    cursor: str | None = None,
    limit: int = 50,
) -> BatchItemPage:
    """Return one page of the cases of a batch; 404 to whom it is not disclosed."""
    process = f"batch/{no}"
    keys = keys_of(cursor, str)
    with place.database.read() as connection:
        _, _, fields = disclosed(connection, who, process)
        if not fields & {Field.orders_all, Field.texts_all}:
            raise Problem(404, "not_found")
        rows = sql.list_items(
            connection,
            process,
            outcome=outcome,
            foreseen=foreseen,
            direction=direction,
            after=keys[0] if keys else "",
            limit=limit + 1,
        )
        page = rows[:limit]
        readable = within_reach(connection, reach_of_cases(who), [r.no for r in page])
    plain = [n for n in BatchItem.model_fields if n not in {"code", "case_open"}]
    found = tuple(
        BatchItem(**{n: getattr(r, n) for n in plain}, code=r.refusal or r.code, case_open=r.no in readable)
        for r in page
    )
    return BatchItemPage(items=found, next=cursor_of(page[-1].no) if len(rows) > limit else None)
