"""派单目录: what an item says now, and every version it ever had. Changes come from decisions, in the commit that takes them."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, insert, select, update

from domain.kernel import Planned
from storage.models import ItemRow, ItemVersionRow, table

CATALOGUE: Final = "catalogue"
"""The kind of effect that changes an item."""
_item = table(ItemRow)
_version = table(ItemVersionRow)


class CatalogueMoved(RuntimeError):
    """The item is not at the version that was decided on any more: somebody changed it in the same instant. Nothing was written."""


def amendments(connection: Connection, effects: Iterable[Planned], now: datetime) -> list[tuple[Planned, str]]:
    """Write the versions that are owed among some effects; return each of these with its version.

    Always in the commit that owes them: a decision and its version are one.
    """
    return [(e, amend(connection, e.id, e.body, now)) for e in effects if e.kind == CATALOGUE]


def amend(connection: Connection, effect: str, body: dict[str, Any], now: datetime) -> str:
    """Write the next version of an item in the caller's transaction; return that version.

    Raises :class:`CatalogueMoved` when it is not at ``was`` any more: the commit is tried again and finds the newer one.
    """
    code, was, version = body["code"], body["was"], body["version"]
    changed = connection.execute(
        update(_item)
        .where(_item.c.code == code, _item.c.version == was)
        .values(version=version, owner=body["owner"], co=list(body["co"]))
    )
    if changed.rowcount != 1:
        message = f"{code} is not at {was}"
        raise CatalogueMoved(message)
    row = {
        "code": code,
        "version": version,
        "was": was,
        "owner": body["owner"],
        "co": list(body["co"]),
        "process": body["process"],
        "item": body["item"],
        "by": body["by"],
        "effect": effect,
        "at": now,
    }
    connection.execute(insert(_version).values(row))
    return str(version)


def versions(connection: Connection, code: str) -> Sequence[Any]:
    """Return how an item came to say what it says, the latest change first."""
    query = select(_version).where(_version.c.code == code)
    return connection.execute(query.order_by(_version.c.at.desc(), _version.c.version.desc())).all()
