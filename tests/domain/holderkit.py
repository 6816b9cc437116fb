"""A holder of matters and nothing else: the other end of ``domain.holding``, to test processes that decide on others' matters.

It keeps the protocol as a case does: one process at a time, a process may take the place of the one it stands in for, what comes
too late is refused, and a question that is settled another way (``designate``) overtakes whoever had it.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, ClassVar

from pydantic import Field

from domain.holding import (
    ApplyDecision,
    Hold,
    ReleaseMatter,
    ReserveMatter,
    Verdict,
    confirm,
    confirm_applied,
    overtaken,
)
from domain.proceeding import Begun, Opening, Parts, Proceeding, begun, decider, opened, todo
from domain.process import NEW, Code, Command, Context, Decider, Effect, Event, Refusal, Todo

HAS = {"unit": "parks", "district": "east", "catalogue_item": "lamp"}
"""What the holder says of its matters: who has it now, where it belongs, what it falls under."""


class Open(Opening):
    """A holder begins, and may hold matters for processes it is about to begin itself."""

    holds: tuple[Hold, ...] = ()


class Settle(Command):
    """Its question is settled another way."""

    NAME: ClassVar[str] = "designate"
    matter: Code = "m1"


class DeskOpened(Begun):
    """A holder began."""

    TYPE: ClassVar[str] = "desk_opened"
    holds: tuple[Hold, ...] = ()


class DeskHolds(Event):
    """A matter is held for a process."""

    TYPE: ClassVar[str] = "desk_holds"
    hold: Hold


class DeskLetGo(Event):
    """A matter is free."""

    TYPE: ClassVar[str] = "desk_let_go"
    matter: str


class DeskApplied(Event):
    """A decision holds."""

    TYPE: ClassVar[str] = "desk_applied"
    hold: Hold
    verdict: Verdict


class DeskSettled(Event):
    """A question was settled another way."""

    TYPE: ClassVar[str] = "desk_settled"
    matter: str
    was: Hold | None = None


class Desk(Proceeding):
    """What it holds for whom, what was applied, what is settled."""

    holds: dict[str, Hold] = Field(default_factory=dict)
    applied: tuple[Verdict, ...] = ()
    settled: frozenset[str] = frozenset()


def reserve(state: Desk, command: ReserveMatter, _context: Context) -> Sequence[Event]:
    """Hold the matter, unless it is settled or another process has it."""
    matter = command.matter or "m1"
    if matter in state.settled:
        raise Refusal("case_closed", case=state.no)
    held = state.holds.get(matter)
    if held is not None and held.process not in {command.process, command.instead_of}:
        raise Refusal("matter_reserved", matter=matter, process=held.process)
    return [DeskHolds(hold=Hold(process=command.process, item=command.item, matter=matter))]


def release(state: Desk, command: ReleaseMatter, _context: Context) -> Sequence[Event]:
    """Let it go; what is not held for that process was let go before."""
    hold = _held(state, command.process, command.item)
    return [] if hold is None else [DeskLetGo(matter=hold.matter or "m1")]


def apply_decision(state: Desk, command: ApplyDecision, _context: Context) -> Sequence[Event]:
    """Apply what was decided, once."""
    hold = _held(state, command.process, command.item)
    if hold is None:
        raise Refusal("not_reserved", process=command.process)
    return [DeskApplied(hold=hold, verdict=command.verdict)]


def settle(state: Desk, command: Settle, _context: Context) -> Sequence[Event]:
    """Settle the question; who had it is told."""
    return [DeskSettled(matter=command.matter, was=state.holds.get(command.matter))]


def _held(state: Desk, process: str, item: str) -> Hold | None:
    return next((h for h in state.holds.values() if (h.process, h.item) == (process, item)), None)


def _free(state: Desk, matter: str | None, **update: Any) -> Desk:
    holds = {m: h for m, h in state.holds.items() if m != matter}
    return state.model_copy(update={"holds": holds, **update})


def _todos(state: Desk) -> Sequence[Todo]:
    return [todo(state, "owner", "city_centre", "designate")]


def _holds(state: Desk, e: DeskHolds) -> Sequence[Effect]:
    return confirm(e.hold, case=state.no, **HAS)


def _opened(state: Desk, e: DeskOpened, at: datetime) -> Any:
    return opened(state, e, at, stage="holding", holds={h.matter or "m1": h for h in e.holds})


def open_desk(_state: Desk, command: Open, context: Context) -> Sequence[Event]:
    """Begin."""
    return [DeskOpened(**begun(command, context), holds=command.holds)]


_ANY = frozenset({"holding"})
HOLDER: Decider = decider(
    Parts(
        kind="case",
        state=Desk,
        commands=(Open, ReserveMatter, ReleaseMatter, ApplyDecision, Settle),
        events=(DeskOpened, DeskHolds, DeskLetGo, DeskApplied, DeskSettled),
        table=(
            ("open", frozenset({NEW}), open_desk, True),
            ("reserve_matter", _ANY, reserve, True),
            ("release_matter", _ANY, release, True),
            ("apply_decision", _ANY, apply_decision, True),
            ("designate", _ANY, settle, False),
        ),
        changes={
            DeskOpened.TYPE: _opened,
            DeskHolds.TYPE: lambda s, e, _at: s.model_copy(
                update={"holds": {**s.holds, e.hold.matter or "m1": e.hold}}
            ),
            DeskLetGo.TYPE: lambda s, e, _at: _free(s, e.matter),
            DeskApplied.TYPE: lambda s, e, _at: _free(
                s, e.hold.matter, applied=(*s.applied, e.verdict), settled=s.settled | {e.hold.matter}
            ),
            DeskSettled.TYPE: lambda s, e, _at: _free(s, e.matter, settled=s.settled | {e.matter}),
        },
        todos=_todos,
        over=frozenset(),
        effects={
            DeskHolds.TYPE: _holds,
            DeskApplied.TYPE: lambda _s, e: confirm_applied(e.hold),
            DeskSettled.TYPE: lambda _s, e: overtaken(e.was, "matter_settled") if e.was is not None else (),
        },
    )
)
