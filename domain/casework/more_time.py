"""More time for a unit: extension 延期 (11.5) and pause 暂停 (11.6)."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from domain.casework import timekeeping as clocks
from domain.casework.commands import RequestExtension, RequestPause, Resume, ReviewExtension, ReviewPause
from domain.casework.events import (
    ExtensionDecided,
    ExtensionRequested,
    ExtensionReviewed,
    PauseDecided,
    PauseEnded,
    PauseRequested,
)
from domain.casework.guards import four_eyes, not_handed_down, not_on_account, order_in
from domain.casework.handling import AT_WORK
from domain.casework.state import Case, Order
from domain.casework.words import LIVE, WITH_UNIT, OrderRole
from domain.clock import ClockRule, Limit
from domain.keeping import ClockStopped
from domain.policy import Extension, Pack
from domain.process import Context, Event, Refusal


def request_extension(case: Case, command: RequestExtension, context: Context) -> Sequence[Event]:
    """Ask for more time before the due instant. A late request is denied automatically; the cap is the pack's."""
    order = order_in(case, command.order, AT_WORK)
    not_handed_down(order)
    not_on_account(case, order)
    if order.extending is not None:
        raise Refusal("extension_open", order=order.id)
    policy = context.facts.pack.extension
    most = policy.cap.nominal or policy.cap.limit
    if command.days > most.amount:
        raise Refusal("extension_cap", days=command.days, most=str(most))
    if order.extensions > policy.times.value:
        raise Refusal("extension_used_up", times=order.extensions)
    running = case.running(f"{order.id}/handle")
    requested = ExtensionRequested(
        order=order.id,
        by=context.actor.user,
        days=command.days,
        ground=command.ground,
        reason=command.reason,
        caller_told=command.caller_told,
    )
    if running is None or (running.clock.due is not None and context.judged_at >= running.clock.due):
        return [requested, ExtensionDecided(order=order.id, outcome="denied_late")]
    return [requested, *clocks.start(case, f"{order.id}/extension", "extension_review", context)]


ABOVE: Final[Mapping[str, str]] = {
    "unit_head": "city_centre",
    "city_centre": "city_office",
    "order_reviewer": "shift_leader",
}
"""Who may answer, and gets the todo, when the role whose turn it is has let its limit pass (our default)."""


def turn(case: Case, order: Order, what: str, role: str) -> tuple[str, ...]:
    """Return the roles that may answer an open request: whose turn it is and, once he is overdue, the one above him first."""
    review = case.running(f"{order.id}/{what}")
    overdue = review is not None and review.overdue_at is not None
    return (ABOVE[role], role) if overdue and role in ABOVE else (role,)


def approver(order: Order, policy: Extension) -> str:
    """Return the role whose turn it is on an open request: beyond the pack's number of times the last word is higher."""
    step = order.extending.step if order.extending else 1
    if step < len(policy.approvers):
        return policy.approvers[step - 1]
    return policy.beyond if order.extensions >= policy.times.value else policy.approvers[-1]


def review_extension(case: Case, command: ReviewExtension, context: Context) -> Sequence[Event]:
    """Approve or deny: unit head first, then the centre; a second extension is the city office's. Denied: the old due stays.

    Each has his limit; when it has passed, the role above may answer for him.
    """
    order = order_in(case, command.order, AT_WORK)
    request = order.extending
    policy = context.facts.pack.extension
    if request is None:
        raise Refusal("no_extension_open", order=order.id)
    if context.actor.role not in turn(case, order, "extension", approver(order, policy)):
        raise Refusal("not_your_turn", step=request.step)
    four_eyes(context, request.by, request.first_by)
    events: list[Event] = [
        ExtensionReviewed(
            order=order.id, step=request.step, by=context.actor.user, approve=command.approve, reason=command.reason
        ),
        *clocks.stop(case, f"{order.id}/extension", context),
    ]
    if not command.approve:
        return [*events, ExtensionDecided(order=order.id, outcome="denied")]
    if request.step < len(policy.approvers):
        return [*events, *clocks.start(case, f"{order.id}/extension", "extension_review", context, again=True)]
    unit = (policy.cap.nominal or policy.cap.limit).unit
    by = context.facts.pack.scaled(Limit(amount=request.days, unit=unit))
    events.append(ExtensionDecided(order=order.id, outcome="granted"))
    events += clocks.extend(case, f"{order.id}/handle", by, context, asked_at=request.at)
    if order.role is OrderRole.lead:
        events += clocks.extend(case, f"overall/{order.cycle}", by, context, asked_at=request.at)
    for lower in case.under(order.id):
        events += clocks.extend(case, f"{lower.id}/handle", by, context, asked_at=request.at)
    return events


def request_pause(case: Case, command: RequestPause, context: Context) -> Sequence[Event]:
    """Ask for a pause of a type the pack knows, with evidence; refused when all pauses of the order together had their time."""
    order = order_in(case, command.order, AT_WORK)
    not_handed_down(order)
    not_on_account(case, order)
    if order.pausing is not None:
        raise Refusal("pause_open", order=order.id)
    if command.kind not in context.facts.pack.pauses:
        raise Refusal("unknown_pause", kind=command.kind)
    _pauses_left(case, order)
    return [
        PauseRequested(
            order=order.id,
            by=context.actor.user,
            kind=command.kind,
            evidence=command.evidence,
            documents=command.documents,
        ),
        *clocks.start(case, f"{order.id}/pause_review", "pause_review", context),
    ]


def pauses_used_up(case: Case, order: Order) -> bool:
    """Say whether the order has stood still as long as all its pauses together may last."""
    total = case.clock(f"{order.id}/pause_total")
    return total is not None and total.stopped_at is not None


def _pauses_left(case: Case, order: Order) -> None:
    total = case.clock(f"{order.id}/pause_total")
    if total is not None and pauses_used_up(case, order):
        raise Refusal("pause_total_used_up", order=order.id, most=str(total.clock.nominal or total.clock.limit))


def review_pause(case: Case, command: ReviewPause, context: Context) -> Sequence[Event]:
    """Grant or deny. A granted pause stops the unit's clock (the lead's stops the overall one too) up to its maximum.

    All pauses of an order together have a maximum too: a clock that runs while the order stands still.
    """
    order = order_in(case, command.order, AT_WORK)
    request = order.pausing
    if request is None or request.since is not None:
        raise Refusal("no_pause_open", order=order.id)
    if context.actor.role not in turn(case, order, "pause_review", "order_reviewer"):
        raise Refusal("not_your_turn", step=1)
    four_eyes(context, request.by)
    decided = PauseDecided(order=order.id, by=context.actor.user, granted=command.approve, reason=command.reason)
    events: list[Event] = [decided, *clocks.stop(case, f"{order.id}/pause_review", context)]
    if not command.approve:
        return events
    _pauses_left(case, order)
    for key in _paused_keys(case, order):
        events += clocks.hold(case, key, request.kind, context, request.evidence, asked_at=request.at)
    key = clocks.next_run(case, f"{order.id}/pause")
    events.append(clocks.start_by(pause_rule(context.facts.pack, request.kind), key, context))
    total = f"{order.id}/pause_total"
    if case.running(total) is None:
        return [*events, *clocks.start(case, total, "pause_total", context)]
    return [*events, *clocks.release(case, total, context, request.kind)]


def pause_rule(pack: Pack, kind: str) -> ClockRule:
    """Return the limit of a pause type as the rule of a clock; raises PolicyError for an unknown type."""
    type_ = pack.pause_type(kind)
    return ClockRule(
        id=f"{pack.id}/pause/{kind}",
        version=pack.version,
        limit=type_.max,
        source=type_.source,
        nominal=type_.nominal,
    )


def resume(case: Case, command: Resume, context: Context) -> Sequence[Event]:
    """The ground has ended before the maximum, also when the system has noticed the maximum since."""
    order = order_in(case, command.order, LIVE)
    if (woken := _woken(case, order)) is not None:
        ended = PauseEnded(order=order.id, by=context.actor.user, reason=command.reason, earlier=True)
        return [ended, *_ran_on_earlier(case, order, *woken, context)]
    order = order_in(case, command.order, AT_WORK)
    if order.pausing is None or order.pausing.since is None:
        raise Refusal("not_paused", order=order.id)
    return [
        PauseEnded(order=order.id, by=context.actor.user, reason=command.reason),
        *clocks.stop(case, f"{order.id}/pause", context),
        *run_on(case, order, context),
    ]


def _woken(case: Case, order: Order) -> tuple[str, datetime] | None:
    """Return key and instant of a pause that the system ended, when that act is annulled: a clock of it runs again.

    It is not the pause in which the order stands now, if there is one.
    """
    since = order.pausing.since if order.pausing is not None else None
    pauses = clocks.runs(case, f"{order.id}/pause")
    for run in pauses:
        if run.stopped_at is None and run.clock.due is not None and run.clock.start != since:
            return run.clock.key, run.clock.due
    total = case.running(f"{order.id}/pause_total")
    if since is None and pauses and total is not None and total.clock.due is not None:
        return pauses[-1].clock.key, total.clock.due
    return None


def _ran_on_earlier(case: Case, order: Order, pause: str, was: datetime, context: Context) -> Sequence[Event]:
    """Move the end that the system gave a pause at ``was`` back to the instant this decision was received."""
    held = (*_paused_keys(case, order), f"{order.id}/pause_total")
    return [
        *(e for key in held for e in clocks.move_back(case, key, was, context)),
        *_rest(case, order, context),
        ClockStopped(key=pause, stopped_at=context.now, met=True),
    ]


def wake(case: Case, order: Order, context: Context) -> Sequence[Event]:
    """The pause has reached its maximum: it ends by itself."""
    if order.pausing is None or order.pausing.since is None:
        return ()
    return [PauseEnded(order=order.id, by="system"), *run_on(case, order, context)]


def wake_for_good(case: Case, order: Order, context: Context) -> Sequence[Event]:
    """All pauses of the order together have reached their maximum: it runs on, and there will be no other pause."""
    return [*wake(case, order, context), *clocks.stop(case, f"{order.id}/pause", context, met=None)]


def run_on(case: Case, order: Order, context: Context) -> Sequence[Event]:
    """Let the clocks of a paused order run on, and the one of all its pauses rest."""
    return [
        *(e for key in _paused_keys(case, order) for e in clocks.release(case, key, context, "resumed")),
        *_rest(case, order, context),
    ]


def _rest(case: Case, order: Order, context: Context) -> Sequence[Event]:
    key = f"{order.id}/pause_total"
    total = case.running(key)
    if total is None or total.clock.due is None:
        return ()
    if total.clock.due <= context.judged_at:
        return [ClockStopped(key=total.clock.key, stopped_at=total.clock.due)]
    return clocks.hold(case, key, RUNNING, context)


RUNNING: Final = "running"
"""Why the clock of all pauses rests: the order is worked on."""


def _paused_keys(case: Case, order: Order) -> tuple[str, ...]:
    """What stands still with an order: its limits, and those of the units it was handed down to, which cannot ask themselves.

    One that has reported stands still for the report.
    """
    still = [order, *(o for o in case.under(order.id) if o.state in WITH_UNIT)]
    keys = [f"{o.id}/{what}" for o in still for what in ("handle", "respond", "feedback")]
    if order.role is OrderRole.lead:
        keys.append(f"overall/{order.cycle}")
    return tuple(keys)
