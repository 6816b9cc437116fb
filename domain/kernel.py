"""Run a decider: one command in, records out. Pure, so production, tests and ``sanhuan verify`` share it.

The kernel adds what all processes have in common and no decider has to think about:

* timers that have passed are made up first, once each and in nominal order (law of §1.5), each as a command of its own;
* the permission table is asked before the rule;
* every event is chained: ``head = sha256(previous head, canonical event)``;
* timers get a running number, so that ``{process}/timer/{key}/{n}`` names one arming of one timer for ever;
* effects get their ids ``{process}/{seq}/{k}-{head}``, so that a journal restored from a backup never reuses one for other
  content, and one that could not be performed becomes an *incident* that a person
  retries, redirects or waives.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any, ClassVar
from zlib import crc32

from pydantic import Field, ValidationError

from domain import incidents, upcast
from domain.clock import ClockError
from domain.incidents import Incident
from domain.limits import Limit, Unit
from domain.model import Model
from domain.policy import PolicyError
from domain.process import (
    SYSTEM,
    Card,
    Command,
    Context,
    Decider,
    Effect,
    Envelope,
    Event,
    Facts,
    Need,
    Refusal,
    Timer,
    Todo,
)

GENESIS = "0" * 64
LATE_AFTER = timedelta(seconds=60)
"""A timer that rings so long after its process should have woken for it is late, and the ledger says whose delay it was."""
NO_SPREAD = timedelta()
ONE_MS = timedelta(milliseconds=1)
MOST_RINGS = 1000
TICK = "tick"


class ArmedTimer(Timer):
    """A live timer with the number of its arming."""

    n: int


class Process(Model):
    """One process between two decisions: the decider's state and what the kernel keeps beside it."""

    id: str
    kind: str
    seq: int = 0
    head: str = GENESIS
    state: Any = None
    floor: datetime | None = None
    timers: tuple[ArmedTimer, ...] = ()
    armed: dict[str, int] = Field(default_factory=dict)
    incidents: dict[str, Incident] = Field(default_factory=dict)
    attempts: dict[str, int] = Field(default_factory=dict)


class Written(Model):
    """One event as the journal keeps it."""

    seq: int
    type: str
    at: datetime
    body: dict[str, Any]
    head: str


class Planned(Model):
    """One effect as the journal keeps it."""

    id: str
    kind: str
    target: str
    body: dict[str, Any]
    urgent: bool = False
    attempt: int = 1


class Record(Model):
    """What one command did: its events, and the effects it planned, started again or settled."""

    command: Envelope
    events: tuple[Written, ...]
    effects: tuple[Planned, ...]
    settled: dict[str, str] = Field(default_factory=dict)
    again: tuple[str, ...] = ()


class Advanced(Model):
    """The outcome of :func:`advance`: the process afterwards, one record a command, and the refusal if the last was refused."""

    process: Process
    records: tuple[Record, ...]
    refusal: str | None = None
    detail: dict[str, Any] = Field(default_factory=dict)


class TimerRang(Event):
    """A timer rang. ``made_up_at`` is set when it rang late; ``late_by`` says whose delay it was (never a unit's)."""

    TYPE: ClassVar[str] = "timer_rang"
    key: str
    n: int
    nominal: datetime
    made_up_at: datetime | None = None
    late_by: str | None = None


KERNEL_COMMANDS: Mapping[str, type[Command]] = incidents.COMMANDS
KERNEL_EVENTS: Mapping[str, type[Event]] = {**incidents.EVENTS, TimerRang.TYPE: TimerRang}


# ---------------------------------------------------------------------------------------------------------------- running


def canonical(value: Any) -> str:
    """Return the one JSON text of a value: sorted keys, no spaces, UTF-8 as it is."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def chain(head: str, seq: int, type_: str, at: datetime, body: Mapping[str, Any]) -> str:
    """Return the head after one more event."""
    instant = at.astimezone(UTC).isoformat(timespec="microseconds")
    text = canonical({"seq": seq, "type": type_, "at": instant, "body": body})
    return hashlib.sha256(f"{head}\n{text}".encode()).hexdigest()


def command_model(decider: Decider, name: str) -> type[Command]:
    """Return the model of a command of this process, or refuse with ``unknown_command``."""
    model = decider.commands.get(name) or KERNEL_COMMANDS.get(name)
    if model is None:
        raise Refusal("unknown_command", command=name)
    return model


def event_model(decider: Decider, type_: str) -> type[Event]:
    """Return the model of an event type; KeyError for one nobody ever wrote."""
    return decider.events.get(type_) or KERNEL_EVENTS[type_]


def read_event(decider: Decider, type_: str, body: Mapping[str, Any]) -> Event:
    """Return a written event in the form of this release; KeyError for a type nobody ever wrote."""
    return event_model(decider, type_).model_validate(upcast.lifted("event", type_, body))


def read_command(decider: Decider, envelope: Envelope) -> Command:
    """Return the command of an envelope, whichever release wrote it. Refuses an unknown name; ValidationError otherwise."""
    body = upcast.lifted("command", envelope.name, envelope.body)
    return command_model(decider, envelope.name).model_validate(body)


def needs(decider: Decider, envelope: Envelope) -> Sequence[Need]:
    """Return the facts the command's rule must look at; empty when the command cannot be read."""
    if envelope.name == TICK:
        return ()
    try:
        return decider.needs(read_command(decider, envelope))
    except (Refusal, ValidationError):
        return ()


def todos(decider: Decider, process: Process) -> tuple[Todo, ...]:
    """Return who has to act now, incidents included."""
    own = decider.todos(process.state) if process.seq else ()
    return (*own, *(incidents.todo(i) for i in process.incidents.values()))


def card(decider: Decider, process: Process) -> Card:
    """Return the workflow's card; incident commands are allowed while there are incidents."""
    own = decider.card(process.state) if process.seq else Card(stage="new")
    if not process.incidents:
        return own
    extra = ("redirect_effect", "retry_effect", "waive_effect")
    return own.model_copy(update={"allowed": tuple(sorted({*own.allowed, *extra}))})


def wakes_at(process: str, timer: Timer, spread: timedelta) -> datetime:
    """Return when a process wakes for a timer: at its instant, or, where its limit counts days, up to ``spread`` later.

    Limits in days end with the day, thousands at one instant; rung at once, they keep whoever decides then waiting behind them. So
    each process has a moment of its own, always the same, whole milliseconds. Nothing is judged by when it wakes: a timer counts
    from its instant, and a decision that was received after that rings it first.
    """
    if not _counts_days(timer.limit):
        return timer.at
    share = crc32(process.encode()) / 2**32
    return timer.at + timedelta(milliseconds=int(share * (spread / ONE_MS)))


@lru_cache(maxsize=1024)
def _counts_days(limit: str) -> bool:
    return bool(limit) and Limit.parse(limit).unit in {Unit.wd, Unit.d}


def advance(
    decider: Decider, process: Process, envelope: Envelope, facts: Facts, now: datetime, spread: timedelta = NO_SPREAD
) -> Advanced:
    """Make up passed timers, then decide the command.

    ``now`` is the instant of the commit. A human decision is judged at the instant it was received: timers that were due
    before it ring first, those due after it do not ring before it. A refusal changes nothing but leaves the made-up timers,
    which are facts of their own. A timer is late when it rings a minute after the process should have woken for it
    (:func:`wakes_at`, with ``spread``). Never raises :class:`Refusal`.
    """
    tick = envelope.name == TICK
    now = now.astimezone(UTC)
    received = min(envelope.received_at.astimezone(UTC), now)
    process, records = _ring_due(decider, process, facts, now if tick else received, now, spread)
    if tick:
        return Advanced(process=process, records=records)
    try:
        at = max(received, process.floor or received)
        process, record = _decide(decider, process, envelope, facts, at=at, received=received, now=now)
    except Refusal as refusal:
        return Advanced(process=process, records=records, refusal=refusal.code, detail=refusal.detail)
    process = process.model_copy(update={"floor": at})
    process, more = _ring_due(decider, process, facts, at, now, spread, armed_at=at)
    return Advanced(process=process, records=(*records, record, *more))


def authorise(decider: Decider, state: Any, envelope: Envelope, command: Command, facts: Facts) -> None:
    """Refuse with ``not_permitted`` unless the table grants the command to the actor for this subject."""
    actor = envelope.actor
    district = getattr(state, "district", None)
    if not facts.permissions.allows(
        envelope.name,
        role=actor.role,
        unit=actor.unit,
        district=actor.district,
        subject_unit=decider.subject_unit(state, command),
        subject_district=district,
    ):
        raise Refusal("not_permitted", command=envelope.name, role=actor.role)


def replay(decider: Decider, process_id: str, events: Sequence[Written]) -> Process:
    """Fold written events into the process they describe; raise ValueError at the first broken link of the chain.

    All but ``floor`` is as it was: events do not say which of them were decisions.
    """
    process = Process(id=process_id, kind=decider.kind, state=decider.initial())
    for event in events:
        head = chain(process.head, event.seq, event.type, event.at, event.body)
        if event.seq != process.seq + 1 or head != event.head:
            message = f"event {event.seq} ({event.type}) does not follow event {process.seq}"
            raise ValueError(message)
        process = _apply(decider, process, read_event(decider, event.type, event.body), event.at, head)
    return process


def _decide(
    decider: Decider,
    process: Process,
    envelope: Envelope,
    facts: Facts,
    *,
    at: datetime,
    received: datetime,
    now: datetime,
) -> tuple[Process, Record]:
    try:
        command = read_command(decider, envelope)
    except ValidationError as error:
        raise Refusal("invalid_command", fields=[".".join(map(str, e["loc"])) for e in error.errors()]) from error
    authorise(decider, process.state, envelope, command, facts)
    context = Context(
        now=at,
        recorded_at=now,
        actor=envelope.actor,
        command_id=envelope.id,
        facts=facts,
        received_at=received,
        process=process.id,
    )
    settled: dict[str, str] = {}
    again: tuple[str, ...] = ()
    if envelope.name in KERNEL_COMMANDS:
        events, settled, again = incidents.handle(process.id, process.incidents, command, context)
    else:
        move = decider.moves.get(envelope.name)
        stage = decider.card(process.state).stage if process.seq else "new"
        if move is None or stage not in move.stages:
            raise Refusal("not_in_this_stage", command=envelope.name, stage=stage)
        try:
            events = decider.decide(process.state, command, context)
        except (ClockError, PolicyError) as error:
            raise Refusal(error.code) from error
    process, written, planned = _write(decider, process, events, at)
    return process, Record(command=envelope, events=written, effects=planned, settled=settled, again=again)


def _ring_due(
    decider: Decider,
    process: Process,
    facts: Facts,
    until: datetime,
    now: datetime,
    spread: timedelta,
    armed_at: datetime | None = None,
) -> tuple[Process, tuple[Record, ...]]:
    """Ring what is due. A timer that a decision armed in its own past is late since ``armed_at`` only, not since its instant."""
    records: list[Record] = []
    while due := sorted((t for t in process.timers if t.at <= until), key=lambda t: (t.at, t.key)):
        if len(records) >= MOST_RINGS:
            message = f"{process.id}: timer {due[0].key} keeps ringing"
            raise RuntimeError(message)
        timer = due[0]
        late = now - max(wakes_at(process.id, timer, spread), armed_at or timer.at) > LATE_AFTER
        rang = TimerRang(
            key=timer.key,
            n=timer.n,
            nominal=timer.at,
            made_up_at=now if late else None,
            late_by="engine" if late else None,
        )
        name = f"{process.id}/timer/{timer.key}/{timer.n}"
        context = Context(now=timer.at, recorded_at=now, actor=SYSTEM, command_id=name, facts=facts, process=process.id)
        events = (rang, *decider.ring(process.state, timer.key, timer.at, context))
        process, written, planned = _write(decider, process, events, timer.at)
        envelope = Envelope(
            id=name,
            process=process.id,
            name="ring",
            body={"key": timer.key, "n": timer.n},
            actor=SYSTEM,
            received_at=timer.at,
        )
        records.append(Record(command=envelope, events=written, effects=planned))
    return process, tuple(records)


def _write(
    decider: Decider, process: Process, events: Sequence[Event], at: datetime
) -> tuple[Process, tuple[Written, ...], tuple[Planned, ...]]:
    written: list[Written] = []
    planned: list[Planned] = []
    for event in events:
        body = upcast.stamped("event", event.TYPE, event.model_dump(mode="json"))
        seq = process.seq + 1
        head = chain(process.head, seq, event.TYPE, at, body)
        process = _apply(decider, process, event, at, head)
        written.append(Written(seq=seq, type=event.TYPE, at=at, body=body, head=head))
        planned.extend(_plan(process, seq, k, effect) for k, effect in enumerate(decider.effects(process.state, event)))
    return process, tuple(written), tuple(planned)


def _plan(process: Process, seq: int, k: int, effect: Effect) -> Planned:
    return Planned(
        id=f"{process.id}/{seq}/{k}-{process.head[:8]}",
        kind=effect.kind,
        target=effect.target,
        body=effect.body,
        urgent=effect.urgent,
    )


def _apply(decider: Decider, process: Process, event: Event, at: datetime, head: str) -> Process:
    update: dict[str, Any] = {"seq": process.seq + 1, "head": head}
    if event.TYPE in KERNEL_EVENTS:
        update["incidents"] = incidents.apply(process.incidents, event, at)
        if isinstance(event, incidents.EffectRetried):
            update["attempts"] = {**process.attempts, event.effect: event.attempt}
    else:
        update["state"] = decider.apply(process.state, event, at)
    # Armed after every event, so that a replay, which knows no commands, numbers the timers alike.
    return _arm(decider, process.model_copy(update=update))


def _arm(decider: Decider, process: Process) -> Process:
    """Number the timers: one that keeps key and instant keeps its number, every other arming gets the next."""
    before = {t.key: t for t in process.timers}
    armed = dict(process.armed)
    timers: list[ArmedTimer] = []
    for timer in _unique(decider.timers(process.state)):
        old = before.get(timer.key)
        if old is not None and old.at == timer.at:
            timers.append(old)
            continue
        armed[timer.key] = armed.get(timer.key, 0) + 1
        timers.append(ArmedTimer(n=armed[timer.key], **dict(timer)))
    timers.sort(key=lambda t: (t.at, t.key))
    return process.model_copy(update={"timers": tuple(timers), "armed": armed})


def _unique(timers: Sequence[Timer]) -> Sequence[Timer]:
    keys = [t.key for t in timers]
    if len(keys) != len(set(keys)):
        message = f"timer keys are not unique: {keys}"
        raise RuntimeError(message)
    return timers
