"""What the city's cadence reads and writes: notices with the day in their ids, so that a beat struck twice tells once."""

from datetime import date, datetime, timedelta
from typing import Final

from sqlalchemy import Connection, case, func, select

from domain.calendar import midnight
from storage.models import NoticeRow, TodoRow, UnitRow, table
from storage.upserts import insert_once

_todo, _unit, _notice = table(TodoRow), table(UnitRow), table(NoticeRow)
CADENCE: Final = "cadence"
"""The process that these notices are said to come from."""


def districts(connection: Connection) -> list[str]:
    """Return the districts that are at work."""
    statement = select(_unit.c.code).where(_unit.c.kind == "district", _unit.c.active.is_(True)).order_by(_unit.c.code)
    return [str(code) for code in connection.execute(statement).scalars()]


def give_digests(connection: Connection, day: date, now: datetime) -> int:
    """Give each unit that has something overdue or due today one notice of it for this day; return how many units have."""
    ends = midnight(day + timedelta(days=1))
    late = func.sum(case((_todo.c.due < now, 1), else_=0))
    today = func.sum(case((_todo.c.due.between(now, ends), 1), else_=0))
    statement = (
        select(_todo.c.unit, late.label("overdue"), today.label("due_today"))
        .where(_todo.c.unit.is_not(None), _todo.c.due.is_not(None), _todo.c.due <= ends)
        .group_by(_todo.c.unit)
    )
    rows = connection.execute(statement).all()
    for row in rows:
        body = {"what": "digest", "overdue": int(row.overdue), "due_today": int(row.due_today), "day": day.isoformat()}
        _once(connection, f"digest/{day:%Y%m%d}/{row.unit}", f"unit:{row.unit}", "digest", body, now)
    return len(rows)


def tell_provisional(connection: Connection, day: date, year: int, now: datetime) -> None:
    """Tell the calendar keeper, once a day, that a year's notice is not out."""
    body = {"what": "provisional_year", "year": year}
    _once(connection, f"provisional/{day:%Y%m%d}/{year}", "role:calendar_keeper", "provisional_year", body, now)


def _once(connection: Connection, key: str, target: str, what: str, body: dict[str, object], now: datetime) -> None:
    values = {"effect": key, "process": CADENCE, "target": target, "what": what, "body": body, "created_at": now}
    insert_once(connection, _notice, values, ("effect",))
