"""What API, workflows and worker say to each other through Temporal. Ids, codes and references only (law 8)."""

from datetime import datetime
from typing import Any, Generic, TypeVar

from pydantic import Field

from domain.kernel import GENESIS
from domain.model import Model
from domain.process import NEW, Actor, Command, Envelope

__all__ = ["NEW", "Decision", "Message", "ProcessStart", "Receipt", "Refused"]

C = TypeVar("C", bound=Command)


class ProcessStart(Model):
    """How a run of a process begins. A fresh run knows nothing (seq 0) and catches up from the journal.

    After continue-as-new a run knows seq and head, and carries the messages that had not reached the journal.
    """

    process: str
    seq: int = 0
    head: str = GENESIS
    waiting: tuple[Envelope, ...] = ()


class Decision(Model, Generic[C]):
    """One decision of a person on its way to the journal.

    ``id`` is a hash of actor, process and Idempotency-Key and is the update's id too; ``received_at`` is the instant lateness
    is judged by; ``seen`` the seq of the state the person looked at.
    """

    id: str
    actor: Actor
    received_at: datetime
    body: C
    seen: int | None = None


class Receipt(Model):
    """What the person is told: where the process stands now."""

    process: str
    seq: int
    stage: str
    events: tuple[str, ...] = ()


class Message(Model):
    """A command as a signal: from machines, from other processes, and from the relay when the engine had been away."""

    envelope: Envelope


class Refused(Model):
    """A refusal as a value."""

    code: str
    detail: dict[str, Any] = Field(default_factory=dict)
