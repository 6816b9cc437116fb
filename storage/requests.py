"""What callers said, and who they are. Caller data is read only through :func:`read_caller`, which writes the audit row."""

import hashlib
import secrets
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import Connection, insert, select
from sqlalchemy.dialects.postgresql import insert as pg_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from storage.audit import write_audit
from storage.models import CaseRow, CounterRow, PersonRow, RequestRow, table

CALLER_FIELDS: Final = ("name", "phone", "address")
_case = table(CaseRow)
_counter = table(CounterRow)
_person = table(PersonRow)
_request = table(RequestRow)


@dataclass(frozen=True)
class Reader:
    """Who reads, in which role, and why."""

    user: str
    role: str
    why: str


def next_number(connection: Connection, day: date) -> str:
    """Give out the next request number of a day, ``YYYYMMDD-NNNNNN``: no gap, none twice, while the transaction holds."""
    make = sqlite_insert if connection.dialect.name == "sqlite" else pg_insert
    key = f"request/{day:%Y%m%d}"
    counted = (
        make(_counter)
        .values(key=key, n=1)
        .on_conflict_do_update(index_elements=["key"], set_={"n": _counter.c.n + 1})
        .returning(_counter.c.n)
    )
    return f"{day:%Y%m%d}-{connection.execute(counted).scalar_one():06d}"


def text_digest(title: str, content: str) -> str:
    """Return the hash by which a text sent again is known: case, width, spaces and punctuation do not matter."""
    folded = unicodedata.normalize("NFKC", f"{title}{content}").casefold()
    kept = "".join(ch for ch in folded if ch.isalnum())
    return hashlib.sha256((kept or folded).encode()).hexdigest()


def put_request(
    connection: Connection, *, no: str, caller: Mapping[str, str | None], values: Mapping[str, Any], now: datetime
) -> None:
    """Write a request and its caller."""
    person = secrets.token_hex(16)
    connection.execute(
        insert(_person).values(id=person, created_at=now, **{field: caller.get(field) for field in CALLER_FIELDS})
    )
    digest = text_digest(values["title"], values["content"])
    connection.execute(
        insert(_request).values(no=no, person=person, digest=digest, received_at=now, started_at=None, **values)
    )


def find_request(connection: Connection, no: str) -> Any | None:
    """Return a request without its caller, or None."""
    return connection.execute(select(_request).where(_request.c.no == no)).one_or_none()


def titles(connection: Connection, numbers: Iterable[str]) -> dict[str, str]:
    """Return the titles of requests by number."""
    rows = connection.execute(select(_request.c.no, _request.c.title).where(_request.c.no.in_(list(numbers))))
    return {r.no: r.title for r in rows}


def read_caller(
    connection: Connection, no: str, fields: Iterable[str], reader: Reader, now: datetime
) -> dict[str, str | None]:
    """Return the named fields of a request's caller, and write who read them and why. Empty fields are read too."""
    wanted = [f for f in CALLER_FIELDS if f in set(fields)]
    write_audit(
        connection,
        at=now,
        user=reader.user,
        role=reader.role,
        action="read_caller",
        subject=f"request/{no}",
        why=reader.why,
        fields=wanted or ("none",),
    )
    if not wanted:
        return {}
    row = connection.execute(
        select(*(_person.c[f] for f in wanted))
        .join_from(_person, _request, _request.c.person == _person.c.id)
        .where(_request.c.no == no)
    ).one_or_none()
    return {} if row is None else dict(row._mapping)  # noqa: SLF001 - SQLAlchemy's public name for it


def same_text(connection: Connection, no: str, limit: int) -> Sequence[Any]:
    """Return earlier and later requests with the same words: number, instants, and their cases' stage and leading case."""
    digest = select(_request.c.digest).where(_request.c.no == no).scalar_subquery()
    return connection.execute(
        select(_request.c.no, _request.c.received_at, _case.c.stage, _case.c.main_case)
        .join_from(_request, _case, _case.c.no == _request.c.no, isouter=True)
        .where(_request.c.digest == digest, _request.c.no != no)
        .order_by(_request.c.received_at, _request.c.no)
        .limit(limit)
    ).all()
