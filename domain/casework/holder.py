"""落实: the case as the holder of matters that others decide (:mod:`domain.holding`).

A matter is held for one process at a time. What that process decides is applied once, if it still can be; where the question has
ended another way (the owner was designated, the result accepted, the case closed), the process is told that it was overtaken.
"""

from collections.abc import Sequence

from domain.casework import timekeeping as clocks
from domain.casework.applying import apply
from domain.casework.dispatching import own
from domain.casework.events import (
    DecisionApplied,
    HoldOvertaken,
    MatterReleased,
    MatterReserved,
    MatterSettled,
    OrderHeld,
    OrderLocked,
)
from domain.casework.guards import not_merging
from domain.casework.state import WHOLE, Case
from domain.casework.words import OVER, Stage
from domain.clock import Limit, Unit
from domain.holding import ApplyDecision, Hold, ReleaseMatter, ReserveMatter, Verdict
from domain.process import Context, Event, Refusal

ANSWERED = frozenset({Stage.callback, Stage.closed, *OVER})
"""The question of the owner needs no answer any more."""


def reserve_matter(case: Case, command: ReserveMatter, context: Context) -> Sequence[Event]:
    """Hold a matter for a process.

    Which one: what the process holds whose place it takes, else the one named, else the open question of the owner, else the case
    as a whole. A case that is to hang on another is held for nobody new; what it holds goes on to who takes a place, for the one
    that passed it on is over and would keep it for ever if the merge were refused.
    """
    del context
    before = _passed_on(case, command)
    if before is None:
        not_merging(case)
        _screened(case)
    if case.stage in ANSWERED:
        raise Refusal("case_closed", case=case.no)
    if before is None and command.matter is not None and command.matter not in case.matters:
        raise Refusal("unknown_matter", matter=command.matter)
    open_ = case.owner_matter
    matter = before.matter if before else command.matter or (open_.key if open_ else None)
    held = case.holds.get(matter or WHOLE)
    if held is not None and held.process not in {command.process, command.instead_of}:
        raise Refusal("matter_reserved", matter=matter or case.no, process=held.process)
    return [MatterReserved(process=command.process, item=command.item, matter=matter)]


def release_matter(case: Case, command: ReleaseMatter, context: Context) -> Sequence[Event]:
    """The process lets it go. One that holds nothing (any more) has been passed over: nothing happens."""
    del context
    hold = _held(case, command.process, command.item)
    return [] if hold is None else [MatterReleased(process=hold.process, item=hold.item)]


def apply_decision(case: Case, command: ApplyDecision, context: Context) -> Sequence[Event]:
    """What was decided holds from now on: the owner with those who work with him, locked or not, with more time or not.

    Where it cannot hold any more (a result is in, the case is being merged, the unit has another case's order on this matter) the
    matter is let go and the process told why.
    """
    hold = _held(case, command.process, command.item)
    if hold is None:
        raise Refusal("not_reserved", process=command.process)
    try:
        return _applied(case, hold, command.verdict, context)
    except Refusal as too_late:
        return [HoldOvertaken(process=hold.process, item=hold.item, code=too_late.code)]


def _applied(case: Case, hold: Hold, verdict: Verdict, context: Context) -> Sequence[Event]:
    not_merging(case)
    _screened(case)
    taken = context.facts.taken
    if verdict.lead is not None and (holder := taken.get(case.claim(verdict.lead))) is not None:
        raise Refusal("order_exists", unit=verdict.lead, held_by=holder)
    lead = case.lead
    other = lead is not None and verdict.lead not in {None, lead.unit}
    if lead is not None and other and lead.no_return and not verdict.no_return:
        # What was agreed does not undo what was ruled.
        raise Refusal("no_return", order=lead.id)
    # One who is to work with the owner and has another case's order on this matter is at it already: that order is his.
    elsewhere = {unit: holder for unit in verdict.co if (holder := taken.get(case.claim(unit))) is not None}
    events: list[Event] = [
        DecisionApplied(process=hold.process, item=hold.item, matter=hold.matter, verdict=verdict),
        *(OrderHeld(unit=unit, holder=holder) for unit, holder in elsewhere.items()),
    ]
    if hold.matter is not None:
        events.append(MatterSettled(matter=hold.matter, by=hold.process, note=verdict.basis))
        events += clocks.stop(case, f"matter/{hold.matter}", context, met=None)
    if verdict.lead is not None:
        co = [unit for unit in verdict.co if unit not in elsewhere]
        events += own(case, verdict.lead, co, verdict.basis, context, lock=verdict.no_return)
    elif lead is not None and verdict.no_return and not lead.no_return:
        events.append(OrderLocked(order=lead.id))
    return [*events, *_more_time(case, events, verdict.extra_days, context)]


def _screened(case: Case) -> None:
    """Refuse to let others decide who handles a request of which nobody has said yet whether it is to be handled at all."""
    if case.stage is Stage.screening:
        raise Refusal("not_screened", case=case.no)


def overtaken(case: Case) -> Sequence[Event]:
    """Return the holds whose question has ended another way."""
    answered = case.code is not None or case.stage in ANSWERED
    return [
        HoldOvertaken(process=hold.process, item=hold.item, code="case_over" if answered else "matter_settled")
        for key, hold in case.holds.items()
        if answered or (key != WHOLE and key not in case.matters)
    ]


def _passed_on(case: Case, command: ReserveMatter) -> Hold | None:
    """Return what is held for the process whose place is taken: of several matters the one that is named."""
    theirs = [h for h in case.holds.values() if h.process == command.instead_of]
    return next((h for h in theirs if h.matter == command.matter), theirs[0] if theirs else None)


def _held(case: Case, process: str, item: str) -> Hold | None:
    return next((h for h in case.holds.values() if (h.process, h.item) == (process, item)), None)


def _more_time(case: Case, events: Sequence[Event], days: int, context: Context) -> Sequence[Event]:
    """Amend the limits of the lead and of the whole by so many working days."""
    if not days:
        return ()
    after = case
    for event in events:
        after = apply(after, event, context.now)
    lead = after.lead
    if lead is None:
        return ()
    more = context.facts.pack.scaled(Limit(amount=days, unit=Unit.wd))
    return [
        event
        for key in (f"{lead.id}/handle", f"overall/{after.cycle}")
        for event in clocks.extend(after, key, more, context, asked_at=context.judged_at)
    ]
