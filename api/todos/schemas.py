"""What an inbox gives."""

from datetime import datetime
from typing import Any

from pydantic import BaseModel


class TodoOut(BaseModel):
    """Somebody has to act. ``colour``: red overdue, yellow due within one working day, green, grey without a limit.

    ``case`` is the number of the case, or of the one case that the process is about; ``link`` where the process is read.
    """

    process: str
    kind: str
    no: str
    case: str | None
    link: str
    key: str
    role: str
    unit: str | None
    commands: tuple[str, ...]
    since: datetime
    due: datetime | None
    colour: str
    rule: str
    subject: str | None
    hint: dict[str, Any]
    title: str | None = None
    stage: str | None = None
    level: str | None = None
    triage: str | None = None
    case_type: str | None = None
    district: str | None = None
    lead_unit: str | None = None
    pack: str | None = None


class TodoPage(BaseModel):
    """One page of an inbox, the most urgent first."""

    items: tuple[TodoOut, ...]
    next: str | None


class RoleCount(BaseModel):
    """How much waits for one role."""

    role: str
    total: int
    overdue: int
    due_today: int


class Counts(BaseModel):
    """How much waits, by role and in all."""

    roles: tuple[RoleCount, ...]
    total: int
    overdue: int
    due_today: int
