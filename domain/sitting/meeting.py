"""会中: who was there, the opinions 终诊 on the items, what is carried over, the minutes (M11, M24; domain.md 11.9)."""

from collections.abc import Sequence

from domain import keeping
from domain.agenda import ItemCarried, ItemDecided, item_of
from domain.guards import four_eyes, known_units, not_a_party
from domain.holding import ItemState, Verdict
from domain.measures.rules import ahead
from domain.proceeding import move_to, start
from domain.process import Context, Event, Refusal
from domain.sitting import commands as c
from domain.sitting import events as ev
from domain.sitting.convening import of_his_district, the_leader, wait_for_the_leader
from domain.sitting.state import Session
from domain.sitting.words import AGAIN, KIND, MINUTES, OPINION, RECORD, Kind, Stage


def sat(state: Session, _key: str, context: Context) -> Sequence[Event]:
    """The planned instant has come: the secretary is due to record it. His time begins when we noticed."""
    return start(state, RECORD, "session_minutes", context, at=context.recorded_at)


def record_attendance(state: Session, command: c.RecordAttendance, context: Context) -> Sequence[Event]:
    """Who was there. Every unit invited is in exactly one of the lists, and no other."""
    of_his_district(context, state.district)
    if state.at is None or context.judged_at < state.at:
        raise Refusal("session_not_due", at=state.at.isoformat() if state.at else "-")
    named = (*command.present, *command.deputies, *command.absent)
    wrong = sorted({u for u in (*named, *state.invitations) if u not in state.invitations or named.count(u) != 1})
    if wrong:
        raise Refusal("attendance_incomplete", units=wrong)
    return [
        ev.AttendanceRecorded(
            by=context.actor.user, present=command.present, deputies=command.deputies, absent=command.absent
        ),
        *keeping.stop(state, RECORD, context),
        *start(state, MINUTES, "session_minutes", context),
        move_to(Stage.held),
    ]


# ------------------------------------------------------------------------------------------------------------ opinions 终诊


def give_opinion(state: Session, command: c.GiveOpinion, context: Context) -> Sequence[Event]:
    """The leader decides, or the secretary writes down what he decided. A new one takes the place of one not signed yet."""
    item = item_of(state, command.item, ItemState.reserved)
    if state.kind is Kind.duty_meeting and command.lead is None:
        raise Refusal("owner_needed", item=item.id)
    himself = context.actor.role == "session_leader"
    if himself:
        the_leader(state, context)
        not_a_party(context, item.unit)
    else:
        of_his_district(context, state.district)
    given = _opinion(command, context)
    answered = keeping.stop(state, f"{AGAIN}/{item.id}", context)
    if himself:
        stopped = keeping.stop(state, f"{OPINION}/{item.id}", context)
        return [given, *answered, *stopped, *_sign(state, item.id, given.verdict, context)]
    return [given, *answered, *wait_for_the_leader(state, item.id, context)]


def _opinion(command: c.GiveOpinion, context: Context) -> ev.OpinionGiven:
    known_units(context, command.lead, *command.co, *command.measure_units)
    if command.co and command.lead is None:
        raise Refusal("co_without_lead")
    named = (command.lead, *command.co)
    for unit in command.co:
        if named.count(unit) > 1:
            raise Refusal("unit_named_twice", unit=unit)
    for measure in command.measures:
        ahead(context, measure.due, *(m.due for m in measure.milestones))
        for milestone in measure.milestones:
            if milestone.due > measure.due:
                raise Refusal("milestone_after_due", due=milestone.due.isoformat())
    verdict = Verdict(
        lead=command.lead, co=command.co, no_return=True, basis=command.basis, extra_days=command.extra_days
    )
    measures = tuple(ev.Planned.model_validate(m.model_dump()) for m in command.measures)
    return ev.OpinionGiven(item=command.item, by=context.actor.user, verdict=verdict, measures=measures)


def confirm_opinion(state: Session, command: c.ConfirmOpinion, context: Context) -> Sequence[Event]:
    """The leader puts his name to it. Days that have passed meanwhile are for him to name anew."""
    item = item_of(state, command.item)
    the_leader(state, context)
    opinion = state.pending(item.id)
    if opinion is None:
        raise Refusal("no_opinion_pending", item=item.id)
    four_eyes(context, opinion.by)
    not_a_party(context, item.unit)
    ahead(context, *(m.due for m in opinion.measures), *(s.due for m in opinion.measures for s in m.milestones))
    stopped = keeping.stop(state, f"{OPINION}/{item.id}", context)
    return [*stopped, *_sign(state, item.id, opinion.verdict, context)]


def _sign(state: Session, item: str, verdict: Verdict, context: Context) -> Sequence[Event]:
    by = context.actor.user
    signed = ev.OpinionSigned(item=item, by=by, first=len(state.measures) + 1)
    return [signed, ItemDecided(item=item, by=by, verdict=verdict)]


# -------------------------------------------------------------------------------------------------- what was not reached


def carry_over(state: Session, command: c.CarryOver, context: Context) -> Sequence[Event]:
    """Another session decides it; that one asks the holder in place of this one."""
    of_his_district(context, state.district)
    item = item_of(state, command.item, ItemState.reserved)
    if command.to == f"{KIND}/{state.no}":
        raise Refusal("same_session", session=command.to)
    return [ItemCarried(item=item.id, by=context.actor.user, to=command.to)]


def carry_refused(state: Session, command: c.CarryRefused, context: Context) -> Sequence[Event]:
    """The other session does not take it: it is to be decided here, also when all else was done."""
    item = item_of(state, command.item)
    if item.state is not ItemState.carried:
        return ()
    back: list[Event] = [ev.CarryNotTaken(item=item.id, code=command.code)]
    if state.stage == Stage.held:
        return back
    back += start(state, f"{AGAIN}/{item.id}", "session_minutes", context)
    return [*back, move_to(Stage.minuted)] if state.stage != Stage.minuted else back


def record_minutes(state: Session, command: c.RecordMinutes, context: Context) -> Sequence[Event]:
    """The meeting is over: every item has an opinion, or another way."""
    of_his_district(context, state.district)
    if state.left:
        raise Refusal("items_left", items=[i.id for i in state.left])
    return [
        ev.MinutesRecorded(by=context.actor.user, minutes=command.minutes),
        *keeping.stop(state, MINUTES, context),
        move_to(Stage.minuted),
    ]
