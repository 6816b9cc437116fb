"""公文: numbers without gaps, the documents as issued, and what they are printed from. Nothing here renders."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Table, false, func, insert, or_, select, text, true, tuple_

from storage.cases import CASE, Reach
from storage.models import (
    AccountRow,
    CaseRow,
    CounterRow,
    EffectRow,
    EventRow,
    ItemRow,
    OrderRow,
    PaperRow,
    PartyRow,
    ProceedingRow,
    SettingRow,
    UnitRow,
    table,
)
from storage.proceedings import Reach as Beside

ISSUER: Final[Mapping[str, tuple[str, str]]] = {
    "zh": ("issuer", "12345热线"),
    "en": ("issuer_en", "12345 Hotline"),
}
"""The settings that name the issuing body, by language, and what it is called without them."""
MOST_ISSUER: Final = 40
"""Characters of that name: the number of a document is also the outcome of its effect, which has room for 80."""
PAPER: Final = "paper"
NAMED: Final[Mapping[str, tuple[Table, str]]] = {
    "unit": (table(UnitRow), "code"),
    "user": (table(AccountRow), "user"),
    "item": (table(ItemRow), "code"),
}
"""What has a name in both languages: its table, and the column of its code."""

_case = table(CaseRow)
_counter = table(CounterRow)
_effect = table(EffectRow)
_event = table(EventRow)
_order = table(OrderRow)
_paper = table(PaperRow)
_party = table(PartyRow)
_proceeding = table(ProceedingRow)
_setting = table(SettingRow)
_HEAD: Final = [c for c in _paper.c if c.name not in {"zh", "en"}]
_COUNT: Final = text(
    "INSERT INTO counter (key, n) VALUES (:key, :count) ON CONFLICT (key) DO UPDATE SET n = counter.n + :count RETURNING n"
)


@dataclass(frozen=True)
class Kept:
    """A document as it was issued, and the rows of the journal it was printed from. None: that row is not there."""

    row: Any
    effect: Any | None
    event: Any | None


# --------------------------------------------------------------------------------------------------------------- writing


def take_numbers(connection: Connection, kind: str, year: int, count: int) -> range:
    """Give out the next numbers of a kind and year.

    The row of the counter stays locked until the transaction ends, and a transaction that rolls back takes its numbers back with
    it: so there is no gap and no number twice. Who takes numbers of several kinds takes them in the order of their kinds, so that
    two of them never wait for one another.
    """
    given = {"key": f"{PAPER}/{kind}/{year}", "count": count}
    last = int(connection.execute(_COUNT, given).scalar_one())
    return range(last - count + 1, last + 1)


def put_papers(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write documents as issued. None is ever changed."""
    connection.execute(insert(_paper), [dict(row) for row in rows])


# ------------------------------------------------------------------------------------------------ what they are printed from


def issuers(connection: Connection) -> dict[str, str]:
    """Return the name of the issuing body, by language."""
    keys = [key for key, _ in ISSUER.values()]
    found = connection.execute(select(_setting.c.key, _setting.c.value).where(_setting.c.key.in_(keys)))
    given: dict[str, str] = {r.key: r.value for r in found}
    return {lang: (given.get(key) or default)[:MOST_ISSUER] for lang, (key, default) in ISSUER.items()}


def names(connection: Connection, wanted: Mapping[str, Collection[str]]) -> dict[str, dict[str, tuple[str, str]]]:
    """Return Chinese and English names by home (:data:`NAMED`) and code; what is not known is missing."""
    found: dict[str, dict[str, tuple[str, str]]] = {}
    for home, codes in wanted.items():
        of, code = NAMED[home]
        rows = connection.execute(select(of.c[code], of.c.name_zh, of.c.name_en).where(of.c[code].in_(codes)))
        found[home] = {row[0]: (row.name_zh, row.name_en) for row in rows}
    return found


# --------------------------------------------------------------------------------------------------------------- reading


def find_paper(connection: Connection, kind: str, year: int, n: int) -> Any | None:
    """Return a document with its effect's body and outcome, or None."""
    query = (
        select(_paper, _effect.c.body, _effect.c.outcome)
        .join_from(_paper, _effect, _effect.c.id == _paper.c.effect)
        .where(_paper.c.kind == kind, _paper.c.year == year, _paper.c.n == n)
    )
    return connection.execute(query).one_or_none()


def list_papers(
    connection: Connection,
    reach: Reach,
    beside: Beside | None = None,
    *,
    process: str | None = None,
    kind: str | None = None,
    after: tuple[datetime, str] | None = None,
    limit: int = 50,
) -> Sequence[Any]:
    """Return one page of documents, the latest first, without their pages, with their effects' bodies and outcomes.

    ``reach`` says of which cases, ``beside`` of which processes beside them; without that, the whole city means all documents.
    """
    query = (
        select(*_HEAD, _effect.c.body, _effect.c.outcome)
        .join_from(_paper, _effect, _effect.c.id == _paper.c.effect)
        .where(_within(reach, beside))
        .order_by(_paper.c.issued_at.desc(), _paper.c.effect.desc())
    )
    if process is not None:
        query = query.where(_paper.c.process == process)
    if kind is not None:
        query = query.where(_paper.c.kind == kind)
    if after is not None:
        query = query.where(tuple_(_paper.c.issued_at, _paper.c.effect) < after)
    return connection.execute(query.limit(limit)).all()


def _within(reach: Reach, beside: Beside | None) -> ColumnElement[bool]:
    if beside is None and reach.city:
        return true()
    of_case = _paper.c.process.startswith(f"{CASE}/")
    ways: list[ColumnElement[bool]] = [of_case] if reach.city else []
    if reach.district is not None:
        ways.append(of_case & _no().in_(select(_case.c.no).where(_case.c.district == reach.district)))
    if reach.unit is not None:
        ways.append(of_case & _no().in_(select(_order.c.case_no).where(_order.c.unit == reach.unit)))
    if beside is not None:
        ways += _beside(beside, of_case)
    return or_(false(), *ways)


def _beside(reach: Beside, of_case: ColumnElement[bool]) -> Iterator[ColumnElement[bool]]:
    if reach.kinds is None:
        yield ~of_case
        return
    p = _proceeding.c
    if reach.kinds:
        yield _paper.c.process.in_(select(p.id).where(p.kind.in_(reach.kinds)))
    if reach.district is not None:
        yield _paper.c.process.in_(select(p.id).where(p.district == reach.district))
    if reach.unit is not None:
        yield _paper.c.process.in_(select(_party.c.process).where(_party.c.unit == reach.unit))


def _no() -> ColumnElement[str]:
    return func.substr(_paper.c.process, len(CASE) + 2)


# -------------------------------------------------------------------------------------------------------------- checking


def all_papers(connection: Connection, page: int = 200) -> Iterator[Sequence[Kept]]:
    """Go through all documents by kind, year and number, page by page, each with its effect and its event."""
    key = (_paper.c.kind, _paper.c.year, _paper.c.n)
    query = select(_paper).order_by(*key).limit(page)
    rows = connection.execute(query).all()
    while rows:
        yield _with_sources(connection, rows)
        last = (rows[-1].kind, rows[-1].year, rows[-1].n)
        rows = connection.execute(query.where(tuple_(*key) > last)).all()


def _with_sources(connection: Connection, rows: Sequence[Any]) -> Sequence[Kept]:
    wanted = select(_effect).where(_effect.c.id.in_([row.effect for row in rows]))
    effects = {e.id: e for e in connection.execute(wanted)}
    at = {(row.process, row.seq) for row in rows}
    columns = (_event.c.process, _event.c.seq, _event.c.head)
    found = connection.execute(select(*columns).where(tuple_(_event.c.process, _event.c.seq).in_(at)))
    events = {(e.process, e.seq): e for e in found}
    return [Kept(row, effects.get(row.effect), events.get((row.process, row.seq))) for row in rows]


def counted(connection: Connection) -> dict[tuple[str, int], int]:
    """Return the last number given out, by kind and year."""
    found = connection.execute(select(_counter.c.key, _counter.c.n).where(_counter.c.key.startswith(f"{PAPER}/")))
    keys = [(r.key.split("/"), r.n) for r in found]
    return {(parts[1], int(parts[2])): n for parts, n in keys}


def unissued(connection: Connection) -> Sequence[str]:
    """Return the effects that say a document was or is to be issued which is not there."""
    query = select(_effect.c.id).where(_effect.c.kind == PAPER, _effect.c.id.not_in(select(_paper.c.effect)))
    return connection.execute(query.order_by(_effect.c.id)).scalars().all()
