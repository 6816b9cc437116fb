"""Commands at our door: stored as ``received`` before the engine is asked, so that none is lost when it does not answer.

The rows are the outbox: the worker's relay delivers what stays ``received``; the journal writes what became of it.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, select, update

from domain.process import Actor
from storage.models import CommandRow, table
from storage.upserts import insert_once

_command = table(CommandRow)
MOST_AT_ONCE: Final = 500


def find_command(connection: Connection, command: str) -> Any | None:
    """Return a command's row, or None."""
    return connection.execute(select(_command).where(_command.c.id == command)).one_or_none()


def put_command(  # noqa: PLR0913 - the columns of a row
    connection: Connection,
    *,
    command: str,
    process: str,
    name: str,
    actor: Actor,
    body: Mapping[str, Any],
    texts: Mapping[str, str],
    digest: str,
    received_at: datetime,
    outcome: str = "received",
) -> bool:
    """Store a command; say whether it was new. ``texts`` are the words that the references in ``body`` point to."""
    values = {
        "id": command,
        "process": process,
        "name": name,
        "user": actor.user,
        "role": actor.role,
        "unit": actor.unit,
        "district": actor.district,
        "body": dict(body),
        "texts": dict(texts),
        "digest": digest,
        "received_at": received_at,
        "decided_at": None if outcome == "received" else received_at,
        "outcome": outcome,
        "detail": {},
    }
    return insert_once(connection, _command, values, ("id",))


def refuse_command(connection: Connection, command: str, code: str, detail: Mapping[str, Any], now: datetime) -> None:
    """Note the refusal of a command that the journal never saw (a workflow's validator refused it)."""
    connection.execute(
        update(_command)
        .where(_command.c.id == command, _command.c.outcome == "received")
        .values(outcome="refused", code=code, detail=dict(detail), decided_at=now)
    )


def texts_of(connection: Connection, commands: list[str]) -> dict[str, dict[str, str]]:
    """Return the words of commands, by command id and field."""
    if not commands:
        return {}
    rows = connection.execute(select(_command.c.id, _command.c.texts).where(_command.c.id.in_(commands)))
    return {r.id: dict(r.texts) for r in rows}


def commands_of(connection: Connection, commands: Iterable[str]) -> dict[str, Any]:
    """Return who gave commands and in which words: user, role, unit, name and texts by id."""
    wanted = list(commands)
    columns = (_command.c.id, _command.c.user, _command.c.role, _command.c.unit, _command.c.name, _command.c.texts)
    parts = [wanted[i : i + MOST_AT_ONCE] for i in range(0, len(wanted), MOST_AT_ONCE)]
    return {r.id: r for part in parts for r in connection.execute(select(*columns).where(_command.c.id.in_(part)))}
