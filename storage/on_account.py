"""挂账台账: who stood on account at an instant, from the rows that cases write. Nothing here writes."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, false, func, or_, select, tuple_

from storage.cases import Reach
from storage.models import OnAccountRow, table

_row = table(OnAccountRow)


def standing(
    connection: Connection,
    reach: Reach,
    at: datetime,
    *,
    unit: str | None = None,
    after: tuple[datetime, str, int] | None = None,
    limit: int = 50,
) -> Sequence[Any]:
    """Return one page of those that stood on account at an instant, the earliest first."""
    keys = tuple_(_row.c.since, _row.c.case_no, _row.c.n)
    query = select(_row).where(*_at(reach, at, unit))
    query = query if after is None else query.where(keys > after)
    return connection.execute(query.order_by(_row.c.since, _row.c.case_no, _row.c.n).limit(limit)).all()


def count_standing(connection: Connection, reach: Reach, at: datetime, unit: str | None = None) -> int:
    """Count them: the figure as of that instant (§18)."""
    return int(connection.execute(select(func.count()).where(*_at(reach, at, unit))).scalar_one())


def _at(reach: Reach, at: datetime, unit: str | None) -> tuple[ColumnElement[bool], ...]:
    stood = and_(_row.c.since <= at, or_(_row.c.until.is_(None), _row.c.until > at))
    return (stood, _reach(reach), *(() if unit is None else (_row.c.unit == unit,)))


def _reach(reach: Reach) -> ColumnElement[bool]:
    if reach.city:
        return _row.c.case_no.is_not(None)
    if reach.district is not None:
        return _row.c.district == reach.district
    return false() if reach.unit is None else _row.c.unit == reach.unit
