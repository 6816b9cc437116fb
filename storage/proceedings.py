"""Processes beside the case as lists show them: who is at what, what is on whose agenda, which rulings there are."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, and_, case, false, func, literal, or_, select, tuple_

from domain.casework.columns import NEVER
from storage.cases import CASE
from storage.models import AgendaRow, PartyRow, ProceedingRow, RequestRow, RulingRow, Utc, table
from storage.todos import begins

_proceeding = table(ProceedingRow)
_party = table(PartyRow)
_agenda = table(AgendaRow)
_ruling = table(RulingRow)

EQUAL: Final = ("kind", "level", "stage", "unit", "district", "matter")
"""Columns that a list can be narrowed by."""
RULINGS: Final = ("catalogue_item", "matter", "district", "case_no", "kind")


@dataclass(frozen=True)
class Reach:
    """How far a reader sees: all processes of some kinds (None: of every kind), those of a district, those his unit is in.

    And those that he, ``user``, began himself.
    """

    kinds: frozenset[str] | None = frozenset()
    district: str | None = None
    unit: str | None = None
    user: str | None = None


@dataclass(frozen=True)
class Wanted:
    """What a list shows. ``equal`` are columns of :data:`EQUAL`; ``overdue``: a limit that runs has passed, or none has.

    ``case``: those about this case, or with it on their agenda; ``no``: how the number, or that of the case, begins;
    ``due_first``: what is due first comes first.
    """

    now: datetime
    equal: Mapping[str, str] = field(default_factory=dict)
    is_open: bool | None = None
    overdue: bool | None = None
    party: str | None = None
    case: str | None = None
    no: str | None = None
    due_first: bool = False


def list_proceedings(
    connection: Connection, reach: Reach, wanted: Wanted, *, after: tuple[datetime, str] | None, limit: int
) -> Sequence[Any]:
    """Return one page, the latest begun first, or what is due first; ``first_due`` of a row is what it is sorted by then."""
    p = _proceeding.c
    first_due = func.coalesce(p.due, literal(NEVER, Utc()), type_=Utc())
    query = select(_proceeding, first_due.label("first_due")).where(_reach(reach), *_narrowed(wanted))
    if wanted.due_first:
        keys = tuple_(first_due, p.id)
        query = (
            query.order_by(first_due, p.id) if after is None else query.where(keys > after).order_by(first_due, p.id)
        )
    else:
        keys = tuple_(p.opened_at, p.id)
        query = query.order_by(p.opened_at.desc(), p.id.desc())
        query = query if after is None else query.where(keys < after)
    return connection.execute(query.limit(limit)).all()


def count_open(connection: Connection, reach: Reach, kind: str, now: datetime) -> Sequence[Any]:
    """Return level, stage, total and overdue of what is open of a kind."""
    p = _proceeding.c
    late = func.coalesce(func.sum(case((p.due < now, 1), else_=0)), 0)
    return connection.execute(
        select(p.level, p.stage, func.count().label("total"), late.label("overdue"))
        .where(p.kind == kind, p.closed_at.is_(None), _reach(reach))
        .group_by(p.level, p.stage)
        .order_by(p.level, p.stage)
    ).all()


def rows_of(connection: Connection, processes: Iterable[str]) -> dict[str, Any]:
    """Return the list rows of processes by id."""
    wanted = list(processes)
    if not wanted:
        return {}
    return {r.id: r for r in connection.execute(select(_proceeding).where(_proceeding.c.id.in_(wanted)))}


def agenda_by_holder(connection: Connection, holder: str) -> Sequence[Any]:
    """Return the agenda rows, of whatever process, that a holder's matters are on."""
    return connection.execute(
        select(_agenda).where(_agenda.c.holder == holder).order_by(_agenda.c.process, _agenda.c.item)
    ).all()


def agenda_of_case(connection: Connection, no: str) -> Sequence[Any]:
    """Return the agenda rows about a case, whoever holds it."""
    return connection.execute(
        select(_agenda).where(_agenda.c.case_no == no).order_by(_agenda.c.process, _agenda.c.item)
    ).all()


def former_parties(connection: Connection, process: str) -> frozenset[str]:
    """Return the units a process is or was about."""
    return frozenset(connection.execute(select(_party.c.unit).where(_party.c.process == process)).scalars())


def list_rulings(
    connection: Connection,
    equal: Mapping[str, str],
    *,
    unit: str | None = None,
    in_force: datetime | None = None,
    after: tuple[datetime, str, str] | None = None,
    limit: int = 50,
) -> Sequence[Any]:
    """Return rulings, the latest first. ``equal`` are columns of :data:`RULINGS`; ``unit`` leads; ``in_force``: at that instant."""
    r = _ruling.c
    query = select(_ruling).where(*(r[name] == value for name, value in equal.items()))
    if unit is not None:
        query = query.where(r.lead == unit)
    if in_force is not None:
        query = query.where(or_(r.until.is_(None), r.until >= in_force))
    if after is not None:
        query = query.where(tuple_(r.ruled_at, r.process, r.item) < after)
    return connection.execute(query.order_by(r.ruled_at.desc(), r.process.desc(), r.item.desc()).limit(limit)).all()


def fitting_rulings(
    connection: Connection, item: str | None, matter: str | None, now: datetime, limit: int
) -> Sequence[Any]:
    """Return the rulings in force on a catalogue item or a matter, the latest first; none without either."""
    r = _ruling.c
    same = [column == value for column, value in ((r.catalogue_item, item), (r.matter, matter)) if value is not None]
    if not same:
        return ()
    query = select(_ruling).where(or_(*same), or_(r.until.is_(None), r.until >= now))
    return connection.execute(query.order_by(r.ruled_at.desc(), r.process, r.item).limit(limit)).all()


def request_words(connection: Connection, numbers: Iterable[str]) -> dict[str, Any]:
    """Return title, content and place of requests by number. No caller data."""
    r = table(RequestRow)
    wanted = list(numbers)
    if not wanted:
        return {}
    rows = connection.execute(select(r.c.no, r.c.title, r.c.content, r.c.place).where(r.c.no.in_(wanted)))
    return {row.no: row for row in rows}


def _reach(reach: Reach) -> ColumnElement[bool]:
    p = _proceeding.c
    if reach.kinds is None:
        return p.id.is_not(None)
    ways: list[ColumnElement[bool]] = []
    if reach.kinds:
        ways.append(p.kind.in_(sorted(reach.kinds)))
    if reach.district is not None:
        ways.append(p.district == reach.district)
    if reach.unit is not None:
        ways.append(p.id.in_(select(_party.c.process).where(_party.c.unit == reach.unit)))
    if reach.user is not None:
        ways.append(p.by == reach.user)
    return or_(*ways) if ways else false()


def _narrowed(wanted: Wanted) -> Iterable[ColumnElement[bool]]:
    p = _proceeding.c
    yield from (p[name] == value for name, value in wanted.equal.items())
    if wanted.is_open is not None:
        yield p.closed_at.is_(None) if wanted.is_open else p.closed_at.is_not(None)
    if wanted.overdue is not None:
        late = and_(p.closed_at.is_(None), p.due.is_not(None), p.due < wanted.now)
        yield late if wanted.overdue else ~late
    if wanted.party is not None:
        yield p.id.in_(select(_party.c.process).where(_party.c.unit == wanted.party))
    if wanted.case is not None:
        held = or_(_agenda.c.case_no == wanted.case, _agenda.c.holder == f"{CASE}/{wanted.case}")
        yield or_(p.case_no == wanted.case, p.id.in_(select(_agenda.c.process).where(held)))
    if wanted.no is not None:
        yield begins(wanted.no)
