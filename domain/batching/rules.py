"""What each command of a batch means. A report of a slice that is not the one under way changes nothing: it was told already."""

from collections.abc import Sequence

from domain import keeping
from domain.batching import commands as c
from domain.batching import events as ev
from domain.batching.state import Batch
from domain.batching.words import Stage
from domain.casework.terms import terms_named
from domain.guards import four_eyes, known_units
from domain.proceeding import begun, start
from domain.process import Context, Event, Refusal

APPROVE = "approve"
LIMIT = "second_person"
"""The pack's limit for a second person's word."""


def begin_batch(state: Batch, command: c.BeginBatch, context: Context) -> Sequence[Event]:
    """Begin, and have a preview made. Refuses ``nothing_to_change``, ``unknown_calendar``, ``unknown_pack``, ``unknown_unit``."""
    del state
    if command.calendar is None and command.pack is None:
        raise Refusal("nothing_to_change")
    terms_named(command.calendar, command.pack, context)
    known_units(context, command.district)
    return [
        ev.BatchBegun(
            **begun(command, context) | {"triage": "routine"},
            role=context.actor.role,
            ground=command.ground,
            to_calendar=command.calendar,
            to_pack=command.pack,
            reason=command.reason,
            in_district=command.district,
            case_type=command.case_type,
            case_triage=command.triage,
            under_pack=command.under_pack,
            rate=command.rate,
            next=1,
        )
    ]


def preview_batch(state: Batch, command: c.PreviewBatch, context: Context) -> Sequence[Event]:
    """Make the preview anew."""
    del command
    started = ev.BatchPreviewStarted(by=context.actor.user, next=state.slices + 1)
    return [started, *keeping.stop(state, APPROVE, context, met=None)]


def report_preview(state: Batch, command: c.ReportPreview, context: Context) -> Sequence[Event]:
    """Go on with the next slice of the preview, or ask for the second person's word."""
    if command.slice != state.out:
        return ()
    more = None if command.finished or state.stage != Stage.previewing else state.slices + 1
    told = ev.BatchPreviewed(slice=command.slice, last=command.last, foreseen=command.foreseen, next=more)
    if more is not None:
        return [told]
    return [told, *start(state, APPROVE, LIMIT, context, at=context.recorded_at)]


def approve_batch(state: Batch, command: c.ApproveBatch, context: Context) -> Sequence[Event]:
    """Let it run: not who began it. Refuses ``four_eyes``."""
    four_eyes(context, state.by)
    approved = ev.BatchApproved(by=context.actor.user, note=command.note, next=state.slices + 1)
    return [approved, *keeping.stop(state, APPROVE, context)]


def reject_batch(state: Batch, command: c.RejectBatch, context: Context) -> Sequence[Event]:
    """Let it not run: not who began it (he stops it). Refuses ``four_eyes``."""
    four_eyes(context, state.by)
    return [*keeping.stop(state, APPROVE, context), ev.BatchRejected(by=context.actor.user, reason=command.reason)]


def pause_batch(state: Batch, command: c.PauseBatch, context: Context) -> Sequence[Event]:
    """Start no other slice. Refuses ``all_sent`` when only answers are awaited."""
    if state.swept:
        raise Refusal("all_sent")
    return [ev.BatchPaused(by=context.actor.user, reason=command.reason)]


def resume_batch(state: Batch, command: c.ResumeBatch, context: Context) -> Sequence[Event]:
    """Go on: with the slice under way if there is one, else with the next."""
    more = state.slices + 1 if state.out is None else None
    return [ev.BatchResumed(by=context.actor.user, rate=command.rate or state.rate, next=more)]


def stop_batch(state: Batch, command: c.StopBatch, context: Context) -> Sequence[Event]:
    """End it where it stands."""
    return [
        *keeping.stop(state, APPROVE, context, met=None),
        ev.BatchStopped(by=context.actor.user, reason=command.reason),
    ]


def report_slice(state: Batch, command: c.ReportSlice, context: Context) -> Sequence[Event]:
    """Take what a slice of changes came to; go on with the next while it runs, and with the answers when no case is left.

    A paused batch that has no case left waits for nothing but answers, so it goes on by itself.
    """
    del context
    if command.slice != state.out:
        return ()
    goes_on = state.stage == Stage.running or (state.stage == Stage.suspended and command.finished)
    return [
        ev.BatchSliced(
            slice=command.slice,
            last=command.last,
            swept=command.finished,
            results=command.results,
            next=state.slices + 1 if goes_on else None,
        )
    ]


def report_totals(state: Batch, command: c.ReportTotals, context: Context) -> Sequence[Event]:
    """Every case has answered: the batch is over."""
    del context
    return [ev.BatchSettled(slice=command.slice, results=command.results)] if command.slice == state.out else ()
