"""The rules of a supervision: what each command means, and what a clock does when it is due."""

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from domain import keeping
from domain.guards import four_eyes, known_units, not_a_party
from domain.keeping import ClockSet, ClockStopped
from domain.proceeding import begun, start
from domain.process import SYSTEM, Context, Event, Refusal
from domain.supervising import commands as c
from domain.supervising import events as ev
from domain.supervising.state import Supervision, claim, missed
from domain.supervising.words import CLOCKS, NEXT, OVER, WAITING, Cause, Level, Stage

ACK: Final = {level: ack for level, (ack, _) in CLOCKS.items()}
REPLY: Final = {level: reply for level, (_, reply) in CLOCKS.items()}
VERIFY: Final = "supervision_verify"
DECIDE: Final = "supervision_decide"
"""The supervisor (and behind him the centre head) has to say what follows a missed reply or a listing that was not met."""
PROCESS: Final = re.compile(r"[a-z_]+/")
"""How the id of a process begins; a person's does not."""

# ------------------------------------------------------------------------------------------------------------- opening


def open_supervision(state: Supervision, command: c.Open, context: Context) -> Sequence[Event]:
    """Begin for another process, or for a person who wanted it there. Refuses ``already_supervised``."""
    del state
    machine = command.by == SYSTEM.user or PROCESS.match(command.by)
    return _issue(command, context, issuer=None if machine else command.by)


def issue_supervision(state: Supervision, command: c.IssueSupervision, context: Context) -> Sequence[Event]:
    """Begin for a person. Refuses ``already_supervised``, ``unknown_unit``, ``unknown_case``, ``recusal``."""
    del state
    known_units(context, command.unit, command.district)
    not_a_party(context, command.unit)
    if command.case is not None and command.case not in context.facts.cases:
        raise Refusal("unknown_case", case=command.case)
    return _issue(command, context, issuer=context.actor.user)


def _issue(command: c.Open | c.IssueSupervision, context: Context, issuer: str | None) -> Sequence[Event]:
    if holder := context.facts.taken.get(claim(command.matter, command.level)):
        # 督查条例 Art. 15: no duplicate supervision.
        raise Refusal("already_supervised", level=str(command.level), process=holder)
    common = begun(command, context)
    fresh = Supervision(triage=common["triage"])
    ack, reply = CLOCKS[command.level]
    clocks = [*start(fresh, ack, ack, context), *start(fresh, reply, reply, context)]
    dues: dict[str, datetime | None] = {e.clock.key: e.clock.due for e in clocks if isinstance(e, ClockSet)}
    about = {n: getattr(command, n) for n in ("level", "unit", "matter", "trigger", "case", "note")}
    issued = ev.SupervisionIssued(**common, **about, issuer=issuer, ack_due=dues.get(ack), reply_due=dues.get(reply))
    return [issued, *clocks]


# ------------------------------------------------------------------------------------------------------------ the unit


def acknowledge(state: Supervision, command: c.Acknowledge, context: Context) -> Sequence[Event]:
    """Say that the unit has it."""
    acknowledged = ev.SupervisionAcknowledged(by=context.actor.user, note=command.note)
    return [acknowledged, *keeping.stop(state, ACK[state.level], context)]


def reply_supervision(state: Supervision, command: c.ReplySupervision, context: Context) -> Sequence[Event]:
    """Say what the unit did; who replies has it. A reply that was at our door in time undoes a raise for want of it."""
    user = context.actor.user
    reopened: list[Event] = []
    if state.stage == Stage.raised:
        reopened = _in_time(state, context)
    first: list[Event] = []
    if state.stage == Stage.issued:
        first = [ev.SupervisionAcknowledged(by=user), *keeping.stop(state, ACK[state.level], context)]
    return [
        *reopened,
        *first,
        ev.SupervisionReplied(by=user, reply=command.reply, documents=command.documents),
        *keeping.stop(state, REPLY[state.level], context),
        *keeping.stop(state, DECIDE, context, met=None),
        # A delay of ours shortens nobody's limit.
        *start(state, VERIFY, VERIFY, context, at=context.recorded_at if reopened else None),
    ]


def _in_time(state: Supervision, context: Context) -> list[Event]:
    """Let the raise fall that a reply on its way came before (law 6). Refuses ``level_raised``, ``already_supervised``."""
    answer = state.answer
    due = None if answer is None else answer.clock.due
    if answer is None or due is None or state.cause is not Cause.no_reply or context.judged_at >= due:
        raise Refusal("level_raised", process=state.next or state.id)
    if holder := context.facts.taken.get(state.claim):
        raise Refusal("already_supervised", level=str(state.level), process=holder)
    key = answer.clock.key
    return [
        ev.SupervisionReopened(by=context.actor.user, next=state.next),
        *keeping.annul(key, answer, context.judged_at),
        ClockStopped(key=key, stopped_at=context.judged_at, met=True),
    ]


# ------------------------------------------------------------------------------------------------------ the supervisor


def visit_site(state: Supervision, command: c.VisitSite, context: Context) -> Sequence[Event]:
    """Record what was found on the spot. Refuses ``not_on_site`` at another level, ``recusal``."""
    if state.level is not Level.on_site:
        raise Refusal("not_on_site", level=str(state.level))
    not_a_party(context, state.unit)
    return [
        ev.SupervisionSiteVisited(by=context.actor.user, findings=command.findings, documents=command.documents),
    ]


def verify_supervision(state: Supervision, command: c.VerifySupervision, context: Context) -> Sequence[Event]:
    """Judge the reply: neither who replied nor who issued it. Refuses ``visit_needed``, ``four_eyes``, ``recusal``."""
    not_a_party(context, state.unit)
    four_eyes(context, state.issuer, state.reply.by if state.reply else None)
    if command.met and state.must_be_visited:
        raise Refusal("visit_needed", level=str(state.level))
    user = context.actor.user
    verified = [
        ev.SupervisionVerified(by=user, met=command.met, note=command.note),
        *keeping.stop(state, VERIFY, context),
    ]
    if command.met:
        return [*verified, ev.SupervisionLifted(by=user)]
    if state.level in NEXT:
        return [*verified, _raise(state, user, Cause.not_met)]
    return [*verified, *start(state, DECIDE, VERIFY, context)]


def raise_level(state: Supervision, command: c.RaiseLevel, context: Context) -> Sequence[Event]:
    """Go a level up for want of a reply. Refuses ``no_next_level`` after the last, ``reply_not_overdue``, ``recusal``."""
    not_a_party(context, state.unit)
    if state.level not in NEXT:
        raise Refusal("no_next_level", level=str(state.level))
    _must_be_missed(state, context)
    raised = _raise(state, context.actor.user, Cause.no_reply, command.reason)
    return [*_unanswered(state, context), raised]


def propose_accountability(state: Supervision, command: c.ProposeAccountability, context: Context) -> Sequence[Event]:
    """Have an accountability prepared: after the last level only. Refuses ``not_listed``, ``reply_not_overdue``, ``recusal``."""
    not_a_party(context, state.unit)
    if state.level is not Level.listed:
        raise Refusal("not_listed", level=str(state.level))
    if state.stage != Stage.unmet:
        _must_be_missed(state, context)
    process = f"accountability/{state.unit}/{state.no.replace('/', '.')}"
    return [
        *_unanswered(state, context),
        ev.SupervisionProposed(by=context.actor.user, process=process, step=command.step, facts=command.facts),
    ]


def lift_listed(state: Supervision, command: c.LiftListed, context: Context) -> Sequence[Event]:
    """End a listing that was not met: neither who replied nor who issued it. Refuses ``four_eyes``, ``recusal``."""
    not_a_party(context, state.unit)
    four_eyes(context, state.issuer, state.reply.by if state.reply else None)
    return [
        *keeping.stop(state, DECIDE, context),
        ev.SupervisionLifted(by=context.actor.user, reason=command.reason),
    ]


def withdraw_supervision(state: Supervision, command: c.WithdrawSupervision, context: Context) -> Sequence[Event]:
    """Take it back: the superior, not who issued it. Refuses ``four_eyes``, ``recusal``."""
    not_a_party(context, state.unit)
    four_eyes(context, state.issuer)
    withdrawn = ev.SupervisionWithdrawn(by=context.actor.user, reason=command.reason)
    return [*keeping.stop_all(state, "", context), withdrawn]


def _must_be_missed(state: Supervision, context: Context) -> None:
    answer = state.answer
    if answer is None or not missed(answer) or answer.overdue_at is None or context.judged_at < answer.overdue_at:
        raise Refusal("reply_not_overdue", level=str(state.level))


def _unanswered(state: Supervision, context: Context) -> Sequence[Event]:
    """Stop what still runs: what the unit owed was not met, what the supervisor owed is done."""
    return [
        *keeping.stop(state, ACK[state.level], context, met=False),
        *keeping.stop(state, REPLY[state.level], context, met=False),
        *keeping.stop(state, DECIDE, context),
    ]


def _raise(state: Supervision, by: str, cause: Cause, reason: str | None = None) -> ev.SupervisionRaised:
    level = NEXT[state.level]
    return ev.SupervisionRaised(by=by, cause=cause, to=level, process=state.beside(level), reason=reason)


# ---------------------------------------------------------------------------------------------------- machine messages


def next_refused(state: Supervision, command: c.NextRefused, context: Context) -> Sequence[Event]:
    """Write down that the next level did not begin: the matter is supervised there already, and this level stays over."""
    del context
    if state.next != command.process:
        return ()
    return [ev.SupervisionNextRefused(process=command.process, code=command.code)]


def annul_supervision(state: Supervision, command: c.AnnulSupervision, context: Context) -> Sequence[Event]:
    """End what has no ground any more. One begun by another, or ended by a person's word, stays as it is.

    A raise for want of a reply was the clock's word: what it led to falls too.
    """
    for_want_of_reply = state.stage == Stage.raised and state.cause is Cause.no_reply
    if (state.stage in OVER and not for_want_of_reply) or command.process not in {None, state.by}:
        return ()
    following = state.next if for_want_of_reply else None
    annulled = ev.SupervisionAnnulled(process=state.by, code=command.code, clock=command.clock, next=following)
    return [*keeping.stop_all(state, "", context), annulled]


# -------------------------------------------------------------------------------------------------- clocks, and what follows


def urge_unanswered(state: Supervision, key: str, context: Context) -> Sequence[Event]:
    """自动升级: an urge that nobody answered becomes a supervision order by itself (M17). The clock stops with the reply."""
    del key
    return [*_unanswered(state, context), _raise(state, "system", Cause.no_reply)]


def follow(state: Any, context: Context) -> Sequence[Event]:
    """Start the supervisor's clock when a reply was missed: he has to say what follows."""
    if state.stage in WAITING and missed(state.answer) and state.clock(DECIDE) is None:
        return start(state, DECIDE, VERIFY, context, at=context.recorded_at)
    return ()
