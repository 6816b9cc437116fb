"""What a machine could not do and a person must look at."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select, tuple_

from storage.models import IncidentRow, table

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
