"""Rows that may be there already: overwritten, or left as they are. Raw text with typed parameters, for the hot path."""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from sqlalchemy import Connection, Table, TextClause, bindparam, text


@cache
def _upsert_statement(
    target: Table, names: tuple[str, ...], keys: tuple[str, ...], changed: tuple[str, ...]
) -> TextClause:
    """Write an upsert once, as text with typed parameters; SQLite and PostgreSQL read the same.

    SQLAlchemy caches no INSERT … ON CONFLICT: compiling them anew each time was a quarter of a commit's CPU.
    """
    columns, values, unique = (", ".join(f'"{n}"' for n in names), ", ".join(f":{n}" for n in names), '", "'.join(keys))
    over = ", ".join(f'"{n}" = excluded."{n}"' for n in changed)
    then = f"UPDATE SET {over}" if changed else "NOTHING"
    sql = f'INSERT INTO "{target.name}" ({columns}) VALUES ({values}) ON CONFLICT ("{unique}") DO {then}'  # noqa: S608 - our names
    return text(sql).bindparams(*(bindparam(name, type_=target.c[name].type) for name in names))


def upsert(
    connection: Connection,
    target: Table,
    values: Mapping[str, Any],
    keys: Sequence[str],
    changed: Sequence[str] | None = None,
) -> None:
    """Insert a row or overwrite the one with the same keys (only its columns ``changed``, where these are named)."""
    names = tuple(values)
    over = tuple(n for n in names if n not in keys) if changed is None else tuple(changed)
    connection.execute(_upsert_statement(target, names, tuple(keys), over), values)


def insert_once(connection: Connection, target: Table, values: Mapping[str, Any], keys: Sequence[str]) -> bool:
    """Insert a row unless its key exists; say whether it was inserted."""
    statement = _upsert_statement(target, tuple(values), tuple(keys), ())
    # Without the option psycopg's count of an INSERT is thrown away (-1).
    return connection.execute(statement, values, execution_options={"preserve_rowcount": True}).rowcount == 1
