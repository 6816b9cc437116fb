"""A small city in a database: rules registered, a few units, requests of invented callers."""

import itertools
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import func, insert, select

from storage.models import Base, PersonRow, RequestRow, UnitRow, table
from storage.policies import pack_ids
from storage.rules import register
from storage.unit_of_work import Database
from storage.upserts import insert_once

UNITS = ("water", "roads", "parks")
NAME, PHONE, ADDRESS = "邵测试甲", "13900000421", "虚构路七号楼三单元"
TITLE, CONTENT, PLACE = "楼道漏水无人管", "三楼水管一直漏水，请尽快派人修理", "虚构小区北门"
_numbers = itertools.count(1)


def new_no() -> str:
    """A request number that no other test of this process uses."""
    return f"20260302-{next(_numbers):06d}"


def found_city(database: Database, units: Sequence[str] = UNITS, now: datetime | None = None) -> None:
    """Register the rules of this release and found the units."""
    with database.write() as connection:
        register(connection, pack_ids(), now or datetime.now(UTC))
        for code in units:
            row = {"code": code, "name_zh": code, "name_en": code, "level": "city", "kind": "bureau", "active": True}
            connection.execute(insert(table(UnitRow)).values(**row))


def found_branch(database: Database) -> tuple[str, str, str]:
    """Found a street with a community and a grid below it, unless they are there; return their codes."""
    codes = ("hill-street", "hill-community", "hill-grid")
    with database.write() as connection:
        for code, level, parent in zip(codes, ("street", "community", "grid"), (None, *codes), strict=False):
            row = {"code": code, "name_zh": code, "name_en": code, "level": level, "kind": level, "active": True}
            insert_once(connection, table(UnitRow), {**row, "parent": parent}, ("code",))
    return codes


def take_request(database: Database, at: datetime | None = None, no: str | None = None, **fields: Any) -> str:
    """Register what a caller said, as the intake does; return its number."""
    at = at or datetime.now(UTC)
    no = no or new_no()
    person = {"id": f"p-{no}", "name": NAME, "phone": PHONE, "address": ADDRESS, "created_at": at}
    row = {
        "no": no,
        "person": person["id"],
        "channel": "phone",
        "case_type": "complaint",
        "caller_type": "person",
        "grade": "grade_normal",
        "confidential": False,
        "reply_preference": "phone",
        "title": TITLE,
        "content": CONTENT,
        "place": PLACE,
        "language": "zh",
        "digest": "0" * 64,
        "pack": "haikou",
        "taken_by": "agent",
        "received_at": at,
    }
    with database.write() as connection:
        connection.execute(insert(table(PersonRow)).values(**person))
        connection.execute(insert(table(RequestRow)).values(**(row | fields)))
    return no


def counts(database: Database) -> dict[str, int]:
    """How many rows every table has."""
    with database.read() as connection:
        return {
            t.name: connection.execute(select(func.count()).select_from(t)).scalar_one()
            for t in Base.metadata.sorted_tables
        }


def added(before: Mapping[str, int], after: Mapping[str, int]) -> dict[str, int]:
    """Which tables grew (or shrank), and by how much."""
    return {name: after[name] - before[name] for name in after if after[name] != before[name]}


def rows(database: Database, model: type[Base], **where: Any) -> list[Any]:
    """The rows of a table that match, in the order of the primary key."""
    t = table(model)
    statement = select(t).order_by(*t.primary_key.columns)
    for name, value in where.items():
        statement = statement.where(t.c[name] == value)
    with database.read() as connection:
        return list(connection.execute(statement).all())
