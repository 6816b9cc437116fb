"""The rules of an accountability up to the decision in review: nothing takes effect without the unit's right of reply."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from domain import keeping
from domain.answering import commands as c
from domain.answering import events as ev
from domain.answering.state import Accountability
from domain.answering.words import BEFORE, GRAVE, PAPERS, AnswerKind, Outcome, Stage, Step
from domain.guards import four_eyes, known_units, not_a_party
from domain.keeping import ClockSet, ClockStopped
from domain.proceeding import begun, start
from domain.process import Context, Event, Refusal

APPROVE: Final = "accountability_grave"
FACTS: Final = "accountability_facts"
STATEMENT: Final = "statement"
DECIDE: Final = "accountability_decide"
SERVE: Final = "accountability_serve"
WINDOW: Final = "review_window"
REVIEW: Final = "review_decide"
TALK: Final = "accountability_talk"
RECTIFY: Final = "rectify"
CHECK: Final = "rectify_check"

# ------------------------------------------------------------------------------------------------------------- opening


def open_from_supervision(state: Accountability, command: c.Open, context: Context) -> Sequence[Event]:
    """Begin for a supervision. Refuses ``supervision_needed`` and ``step_before_needed``."""
    del state
    return _open(command, context, opener=command.proposed_by)


def open_accountability(state: Accountability, command: c.OpenAccountability, context: Context) -> Sequence[Event]:
    """Begin for a person. Refuses also ``unknown_unit``, ``unknown_case``, ``recusal``."""
    del state
    known_units(context, command.unit, command.district)
    not_a_party(context, command.unit)
    if command.case is not None and command.case not in context.facts.cases:
        raise Refusal("unknown_case", case=command.case)
    return _open(command, context, opener=context.actor.user, after=command.after)


def _open(
    command: c.Open | c.OpenAccountability, context: Context, opener: str | None, after: str | None = None
) -> Sequence[Event]:
    """Begin where the step may begin (domain.md 11.11, 18). What is named cannot be looked up here: who decides vouches for it."""
    if command.step is Step.remind and not (command.supervision or "").startswith("supervision/"):
        raise Refusal("supervision_needed")
    if after is not None and (after == context.process or not after.startswith(f"accountability/{command.unit}/")):
        raise Refusal("step_before_needed", step=str(BEFORE.get(command.step, command.step)))
    beyond = command.step in BEFORE and after is None
    if beyond and command.step not in GRAVE:
        raise Refusal("step_before_needed", step=str(BEFORE[command.step]))
    common = begun(command, context)
    fresh = Accountability(triage=common["triage"])
    about = {n: getattr(command, n) for n in ("unit", "step", "matter", "case", "supervision", "facts")}
    opened = ev.AccountabilityOpened(**common, **about, after=after, opener=opener, grave=beyond)
    clock = start(fresh, APPROVE, DECIDE, context) if beyond else start(fresh, FACTS, FACTS, context)
    return [opened, *clock]


def approve_grave(state: Accountability, command: c.ApproveGrave, context: Context) -> Sequence[Event]:
    """Say whether it may start beyond its turn; not who began it. Refuses ``four_eyes``, ``recusal``."""
    not_a_party(context, state.unit)
    four_eyes(context, *state.prepared_by)
    reviewed = ev.GraveReviewed(by=context.actor.user, approve=command.approve, reason=command.reason)
    more = start(state, FACTS, FACTS, context) if command.approve else ()
    return [reviewed, *keeping.stop(state, APPROVE, context), *more]


# ----------------------------------------------------------------------------------------------------------- preparing


def record_facts(state: Accountability, command: c.RecordFacts, context: Context) -> Sequence[Event]:
    """Record (or correct) the facts before the notice; not who approved a grave start. Refuses ``four_eyes``, ``recusal``."""
    not_a_party(context, state.unit)
    four_eyes(context, state.approved_by)
    return [ev.FactsRecorded(by=context.actor.user, facts=command.facts, documents=command.documents)]


def serve_notice(state: Accountability, command: c.ServeNotice, context: Context) -> Sequence[Event]:
    """Give the unit the facts and its time to speak. Refuses ``facts_missing``, ``four_eyes`` (as above), ``recusal``."""
    not_a_party(context, state.unit)
    four_eyes(context, state.approved_by)
    if state.facts is None:
        raise Refusal("facts_missing")
    window, until = _window(state, STATEMENT, context)
    served = ev.NoticeServed(by=context.actor.user, until=until, note=command.note)
    return [served, *keeping.stop(state, FACTS, context), window]


def _window(state: Accountability, step: str, context: Context) -> tuple[ClockSet, datetime]:
    """Open a window that a right of the unit needs: unlike other clocks, without a limit in the pack there is no going on."""
    rule = context.facts.pack.rule(step, triage=state.triage)
    window = keeping.start_by(rule, keeping.next_run(state, step), context)
    if window.clock.due is None:
        message = f"{state.id}: {step} has no end"
        raise RuntimeError(message)
    return window, window.clock.due


# ------------------------------------------------------------------------------------------------------- the unit's reply


def make_statement(state: Accountability, command: c.MakeStatement, context: Context) -> Sequence[Event]:
    """Hear the unit. Refuses ``statement_window_closed``."""
    return _answer(state, AnswerKind.statement, command.statement, command.documents, context)


def object_to_facts(state: Accountability, command: c.ObjectToFacts, context: Context) -> Sequence[Event]:
    """Hear the unit on the facts. Refuses ``statement_window_closed``."""
    return _answer(state, AnswerKind.objection, command.objection, command.documents, context)


def _answer(
    state: Accountability, kind: AnswerKind, text: str, documents: tuple[str, ...], context: Context
) -> Sequence[Event]:
    """Hear what came in the window, also after a first word, also when it was on its way while the window closed (law 6).

    What has been decided but not served meanwhile is decided anew.
    """
    if not _within(state, STATEMENT, context):
        raise Refusal("statement_window_closed")
    return [
        ev.UnitAnswered(by=context.actor.user, kind=kind, text=text, documents=documents),
        *_kept(state, STATEMENT, context),
        *keeping.stop(state, SERVE, context, met=None),
        *(() if state.running(DECIDE) else start(state, DECIDE, DECIDE, context, at=context.recorded_at)),
    ]


def _within(state: Accountability, window: str, context: Context) -> bool:
    """Say whether this decision was received before the window closes."""
    running = state.clock(window)
    due = None if running is None else running.clock.due
    return due is not None and context.judged_at < due


def _kept(state: Accountability, window: str, context: Context) -> Sequence[Event]:
    """Close a window by what was waited for, also one that its timer has closed meanwhile."""
    running = state.clock(window)
    if running is not None and running.acted:
        return [ClockStopped(key=running.clock.key, stopped_at=context.judged_at, met=True)]
    return keeping.stop(state, window, context)


def silence(state: Accountability, key: str, context: Context) -> Sequence[Event]:
    """Write down that the unit let its time to speak pass; then it is decided. The clock stops with the unit's first word."""
    until = state.clocks[key].clock.due or context.now
    return [ev.UnitSilent(until=until), *start(state, DECIDE, DECIDE, context, at=context.recorded_at)]


# ---------------------------------------------------------------------------------------------------- decision and review


def decide_accountability(state: Accountability, command: c.DecideAccountability, context: Context) -> Sequence[Event]:
    """Decide: neither who prepared it nor who spoke for the unit. Refuses ``notice_first``, ``four_eyes``, ``recusal``."""
    not_a_party(context, state.unit)
    four_eyes(context, *state.prepared_by, *(a.by for a in state.answers))
    if state.stage == Stage.facts and command.outcome is not Outcome.dropped:
        raise Refusal("notice_first")
    decided = ev.AccountabilityDecided(by=context.actor.user, outcome=command.outcome, reason=command.reason)
    stopped = [*keeping.stop(state, FACTS, context, met=None), *keeping.stop(state, DECIDE, context)]
    more = start(state, SERVE, SERVE, context) if command.outcome is Outcome.upheld else ()
    return [decided, *stopped, *more]


def serve_decision(state: Accountability, command: c.ServeDecision, context: Context) -> Sequence[Event]:
    """Serve what was decided, with its paper; the time to ask for a review begins. Refuses ``recusal``."""
    not_a_party(context, state.unit)
    window, until = _window(state, WINDOW, context)
    served = ev.DecisionServed(by=context.actor.user, paper=PAPERS[state.step], until=until, note=command.note)
    return [served, *keeping.stop(state, SERVE, context), window]


def ask_review(state: Accountability, command: c.AskReview, context: Context) -> Sequence[Event]:
    """Ask for a second look, once. Refuses ``review_used``, ``review_window_closed``.

    One that was on its way while the window closed is heard all the same (law 6): what took effect stands still meanwhile.
    """
    if state.review is not None:
        raise Refusal("review_used")
    if not _within(state, WINDOW, context):
        raise Refusal("review_window_closed")
    asked = ev.ReviewAsked(by=context.actor.user, reason=command.reason, documents=command.documents)
    others = [e for key in (TALK, RECTIFY, CHECK) for e in keeping.stop(state, key, context, met=None)]
    clock = start(state, REVIEW, REVIEW, context, at=context.recorded_at)
    return [asked, *_kept(state, WINDOW, context), *others, *clock]


def decide_review(state: Accountability, command: c.DecideReview, context: Context) -> Sequence[Event]:
    """Decide in review: a third person, who has neither prepared, approved nor decided it. Refuses ``four_eyes``, ``recusal``."""
    not_a_party(context, state.unit)
    decided_by = state.decision.by if state.decision else None
    asked_by = state.review.by if state.review else None
    spoke = (a.by for a in state.answers)
    four_eyes(context, *state.prepared_by, state.approved_by, decided_by, asked_by, *spoke)
    reviewed = ev.ReviewDecided(by=context.actor.user, upheld=command.upheld, reason=command.reason)
    stopped = keeping.stop(state, REVIEW, context)
    return [reviewed, *stopped, *(effect(state, context) if command.upheld else ())]


def window_over(state: Accountability, key: str, context: Context) -> Sequence[Event]:
    """Let it take effect when nobody asked for a review in time. The clock stops when somebody does."""
    del key
    return effect(state, context)


def effect(state: Accountability, context: Context) -> Sequence[Event]:
    """Let it take effect: a criticism begins its listed supervision, the unit's time to put things right runs."""
    first = state.effective_at is None
    listed = state.listing if first and state.step is Step.criticise else None
    effective = ev.AccountabilityEffective(again=not first, listed=listed)
    key, step = (TALK, SERVE) if state.talk_first else (RECTIFY, RECTIFY)
    return [effective, *start(state, key, step, context, at=context.recorded_at)]
