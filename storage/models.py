"""All tables.

The journal (process, event, command, effect, claim, todo) is the truth; list columns derive from it; caller
data (person, request) stands apart, and every read of it leaves an audit row.

Instants are UTC. Small structured values are JSON; the snapshot of a process is one JSON text written and read whole.
"""

from datetime import UTC, datetime
from typing import Any, cast

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    false,
    text,
)
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.types import TypeDecorator

from domain.casework.words import OPEN


class Utc(TypeDecorator[datetime]):
    """An instant: timezone-aware in Python, UTC in the database (SQLite keeps no zone)."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Refuse naive values; hand SQLite a naive UTC one."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a naive datetime is not an instant")
        utc = value.astimezone(UTC)
        return utc.replace(tzinfo=None) if dialect.name == "sqlite" else utc

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Return an aware UTC value."""
        del dialect
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Base(DeclarativeBase):
    """Base of all tables, with names for every constraint so that migrations can name them."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(column_0_label)s",
            "uq": "uq_%(table_name)s_%(column_0_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {datetime: Utc, dict[str, Any]: JSON, list[Any]: JSON}  # noqa: RUF012 - SQLAlchemy's own idiom


def table(model: type[Base]) -> Table:
    """Return the table of a model, for Core statements."""
    return cast("Table", model.__table__)


# ------------------------------------------------------------------------------------------------------------ journal


class ProcessRow(Base):
    """One process: where it stands and the snapshot the next decision starts from."""

    __tablename__ = "process"
    id: Mapped[str] = mapped_column(String(200), primary_key=True)
    kind: Mapped[str] = mapped_column(String(40))
    seq: Mapped[int]
    head: Mapped[str] = mapped_column(String(64))
    snapshot: Mapped[str] = mapped_column(Text)
    closed: Mapped[bool] = mapped_column(default=False)
    parked: Mapped[str | None] = mapped_column(String(80))
    next_timer_at: Mapped[datetime | None] = mapped_column(index=True)
    """When the process should wake by itself, a while after the timer's instant where many share that."""
    opened_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class EventRow(Base):
    """One event, append only. ``(process, seq)`` is unique: the journal decides the order."""

    __tablename__ = "event"
    process: Mapped[str] = mapped_column(String(200), primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True)
    type: Mapped[str] = mapped_column(String(60))
    body: Mapped[dict[str, Any]]
    at: Mapped[datetime]
    recorded_at: Mapped[datetime]
    command: Mapped[str] = mapped_column(String(300))
    head: Mapped[str] = mapped_column(String(64))


class CommandRow(Base):
    """One command, whatever became of it. ``texts`` are the words its references point to.

    ``outcome``: ``received`` (stored by our door, not yet decided), ``recorded``, ``refused``.
    """

    __tablename__ = "command"
    id: Mapped[str] = mapped_column(String(300), primary_key=True)
    process: Mapped[str] = mapped_column(String(200))
    name: Mapped[str] = mapped_column(String(60))
    user: Mapped[str] = mapped_column(String(80))
    role: Mapped[str] = mapped_column(String(40))
    unit: Mapped[str | None] = mapped_column(String(80))
    district: Mapped[str | None] = mapped_column(String(80))
    body: Mapped[dict[str, Any]]
    texts: Mapped[dict[str, Any]] = mapped_column(default=dict)
    digest: Mapped[str | None] = mapped_column(String(64))
    received_at: Mapped[datetime]
    decided_at: Mapped[datetime | None]
    outcome: Mapped[str] = mapped_column(String(12))
    code: Mapped[str | None] = mapped_column(String(80))
    detail: Mapped[dict[str, Any]] = mapped_column(default=dict)
    seq_from: Mapped[int | None]
    seq_to: Mapped[int | None]
    settles: Mapped[str | None] = mapped_column(String(300))

    __table_args__ = (
        Index("ix_command_process", "process", "received_at"),
        Index("ix_command_outcome", "outcome", "received_at"),
    )


class EffectRow(Base):
    """What is owed to the world. ``status``: planned, done, incident, redirected, waived."""

    __tablename__ = "effect"
    id: Mapped[str] = mapped_column(String(300), primary_key=True)
    process: Mapped[str] = mapped_column(String(200))
    seq: Mapped[int]
    kind: Mapped[str] = mapped_column(String(40))
    target: Mapped[str] = mapped_column(String(200))
    body: Mapped[dict[str, Any]]
    urgent: Mapped[bool] = mapped_column(default=False)
    status: Mapped[str] = mapped_column(String(12))
    attempt: Mapped[int] = mapped_column(default=1)
    planned_at: Mapped[datetime]
    done_at: Mapped[datetime | None]
    outcome: Mapped[str | None] = mapped_column(String(80))

    __table_args__ = (
        Index("ix_effect_process", "process", "seq"),
        Index("ix_effect_status", "status", "planned_at"),
    )


class ClaimRow(Base):
    """A unique key that a process holds, such as one open order per unit and matter."""

    __tablename__ = "claim"
    key: Mapped[str] = mapped_column(String(300), primary_key=True)
    process: Mapped[str] = mapped_column(String(200), index=True)


class TodoRow(Base):
    """Somebody has to act. Written with the decision that made it, so that a list is never behind."""

    __tablename__ = "todo"
    process: Mapped[str] = mapped_column(String(200), primary_key=True)
    key: Mapped[str] = mapped_column(String(300), primary_key=True)
    role: Mapped[str] = mapped_column(String(40))
    unit: Mapped[str | None] = mapped_column(String(80))
    district: Mapped[str | None] = mapped_column(String(80))
    commands: Mapped[list[Any]]
    since: Mapped[datetime]
    due: Mapped[datetime | None]
    rule: Mapped[str] = mapped_column(String(120))
    subject: Mapped[str | None] = mapped_column(String(300))
    hint: Mapped[dict[str, Any]] = mapped_column(default=dict)
    sort_at: Mapped[datetime]

    __table_args__ = (Index("ix_todo_inbox", "role", "unit", "sort_at", "process", "key"),)


class IncidentRow(Base):
    """Something a machine could not do and a person must look at: a failed effect, or a parked process."""

    __tablename__ = "incident"
    id: Mapped[str] = mapped_column(String(300), primary_key=True)
    process: Mapped[str] = mapped_column(String(200), index=True)
    effect: Mapped[str | None] = mapped_column(String(300))
    kind: Mapped[str] = mapped_column(String(40))
    target: Mapped[str] = mapped_column(String(200))
    code: Mapped[str] = mapped_column(String(80))
    attempt: Mapped[int] = mapped_column(default=1)
    status: Mapped[str] = mapped_column(String(12))
    opened_at: Mapped[datetime]
    settled_at: Mapped[datetime | None]
    settled_by: Mapped[str | None] = mapped_column(String(80))

    __table_args__ = (Index("ix_incident_status", "status", "opened_at"),)


class NoticeRow(Base):
    """A notice that was given; the effect's id makes it unique."""

    __tablename__ = "notice"
    effect: Mapped[str] = mapped_column(String(300), primary_key=True)
    process: Mapped[str] = mapped_column(String(200), index=True)
    target: Mapped[str] = mapped_column(String(200))
    what: Mapped[str] = mapped_column(String(60))
    body: Mapped[dict[str, Any]]
    created_at: Mapped[datetime]

    __table_args__ = (Index("ix_notice_target", "target", "created_at"),)


class DeliveryRow(Base):
    """A message that a department system has taken."""

    __tablename__ = "delivery"
    effect: Mapped[str] = mapped_column(String(300), primary_key=True)
    process: Mapped[str] = mapped_column(String(200), index=True)
    unit: Mapped[str] = mapped_column(String(80))
    channel: Mapped[str] = mapped_column(String(20))
    attempts: Mapped[int]
    delivered_at: Mapped[datetime]


# ------------------------------------------------------------------------------------------------------- list columns


OPEN_CASES = f"coalesce(stage, '') IN ({', '.join(repr(str(stage)) for stage in sorted(OPEN))})"
"""Which rows are of open cases, as the index says it: a query that is to use that index says it so.

By the bare column SQLite would take the index of the stages, and sort all open cases for every page of them.
"""


class CaseRow(Base):
    """The columns by which cases are listed and counted. ``first_due``: the overall limit, or a todo's, that comes first."""

    __tablename__ = "case_row"
    no: Mapped[str] = mapped_column(String(40), primary_key=True)
    stage: Mapped[str] = mapped_column(String(20))
    ring: Mapped[str] = mapped_column(String(10))
    case_type: Mapped[str] = mapped_column(String(20))
    channel: Mapped[str] = mapped_column(String(20))
    triage: Mapped[str | None] = mapped_column(String(20))
    grade: Mapped[str] = mapped_column(String(24))
    confidential: Mapped[bool] = mapped_column(Boolean)
    district: Mapped[str | None] = mapped_column(String(80))
    street: Mapped[str | None] = mapped_column(String(80))
    item: Mapped[str | None] = mapped_column(String(80))
    matter: Mapped[str] = mapped_column(String(80))
    lead_unit: Mapped[str | None] = mapped_column(String(80))
    main_case: Mapped[str | None] = mapped_column(String(40))
    cycle: Mapped[int]
    returns: Mapped[int]
    dissatisfied: Mapped[int]
    code: Mapped[str | None] = mapped_column(String(20))
    received_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]
    due: Mapped[datetime | None]
    first_due: Mapped[datetime] = mapped_column(server_default="9999-12-31 00:00:00.000000")
    overdue: Mapped[bool]
    pack: Mapped[str] = mapped_column(String(40))
    on_account: Mapped[bool] = mapped_column(server_default=false())
    undone: Mapped[int] = mapped_column(server_default="0")
    reopened: Mapped[int] = mapped_column(server_default="0")
    on_spot: Mapped[int] = mapped_column(server_default="0")

    __table_args__ = (
        Index("ix_case_row_due", "first_due", "no"),
        # A batch goes through the open cases of a city by number; the closed ones of years lie between.
        Index("ix_case_row_open", "no", sqlite_where=text(OPEN_CASES), postgresql_where=text(OPEN_CASES)),
        Index("ix_case_row_received", "received_at", "no"),
        Index("ix_case_row_stage", "stage", "received_at", "no"),
        Index("ix_case_row_matter", "matter"),
    )


class OrderRow(Base):
    """The columns by which a unit's orders are listed."""

    __tablename__ = "order_row"
    case_no: Mapped[str] = mapped_column(String(40), primary_key=True)
    order_id: Mapped[str] = mapped_column(String(10), primary_key=True)
    unit: Mapped[str] = mapped_column(String(80))
    role: Mapped[str] = mapped_column(String(12))
    lead: Mapped[bool]
    state: Mapped[str] = mapped_column(String(20))
    live: Mapped[bool]
    cycle: Mapped[int]
    sent_at: Mapped[datetime]
    signed_at: Mapped[datetime | None]
    auto_signed: Mapped[bool]
    contacted_at: Mapped[datetime | None]
    due: Mapped[datetime | None]
    overdue: Mapped[bool]
    no_return: Mapped[bool]

    __table_args__ = (Index("ix_order_row_unit", "unit", "live", "due"),)


class OnAccountRow(Base):
    """挂账: one row a time a case was on account, so that who stood on account at any instant can be listed and counted.

    ``review_at``: the end of the day on which it is looked at again; None when it is over.
    """

    __tablename__ = "on_account_row"
    case_no: Mapped[str] = mapped_column(String(40), primary_key=True)
    n: Mapped[int] = mapped_column(primary_key=True)
    order_id: Mapped[str] = mapped_column(String(10))
    unit: Mapped[str] = mapped_column(String(80))
    district: Mapped[str | None] = mapped_column(String(80))
    ground: Mapped[str] = mapped_column(String(20))
    since: Mapped[datetime]
    until: Mapped[datetime | None]
    how: Mapped[str | None] = mapped_column(String(20))
    review_at: Mapped[datetime | None]
    kept: Mapped[int]

    __table_args__ = (
        Index("ix_on_account_row_since", "since", "case_no", "n"),
        Index("ix_on_account_row_unit", "unit", "since", "case_no", "n"),
    )


class ProceedingRow(Base):
    """The columns by which every process beside the case is listed. ``level``: of a ring, a supervision, an accountability."""

    __tablename__ = "proceeding_row"
    id: Mapped[str] = mapped_column(String(200), primary_key=True)
    kind: Mapped[str] = mapped_column(String(40))
    no: Mapped[str] = mapped_column(String(160))
    stage: Mapped[str] = mapped_column(String(40))
    level: Mapped[str | None] = mapped_column(String(20))
    district: Mapped[str | None] = mapped_column(String(80))
    unit: Mapped[str | None] = mapped_column(String(80))
    case_no: Mapped[str | None] = mapped_column(String(40), index=True)
    matter: Mapped[str | None] = mapped_column(String(80), index=True)
    opened_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]
    due: Mapped[datetime | None]
    overdue: Mapped[bool]
    by: Mapped[str] = mapped_column(String(200), index=True)
    pack: Mapped[str] = mapped_column(String(40))

    __table_args__ = (
        Index("ix_proceeding_row_opened", "opened_at", "id"),
        Index("ix_proceeding_row_kind", "kind", "opened_at", "id"),
        Index("ix_proceeding_row_unit", "unit", "kind", "opened_at"),
        Index("ix_proceeding_row_open", "kind", "closed_at", "due"),
    )


class PartyRow(Base):
    """A unit that a process is or was about: it may read it."""

    __tablename__ = "party_row"
    process: Mapped[str] = mapped_column(String(200), primary_key=True)
    unit: Mapped[str] = mapped_column(String(80), primary_key=True, index=True)


class AgendaRow(Base):
    """An item on the agenda of a process: whose matter it is, and how far it has come."""

    __tablename__ = "agenda_row"
    process: Mapped[str] = mapped_column(String(200), primary_key=True)
    item: Mapped[str] = mapped_column(String(10), primary_key=True)
    holder: Mapped[str] = mapped_column(String(200), index=True)
    case_no: Mapped[str | None] = mapped_column(String(40), index=True)
    state: Mapped[str] = mapped_column(String(20))
    lead: Mapped[str | None] = mapped_column(String(80))
    decided_at: Mapped[datetime | None]


class BatchItemRow(Base):
    """A case that a batch means: what was foreseen, and by how much its first due would move. What came of it is its command's.

    ``added``: it began after the preview; ``gone``: it was over before its turn came. ``command`` is that of the case.
    """

    __tablename__ = "batch_item"
    batch: Mapped[str] = mapped_column(String(200), primary_key=True)
    no: Mapped[str] = mapped_column(String(40), primary_key=True)
    command: Mapped[str] = mapped_column(String(300))
    foreseen: Mapped[str] = mapped_column(String(12))
    direction: Mapped[str | None] = mapped_column(String(12))
    code: Mapped[str | None] = mapped_column(String(80))
    clock: Mapped[str | None] = mapped_column(String(80))
    due_from: Mapped[datetime | None]
    due_to: Mapped[datetime | None]
    moved: Mapped[int] = mapped_column(default=0)
    added: Mapped[bool] = mapped_column(default=False)
    gone: Mapped[bool] = mapped_column(default=False)


class RulingRow(Base):
    """判例: a ruling or opinion on who owns what, found again at the next dispatch and the next adjudication."""

    __tablename__ = "ruling_row"
    process: Mapped[str] = mapped_column(String(200), primary_key=True)
    item: Mapped[str] = mapped_column(String(10), primary_key=True)
    kind: Mapped[str] = mapped_column(String(20))
    case_no: Mapped[str | None] = mapped_column(String(40))
    catalogue_item: Mapped[str | None] = mapped_column(String(80), index=True)
    matter: Mapped[str | None] = mapped_column(String(80), index=True)
    district: Mapped[str | None] = mapped_column(String(80))
    lead: Mapped[str] = mapped_column(String(80))
    co: Mapped[list[Any]]
    ruled_at: Mapped[datetime]
    until: Mapped[datetime | None]


class PaperRow(Base):
    """An official document as issued: its number without gaps by kind and year, its text in both languages, its hash."""

    __tablename__ = "paper"
    effect: Mapped[str] = mapped_column(String(300), primary_key=True)
    kind: Mapped[str] = mapped_column(String(40))
    year: Mapped[int]
    n: Mapped[int]
    process: Mapped[str] = mapped_column(String(200), index=True)
    seq: Mapped[int]
    issued_at: Mapped[datetime]
    template: Mapped[str] = mapped_column(String(40))
    zh: Mapped[str] = mapped_column(Text)
    en: Mapped[str] = mapped_column(Text)
    sha256: Mapped[str] = mapped_column(String(64))

    __table_args__ = (Index("ix_paper_number", "kind", "year", "n", unique=True),)


# -------------------------------------------------------------------------------------------- callers' data, kept apart


class PersonRow(Base):
    """A caller. Read only through the repository that writes the audit row."""

    __tablename__ = "person"
    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    name: Mapped[str | None] = mapped_column(String(120))
    phone: Mapped[str | None] = mapped_column(String(40))
    address: Mapped[str | None] = mapped_column(String(400))
    created_at: Mapped[datetime]


class RequestRow(Base):
    """What one caller said once. ``started_at`` is empty until its case has begun."""

    __tablename__ = "request"
    no: Mapped[str] = mapped_column(String(40), primary_key=True)
    person: Mapped[str] = mapped_column(ForeignKey("person.id"))
    channel: Mapped[str] = mapped_column(String(20))
    case_type: Mapped[str] = mapped_column(String(20))
    caller_type: Mapped[str] = mapped_column(String(20))
    grade: Mapped[str] = mapped_column(String(24))
    confidential: Mapped[bool]
    reply_preference: Mapped[str] = mapped_column(String(20))
    title: Mapped[str] = mapped_column(String(300))
    content: Mapped[str] = mapped_column(Text)
    place: Mapped[str | None] = mapped_column(String(300))
    district: Mapped[str | None] = mapped_column(String(80))
    street: Mapped[str | None] = mapped_column(String(80))
    language: Mapped[str] = mapped_column(String(12))
    source: Mapped[str | None] = mapped_column(String(120))
    digest: Mapped[str] = mapped_column(String(64), index=True)
    pack: Mapped[str] = mapped_column(String(40))
    taken_by: Mapped[str] = mapped_column(String(80))
    received_at: Mapped[datetime]
    started_at: Mapped[datetime | None]

    __table_args__ = (Index("ix_request_started", "started_at", "received_at"),)


class DocumentRow(Base):
    """A file: a photo, a paper. Its hash is what events refer to as proof."""

    __tablename__ = "document"
    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    process: Mapped[str] = mapped_column(String(200), index=True)
    name: Mapped[str] = mapped_column(String(200))
    media_type: Mapped[str] = mapped_column(String(80))
    size: Mapped[int]
    sha256: Mapped[str] = mapped_column(String(64))
    content: Mapped[bytes] = mapped_column(LargeBinary)
    uploaded_by: Mapped[str] = mapped_column(String(80))
    uploaded_at: Mapped[datetime]

    __table_args__ = (Index("ix_document_uploaded", "uploaded_by", "uploaded_at"),)


class AuditRow(Base):
    """Who read or changed what, and why. Append only."""

    __tablename__ = "audit"
    id: Mapped[int] = mapped_column(BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True)
    at: Mapped[datetime] = mapped_column(index=True)
    user: Mapped[str] = mapped_column(String(80))
    role: Mapped[str | None] = mapped_column(String(40))
    action: Mapped[str] = mapped_column(String(40))
    subject: Mapped[str] = mapped_column(String(300), index=True)
    fields: Mapped[list[Any]] = mapped_column(default=list)
    why: Mapped[str] = mapped_column(String(120))


# -------------------------------------------------------------------------------------------------------- city and rules


class UnitRow(Base):
    """A unit of the city, on one of the five levels, with its department system if it has one."""

    __tablename__ = "unit"
    code: Mapped[str] = mapped_column(String(80), primary_key=True)
    name_zh: Mapped[str] = mapped_column(String(120))
    name_en: Mapped[str] = mapped_column(String(160))
    level: Mapped[str] = mapped_column(String(20))
    kind: Mapped[str] = mapped_column(String(30))
    parent: Mapped[str | None] = mapped_column(String(80))
    district: Mapped[str | None] = mapped_column(String(80), index=True)
    active: Mapped[bool] = mapped_column(default=True)
    endpoint: Mapped[str | None] = mapped_column(String(300))
    secret: Mapped[str | None] = mapped_column(String(120))


class AccountRow(Base):
    """Somebody who may sign in, with the roles he may act in."""

    __tablename__ = "account"
    user: Mapped[str] = mapped_column(String(80), primary_key=True)
    name_zh: Mapped[str] = mapped_column(String(120))
    name_en: Mapped[str] = mapped_column(String(160))
    password_hash: Mapped[str] = mapped_column(String(200))
    unit: Mapped[str | None] = mapped_column(String(80))
    roles: Mapped[list[Any]]
    active: Mapped[bool] = mapped_column(default=True)


class SessionRow(Base):
    """A signed-in session; only the hash of its token is kept."""

    __tablename__ = "session"
    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    user: Mapped[str] = mapped_column(String(80), index=True)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)


class ItemRow(Base):
    """One item of the dispatch catalogue in one version."""

    __tablename__ = "item"
    code: Mapped[str] = mapped_column(String(80), primary_key=True)
    version: Mapped[str] = mapped_column(String(40))
    name_zh: Mapped[str] = mapped_column(String(160))
    name_en: Mapped[str] = mapped_column(String(200))
    owner: Mapped[str | None] = mapped_column(String(80))
    keywords: Mapped[list[Any]] = mapped_column(default=list)
    co: Mapped[list[Any]] = mapped_column(default=list, server_default="[]")


class ItemVersionRow(Base):
    """One change of a catalogue item by a decision: what it said from then on, and which item of which process decided it."""

    __tablename__ = "item_version"
    code: Mapped[str] = mapped_column(String(80), primary_key=True)
    version: Mapped[str] = mapped_column(String(40), primary_key=True)
    was: Mapped[str] = mapped_column(String(40))
    owner: Mapped[str] = mapped_column(String(80))
    co: Mapped[list[Any]]
    process: Mapped[str] = mapped_column(String(200), index=True)
    item: Mapped[str] = mapped_column(String(10))
    by: Mapped[str] = mapped_column(String(80))
    effect: Mapped[str] = mapped_column(String(300))
    at: Mapped[datetime]


class PolicyRow(Base):
    """A policy pack in one version, as it was when first loaded. A version never changes."""

    __tablename__ = "policy"
    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    version: Mapped[str] = mapped_column(String(40), primary_key=True)
    sha: Mapped[str] = mapped_column(String(64))
    body: Mapped[str] = mapped_column(Text)
    loaded_at: Mapped[datetime]


class CalendarRow(Base):
    """A calendar in one version."""

    __tablename__ = "calendar"
    version: Mapped[str] = mapped_column(String(200), primary_key=True)
    body: Mapped[str] = mapped_column(Text)
    loaded_at: Mapped[datetime]


class CounterRow(Base):
    """Numbers given out one after the other."""

    __tablename__ = "counter"
    key: Mapped[str] = mapped_column(String(80), primary_key=True)
    n: Mapped[int]


class SettingRow(Base):
    """Settings of the installation: the pack of new cases, the calendar in force."""

    __tablename__ = "setting"
    key: Mapped[str] = mapped_column(String(80), primary_key=True)
    value: Mapped[str] = mapped_column(String(400))
