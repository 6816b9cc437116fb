"""上行: what a case begins beside itself: rings, consultations, adjudications, supervision (architecture 1.6).

The case goes on meanwhile: clocks run, whoever has the order handles it (先办后议). What another process is to decide is *held*
(:mod:`domain.casework.holder`); a process that could not begin lets the matter go, and somebody of the centre has it as a todo.
"""

from collections.abc import Sequence
from typing import Final

from domain.casework import timekeeping as clocks
from domain.casework.events import (
    AdjudicationAsked,
    ConsultationCalled,
    ProcessNotBegun,
    RingAsked,
    SupervisionAsked,
    SupervisionOver,
    SupervisionTakenBack,
)
from domain.casework.guards import known_units, not_merging, order_in
from domain.casework.state import WHOLE, Case, Order
from domain.casework.upward_commands import CallConsultation, ProcessRefused, ReportUp, SupervisionEnded, Whistle
from domain.casework.words import OWNER_MATTERS, WITH_UNIT, OrderRole
from domain.process import Context, Event, Refusal

FIRST_ITEM: Final = "i1"


def report_up(case: Case, command: ReportUp, context: Context) -> Sequence[Event]:
    """One key: the lead's unit cannot solve it alone. Its district takes it up (the city where no district is known)."""
    order = _lead_in(case, command.order)
    asked = ask_ring(case, "report_up", context, order=order, reason=command.reason, tried=command.tried)
    return [asked, *clocks.stop(case, f"{order.id}/choice", context)]


def whistle(case: Case, command: Whistle, context: Context) -> Sequence[Event]:
    """The street calls departments to the spot and stays the one who answers for the case."""
    order = _lead_in(case, command.order)
    return [
        ask_ring(case, "whistle", context, order=order, reason=command.reason),
        *clocks.stop(case, f"{order.id}/choice", context),
    ]


def call_consultation(case: Case, command: CallConsultation, context: Context) -> Sequence[Event]:
    """Nobody can tell who owns the case: the heads of the units that may be are asked."""
    not_merging(case)
    matter = case.matters.get(command.matter)
    if matter is None or matter.kind not in OWNER_MATTERS:
        raise Refusal("unknown_matter", matter=command.matter)
    if command.matter in case.holds:
        raise Refusal("matter_reserved", matter=command.matter, process=case.holds[command.matter].process)
    known_units(context, *command.candidates)
    if len(set(command.candidates)) != len(command.candidates):
        raise Refusal("unit_twice", unit=command.candidates[0])
    return [
        ConsultationCalled(
            matter=command.matter,
            process=case.beside(f"consultation/{case.no}-{command.matter}"),
            by=context.actor.user,
            candidates=command.candidates,
            question=command.question,
        ),
        *clocks.stop(case, f"matter/{command.matter}", context),
    ]


def process_refused(case: Case, command: ProcessRefused, context: Context) -> Sequence[Event]:
    """What this case wanted to begin did not: the matter it was for is free again."""
    del case, context
    return [ProcessNotBegun(process=command.process, code=command.code)]


def supervision_ended(case: Case, command: SupervisionEnded, context: Context) -> Sequence[Event]:
    """Write down how a supervision of this case ended."""
    del case, context
    return [SupervisionOver(process=command.process, level=command.level, outcome=command.outcome)]


# ----------------------------------------------------------------------------------------------- asked for by other rules


def ask_ring(
    case: Case,
    kind: str,
    context: Context,
    *,
    order: Order | None = None,
    matter: str | None = None,
    reason: str | None = None,
    tried: str | None = None,
) -> RingAsked:
    """Ask the district, or the city where no district is known, to take the case up. Refuses what is being decided elsewhere."""
    not_merging(case)
    held = case.holds.get(matter or WHOLE)
    if held is not None:
        raise Refusal("matter_reserved", matter=matter or case.no, process=held.process)
    level = "middle" if case.district is not None else "large"
    n = 1 + sum(p.startswith(f"ring/{case.no}/{level}/") for p in case.begun)
    return RingAsked(
        process=f"ring/{case.no}/{level}/{n}",
        level=level,
        kind=kind,
        by=context.actor.user,
        order=order.id if order else None,
        matter=matter,
        reason=reason,
        tried=tried,
        stays=kind == "whistle",
    )


def ask_adjudication(case: Case, matter: str, order: Order, proposed: str, context: Context) -> AdjudicationAsked:
    """Ask the adjudication group who owns the case: reviewers disagree, or it was given back a second time."""
    parties = tuple(dict.fromkeys(u for u in (order.unit, proposed, case.proposed_owner) if u))
    return AdjudicationAsked(
        matter=matter,
        process=case.beside(f"adjudication/{case.no}-{matter}"),
        by=context.actor.user,
        parties=parties,
        first_receiver=next((o.unit for o in case.orders.values() if o.first_receiver), None),
    )


def ask_supervision(case: Case, level: str, unit: str, trigger: str, clock: str | None = None) -> SupervisionAsked:
    """Put a unit under supervision for this matter; where one of that level is open for it, that one stands."""
    n = 1 + sum(p.startswith("supervision/") for p in case.begun)
    return SupervisionAsked(
        process=f"supervision/{case.matter_key}/{level}/{case.no}-{n}",
        level=level,
        unit=unit,
        trigger=trigger,
        clock=clock,
    )


def taken_back(case: Case) -> Sequence[Event]:
    """Return the supervisions that were asked for because of an overdue that has been annulled since (law 6)."""
    return [
        SupervisionTakenBack(process=process, clock=key)
        for key, process in case.urged.items()
        if (running := case.clocks.get(key)) is not None and running.annulled and running.overdue_at is None
    ]


def _lead_in(case: Case, order_id: str) -> Order:
    order = order_in(case, order_id, WITH_UNIT)
    if order.role is not OrderRole.lead:
        raise Refusal("lead_only", order=order.id)
    return order
