"""Typed stubs of all activities: what workflows call, without loading what the activities need.

The workflow sandbox loads this module; it must stay free of SQLAlchemy, httpx and the like. Each stub names its activity; the
class that performs it is checked against the stub (tests/workflows/test_tables.py). A stub is a name and a type: the worker runs
the class, so calling the stub itself is a mistake, and raises.
"""

from datetime import datetime
from typing import Any, Final

from pydantic import Field
from temporalio import activity

from domain.model import Model
from domain.process import Card, Envelope

CASES: Final = "cases"
DEPARTMENTS: Final = "departments"
NOTICES: Final = "notices"


class CommitRequest(Model):
    """Ask the journal to decide. Without an envelope it only makes up passed timers and tells what was missed.

    ``seq`` and ``head`` are what the workflow knows. ``everything`` asks for all effects that are still owed, also those the
    workflow should know of.
    """

    process: str
    seq: int
    head: str
    now: datetime
    envelope: Envelope | None = None
    everything: bool = False


class TimerOrder(Model):
    """A timer to keep: ``{key}/{n}`` names one arming for ever."""

    key: str
    n: int
    at: datetime
    summary: str


class EffectOrder(Model):
    """An effect to start. What it says is in the database; retry figures are data so that they may change freely."""

    id: str
    kind: str
    target: str
    summary: str
    urgent: bool = False
    attempt: int = 1
    tries: int = 8
    first_s: float = 1.0
    factor: float = 2.0
    longest_s: float = 60.0
    timeout_s: float = 10.0
    on_refused: str | None = None


class CommitResult(Model):
    """What the journal says. ``outcome``: recorded, refused, diverged or parked.

    Timers and card are absolute: they are those of ``seq``. ``effects`` are to be started, ``settled`` are no longer the
    workflow's. ``owed`` counts effects not yet settled, once the process is closed.
    """

    outcome: str
    seq: int
    head: str
    code: str | None = None
    detail: dict[str, Any] = Field(default_factory=dict)
    events: tuple[str, ...] = ()
    effects: tuple[EffectOrder, ...] = ()
    settled: tuple[str, ...] = ()
    timers: tuple[TimerOrder, ...] = ()
    card: Card
    closed: bool = False
    owed: int = 0
    details: str = ""


class Performed(Model):
    """How an effect went: ``done``, or ``refused`` by the process that was told, with its code and the reply command."""

    status: str
    code: str | None = None
    reply: str | None = None
    body: dict[str, Any] = Field(default_factory=dict)


class Beat(Model):
    """One beat of the city's cadence: ``session`` (of a kind, a district or the city), ``digest`` or ``provisional``.

    A session is opened ``ahead`` days before it is held. ``at`` is when the beat was struck, ``meant`` when its schedule meant
    it to be, which is earlier where workers were away.
    """

    what: str
    title: str
    kind: str = ""
    district: str | None = None
    ahead: int = 7
    at: datetime | None = None
    meant: datetime | None = None

    @property
    def now(self) -> datetime:
        """The instant it was struck."""
        if self.at is None:
            raise ValueError("a beat that was not struck")
        return self.at


@activity.defn(name="journal.commit")
def commit(request: CommitRequest) -> CommitResult:
    """Decide one command in one transaction (:mod:`activities.journal`)."""
    raise NotImplementedError


@activity.defn(name="departments.send_message")
def send_order_message(order: EffectOrder) -> Performed:
    """Hand a message about an order to its unit: to its department system, or to its inbox."""
    raise NotImplementedError


@activity.defn(name="notices.give")
def give_notice(order: EffectOrder) -> Performed:
    """Give a notice to a caller or to staff."""
    raise NotImplementedError


@activity.defn(name="processes.tell")
async def tell_process(order: EffectOrder) -> Performed:
    """Send a command to another process and wait for its word."""
    raise NotImplementedError


@activity.defn(name="batches.take_slice")
async def take_slice(order: EffectOrder) -> Performed:
    """Deal with the next cases of a batch (:mod:`activities.batches`)."""
    raise NotImplementedError


@activity.defn(name="cadence.strike")
async def strike(beat: Beat) -> str:
    """Do what a beat of the city's cadence is for (:mod:`activities.cadence`)."""
    raise NotImplementedError
