"""落实: measures end, what was not met is supervised, the leader notes what he reads, the session closes (M31; domain.md 11.9)."""

from collections.abc import Sequence

from domain import keeping
from domain.guards import not_a_party
from domain.measures.commands import MeasureEnded, SupervisionRefused
from domain.measures.rules import matter_of
from domain.proceeding import move_to, subject_of, what
from domain.process import Context, Event, Refusal
from domain.sitting import commands as c
from domain.sitting import events as ev
from domain.sitting.convening import the_leader
from domain.sitting.state import Session
from domain.sitting.words import AGAIN, OPINION, Stage

REFUSED = "refused"
"""The outcome of a measure that never began."""
LEVEL = "supervise"


def note_execution(state: Session, command: c.NoteExecution, context: Context) -> Sequence[Event]:
    """The leader's note on one measure, or on all."""
    the_leader(state, context)
    if command.measure is not None and command.measure not in state.measures:
        raise Refusal("unknown_measure", measure=command.measure)
    return [ev.ExecutionNoted(by=context.actor.user, note=command.note, measure=command.measure)]


def measure_ended(state: Session, command: MeasureEnded, _context: Context) -> Sequence[Event]:
    """A measure is over. Told twice, the first word stands."""
    return _ended(state, command.measure, command.outcome)


def measure_refused(state: Session, command: c.MeasureRefused, _context: Context) -> Sequence[Event]:
    """A measure never began: it is not met."""
    return _ended(state, command.measure, REFUSED, command.code)


def _ended(state: Session, measure: str, outcome: str, code: str | None = None) -> Sequence[Event]:
    found = state.measures.get(measure)
    if found is None or found.outcome is not None:
        return ()
    return [ev.OrderedMeasureEnded(measure=measure, outcome=outcome, code=code)]


def supervise_item(state: Session, command: c.SuperviseItem, context: Context) -> Sequence[Event]:
    """Not met → supervision (domain.md 11.9). Nobody supervises his own unit."""
    measure = state.measures.get(command.measure)
    if measure is None or not measure.unmet:
        raise Refusal("nothing_to_supervise", measure=command.measure)
    not_a_party(context, measure.unit)
    no = f"{state.no.replace('/', '.')}.{measure.k}-{len(measure.supervisions) + 1}"
    matter = matter_of(measure.process.removeprefix("measure/"))
    process = f"supervision/{matter}/{LEVEL}/{no}"
    return [ev.ItemSupervised(measure=measure.process, process=process, by=context.actor.user, note=command.note)]


def supervision_refused(state: Session, command: SupervisionRefused, _context: Context) -> Sequence[Event]:
    """It did not begin. One that is under supervision already needs no second one; any other is the supervisor's again."""
    known = any(m.supervisions[-1:] == (command.process,) and m.refused is None for m in state.measures.values())
    return [ev.ItemNotSupervised(process=command.process, code=command.code)] if known else ()


def follow(state: Session, context: Context) -> Sequence[Event]:
    """Clocks of items that wait for nobody stop; when all opinions are signed they are executed; when that is done it is over."""
    idle = [event for key in _idle(state) for event in keeping.stop(state, key, context, met=None)]
    if idle:
        return idle
    if state.stage == Stage.minuted and not state.live:
        return [move_to(Stage.executing)]
    if state.stage == Stage.executing and state.done:
        return [move_to(Stage.closed)]
    return ()


def _idle(state: Session) -> Sequence[str]:
    """Clocks that run for an item which has been decided, let go or overtaken meanwhile."""
    waiting = {OPINION: {i.id for i in state.waiting}, AGAIN: {i.id for i in state.left}}
    return [
        f"{what(key)}/{subject_of(key)}"
        for key, running in state.clocks.items()
        if running.stopped_at is None and what(key) in waiting and subject_of(key) not in waiting[what(key)]
    ]
