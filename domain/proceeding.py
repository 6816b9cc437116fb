"""What all processes beside the case have in common: how they open, keep their terms and clocks, and become a decider.

A *proceeding* (ring, consultation, adjudication, session, supervision, accountability, measure, batch) is begun by another
process or by a person, is about one or several cases, and ends. A module of its own names its words, commands, events and rules;
:func:`decider` puts them together with what is said here. Clock keys are ``{what}`` or ``{what}/{subject}``.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated, Any, ClassVar, Final

from pydantic import Field

from domain import keeping
from domain.keeping import Clocked
from domain.process import (
    NEW,
    Card,
    Code,
    Command,
    Context,
    Decider,
    Effect,
    Event,
    Move,
    Need,
    Pins,
    Timer,
    Todo,
    nobody,
)

ProcessId = Annotated[str, Field(min_length=3, max_length=200, pattern=r"^[a-z_]+/[A-Za-z0-9_.:@/+-]+$")]
URGENT: Final = "urgent"
ROUTINE: Final = "routine"
MOST_CONSEQUENCES: Final = 20


# ---------------------------------------------------------------------------------------------------- opening, and the state


class Opening(Command):
    """Base of what opens a proceeding by a machine: who began it, about which case, and the terms it takes over."""

    NAME: ClassVar[str] = "open"
    by: str
    pack: Code
    pack_version: Code
    pack_sha: Code
    calendar: Code
    district: Code | None = None
    triage: Code = ROUTINE


class Begun(Event):
    """Base of the first event of a proceeding: its number, who began it, and its terms."""

    no: str
    by: str
    pack: str
    pack_version: str
    pack_sha: str
    calendar: str
    district: str | None = None
    triage: str = ROUTINE


class StageChanged(Event):
    """The proceeding stands at another stage."""

    TYPE: ClassVar[str] = "stage_changed"
    stage: str


class Proceeding(Clocked):
    """Base of the states."""

    no: str = ""
    stage: str = NEW
    since: datetime | None = None
    opened_at: datetime | None = None
    by: str = ""
    district: str | None = None
    triage: str = ROUTINE
    pack: str = ""
    pack_version: str = ""
    pack_sha: str = ""
    calendar: str = ""

    @property
    def urgent(self) -> bool:
        """Whether the limits of urgent cases hold."""
        return self.triage == URGENT

    @property
    def terms(self) -> dict[str, Any]:
        """The terms, as a process that this one begins takes them over."""
        return {
            "pack": self.pack,
            "pack_version": self.pack_version,
            "pack_sha": self.pack_sha,
            "calendar": self.calendar,
            "triage": self.triage,
        }


def begun(command: Command, context: Context) -> dict[str, Any]:
    """Return what a first event takes from its command: number, who, terms. A person's opening has the terms in force."""
    given = command.model_dump(mode="json")
    pins = _pins(command, context)
    return {
        "no": context.process.partition("/")[2],
        "by": given.get("by") or context.actor.user,
        **pins.model_dump(),
        "district": given.get("district") or context.actor.district,
        "triage": given.get("triage") or ROUTINE,
    }


def _pins(command: Command, context: Context) -> Pins:
    if isinstance(command, Opening):
        return Pins(**{name: getattr(command, name) for name in Pins.model_fields})
    if context.facts.pins is None:
        message = f"{command.NAME}: no terms to open with"
        raise RuntimeError(message)
    return context.facts.pins


def opened(state: Any, event: Begun, at: datetime, **more: Any) -> Any:
    """Return the state after its first event: what all proceedings keep of it, and ``more``."""
    kept = {name: getattr(event, name) for name in Begun.model_fields}
    return state.model_copy(update={**kept, "opened_at": at, "since": at, **more})


def move_to(stage: str) -> StageChanged:
    """Move to another stage."""
    return StageChanged(stage=stage)


def _stage_changed(state: Any, e: StageChanged, at: datetime) -> Any:
    return state.model_copy(update={"stage": e.stage, "since": at})


# -------------------------------------------------------------------------------------------------------------------- clocks


def start(state: Proceeding, key: str, step: str, context: Context, *, at: datetime | None = None) -> Sequence[Event]:
    """Start a clock by the pack's rule for ``step``, as its next run; nothing when the pack has none.

    A timer that acts starts the next person's clock at ``context.recorded_at``: a delay of ours shortens nobody's limit.
    """
    pack = context.facts.pack
    if not pack.has_step(step, state.triage):
        return ()
    return (keeping.start_by(pack.rule(step, triage=state.triage), keeping.next_run(state, key), context, at=at),)


def due(state: Clocked, key: str) -> datetime | None:
    """Return when a running clock is due, or None."""
    running = state.running(key)
    return None if running is None else running.clock.due


def todo(
    state: Proceeding,
    key: str,
    role: str,
    *commands: str,
    clock: str | None = None,
    unit: str | None = None,
    subject: str | None = None,
    since: datetime | None = None,
    hint: Mapping[str, Any] | None = None,
) -> Todo:
    """Return a todo, due with a clock (by default the one of its own key)."""
    running = state.running(clock or key)
    began = since or (running.clock.start if running else None) or state.since or state.opened_at
    if began is None:
        message = f"{state.no}: a todo before the opening"
        raise RuntimeError(message)
    return Todo(
        key=key,
        role=role,
        unit=unit,
        district=state.district,
        commands=commands,
        since=began,
        due=running.clock.due if running else None,
        rule=running.clock.rule if running else key.partition("/")[0],
        subject=subject,
        hint=dict(hint or {}),
    )


def what(key: str) -> str:
    """Return what a clock measures: the first word of its key."""
    return key.partition("/")[0]


def subject_of(key: str) -> str:
    """Return whom a clock is about: its key without the first word and without the number of the run."""
    rest = key.partition("/")[2]
    head, _, last = rest.rpartition("/")
    return head if head and last.isdigit() else rest


# ------------------------------------------------------------------------------------------------------------------- decider

Row = tuple[str, frozenset[str], Callable[[Any, Any, Context], Sequence[Event]], bool]
"""A command, the stages it may come in, its rule, whether only machines give it."""
Act = Callable[[Any, str, Context], Sequence[Event]]
"""What a clock does when it is due: state, the clock's key, context."""
Change = Callable[[Any, Any, datetime], Any]


@dataclass(frozen=True)
class Parts:
    """What a kind of proceeding says of itself. ``follow`` is what follows by itself after every decision, until nothing does.

    ``over`` are its last stages. ``units`` names the units it is about, ``lists`` its rows in the list tables beside its own.
    """

    kind: str
    state: type[Proceeding]
    commands: Sequence[type[Command]]
    events: Sequence[type[Event]]
    table: Sequence[Row]
    changes: Mapping[str, Change]
    todos: Callable[[Any], Sequence[Todo]]
    over: frozenset[str]
    effects: Mapping[str, Callable[[Any, Any], Sequence[Effect]]] = field(default_factory=dict)
    acts: Mapping[str, Act] = field(default_factory=dict)
    follow: Callable[[Any, Context], Sequence[Event]] = lambda _state, _context: ()
    claims: Callable[[Any], frozenset[str]] = lambda _state: frozenset()
    units: Callable[[Any], frozenset[str]] = nobody
    needs: Mapping[str, str] = field(default_factory=lambda: UNITS_NAMED)
    row: Callable[[Any], Mapping[str, Any]] = lambda _state: {}
    lists: Callable[[Any], Mapping[str, list[dict[str, Any]]]] = lambda _state: {}
    subject_unit: Callable[[Any, Command], str | None] = lambda _state, _command: None
    attributes: Callable[[Any], Mapping[str, str]] = lambda _state: {}


UNITS_NAMED: Final[Mapping[str, str]] = {
    "unit": "unit",
    "units": "unit",
    "lead": "unit",
    "co": "unit",
    "candidates": "unit",
}
"""Fields of commands that name units, and the kind of fact they need."""


class _Rules:
    """The functions of a decider, made of what a kind says of itself."""

    def __init__(self, parts: Parts) -> None:
        self.parts = parts
        self.rules = {name: rule for name, _, rule, _ in parts.table}
        self.moves = {n: Move(command=n, stages=stages, machine=machine) for n, stages, _, machine in parts.table}
        self.changes: Mapping[str, Change] = {
            **keeping.CHANGES,
            StageChanged.TYPE: _stage_changed,
            **parts.changes,
        }

    def apply(self, state: Any, event: Event, at: datetime) -> Any:
        change = self.changes.get(event.TYPE)
        return state if change is None else change(state, event, at)

    def decide(self, state: Any, command: Command, context: Context) -> Sequence[Event]:
        return self._settle(state, list(self.rules[command.NAME](state, command, context)), context)

    def ring(self, state: Any, key: str, nominal: datetime, context: Context) -> Sequence[Event]:
        clock_key, _, part = key.rpartition("/")
        if clock_key not in state.clocks:
            return ()
        if part != "due":
            return [keeping.WarningGiven(key=clock_key, card=part)]
        act = self.parts.acts.get(what(clock_key))
        if act is None:
            return self._settle(state, [keeping.OverdueReached(key=clock_key, due=nominal)], context)
        stopped = keeping.ClockStopped(key=clock_key, stopped_at=nominal)
        after = self._fold(state, [stopped], context)
        return self._settle(state, [stopped, *act(after, clock_key, context)], context)

    def timers(self, state: Any) -> Sequence[Timer]:
        return () if self.closed(state) else keeping.timers(state, what)

    def effects(self, state: Any, event: Event) -> Sequence[Effect]:
        make = self.parts.effects.get(event.TYPE)
        return () if make is None else make(state, event)

    def todos(self, state: Any) -> Sequence[Todo]:
        return () if state.stage == NEW or self.closed(state) else self.parts.todos(state)

    def closed(self, state: Any) -> bool:
        return state.stage in self.parts.over

    def card(self, state: Any) -> Card:
        waiting = self.todos(state)
        dues = [t.due for t in waiting if t.due is not None]
        return Card(
            stage=state.stage,
            allowed=tuple(sorted(name for name, move in self.moves.items() if state.stage in move.stages)),
            awaited=tuple(sorted({t.unit or t.role for t in waiting})),
            until=min(dues) if dues else None,
            attributes={
                "CaseStage": state.stage,
                "District": state.district or "-",
                "Triage": state.triage,
                "Pack": state.pack,
                **self.parts.attributes(state),
            },
        )

    def columns(self, state: Any) -> dict[str, list[dict[str, Any]]]:
        over = self.closed(state)
        dues = [r.clock.due for r in state.clocks.values() if r.stopped_at is None and r.clock.due is not None]
        row = {
            "id": f"{self.parts.kind}/{state.no}",
            "kind": self.parts.kind,
            "no": state.no,
            "stage": state.stage,
            "level": None,
            "district": state.district,
            "unit": None,
            "case_no": None,
            "matter": None,
            "opened_at": state.opened_at,
            "closed_at": state.since if over else None,
            "due": min(dues) if dues and not over else None,
            "overdue": any(r.overdue_at is not None and not r.annulled for r in state.clocks.values()),
            "by": state.by,
            "pack": state.pack,
            **self.parts.row(state),
        }
        parties = [{"process": row["id"], "unit": unit} for unit in sorted(self.parts.units(state))]
        return {"proceeding_row": [row], "party_row": parties, **self.parts.lists(state)}

    def _fold(self, state: Any, written: Sequence[Event], context: Context) -> Any:
        for event in written:
            state = self.apply(state, event, context.now)
        return state

    def _settle(self, state: Any, out: list[Event], context: Context) -> Sequence[Event]:
        after = self._fold(state, out, context)
        for _ in range(MOST_CONSEQUENCES):
            more = self.parts.follow(after, context)
            if not more:
                return out
            out += more
            after = self._fold(after, more, context)
        message = f"{self.parts.kind}/{state.no}: consequences do not come to rest"
        raise RuntimeError(message)


def decider(parts: Parts) -> Decider:
    """Put a kind of proceeding together."""
    rules = _Rules(parts)
    events: list[type[Event]] = [*keeping.EVENTS, StageChanged, *parts.events]
    return Decider(
        kind=parts.kind,
        commands={c.NAME: c for c in parts.commands},
        events={e.TYPE: e for e in events},
        moves=rules.moves,
        state=parts.state,
        initial=parts.state,
        needs=lambda command: _needs(parts.needs, command),
        decide=rules.decide,
        ring=rules.ring,
        apply=rules.apply,
        timers=rules.timers,
        effects=rules.effects,
        claims=lambda state: frozenset() if state.stage in parts.over else parts.claims(state),
        todos=rules.todos,
        card=rules.card,
        columns=rules.columns,
        closed=rules.closed,
        subject_unit=parts.subject_unit,
        parties=parts.units,
    )


def _needs(fields: Mapping[str, str], command: Command) -> Sequence[Need]:
    found: list[Need] = []
    for name, kind in fields.items():
        value = getattr(command, name, None)
        values = value if isinstance(value, tuple) else (value,)
        found += [Need(kind=kind, key=v) for v in values if isinstance(v, str)]
    return found
