"""What other processes tell a ring. Each may come late or twice; nothing of it is ever refused."""

from collections.abc import Sequence

from domain.agenda import ItemOvertaken
from domain.holding import LIVE
from domain.process import Context, Event
from domain.ringing import events as ev
from domain.ringing.commands import CaseOver, MeasureEnded, SessionRefused, UnitFinished
from domain.ringing.measures import SESSION
from domain.ringing.state import RingState

MEASURE: str = "measure/"


def session_refused(state: RingState, command: SessionRefused, context: Context) -> Sequence[Event]:
    """The session does not take the matter: the secretary has it again."""
    del context
    process = SESSION + command.session.removeprefix(SESSION)
    if state.hold is None or state.hold.process != process or state.hold.item:
        return ()
    return [ev.RingSessionRefused(process=process, code=command.code)]


def unit_finished(state: RingState, command: UnitFinished, context: Context) -> Sequence[Event]:
    """The case has accepted the result of a unit, or wants none of it any more."""
    del context
    return () if command.unit in state.finished else [ev.RingUnitFinished(unit=command.unit)]


def case_over(state: RingState, command: CaseOver, context: Context) -> Sequence[Event]:
    """The case is closed, or all work on it is done and its callers are called. A question still open here is overtaken by that."""
    del context
    if state.case_over is not None:
        return ()
    item = state.item
    overtaken = [ItemOvertaken(item=item.id, code=command.code)] if item and item.state in LIVE else []
    return [ev.RingCaseOver(code=command.code), *overtaken]


def measure_ended(state: RingState, command: MeasureEnded, context: Context) -> Sequence[Event]:
    """A measure of the plan has ended."""
    del context
    measure = MEASURE + command.measure.removeprefix(MEASURE)
    if measure not in state.measures or state.measures[measure] is not None:
        return ()
    return [ev.RingMeasureEnded(measure=measure, outcome=command.outcome)]
