"""What the world must be told of each event of a ring: units, roles, other processes. Codes and references only (law 8)."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from domain import agenda, holding, telling
from domain.agenda import ItemRefused
from domain.holding import Hold
from domain.keeping import OverdueReached, WarningGiven
from domain.proceeding import StageChanged, subject_of, what
from domain.process import Effect
from domain.ringing import events as ev
from domain.ringing.inbox import HEAD, LIAISON, SECRETARY
from domain.ringing.state import RingState
from domain.ringing.words import ITEM, REPORT, Level, Side, Stage

REFUSED = "ring_start_refused"


# ----------------------------------------------------------------------------------------------------------------- people


def _to_role(state: RingState, said: str, role: str, **more: Any) -> Effect:
    """Tell a role; one of a district only in that district."""
    district = state.district if role == "district_centre" else None
    return telling.notice(said, role, district, ring=state.no, case=state.case, **more)


def _to_convener(state: RingState, said: str, **more: Any) -> Effect:
    return _to_role(state, said, state.convener, **more)


def _to_unit(state: RingState, said: str, unit: str, role: str = LIAISON, **more: Any) -> Effect:
    return telling.notice(said, role, unit, ring=state.no, case=state.case, **more)


def _to_reporter(state: RingState, said: str, **more: Any) -> Sequence[Effect]:
    return [] if state.reporter is None else [_to_unit(state, said, state.reporter, **more)]


def _texts(*references: str | None) -> list[str]:
    return [r for r in references if r is not None]


# -------------------------------------------------------------------------------------------------------------- processes


def _begin(state: RingState, process: str, by: str, **body: Any) -> Effect:
    opening = {"by": by, "district": state.district, **state.terms, **body}
    return telling.start(process, opening, REFUSED, {"process": process})


def _own_entry(state: RingState) -> dict[str, Any]:
    """The question, as this ring holds it for another process."""
    return {"holder": state.id, "matter": None, "reserved": True, **state.where}


def _passed_entry(state: RingState) -> dict[str, Any]:
    """The question, as its case holds it, for the process that takes this ring's place."""
    item = state.item
    return {
        "holder": item.holder if item else f"case/{state.case}",
        "matter": item.matter if item else None,
        "instead_of": state.id,
        **state.where,
    }


def _passed_on(state: RingState, e: ev.RingPassedOn) -> Sequence[Effect]:
    entries = [_passed_entry(state)]
    if e.outcome == Stage.escalated:
        begin = _begin(
            state,
            e.to,
            e.by,
            case=state.case,
            level=Level.large,
            kind=state.kind,
            reporter=state.reporter,
            reason=e.reason,
            tried=state.tried,
            matter=state.matter,
            entries=entries,
        )
    else:
        item = state.item
        named = (item.unit if item else None, state.reporter, state.lead, *state.called)
        parties = list(dict.fromkeys(u for u in named if u is not None))
        begin = _begin(
            state, e.to, e.by, parties=parties, entries=entries, question=e.reason, first_receiver=state.reporter
        )
    return [begin, *_to_reporter(state, "ring_passed_on", level=state.level)]


def _consultation(state: RingState, e: ev.RingConsultationStarted) -> Sequence[Effect]:
    return [
        _begin(
            state,
            e.process,
            e.by,
            question=e.question,
            candidates=list(e.candidates),
            entries=[_own_entry(state)],
        )
    ]


def _ruling(state: RingState, e: ev.RingRulingAsked) -> Sequence[Effect]:
    return [
        _begin(
            state,
            e.process,
            e.by,
            parties=list(e.parties),
            question=e.question,
            first_receiver=state.reporter,
            entries=[_own_entry(state)],
        )
    ]


def _supervision(state: RingState, e: ev.RingSupervisionListed) -> Sequence[Effect]:
    return [
        _begin(
            state,
            e.process,
            e.by,
            case=state.case,
            matter=state.key,
            level="listed",
            unit=e.unit,
            trigger="ring",
            note=e.note,
        )
    ]


def _measure(state: RingState, e: ev.RingMeasureSet) -> Sequence[Effect]:
    return [
        _begin(
            state,
            e.process,
            e.by,
            origin=state.id,
            case=state.case,
            unit=e.unit,
            what=e.what,
            due=e.due.isoformat(),
            milestones=[],
        )
    ]


def _entered(state: RingState, e: ev.RingSessionEntered) -> Sequence[Effect]:
    # Not reserved beforehand: the session then asks for the matter and so names its item, which is what it is told later, should
    # the question end another way.
    body = {"holder": state.id, "reserved": False, "matter": None, **state.where}
    return [telling.tell(e.process, "propose_item", body, "session_refused", {"session": e.process})]


def _hold_ended(_state: RingState, e: ev.RingHoldEnded) -> Sequence[Effect]:
    if not e.item:
        return ()  # a session that has not asked for it yet is refused when it does
    hold = Hold(process=e.process, item=e.item)
    return holding.confirm_applied(hold) if e.code is None else holding.overtaken(hold, e.code)


def _item_refused(state: RingState, _e: ItemRefused) -> Sequence[Effect]:
    """The case does not give the matter to this ring: what the one before it still holds there is free."""
    item = state.item
    if item is None or state.instead_of is None:
        return ()
    return holding.let_go(item.holder, state.instead_of, ITEM)


# ------------------------------------------------------------------------------------------------------------ by the event


def _answered(state: RingState, e: ev.RingAnswered) -> Sequence[Effect]:
    return _to_reporter(state, "ring_accepted" if e.accept else "ring_refused", texts=_texts(e.reason))


def _whistled(state: RingState, e: ev.RingUnitsWhistled) -> Sequence[Effect]:
    return [_to_unit(state, "ring_whistled", unit, texts=_texts(e.note)) for unit in e.units]


def _unit_refused(state: RingState, e: ev.RingUnitRefused) -> Sequence[Effect]:
    return [_to_convener(state, "ring_unit_refused", subject=e.unit, texts=[e.reason])]


def _task_force(state: RingState, e: ev.RingTaskForceFormed) -> Sequence[Effect]:
    named = state.force.units if state.force else ()
    return [_to_unit(state, "ring_task_force", unit, HEAD, lead=e.lead, texts=[e.task]) for unit in named]


def _session_asked(state: RingState, e: ev.RingSessionAsked) -> Sequence[Effect]:
    return [
        _to_role(state, "ring_session_asked", SECRETARY, session=e.session, district=state.district, texts=[e.note])
    ]


def _stage(state: RingState, e: StageChanged) -> Sequence[Effect]:
    if e.stage == Stage.overtaken:
        return [_to_convener(state, "ring_overtaken"), *_to_reporter(state, "ring_overtaken")]
    if e.stage == Stage.rating:
        asked = [state.reporter] if state.reporter and state.unrated(Side.reporter) else []
        units = dict.fromkeys((*asked, *state.unrated(Side.unit)))
        return [_to_unit(state, "ring_rate", unit) for unit in units]
    return ()


def _about_unit(key: str) -> str | None:
    return subject_of(key) if what(key) == REPORT else None


def _warning(state: RingState, e: WarningGiven) -> Sequence[Effect]:
    unit = _about_unit(e.key)
    if unit is not None:
        return [_to_unit(state, f"{e.card}_card", unit, clock=REPORT)]
    return [_to_convener(state, f"{e.card}_card", clock=e.key)]


def _overdue(state: RingState, e: OverdueReached) -> Sequence[Effect]:
    unit = _about_unit(e.key)
    out = [_to_role(state, "ring_overdue", state.spec.told, clock=e.key, level=state.level, subject=unit)]
    if unit is not None:
        out += [
            _to_unit(state, "ring_overdue", unit, HEAD, clock=REPORT),
            _to_convener(state, "ring_overdue", subject=unit),
        ]
    return out


EFFECTS: Final[Mapping[str, Callable[[Any, Any], Sequence[Effect]]]] = {
    **agenda.effects("ring"),
    ItemRefused.TYPE: _item_refused,
    StageChanged.TYPE: _stage,
    WarningGiven.TYPE: _warning,
    OverdueReached.TYPE: _overdue,
    ev.RingOpened.TYPE: lambda s, e: [_to_convener(s, "ring_reported", level=e.level, texts=_texts(e.reason))],
    ev.RingAnswered.TYPE: _answered,
    ev.RingPassedOn.TYPE: _passed_on,
    ev.RingCameBack.TYPE: lambda s, e: [_to_convener(s, "ring_came_back", process=e.process, code=e.code)],
    ev.RingUnitsWhistled.TYPE: _whistled,
    ev.RingUnitReportedIn.TYPE: lambda s, e: [_to_convener(s, "ring_unit_reported_in", subject=e.unit)],
    ev.RingUnitRefused.TYPE: _unit_refused,
    ev.RingConsultationStarted.TYPE: _consultation,
    ev.RingRulingAsked.TYPE: _ruling,
    ev.RingSupervisionListed.TYPE: _supervision,
    ev.RingTaskForceFormed.TYPE: _task_force,
    ev.RingMeasureSet.TYPE: _measure,
    ev.RingSessionAsked.TYPE: _session_asked,
    ev.RingSessionEntered.TYPE: _entered,
    ev.RingSessionRefused.TYPE: lambda s, e: [
        _to_role(s, "ring_session_refused", SECRETARY, process=e.process, code=e.code),
        _to_convener(s, "ring_session_refused", process=e.process, code=e.code),
    ],
    ev.RingHeld.TYPE: lambda s, e: holding.confirm(Hold(process=e.process, item=e.item), **s.where),
    ev.RingHoldEnded.TYPE: _hold_ended,
    ev.RingStartFailed.TYPE: lambda s, e: [_to_convener(s, "ring_start_failed", process=e.process, code=e.code)],
}
