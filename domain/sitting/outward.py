"""What the world is told of a session: units, leader, supervisors, other sessions; the measures it begins; its documents (law 8).

终诊意见书 ``final_opinion`` is issued when the leader has signed, 会议纪要 ``session_minutes`` once, at the end of the meeting.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from domain import agenda
from domain.agenda import ItemCarried
from domain.keeping import OverdueReached
from domain.measures.rules import matter_of
from domain.proceeding import subject_of, what
from domain.process import Effect
from domain.sitting import events as ev
from domain.sitting.executing import LEVEL
from domain.sitting.state import Ordered, Session
from domain.sitting.words import KIND, OPINION
from domain.telling import notice, paper, start, tell


def _here(state: Session) -> str:
    return f"{KIND}/{state.no}"


def _at(state: Session) -> str | None:
    return None if state.at is None else state.at.isoformat()


def _to_units(state: Session, said: str, units: Sequence[str], **more: Any) -> Sequence[Effect]:
    return [notice(said, "unit_liaison", unit, session=state.no, at=_at(state), **more) for unit in units]


def _to(state: Session, said: str, role: str, **more: Any) -> Sequence[Effect]:
    return [notice(said, role, session=state.no, **more)]


def _scheduled(state: Session, e: ev.SessionScheduled) -> Sequence[Effect]:
    more = {"at": _at(state), "leader": e.leader}
    to_secretary = _to(state, "session_scheduled", "session_secretary", **more)
    return [*to_secretary, *(_to(state, "session_scheduled", "session_leader", **more) if e.leader else ())]


def _postponed(state: Session, e: ev.SessionPostponed) -> Sequence[Effect]:
    to_leader = _to(state, "session_postponed", "session_leader", at=_at(state)) if state.leader else ()
    return [*_to_units(state, "session_postponed", tuple(state.invitations), texts=[e.reason]), *to_leader]


def _absent(state: Session, e: ev.AttendanceRecorded) -> Sequence[Effect]:
    return [notice("session_absence", "unit_head", unit, session=state.no, at=_at(state)) for unit in e.absent]


def _given(state: Session, e: ev.OpinionGiven) -> Sequence[Effect]:
    """What the leader says himself waits for nobody."""
    if e.by == state.leader:
        return ()
    return _to(state, "opinion_waiting", "session_leader", item=e.item, leader=state.leader)


def _signed(state: Session, e: ev.OpinionSigned) -> Sequence[Effect]:
    measures = [m for m in state.measures.values() if m.k >= e.first]
    return [*_opinion_paper(state, e, measures), *(_measure(state, e, m) for m in measures)]


def _opinion_paper(state: Session, e: ev.OpinionSigned, measures: Sequence[Ordered]) -> Sequence[Effect]:
    opinion, item = state.opinions.get(e.item), state.items.get(e.item)
    if opinion is None or item is None:
        return ()
    verdict = opinion.verdict
    fields = {
        "process": _here(state),
        "item": e.item,
        "holder": item.holder,
        "kind": str(state.kind),
        "level": str(state.level),
        "district": state.district,
        "held_at": state.held_at.isoformat() if state.held_at else None,
        "leader": e.by,
        "lead": verdict.lead,
        "co": list(verdict.co),
        "no_return": True,
        "extra_days": verdict.extra_days or None,
        "measures": [{"measure": m.k, "unit": m.unit, "due": m.due.isoformat()} for m in measures],
        "milestones": [{"milestone": no, "due": step.due.isoformat()} for no, step in _steps(measures)],
    }
    texts = {"basis": verdict.basis, **{f"measure/{m.k}": m.what for m in measures}}
    texts |= {f"milestone/{no}": step.what for no, step in _steps(measures)}
    to = verdict.lead or item.unit
    return [paper("final_opinion", to=to, case=item.case, fields=fields, texts=texts, signed_by=e.by)]


def _steps(measures: Sequence[Ordered]) -> Sequence[tuple[str, ev.Milestone]]:
    """Return the milestones of measures with their numbers: ``2.1`` is the first one of the second measure."""
    return [(f"{m.k}.{n}", step) for m in measures for n, step in enumerate(m.milestones, start=1)]


def _measure(state: Session, e: ev.OpinionSigned, measure: Ordered) -> Effect:
    item = state.items.get(measure.item)
    body = {
        **state.terms,
        "by": e.by,
        "origin": _here(state),
        "case": measure.case,
        "unit": measure.unit,
        "what": measure.what,
        "due": measure.due.isoformat(),
        "milestones": [step.model_dump(mode="json") for step in measure.milestones],
        "district": (item.district if item else None) or state.district,
    }
    return start(measure.process, body, "measure_refused", {"measure": measure.process})


def _minutes(state: Session, e: ev.MinutesRecorded) -> Sequence[Effect]:
    items = [
        {
            "item": i.id,
            "holder": i.holder,
            "case": i.case,
            "state": str(i.state),
            "lead": i.verdict.lead if i.verdict else None,
        }
        for i in state.items.values()
    ]
    fields = {
        "process": _here(state),
        "kind": str(state.kind),
        "level": str(state.level),
        "district": state.district,
        "held_at": state.held_at.isoformat() if state.held_at else None,
        "leader": state.leader,
        "secretary": e.by,
        "present": list(state.present),
        "deputies": list(state.deputies),
        "absent": list(state.absent),
        "items": items,
    }
    texts = {"minutes": e.minutes, **({"title": state.title} if state.title else {})}
    case = agenda.about(state)["case_no"]
    return [paper("session_minutes", to=None, case=case, fields=fields, texts=texts, signed_by=e.by)]


def _carried(state: Session, e: ItemCarried) -> Sequence[Effect]:
    item = state.items.get(e.item)
    if item is None:
        return ()
    body = {
        "holder": item.holder,
        "reserved": False,
        "matter": item.matter,
        "instead_of": _here(state),
        **{name: getattr(item, name) for name in agenda.WHERE},
    }
    return [tell(e.to, "propose_item", body, "carry_refused", {"item": e.item})]


def _noted(state: Session, e: ev.ExecutionNoted) -> Sequence[Effect]:
    measure = state.measures.get(e.measure or "")
    to_unit = (
        [notice("execution_noted", "unit_liaison", measure.unit, session=state.no, texts=[e.note])] if measure else []
    )
    return [*_to(state, "execution_noted", "supervisor", measure=e.measure, texts=[e.note]), *to_unit]


def _supervised(state: Session, e: ev.ItemSupervised) -> Sequence[Effect]:
    measure = state.measures.get(e.measure)
    if measure is None:
        return ()
    body = {
        **state.terms,
        "by": e.by,
        "case": measure.case,
        "matter": matter_of(measure.process.removeprefix("measure/")),
        "level": LEVEL,
        "unit": measure.unit,
        "trigger": "not_met",
        "note": e.note,
        "district": state.district,
    }
    return [start(e.process, body, "supervision_refused", {"process": e.process})]


def _overdue(state: Session, e: OverdueReached) -> Sequence[Effect]:
    if what(e.key) == OPINION:
        item = subject_of(e.key)
        roles = ("session_leader", "city_office")
        return [n for role in roles for n in _to(state, "opinion_overdue", role, item=item, leader=state.leader)]
    return [n for role in ("session_secretary", "city_office") for n in _to(state, "overdue", role, clock=e.key)]


EFFECTS: Final[Mapping[str, Callable[[Any, Any], Sequence[Effect]]]] = {
    **agenda.effects(KIND),
    ItemCarried.TYPE: _carried,
    ev.SessionScheduled.TYPE: _scheduled,
    ev.LeaderAppointed.TYPE: lambda s, e: _to(s, "leader_appointed", "session_leader", leader=e.leader, at=_at(s)),
    ev.SessionCalled.TYPE: lambda s, e: [
        *_to_units(s, "session_called", e.units),
        *_to(s, "session_called", "session_leader", at=_at(s), leader=s.leader),
    ],
    ev.SessionPostponed.TYPE: _postponed,
    ev.SessionCancelled.TYPE: lambda s, e: (
        _to(s, "session_cancelled", "session_leader", texts=[e.reason]) if s.leader else ()
    ),
    ev.AttendanceRecorded.TYPE: _absent,
    ev.OpinionGiven.TYPE: _given,
    ev.OpinionSigned.TYPE: _signed,
    ev.CarryNotTaken.TYPE: lambda s, e: _to(s, "carry_not_taken", "session_secretary", item=e.item, code=e.code),
    ev.MinutesRecorded.TYPE: _minutes,
    ev.ExecutionNoted.TYPE: _noted,
    ev.ItemSupervised.TYPE: _supervised,
    OverdueReached.TYPE: _overdue,
}
