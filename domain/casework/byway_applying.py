"""What the events of the byways change in a case. Total, like all of :mod:`domain.casework.applying`."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final

from domain.casework import byway_events as ev
from domain.casework.changing import order_with, with_
from domain.casework.state import Account, Case, Reopening, StrikeOff, Submission
from domain.casework.words import ClosingCode, OrderState


def _requested(case: Case, e: ev.OnAccountRequested, at: datetime) -> Case:
    n = len(case.accounts) + 1
    return with_(case, account=Account(n=n, order=e.order, by=e.by, ground=e.ground, at=at, review_on=e.review_on))


def _account(case: Case, order: str, **update: Any) -> Case:
    """Return the case with other fields of what it is on account for; another order's words change nothing."""
    if case.account is None or case.account.order != order:
        return case
    return with_(case, account=case.account.model_copy(update=update))


def _reviewed(case: Case, e: ev.OnAccountReviewed, _at: datetime) -> Case:
    return _account(case, e.order, step=e.step + 1, first_by=e.by) if e.approve else case


def _decided(case: Case, e: ev.OnAccountDecided, at: datetime) -> Case:
    return _account(case, e.order, since=at) if e.outcome == "granted" else with_(case, account=None)


def _kept(case: Case, e: ev.OnAccountKept, _at: datetime) -> Case:
    kept = case.account.kept if case.account else 0
    return _account(case, e.order, review_on=e.review_on, kept=kept + 1)


def _strike_requested(case: Case, e: ev.StrikeOffRequested, at: datetime) -> Case:
    return _account(case, e.order, striking=StrikeOff(at=at, by=e.by))


def _strike_reviewed(case: Case, e: ev.StrikeOffReviewed, _at: datetime) -> Case:
    return _account(case, e.order, striking=None)


def _ended(case: Case, e: ev.OnAccountEnded, at: datetime) -> Case:
    if case.account is None:
        return case
    over = case.account.model_copy(update={"until": at, "how": e.how, "striking": None})
    return with_(case, account=None, accounts=(*case.accounts, over))


def _undone(case: Case, e: ev.DispatchUndone, _at: datetime) -> Case:
    for order in e.orders:
        # Who got it by mistake was not the first who received it.
        case = order_with(case, order, undone=True, first_receiver=False)
    return with_(case, undone=case.undone + 1)


def _reopening_requested(case: Case, e: ev.ReopeningRequested, at: datetime) -> Case:
    return with_(case, reopening=Reopening(at=at, by=e.by, request=e.request))


def _reopening_reviewed(case: Case, _e: ev.ReopeningReviewed, _at: datetime) -> Case:
    return with_(case, reopening=None)


def _reopened(case: Case, e: ev.Reopened, _at: datetime) -> Case:
    kept = {"satisfied", "waived", "withdrew"}
    callers = {
        k: c
        if c.outcome in kept and k != e.request
        else c.model_copy(update={"outcome": None, "failed_days": 0, "retry_at": None})
        for k, c in case.callers.items()
    }
    return with_(
        case,
        cycle=e.cycle,
        callers=callers,
        proposal=None,
        termination=None,
        code=None,
        closed_at=None,
        end=None,
        rings=(),
        reopening=None,
        reopened=case.reopened + 1,
    )


def _report_reviewed(case: Case, e: ev.ReportReviewed, _at: datetime) -> Case:
    if e.accept:
        return order_with(case, e.order, state=OrderState.accepted, accepted_by=e.by)
    order = case.orders.get(e.order)
    return order_with(case, e.order, state=OrderState.working, sent_back=(order.sent_back if order else 0) + 1)


def _closed_on_spot(case: Case, e: ev.ClosedOnSpot, at: datetime) -> Case:
    submission = Submission(at=at, by=e.by, code=ClosingCode.solved, reply=e.reply, documents=e.documents)
    for order in e.through:
        case = order_with(case, order, state=OrderState.accepted, submission=submission)
    return with_(case, on_spot=case.on_spot + 1)


CHANGES: Final[Mapping[str, Callable[[Case, Any, datetime], Case]]] = {
    ev.OnAccountRequested.TYPE: _requested,
    ev.OnAccountReviewed.TYPE: _reviewed,
    ev.OnAccountDecided.TYPE: _decided,
    ev.OnAccountKept.TYPE: _kept,
    ev.StrikeOffRequested.TYPE: _strike_requested,
    ev.StrikeOffReviewed.TYPE: _strike_reviewed,
    ev.OnAccountEnded.TYPE: _ended,
    ev.DispatchUndone.TYPE: _undone,
    ev.ReopeningRequested.TYPE: _reopening_requested,
    ev.ReopeningReviewed.TYPE: _reopening_reviewed,
    ev.Reopened.TYPE: _reopened,
    ev.ReportReviewed.TYPE: _report_reviewed,
    ev.ClosedOnSpot.TYPE: _closed_on_spot,
}
