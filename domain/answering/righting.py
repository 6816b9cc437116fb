"""约谈、整改: what follows when an accountability is effective, until it is closed (督查条例 Art. 18)."""

from collections.abc import Sequence

from domain import keeping
from domain.answering import commands as c
from domain.answering import events as ev
from domain.answering.rules import CHECK, RECTIFY, TALK
from domain.answering.state import Accountability, missed
from domain.answering.words import Result, Stage, Step
from domain.guards import four_eyes, not_a_party
from domain.proceeding import start
from domain.process import Context, Event, Refusal

CHECK_STEP = "supervision_verify"
"""A rectification is checked within the limit for checking a reply."""


def record_talk(state: Accountability, command: c.RecordTalk, context: Context) -> Sequence[Event]:
    """Record the talk. Refuses ``no_talk`` at another step, or when it was held; ``recusal``."""
    not_a_party(context, state.unit)
    if state.step is not Step.talk or state.talked:
        raise Refusal("no_talk", step=str(state.step))
    recorded = ev.TalkRecorded(by=context.actor.user, record=command.record, documents=command.documents)
    return [recorded, *keeping.stop(state, TALK, context), *start(state, RECTIFY, RECTIFY, context)]


def report_rectification(state: Accountability, command: c.ReportRectification, context: Context) -> Sequence[Event]:
    """Say what was put right. Refuses ``talk_first``."""
    if state.talk_first:
        raise Refusal("talk_first")
    reported = ev.RectificationReported(by=context.actor.user, report=command.report, documents=command.documents)
    return [reported, *keeping.stop(state, RECTIFY, context), *start(state, CHECK, CHECK_STEP, context)]


def check_rectification(state: Accountability, command: c.CheckRectification, context: Context) -> Sequence[Event]:
    """Check: not who reported. Refuses ``nothing_reported``, ``rectification_running``, ``four_eyes``, ``recusal``.

    ``again`` gives the unit its limit anew, ``failed`` ends it here: the next step may be opened after it.
    """
    not_a_party(context, state.unit)
    four_eyes(context, state.reported_by)
    met: bool | None = None
    if state.stage == Stage.effective:
        if command.result is Result.done:
            raise Refusal("nothing_reported")
        running = state.running(RECTIFY)
        overdue = running.overdue_at if running is not None and missed(running) else None
        if overdue is None or context.judged_at < overdue:
            raise Refusal("rectification_running")
        met = False
    checked = ev.RectificationChecked(by=context.actor.user, result=command.result, note=command.note)
    stopped = [*keeping.stop(state, RECTIFY, context, met=met), *keeping.stop(state, CHECK, context)]
    if command.result is not Result.again:
        return [checked, *stopped]
    rule = context.facts.pack.rule(RECTIFY, triage=state.triage)
    key = keeping.next_run(state, RECTIFY, again=True)
    return [checked, *stopped, keeping.start_by(rule, key, context)]


def listed_refused(state: Accountability, command: c.ListedRefused, context: Context) -> Sequence[Event]:
    """Write down that the listed supervision did not begin: the matter is listed already."""
    del context
    if state.listed != command.process:
        return ()
    return [ev.ListedNotBegun(process=command.process, code=command.code)]
