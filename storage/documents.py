"""Files handed in as proof: photos, papers. A file never changes; its hash is what events refer to."""

import hashlib
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, select

from storage.models import DocumentRow, table
from storage.upserts import insert_once

_document = table(DocumentRow)
_HEAD = [c for c in _document.c if c.name != "content"]


def put_document(
    connection: Connection,
    *,
    document: str,
    process: str,
    name: str,
    media_type: str,
    content: bytes,
    by: str,
    now: datetime,
) -> bool:
    """Write a file; say whether it was new. ``document`` is its id."""
    values = {
        "id": document,
        "process": process,
        "name": name,
        "media_type": media_type,
        "size": len(content),
        "sha256": hashlib.sha256(content).hexdigest(),
        "content": content,
        "uploaded_by": by,
        "uploaded_at": now,
    }
    return insert_once(connection, _document, values, ("id",))


def document_head(connection: Connection, document: str) -> Any | None:
    """Return what is known of a file, without its content."""
    return connection.execute(select(*_HEAD).where(_document.c.id == document)).one_or_none()


def document_content(connection: Connection, document: str) -> bytes:
    """Return a file's bytes; the file must exist."""
    return bytes(connection.execute(select(_document.c.content).where(_document.c.id == document)).scalar_one())


def count_documents(connection: Connection, process: str) -> int:
    """Return how many files a process has."""
    query = select(func.count()).select_from(_document).where(_document.c.process == process)
    return int(connection.execute(query).scalar_one())


def handed_in(connection: Connection, by: str, since: datetime) -> int:
    """Return how many bytes somebody has handed in since."""
    d = _document.c
    query = select(func.coalesce(func.sum(d.size), 0)).where(d.uploaded_by == by, d.uploaded_at > since)
    return int(connection.execute(query).scalar_one())


def list_documents(connection: Connection, process: str) -> Sequence[Any]:
    """Return what is known of the files of a process, the oldest first."""
    query = select(*_HEAD).where(_document.c.process == process)
    return connection.execute(query.order_by(_document.c.uploaded_at, _document.c.id)).all()


def missing_documents(connection: Connection, process: str, wanted: Iterable[str]) -> list[str]:
    """Return which of the files do not belong to the process."""
    names = list(wanted)
    if not names:
        return []
    query = select(_document.c.id).where(_document.c.id.in_(names), _document.c.process == process)
    found = set(connection.execute(query).scalars())
    return [n for n in names if n not in found]
