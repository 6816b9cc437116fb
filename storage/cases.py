"""Processes and cases as they stand: the read model of the API. Nothing here writes."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, FromClause, and_, case, false, func, literal, or_, select, tuple_

from domain import snapshots
from domain.casework.columns import NEVER
from domain.deciders import decider_of
from domain.kernel import Process
from storage.models import CaseRow, EventRow, OrderRow, ProcessRow, Utc, table
from storage.todos import first_dues, late_processes

_case = table(CaseRow)
_event = table(EventRow)
_order = table(OrderRow)
_process = table(ProcessRow)

CASE: Final = "case"
EQUAL: Final = ("stage", "district", "lead_unit", "triage", "case_type", "item", "matter", "main_case", "on_account")


@dataclass(frozen=True)
class Reach:
    """How far a reader sees: all cases, those of a district, or those a unit has an order on. All None: none at all."""

    city: bool = False
    district: str | None = None
    unit: str | None = None


@dataclass(frozen=True)
class Stored:
    """A process with what its row says beside the snapshot."""

    process: Process
    closed: bool
    parked: str | None


@dataclass(frozen=True)
class Urgency:
    """How limits choose and order cases: the overall limit, and what somebody has to do (in a unit's list: that unit).

    ``overdue``: only cases that missed the overall limit or are late at ``now`` with a step; False: only the others.
    ``first``: what is due first comes first.
    """

    now: datetime
    overdue: bool | None = None
    first: bool = False


def load_process(connection: Connection, process: str) -> Stored | None:
    """Return a process as the journal has it now, or None when there is none (yet)."""
    row = connection.execute(
        select(_process.c.snapshot, _process.c.closed, _process.c.parked).where(_process.c.id == process)
    ).one_or_none()
    if row is None:
        return None
    seen = snapshots.look(decider_of(process), row.snapshot)
    return Stored(process=seen, closed=row.closed, parked=row.parked)


def list_cases(
    connection: Connection,
    reach: Reach,
    *,
    filters: dict[str, str | bool],
    unit: str | None = None,
    urgency: Urgency | None = None,
    number: str | None = None,
    after: tuple[datetime, str] | None = None,
    limit: int = 50,
) -> Sequence[Any]:
    """Return one page of cases, the latest received first, or those first that are due first by any limit.

    ``filters`` are columns of :data:`EQUAL`. ``sorted_by`` of a row is its key where urgency asks for that.
    """
    source: FromClause = _case
    columns: list[Any] = [_case]
    first_due: ColumnElement[datetime] | None = None
    if urgency is not None and urgency.first:
        first_due = _case.c.first_due
        if reach.unit is not None:
            steps = first_dues(reach.unit)
            source = _case.outerjoin(steps, steps.c.process == literal(f"{CASE}/").concat(_case.c.no))
            first_due = func.coalesce(_sooner(_case.c.due, steps.c.due), literal(NEVER, Utc()), type_=Utc())
        columns.append(first_due.label("sorted_by"))
    query = select(*columns).select_from(source).where(_reach(reach))
    query = query.where(*(_case.c[name] == value for name, value in filters.items()))
    if unit is not None:
        query = query.where(_has_order(unit))
    if urgency is not None and urgency.overdue is not None:
        late = _late(urgency.now, reach.unit)
        query = query.where(late if urgency.overdue else ~late)
    if number is not None:
        query = query.where(_case.c.no.startswith(number, autoescape=True))
    if first_due is not None:
        keys = tuple_(first_due, _case.c.no)
        query = query.order_by(first_due, _case.c.no)
        query = query if after is None else query.where(keys > after)
    else:
        keys = tuple_(_case.c.received_at, _case.c.no)
        query = query.order_by(_case.c.received_at.desc(), _case.c.no.desc())
        query = query if after is None else query.where(keys < after)
    return connection.execute(query.limit(limit)).all()


def _late(now: datetime, unit: str | None) -> ColumnElement[bool]:
    """Say whether a case missed its overall limit, or anything that waits (for the unit, where one is named) is past its due."""
    # Not by the first of its dues: that would be reckoned for every case there is.
    missed = and_(_case.c.due.is_not(None), _case.c.due < now)
    return or_(_case.c.overdue, missed, _case.c.no.in_(late_processes(CASE, now, unit)))


def _sooner(one: ColumnElement[datetime], other: ColumnElement[datetime]) -> ColumnElement[datetime]:
    """Return the earlier of two instants either of which may be missing: LEAST of the databases differs about that."""
    return case((or_(other.is_(None), one <= other), one), else_=other)


def case_rows(connection: Connection, numbers: Iterable[str]) -> dict[str, Any]:
    """Return the list rows of cases by number."""
    rows = connection.execute(select(_case).where(_case.c.no.in_(list(numbers))))
    return {r.no: r for r in rows}


def within_reach(connection: Connection, reach: Reach, numbers: Iterable[str]) -> frozenset[str]:
    """Return those of some cases that a reader sees."""
    query = select(_case.c.no).where(_case.c.no.in_(list(numbers)), _reach(reach))
    return frozenset(connection.execute(query).scalars())


def list_events(connection: Connection, process: str, *, after: int, limit: int) -> Sequence[Any]:
    """Return the events of a process after a seq, in order."""
    return connection.execute(
        select(_event).where(_event.c.process == process, _event.c.seq > after).order_by(_event.c.seq).limit(limit)
    ).all()


def _reach(reach: Reach) -> ColumnElement[bool]:
    if reach.city:
        return _case.c.no.is_not(None)
    if reach.district is not None:
        return _case.c.district == reach.district
    return false() if reach.unit is None else _has_order(reach.unit)


def _has_order(unit: str) -> ColumnElement[bool]:
    # Not EXISTS: SQLite then walks all orders of the unit anew for every case.
    return _case.c.no.in_(select(_order.c.case_no).where(_order.c.unit == unit))
