"""撤销派单: a dispatcher takes back what he sent to the wrong unit, while nobody has signed or worked.

Later it is a return, a reassignment or a withdrawal. The case is where it was before: triaged, with the limit for its dispatch.
"""

from collections.abc import Sequence

from domain.casework import timekeeping as clocks
from domain.casework.byway_commands import UndoDispatch
from domain.casework.byway_events import DispatchUndone
from domain.casework.dispatching import end
from domain.casework.guards import not_merging
from domain.casework.state import WHOLE, Case, Order
from domain.casework.words import GONE, OrderRole, OrderState
from domain.process import Context, Event, Refusal


def undo_dispatch(case: Case, command: UndoDispatch, context: Context) -> Sequence[Event]:
    """Withdraw every order of the dispatch. The units are told, their claims are free, no clock of theirs runs on.

    The overall limit begins with the next dispatch, unless the case had been with a unit before: then it runs on (11.17).
    """
    not_merging(case)
    lead = case.lead
    if lead is None or lead.parent is not None or lead.sent_by == "system":
        raise Refusal("nothing_to_undo")
    if lead.no_return:
        raise Refusal("no_return", order=lead.id)
    if (held := case.holds.get(WHOLE)) is not None:
        raise Refusal("matter_reserved", matter=case.no, process=held.process)
    sent = [o for o in case.orders.values() if o.cycle == case.cycle and o.state not in GONE]
    if touched := next((o for o in sent if _touched(o)), None) or next(iter(case.vacant), None):
        raise Refusal("work_begun", order=touched.id)
    rule = clocks.rule_for(case, "dispatch_undo", context)
    until = clocks.start_by(rule, "window", context, at=lead.sent_at).clock.due if rule is not None else None
    if until is None or context.judged_at >= until:
        raise Refusal("undo_window_closed", order=lead.id)
    events: list[Event] = [
        DispatchUndone(by=context.actor.user, reason=command.reason, orders=tuple(o.id for o in sent))
    ]
    for order in sent:
        events += end(case, order, OrderState.withdrawn, context, command.reason)
    before = [o for o in case.orders.values() if o.cycle == case.cycle and o.state in GONE and not o.undone]
    if not before:
        events += clocks.stop(case, f"overall/{case.cycle}", context, met=None)
    return events


def _touched(order: Order) -> bool:
    """Whether its unit has done anything, or the system has signed for it: one that was only informed has nothing to do."""
    return order.role is not OrderRole.informed and order.state is not OrderState.sent
