"""What a ring does to find the way out: survey, consultation, ruling, supervision, joint team, plan, session, standing meeting."""

from collections.abc import Sequence

from domain import keeping
from domain.calendar import local_day
from domain.process import Context, Event, Refusal
from domain.ringing import events as ev
from domain.ringing.commands import (
    AskRuling,
    AskSession,
    EnterSession,
    FormTaskForce,
    ListSupervision,
    RecordSurvey,
    ReferStandingMeeting,
    SetPlan,
    StartConsultation,
)
from domain.ringing.guards import (
    at_this_level,
    convening,
    each_once,
    known_units,
    question,
    recusal,
    unreserved,
)
from domain.ringing.state import RingState
from domain.ringing.words import SURVEY

SESSION: str = "session/"


def record_survey(state: RingState, command: RecordSurvey, context: Context) -> Sequence[Event]:
    """现场勘查: record what was seen, and who was there. Every survey has its number."""
    convening(state, command, context, force=True)
    each_once(command.units)
    known_units(context, *command.units)
    surveyed = ev.RingSurveyed(
        level=state.level,
        by=context.actor.user,
        n=state.surveys + 1,
        findings=command.findings,
        documents=command.documents,
        units=command.units,
    )
    return [surveyed, *keeping.stop(state, SURVEY, context)]


def start_consultation(state: RingState, command: StartConsultation, context: Context) -> Sequence[Event]:
    """集中会商: the question is reserved for the consultation from here on."""
    convening(state, command, context)
    question(state)
    unreserved(state)
    each_once(command.candidates)
    known_units(context, *command.candidates)
    return [
        ev.RingConsultationStarted(
            level=state.level,
            by=context.actor.user,
            process=state.beside(f"consultation/{state.dotted}"),
            candidates=command.candidates,
            question=command.question,
        )
    ]


def ask_ruling(state: RingState, command: AskRuling, context: Context) -> Sequence[Event]:
    """提请明责: the question is reserved for the adjudication from here on."""
    convening(state, command, context)
    question(state)
    unreserved(state)
    each_once(command.candidates)
    known_units(context, *command.candidates)
    return [
        ev.RingRulingAsked(
            level=state.level,
            by=context.actor.user,
            process=state.beside(f"adjudication/{state.dotted}"),
            parties=command.candidates,
            question=command.question,
        )
    ]


def list_supervision(state: RingState, command: ListSupervision, context: Context) -> Sequence[Event]:
    """挂牌督办 of a unit for this matter. Where the matter is listed already, that one stands."""
    convening(state, command, context)
    known_units(context, command.unit)
    return [
        ev.RingSupervisionListed(
            level=state.level,
            by=context.actor.user,
            process=state.beside(f"supervision/{state.key}/listed/{state.dotted}"),
            unit=command.unit,
            note=command.note,
        )
    ]


def form_task_force(state: RingState, command: FormTaskForce, context: Context) -> Sequence[Event]:
    """专班: form the joint team, or form it anew. Somebody has one role in it only, but the lead may also be one of the three."""
    convening(state, command, context)
    each_once((command.lead, *command.members))
    special = (command.territory, command.industry, command.firm)
    each_once([u for u in special if u is not None])
    known_units(context, command.lead, *command.members, *special)
    return [
        ev.RingTaskForceFormed(
            level=state.level,
            by=context.actor.user,
            lead=command.lead,
            members=command.members,
            territory=command.territory,
            industry=command.industry,
            firm=command.firm,
            task=command.task,
        )
    ]


def set_plan(state: RingState, command: SetPlan, context: Context) -> Sequence[Event]:
    """制定措施: a measure begins, with a date ahead (``date_not_ahead``)."""
    convening(state, command, context, force=True)
    known_units(context, command.unit)
    if not 0 < (command.due - local_day(context.now)).days <= keeping.MOST_DAYS:
        raise Refusal("date_not_ahead", due=command.due.isoformat())
    return [
        ev.RingMeasureSet(
            level=state.level,
            by=context.actor.user,
            process=state.beside(f"measure/{state.dotted}"),
            unit=command.unit,
            what=command.what,
            due=command.due,
        )
    ]


def ask_session(state: RingState, command: AskSession, context: Context) -> Sequence[Event]:
    """提请领导坐诊: from here on the secretary has it as a todo."""
    convening(state, command, context)
    question(state)
    unreserved(state)
    if state.asked_session is not None:
        raise Refusal("session_asked_already")
    asked = ev.RingSessionAsked(level=state.level, by=context.actor.user, session=state.spec.session, note=command.note)
    return [asked]


def enter_session(state: RingState, command: EnterSession, context: Context) -> Sequence[Event]:
    """Propose the matter to a session. It is kept for that session until this one asks for it, refuses, or lets it go."""
    at_this_level(state, command)
    question(state)
    unreserved(state)
    process = SESSION + command.session.removeprefix(SESSION)
    return [ev.RingSessionEntered(level=state.level, by=context.actor.user, process=process)]


def refer_standing_meeting(state: RingState, command: ReferStandingMeeting, context: Context) -> Sequence[Event]:
    """提请市政府常务会议, once; not while another process is about to decide."""
    convening(state, command, context)
    recusal(state, context)
    question(state)
    unreserved(state)
    if state.standing is not None:
        raise Refusal("at_standing_meeting")
    return [ev.RingStandingReferred(level=state.level, by=context.actor.user, reason=command.reason)]
