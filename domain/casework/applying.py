"""What each event changes in a case. Total: every event ever written can be applied to any state; never asks the time."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final

from pydantic import ValidationError

from domain import keeping
from domain.casework import byway_applying
from domain.casework import events as ev
from domain.casework.changing import caller_with as _caller
from domain.casework.changing import order_with as _order
from domain.casework.changing import with_ as _set
from domain.casework.state import (
    WHOLE,
    Caller,
    Case,
    ExtensionRequest,
    Matter,
    Order,
    PauseRequest,
    Proposal,
    ReturnRequest,
    Submission,
    Termination,
    TermsBy,
)
from domain.casework.timekeeping import owner_and_what
from domain.casework.words import OWNER_MATTERS, SMALL, ClosingCode, OrderRole, OrderState, Stage
from domain.holding import Hold
from domain.process import Event

CORRECTABLE: Final = frozenset({"case_type", "district", "street", "item", "matter", "caller_type", "confidential"})


def apply(case: Case, event: Event, at: datetime) -> Case:
    """Return the case after the event; an event without a row here changes nothing."""
    change = CHANGES.get(event.TYPE)
    return case if change is None else change(case, event, at)


def _no_termination(case: Case, order: str) -> Case:
    """What became of the order another way needs no termination any more."""
    asked = case.termination is not None and case.termination.order == order
    return _set(case, termination=None) if asked else case


def _opened(case: Case, e: ev.Opened, at: datetime) -> Case:
    caller = Caller(request=e.request, case=e.request)
    fields = e.model_dump(exclude={"request"})
    return _set(case, no=e.request, since=at, callers={e.request: caller}, **fields)


def _stage_moved(case: Case, e: ev.StageMoved, at: datetime) -> Case:
    return _set(case, stage=e.stage, since=at)


def _screening_ended(case: Case, e: ev.ScreeningEnded, at: datetime) -> Case:
    code = ClosingCode(str(e.end)) if str(e.end) in {str(c) for c in ClosingCode} else None
    return _set(case, end=e.way, code=code, closed_at=at, matters={})


def _merge_proposed(case: Case, e: ev.MergeProposed, at: datetime) -> Case:
    return _set(case, merging_into=e.into, merging_since=at, merges=case.merges + 1)


def _merge_over(case: Case, _e: ev.MergeRefused | ev.MergeWithdrawn, _at: datetime) -> Case:
    return _set(case, merging_into=None, merging_since=None)


def _merged(case: Case, e: ev.Merged, at: datetime) -> Case:
    return _set(
        case,
        merging_into=None,
        merging_since=None,
        main_case=e.into,
        code=ClosingCode.merged,
        closed_at=at,
        matters={},
        held_by=None,
    )


def _follower_attached(case: Case, e: ev.FollowerAttached, _at: datetime) -> Case:
    return _set(case, callers={**case.callers, e.request: Caller(request=e.request, case=e.case, asked=e.n)})


def _follower_gone(case: Case, e: ev.FollowerSplit | ev.FollowerReleased, _at: datetime) -> Case:
    return _set(case, callers={k: v for k, v in case.callers.items() if k != e.request})


def _became_own(case: Case, _e: ev.BecameOwn, _at: datetime) -> Case:
    return _set(case, main_case=None, code=None, closed_at=None)


def _triaged(case: Case, e: ev.Triaged, _at: datetime) -> Case:
    return _set(
        case,
        triage=e.triage,
        triaged_by=e.by,
        item=e.item or case.item,
        item_version=e.item_version or case.item_version,
        matter=e.matter or case.matter,
    )


def _corrected(case: Case, e: ev.Corrected, _at: datetime) -> Case:
    version = {"item_version": e.item_version} if e.field == "item" else {}
    try:
        value = getattr(Case.model_validate({e.field: e.value}), e.field) if e.field in CORRECTABLE else None
    except ValidationError:
        return case
    return case if e.field not in CORRECTABLE else _set(case, **{e.field: value}, **version)


def _act_annulled(case: Case, e: ev.ActAnnulled, _at: datetime) -> Case:
    if e.key not in case.clocks:
        return case
    order, what = owner_and_what(case, e.key)
    case = keeping.changed(case, e.key, stopped_at=None, met=None)
    undo = UNDO.get(what)
    return case if undo is None else undo(case, order)


def _unsign(case: Case, order: Order | None) -> Case:
    if order is None or not order.auto_signed:
        return case
    state = OrderState.sent if order.state is OrderState.signed else order.state
    return _order(case, order.id, state=state, auto_signed=False, signed_at=None)


def _unescalate(case: Case, order: Order | None) -> Case:
    if order is None or order.returning is None:
        return case
    return _order(case, order.id, returning=order.returning.model_copy(update={"escalated": False}))


def _unarchive(case: Case, _order: Order | None) -> Case:
    return _set(case, stage=Stage.closed, since=case.closed_at or case.since)


UNDO: Final[Mapping[str, Callable[[Case, Order | None], Case]]] = {
    "sign": _unsign,
    "return1": _unescalate,
    "return2": _unescalate,
    "archive": _unarchive,
}
"""What else an annulled act had changed, by what its clock measures. The end of a pause lies in the clocks it held."""


def _order_sent(case: Case, e: ev.OrderSent, at: datetime) -> Case:
    order = Order(
        id=e.order,
        unit=e.unit,
        role=e.role,
        # An informed unit is only copied: nothing is owed by it.
        state=OrderState.accepted if e.role is OrderRole.informed else OrderState.sent,
        cycle=e.cycle,
        sent_at=at,
        sent_by=e.by,
        no_return=e.no_return,
        first_receiver=e.first_receiver,
        parent=e.parent,
        above=e.above,
        level=e.level,
    )
    case = _order(case, e.parent, vacant_since=None) if e.parent is not None else case
    return _set(case, orders={**case.orders, e.order: order}, proposed_owner=None, held_by=None)


def _order_held(case: Case, e: ev.OrderHeld, _at: datetime) -> Case:
    return _set(case, held_by=e.holder)


def _order_signed(case: Case, e: ev.OrderSigned, at: datetime) -> Case:
    order = case.orders.get(e.order)
    # A signature that comes late for its instant does not take back what the unit has done since.
    state = OrderState.signed if order is None or order.state is OrderState.sent else order.state
    return _order(case, e.order, state=state, signed_at=at, auto_signed=e.auto)


def _caller_contacted(case: Case, e: ev.CallerContacted, at: datetime) -> Case:
    order = case.orders.get(e.order)
    kept = {OrderState.working, OrderState.return_requested}
    state = OrderState.contacted if order is None or order.state not in kept else order.state
    return _order(case, e.order, state=state, contacted_at=at)


def _phone_confirmed(case: Case, e: ev.PhoneConfirmed, at: datetime) -> Case:
    return _order(case, e.order, phoned_at=at)


def _work_begun(case: Case, e: ev.WorkBegun, _at: datetime) -> Case:
    return _order(case, e.order, state=OrderState.working)


def _progress_reported(case: Case, e: ev.ProgressReported, at: datetime) -> Case:
    return _order(case, e.order, progress_at=at)


def _result_submitted(case: Case, e: ev.ResultSubmitted, at: datetime) -> Case:
    submission = Submission(at=at, by=e.by, code=e.code, reply=e.reply, documents=e.documents)
    case = _order(case, e.order, state=OrderState.submitted, submission=submission, extending=None, pausing=None)
    return _no_termination(case, e.order)


def _result_accepted(case: Case, e: ev.ResultAccepted, _at: datetime) -> Case:
    return _order(case, e.order, state=OrderState.accepted, accepted_by=e.by)


def _result_sent_back(case: Case, e: ev.ResultSentBack, _at: datetime) -> Case:
    order = case.orders.get(e.order)
    return _order(case, e.order, state=OrderState.working, sent_back=(order.sent_back if order else 0) + 1)


def _result_waived(case: Case, e: ev.ResultWaived, _at: datetime) -> Case:
    return _no_termination(_order(case, e.order, state=OrderState.waived), e.order)


def _order_ended(case: Case, e: ev.OrderEnded, _at: datetime) -> Case:
    old = case.orders.get(e.order)
    proposed = old.returning.proposed_owner if e.how == OrderState.returned and old and old.returning else None
    ended = OrderState(e.how) if e.how in set(OrderState) else OrderState.withdrawn
    case = _order(case, e.order, state=ended, returning=None, extending=None, pausing=None)
    return _set(_no_termination(case, e.order), proposed_owner=proposed or case.proposed_owner)


def _place_vacated(case: Case, e: ev.PlaceVacated, at: datetime) -> Case:
    return _order(case, e.order, vacant_since=at)


def _place_waived(case: Case, e: ev.PlaceWaived, _at: datetime) -> Case:
    return _order(case, e.order, vacant_since=None)


def _order_locked(case: Case, e: ev.OrderLocked, _at: datetime) -> Case:
    return _order(case, e.order, no_return=True)


def _return_requested(case: Case, e: ev.ReturnRequested, at: datetime) -> Case:
    order = case.orders.get(e.order)
    request = ReturnRequest(at=at, by=e.by, ground=e.ground, proposed_owner=e.proposed_owner)
    case = _order(
        case,
        e.order,
        state=OrderState.return_requested,
        before=order.state if order else None,
        returning=request,
    )
    return _set(case, returns=case.returns + 1)


def _return_reviewed(case: Case, e: ev.ReturnReviewed, _at: datetime) -> Case:
    order = case.orders.get(e.order)
    if order is None or order.returning is None:
        return case
    said: dict[int, dict[str, Any]] = {
        1: {"step": 2, "first_by": e.by, "first_approve": e.approve},
        2: {"second_by": e.by},
    }
    return _order(case, e.order, returning=order.returning.model_copy(update=said.get(e.step, {})))


def _return_escalated(case: Case, e: ev.ReturnEscalated, _at: datetime) -> Case:
    order = case.orders.get(e.order)
    if order is None or order.returning is None:
        return case
    return _order(case, e.order, returning=order.returning.model_copy(update={"escalated": True}))


def _return_decided(case: Case, e: ev.ReturnDecided, _at: datetime) -> Case:
    order = case.orders.get(e.order)
    if order is None or e.outcome == "matter":
        return case
    if e.outcome == "denied":
        # It may have been sent or signed before; after the decision it is the unit's for good.
        state = order.before or OrderState.signed
        return _order(case, e.order, state=state, returning=None, before=None)
    return case


def _extension_requested(case: Case, e: ev.ExtensionRequested, at: datetime) -> Case:
    return _order(case, e.order, extending=ExtensionRequest(at=at, by=e.by, days=e.days))


def _extension_reviewed(case: Case, e: ev.ExtensionReviewed, _at: datetime) -> Case:
    order = case.orders.get(e.order)
    if order is None or order.extending is None or not e.approve:
        return case
    request = order.extending.model_copy(update={"step": e.step + 1, "first_by": order.extending.first_by or e.by})
    return _order(case, e.order, extending=request)


def _extension_decided(case: Case, e: ev.ExtensionDecided, _at: datetime) -> Case:
    order = case.orders.get(e.order)
    granted = 1 if e.outcome == "granted" else 0
    return _order(case, e.order, extending=None, extensions=(order.extensions if order else 0) + granted)


def _pause_requested(case: Case, e: ev.PauseRequested, at: datetime) -> Case:
    return _order(case, e.order, pausing=PauseRequest(by=e.by, kind=e.kind, at=at, evidence=e.evidence))


def _pause_decided(case: Case, e: ev.PauseDecided, at: datetime) -> Case:
    order = case.orders.get(e.order)
    if order is None or order.pausing is None:
        return case
    return _order(case, e.order, pausing=order.pausing.model_copy(update={"since": at}) if e.granted else None)


def _pause_ended(case: Case, e: ev.PauseEnded, _at: datetime) -> Case:
    return case if e.earlier else _order(case, e.order, pausing=None)


def _matter_raised(case: Case, e: ev.MatterRaised, at: datetime) -> Case:
    matter = Matter(key=e.matter, kind=e.kind, since=at, order=e.order)
    return _set(case, matters={**case.matters, e.matter: matter}, matters_raised=case.matters_raised + 1)


def _matter_settled(case: Case, e: ev.MatterSettled, _at: datetime) -> Case:
    matter = case.matters.get(e.matter)
    # Who owns the case was said by somebody, not overtaken: that is a ruling.
    ruled = matter is not None and matter.kind in OWNER_MATTERS and e.by != "system"
    left = {k: v for k, v in case.matters.items() if k != e.matter}
    return _set(case, matters=left, ruled=case.ruled or ruled)


def _begun(case: Case, process: str, matter: str | None, *, holds: bool = True) -> Case:
    """A process was begun; what it will decide is held for its first item."""
    held = {**case.holds, matter or WHOLE: Hold(process=process, item="i1", matter=matter)} if holds else case.holds
    return _set(case, begun=(*case.begun, process), holds=held)


def _ring_asked(case: Case, e: ev.RingAsked, _at: datetime) -> Case:
    case = _begun(case, e.process, e.matter)
    # What was never handed up comes down by nobody's ruling.
    ruled = e.stays and (case.ruled or case.ring == SMALL)
    return _set(case, ring=e.level, rings=(*case.rings, e.process), ruled=ruled)


def _without(case: Case, process: str, item: str | None = None) -> dict[str, Hold]:
    return {k: h for k, h in case.holds.items() if h.process != process or item not in {None, h.item}}


def _supervision_asked(case: Case, e: ev.SupervisionAsked, _at: datetime) -> Case:
    urged = {**case.urged, e.clock: e.process} if e.clock else case.urged
    return _set(_begun(case, e.process, None, holds=False), urged=urged)


def _not_urged(case: Case, process: str) -> dict[str, str]:
    return {k: p for k, p in case.urged.items() if p != process}


def _process_not_begun(case: Case, e: ev.ProcessNotBegun, _at: datetime) -> Case:
    rings = tuple(r for r in case.rings if r != e.process)
    return _set(case, holds=_without(case, e.process), rings=rings, urged=_not_urged(case, e.process))


def _matter_reserved(case: Case, e: ev.MatterReserved, _at: datetime) -> Case:
    hold = Hold(process=e.process, item=e.item, matter=e.matter)
    case = _set(case, holds={**case.holds, e.matter or WHOLE: hold})
    kind, _, rest = e.process.partition("/")
    if kind != "ring":
        return case
    level = rest.split("/")[-2] if rest.count("/") > 1 else case.ring
    return _set(case, ring=level, rings=tuple(dict.fromkeys((*case.rings, e.process))))


def _callback_recorded(case: Case, e: ev.CallbackRecorded, at: datetime) -> Case:
    caller = case.callers.get(e.request)
    if caller is None:
        return case
    if e.reached:
        return _caller(
            case, e.request, outcome="satisfied" if e.satisfied else "dissatisfied", last_attempt=at, retry_at=None
        )
    failed = caller.failed_days + (1 if e.counts else 0)
    outcome = "unreachable" if e.counts and e.retry_at is None else None
    return _caller(case, e.request, failed_days=failed, last_attempt=at, retry_at=e.retry_at, outcome=outcome)


def _callback_waived(case: Case, e: ev.CallbackWaived, _at: datetime) -> Case:
    return _caller(case, e.request, outcome="waived", retry_at=None)


def _caller_left(case: Case, e: ev.CallerLeft, _at: datetime) -> Case:
    return _caller(case, e.request, outcome="withdrew", retry_at=None)


def _redo_started(case: Case, e: ev.RedoStarted, _at: datetime) -> Case:
    kept = {"satisfied", "waived", "withdrew"}
    callers = {
        k: c
        if c.outcome in kept and k != e.request
        else c.model_copy(update={"outcome": None, "failed_days": 0, "retry_at": None})
        for k, c in case.callers.items()
    }
    return _set(
        case,
        cycle=e.cycle,
        dissatisfied=e.dissatisfied,
        callers=callers,
        proposal=None,
        code=None,
        closed_at=None,
        rings=(),
        reopening=None,
    )


def _closing_proposed(case: Case, e: ev.ClosingProposed, at: datetime) -> Case:
    return _set(case, proposal=Proposal(code=e.code, by=e.by, at=at, request=e.request))


def _termination_requested(case: Case, e: ev.TerminationRequested, at: datetime) -> Case:
    return _set(case, termination=Termination(order=e.order, by=e.by, ground=e.ground, at=at))


def _termination_reviewed(case: Case, _e: ev.TerminationReviewed, _at: datetime) -> Case:
    return _set(case, termination=None)


def _closing_reviewed(case: Case, e: ev.ClosingReviewed, _at: datetime) -> Case:
    if not e.approve or case.proposal is None:
        return case
    return _set(case, proposal=case.proposal.model_copy(update={"approved_by": e.by}))


def _closed(case: Case, e: ev.Closed, at: datetime) -> Case:
    # What the ladder asks for is owed even when the next round went well.
    ladder = {k: m for k, m in case.matters.items() if m.kind not in OWNER_MATTERS}
    return _set(case, code=e.code, closed_at=at, proposal=None, termination=None, matters=ladder)


def _archived(case: Case, _e: ev.Archived, at: datetime) -> Case:
    return _set(case, stage=Stage.archived, since=at)


def _terms_kept(case: Case, e: ev.TermsChanged | ev.TermsKept, _at: datetime) -> Case:
    by = TermsBy(batch=e.batch, decided_at=e.decided_at)
    return _set(case, terms_by={**case.terms_by, **dict.fromkeys(e.parts, by)})


def _terms_changed(case: Case, e: ev.TermsChanged, at: datetime) -> Case:
    terms = {name: getattr(e, name) for name in ("pack", "pack_version", "pack_sha", "calendar")}
    return _set(_terms_kept(case, e, at), **terms)


CHANGES: Mapping[str, Callable[[Case, Any, datetime], Case]] = {
    ev.Opened.TYPE: _opened,
    ev.TermsChanged.TYPE: _terms_changed,
    ev.TermsKept.TYPE: _terms_kept,
    ev.StageMoved.TYPE: _stage_moved,
    ev.ScreeningEnded.TYPE: _screening_ended,
    ev.MergeProposed.TYPE: _merge_proposed,
    ev.MergeRefused.TYPE: _merge_over,
    ev.MergeWithdrawn.TYPE: _merge_over,
    ev.Merged.TYPE: _merged,
    ev.FollowerAttached.TYPE: _follower_attached,
    ev.FollowerSplit.TYPE: _follower_gone,
    ev.FollowerReleased.TYPE: _follower_gone,
    ev.BecameOwn.TYPE: _became_own,
    ev.Triaged.TYPE: _triaged,
    ev.Corrected.TYPE: _corrected,
    **keeping.CHANGES,
    ev.ActAnnulled.TYPE: _act_annulled,
    ev.OrderSent.TYPE: _order_sent,
    ev.OrderHeld.TYPE: _order_held,
    ev.OrderSigned.TYPE: _order_signed,
    ev.CallerContacted.TYPE: _caller_contacted,
    ev.PhoneConfirmed.TYPE: _phone_confirmed,
    ev.WorkBegun.TYPE: _work_begun,
    ev.ProgressReported.TYPE: _progress_reported,
    ev.ResultSubmitted.TYPE: _result_submitted,
    ev.ResultAccepted.TYPE: _result_accepted,
    ev.ResultSentBack.TYPE: _result_sent_back,
    ev.ResultWaived.TYPE: _result_waived,
    ev.OrderEnded.TYPE: _order_ended,
    ev.PlaceVacated.TYPE: _place_vacated,
    ev.PlaceWaived.TYPE: _place_waived,
    ev.OrderLocked.TYPE: _order_locked,
    ev.ReturnRequested.TYPE: _return_requested,
    ev.ReturnReviewed.TYPE: _return_reviewed,
    ev.ReturnEscalated.TYPE: _return_escalated,
    ev.ReturnDecided.TYPE: _return_decided,
    ev.ExtensionRequested.TYPE: _extension_requested,
    ev.ExtensionReviewed.TYPE: _extension_reviewed,
    ev.ExtensionDecided.TYPE: _extension_decided,
    ev.PauseRequested.TYPE: _pause_requested,
    ev.PauseDecided.TYPE: _pause_decided,
    ev.PauseEnded.TYPE: _pause_ended,
    ev.MatterRaised.TYPE: _matter_raised,
    ev.MatterSettled.TYPE: _matter_settled,
    ev.RingAsked.TYPE: _ring_asked,
    ev.ConsultationCalled.TYPE: lambda case, e, _at: _begun(case, e.process, e.matter),
    ev.AdjudicationAsked.TYPE: lambda case, e, _at: _begun(case, e.process, e.matter),
    ev.SupervisionAsked.TYPE: _supervision_asked,
    ev.SupervisionTakenBack.TYPE: lambda case, e, _at: _set(case, urged=_not_urged(case, e.process)),
    ev.ProcessNotBegun.TYPE: _process_not_begun,
    ev.SupervisionOver.TYPE: lambda case, e, _at: _set(case, urged=_not_urged(case, e.process)),
    ev.MatterReserved.TYPE: _matter_reserved,
    ev.MatterReleased.TYPE: lambda case, e, _at: _set(case, holds=_without(case, e.process, e.item)),
    ev.DecisionApplied.TYPE: lambda case, e, _at: _set(
        case, holds=_without(case, e.process, e.item), ruled=case.ruled or e.verdict.ruling
    ),
    ev.HoldOvertaken.TYPE: lambda case, e, _at: _set(case, holds=_without(case, e.process, e.item)),
    ev.CallbackRecorded.TYPE: _callback_recorded,
    ev.CallbackWaived.TYPE: _callback_waived,
    ev.CallerLeft.TYPE: _caller_left,
    ev.RedoStarted.TYPE: _redo_started,
    ev.ClosingProposed.TYPE: _closing_proposed,
    ev.ClosingReviewed.TYPE: _closing_reviewed,
    ev.TerminationRequested.TYPE: _termination_requested,
    ev.TerminationReviewed.TYPE: _termination_reviewed,
    ev.Closed.TYPE: _closed,
    ev.Objected.TYPE: lambda case, _e, _at: case,
    ev.Archived.TYPE: _archived,
    **byway_applying.CHANGES,
}
