"""What is shown of cases."""

from datetime import date, datetime
from typing import Any

from pydantic import BaseModel

from api.todos.schemas import TodoOut


class CaseLine(BaseModel):
    """One case in a list: codes and instants.

    ``due`` is the overall limit, ``next_due`` what is due first: that limit, or what somebody has to do by ``next_rule``.
    ``colour`` is that of ``next_due``; ``overdue``: the overall limit has been missed. ``on_account``: its limits stand still, by
    plan; it is open and unsolved.
    """

    no: str
    process: str
    stage: str
    ring: str
    case_type: str
    channel: str
    triage: str | None
    grade: str
    confidential: bool
    district: str | None
    street: str | None
    item: str | None
    lead_unit: str | None
    main_case: str | None
    cycle: int
    returns: int
    dissatisfied: int
    code: str | None
    received_at: datetime
    closed_at: datetime | None
    due: datetime | None
    next_due: datetime | None
    next_rule: str | None
    overdue: bool
    on_account: bool
    pack: str
    colour: str


class CasePage(BaseModel):
    """One page of cases in the order asked for."""

    items: tuple[CaseLine, ...]
    next: str | None


class OrderOut(BaseModel):
    """One unit's order. ``mine``: it is the viewer's unit's."""

    id: str
    unit: str
    role: str
    state: str
    cycle: int
    sent_at: datetime
    no_return: bool
    first_receiver: bool
    parent: str | None
    above: str | None
    level: str | None
    signed_at: datetime | None
    auto_signed: bool
    contacted_at: datetime | None
    sent_back: int
    extensions: int
    due: datetime | None
    paused: bool
    overdue: bool
    live: bool
    mine: bool


class LineOut(BaseModel):
    """One line of a clock's explanation."""

    code: str
    text: str


class ClockOut(BaseModel):
    """One clock with the lines that explain its due instant. ``what`` is its kind (``handle``), ``order`` whose it is."""

    key: str
    what: str
    label: str
    order: str | None
    rule: str
    source: str
    limit: str
    start: datetime
    due: datetime | None
    paused: bool
    provisional: bool
    yellow_at: datetime | None
    red_at: datetime | None
    stopped_at: datetime | None
    met: bool | None
    overdue_at: datetime | None
    annulled: bool
    colour: str
    lines: tuple[LineOut, ...]


class CallerLine(BaseModel):
    """One request on the case."""

    request: str
    case: str
    outcome: str | None
    failed_days: int
    retry_at: datetime | None


class MatterOut(BaseModel):
    """Something a later process will decide."""

    key: str
    kind: str
    since: datetime
    order: str | None


class CaseTodo(TodoOut):
    """A todo of the case. ``mine``: the viewer may do it."""

    mine: bool


class AccountOut(BaseModel):
    """挂账: asked for at ``asked_at``, in force from ``since``. ``striking``: its striking off waits for the second person.

    ``review_on`` is the day it is looked at again, which ends at ``review_at``; ``overdue``: nobody has.
    """

    order: str
    ground: str
    asked_at: datetime
    since: datetime | None
    review_on: date
    review_at: datetime | None
    overdue: bool
    kept: int
    striking: bool


class Action(BaseModel):
    """A command the viewer may give now in ``role``; ``orders`` are those it may be about, where it is about one."""

    command: str
    label: str
    role: str
    orders: tuple[str, ...] | None = None


class IncidentLine(BaseModel):
    """An effect that could not be performed."""

    effect: str
    kind: str
    target: str
    code: str
    attempt: int
    since: datetime


class DocumentOut(BaseModel):
    """A file, without its content."""

    id: str
    process: str
    name: str
    media_type: str
    size: int
    sha256: str
    uploaded_by: str
    uploaded_at: datetime


class CaseOut(BaseModel):
    """A case as disclosed to its viewer. ``fields`` names what he may read."""

    no: str
    process: str
    seq: int
    stage: str
    stage_label: str
    closed: bool
    parked: str | None
    fields: tuple[str, ...]
    header: dict[str, Any]
    title: str | None
    account: AccountOut | None
    orders: tuple[OrderOut, ...]
    clocks: tuple[ClockOut, ...]
    callers: tuple[CallerLine, ...] | None
    matters: tuple[MatterOut, ...]
    documents: tuple[DocumentOut, ...] | None
    todos: tuple[CaseTodo, ...]
    actions: tuple[Action, ...]
    incidents: tuple[IncidentLine, ...]


class AccountLine(BaseModel):
    """挂账台账: one time a case was on account, from ``since`` to ``until``; ``how`` it ended.

    ``review_at``: the end of the day on which it is looked at again.
    """

    no: str
    n: int
    order: str
    unit: str
    district: str | None
    ground: str
    since: datetime
    until: datetime | None
    how: str | None
    review_at: datetime | None
    kept: int


class AccountPage(BaseModel):
    """One page of the ledger, the earliest on account first. ``total``: how many stood on account at ``at``."""

    at: datetime
    total: int
    items: tuple[AccountLine, ...]
    next: str | None


class EventOut(BaseModel):
    """One event of the timeline: codes, one sentence, and the words the viewer may read."""

    seq: int
    type: str
    at: datetime
    recorded_at: datetime
    by: str | None
    order: str | None
    sentence: str
    body: dict[str, Any]
    texts: dict[str, str]


class EventPage(BaseModel):
    """One page of a timeline, the earliest first."""

    items: tuple[EventOut, ...]
    next: int | None


class LedgerEntry(BaseModel):
    """One change of a clock: the whole clock after it, why it changed, and the event that says so."""

    seq: int
    at: datetime
    why: str
    clock: dict[str, Any]
    lines: tuple[LineOut, ...]


class LedgerClock(BaseModel):
    """One clock and all its changes."""

    key: str
    label: str
    stopped_at: datetime | None
    met: bool | None
    overdue_at: datetime | None
    annulled: bool
    entries: tuple[LedgerEntry, ...]


class Ledger(BaseModel):
    """时限台账: why every due instant of the case is what it is."""

    no: str
    calendar: str
    pack: str
    pack_version: str
    clocks: tuple[LedgerClock, ...]
