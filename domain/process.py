"""What a process is: the words that every decider speaks (architecture §1).

A *decider* is a module with pure functions over these values. It never sees Temporal, SQL, HTTP, files or a clock; whoever
calls it (the journal, a test, ``sanhuan verify``) passes the instant and the facts in. :mod:`domain.kernel` runs a decider.

All instants are timezone-aware; storage keeps them in UTC, people read them in Asia/Shanghai.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated, Any, ClassVar, Final

from pydantic import Field

from domain.calendar import Calendar
from domain.model import Model, Strict
from domain.permissions import Permissions
from domain.policy import Pack


@dataclass(frozen=True)
class Text:
    """Marks a command field that holds free text.

    The field itself carries only a reference ``{command id}#{field}``; the words stay in the database (law 8). The API takes
    the words, checks the lengths given here (characters) and puts the reference in their place.
    """

    max_length: int = 4000
    min_length: int = 1


TextRef = Annotated[str, Field(max_length=300), Text()]
CODE: Final = r"^[A-Za-z0-9_.:@/+-]+$"
Code = Annotated[str, Field(min_length=1, max_length=80, pattern=CODE)]


class Refusal(Exception):
    """A rule says no. ``code`` is stable and has a text in zh and en; ``detail`` fills that text and holds codes only."""

    def __init__(self, code: str, **detail: Any) -> None:
        super().__init__(code)
        self.code = code
        self.detail = detail


class Actor(Model):
    """Who acts: a user in one role, for one unit. ``system`` acts for timers, outcomes and other processes."""

    user: str
    role: str
    unit: str | None = None
    district: str | None = None


SYSTEM = Actor(user="system", role="system")


class Command(Strict):
    """Base of all commands. ``NAME`` is permanent; fields are only ever added, with a default."""

    NAME: ClassVar[str]


class Event(Model):
    """Base of all events. ``TYPE`` is permanent; ``apply`` accepts every event ever written."""

    TYPE: ClassVar[str]


class Envelope(Model):
    """A command on its way: who sent it, under which id, and when our door received it (the instant lateness is judged by).

    ``effect`` says that the id is an effect's: the command performs it. ``settles`` names the effect this command answers.
    """

    id: str
    process: str
    name: str
    body: dict[str, Any]
    actor: Actor
    received_at: datetime
    effect: bool = False
    settles: str | None = None


class Timer(Model):
    """An instant at which the process must wake by itself, and what the Temporal UI shall say of it.

    ``what`` is the clock (``handle``), ``part`` which of its instants (``yellow``, ``due``, ``red``), ``limit`` its limit.
    """

    key: str
    at: datetime
    rule: str
    what: str = ""
    part: str = "due"
    limit: str = ""


class Effect(Model):
    """Something the world must be told. ``target`` orders effects: those to one target run one after the other."""

    kind: str
    target: str
    body: dict[str, Any] = Field(default_factory=dict)
    urgent: bool = False


class Todo(Model):
    """Somebody has to act: a role (of a unit, where it is a unit's), the commands open to it, since when and until when.

    ``since`` in the future means: not before then. ``subject`` names the part of the process, e.g. an order ``a1``.
    """

    key: str
    role: str
    commands: tuple[str, ...]
    since: datetime
    rule: str
    unit: str | None = None
    district: str | None = None
    due: datetime | None = None
    subject: str | None = None
    hint: dict[str, Any] = Field(default_factory=dict)


class Need(Model):
    """A fact that a rule must look at.

    ``kind``: ``unit``, ``branch`` (a unit with all those above it), ``item``, ``case``, ``calendar`` or ``pack`` (``id@version``).
    """

    kind: str
    key: str


class UnitFact(Model):
    """A unit as the rules see it."""

    code: str
    level: str
    district: str | None = None
    parent: str | None = None
    active: bool = True
    system: bool = False


class ItemFact(Model):
    """A catalogue item: who owns which matter, with whose help, by which version of the catalogue."""

    code: str
    version: str
    owner: str | None = None
    co: tuple[str, ...] = ()


class CaseFact(Model):
    """Another case as a rule may see it: is it open, and what leads it."""

    no: str
    open: bool
    stage: str
    main_case: str | None = None


class Pins(Model):
    """政策包 and calendar that a process keeps from its opening on (architecture 1.5)."""

    pack: str
    pack_version: str
    pack_sha: str
    calendar: str


@dataclass(frozen=True)
class Facts:
    """All a rule may look at beside its state. Missing keys mean: does not exist.

    ``taken``: claims that this decision would need and another process holds, and that process. Filled when the decision was
    made once without knowing it; a rule that can do without them does, any other is refused with ``order_exists``. ``pins``
    name the pack and the calendar; ``packs`` (by ``id@version``) and ``calendars`` are others that the command named.
    """

    pack: Pack
    calendar: Calendar
    permissions: Permissions
    units: Mapping[str, UnitFact]
    items: Mapping[str, ItemFact]
    cases: Mapping[str, CaseFact]
    taken: Mapping[str, str] = field(default_factory=dict)
    pins: Pins | None = None
    packs: Mapping[str, Pack] = field(default_factory=dict)
    calendars: Mapping[str, Calendar] = field(default_factory=dict)


@dataclass(frozen=True)
class Context:
    """What surrounds one decision: the effective instant, who decides, and the facts.

    ``now`` is the instant the decision was received (never before the last one in the journal); ``recorded_at`` the instant
    of the commit. The two differ after an outage. ``received_at`` is the bare instant at our door, by which lateness is
    judged (law 6); it may lie before ``now`` when others decided in between.
    """

    now: datetime
    recorded_at: datetime
    actor: Actor
    command_id: str
    facts: Facts
    received_at: datetime | None = None
    process: str = ""

    @property
    def judged_at(self) -> datetime:
        """The instant at which lateness is judged."""
        return self.now if self.received_at is None else self.received_at


class Card(Model):
    """The little that a workflow knows of its process, for the Temporal UI and the courtesy check of its validators."""

    stage: str
    allowed: tuple[str, ...] = ()
    awaited: tuple[str, ...] = ()
    until: datetime | None = None
    attributes: dict[str, str] = Field(default_factory=dict)


class Move(Model):
    """One row of a decider's table: in which stages a command may be given, and whether people give it."""

    command: str
    stages: frozenset[str]
    machine: bool = False


NEW: Final = "new"
"""The stage of a process that has not begun."""


def nobody(_state: Any) -> frozenset[str]:
    """Name no unit."""
    return frozenset()


@dataclass(frozen=True)
class Decider:
    """The functions of one kind of process (architecture §1). All are pure; ``apply`` and ``timers`` are total.

    ========================  ==========================================================================================
    ``needs``                 the facts a command must look at
    ``decide``                the rule: events, or :class:`Refusal`
    ``ring``                  what a timer that rang does; the key has left ``timers`` afterwards
    ``apply``                 what an event changes; ``at`` is the event's instant
    ``timers``                the instants at which the process wakes by itself
    ``effects``               what the world must be told of an event; ``state`` is the one after it
    ``claims``                unique keys that hold while the state holds them
    ``todos``                 who has to act now
    ``card``                  stage, allowed commands and who is awaited, for the workflow
    ``columns``               rows of the list tables
    ``closed``                whether the process is over (it can still be asked to start again)
    ``subject_unit``          the unit a command is about, for scopes such as "own unit"
    ``parties``               units that may read the process because it is about them (a case has a disclosure of its own)
    ========================  ==========================================================================================
    """

    kind: str
    commands: Mapping[str, type[Command]]
    events: Mapping[str, type[Event]]
    moves: Mapping[str, Move]
    state: type[Model]
    initial: Callable[[], Any]
    needs: Callable[[Command], Sequence[Need]]
    decide: Callable[[Any, Command, Context], Sequence[Event]]
    ring: Callable[[Any, str, datetime, Context], Sequence[Event]]
    apply: Callable[[Any, Event, datetime], Any]
    timers: Callable[[Any], Sequence[Timer]]
    effects: Callable[[Any, Event], Sequence[Effect]]
    claims: Callable[[Any], frozenset[str]]
    todos: Callable[[Any], Sequence[Todo]]
    card: Callable[[Any], Card]
    columns: Callable[[Any], dict[str, list[dict[str, Any]]]]
    closed: Callable[[Any], bool]
    subject_unit: Callable[[Any, Command], str | None]
    parties: Callable[[Any], frozenset[str]] = nobody

    def opens(self, command: str) -> bool:
        """Say whether the command begins a process of this kind."""
        move = self.moves.get(command)
        return move is not None and NEW in move.stages
