"""What the world must be told of each event: units, callers, other cases. Bodies hold codes and references only (law 8)."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from domain import holding, telling
from domain.casework import byway_events as by
from domain.casework import events as ev
from domain.casework.state import Case
from domain.casework.timekeeping import RESTATED, owner_and_what
from domain.casework.words import WITH_UNIT, OrderRole, OrderState, Stage, Triage
from domain.holding import Hold
from domain.keeping import ClockSet, OverdueReached, WarningGiven
from domain.process import Effect, Event


def effects(case: Case, event: Event) -> Sequence[Effect]:
    """Return the effects of one event; ``case`` is the state after it."""
    make = TABLE.get(event.TYPE)
    return () if make is None else make(case, event)


def to_unit(case: Case, order_id: str, what: str, **more: Any) -> Sequence[Effect]:
    """Tell the unit of an order: its department system if it has one, else its inbox notice."""
    order = case.orders[order_id]
    body = {"what": what, "order": order_id, "unit": order.unit, **more}
    return [telling.message(order.unit, body, urgent=case.triage is Triage.urgent)]


def to_callers(case: Case, what: str, *texts: str | None, only: str | None = None) -> Sequence[Effect]:
    """Tell every caller who hangs on the case, or one of them."""
    words = [t for t in texts if t]
    return [
        telling.notice_to_caller(c.request, what, words)
        for c in case.callers.values()
        if only in (None, c.request) and c.outcome != "withdrew"
    ]


def to_staff(what: str, role: str, unit: str | None = None, **more: Any) -> Sequence[Effect]:
    """Tell a role (of a unit)."""
    return [telling.notice(what, role, unit, **more)]


def to_case(no: str, command: str, body: dict[str, Any], on_refused: str | None = None) -> Sequence[Effect]:
    """Send another case a command; its refusal comes back as ``on_refused``."""
    return [telling.tell(f"case/{no}", command, body, on_refused)]


def _order_sent(case: Case, e: ev.OrderSent) -> Sequence[Effect]:
    out = list(to_unit(case, e.order, "order_sent"))
    if e.role is OrderRole.lead and case.street == e.unit and case.district is not None:
        # Beijing Art. 12 (1): an order sent straight to a street is copied to the district, which urges.
        out += to_staff("street_order_copied", "district_centre", case.district, order=e.order)
    return out


def _order_ended(case: Case, e: ev.OrderEnded) -> Sequence[Effect]:
    ended = list(to_unit(case, e.order, "order_recalled", how=e.how))
    order = case.orders.get(e.order)
    if order is not None and order.above is not None and e.how == OrderState.returned:
        ended += to_unit(case, order.above, "order_given_back", texts=[e.reason])
    return ended


def _clock_set(case: Case, e: ClockSet) -> Sequence[Effect]:
    order, what = owner_and_what(case, e.clock.key)
    if e.why in {"started", "submitted", "sent_back", RESTATED} or what != "handle" or order is None:
        return ()
    return to_unit(case, order.id, "due_changed", why=e.why)


OURS = frozenset(
    {"review", "return1", "return2", "return3", "extension", "pause_review", "pause_total", "replace", "termination"}
    | {"account", "strike"}
)
"""Clocks on an order that run against the centre, not against the unit."""


def _beyond_the_day(case: Case, order: str, what: str) -> Sequence[Effect]:
    """Tell the unit; and whoever has to look at a case on account, when the day has gone by."""
    return [*to_unit(case, order, "overdue", clock=what), *to_staff("overdue", "supervisor", clock=f"{order}/{what}")]


def _whose(case: Case, key: str) -> tuple[str | None, str]:
    """Return whose unit a clock runs against, by its order, and what it measures: a report waits for the unit above."""
    order, what = owner_and_what(case, key)
    if order is None or what in OURS:
        return None, what
    return (order.above if what == "report_review" and order.above in case.orders else order.id), what


def _warning(case: Case, e: WarningGiven) -> Sequence[Effect]:
    order, what = _whose(case, e.key)
    if order is not None:
        return to_unit(case, order, f"{e.card}_card", clock=what)
    return to_staff(f"{e.card}_card", "shift_leader", clock=e.key)


def _overdue(case: Case, e: OverdueReached) -> Sequence[Effect]:
    order, what = _whose(case, e.key)
    if order is not None and what == "account_date":
        return _beyond_the_day(case, order, what)
    if order is not None:
        return to_unit(case, order, "overdue", clock=what)
    return to_staff("overdue", "shift_leader", clock=e.key)


def _return_decided(case: Case, e: ev.ReturnDecided) -> Sequence[Effect]:
    if e.outcome == "denied":
        return to_unit(case, e.order, "return_denied")
    return ()


def _extension_decided(case: Case, e: ev.ExtensionDecided) -> Sequence[Effect]:
    out = list(to_unit(case, e.order, f"extension_{e.outcome}"))
    if e.outcome == "granted":
        # Beijing Art. 15: the caller is told of an extension.
        out += to_callers(case, "extension_granted")
    return out


def _follower(case: Case, e: ev.FollowerAttached) -> Sequence[Effect]:
    out = list(to_case(e.case, "confirm_merge", {"into": case.no}, "release_follower"))
    if case.lead is not None and case.lead.state is OrderState.accepted and case.lead.submission is not None:
        # The others had the answer when it was accepted; this caller came later.
        out += to_callers(case, "replied", case.lead.submission.reply, only=e.request)
    return out


def _triaged(case: Case, e: ev.Triaged) -> Sequence[Effect]:
    """A case that turns urgent: every unit at work is told that its limits are others now."""
    if e.triage is not Triage.urgent:
        return ()
    return [x for o in case.live if o.state in WITH_UNIT for x in to_unit(case, o.id, "due_changed", why="urgent")]


def _terms(case: Case) -> dict[str, Any]:
    """The terms a process that this case begins takes over: its pack and calendar, and whether it is urgent."""
    return {
        "pack": case.pack,
        "pack_version": case.pack_version,
        "pack_sha": case.pack_sha,
        "calendar": case.calendar,
        "district": case.district,
        "triage": "urgent" if case.triage is Triage.urgent else "routine",
    }


def _begin(begins: Case, process: str, by: str, **body: Any) -> Sequence[Effect]:
    """Begin another process; where it does not begin, the case is told."""
    opening = {"by": by, **_terms(begins), **body}
    return [telling.start(process, opening, "process_refused", {"process": process})]


def _entry(case: Case, matter: str | None) -> dict[str, Any]:
    """The item of another process's agenda that this case holds for it."""
    lead = case.lead
    return {
        "holder": case.id,
        "matter": matter,
        "reserved": True,
        "unit": lead.unit if lead else None,
        "district": case.district,
        "case": case.no,
        "catalogue_item": case.item,
    }


def _ring(case: Case, e: ev.RingAsked) -> Sequence[Effect]:
    order = case.orders.get(e.order or "")
    return _begin(
        case,
        e.process,
        e.by,
        case=case.no,
        level=e.level,
        kind=e.kind,
        reporter=order.unit if order else None,
        reason=e.reason,
        tried=e.tried,
        matter=case.matter_key,
        entries=[_entry(case, e.matter)],
    )


def _supervision(case: Case, e: ev.SupervisionAsked) -> Sequence[Effect]:
    return _begin(
        case,
        e.process,
        case.id,
        case=case.no,
        matter=case.matter_key,
        level=e.level,
        unit=e.unit,
        trigger=e.trigger,
        note=None,
    )


def _reserved(case: Case, e: ev.MatterReserved) -> Sequence[Effect]:
    lead = case.lead
    hold = Hold(process=e.process, item=e.item, matter=e.matter)
    about = {"district": case.district, "case": case.no, "catalogue_item": case.item}
    return holding.confirm(hold, unit=lead.unit if lead else None, **about)


def _to_rings(case: Case, command: str, **body: Any) -> Sequence[Effect]:
    return [telling.tell(ring, command, body) for ring in case.rings]


def _over(case: Case, code: str) -> Sequence[Effect]:
    return [*to_callers(case, "closed"), *_to_rings(case, "case_over", code=code)]


def _stage_moved(case: Case, e: ev.StageMoved) -> Sequence[Effect]:
    """Tell the rings when the callers are called: what they wait for is done, also where a unit they named was taken off.

    A redo is work of its own, and they hear no more of it.
    """
    return _to_rings(case, "case_over", code=str(e.stage)) if e.stage is Stage.callback else ()


def _accepted(case: Case, e: ev.ResultAccepted) -> Sequence[Effect]:
    order = case.orders[e.order]
    out = list(to_unit(case, e.order, "result_accepted"))
    if order.role is OrderRole.lead and order.submission is not None:
        # One exit: the lead's reply is the answer to every caller on the case.
        out += to_callers(case, "replied", order.submission.reply)
    return [*out, *_to_rings(case, "unit_finished", unit=order.unit)]


def _submitted(case: Case, e: ev.ResultSubmitted) -> Sequence[Effect]:
    above = case.orders[e.order].above
    return () if above is None else to_unit(case, above, "report_submitted", report=e.order)


def _on_account_decided(case: Case, e: by.OnAccountDecided) -> Sequence[Effect]:
    if e.outcome == "overtaken":
        return ()
    out = list(to_unit(case, e.order, f"on_account_{e.outcome}"))
    return [*out, *to_callers(case, "on_account_granted")] if e.outcome == "granted" else out


def _on_account_ended(case: Case, e: by.OnAccountEnded) -> Sequence[Effect]:
    if e.how == "overtaken":
        return ()
    return [*to_unit(case, e.order, "on_account_ended", how=e.how), *to_callers(case, "on_account_ended")]


def _closed_on_spot(case: Case, e: by.ClosedOnSpot) -> Sequence[Effect]:
    """Tell every unit above: the one at the top has the result to answer for, those between have nothing to do any more."""
    out: list[Effect] = []
    order = case.orders[e.order]
    while order.above is not None:
        order = case.orders[order.above]
        out += to_unit(case, order.id, "closed_on_spot", spot=e.order)
    return out


def _report_reviewed(case: Case, e: by.ReportReviewed) -> Sequence[Effect]:
    if e.accept:
        return to_unit(case, e.order, "result_accepted")
    return to_unit(case, e.order, "sent_back", texts=[e.reason] if e.reason else [])


TABLE: Mapping[str, Callable[[Case, Any], Sequence[Effect]]] = {
    ev.Opened.TYPE: lambda c, e: to_callers(c, "received", only=e.request),
    ev.ScreeningEnded.TYPE: lambda c, e: [
        *to_callers(c, str(e.end), e.text, e.remedy),
        *_to_rings(c, "case_over", code=str(e.end)),
    ],
    ev.MergeProposed.TYPE: lambda c, e: to_case(
        e.into, "attach_follower", {"case": c.no, "request": c.no, "n": c.merges}, "refuse_merge"
    ),
    ev.MergeWithdrawn.TYPE: lambda c, e: to_case(
        e.into, "release_follower", {"into": c.no, "code": "merge_withdrawn", "n": c.merges}, "refuse_merge"
    ),
    ev.StageMoved.TYPE: _stage_moved,
    ev.Merged.TYPE: lambda c, _e: [*to_callers(c, "merged"), *_to_rings(c, "case_over", code="merged")],
    ev.FollowerAttached.TYPE: _follower,
    ev.FollowerSplit.TYPE: lambda c, e: to_case(e.case, "become_own", {"was": c.no}, "release_follower"),
    ev.Triaged.TYPE: _triaged,
    ev.OrderSent.TYPE: _order_sent,
    ev.OrderEnded.TYPE: _order_ended,
    ev.ResultSubmitted.TYPE: _submitted,
    ev.ResultSentBack.TYPE: lambda c, e: to_unit(c, e.order, "sent_back", texts=[e.reason]),
    ev.ResultAccepted.TYPE: _accepted,
    ev.ResultWaived.TYPE: lambda c, e: [
        *to_unit(c, e.order, "result_waived"),
        *_to_rings(c, "unit_finished", unit=c.orders[e.order].unit),
    ],
    ev.OrderLocked.TYPE: lambda c, e: to_unit(c, e.order, "order_locked"),
    ClockSet.TYPE: _clock_set,
    WarningGiven.TYPE: _warning,
    OverdueReached.TYPE: _overdue,
    ev.ReturnDecided.TYPE: _return_decided,
    ev.ExtensionDecided.TYPE: _extension_decided,
    ev.PauseDecided.TYPE: lambda c, e: to_unit(c, e.order, "pause_granted" if e.granted else "pause_denied"),
    ev.RedoStarted.TYPE: lambda c, e: to_callers(c, "redo", only=e.request),
    ev.Closed.TYPE: lambda c, e: _over(c, str(e.code)),
    ev.RingAsked.TYPE: _ring,
    ev.ConsultationCalled.TYPE: lambda c, e: _begin(
        c, e.process, e.by, question=e.question, candidates=list(e.candidates), entries=[_entry(c, e.matter)]
    ),
    ev.AdjudicationAsked.TYPE: lambda c, e: _begin(
        c,
        e.process,
        e.by,
        parties=list(e.parties),
        first_receiver=e.first_receiver,
        question=None,
        entries=[_entry(c, e.matter)],
    ),
    ev.SupervisionAsked.TYPE: _supervision,
    ev.SupervisionTakenBack.TYPE: lambda _c, e: [
        # Its start may have been refused and still be told: then this is refused too, and noted.
        telling.tell(e.process, "annul_supervision", {"clock": e.clock}, "process_refused", {"process": e.process})
    ],
    ev.MatterReserved.TYPE: _reserved,
    ev.DecisionApplied.TYPE: lambda _c, e: holding.confirm_applied(Hold(process=e.process, item=e.item)),
    by.OnAccountDecided.TYPE: _on_account_decided,
    by.OnAccountKept.TYPE: lambda c, e: to_unit(c, e.order, "on_account_kept"),
    by.StrikeOffReviewed.TYPE: lambda c, e: () if e.approve else to_unit(c, e.order, "strike_off_denied"),
    by.OnAccountEnded.TYPE: _on_account_ended,
    by.ReopeningReviewed.TYPE: lambda c, e: to_callers(
        c, "reopened" if e.approve else "reopening_denied", only=e.request
    ),
    by.ReportReviewed.TYPE: _report_reviewed,
    by.ClosedOnSpot.TYPE: _closed_on_spot,
    ev.HoldOvertaken.TYPE: lambda _c, e: holding.overtaken(Hold(process=e.process, item=e.item), e.code),
}
