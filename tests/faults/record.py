"""The journal as the checker reads it: commands and events as plain values, from a database or forged by a test."""

from datetime import datetime
from typing import Any

from pydantic import BaseModel, Field
from sqlalchemy import select

from storage.models import CommandRow, EventRow, table
from storage.unit_of_work import Database


class Command(BaseModel):
    """One command and what became of it."""

    id: str
    process: str
    name: str
    user: str
    outcome: str
    code: str | None = None
    seq_from: int | None = None
    seq_to: int | None = None


class Event(BaseModel):
    """One event and the command it came of."""

    process: str
    seq: int
    type: str
    command: str
    head: str
    at: datetime
    body: dict[str, Any] = Field(default_factory=dict)


class Record(BaseModel):
    """All commands and events of a run, events by process in the order of the journal."""

    commands: dict[str, Command] = Field(default_factory=dict)
    events: dict[str, list[Event]] = Field(default_factory=dict)


def read_record(database: Database) -> Record:
    """Read the whole journal."""
    c, e = table(CommandRow), table(EventRow)
    found = Record()
    with database.read() as connection:
        for row in connection.execute(
            select(c.c.id, c.c.process, c.c.name, c.c.user, c.c.outcome, c.c.code, c.c.seq_from, c.c.seq_to)
        ):
            found.commands[row.id] = Command.model_validate(row._mapping)
        columns = (e.c.process, e.c.seq, e.c.type, e.c.command, e.c.head, e.c.at, e.c.body)
        for row in connection.execute(select(*columns).order_by(e.c.process, e.c.seq)):
            found.events.setdefault(row.process, []).append(Event.model_validate(row._mapping))
    return found
