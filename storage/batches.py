"""The cases that a batch means, page by page by their number, and what became of each.

What came of a case is not kept: it is the outcome of the command that the batch sent it, whenever that comes.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Select, and_, case, delete, func, literal, select, text, union, update

from domain.batching.commands import Results
from domain.casework.events import TermsChanged
from domain.casework.words import OPEN
from storage.models import OPEN_CASES, BatchItemRow, CaseRow, CommandRow, EventRow, ProceedingRow, ProcessRow, table
from storage.upserts import upsert

_item = table(BatchItemRow)
_case = table(CaseRow)
_command = table(CommandRow)
_event = table(EventRow)
_process = table(ProcessRow)
_proceeding = table(ProceedingRow)

PAGE: Final = 2000
"""Rows counted in one statement."""

GONE: Final = "not_in_this_stage"
"""The refusal of a case that is over."""

OUTCOMES: Final = (*(n for n in Results.model_fields if n != "added"), "pending")
"""What may have become of an item: as in the results, or nothing yet."""

_JOINED: Final = _item.outerjoin(_command, _command.c.id == _item.c.command).outerjoin(
    _event, and_(_event.c.process == _command.c.process, _event.c.seq == _command.c.seq_from)
)
_OUTCOME: Final[ColumnElement[str]] = case(
    (_item.c.gone, "gone"),
    (_command.c.id.is_(None), "pending"),
    (_command.c.outcome == "received", "waiting"),
    (and_(_command.c.outcome == "recorded", _event.c.type == TermsChanged.TYPE), "changed"),
    (_command.c.outcome == "recorded", "unchanged"),
    (_command.c.code == GONE, "gone"),
    else_="refused",
)


@dataclass(frozen=True)
class Item:
    """A case as a preview found it. ``direction``: ``later``, ``earlier`` or ``same``, of the first clock that matters."""

    no: str
    command: str
    foreseen: str
    direction: str | None = None
    code: str | None = None
    clock: str | None = None
    due_from: datetime | None = None
    due_to: datetime | None = None
    moved: int = 0
    added: bool = False


@dataclass(frozen=True)
class Next:
    """A case whose turn it is: whether it is open, and whether the preview knew it."""

    no: str
    open: bool
    known: bool


def open_cases(connection: Connection, query: Mapping[str, str | None], after: str, limit: int) -> Sequence[str]:
    """Return the numbers of the next open cases of a query behind a number."""
    return connection.execute(_open(query, after, limit)).scalars().all()


def next_cases(
    connection: Connection, batch: str, query: Mapping[str, str | None], after: str, limit: int
) -> Sequence[Next]:
    """Return the next cases: those that the preview knew, and those of the query that began later."""
    known = select(_item.c.no).where(_item.c.batch == batch, _item.c.no > after).order_by(_item.c.no).limit(limit)
    there = _open(query, after, limit)
    # Each half in a SELECT of its own: SQLite takes no LIMIT within a UNION otherwise.
    both = union(select(known.subquery().c.no), select(there.subquery().c.no)).subquery()
    numbers = select(both.c.no).order_by(both.c.no).limit(limit).subquery()
    rows = connection.execute(
        select(numbers.c.no, _case.c.no.is_not(None).label("open"), _item.c.no.is_not(None).label("known"))
        .select_from(
            numbers.outerjoin(_case, and_(_case.c.no == numbers.c.no, _case.c.stage.in_([*map(str, OPEN)]))).outerjoin(
                _item, and_(_item.c.batch == batch, _item.c.no == numbers.c.no)
            )
        )
        .order_by(numbers.c.no)
    )
    return [Next(r.no, bool(r.open), bool(r.known)) for r in rows]


def forget_items(connection: Connection, batch: str, after: str, last: str | None) -> None:
    """Forget what an earlier preview found behind ``after``, up to ``last`` or to the end."""
    connection.execute(delete(_item).where(_item.c.batch == batch, *_between(after, last)))


def put_item(connection: Connection, batch: str, item: Item) -> None:
    """Keep what was foreseen for a case."""
    upsert(connection, _item, {"batch": batch, **asdict(item), "gone": False}, ("batch", "no"))


def mark_gone(connection: Connection, batch: str, no: str) -> None:
    """Note that a case was over before its turn came."""
    connection.execute(update(_item).where(_item.c.batch == batch, _item.c.no == no).values(gone=True))


def sent_already(connection: Connection, commands: Sequence[str]) -> Mapping[str, str]:
    """Return the outcomes of those of some commands that have been sent, by id."""
    rows = connection.execute(select(_command.c.id, _command.c.outcome).where(_command.c.id.in_(list(commands))))
    return {r.id: r.outcome for r in rows}


def stage_of(connection: Connection, batch: str) -> str | None:
    """Return the stage of a batch: somebody may have paused it meanwhile."""
    return connection.execute(select(_proceeding.c.stage).where(_proceeding.c.id == batch)).scalar_one_or_none()


def count_waiting(connection: Connection, batch: str) -> int:
    """Count the items whose case has not answered. One whose process is parked is an incident of its own and is not waited for."""
    parked = select(_process.c.id).where(_process.c.id == _command.c.process, _process.c.parked.is_not(None)).exists()
    joined = _item.join(_command, _command.c.id == _item.c.command)
    counted = select(func.count()).select_from(joined).where(_item.c.batch == batch)
    return int(connection.execute(counted.where(_command.c.outcome == "received", ~parked)).scalar_one())


def count_results(connection: Connection, batch: str, after: str, last: str | None) -> Results:
    """Count what became of the items behind ``after``, up to ``last`` or to the end. What nobody sent counts as nothing."""
    rows = connection.execute(
        select(
            _OUTCOME.label("outcome"), func.count().label("n"), func.sum(case((_item.c.added, 1), else_=0)).label("a")
        )
        .select_from(_JOINED)
        .where(_item.c.batch == batch, *_between(after, last))
        .group_by(_OUTCOME)
    ).all()
    found = {r.outcome: int(r.n) for r in rows if r.outcome in Results.model_fields}
    return Results(**found, added=sum(int(r.a or 0) for r in rows))


def page_end(connection: Connection, batch: str, after: str) -> str | None:
    """Return the number at which a page of items behind ``after`` ends; None when that is the last page."""
    found = select(_item.c.no).where(_item.c.batch == batch, _item.c.no > after).order_by(_item.c.no)
    return connection.execute(found.offset(PAGE - 1).limit(1)).scalar_one_or_none()


def list_items(
    connection: Connection,
    batch: str,
    *,
    outcome: str | None = None,
    foreseen: str | None = None,
    direction: str | None = None,
    after: str = "",
    limit: int = 50,
) -> Sequence[Any]:
    """Return one page of items by number, each with its ``outcome``, and the code of a refusal."""
    query = (
        select(
            _item,
            _OUTCOME.label("outcome"),
            _command.c.code.label("refusal"),
            _command.c.decided_at.label("decided_at"),
        )
        .select_from(_JOINED)
        .where(_item.c.batch == batch, _item.c.no > after)
    )
    if outcome is not None:
        query = query.where(literal(outcome) == _OUTCOME)
    if foreseen is not None:
        query = query.where(_item.c.foreseen == foreseen)
    if direction is not None:
        query = query.where(_item.c.direction == direction)
    return connection.execute(query.order_by(_item.c.no).limit(limit)).all()


def _open(query: Mapping[str, str | None], after: str, limit: int) -> Select[tuple[str]]:
    open_now: ColumnElement[bool] = text(OPEN_CASES)  # type: ignore[assignment]
    equal = [_case.c[name] == value for name, value in query.items() if value is not None]
    return select(_case.c.no).where(open_now, _case.c.no > after, *equal).order_by(_case.c.no).limit(limit)


def _between(after: str, last: str | None) -> Sequence[ColumnElement[bool]]:
    return [_item.c.no > after] if last is None else [_item.c.no > after, _item.c.no <= last]
