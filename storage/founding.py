"""A city's own units, catalogue and accounts, as its files describe them.

What the files do not say is left as it is: the address and secret of a department system, passwords, and what decisions made of a
catalogue item.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from sqlalchemy import Connection, Table, delete, select, update

from storage.models import AccountRow, ItemRow, SessionRow, SettingRow, UnitRow, table
from storage.upserts import upsert

UNIT: Final = ("name_zh", "name_en", "level", "kind", "parent", "district", "active")
ACCOUNT: Final = ("name_zh", "name_en", "roles", "unit", "active")
ITEM: Final = ("version", "name_zh", "name_en", "owner", "keywords")

_unit = table(UnitRow)
_account = table(AccountRow)
_item = table(ItemRow)
_session = table(SessionRow)
_setting = table(SettingRow)

Rows = dict[str, dict[str, Any]]
"""What is described, by code."""


def units(connection: Connection) -> Rows:
    """Return all units, active or not."""
    return _rows(connection, _unit, "code", UNIT)


def accounts(connection: Connection) -> Rows:
    """Return all accounts, active or not."""
    return _rows(connection, _account, "user", ACCOUNT)


def items(connection: Connection) -> Rows:
    """Return the catalogue. A version that decisions have changed since is followed by ``+``."""
    return _rows(connection, _item, "code", ITEM)


def settings(connection: Connection) -> Rows:
    """Return the settings of the installation."""
    return _rows(connection, _setting, "key", ("value",))


def put_units(connection: Connection, described: Mapping[str, Mapping[str, Any]]) -> None:
    """Create or describe anew. A new unit works from its inbox until it gets a system."""
    _put(connection, _unit, "code", described, UNIT, {"endpoint": None, "secret": None})


def put_accounts(connection: Connection, described: Mapping[str, Mapping[str, Any]], unusable: str) -> None:
    """Create or describe anew; a new account gets the hash ``unusable``. Who is switched off is signed out."""
    _put(connection, _account, "user", described, ACCOUNT, {"password_hash": unusable})
    _sign_out(connection, (user for user, values in described.items() if not values["active"]))


def put_items(connection: Connection, described: Mapping[str, Mapping[str, Any]]) -> None:
    """Create or overwrite."""
    _put(connection, _item, "code", described, ITEM, {"co": []})


def put_settings(connection: Connection, described: Mapping[str, Mapping[str, Any]]) -> None:
    """Create or overwrite."""
    _put(connection, _setting, "key", described, ("value",), {})


def put_password(connection: Connection, user: str, hashed: str) -> bool:
    """Give an account another password and sign it out; False when there is no such account."""
    changed = connection.execute(update(_account).where(_account.c.user == user).values(password_hash=hashed))
    _sign_out(connection, [user])
    return changed.rowcount == 1


def put_system(connection: Connection, unit: str, endpoint: str | None, secret: str | None) -> bool:
    """Give a unit a department system with its secret, or take it away; False when there is no such unit."""
    values = {"endpoint": endpoint, "secret": secret}
    return connection.execute(update(_unit).where(_unit.c.code == unit).values(values)).rowcount == 1


def _rows(connection: Connection, target: Table, key: str, columns: tuple[str, ...]) -> Rows:
    rows = connection.execute(select(target.c[key], *(target.c[name] for name in columns)).order_by(target.c[key]))
    return {row[0]: dict(zip(columns, row[1:], strict=True)) for row in rows}


def _put(
    connection: Connection,
    target: Table,
    key: str,
    described: Mapping[str, Mapping[str, Any]],
    columns: tuple[str, ...],
    at_first: Mapping[str, Any],
) -> None:
    for code, values in described.items():
        row = {key: code, **{name: values[name] for name in columns}, **at_first}
        upsert(connection, target, row, (key,), columns)


def _sign_out(connection: Connection, users: Iterable[str]) -> None:
    connection.execute(delete(_session).where(_session.c.user.in_(list(users))))
