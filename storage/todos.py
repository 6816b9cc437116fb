"""Inboxes: who has to act now. Keyset pages over (sort_at, process, key)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, Subquery, and_, case, exists, false, func, or_, select, tuple_

from domain.disclosure import SEATED
from storage.models import ProceedingRow, TodoRow, table

_todo = table(TodoRow)
_proceeding = table(ProceedingRow)


@dataclass(frozen=True)
class Desk:
    """Whose inbox: the roles, and the unit and district they are held for."""

    roles: tuple[str, ...]
    unit: str | None
    district: str | None


@dataclass(frozen=True)
class Window:
    """Which todos: due before an instant (or from one to another, both included), possible at ``now``.

    ``number``: of cases so numbered, and of processes whose number, or whose case's, begins so. ``kind``: of one kind of process.
    """

    now: datetime
    later: bool = False
    due_before: datetime | None = None
    due_within: tuple[datetime, datetime] | None = None
    number: str | None = None
    kind: str | None = None


def list_todos(
    connection: Connection, desk: Desk, window: Window, *, after: tuple[datetime, str, str] | None, limit: int
) -> Sequence[Any]:
    """Return one page of the desk's todos, the most urgent first."""
    query = select(_todo).where(_of(desk), *_in(window))
    if after is not None:
        query = query.where(tuple_(_todo.c.sort_at, _todo.c.process, _todo.c.key) > after)
    return connection.execute(query.order_by(_todo.c.sort_at, _todo.c.process, _todo.c.key).limit(limit)).all()


def count_todos(connection: Connection, desk: Desk, now: datetime, day_ends: datetime) -> Sequence[Any]:
    """Return role, total, overdue and due_today of the desk."""
    due = _todo.c.due
    return connection.execute(
        select(
            _todo.c.role,
            func.count().label("total"),
            func.coalesce(func.sum(case((due < now, 1), else_=0)), 0).label("overdue"),
            func.coalesce(func.sum(case((due.between(now, day_ends), 1), else_=0)), 0).label("due_today"),
        )
        .where(_of(desk), *_in(Window(now=now)))
        .group_by(_todo.c.role)
    ).all()


def process_todos(connection: Connection, process: str) -> Sequence[Any]:
    """Return all todos of a process."""
    return connection.execute(
        select(_todo).where(_todo.c.process == process).order_by(_todo.c.sort_at, _todo.c.key)
    ).all()


def soonest(connection: Connection, processes: Iterable[str], unit: str | None = None) -> dict[str, Any]:
    """Return the todo that is due first of each process, of one unit's only where one is named; none without a due."""
    query = select(_todo.c.process, _todo.c.due, _todo.c.rule).where(_todo.c.process.in_(list(processes)))
    rows = connection.execute(_due_of(query, unit).order_by(_todo.c.due.desc()))
    return {r.process: r for r in rows}


def first_dues(unit: str) -> Subquery:
    """Return process and due of the todo of a unit that is due first, of each process that has one, as a table to join."""
    query = select(_todo.c.process, func.min(_todo.c.due).label("due")).group_by(_todo.c.process)
    return _due_of(query, unit).subquery("first_due")


def late_processes(kind: str, now: datetime, unit: str | None = None) -> Select[Any]:
    """Return the numbers of the processes of a kind that have a todo past its due, to look among."""
    start = f"{kind}/"
    query = select(func.substr(_todo.c.process, len(start) + 1)).where(
        _todo.c.process.startswith(start, autoescape=True), _todo.c.due < now
    )
    return _due_of(query, unit)


def _due_of(query: Select[Any], unit: str | None) -> Select[Any]:
    query = query.where(_todo.c.due.is_not(None))
    return query if unit is None else query.where(_todo.c.unit == unit)


def _of(desk: Desk) -> ColumnElement[bool]:
    """A todo of a unit is for that unit's staff only, one of a district for all of the city and for that district."""
    if not desk.roles:
        return false()
    # Without a unit there is one alternative only, and one role then reads its page in the order of the index.
    mine: ColumnElement[bool] = _todo.c.unit.is_(None)
    if desk.district is not None:
        # Those who sit for the city or for a district each have their own: what has no district is the city's.
        citywide = and_(_todo.c.district.is_(None), _todo.c.role.not_in(SEATED))
        mine = and_(mine, or_(citywide, _todo.c.district == desk.district))
    if desk.unit is not None:
        mine = or_(mine, _todo.c.unit == desk.unit)
    held = _todo.c.role == desk.roles[0] if len(desk.roles) == 1 else _todo.c.role.in_(desk.roles)
    return and_(held, mine)


def _in(window: Window) -> Iterable[ColumnElement[bool]]:
    if not window.later:
        yield _todo.c.since <= window.now
    if window.due_before is not None:
        yield _todo.c.due < window.due_before
    if window.due_within is not None:
        yield _todo.c.due.between(*window.due_within)
    if window.kind is not None:
        yield _todo.c.process.startswith(f"{window.kind}/", autoescape=True)
    if window.number is not None:
        beside = exists().where(_proceeding.c.id == _todo.c.process, begins(window.number))
        yield or_(_todo.c.process.startswith(f"case/{window.number}", autoescape=True), beside)


def begins(no: str) -> ColumnElement[bool]:
    """Say of a process beside the case that its number, or that of its case, begins so."""
    p = _proceeding.c
    return or_(p.no.startswith(no, autoescape=True), p.case_no.startswith(no, autoescape=True))
