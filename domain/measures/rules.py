"""The rules of a measure, from the ledger to the strike-off (domain.md 11.13; M24, M31, M32)."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from domain import keeping
from domain.calendar import local_day
from domain.guards import four_eyes, known_units, not_a_party
from domain.measures import commands as c
from domain.measures import events as ev
from domain.measures.state import Measure
from domain.measures.words import Outcome, Stage
from domain.proceeding import begun, move_to, start
from domain.process import Context, Event, Refusal, UnitFact

NO_DAYS = timedelta()


def ahead(context: Context, *days: date) -> None:
    """Refuse with ``date_not_ahead`` a day that is not after today, or beyond what anybody plans."""
    today = local_day(context.now)
    for day in days:
        if not NO_DAYS < day - today <= timedelta(days=keeping.MOST_DAYS):
            raise Refusal("date_not_ahead", due=day.isoformat())


# ----------------------------------------------------------------------------------------------------------- 入账 the ledger


def open_measure(state: Measure, command: c.OpenMeasure, context: Context) -> Sequence[Event]:
    """A session or a ring orders it. Its dates were judged there: what was under way is not refused for our delay."""
    steps = tuple(ev.Step(id=f"m{n}", what=m.what, due=m.due) for n, m in enumerate(command.milestones, start=1))
    listed = ev.MeasureListed(
        **begun(command, context),
        unit=command.unit,
        what=command.what,
        due=command.due,
        origin=command.origin,
        case=command.case,
        milestones=steps,
    )
    return [listed, *_clocks(state, command.due, steps, context)]


def enter_measure(state: Measure, command: c.EnterMeasure, context: Context) -> Sequence[Event]:
    """A person enters it."""
    known_units(context, command.unit)
    unit = context.facts.units[command.unit]
    district = _district(unit)
    if context.actor.role == "district_centre" and context.actor.district != district:
        raise Refusal("not_your_district", district=district or "-")
    if command.case is not None and command.case not in context.facts.cases:
        raise Refusal("unknown_case", case=command.case)
    ahead(context, command.due)
    opening: dict[str, Any] = {**begun(command, context), "district": district}
    listed = ev.MeasureListed(
        **opening,
        unit=command.unit,
        what=command.what,
        due=command.due,
        case=command.case,
        nature=command.nature,
        place=command.place,
    )
    return [listed, *_clocks(state, command.due, (), context)]


def _district(unit: UnitFact) -> str | None:
    return unit.code if unit.level == "district" and unit.district is None else unit.district


def _clocks(state: Measure, due: date, steps: Sequence[ev.Step], context: Context) -> Sequence[Event]:
    return [
        *start(state, "accept", "measure_accept", context),
        *keeping.until_day(state, "due", due, context),
        *(event for step in steps for event in keeping.until_day(state, f"milestone/{step.id}", step.due, context)),
    ]


# ---------------------------------------------------------------------------------------------------------- 整改 the unit


def accept_measure(state: Measure, command: c.AcceptMeasure, context: Context) -> Sequence[Event]:
    """The unit takes it over, the first time or after a rebound."""
    stage = Stage.assigned if state.stage == Stage.listed else Stage.rectifying
    accepted = ev.MeasureAccepted(by=context.actor.user, plan=command.plan)
    return [accepted, *keeping.stop(state, "accept", context), move_to(stage)]


def report_milestone(state: Measure, command: c.ReportMilestone, context: Context) -> Sequence[Event]:
    """A milestone is reached: its clock stops."""
    milestone = state.milestones.get(command.milestone)
    if milestone is None:
        raise Refusal("unknown_milestone", milestone=command.milestone)
    if milestone.reported_at is not None:
        raise Refusal("milestone_reported", milestone=milestone.id)
    reported = ev.MilestoneReported(
        milestone=milestone.id, by=context.actor.user, report=command.report, documents=command.documents
    )
    onward = [move_to(Stage.rectifying)] if state.stage == Stage.assigned else []
    return [reported, *keeping.stop(state, f"milestone/{milestone.id}", context), *onward]


def self_check(state: Measure, command: c.SelfCheck, context: Context) -> Sequence[Event]:
    """The unit is done: its clock stands still while others look (§18: a unit's clock stops when it has handed in)."""
    if state.left:
        raise Refusal("milestones_left", milestones=[m.id for m in state.left])
    checked = ev.MeasureSelfChecked(by=context.actor.user, evidence=command.evidence, documents=command.documents)
    return [
        checked,
        *keeping.hold(state, "due", "verifying", context),
        *start(state, "verify", "measure_verify", context),
        move_to(Stage.self_checked),
    ]


# --------------------------------------------------------------------------------------------------- 核验、销号 other eyes


def verify_measure(state: Measure, command: c.VerifyMeasure, context: Context) -> Sequence[Event]:
    """Somebody who handled nothing of it, and is not of the unit, has looked. Not met: the unit goes on with what time it had."""
    not_a_party(context, state.unit)
    four_eyes(context, *state.handlers)
    verified = ev.MeasureVerified(
        by=context.actor.user, met=command.met, note=command.note, documents=command.documents
    )
    events: list[Event] = [verified, *keeping.stop(state, "verify", context)]
    if command.met:
        return [*events, *start(state, "strike_off", "measure_verify", context), move_to(Stage.verified)]
    return [*events, *_back(state, context)]


def strike_off(state: Measure, command: c.StrikeOff, context: Context) -> Sequence[Event]:
    """A third person, or a reason why not. What was struck off is looked back at for a while (``measure_rebound``)."""
    not_a_party(context, state.unit)
    four_eyes(context, *state.handlers, state.verified.by if state.verified else None)
    stopped = keeping.stop(state, "strike_off", context)
    if not command.approve:
        if command.reason is None:
            raise Refusal("reason_needed")
        return [ev.StrikeOffDenied(by=context.actor.user, reason=command.reason), *stopped, *_back(state, context)]
    return [
        ev.MeasureStruckOff(by=context.actor.user, reason=command.reason),
        *stopped,
        *keeping.stop(state, "due", context),
        *start(state, "rebound", "measure_rebound", context),
        move_to(Stage.struck_off),
    ]


def _back(state: Measure, context: Context) -> Sequence[Event]:
    return [*keeping.release(state, "due", context, "not_met"), move_to(Stage.rectifying)]


def report_rebound(state: Measure, command: c.ReportRebound, context: Context) -> Sequence[Event]:
    """It has come back: the unit has to accept it anew, until another day."""
    ahead(context, command.due)
    rebounded = ev.MeasureRebounded(
        by=context.actor.user, note=command.note, due=command.due, documents=command.documents
    )
    return [
        rebounded,
        *keeping.stop(state, "rebound", context, met=None),
        *start(state, "accept", "measure_accept", context),
        *keeping.until_day(state, "due", command.due, context),
        move_to(Stage.rebounded),
    ]


# --------------------------------------------------------------------------------------------------- 改期、督办、终止


def amend_measure(state: Measure, command: c.AmendMeasure, context: Context) -> Sequence[Event]:
    """Another day: a clock of its own, so that the ledger keeps the old one, and whether it was missed."""
    if context.actor.role != "city_office" and context.actor.user != state.by:
        raise Refusal("not_who_entered", by=state.by)
    if state.due is None or command.due == state.due:
        raise Refusal("same_date", due=command.due.isoformat())
    ahead(context, command.due)
    return [
        ev.MeasureAmended(by=context.actor.user, was=state.due, due=command.due, reason=command.reason),
        *keeping.stop(state, "due", context, met=None),
        *keeping.until_day(state, "due", command.due, context, again=True),
    ]


def supervise_measure(state: Measure, command: c.SuperviseMeasure, context: Context) -> Sequence[Event]:
    """Put the unit under supervision for a day it has missed. That matter and level have one supervision at a time."""
    not_a_party(context, state.unit)
    if not state.late:
        raise Refusal("not_overdue", measure=state.no)
    k = len(state.supervisions) + 1
    process = f"supervision/{matter_of(state.no)}/{command.level}/{state.no}-{k}"
    return [ev.MeasureSupervised(process=process, level=command.level, by=context.actor.user, note=command.note)]


def matter_of(no: str) -> str:
    """Return the matter under which a measure is supervised."""
    return f"measure.{no}"


def supervision_refused(state: Measure, command: c.SupervisionRefused, _context: Context) -> Sequence[Event]:
    """It did not begin: the supervisor has it again, unless it is under supervision already."""
    known = any(s.process == command.process and s.refused is None for s in state.supervisions)
    return [ev.MeasureNotSupervised(process=command.process, code=command.code)] if known else ()


def give_up_measure(state: Measure, command: c.GiveUpMeasure, context: Context) -> Sequence[Event]:
    """It is over and not met. Nobody of the unit says so."""
    not_a_party(context, state.unit)
    return [
        ev.MeasureGivenUp(by=context.actor.user, reason=command.reason),
        *keeping.stop_all(state, "", context),
        ev.MeasureConcluded(outcome=Outcome.given_up),
        move_to(Stage.given_up),
    ]


def follow(state: Measure, _context: Context) -> Sequence[Event]:
    """When nobody has seen it come back in time, what was struck off is over."""
    if state.stage != Stage.struck_off or state.running("rebound") is not None:
        return ()
    return [ev.MeasureConcluded(outcome=Outcome.struck_off), move_to(Stage.closed)]
