"""A process that does nothing but issue official documents: what tests of documents are made with.

It is begun by a machine and told by a machine, so it needs no row of the permission table of its own.
"""

import itertools
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, ClassVar

from temporalio.exceptions import ApplicationError

from activities.journal import Journal
from activities.papers import issue
from activities.signatures import CommitRequest, CommitResult
from domain import telling
from domain.kernel import GENESIS, Planned, Record
from domain.proceeding import Begun, Opening, Parts, Proceeding, begun, decider, opened
from domain.process import SYSTEM, Command, Context, Effect, Envelope, Event
from storage.journal import write_records
from storage.outbox import put_command
from storage.rules import Rules
from storage.unit_of_work import Database
from tests.domain.clock_helpers import sh

MONDAY = sh("2026-03-02 09:00")
KIND = "mill"
_numbers = itertools.count(1)


class Begin(Opening):
    """Begin, and issue ``papers``: the arguments of ``telling.paper``, one a document."""

    papers: tuple[dict[str, Any], ...] = ()
    units: tuple[str, ...] = ()
    claim: str | None = None


class Print(Command):
    """Issue more."""

    NAME: ClassVar[str] = "release_matter"
    papers: tuple[dict[str, Any], ...] = ()


class Leave(Command):
    """Be about these units only from now on."""

    NAME: ClassVar[str] = "apply_decision"
    units: tuple[str, ...] = ()


class MillBegun(Begun):
    TYPE: ClassVar[str] = "mill_begun"
    papers: tuple[dict[str, Any], ...] = ()
    units: tuple[str, ...] = ()
    claim: str | None = None


class MillPrinted(Event):
    TYPE: ClassVar[str] = "mill_printed"
    papers: tuple[dict[str, Any], ...] = ()


class MillLeft(Event):
    TYPE: ClassVar[str] = "mill_left"
    units: tuple[str, ...] = ()


class Mill(Proceeding):
    units: tuple[str, ...] = ()
    claim: str | None = None


def _begin(_state: Mill, c: Begin, context: Context) -> Sequence[Event]:
    return [MillBegun(**begun(c, context), papers=c.papers, units=c.units, claim=c.claim)]


def _issue(_state: Mill, e: Any) -> Sequence[Effect]:
    return [telling.paper(**paper) for paper in e.papers]


def _begun(state: Mill, e: MillBegun, at: datetime) -> Any:
    return opened(state, e, at, stage="running", units=e.units, claim=e.claim)


DECIDER = decider(
    Parts(
        kind=KIND,
        state=Mill,
        commands=(Begin, Print, Leave),
        events=(MillBegun, MillPrinted, MillLeft),
        table=(
            ("open", frozenset({"new"}), _begin, True),
            ("release_matter", frozenset({"running"}), lambda _s, c, _x: [MillPrinted(papers=c.papers)], True),
            ("apply_decision", frozenset({"running"}), lambda _s, c, _x: [MillLeft(units=c.units)], True),
        ),
        changes={MillBegun.TYPE: _begun, MillLeft.TYPE: lambda s, e, _at: s.model_copy(update={"units": e.units})},
        todos=lambda _state: (),
        over=frozenset({"over"}),
        effects={MillBegun.TYPE: _issue, MillPrinted.TYPE: _issue},
        claims=lambda state: frozenset({state.claim} if state.claim else ()),
        units=lambda state: frozenset(state.units),
    )
)


class Press:
    """One such process in the journal. Its decider must be registered: the fixture ``mill`` does that."""

    def __init__(self, database: Database, at: datetime = MONDAY) -> None:
        self.database, self.now = database, at
        self.journal = Journal(database)
        self.process = f"{KIND}/{next(_numbers)}"
        self.seq, self.head = 0, GENESIS

    def begin(self, *papers: Any, **more: Any) -> CommitResult:
        """Begin, and issue documents: a kind, or the arguments of ``telling.paper``."""
        with self.database.read() as connection:
            pins = Rules(self.database).in_force(connection)
        return self.send("open", {"by": "system", **pins.model_dump(), "papers": listed(papers), **more})

    def print(self, *papers: Any) -> CommitResult:
        """Issue more of them."""
        return self.send("release_matter", {"papers": listed(papers)})

    def send(self, name: str, body: dict[str, Any], command: str | None = None) -> CommitResult:
        """Bring a command as the workflow does, and take over what the journal says."""
        command = command or f"{self.process}/c{next(_numbers)}"
        envelope = Envelope(id=command, process=self.process, name=name, body=body, actor=SYSTEM, received_at=self.now)
        request = CommitRequest(process=self.process, seq=self.seq, head=self.head, now=self.now, envelope=envelope)
        result = self._commit(request)
        if result.outcome == "recorded":
            self.seq, self.head = result.seq, result.head
        return result

    def envelope(self, name: str, body: dict[str, Any], command: str | None = None) -> Envelope:
        """A command on its way."""
        command = command or f"{self.process}/c{next(_numbers)}"
        return Envelope(id=command, process=self.process, name=name, body=body, actor=SYSTEM, received_at=self.now)

    def issue(self, *papers: Any) -> None:
        """Issue documents of a process that owes none: the effects, and what a commit does with them."""
        owed = [
            Planned(id=f"{self.process}/1/{k}-00000000", kind=e.kind, target=e.target, body=e.body)
            for k, e in enumerate(telling.paper(**paper) for paper in listed(papers))
        ]
        with self.database.write() as connection:
            done = {e.id: number for e, number in issue(connection, self.process, owed, self.now)}
            record = Record(command=self.envelope("nothing", {}), events=(), effects=tuple(owed))
            write_records(connection, self.process, [record], self.now, done)

    def _commit(self, request: CommitRequest) -> CommitResult:
        for _ in range(20):  # as the workflow tries again
            try:
                return self.journal.commit(request)
            except ApplicationError as error:
                if error.type != "StorageUnavailable":
                    raise
        raise AssertionError("the database stayed away")


def listed(papers: Sequence[Any]) -> list[dict[str, Any]]:
    """The arguments of ``telling.paper``, one a document."""
    return [{"kind": p} if isinstance(p, str) else p for p in papers]


def written(database: Database, process: str, **texts: str) -> dict[str, str]:
    """Somebody's words, stored as our door stores them; return a reference to each."""
    command = f"{process}/w{next(_numbers)}"
    with database.write() as connection:
        put_command(
            connection,
            command=command,
            process=process,
            name="note",
            actor=SYSTEM,
            body={},
            texts=texts,
            digest="0" * 64,
            received_at=datetime(2026, 3, 2, tzinfo=UTC),
            outcome="recorded",
        )
    return {name: f"{command}#{name}" for name in texts}
