"""研判: from the registered request to an end of screening or a triage class (11.2, 11.14)."""

from collections.abc import Mapping, Sequence
from typing import Final

from domain.casework import timekeeping as clocks
from domain.casework.closing import close_if_nobody_is_left
from domain.casework.commands import (
    Answer,
    AttachFollower,
    BecomeOwn,
    Classify,
    ConfirmMerge,
    Correct,
    Decline,
    Divert,
    Guide,
    Merge,
    Open,
    RefuseMerge,
    ReleaseFollower,
    SplitOff,
    WithdrawMerge,
)
from domain.casework.events import (
    BecameOwn,
    Corrected,
    FollowerAttached,
    FollowerReleased,
    FollowerSplit,
    MatterRaised,
    Merged,
    MergeProposed,
    MergeRefused,
    MergeWithdrawn,
    Opened,
    ScreeningEnded,
    StageMoved,
    Triaged,
)
from domain.casework.guards import not_merging
from domain.casework.state import WHOLE, Case
from domain.casework.upward import ask_ring, ask_supervision
from domain.casework.words import CallerType, CaseType, MatterKind, Stage, Triage
from domain.process import Context, Event, Refusal

RANK = {triage: rank for rank, triage in enumerate(Triage)}
MATTER_OF = {Triage.disputed: MatterKind.dispute, Triage.hard: MatterKind.hard}


def open_case(case: Case, command: Open, context: Context) -> Sequence[Event]:
    """Begin the case and pin its terms: pack version and calendar version stay with it."""
    opened = Opened(**command.model_dump())
    scratch = case.model_copy(update={"case_type": command.case_type, "grade": command.grade})
    return [opened, StageMoved(stage=Stage.screening), *clocks.start(scratch, "screen", "screen", context)]


def answer(case: Case, command: Answer, context: Context) -> Sequence[Event]:
    """Close as answered at once."""
    return _end(case, Stage.answered, context, text=command.reply)


def divert(case: Case, command: Divert, context: Context) -> Sequence[Event]:
    """Close as given to an emergency line."""
    return _end(case, Stage.diverted, context, text=command.reason, way=command.line)


def guide(case: Case, command: Guide, context: Context) -> Sequence[Event]:
    """Close as told the legal way."""
    return _end(case, Stage.guided, context, text=command.reply, way=command.way)


def decline(case: Case, command: Decline, context: Context) -> Sequence[Event]:
    """Close as not accepted, with ground, reason and remedy."""
    return _end(case, Stage.declined, context, text=command.reason, way=command.ground, remedy=command.remedy)


def merge(case: Case, command: Merge, context: Context) -> Sequence[Event]:
    """Ask a leading case to take this request. The case is merged when that case says so."""
    not_merging(case)
    target = context.facts.cases.get(command.into)
    if target is None or command.into == case.no:
        raise Refusal("unknown_case", case=command.into)
    if not target.open:
        raise Refusal("case_closed", case=command.into)
    if case.live:
        raise Refusal("leads_others", case=case.no)
    _leads_nobody(case)
    return [MergeProposed(into=command.into, by=context.actor.user, reason=command.reason)]


def confirm_merge(case: Case, command: ConfirmMerge, context: Context) -> Sequence[Event]:
    """The leading case has taken this one: it closes as merged."""
    if case.merging_into != command.into:
        raise Refusal("no_merge_pending", into=command.into)
    return [Merged(into=command.into), *clocks.stop_all(case, "", context), StageMoved(stage=Stage.merged)]


def refuse_merge(case: Case, command: RefuseMerge, context: Context) -> Sequence[Event]:
    """The leading case did not take this one: it goes on by itself."""
    del context
    if case.merging_into != command.into:
        raise Refusal("no_merge_pending", into=command.into)
    return [MergeRefused(into=command.into, code=command.code)]


def withdraw_merge(case: Case, command: WithdrawMerge, context: Context) -> Sequence[Event]:
    """Wait no longer for the leading case, whatever became of the message to it, and go on by itself.

    What that case has made of it is undone by messages: it is told, and its late confirmation is refused, which releases the
    request there. So a message that was waived, or its answer, leaves neither case without a way on.
    """
    if case.merging_into is None:
        raise Refusal("no_merge_pending", into="-")
    return [MergeWithdrawn(into=case.merging_into, by=context.actor.user, reason=command.reason)]


def release_follower(case: Case, command: ReleaseFollower, context: Context) -> Sequence[Event]:
    """Let go a request whose own case does not merge. Refused when it has merged into this one, or asked again, since."""
    caller = next((c for c in case.callers.values() if c.case == command.into != case.no), None)
    if caller is None:
        raise Refusal("not_a_follower", request=command.into)
    other = context.facts.cases.get(command.into)
    if (other is not None and other.main_case == case.no) or command.n not in {None, caller.asked}:
        raise Refusal("already_attached", request=caller.request)
    if caller.outcome is not None:
        raise Refusal("already_called_back", request=caller.request)
    return [
        FollowerReleased(case=caller.case, request=caller.request, code=command.code),
        *clocks.stop(case, f"callback/{caller.request}", context, met=None),
        *close_if_nobody_is_left(case, caller.request, None, context),
    ]


def attach_follower(case: Case, command: AttachFollower, context: Context) -> Sequence[Event]:
    """Take another request: one order to the unit, but its caller keeps an own reply, callback and rating."""
    not_merging(case)
    if command.request in case.callers:
        raise Refusal("already_attached", request=command.request)
    events: list[Event] = [FollowerAttached(case=command.case, request=command.request, n=command.n)]
    if case.stage is Stage.callback:
        events += clocks.start(case, f"callback/{command.request}", "callback", context)
    lead = case.lead
    if lead is not None and len(case.active_callers) + 1 == context.facts.pack.callers_at.value:
        # So many people with one matter (domain.md 11.10).
        events.append(ask_supervision(case, "supervise", lead.unit, "callers"))
    return events


def split_off(case: Case, command: SplitOff, context: Context) -> Sequence[Event]:
    """Let a merged request go its own way again."""
    caller = case.callers.get(command.request)
    if caller is None or caller.case == case.no:
        raise Refusal("not_a_follower", request=command.request)
    if caller.outcome is not None:
        raise Refusal("already_called_back", request=command.request)
    split = FollowerSplit(case=caller.case, request=command.request, by=context.actor.user, reason=command.reason)
    return [
        split,
        *clocks.stop(case, f"callback/{command.request}", context, met=None),
        *close_if_nobody_is_left(case, command.request, command.reason, context),
    ]


def become_own(case: Case, command: BecomeOwn, context: Context) -> Sequence[Event]:
    """A case that had been merged is screened again; one whose confirmation is still on its way waits for it no more."""
    if case.main_case is None and case.merging_into == command.was:
        return [MergeRefused(into=command.was, code="split_off")]
    if case.main_case != command.was:
        raise Refusal("not_merged_into", case=command.was)
    return [
        BecameOwn(was=command.was),
        StageMoved(stage=Stage.screening),
        *clocks.start(case, "screen", "screen", context),
    ]


def triage(case: Case, command: Classify, context: Context) -> Sequence[Event]:
    """Fix or change the class. A lower class needs a reason; ``disputed`` and ``hard`` ask who owns the case."""
    not_merging(case)
    if case.triage is not None and RANK[command.triage] < RANK[case.triage] and command.reason is None:
        raise Refusal("reason_needed", was=str(case.triage), to=str(command.triage))
    item = context.facts.items.get(command.item) if command.item else None
    if command.item and item is None:
        raise Refusal("unknown_item", item=command.item)
    events: list[Event] = [
        Triaged(
            triage=command.triage,
            by=context.actor.user,
            item=command.item,
            item_version=item.version if item else None,
            matter=command.matter,
            reason=command.reason,
        )
    ]
    if case.stage is Stage.screening:
        triaged = case.model_copy(update={"triage": command.triage})
        events += clocks.stop(case, "screen", context)
        events.append(StageMoved(stage=Stage.triaged))
        events += clocks.start(triaged, "dispatch", "dispatch", context)
    elif command.triage is Triage.urgent is not case.triage:
        events += clocks.quicken(case.model_copy(update={"triage": command.triage}), context, granted=True)
    return [*events, *_questions(case, command, context)]


def _questions(case: Case, command: Classify, context: Context) -> Sequence[Event]:
    """What a class asks of others: ``disputed`` who owns the case, ``hard`` a ring that takes it up (11.14)."""
    kind = MATTER_OF.get(command.triage)
    if kind is None or (kind is MatterKind.dispute and case.owner_matter is not None):
        return ()
    if kind is MatterKind.dispute and case.lead is not None and case.lead.no_return:
        # Whose it is has been ruled; to ask again takes another way than another class.
        raise Refusal("no_return", order=case.lead.id)
    if case.owner_matter is not None:
        held = WHOLE in case.holds or any(h.process in case.rings for h in case.holds.values())
        return () if held else [ask_ring(case, "hard", context, reason=command.reason)]
    matter = f"m{case.matters_raised + 1}"
    raised = MatterRaised(matter=matter, kind=kind)
    if kind is MatterKind.hard:
        return [raised, ask_ring(case, "hard", context, matter=matter, reason=command.reason)]
    return [raised, *clocks.start(case, f"matter/{matter}", "interim_designate", context)]


FIELDS: Final[Mapping[str, type | None]] = {
    "case_type": CaseType,
    "caller_type": CallerType,
    "confidential": bool,
    "district": None,
    "street": None,
    "item": None,
    "matter": None,
}


def correct(case: Case, command: Correct, context: Context) -> Sequence[Event]:
    """Put a wrong field right by an event. Limits that run keep their rule; new ones use the corrected field."""
    kind = FIELDS[command.field]
    if kind is bool and command.value not in {"true", "false"}:
        raise Refusal("invalid_value", field=command.field, value=command.value)
    if kind is not None and kind is not bool and command.value not in set(map(str, kind)):  # type: ignore[call-overload]
        raise Refusal("invalid_value", field=command.field, value=command.value)
    if command.field == "item" and command.value not in context.facts.items:
        raise Refusal("unknown_item", item=command.value)
    if command.field == "district" and command.value not in context.facts.units:
        raise Refusal("unknown_unit", unit=command.value)
    if command.field == "street" and command.value not in context.facts.units:
        raise Refusal("unknown_unit", unit=command.value)
    old = getattr(case, command.field)
    corrected = Corrected(
        field=command.field,
        old=None if old is None else str(old).lower() if kind is bool else str(old),
        value=command.value,
        by=context.actor.user,
        reason=command.reason,
        item_version=context.facts.items[command.value].version if command.field == "item" else None,
    )
    return [corrected]


def _leads_nobody(case: Case) -> None:
    if any(c.case != case.no for c in case.active_callers):
        raise Refusal("leads_others", case=case.no)


def _end(
    case: Case, end: Stage, context: Context, *, text: str, way: str | None = None, remedy: str | None = None
) -> Sequence[Event]:
    not_merging(case)
    _leads_nobody(case)
    return [
        ScreeningEnded(end=end, by=context.actor.user, text=text, way=way, remedy=remedy),
        *clocks.stop_all(case, "screen", context, met=True),
        *clocks.stop_all(case, "", context),
        StageMoved(stage=end),
    ]
