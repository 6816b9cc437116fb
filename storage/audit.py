"""Who read or changed what, and why. Append only."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select

from storage.models import AuditRow, table

_audit = table(AuditRow)


def write_audit(
    connection: Connection,
    *,
    at: datetime,
    user: str,
    role: str | None,
    action: str,
    subject: str,
    why: str,
    fields: Iterable[str] = (),
) -> None:
    """Write one row. ``fields`` names what was read or changed, never its content."""
    row = {
        "at": at,
        "user": user,
        "role": role,
        "action": action,
        "subject": subject[:300],
        "fields": sorted(fields),
        "why": why[:120],
    }
    connection.execute(insert(_audit).values(**row))


def latest(connection: Connection, *, action: str, subject: str, since: datetime, most: int) -> Sequence[datetime]:
    """Return when something was done to a subject since an instant, the latest first, at most so many."""
    query = select(_audit.c.at).where(_audit.c.subject == subject, _audit.c.action == action, _audit.c.at > since)
    return connection.scalars(query.order_by(_audit.c.at.desc()).limit(most)).all()


def list_audit(
    connection: Connection, *, subject: str | None, user: str | None, before: int | None, limit: int
) -> Sequence[Any]:
    """Return rows, the latest first, those with an id below ``before``."""
    query = select(_audit).order_by(_audit.c.id.desc()).limit(limit)
    if subject is not None:
        query = query.where(_audit.c.subject == subject)
    if user is not None:
        query = query.where(_audit.c.user == user)
    if before is not None:
        query = query.where(_audit.c.id < before)
    return connection.execute(query).all()
