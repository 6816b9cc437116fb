"""筹备: a session is scheduled, gets its leader and its matters, is called, postponed or cancelled (M11, M24, M31)."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from domain import agenda, keeping
from domain.agenda import ItemDropped, ItemProposed, item_of
from domain.guards import known_units
from domain.holding import LIVE, ItemState
from domain.proceeding import begun, move_to
from domain.process import Context, Event, Refusal
from domain.sitting import commands as c
from domain.sitting import events as ev
from domain.sitting.state import Session
from domain.sitting.words import ADJUDICATION, OPINION, RECORD, SITTING, Kind, SessionLevel, Stage

FARTHEST: Final = timedelta(days=366)
"""So far ahead a session may be planned (our default): what lies beyond a year is a slip of the pen."""

MOST_ITEMS: Final = 100


def at_ahead(context: Context, at: datetime) -> None:
    """Refuse with ``instant_not_ahead`` an instant that has passed, or is more than a year away."""
    if not context.judged_at < at <= context.now + FARTHEST:
        raise Refusal("instant_not_ahead", at=at.isoformat())


def of_his_district(context: Context, district: str | None) -> None:
    """Refuse with ``not_your_district`` one who acts for another district. The city's own people act everywhere."""
    if context.actor.district not in {None, district}:
        raise Refusal("not_your_district", district=district or "-")


def the_leader(state: Session, context: Context) -> None:
    """Refuse with ``not_the_leader`` anybody but the one who sits."""
    if context.actor.user != state.leader:
        raise Refusal("not_the_leader", leader=state.leader or "-")


# ----------------------------------------------------------------------------------------------------------- opening


def schedule_session(state: Session, command: c.ScheduleSession, context: Context) -> Sequence[Event]:
    """A secretary opens it."""
    at_ahead(context, command.at)
    of_his_district(context, command.district)
    known_units(context, command.district)
    return _scheduled(state, command, context)


def open_session(state: Session, command: c.OpenSession, context: Context) -> Sequence[Event]:
    """A schedule opens it. An instant that has passed by our delay is for the secretary to name anew."""
    return _scheduled(state, command, context)


def _scheduled(state: Session, command: c.ScheduleSession | c.OpenSession, context: Context) -> Sequence[Event]:
    if (command.level is SessionLevel.district) is (command.district is None):
        raise Refusal("session_district", level=str(command.level))
    # A city session has no district, whichever its secretary's is.
    opening = {**begun(command, context), "district": command.district}
    scheduled = ev.SessionScheduled(
        **opening,
        kind=command.kind,
        level=command.level,
        at=command.at,
        leader=command.leader,
        title=command.title,
    )
    return [scheduled, *keeping.until_instant(state, SITTING, command.at, context)]


def appoint_leader(state: Session, command: c.AppointLeader, context: Context) -> Sequence[Event]:
    """Who sits. Once it was held, the secretary does not choose whose word his draft needs."""
    of_his_district(context, state.district)
    if context.actor.role != "city_office" and state.stage not in {Stage.preparing, Stage.called}:
        raise Refusal("not_permitted", command=command.NAME, role=context.actor.role)
    if command.leader == state.leader:
        raise Refusal("same_leader", leader=command.leader)
    appointed = ev.LeaderAppointed(leader=command.leader, by=context.actor.user, reason=command.reason)
    # What waits for a word waits for his from now on, with a limit of his own.
    waiting = [event for item in state.waiting for event in wait_for_the_leader(state, item.id, context)]
    return [appointed, *waiting]


def wait_for_the_leader(state: Session, item: str, context: Context) -> Sequence[Event]:
    """His limit runs anew for every draft and every leader: what he is to sign is another text, or another's."""
    key, pack = f"{OPINION}/{item}", context.facts.pack
    stopped = keeping.stop(state, key, context, met=None)
    if not pack.has_step("opinion_confirm", state.triage):
        return stopped
    rule = pack.rule("opinion_confirm", triage=state.triage)
    return [*stopped, keeping.start_by(rule, keeping.next_run(state, key, again=True), context)]


# ------------------------------------------------------------------------------------------------------------ agenda


def add_item(state: Session, command: c.AddItem, context: Context) -> Sequence[Event]:
    """The secretary puts a matter on the agenda; whose it is, is asked."""
    of_his_district(context, state.district)
    _room(state, command)
    proposed = ItemProposed(item=state.next_item, holder=command.holder, by=context.actor.user, matter=command.matter)
    return [proposed]


def propose_item(state: Session, command: c.ProposeItem, _context: Context) -> Sequence[Event]:
    """Another process does. What it passes on (``instead_of``) is still to be asked for."""
    _room(state, command)
    reserved = command.reserved and command.instead_of is None
    by = command.instead_of or command.holder
    proposed = command.model_dump(exclude={"reserved"})
    return [ItemProposed(item=state.next_item, by=by, reserved=reserved, **proposed)]


def _room(state: Session, command: c.AddItem | c.ProposeItem) -> None:
    if state.stage != Stage.preparing:
        raise Refusal("agenda_closed", stage=state.stage)
    if (state.kind is Kind.duty_meeting) is not command.holder.startswith(f"{ADJUDICATION}/"):
        raise Refusal("not_for_this_session", holder=command.holder)
    for item in state.live:
        if (item.holder, item.matter) == (command.holder, command.matter):
            raise Refusal("item_on_agenda", item=item.id)
    if len(state.items) >= MOST_ITEMS:
        raise Refusal("agenda_full", most=MOST_ITEMS)


def drop_item(state: Session, command: c.DropItem, context: Context) -> Sequence[Event]:
    """Take an undecided item off the agenda."""
    of_his_district(context, state.district)
    item = item_of(state, command.item, *LIVE)
    return [ItemDropped(item=item.id, by=context.actor.user, reason=command.reason)]


def attach_papers(state: Session, command: c.AttachPapers, context: Context) -> Sequence[Event]:
    """Papers on an undecided item."""
    of_his_district(context, state.district)
    item = item_of(state, command.item, *LIVE)
    by = context.actor.user
    return [ev.PapersAttached(item=item.id, by=by, documents=command.documents, note=command.note)]


# ----------------------------------------------------------------------------------------------- calling and its answers


def call_session(state: Session, command: c.CallSession, context: Context) -> Sequence[Event]:
    """Invite units and close the agenda."""
    of_his_district(context, state.district)
    if state.leader is None:
        raise Refusal("leader_missing")
    if not any(i.state is ItemState.reserved for i in state.items.values()):
        raise Refusal("agenda_empty")
    if state.at is None or context.judged_at >= state.at:
        raise Refusal("instant_not_ahead", at=state.at.isoformat() if state.at else "-")
    known_units(context, *command.units)
    units = tuple(dict.fromkeys(command.units))
    return [ev.SessionCalled(by=context.actor.user, units=units), move_to(Stage.called)]


def answer_invitation(state: Session, command: c.AnswerInvitation, context: Context) -> Sequence[Event]:
    """A unit says who comes. It may think again until the session is held."""
    if command.unit not in state.invitations:
        raise Refusal("not_invited", unit=command.unit)
    if not command.attends and command.deputy is None and command.reason is None:
        raise Refusal("reason_needed")
    answered = ev.InvitationAnswered(
        unit=command.unit,
        by=context.actor.user,
        attends=command.attends,
        deputy=command.deputy,
        reason=command.reason,
    )
    return [answered]


def postpone_session(state: Session, command: c.PostponeSession, context: Context) -> Sequence[Event]:
    """Another instant, also after the planned one when it was not held. All else is carried over."""
    of_his_district(context, state.district)
    at_ahead(context, command.at)
    if state.at is None or command.at == state.at:
        raise Refusal("same_instant", at=command.at.isoformat())
    again = state.running(SITTING) is not None
    return [
        ev.SessionPostponed(was=state.at, at=command.at, by=context.actor.user, reason=command.reason),
        *keeping.stop(state, SITTING, context, met=None),
        *keeping.stop(state, RECORD, context, met=None),
        *keeping.until_instant(state, SITTING, command.at, context, again=again),
    ]


def cancel_session(state: Session, command: c.CancelSession, context: Context) -> Sequence[Event]:
    """It is not held: every matter is let go."""
    of_his_district(context, state.district)
    by = context.actor.user
    return [
        ev.SessionCancelled(by=by, reason=command.reason),
        *agenda.drop_all(state, by, command.reason),
        *keeping.stop_all(state, "", context),
        move_to(Stage.cancelled),
    ]
