"""A case written straight into the journal, without Temporal: the journal's laws, seen from the side of its caller."""

import itertools
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from activities.journal import Journal
from activities.signatures import CommitRequest, CommitResult
from domain.casework.commands import COMMANDS
from domain.kernel import GENESIS, KERNEL_COMMANDS, NO_SPREAD
from domain.process import SYSTEM, Actor, Command, Envelope, Text
from storage.policies import load_permissions
from storage.unit_of_work import Database
from tests.domain.clock_helpers import sh
from tests.factories.city import take_request

MONDAY = sh("2026-03-02 09:00")
_ids = itertools.count(1)


def references(model: type[Command], command: str) -> Iterator[tuple[str, str]]:
    """A reference for every required field of words."""
    for name, field in model.model_fields.items():
        if field.is_required() and any(isinstance(m, Text) for m in field.metadata):
            yield name, f"{command}#{name}"


def filled(name: str, command: str, body: dict[str, Any]) -> dict[str, Any]:
    """The command's body with references where it needs words."""
    model = COMMANDS.get(name) or KERNEL_COMMANDS[name]
    return dict(references(model, command)) | body


def actor(name: str, unit: str | None = None, role: str | None = None) -> Actor:
    """Somebody who may give the command: in the first role that may, for this unit."""
    role = role or next(iter(load_permissions().commands[name].grants))
    if role == "system":
        return SYSTEM
    return Actor(user=f"{role}@{unit}" if unit else role, role=role, unit=unit)


class Book:
    """One case: gives commands to the journal as the workflow does, and knows what the workflow would know."""

    def __init__(
        self,
        database: Database,
        at: datetime = MONDAY,
        *,
        no: str | None = None,
        timer_spread: timedelta = NO_SPREAD,
        **fields: Any,
    ) -> None:
        self.database = database
        self.journal = Journal(database, timer_spread)
        self.now = at
        self.no = no or take_request(database, at, **fields)
        self.process = f"case/{self.no}"
        self.seq, self.head = 0, GENESIS

    def go(self, **span: float) -> "Book":
        """Let time pass."""
        self.now += timedelta(**span)
        return self

    def envelope(
        self,
        name: str,
        *,
        unit: str | None = None,
        role: str | None = None,
        command: str | None = None,
        received: datetime | None = None,
        **body: Any,
    ) -> Envelope:
        """A command on its way."""
        command = command or f"{self.process}/d{next(_ids)}"
        return Envelope(
            id=command,
            process=self.process,
            name=name,
            body=filled(name, command, body),
            actor=actor(name, unit, role),
            received_at=received or self.now,
        )

    def request(
        self,
        envelope: Envelope | None = None,
        *,
        everything: bool = False,
        seq: int | None = None,
        head: str | None = None,
    ) -> CommitRequest:
        """What the workflow would ask."""
        return CommitRequest(
            process=self.process,
            seq=self.seq if seq is None else seq,
            head=self.head if head is None else head,
            now=self.now,
            envelope=envelope,
            everything=everything,
        )

    def commit(
        self,
        envelope: Envelope | None = None,
        *,
        everything: bool = False,
        seq: int | None = None,
        head: str | None = None,
    ) -> CommitResult:
        """Commit as the workflow would, and take over what the journal says."""
        result = self.journal.commit(self.request(envelope, everything=everything, seq=seq, head=head))
        if result.outcome in {"recorded", "refused"}:
            self.seq, self.head = result.seq, result.head
        return result

    def give(self, name: str, **more: Any) -> CommitResult:
        """Give a command."""
        return self.commit(self.envelope(name, **more))

    def do(self, name: str, **more: Any) -> CommitResult:
        """Give a command that must be recorded."""
        result = self.give(name, **more)
        assert result.outcome == "recorded", (name, result.outcome, result.code, result.detail)
        return result

    def opened(self) -> "Book":
        """Open the case."""
        assert self.commit().outcome == "recorded"
        return self

    def dispatched(self, lead: str = "water", triage: str = "routine", **more: Any) -> "Book":
        """Open, triage, dispatch."""
        self.opened().do("triage", triage=triage)
        self.do("dispatch", lead=lead, **more)
        return self

    def in_callback(self) -> "Book":
        """Worked and accepted."""
        self.dispatched()
        self.do("submit_result", unit="water", order="a1", code="solved", documents=("doc-1",))
        self.do("review_result", order="a1", accept=True)
        return self

    def closed(self) -> "Book":
        """Closed, not yet archived."""
        self.in_callback()
        self.do("record_callback", request=self.no, reached=True, solved="yes", satisfaction="satisfied")
        return self
