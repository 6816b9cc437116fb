"""吹哨报到: units are called, each comes or says why not; the large ring names the lead as well."""

from collections.abc import Sequence

from domain import keeping
from domain.proceeding import start
from domain.process import Context, Event, Refusal
from domain.ringing import events as ev
from domain.ringing.commands import NameLead, RefuseReportIn, ReportIn, WhistleUnits
from domain.ringing.guards import at_this_level, called, convening, each_once, known_units
from domain.ringing.state import RingState
from domain.ringing.words import LEAD, REPORT, SURVEY, UNITS


def whistle_units(state: RingState, command: WhistleUnits, context: Context) -> Sequence[Event]:
    """Call units. Whoever reported up is on the case already; one that refused may be called again."""
    convening(state, command, context)
    for unit in command.units:
        if unit == state.reporter:
            raise Refusal("same_unit", unit=unit)
        before = state.called.get(unit)
        if before is not None and before.refused_at is None:
            raise Refusal("already_whistled", unit=unit)
    return _call(state, command.units, None, command.note, context)


def name_lead(state: RingState, command: NameLead, context: Context) -> Sequence[Event]:
    """Name the lead and call it in with the others; those who were called before are not called again."""
    convening(state, command, context)
    if state.goes_up and command.lead == state.reporter:
        raise Refusal("no_return_down", unit=command.lead)
    each_once((command.lead, *command.units))
    known_units(context, command.lead)
    new = [u for u in (command.lead, *command.units) if u != state.reporter and _callable(state, u)]
    return [
        *_call(state, new, command.lead, command.note, context),
        *keeping.stop(state, LEAD, context),
    ]


def report_in(state: RingState, command: ReportIn, context: Context) -> Sequence[Event]:
    """Record the arrival of a unit that was called, also of one that had refused."""
    at_this_level(state, command)
    unit = called(state, command.unit)
    if unit.reported_at is not None:
        raise Refusal("already_reported_in", unit=unit.unit)
    arrived = ev.RingUnitReportedIn(level=state.level, by=context.actor.user, unit=unit.unit, note=command.note)
    return [arrived, *keeping.stop(state, f"{REPORT}/{unit.unit}", context)]


def refuse_report_in(state: RingState, command: RefuseReportIn, context: Context) -> Sequence[Event]:
    """Record that a unit does not come, and why. That is no arrival: its clock ends without having been met."""
    at_this_level(state, command)
    unit = called(state, command.unit)
    if not unit.awaited:
        raise Refusal("not_awaited", unit=unit.unit)
    refused = ev.RingUnitRefused(level=state.level, by=context.actor.user, unit=unit.unit, reason=command.reason)
    return [refused, *keeping.stop(state, f"{REPORT}/{unit.unit}", context, met=None)]


def _callable(state: RingState, unit: str) -> bool:
    before = state.called.get(unit)
    return before is None or before.refused_at is not None


def _call(
    state: RingState, units: Sequence[str], lead: str | None, note: str | None, context: Context
) -> Sequence[Event]:
    known_units(context, *units)
    each_once(units)
    events: list[Event] = [
        ev.RingUnitsWhistled(level=state.level, by=context.actor.user, units=tuple(units), lead=lead, note=note),
        *keeping.stop(state, UNITS, context),
    ]
    for unit in units:
        events += start(state, f"{REPORT}/{unit}", "report_in", context)
    if state.spec.survey_due and not state.surveys and state.clock(SURVEY) is None:
        events += start(state, SURVEY, "site_survey", context)
    return events
