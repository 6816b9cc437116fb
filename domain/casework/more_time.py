"""More time for a unit: extension 延期 (11.5) and pause 暂停 (11.6)."""

from collections.abc import Sequence

from domain.casework import timekeeping as clocks
from domain.casework.commands import RequestExtension, RequestPause, Resume, ReviewExtension, ReviewPause
from domain.casework.events import (
    ClockStopped,
    ExtensionDecided,
    ExtensionRequested,
    ExtensionReviewed,
    PauseDecided,
    PauseEnded,
    PauseRequested,
)
from domain.casework.guards import four_eyes, order_in
from domain.casework.handling import AT_WORK
from domain.casework.state import Case, Order, Running
from domain.casework.words import LIVE, OrderRole
from domain.clock import ClockRule, Limit
from domain.policy import Extension, Pack
from domain.process import Context, Event, Refusal


def request_extension(case: Case, command: RequestExtension, context: Context) -> Sequence[Event]:
    """Ask for more time before the due instant. A late request is denied automatically; the cap is the pack's."""
    order = order_in(case, command.order, AT_WORK)
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
    return [requested]


def approver(order: Order, policy: Extension) -> str:
    """Return the role whose turn it is on an open request: beyond the pack's number of times the last word is higher."""
    step = order.extending.step if order.extending else 1
    if step < len(policy.approvers):
        return policy.approvers[step - 1]
    return policy.beyond if order.extensions >= policy.times.value else policy.approvers[-1]


def review_extension(case: Case, command: ReviewExtension, context: Context) -> Sequence[Event]:
    """Approve or deny: unit head first, then the centre; a second extension is the city office's. Denied: the old due stays."""
    order = order_in(case, command.order, AT_WORK)
    request = order.extending
    policy = context.facts.pack.extension
    if request is None:
        raise Refusal("no_extension_open", order=order.id)
    if context.actor.role != approver(order, policy):
        raise Refusal("not_your_turn", step=request.step)
    four_eyes(context, request.by, request.first_by)
    events: list[Event] = [
        ExtensionReviewed(
            order=order.id, step=request.step, by=context.actor.user, approve=command.approve, reason=command.reason
        )
    ]
    if not command.approve:
        return [*events, ExtensionDecided(order=order.id, outcome="denied")]
    if request.step < len(policy.approvers):
        return events
    unit = (policy.cap.nominal or policy.cap.limit).unit
    by = context.facts.pack.scaled(Limit(amount=request.days, unit=unit))
    events.append(ExtensionDecided(order=order.id, outcome="granted"))
    events += clocks.extend(case, f"{order.id}/handle", by, context, asked_at=request.at)
    if order.role is OrderRole.lead:
        events += clocks.extend(case, f"overall/{order.cycle}", by, context, asked_at=request.at)
    return events


def request_pause(case: Case, command: RequestPause, context: Context) -> Sequence[Event]:
    """Ask for a pause of a type the pack knows, with evidence."""
    order = order_in(case, command.order, AT_WORK)
    if order.pausing is not None:
        raise Refusal("pause_open", order=order.id)
    if command.kind not in context.facts.pack.pauses:
        raise Refusal("unknown_pause", kind=command.kind)
    return [
        PauseRequested(
            order=order.id,
            by=context.actor.user,
            kind=command.kind,
            evidence=command.evidence,
            documents=command.documents,
        )
    ]


def review_pause(case: Case, command: ReviewPause, context: Context) -> Sequence[Event]:
    """Grant or deny. A granted pause stops the unit's clock (the lead's stops the overall one too) up to its maximum."""
    order = order_in(case, command.order, AT_WORK)
    request = order.pausing
    if request is None or request.since is not None:
        raise Refusal("no_pause_open", order=order.id)
    four_eyes(context, request.by)
    decided = PauseDecided(order=order.id, by=context.actor.user, granted=command.approve, reason=command.reason)
    if not command.approve:
        return [decided]
    events: list[Event] = [decided]
    for key in _paused_keys(order):
        events += clocks.hold(case, key, request.kind, context, request.evidence)
    key = clocks.next_run(case, f"{order.id}/pause")
    events.append(clocks.start_by(pause_rule(context.facts.pack, request.kind), key, context))
    return events


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
        return [
            PauseEnded(order=order.id, by=context.actor.user, reason=command.reason, earlier=True),
            *_ran_on_earlier(case, order, woken, context),
            ClockStopped(key=woken.clock.key, stopped_at=context.now, met=True),
        ]
    order = order_in(case, command.order, AT_WORK)
    if order.pausing is None or order.pausing.since is None:
        raise Refusal("not_paused", order=order.id)
    return [
        PauseEnded(order=order.id, by=context.actor.user, reason=command.reason),
        *clocks.stop(case, f"{order.id}/pause", context),
        *run_on(case, order, context),
    ]


def _woken(case: Case, order: Order) -> Running | None:
    """Return the pause whose end by the system is annulled: its clock runs, but it is not the pause the order stands in."""
    since = order.pausing.since if order.pausing is not None else None
    found = (r for r in clocks.runs(case, f"{order.id}/pause") if r.stopped_at is None and r.clock.start != since)
    return next(found, None)


def _ran_on_earlier(case: Case, order: Order, woken: Running, context: Context) -> Sequence[Event]:
    """Move the end that the system gave a pause back to the instant this decision was received."""
    due = woken.clock.due
    if due is None:
        return ()
    return [e for key in _paused_keys(order) for e in clocks.move_back(case, key, due, context)]


def wake(case: Case, order: Order, context: Context) -> Sequence[Event]:
    """The pause has reached its maximum: it ends by itself."""
    if order.pausing is None or order.pausing.since is None:
        return ()
    return [PauseEnded(order=order.id, by="system"), *run_on(case, order, context)]


def run_on(case: Case, order: Order, context: Context) -> Sequence[Event]:
    """Let the clocks of a paused order run on."""
    return [e for key in _paused_keys(order) for e in clocks.release(case, key, context, "resumed")]


def _paused_keys(order: Order) -> tuple[str, ...]:
    keys = [f"{order.id}/handle", f"{order.id}/respond", f"{order.id}/feedback"]
    if order.role is OrderRole.lead:
        keys.append(f"overall/{order.cycle}")
    return tuple(keys)
