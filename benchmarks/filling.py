"""A database with many cases, made of a few real lives: each is decided by the journal, then copied row by row with other numbers.

Copies are made inside the database (``INSERT … SELECT replace(…)``), so 100,000 cases take a minute or two. A copy has the rows of
a real case in every table; orders go to the units of the city in turn, and instants are moved by some minutes from copy to copy,
so that lists are not one instant. A copy is there to be in the way and is not decided on: the chain of its events is the
original's.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import (
    JSON,
    Column,
    ColumnElement,
    Connection,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    cast,
    create_engine,
    func,
    insert,
    select,
    update,
)

from activities.journal import Journal
from activities.signatures import CommitRequest, CommitResult
from benchmarks.shapes import UNIT, envelope
from domain.kernel import GENESIS
from storage.models import Base, EffectRow, PersonRow, RequestRow, UnitRow, Utc, table
from storage.unit_of_work import Database

LIVES: Final[Mapping[str, Sequence[str]]] = {
    "screening": (),
    "triaged": ("triage",),
    "dispatched": ("triage", "dispatch"),
    "signed": ("triage", "dispatch", "sign"),
    "submitted": ("triage", "dispatch", "sign", "submit_result"),
    "callback": ("triage", "dispatch", "sign", "submit_result", "review_result"),
    "closed": ("triage", "dispatch", "sign", "submit_result", "review_result", "record_callback"),
}
"""How far each life goes. All but the first two have an order; only the last has no deadline of a unit running."""

OF_A_CASE: Final[Mapping[str, tuple[str, str]]] = {
    "person": ("id", ""),
    "request": ("no", ""),
    "process": ("id", "case/"),
    "event": ("process", "case/"),
    "command": ("process", "case/"),
    "effect": ("process", "case/"),
    "claim": ("process", "case/"),
    "todo": ("process", "case/"),
    "notice": ("process", "case/"),
    "delivery": ("process", "case/"),
    "case_row": ("no", ""),
    "order_row": ("case_no", ""),
}
"""The tables with rows of a case: the column that names it, and what stands before the number."""

NUMBERS: Final = Table(
    "bench_number",
    MetaData(),
    Column("n", Integer, primary_key=True),
    Column("no", String(40)),
    Column("unit", String(80)),
)
"""The copies: the n-th has this number, and its orders go to this unit."""
MINUTES_APART: Final = 7
MOST_MINUTES: Final = 60 * 24 * 60
AHEAD: Final = frozenset({"next_timer_at", "due", "sort_at"})
"""Instants that lie ahead are set further ahead instead: a copy must not be late."""


class Life:
    """One case written straight into the journal, as the workflow would, without Temporal."""

    def __init__(self, journal: Journal, no: str, at: datetime | None = None) -> None:
        self.journal, self.no, self.process = journal, no, f"case/{no}"
        self.seq, self.head, self.at = 0, GENESIS, at

    def commit(self, name: str | None = None) -> CommitResult:
        """Give the case's one command of a name (none: only open it). RuntimeError when it is refused."""
        now = self.at or datetime.now(UTC)
        word = None if name is None else envelope(self.no, name).model_copy(update={"received_at": now})
        request = CommitRequest(process=self.process, seq=self.seq, head=self.head, now=now, envelope=word)
        result = self.journal.commit(request)
        if result.outcome != "recorded":
            message = f"{self.no} {name}: {result.code} {result.detail}"
            raise RuntimeError(message)
        self.seq, self.head = result.seq, result.head
        return result

    def live(self, names: Sequence[str]) -> "Life":
        """Open the case and give these commands."""
        self.commit()
        for name in names:
            self.commit(name)
        return self


def take_requests(connection: Connection, numbers: Iterable[str], pack: str, at: datetime) -> None:
    """Write requests as the intake does."""
    row = {
        "channel": "phone",
        "case_type": "complaint",
        "caller_type": "person",
        "grade": "grade_normal",
        "confidential": False,
        "reply_preference": "phone",
        "title": "路灯不亮",
        "content": "小区北门的路灯三天不亮，请派人修理。",
        "place": "虚构小区北门",
        "language": "zh",
        "pack": pack,
        "taken_by": "agent",
        "received_at": at,
    }
    rows = [{**row, "no": no, "person": no, "digest": no} for no in numbers]
    connection.execute(insert(table(PersonRow)), [{"id": r["no"], "created_at": at} for r in rows])
    connection.execute(insert(table(RequestRow)), rows)


def found(
    database: Database, lives: Mapping[str, Sequence[str]], *, pack: str = "haikou", at: datetime | None = None
) -> dict[str, str]:
    """Live one case of each kind for real, all that they owe done; return their numbers."""
    journal, now = Journal(database), at or datetime.now(UTC)
    numbers = {name: f"20250101-9{n:05d}" for n, name in enumerate(lives)}
    with database.write() as connection:
        take_requests(connection, numbers.values(), pack, now)
    for name, no in numbers.items():
        Life(journal, no, at).live(lives[name])
    e = table(EffectRow)
    with database.write() as connection:
        owed = update(e).where(e.c.status == "planned", e.c.process.in_([f"case/{no}" for no in numbers.values()]))
        connection.execute(owed.values(status="done", done_at=now))
    return numbers


def fill(url: str, originals: Sequence[str], first: int, last: int, *, moved: bool = True) -> None:
    """Copy the originals in turn until the database has the copies ``first`` … ``last``; tell PostgreSQL how much that is."""
    engine = create_engine(url)  # no statement timeout: this is one long statement a table
    try:
        with engine.begin() as connection:
            NUMBERS.create(connection, checkfirst=True)
            u = table(UnitRow)
            units = connection.execute(select(u.c.code).where(u.c.level == "city").order_by(u.c.code)).scalars().all()
            rows = [
                {"n": n, "no": number(n), "unit": units[n // len(LIVES) % len(units)]} for n in range(first, last + 1)
            ]
            connection.execute(insert(NUMBERS), rows)
            for turn, original in enumerate(originals):
                mine = NUMBERS.c.n.between(first, last) & (NUMBERS.c.n % len(originals) == turn)
                for name, (column, prefix) in OF_A_CASE.items():
                    _copy(connection, Base.metadata.tables[name], column, prefix, original, mine, moved=moved)
        if engine.dialect.name == "postgresql":
            with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
                connection.exec_driver_sql("VACUUM ANALYZE")
    finally:
        engine.dispose()


def number(n: int) -> str:
    """Return the number of the n-th copy."""
    return f"20250101-{n:06d}"


def _copy(
    connection: Connection,
    target: Table,
    key: str,
    prefix: str,
    original: str,
    mine: ColumnElement[bool],
    *,
    moved: bool,
) -> None:
    columns = list(target.columns)
    chosen = [_copied(c, original, connection.dialect.name, moved=moved) for c in columns]
    source = select(*chosen).select_from(target.join(NUMBERS, mine)).where(target.c[key] == f"{prefix}{original}")
    connection.execute(insert(target).from_select([c.name for c in columns], source))


def _copied(column: Column[Any], original: str, dialect: str, *, moved: bool) -> ColumnElement[Any]:
    match column.type:
        case JSON():
            words = _replaced(cast(column, Text), original)
            return cast(words, JSON) if dialect == "postgresql" else words
        case String():
            return _replaced(column, original)
        case Utc() if moved:
            minutes = NUMBERS.c.n * MINUTES_APART % MOST_MINUTES * (1 if column.name in AHEAD else -1)
            if dialect == "postgresql":
                return column + func.make_interval(0, 0, 0, 0, 0, minutes)
            return func.strftime("%Y-%m-%d %H:%M:%f000", column, cast(minutes, String).concat(" minutes"))
        case _:
            return column


def _replaced(words: ColumnElement[Any], original: str) -> ColumnElement[Any]:
    return func.replace(func.replace(words, original, NUMBERS.c.no), UNIT, NUMBERS.c.unit)
