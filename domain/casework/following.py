"""What follows by itself from what was decided: the stage is derived from the orders and the callers."""

from collections.abc import Sequence

from domain.casework import timekeeping as clocks
from domain.casework.closing import conclude
from domain.casework.events import MatterSettled, StageMoved
from domain.casework.handing_down import orphans
from domain.casework.holder import overtaken
from domain.casework.on_account import let_go, standing
from domain.casework.state import Case
from domain.casework.upward import taken_back
from domain.casework.words import DONE, GONE, OWNER_MATTERS, WORKING, OrderRole, OrderState, Stage, Triage
from domain.process import Context, Event

DERIVED = frozenset({Stage.triaged, *WORKING, Stage.callback, Stage.closed})


def consequences(case: Case, context: Context) -> Sequence[Event]:
    """Return the next events that follow, or nothing when the case is at rest."""
    if gone := (*overtaken(case), *taken_back(case), *orphans(case, context), *let_go(case, context)):
        return gone
    if still := (*standing(case, context), *_moot(case, context)):
        return still
    stage = derived_stage(case)
    if stage is not case.stage:
        return [StageMoved(stage=stage), *_on_entry(case, stage, context)]
    if case.triage is Triage.urgent and (quick := clocks.quicken(case, context)):
        return quick
    if case.stage is Stage.callback and not case.waiting_callers:
        return conclude(case, context)
    return ()


def _moot(case: Case, context: Context) -> Sequence[Event]:
    """Stop the limits of those who would review a return while the question of the owner is with others: they may not answer it."""
    if case.owner_matter is None:
        return ()
    open_ = [order.id for order in case.live if order.returning is not None]
    return [e for id_ in open_ for n in (1, 2, 3) for e in clocks.stop(case, f"{id_}/return{n}", context, met=None)]


def derived_stage(case: Case) -> Stage:
    """Return the stage that the orders of the running cycle amount to."""
    if case.stage not in DERIVED or case.code is not None:
        return case.stage
    lead = case.lead
    if lead is None:
        return Stage.triaged
    orders = [o for o in case.orders.values() if o.cycle == case.cycle and o.role is not OrderRole.informed]
    owed = [o for o in orders if o.state not in DONE and o.state not in GONE]
    if not owed and not case.vacant:
        return Stage.callback
    if lead.state in {OrderState.submitted, OrderState.accepted}:
        return Stage.reply_review
    return Stage.dispatched if lead.state is OrderState.sent else Stage.in_progress


def _on_entry(case: Case, stage: Stage, context: Context) -> Sequence[Event]:
    if stage is Stage.triaged:
        return clocks.start(case, "dispatch", "dispatch", context)
    if stage is not Stage.callback:
        return ()
    events: list[Event] = []
    for matter in case.matters.values():
        if matter.kind in OWNER_MATTERS:
            # The work is done and accepted: who owned it has been overtaken.
            events.append(MatterSettled(matter=matter.key, by="system"))
            events += clocks.stop(case, f"matter/{matter.key}", context, met=None)
    for caller in case.waiting_callers:
        events += clocks.start(case, f"callback/{caller.request}", "callback", context)
    return events
