"""挂账台账: the cases that stood on account at an instant, and how many they were."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import AwareDatetime, BeforeValidator
from pydantic_core import PydanticKnownError

from api.access import Place, SignedIn
from api.cases.reading import reach_of
from api.cases.schemas import AccountLine, AccountPage
from api.paging import Cursor, Limit, cursor_of, keys_of
from storage.on_account import count_standing, standing

router = APIRouter(tags=["cases"])


def _written_out(value: Any) -> Any:
    """Refuse a bare number, which pydantic takes for seconds since 1970: an instant is written with its date and zone."""
    try:
        float(value)
    except (TypeError, ValueError):
        return value
    raise PydanticKnownError("datetime_parsing", {"error": "a number is no date"})


Instant = Annotated[AwareDatetime, BeforeValidator(_written_out)]


@router.get("/on-account", operation_id="list_on_account", summary="The ledger of cases on account 挂账台账")
def on_account(
    place: Place,
    who: SignedIn,
    at: Annotated[Instant | None, Query(description="as of this instant; now when it is left out")] = None,
    unit: Annotated[str | None, Query(max_length=80, description="of this unit only")] = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> AccountPage:
    """List what stood on account within the viewer's reach, the earliest first; a unit sees its own ledger."""
    as_of, reach = at or place.now(), reach_of(who)
    after = keys_of(cursor, datetime, str, int)
    with place.database.read() as connection:
        rows = standing(connection, reach, as_of, unit=unit, after=after, limit=limit + 1)
        total = count_standing(connection, reach, as_of, unit)
    page = rows[:limit]
    more = cursor_of(page[-1].since, page[-1].case_no, page[-1].n) if len(rows) > limit else None
    known = ("n", "unit", "district", "ground", "since", "until", "how", "review_at", "kept")
    lines = tuple(
        AccountLine(no=r.case_no, order=r.order_id, **{name: getattr(r, name) for name in known}) for r in page
    )
    return AccountPage(at=as_of, total=total, items=lines, next=more)
