"""What a commit leaves for others to find: unique keys, todos in inboxes, rows of lists. Only what changed is written."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from sqlalchemy import Connection, bindparam, delete, insert, select

from domain.process import Todo
from storage.models import (
    AgendaRow,
    CaseRow,
    ClaimRow,
    OnAccountRow,
    OrderRow,
    PartyRow,
    ProceedingRow,
    RulingRow,
    TodoRow,
    table,
)
from storage.upserts import insert_once, upsert

LIST_TABLES: Final[Mapping[str, Any]] = {
    model.__tablename__: table(model)
    for model in (CaseRow, OrderRow, OnAccountRow, ProceedingRow, PartyRow, AgendaRow, RulingRow)
}

_claim = table(ClaimRow)
_todo = table(TodoRow)
_INSERT_TODOS: Final = insert(_todo)
_DELETE_TODOS: Final = delete(_todo).where(
    _todo.c.process == bindparam("process"), _todo.c.key.in_(bindparam("gone", expanding=True))
)


class ClaimTaken(Exception):
    """Other processes hold unique keys this decision needs. ``holders``: those processes, by key."""

    def __init__(self, holders: Mapping[str, str]) -> None:
        super().__init__(*holders)
        self.holders = holders


def write_claims(connection: Connection, process: str, before: frozenset[str], after: frozenset[str]) -> None:
    """Free the keys no longer held, then take the new ones. Raises :class:`ClaimTaken` with all that cannot be had."""
    if gone := before - after:
        connection.execute(delete(_claim).where(_claim.c.key.in_(gone), _claim.c.process == process))
    holders: dict[str, str] = {}
    for key in sorted(after - before):
        # Between the two questions its holder may let a key go (PostgreSQL): then it is to be had after all.
        while not insert_once(connection, _claim, {"key": key, "process": process}, ("key",)):
            found = connection.execute(select(_claim.c.process).where(_claim.c.key == key)).scalar_one_or_none()
            if found == process:
                break
            if found is not None:
                holders[key] = found
                break
    if holders:
        raise ClaimTaken(holders)


def write_todos(connection: Connection, process: str, before: Sequence[Todo], after: Sequence[Todo]) -> None:
    """Write what changed in the todos."""
    old = {t.key: t for t in before}
    new = {t.key: t for t in after}
    gone = [key for key, todo in old.items() if new.get(key) != todo]
    if gone:
        connection.execute(_DELETE_TODOS, {"process": process, "gone": gone})
    rows = [
        {
            "process": process,
            "key": todo.key,
            "role": todo.role,
            "unit": todo.unit,
            "district": todo.district,
            "commands": list(todo.commands),
            "since": todo.since,
            "due": todo.due,
            "rule": todo.rule,
            "subject": todo.subject,
            "hint": todo.hint,
            "sort_at": todo.due or todo.since,
        }
        for key, todo in new.items()
        if old.get(key) != todo
    ]
    if rows:
        connection.execute(_INSERT_TODOS, rows)


def write_columns(
    connection: Connection,
    before: Mapping[str, Sequence[Mapping[str, Any]]],
    after: Mapping[str, Sequence[Mapping[str, Any]]],
) -> None:
    """Write the list rows that changed."""
    for name, rows in after.items():
        table = LIST_TABLES[name]
        keys = [column.name for column in table.primary_key.columns]
        known = {tuple(r[k] for k in keys): r for r in before.get(name, ())}
        for row in rows:
            if known.get(tuple(row[k] for k in keys)) != row:
                upsert(connection, table, row, keys)
