"""Who has to act now on a case: the todos. The inbox and the buttons of the console are these rows, nothing else."""

from collections.abc import Iterator
from datetime import datetime

from domain.casework import handing_down, more_time, on_account, reopening
from domain.casework.handling import AT_WORK
from domain.casework.state import WHOLE, Account, Case, Matter, Order
from domain.casework.words import OWNER_MATTERS, WITH_UNIT, WORKING, MatterKind, OrderRole, OrderState, Stage, Triage
from domain.keeping import Running
from domain.process import Todo

LIAISON = "unit_liaison"
UNIT_CLOCKS = ("sign", "respond", "feedback", "choice", "handle", "account_date")
MATTER_ROLE = {"urge": ("supervisor", "urge"), "supervision": ("supervisor", "supervise")}


def todos(case: Case) -> tuple[Todo, ...]:
    """Return every todo of the case. A case that is open has one, or a timer."""
    if case.stage is Stage.new or case.since is None:
        return ()
    asked = tuple(_reopening(case))
    return asked if case.stage is Stage.archived else (*_todos(case, case.since), *asked)


def _todos(case: Case, since: datetime) -> Iterator[Todo]:
    if case.merging_into is not None and case.merging_since is not None:
        yield Todo(
            key="merge",
            role="dispatcher",
            commands=("withdraw_merge", "correct"),
            since=case.merging_since,
            rule="merge",
        )
    elif case.stage is Stage.screening:
        yield _step(case, "screen", "agent", ("triage", "answer", "guide", "divert", "decline", "merge"), since)
    elif case.stage is Stage.triaged:
        step = _step(case, "dispatch", "dispatcher", ("dispatch", "triage", "merge"), since)
        yield step if case.held_by is None else step.model_copy(update={"hint": {"held_by": case.held_by}})
    yield from (_matter(case, matter) for matter in case.matters.values() if matter.key not in case.holds)
    for order in case.live:
        yield from _order(case, order)
    for order in case.vacant if case.stage in {Stage.triaged, *WORKING} else ():
        running = case.running(f"{order.id}/replace")
        yield Todo(
            key=f"{order.id}/replace",
            role="dispatcher",
            commands=("add_assignment", "waive_result"),
            since=order.vacant_since or since,
            due=_due(running),
            rule=running.clock.rule if running else "replace",
            subject=order.id,
        )
    if case.stage is Stage.callback:
        yield from _callbacks(case, since)
    if case.proposal is not None and case.proposal.approved_by is None:
        yield Todo(
            key="closing",
            role="shift_leader",
            commands=("review_closing",),
            since=case.proposal.at,
            due=_due(case.running("closing")),
            rule="closing",
        )
    if case.termination is not None:
        yield Todo(
            key="termination",
            role="shift_leader",
            commands=("review_termination",),
            since=case.termination.at,
            due=_due(case.running(f"{case.termination.order}/termination")),
            rule="termination",
            subject=case.termination.order,
        )


def _reopening(case: Case) -> Iterator[Todo]:
    if case.reopening is not None:
        yield Todo(
            key="reopening",
            role=reopening.turn(case),
            commands=("review_reopening",),
            since=case.reopening.at,
            due=_due(case.running("reopening")),
            rule="reopening",
            subject=case.reopening.request,
        )


def _account(case: Case, order: Order, account: Account) -> Iterator[Todo]:
    """Who approves; then who looks again on the day (on his desk a working day ahead), and the second person at striking off."""
    if account.since is None:
        if order.state in AT_WORK:
            yield _answer(case, order, "account", on_account.approver(account), account.at)
        return
    date = case.running(f"{order.id}/account_date")
    late = date is not None and date.overdue_at is not None
    yield Todo(
        key=f"{order.id}/recheck",
        role=on_account.AFTER_THE_DAY if late else on_account.RECHECKER,
        commands=("recheck_on_account",),
        since=(date.clock.yellow_at if date else None) or account.since,
        due=_due(date),
        rule="account_date",
        subject=order.id,
    )
    if account.striking is not None:
        yield _answer(case, order, "strike", on_account.STRIKER, account.striking.at)


def _matter(case: Case, matter: Matter) -> Todo:
    """Return the todo for a matter no other process decides: to have the owner found, then to name him when nobody has."""
    running = case.running(f"matter/{matter.key}")
    asks = matter.kind is MatterKind.dispute and running is not None and running.overdue_at is None
    role, command = (
        MATTER_ROLE[str(matter.kind)]
        if matter.kind not in OWNER_MATTERS
        else ("dispatcher", "call_consultation")
        if asks
        else ("city_centre", "designate")
    )
    return Todo(
        key=f"matter/{matter.key}",
        role=role,
        commands=(command,),
        since=matter.since,
        due=_due(running),
        rule=str(matter.kind),
        subject=matter.key,
    )


def _step(case: Case, key: str, role: str, commands: tuple[str, ...], since: datetime) -> Todo:
    running = case.running(key)
    return Todo(
        key=key,
        role=role,
        commands=commands,
        since=since,
        due=_due(running),
        rule=running.clock.rule if running else key,
        district=case.district,
    )


def _order(case: Case, order: Order) -> Iterator[Todo]:
    soonest = _first_due(case, order)
    if commands := _unit_commands(case, order):
        yield Todo(
            key=f"{order.id}/unit",
            role=_worker(order),
            unit=order.unit,
            commands=commands,
            since=order.sent_at,
            due=_due(soonest),
            rule=soonest.clock.rule if soonest else "handle",
            subject=order.id,
        )
    unheard = order.state in WITH_UNIT and order.contacted_at is None and order.phoned_at is None
    if case.triage is Triage.urgent and unheard:
        yield Todo(
            key=f"{order.id}/phone",
            role="dispatcher",
            commands=("confirm_by_phone",),
            since=order.sent_at,
            due=_due(case.running(f"{order.id}/respond")),
            rule="respond",
            subject=order.id,
        )
    if order.state is OrderState.return_requested and order.returning is not None and case.owner_matter is None:
        yield _review(case, order)
    if case.account is not None and case.account.order == order.id:
        yield from _account(case, order, case.account)
    above = case.orders.get(order.above or "")
    if order.state is OrderState.submitted and order.submission is not None and above is not None:
        review = case.running(f"{order.id}/report_review")
        yield Todo(
            key=f"{order.id}/report",
            role=LIAISON,
            unit=above.unit,
            commands=("review_report", "recall_order"),
            since=order.submission.at,
            due=_due(review),
            rule=review.clock.rule if review else "report_review",
            subject=order.id,
        )
    elif order.state is OrderState.submitted and order.submission is not None:
        review = case.running(f"{order.id}/review")
        reviews = ("review_result",) if order.role is OrderRole.lead else ("review_result", "waive_result")
        yield Todo(
            key=f"{order.id}/review",
            role="order_reviewer",
            commands=reviews,
            since=order.submission.at,
            due=_due(review),
            rule=review.clock.rule if review else "reply_review",
            subject=order.id,
        )
    if order.extending is not None and order.state in AT_WORK:
        first = order.extending.step == 1
        turn = "unit_head" if first else "city_office" if order.extensions else "city_centre"
        yield _answer(case, order, "extension", turn, order.extending.at)
    if order.pausing is not None and order.pausing.since is None and order.state in AT_WORK:
        yield _answer(case, order, "pause_review", "order_reviewer", order.pausing.at)


def _first_due(case: Case, order: Order) -> Running | None:
    """Return the clock of the unit's order that is due first: signing and, where the pack has them, response and feedback count."""
    running = [r for what in UNIT_CLOCKS if (r := case.running(f"{order.id}/{what}")) is not None and r.clock.due]
    return min(running, key=lambda r: r.clock.due or r.clock.start, default=None)


def _answer(case: Case, order: Order, what: str, turn: str, since: datetime) -> Todo:
    """Return the todo for a request of a unit: of the role whose turn it is, or of the one above once that is overdue."""
    review = case.running(f"{order.id}/{what}")
    role = more_time.turn(case, order, what, turn)[0]
    kind = what.removesuffix("_review")
    command = {"account": "review_on_account", "strike": "review_strike_off"}.get(kind, f"review_{kind}")
    return Todo(
        key=f"{order.id}/{kind}",
        role=role,
        unit=order.unit if role == "unit_head" else None,
        commands=(command,),
        since=since,
        due=_due(review),
        rule=review.clock.rule if review else kind,
        subject=order.id,
    )


def _worker(order: Order) -> str:
    """Return who works on the order: what comes down to a grid is the grid worker's."""
    return "grid_worker" if order.above is not None and order.level == handing_down.GRID else LIAISON


def _handed_commands(order: Order) -> tuple[str, ...]:
    """What a lower unit may do with an order that was handed down: all else it settles with the unit above."""
    spot = ("close_on_spot",) if order.level == handing_down.GRID else ()
    working = ("submit_result", "report_progress", *spot)
    return {
        OrderState.sent: ("sign", "contact", *spot, "give_back"),
        OrderState.signed: ("contact", "begin_work", *working, "give_back"),
        OrderState.contacted: ("begin_work", *working, "contact", "give_back"),
        OrderState.working: (*working, "contact", "give_back"),
    }.get(order.state, ())


def _unit_commands(case: Case, order: Order) -> tuple[str, ...]:
    if order.above is not None:
        return _handed_commands(order)
    if case.on_account and case.account is not None and order.state in AT_WORK:
        if case.account.order == order.id:
            strike = () if case.account.striking else ("request_strike_off",)
            return (*strike, "report_progress", "contact")
        return ("submit_result", "report_progress", "contact")
    if order.state in AT_WORK and order.pausing is not None and order.pausing.since is not None:
        return ("resume", "contact")
    up = ("report_up", "whistle") if order.role is OrderRole.lead and WHOLE not in case.holds else ()
    more = () if order.extending else ("request_extension",)
    pause = () if order.pausing or more_time.pauses_used_up(case, order) else ("request_pause",)
    asking = order.extending or order.pausing or (case.account is not None and case.account.order == order.id)
    back = () if order.no_return or asking else ("request_return",)
    # Those below have to report first.
    result = () if case.below(order.id) else ("submit_result",)
    working = (*result, "report_progress", *up, *more, *pause)
    return {
        OrderState.sent: ("sign", "contact", *back),
        OrderState.signed: ("contact", "begin_work", *working, *back),
        OrderState.contacted: ("begin_work", *working, "contact"),
        OrderState.working: (*working, "contact"),
        # 先办后议: who asks to give back goes on meanwhile.
        OrderState.return_requested: ("contact", "report_progress"),
    }.get(order.state, ())


def _review(case: Case, order: Order) -> Todo:
    request = order.returning
    if request is None:
        message = f"{case.no}: no return request on {order.id}"
        raise RuntimeError(message)
    step = 3 if request.escalated else request.step
    running = case.running(f"{order.id}/return{step}")
    return Todo(
        key=f"{order.id}/return",
        role={1: "order_reviewer", 2: "shift_leader", 3: "centre_head"}[step],
        commands=("decide_return",) if request.escalated else ("review_return",),
        since=request.at,
        due=_due(running),
        rule=running.clock.rule if running else "return_review",
        subject=order.id,
    )


def _callbacks(case: Case, since: datetime) -> Iterator[Todo]:
    for caller in case.waiting_callers:
        running = case.running(f"callback/{caller.request}")
        yield Todo(
            key=f"callback/{caller.request}",
            role="callback_officer",
            commands=("record_callback", "waive_callback"),
            since=caller.retry_at or since,
            due=_due(running),
            rule=running.clock.rule if running else "callback",
            subject=caller.request,
            hint={"attempts": caller.failed_days},
        )


def _due(running: Running | None) -> datetime | None:
    return None if running is None else running.clock.due
