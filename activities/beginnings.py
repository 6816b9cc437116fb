"""How a process that is not in the journal begins, and what is said to those who want something of it before or instead.

* A case is opened from its registered request; any other process by the command that begins it: the one that came, or the one
  another process owes it. So no order among messages is needed: whichever comes first opens it.
* One that was refused its beginning (another holds its claim, say) refuses every message with ``not_begun``, once and for all. The
  sender hears of it by the command its message names for that; where it names none the message is settled, with the code on record:
  nobody waits for it, and nobody could do more about it.
* What nobody has begun refuses with ``unknown_process``.
"""

from collections.abc import Mapping
from datetime import UTC
from typing import Any, Final

from sqlalchemy import Connection

from activities.signatures import CommitRequest, CommitResult
from domain.kernel import GENESIS
from domain.process import SYSTEM, Card, Decider, Envelope
from domain.telling import NOT_BEGUN
from storage import beginnings as sql
from storage import journal
from storage.facts import request_of
from storage.rules import Rules

CASE: Final = "case"
UNKNOWN: Final = "unknown_process"


def opening(connection: Connection, request: CommitRequest, decider: Decider, rules: Rules) -> Envelope | None:
    """Return the command that opens the process, or None when nobody has begun it."""
    kind, _, no = request.process.partition("/")
    if kind != CASE:
        came = request.envelope
        if came is not None and decider.opens(came.name):
            return came
        return sql.owed_opening(connection, request.process, request.now)
    row = request_of(connection, no)
    if row is None:
        return None
    version, sha = rules.current_pack(row.pack)
    body = {
        "request": row.no,
        "received_at": row.received_at.astimezone(UTC).isoformat(),
        "case_type": row.case_type,
        "channel": row.channel,
        "caller_type": row.caller_type,
        "grade": row.grade,
        "confidential": row.confidential,
        "district": row.district,
        "street": row.street,
        "pack": row.pack,
        "pack_version": version,
        "pack_sha": sha,
        "calendar": rules.current_calendar(),
    }
    return Envelope(
        id=f"{request.process}/open",
        process=request.process,
        name="open",
        body=body,
        actor=SYSTEM,
        received_at=request.now,
    )


def answered(connection: Connection, request: CommitRequest) -> CommitResult | None:
    """Return the stored answer to a command to a process that is not there, or None: an opening, too, is refused once only."""
    stored = None if request.envelope is None else journal.stored_command(connection, request.envelope.id)
    return None if stored is None or stored.outcome != "refused" else _absent(stored.code, stored.detail)


def refuse(connection: Connection, request: CommitRequest, decider: Decider) -> CommitResult:
    """Refuse what was asked of a process that is not there and that nothing opens.

    A message of another process gets its command row, for its sender waits for an answer; a person is answered at once, and a
    stranger leaves no trace.
    """
    openings = [name for name in decider.moves if decider.opens(name)]
    code = NOT_BEGUN if sql.was_refused(connection, request.process, openings) else UNKNOWN
    detail = {"process": request.process}
    envelope = request.envelope
    if envelope is not None and envelope.effect:
        journal.write_command(connection, envelope, outcome="refused", now=request.now, code=code, detail=detail)
        if code == NOT_BEGUN:
            sql.settle_unanswered(connection, envelope.id, request.now)
    return _absent(code, detail)


def _absent(code: str, detail: Mapping[str, Any] | None) -> CommitResult:
    return CommitResult(
        outcome="refused",
        seq=0,
        head=GENESIS,
        code=code,
        detail=dict(detail or {}),
        card=Card(stage="new"),
        closed=True,
    )
