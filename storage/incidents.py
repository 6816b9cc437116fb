"""What a machine could not do and a person must look at."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select, tuple_

from storage.models import EffectRow, IncidentRow, table

_effect = table(EffectRow)
_incident = table(IncidentRow)


def list_incidents(
    connection: Connection, *, status: str | None, process: str | None, after: tuple[datetime, str] | None, limit: int
) -> Sequence[Any]:
    """Return incidents, the oldest first."""
    query = select(_incident).order_by(_incident.c.opened_at, _incident.c.id).limit(limit)
    if status is not None:
        query = query.where(_incident.c.status == status)
    if process is not None:
        query = query.where(_incident.c.process == process)
    if after is not None:
        query = query.where(tuple_(_incident.c.opened_at, _incident.c.id) > after)
    return connection.execute(query).all()


def effect_bodies(connection: Connection, effects: Iterable[str]) -> dict[str, Mapping[str, Any]]:
    """Return what effects say, by id: codes and references."""
    found = connection.execute(select(_effect.c.id, _effect.c.body).where(_effect.c.id.in_(list(effects))))
    return {row.id: row.body for row in found}
