"""Processes that are not there yet: who has begun one, whether its beginning was refused, and what becomes of messages to it."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import Connection, exists, select

from domain.process import SYSTEM, Envelope
from storage.journal import settle_effect
from storage.models import CommandRow, EffectRow, table

_command = table(CommandRow)
_effect = table(EffectRow)


def owed_opening(connection: Connection, process: str, now: datetime) -> Envelope | None:
    """Return the command by which another process has begun this one and still owes it to be opened, or None.

    The oldest one that has no answer yet: who came second is refused, and told. An opening that was refused is never tried again
    (law 1), though its sender may not have heard of it yet.
    """
    answered = exists().where(_command.c.id == _effect.c.id, _command.c.outcome != "received")
    row = connection.execute(
        select(_effect.c.id, _effect.c.body)
        .where(_effect.c.target == process, _effect.c.kind == "start", _effect.c.status == "planned", ~answered)
        .order_by(_effect.c.planned_at, _effect.c.id)
        .limit(1)
    ).one_or_none()
    if row is None:
        return None
    return Envelope(
        id=row.id,
        process=process,
        name=row.body["command"],
        body=row.body["body"],
        actor=SYSTEM,
        received_at=now,
        effect=True,
    )


def was_refused(connection: Connection, process: str, openings: Collection[str]) -> bool:
    """Say whether a process that is not there was refused its beginning: by any of the commands that open its kind."""
    refused = select(_command.c.id).where(
        _command.c.process == process, _command.c.outcome == "refused", _command.c.name.in_(openings)
    )
    return connection.execute(refused.limit(1)).one_or_none() is not None


def settle_unanswered(connection: Connection, effect: str, now: datetime) -> None:
    """Settle, as refused, a message that names no command for its refusal; one that does is settled by that command."""
    body = connection.execute(select(_effect.c.body).where(_effect.c.id == effect)).scalar_one_or_none()
    if body is not None and body.get("on_refused") is None:
        settle_effect(connection, effect, "done", now, "refused")
