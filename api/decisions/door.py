"""What happens to a decision at our door, before and after the engine is asked.

A decision is stored before anybody is asked (the row is the outbox), so that a client, a server or an engine may die at any
moment and the decision is either not there or takes effect once. What the rules say is in the journal; this module looks it up.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection

from api.decisions.schemas import Asked, CommandOut, Decided
from api.engine import Refused
from api.idempotency import digest, hashed
from api.problems import Problem, Wrong, invalid, refused
from api.services import Services
from domain.deciders import decider_of
from domain.disclosure import sits_for
from domain.kernel import KERNEL_COMMANDS
from domain.messages import Decision
from domain.process import NEW, Actor, Command
from storage import journal
from storage.audit import write_audit
from storage.cases import Stored, load_process
from storage.documents import missing_documents
from storage.outbox import find_command, put_command, refuse_command
from storage.requests import find_request
from storage.texts import refusal

URGENT: Final = "urgent"


@dataclass(frozen=True)
class Given:
    """One decision as it came in: who (in the roles to try), about what, the words, the key, the seq he had seen.

    ``opens``: it begins ``process``, and the key is one for all that the person begins of this kind; for a key that came before
    the process is the one begun then.
    """

    actors: tuple[Actor, ...]
    process: str
    asked: Asked
    said: Mapping[str, Any]
    key: str
    seen: int | None = None
    opens: bool = False

    @property
    def id(self) -> str:
        """The command's id: a hash of actor, process and Idempotency-Key."""
        where = f"{self.process.partition('/')[0]}/{NEW}" if self.opens else self.process
        return "d/" + hashed(self.actors[0].user, where, self.key)

    @property
    def digest(self) -> str:
        """What was said, as a hash: the same key may not say something else."""
        return digest({"command": self.asked.name, "body": dict(self.said)})


@dataclass(frozen=True)
class Ready:
    """A decision that is stored and may go to the engine."""

    id: str
    process: str
    name: str
    decision: Decision[Any]
    urgent: bool


def store(place: Services, given: Given) -> Ready | Decided:
    """Check a decision and store it. A key that came before returns what became of it.

    Refuses: 404 unknown_process, 403 not_permitted, 409 for a stage or an incident that rules it out (an audit row is all that
    is written), 422 idempotency_key_reused or a document nobody handed in, and what the rules refused before.
    """
    now = place.now()
    with place.database.read() as connection:
        # The process before the command: if there is no row after that, what the process shows is without this decision.
        # The other way round, a twin decided between the two reads would be refused for what it had itself done.
        stored = load_process(connection, given.process)
        row = find_command(connection, given.id)
        if row is not None:
            return _again(connection, given, row)
        if stored is None and not given.opens and not _registered(connection, given.process):
            raise refused("unknown_process", {"process": given.process})
        wanted = given.said.get("documents") or ()
        missing = missing_documents(connection, given.process, wanted)
    body, words = given.asked.referring(given.said, given.id)
    command = given.asked.command.model_validate(body)
    actor = _permitted(place, given, stored, command)
    if actor is None:
        first = given.actors[0]
        _note_refusal(place, given, first, "not_permitted", now)
        raise refused("not_permitted", {"command": given.asked.name, "role": first.role})
    if missing:
        raise invalid(*(Wrong(f"/documents/{list(wanted).index(m)}", "unknown_document") for m in missing))
    if stored is not None and (why := ruled_out(stored, command)) is not None:
        _note_refusal(place, given, actor, why[0], now)
        raise refused(*why)
    with place.database.write() as connection:
        new = put_command(
            connection,
            command=given.id,
            process=given.process,
            name=given.asked.name,
            actor=actor,
            body=command.model_dump(mode="json"),
            texts=words,
            digest=given.digest,
            received_at=now,
        )
        if not new:  # the same request at the same time was first
            return _again(connection, given, find_command(connection, given.id))
    decision = Decision[Any](id=given.id, actor=actor, received_at=now, body=command, seen=_seen(given, stored))
    return Ready(given.id, given.process, given.asked.name, decision, _urgent(stored))


def ruled_out(stored: Stored, command: Command) -> tuple[str, dict[str, Any]] | None:
    """Return the refusal that the read model already makes certain, or None. A courtesy: the rules decide again."""
    process, name = stored.process, command.NAME
    if stored.parked is not None:
        return "parked", {"why": stored.parked}
    if name in KERNEL_COMMANDS:
        effect = str(getattr(command, "effect", ""))
        return None if effect in process.incidents else ("no_such_incident", {"effect": effect})
    decider = decider_of(process.id)
    stage = decider.card(process.state).stage
    if stage in decider.moves[name].stages:
        return None
    return "not_in_this_stage", {"command": name, "stage": stage}


def settle_refusal(place: Services, process: str, command: str, answer: Refused) -> Decided:
    """Return what the journal holds when the engine refused: usually the refusal, which is raised.

    A refusal the journal never saw came from the workflow's courtesy check; it is noted, so that the relay leaves it alone.
    """
    with place.database.write() as connection:
        # After a commit of this very decision that a lost run may have left under way: it would write over the refusal.
        journal.load(connection, process)
        refuse_command(connection, command, answer.code, answer.detail, place.now())
    with place.database.read() as connection:
        return _settled(connection, find_command(connection, command))


def look_up(place: Services, command: str) -> Decided | None:
    """Return what the journal holds of a decision the engine did not answer in time; None while it is under way."""
    with place.database.read() as connection:
        row = find_command(connection, command)
        return None if row is None or row.outcome == "received" else _settled(connection, row)


def status(place: Services, command: str, user: str, lang: str) -> CommandOut:
    """Return what became of one's own command; 404 for anybody else's."""
    with place.database.read() as connection:
        row = find_command(connection, command)
        if row is None or row.user != user:
            raise Problem(404, "not_found")
        receipt = _receipt(connection, row) if row.outcome == "recorded" else None
    return CommandOut(
        command=row.id,
        process=row.process,
        name=row.name,
        outcome=row.outcome,
        code=row.code,
        text=refusal(row.code, row.detail or {}, lang) if row.code else None,
        received_at=row.received_at,
        decided_at=row.decided_at,
        receipt=receipt,
    )


def _again(connection: Connection, given: Given, row: Any) -> Ready | Decided:
    if row.digest != given.digest:
        raise Problem(422, "idempotency_key_reused")
    if row.outcome != "received":
        return _settled(connection, row)
    stored = load_process(connection, row.process)
    actor = Actor(user=row.user, role=row.role, unit=row.unit, district=row.district)
    command = given.asked.command.model_validate(row.body)
    decision = Decision[Any](
        id=row.id, actor=actor, received_at=row.received_at, body=command, seen=_seen(given, stored)
    )
    return Ready(row.id, row.process, row.name, decision, _urgent(stored))


def _seen(given: Given, stored: Stored | None) -> int:
    """Return the seq the person had seen, or that this door has: a workflow that knows less must not refuse by what it knows."""
    return max(given.seen or 0, stored.process.seq if stored else 0)


def _settled(connection: Connection, row: Any) -> Decided:
    if row.outcome == "refused":
        raise refused(row.code, row.detail or {})
    return _receipt(connection, row)


def _receipt(connection: Connection, row: Any) -> Decided:
    stored = load_process(connection, row.process)
    events: Sequence[str] = ()
    if row.seq_from is not None and row.seq_to is not None:
        events = journal.event_types(connection, row.process, row.seq_from, row.seq_to)
    seq = row.seq_to if row.seq_to is not None else (stored.process.seq if stored else 0)
    return Decided(command=row.id, process=row.process, seq=seq, stage=_stage(stored), events=tuple(events))


def _permitted(place: Services, given: Given, stored: Stored | None, command: Command) -> Actor | None:
    """Return the first of the actors whom the table grants the command, or None."""
    table = place.rules.permissions()
    decider = decider_of(given.process)
    state = stored.process.state if stored else decider.initial()
    unit = decider.subject_unit(state, command)
    district = getattr(state, "district", None)
    for actor in given.actors:
        if stored is not None and not sits_for(actor.role, actor.district, district):
            continue
        if table.allows(
            command.NAME,
            role=actor.role,
            unit=actor.unit,
            district=actor.district,
            subject_unit=unit,
            subject_district=district,
        ):
            return actor
    return None


def _note_refusal(place: Services, given: Given, actor: Actor, code: str, now: datetime) -> None:
    with place.database.write() as connection:
        write_audit(
            connection,
            at=now,
            user=actor.user,
            role=actor.role,
            action=f"refused.{given.asked.name}"[:40],
            subject=given.process,
            why=code,
        )


def _registered(connection: Connection, process: str) -> bool:
    """Say whether a request is registered whose case has not begun: the engine opens it first, then decides."""
    kind, _, no = process.partition("/")
    return kind == "case" and find_request(connection, no) is not None


def _stage(stored: Stored | None) -> str:
    return NEW if stored is None else decider_of(stored.process.id).card(stored.process.state).stage


def _urgent(stored: Stored | None) -> bool:
    return stored is not None and str(getattr(stored.process.state, "triage", "")) == URGENT
