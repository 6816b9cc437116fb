"""What is shown of processes beside the case."""

from datetime import datetime
from typing import Any

from pydantic import BaseModel

from api.cases.schemas import CaseTodo, ClockOut, DocumentOut, IncidentLine


class ProceedingLine(BaseModel):
    """One process in a list: codes and instants.

    ``due`` is the first limit that runs, ``colour`` that of it; ``overdue``: a limit of it has been missed, now or before.
    """

    process: str
    kind: str
    no: str
    stage: str
    level: str | None
    district: str | None
    unit: str | None
    case_no: str | None
    matter: str | None
    opened_at: datetime
    closed_at: datetime | None
    due: datetime | None
    overdue: bool
    by: str
    pack: str
    colour: str


class ProceedingPage(BaseModel):
    """One page of processes in the order asked for."""

    items: tuple[ProceedingLine, ...]
    next: str | None


class OpenCount(BaseModel):
    """How many of a kind are open at a level and a stage, and with how many of them a limit that runs has passed."""

    level: str | None
    stage: str
    total: int
    overdue: int


class OpenCounts(BaseModel):
    """What is open of a kind, by level and stage."""

    kind: str
    items: tuple[OpenCount, ...]
    total: int
    overdue: int


class CaseWords(BaseModel):
    """What callers said on the case of an item: no caller's data."""

    title: str
    content: str
    place: str | None


class AgendaItemOut(BaseModel):
    """An item of the agenda. ``case_open``: the viewer may read the case too; ``request`` only where words may be read."""

    id: str
    holder: str
    matter: str | None
    state: str
    by: str
    at: datetime
    unit: str | None
    district: str | None
    case_no: str | None
    case_open: bool
    verdict: dict[str, Any] | None
    decided_by: str | None
    decided_at: datetime | None
    code: str | None
    request: CaseWords | None


class PaperLine(BaseModel):
    """An official document that was issued."""

    kind: str
    year: int
    n: int
    number: str | None
    issued_at: datetime
    sha256: str


class ProceedingAction(BaseModel):
    """A command the viewer may give now in ``role``; ``items`` are those it may be about, where it is about one."""

    command: str
    label: str
    role: str
    items: tuple[str, ...] | None = None


class ProceedingOut(BaseModel):
    """A process as disclosed to its viewer. ``fields`` names what he may read.

    ``title`` is its own, or what callers said on the one case it is about. ``facts`` is what the process remembers, in codes and
    references to words; ``texts`` holds the words by reference.
    """

    process: str
    kind: str
    kind_label: str
    no: str
    title: str | None
    seq: int
    stage: str
    stage_label: str
    level: str | None
    closed: bool
    parked: str | None
    fields: tuple[str, ...]
    header: dict[str, Any]
    terms: dict[str, str]
    parties: tuple[str, ...]
    facts: dict[str, Any]
    texts: dict[str, str]
    items: tuple[AgendaItemOut, ...]
    papers: tuple[PaperLine, ...]
    clocks: tuple[ClockOut, ...]
    documents: tuple[DocumentOut, ...] | None
    todos: tuple[CaseTodo, ...]
    actions: tuple[ProceedingAction, ...]
    incidents: tuple[IncidentLine, ...]


class RulingLine(BaseModel):
    """判例: who was ruled to own what."""

    process: str
    item: str
    kind: str
    case_no: str | None
    catalogue_item: str | None
    matter: str | None
    district: str | None
    lead: str
    co: tuple[str, ...]
    ruled_at: datetime
    until: datetime | None


class RulingPage(BaseModel):
    """One page of rulings, the latest first."""

    items: tuple[RulingLine, ...]
    next: str | None
