"""挂账 and 销号: a case that cannot be solved now, with a plan and a day on which it is looked at again (11.6, §18).

It stays open and counts as unsolved. While it is on account every limit of its units and its overall limit stand still; that
follows from the state (:func:`standing`), so no order that comes, goes or is sent back meanwhile can run. What the lead's unit
asked for ends with the lead's order.

=========================  =============================================================================================
the lead's unit            asks, with plan and day; when the plan is carried out, asks for the striking off, with proof
order reviewer, city centre  approve, one after the other; neither is who asked
order reviewer             looks again on the day: keeps it until another day or ends it; after the day the supervisor too
order reviewer             is the second person on the striking off
=========================  =============================================================================================

An approver who lets his limit pass gets the one above beside him, as for an extension.
"""

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from typing import Final

from domain.calendar import local_day
from domain.casework import timekeeping as clocks
from domain.casework.byway_commands import (
    RecheckOnAccount,
    RequestOnAccount,
    RequestStrikeOff,
    ReviewOnAccount,
    ReviewStrikeOff,
)
from domain.casework.byway_events import (
    OnAccountDecided,
    OnAccountEnded,
    OnAccountKept,
    OnAccountRequested,
    OnAccountReviewed,
    StrikeOffRequested,
    StrikeOffReviewed,
)
from domain.casework.guards import four_eyes, order_in
from domain.casework.handling import AT_WORK
from domain.casework.more_time import turn
from domain.casework.state import Account, Case, Order
from domain.casework.words import WITH_UNIT, OrderRole
from domain.keeping import until_day
from domain.process import Context, Event, Refusal

APPROVERS: Final = ("order_reviewer", "city_centre")
"""Who approves, in this order: two different persons (our default)."""
RECHECKER: Final = "order_reviewer"
AFTER_THE_DAY: Final = "supervisor"
"""Who has to look again when nobody has on the day."""
STRIKER: Final = "order_reviewer"
KIND: Final = "on_account"
"""Why the clocks stand still."""
HELD: Final = ("handle", "respond", "feedback")


def request_on_account(case: Case, command: RequestOnAccount, context: Context) -> Sequence[Event]:
    """Ask, with plan and day. The limits run on meanwhile (先办后议)."""
    order = order_in(case, command.order, AT_WORK)
    if order.role is not OrderRole.lead:
        raise Refusal("lead_only", order=order.id)
    if case.account is not None:
        raise Refusal("on_account" if case.on_account else "account_open", order=case.account.order)
    if order.pausing is not None and order.pausing.since is not None:
        raise Refusal("paused", order=order.id)
    _day_ahead(command.review_on, context)
    requested = OnAccountRequested(
        order=order.id,
        by=context.actor.user,
        ground=command.ground,
        plan=command.plan,
        review_on=command.review_on,
        documents=command.documents,
    )
    return [
        requested,
        *clocks.stop(case, f"{order.id}/choice", context),
        *clocks.start(case, f"{order.id}/account", "account_approval", context),
    ]


def approver(account: Account) -> str:
    """Return the role whose turn it is on what was asked for."""
    return APPROVERS[min(account.step, len(APPROVERS)) - 1]


def review_on_account(case: Case, command: ReviewOnAccount, context: Context) -> Sequence[Event]:
    """Approve or deny: two persons, neither of them who asked. From the second approval on the case is on account."""
    order = order_in(case, command.order, AT_WORK)
    account = case.account
    if account is None or account.order != order.id or account.since is not None:
        raise Refusal("no_account_open", order=order.id)
    if context.actor.role not in turn(case, order, "account", approver(account)):
        raise Refusal("not_your_turn", step=account.step)
    four_eyes(context, account.by, account.first_by)
    events: list[Event] = [
        OnAccountReviewed(
            order=order.id, step=account.step, by=context.actor.user, approve=command.approve, reason=command.reason
        ),
        *clocks.stop(case, f"{order.id}/account", context),
    ]
    if not command.approve:
        return [*events, OnAccountDecided(order=order.id, outcome="denied")]
    if account.step < len(APPROVERS):
        return [*events, *clocks.start(case, f"{order.id}/account", "account_approval", context, again=True)]
    return [
        *events,
        OnAccountDecided(order=order.id, outcome="granted"),
        *until_day(case, f"{order.id}/account_date", account.review_on, context),
    ]


def recheck_on_account(case: Case, command: RecheckOnAccount, context: Context) -> Sequence[Event]:
    """Keep it until another day, as often as the pack allows, or end it. Whoever asked for it is not who looks again."""
    account = _standing(case, command.order)
    if context.actor.role not in {RECHECKER, AFTER_THE_DAY}:
        raise Refusal("not_your_turn", step=1)
    four_eyes(context, account.by)
    stopped = clocks.stop(case, f"{account.order}/account_date", context)
    if not command.keep:
        if command.review_on is not None:
            raise Refusal("date_not_wanted", due=command.review_on.isoformat())
        return [*stopped, *_over(case, account, "ended", context)]
    if command.review_on is None:
        raise Refusal("date_needed")
    _day_ahead(command.review_on, context)
    times = context.facts.pack.account.times.value
    if account.kept >= times:
        raise Refusal("account_used_up", times=times)
    kept = OnAccountKept(order=account.order, by=context.actor.user, reason=command.reason, review_on=command.review_on)
    return [
        kept,
        *stopped,
        *until_day(case, f"{account.order}/account_date", command.review_on, context, again=True),
    ]


def request_strike_off(case: Case, command: RequestStrikeOff, context: Context) -> Sequence[Event]:
    """The plan is carried out: ask for the striking off. Refused without a document or photo that shows it."""
    account = _standing(case, command.order)
    if account.striking is not None:
        raise Refusal("strike_off_open", order=account.order)
    if not command.documents:
        raise Refusal("proof_needed", order=account.order)
    requested = StrikeOffRequested(
        order=account.order, by=context.actor.user, proof=command.proof, documents=command.documents
    )
    return [requested, *clocks.start(case, f"{account.order}/strike", "second_person", context)]


def review_strike_off(case: Case, command: ReviewStrikeOff, context: Context) -> Sequence[Event]:
    """Second person: struck off, the limits run on and the unit answers as usual; or it stays on account."""
    account = _standing(case, command.order)
    if account.striking is None:
        raise Refusal("no_strike_off_open", order=account.order)
    if context.actor.role not in turn(case, case.orders[account.order], "strike", STRIKER):
        raise Refusal("not_your_turn", step=1)
    four_eyes(context, account.by, account.striking.by)
    reviewed = StrikeOffReviewed(
        order=account.order, by=context.actor.user, approve=command.approve, reason=command.reason
    )
    stopped = clocks.stop(case, f"{account.order}/strike", context)
    if not command.approve:
        return [reviewed, *stopped]
    return [reviewed, *stopped, *_over(case, account, "struck_off", context)]


# ------------------------------------------------------------------------------------------------- what follows by itself


def let_go(case: Case, context: Context) -> Sequence[Event]:
    """What was asked for, or is in force, ends when its unit is no longer at work as the lead."""
    account, lead = case.account, case.lead
    if account is None or (lead is not None and lead.id == account.order and lead.state in WITH_UNIT):
        return ()
    if account.since is None:
        decided = OnAccountDecided(order=account.order, outcome="overtaken")
        return [decided, *clocks.stop(case, f"{account.order}/account", context, met=None)]
    return _over(case, account, "overtaken", context)


def standing(case: Case, context: Context) -> Sequence[Event]:
    """Let what runs stand still while the case is on account, and run on when it is no more."""
    if case.on_account:
        return [e for key, _ in _limits(case) for e in clocks.hold(case, key, KIND, context)]
    return [
        event
        for key, order in _limits(case)
        if (held := case.running(key)) is not None
        and held.clock.paused
        and held.clock.pauses[-1].kind == KIND
        and not (order is not None and order.pausing is not None and order.pausing.since is not None)
        for event in clocks.release(case, key, context, "off_account")
    ]


def _limits(case: Case) -> Iterator[tuple[str, Order | None]]:
    """The limits that stand still, each with the order whose pause it has too: of units at work, and the overall one."""
    for order in case.live:
        if order.state in WITH_UNIT:
            yield from ((f"{order.id}/{what}", order) for what in HELD)
    yield f"overall/{case.cycle}", case.lead


def _over(case: Case, account: Account, how: str, context: Context) -> Sequence[Event]:
    return [
        OnAccountEnded(order=account.order, how=how, by=context.actor.user),
        *clocks.stop(case, f"{account.order}/account_date", context, met=None),
        *clocks.stop(case, f"{account.order}/strike", context, met=None),
    ]


def _standing(case: Case, order_id: str) -> Account:
    order = order_in(case, order_id, WITH_UNIT)
    if case.account is None or case.account.order != order.id or case.account.since is None:
        raise Refusal("not_on_account", order=order.id)
    return case.account


def _day_ahead(day: date, context: Context) -> None:
    """Refuse a day that is not ahead, or farther away than the pack lets a case stay without being looked at."""
    today = local_day(context.judged_at)
    if day <= today:
        raise Refusal("date_not_ahead", due=day.isoformat())
    longest = context.facts.pack.account.longest
    most = longest.nominal or longest.limit
    if day > today + timedelta(days=most.amount):
        raise Refusal("account_too_long", due=day.isoformat(), most=str(most))
