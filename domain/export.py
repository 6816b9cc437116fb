"""A process as a file that anybody can check offline, and the check: the chain, the terms, every deadline.

An export holds the events, the whole pack and the whole calendar the process was opened under, those it was moved to later, and
the clocks as the city says they stand. It holds codes and references only: no word of a caller is in it (law 8).

:func:`verify` trusts nothing but the rules of this release. What it proves, in this order:

1. *chain*: every event carries ``sha256(previous head, event)``: none was changed, dropped, added or moved;
2. *terms*: pack and calendar are those that the first event pinned, and every later change has those that its event names;
3. *clocks*: each recorded clock has a limit of the pack of its time, goes on from its own past, and is due when its inputs say,
   counted day by day by the calendar of its time; a change of terms leaves no running clock behind; an overdue has the instant
   of the clock it belongs to;
4. *state*: the clocks named in the export are those that the events amount to.

A forger who also rewrites all heads is found by 2 to 4 as far as he leaves anything that does not follow; a file whose last
head is published elsewhere cannot be forged at all.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime
from typing import Annotated, Any, Final, Literal

from pydantic import AwareDatetime, BaseModel, Field, ValidationError

from domain import kernel
from domain.calendar import Calendar
from domain.casework.events import ActAnnulled, Opened, TermsChanged
from domain.casework.more_time import pause_rule
from domain.casework.state import Case
from domain.casework.timekeeping import OVERTAKEN, RECOUNTED, RESTATED
from domain.clock import Clock, ClockError, ClockRule, Pause, recompute
from domain.deciders import decider_of
from domain.keeping import ClockSet, ClockStopped, OverdueReached, Running, named_rule
from domain.kernel import Process, Written
from domain.model import Strict
from domain.policy import Pack, PolicyError, pack_sha
from domain.proceeding import Begun, Proceeding
from domain.process import Event, Pins
from domain.upcast import NewerRelease

FORMAT: Final = "sanhuan-export/1"


class ExportTerms(Strict):
    """The terms of the process, whole."""

    pack: Pack
    calendar: Calendar


def _nothing(value: tuple[Any, ...]) -> bool:
    return not value


class Export(Strict):
    """One process to the outside: what happened, under which terms, and the clocks as they stand. Instants are aware."""

    format: Literal["sanhuan-export/1"] = FORMAT
    no: str
    process: str
    generated_at: AwareDatetime
    terms: ExportTerms
    later: Annotated[tuple[ExportTerms, ...], Field(exclude_if=_nothing)] = ()
    """The terms it was moved to, in order. Left out where there are none, as in the files of earlier releases."""
    events: tuple[Written, ...]
    clocks: dict[str, Running]


class Difference(Strict):
    """Something that does not agree: where (event, clock, field), what the rules expect, and what the file says.

    ``code`` is ``chain``, ``event``, ``case``, ``pack``, ``calendar``, ``rule``, ``history``, ``clock``, ``overdue`` or
    ``state``.
    """

    code: str
    seq: int | None = None
    clock: str | None = None
    field: str | None = None
    expected: str
    found: str

    def __str__(self) -> str:
        """Return one line for people."""
        place = [self.code]
        place += [f"event {self.seq}"] if self.seq is not None else []
        place += [f"clock {self.clock}"] if self.clock is not None else []
        place += [self.field] if self.field is not None else []
        return f"{', '.join(place)}: expected {self.expected}, found {self.found}"


def terms_of(process: str, events: Sequence[Written]) -> Sequence[Pins]:
    """Return the terms a process was opened under and all it was moved to, in order."""
    decider = decider_of(process)
    found: list[Pins] = []
    for written in events:
        if written.type in _TERMS or written.seq == 1:
            event = kernel.read_event(decider, written.type, written.body)
            found.append(Pins(**{name: getattr(event, name) for name in Pins.model_fields}))
    return found


_TERMS: Final = frozenset({TermsChanged.TYPE})


def export_process(
    process: Process,
    events: Sequence[Written],
    pack: Pack,
    calendar: Calendar,
    generated_at: datetime,
    later: Sequence[ExportTerms] = (),
) -> Export:
    """Make the export of a process from what the journal has of it: ``later`` are the terms it was moved to."""
    state: Case | Proceeding = process.state
    return Export(
        no=state.no,
        process=process.id,
        generated_at=generated_at,
        terms=ExportTerms(pack=pack, calendar=calendar),
        later=tuple(later),
        events=tuple(events),
        clocks=state.clocks,
    )


def verify(export: Export) -> list[Difference]:
    """Return all that does not agree, the first difference first; empty when all is right. Never raises.

    A broken chain ends the check: what follows the break is not the process's history.
    """
    found = [*_chain(export)]
    if found:
        return found
    events = [*_read(export)]
    if broken := [e for e in events if isinstance(e, Difference)]:
        return broken
    history = [(seq, event) for item in events if not isinstance(item, Difference) for seq, event in [item]]
    found += _terms(export, history)
    found += _clocks(export, history)
    found += _state(export)
    return found


# ---------------------------------------------------------------------------------------------------- chain and events


def _chain(export: Export) -> Iterator[Difference]:
    head = kernel.GENESIS
    if not export.events:
        yield Difference(code="chain", expected="events", found="none")
    for seq, event in enumerate(export.events, start=1):
        if event.seq != seq:
            yield Difference(code="chain", seq=seq, field="seq", expected=str(seq), found=str(event.seq))
            return
        wanted = kernel.chain(head, event.seq, event.type, event.at, event.body)
        if wanted != event.head:
            yield Difference(code="chain", seq=seq, field="head", expected=wanted, found=event.head)
            return
        head = event.head


def _read(export: Export) -> Iterator[tuple[int, Event] | Difference]:
    try:
        decider = decider_of(export.process)
    except KeyError:
        yield Difference(code="case", field="process", expected="a known kind of process", found=export.process)
        return
    for written in export.events:
        try:
            yield written.seq, kernel.read_event(decider, written.type, written.body)
        except KeyError:
            yield Difference(code="event", seq=written.seq, expected="a known type", found=written.type)
        except NewerRelease as error:
            yield Difference(code="event", seq=written.seq, expected="a release as new as the export", found=str(error))
        except ValidationError as error:
            place = ".".join(map(str, error.errors(include_url=False)[0]["loc"]))
            yield Difference(
                code="event", seq=written.seq, field=place, expected=written.type, found="a body that is no such event"
            )


# --------------------------------------------------------------------------------------------------------------- terms


def _terms(export: Export, history: Sequence[tuple[int, Event]]) -> Iterator[Difference]:
    opened = next(((seq, e) for seq, e in history if isinstance(e, Opened | Begun)), None)
    if opened is None:
        yield Difference(code="case", expected="an event that opens it", found="none")
        return
    seq, event = opened
    no = event.request if isinstance(event, Opened) else event.no
    about = (
        ("case", "no", no, export.no),
        ("case", "process", f"{export.process.partition('/')[0]}/{no}", export.process),
    )
    yield from (
        Difference(code=code, seq=seq, field=field, expected=expected, found=found)
        for code, field, expected, found in about
        if expected != found
    )
    yield from _pinned(seq, event, export.terms)
    moves = [(seq, e) for seq, e in history if isinstance(e, TermsChanged)]
    if len(moves) != len(export.later):
        yield Difference(code="case", field="later", expected=f"{len(moves)} terms", found=f"{len(export.later)}")
    for (at, moved), terms in zip(moves, export.later, strict=False):
        yield from _pinned(at, moved, terms)


def _pinned(seq: int, event: Any, terms: ExportTerms) -> Iterator[Difference]:
    """Compare the terms in the file with those that an event pinned."""
    pack, calendar = terms.pack, terms.calendar
    years = "cn:" + "+".join(year.version for year in calendar.years)
    pinned = (
        ("pack", "id", event.pack, pack.id),
        ("pack", "version", event.pack_version, pack.version),
        ("pack", "sha", event.pack_sha, pack_sha(pack)),
        ("calendar", "version", event.calendar, calendar.version),
        ("calendar", "years", event.calendar, years),
    )
    for code, field, expected, found in pinned:
        if expected != found:
            yield Difference(code=code, seq=seq, field=field, expected=expected, found=found)


# -------------------------------------------------------------------------------------------------------------- clocks

FOLLOWS: Final = ("due", "counted", "provisional", "yellow_at", "red_at")
"""What follows from the inputs of a clock."""

STAYS: Final = ("rule", "rule_version", "source", "limit", "nominal", "warn", "start", "calendar")
"""The inputs of a clock that stay while it runs."""

HANDLING: Final = ("handle", "redo", "handle_co", "redo_co")


class _Reckoning:
    """The clocks of a process and the terms they are counted by, as its events go by."""

    def __init__(self, export: Export) -> None:
        self.coming = [*export.later]
        self.running: dict[str, Clock] = {}
        self.stopped: set[str] = set()
        self.left: dict[str, int] = {}
        self.annulled: set[datetime] = set()
        self.take(export.terms)

    def take(self, terms: ExportTerms) -> None:
        """Count by these terms from now on."""
        self.terms = terms
        self.rules = {_rule_key(r) for r in _rules_of(terms.pack)}

    def moved(self, seq: int) -> None:
        """Take the next terms: every clock that runs has to be counted anew by them, at once."""
        if self.coming:
            self.take(self.coming.pop(0))
        self.left = {key: seq for key in self.running if key not in self.stopped}

    def left_behind(self) -> Iterator[Difference]:
        """Name the clocks that go on under the terms of before."""
        for key, seq in self.left.items():
            yield Difference(code="history", seq=seq, clock=key, expected="counted under the new terms", found="not")
        self.left = {}

    def set(self, seq: int, clock: Clock, why: str) -> Iterator[Difference]:
        """Compare a clock that was set with the terms of its time and with what it was before."""
        if _rule_key(clock) not in self.rules and not _named(self.terms.pack, clock):
            found = f"{clock.rule} {clock.rule_version}: {clock.limit}"
            yield Difference(code="rule", seq=seq, clock=clock.key, expected="a limit of the pack", found=found)
        if why in ANEW and clock.key not in self.left:
            yield Difference(code="history", seq=seq, clock=clock.key, expected="a change of terms", found=why)
        if why != "started":
            annulled = self.annulled if why == OVERTAKEN else frozenset[datetime]()
            stays = ("start",) if why in ANEW else STAYS
            yield from _goes_on(seq, self.running.get(clock.key), clock, annulled, stays)
        yield from _recomputed(self.terms, seq, clock)
        self.running[clock.key] = clock
        self.stopped.discard(clock.key)
        self.left.pop(clock.key, None)


ANEW: Final = frozenset({RECOUNTED, RESTATED})
"""Why a clock was set that a change of terms counted anew."""


def _clocks(export: Export, history: Iterable[tuple[int, Event]]) -> Iterator[Difference]:
    all_ = _Reckoning(export)
    for seq, event in history:
        match event:
            case TermsChanged():
                all_.moved(seq)
                continue
            case ActAnnulled(key=key, due=due):
                all_.annulled.add(due)
                all_.stopped.discard(key)
            case ClockSet(clock=clock, why=why):
                if why not in ANEW:
                    yield from all_.left_behind()
                yield from all_.set(seq, clock, why)
            case ClockStopped(key=key):
                all_.stopped.add(key)
                all_.left.pop(key, None)
            case OverdueReached(key=key, due=due):
                clock_due = all_.running[key].due if key in all_.running else None
                if clock_due != due:
                    yield _differs("overdue", seq, key, "due", clock_due, due)
            case _:
                pass
    yield from all_.left_behind()


def _recomputed(terms: ExportTerms, seq: int, clock: Clock) -> Iterator[Difference]:
    try:
        again = recompute(clock, terms.calendar, terms.pack.hours)
    except (ClockError, OverflowError) as error:
        yield Difference(
            code="clock", seq=seq, clock=clock.key, expected="a clock that can be counted", found=str(error)
        )
        return
    for field in FOLLOWS:
        if getattr(again, field) != getattr(clock, field):
            yield _differs("clock", seq, clock.key, field, getattr(again, field), getattr(clock, field))


def _goes_on(
    seq: int, before: Clock | None, clock: Clock, annulled: AbstractSet[datetime], stays: Sequence[str]
) -> Iterator[Difference]:
    """A clock keeps its inputs; pauses and extensions are only added, and only an open pause gets its end.

    An instant that a timer set and a decision ``annulled`` may lie earlier. ``stays``: the inputs that this change leaves alone.
    """
    if before is None:
        yield Difference(code="history", seq=seq, clock=clock.key, expected="a clock that was started", found="none")
        return
    for field in stays:
        if getattr(before, field) != getattr(clock, field):
            yield _differs("history", seq, clock.key, field, getattr(before, field), getattr(clock, field))
    if clock.extensions[: len(before.extensions)] != before.extensions:
        yield _differs("history", seq, clock.key, "extensions", before.extensions, clock.extensions)
    kept = [_kept(was, p, annulled) for was, p in zip(before.pauses, clock.pauses)]  # noqa: B905 - a dropped pause makes the lists differ
    if kept != [*before.pauses]:
        yield _differs("history", seq, clock.key, "pauses", before.pauses, clock.pauses)


def _kept(was: Pause, pause: Pause, annulled: AbstractSet[datetime]) -> Pause:
    """Return the pause as it was, if it only got its end or lost time that was annulled."""
    for field in ("start", "end"):
        old, new = getattr(was, field), getattr(pause, field)
        if (field == "end" and old is None) or (old in annulled and new is not None and new < old):
            pause = pause.model_copy(update={field: old})
    return pause


def _rules_of(pack: Pack) -> Iterator[ClockRule]:
    """Every rule a pack can give, for every class, type and grade."""
    yield pack.rule("return_window")
    yield from (pause_rule(pack, kind) for kind in pack.pauses)
    for triage in pack.triages:
        for step in pack.steps:
            if pack.has_step(step, triage):
                yield pack.rule(step, triage=triage)
        for kind in HANDLING:
            for case_type in pack.case_types:
                for grade in pack.grades:
                    try:
                        yield pack.rule(kind, triage=triage, case_type=case_type, grade=grade)
                    except PolicyError:
                        continue


def _named(pack: Pack, clock: Clock) -> bool:
    """Say whether the limit is one that a decision named: a day or an instant."""
    rule = named_rule(pack, clock)
    return rule is not None and _rule_key(rule) == _rule_key(clock)


def _rule_key(rule: ClockRule | Clock) -> tuple[Any, ...]:
    if isinstance(rule, Clock):
        return rule.rule, rule.rule_version, str(rule.limit), str(rule.nominal), rule.source, str(rule.warn)
    return rule.id, rule.version, str(rule.limit), str(rule.nominal), rule.source, str(rule.warn)


# --------------------------------------------------------------------------------------------------------------- state


def _state(export: Export) -> Iterator[Difference]:
    process = kernel.replay(decider_of(export.process), export.process, export.events)
    expected: Mapping[str, Running] = process.state.clocks
    last = _last_events(export.events)
    for key in {**expected, **export.clocks}:
        here, there = expected.get(key), export.clocks.get(key)
        if here is None or there is None:
            yield _differs("state", last.get(key), key, "clock", _presence(here), _presence(there))
            continue
        yield from (
            _differs("state", last.get(key), key, field, a, b) for field, a, b in _unequal(here.clock, there.clock)
        )
        yield from (
            _differs("state", last.get(key), key, field, a, b)
            for field, a, b in _unequal(here, there)
            if field != "clock"
        )


def _last_events(events: Sequence[Written]) -> dict[str, int]:
    """The last event of each clock."""
    return {e.body.get("key") or e.body["clock"]["key"]: e.seq for e in events if e.type in CLOCK_EVENTS}


CLOCK_EVENTS: Final = frozenset(
    {"clock_set", "clock_stopped", "warning_given", "overdue_reached", "overdue_annulled", "act_annulled"}
)


def _unequal(a: BaseModel, b: BaseModel) -> Iterator[tuple[str, Any, Any]]:
    for field in type(a).model_fields:
        if getattr(a, field) != getattr(b, field):
            yield field, getattr(a, field), getattr(b, field)


def _presence(running: Running | None) -> str:
    return "none" if running is None else "a clock"


def _differs(code: str, seq: int | None, key: str, field: str, expected: Any, found: Any) -> Difference:
    return Difference(code=code, seq=seq, clock=key, field=field, expected=_text(expected), found=_text(found))


def _text(value: Any) -> str:
    if isinstance(value, BaseModel):
        return value.model_dump_json()
    if isinstance(value, tuple):
        return "[" + ", ".join(map(_text, value)) + "]"
    return value.isoformat() if isinstance(value, datetime) else str(value)
