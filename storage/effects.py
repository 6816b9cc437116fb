"""Effects as those who perform them see them: what to say, and the one transaction in which a thing is done."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select

from domain.kernel import Planned
from storage.journal import OWED, settle_effect
from storage.models import (
    AuditRow,
    CommandRow,
    DeliveryRow,
    EffectRow,
    NoticeRow,
    PersonRow,
    ProcessRow,
    RequestRow,
    UnitRow,
    table,
)
from storage.upserts import insert_once

_effect = table(EffectRow)
_unit = table(UnitRow)


@dataclass(frozen=True)
class Owed:
    """An effect that has still to be performed."""

    id: str
    process: str
    kind: str
    target: str
    body: Mapping[str, Any]
    attempt: int


def owed(connection: Connection, effect: str) -> Owed | None:
    """Return the effect if it is still owed, else None: then there is nothing to do."""
    row = connection.execute(select(_effect).where(_effect.c.id == effect)).one_or_none()
    if row is None or row.status not in OWED:
        return None
    return Owed(row.id, row.process, row.kind, row.target, row.body, row.attempt)


def snapshot(connection: Connection, process: str) -> str:
    """Return the JSON snapshot of a process."""
    p = table(ProcessRow)
    return str(connection.execute(select(p.c.snapshot).where(p.c.id == process)).scalar_one())


def unit(connection: Connection, code: str) -> Any | None:
    """Return endpoint and secret of a unit."""
    columns = (_unit.c.code, _unit.c.name_zh, _unit.c.name_en, _unit.c.endpoint, _unit.c.secret)
    return connection.execute(select(*columns).where(_unit.c.code == code)).one_or_none()


def texts(connection: Connection, references: Sequence[str]) -> dict[str, str]:
    """Return the words that references ``{command}#{field}`` point to."""
    c = table(CommandRow)
    wanted = {reference: reference.rpartition("#") for reference in references}
    commands = {command for command, _, _ in wanted.values()}
    if not commands:
        return {}
    rows = {r.id: r.texts for r in connection.execute(select(c.c.id, c.c.texts).where(c.c.id.in_(commands)))}
    return {
        reference: rows[command][field]
        for reference, (command, _, field) in wanted.items()
        if command in rows and field in (rows[command] or {})
    }


def request_words(connection: Connection, no: str) -> Any | None:
    """Return title, content and place of a request: what a unit needs to act. No caller data."""
    r = table(RequestRow)
    return connection.execute(select(r.c.title, r.c.content, r.c.place).where(r.c.no == no)).one_or_none()


def contact_for_delivery(connection: Connection, no: str, unit_code: str, effect: str, now: datetime) -> Any | None:
    """Return the caller's name and phone for a unit's order and write the audit row of that reading."""
    r, p = table(RequestRow), table(PersonRow)
    row = connection.execute(
        select(p.c.name, p.c.phone).join(r, r.c.person == p.c.id).where(r.c.no == no)
    ).one_or_none()
    connection.execute(
        insert(table(AuditRow)).values(
            at=now,
            user=f"unit:{unit_code}",
            role="unit_liaison",
            action="caller.delivered",
            subject=f"request/{no}",
            fields=["name", "phone"],
            why=effect[:120],
        )
    )
    return row


def delivered(connection: Connection, effect: Owed, unit_code: str, channel: str, attempts: int, now: datetime) -> None:
    """Note in one transaction that a message was taken: delivery row and settled effect."""
    values = _delivery(effect.id, effect.process, unit_code, channel, attempts, now)
    insert_once(connection, table(DeliveryRow), values, ("effect",))
    settle_effect(connection, effect.id, "done", now, channel)


def inboxes(connection: Connection, codes: Collection[str]) -> frozenset[str]:
    """Return those of the units that have no department system: their inbox is where a message about an order arrives."""
    found = connection.execute(select(_unit.c.code, _unit.c.endpoint).where(_unit.c.code.in_(codes)))
    return frozenset(codes) - {r.code for r in found if r.endpoint}


def perform_at_once(connection: Connection, process: str, effects: Sequence[Planned], now: datetime) -> None:
    """Write the notices and inbox deliveries of effects in the transaction that owes them; their rows are written as done."""
    notices = [_notice(e.id, process, e.kind, e.target, e.body, now) for e in effects if e.kind == "notice"]
    deliveries = [
        _delivery(e.id, process, e.target, "inbox", e.attempt, now) for e in effects if e.kind == "order_message"
    ]
    if notices:
        connection.execute(insert(table(NoticeRow)), notices)
    if deliveries:
        connection.execute(insert(table(DeliveryRow)), deliveries)


def noticed(connection: Connection, effect: Owed, now: datetime) -> None:
    """Give a notice and settle its effect in one transaction; the effect's id makes the notice unique."""
    values = _notice(effect.id, effect.process, effect.kind, effect.target, effect.body, now)
    insert_once(connection, table(NoticeRow), values, ("effect",))
    settle_effect(connection, effect.id, "done", now, "given")


def command_outcome(connection: Connection, command: str) -> Any | None:
    """Return outcome and code of a command, or None."""
    c = table(CommandRow)
    return connection.execute(select(c.c.outcome, c.c.code).where(c.c.id == command)).one_or_none()


def _delivery(effect: str, process: str, unit: str, channel: str, attempts: int, now: datetime) -> dict[str, Any]:
    return {
        "effect": effect,
        "process": process,
        "unit": unit,
        "channel": channel,
        "attempts": attempts,
        "delivered_at": now,
    }


def _notice(
    effect: str, process: str, kind: str, target: str, body: Mapping[str, Any], now: datetime
) -> dict[str, Any]:
    return {
        "effect": effect,
        "process": process,
        "target": target,
        "what": str(body.get("what", kind)),
        "body": dict(body),
        "created_at": now,
    }
