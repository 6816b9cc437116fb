"""What the world is told of a measure: its unit, who looks at it, and whoever ordered it; codes and references only (law 8)."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from domain.keeping import OverdueReached, WarningGiven
from domain.measures import events as ev
from domain.measures.rules import matter_of
from domain.measures.state import UNITS_CLOCKS, Measure
from domain.proceeding import subject_of, what
from domain.process import Effect
from domain.telling import notice, start, tell


def _to_unit(state: Measure, said: str, *roles: str, **more: Any) -> Sequence[Effect]:
    return [notice(said, role, state.unit, measure=state.no, **more) for role in roles or ("unit_liaison",)]


def _to(state: Measure, said: str, role: str, **more: Any) -> Sequence[Effect]:
    return [notice(said, role, measure=state.no, **more)]


def _overdue(state: Measure, e: OverdueReached) -> Sequence[Effect]:
    clock = what(e.key)
    if clock not in UNITS_CLOCKS:
        return _to(state, "overdue", "city_centre", clock=e.key)
    more = {"clock": clock, "milestone": subject_of(e.key) if clock == "milestone" else None}
    return [
        *_to_unit(state, "measure_overdue", "unit_head", **more),
        *_to(state, "measure_overdue", "supervisor", **more),
    ]


def _warning(state: Measure, e: WarningGiven) -> Sequence[Effect]:
    """Cards are for the unit: before its day for whoever works on it, after it for its head."""
    role = "unit_liaison" if e.card == "yellow" else "unit_head"
    return _to_unit(state, f"{e.card}_card", role, clock=what(e.key))


def _supervised(state: Measure, e: ev.MeasureSupervised) -> Sequence[Effect]:
    body = {
        **state.terms,
        "by": e.by,
        "case": state.case,
        "matter": matter_of(state.no),
        "level": str(e.level),
        "unit": state.unit,
        "trigger": "not_met",
        "note": e.note,
        "district": state.district,
    }
    return [start(e.process, body, "supervision_refused", {"process": e.process})]


def _concluded(state: Measure, e: ev.MeasureConcluded) -> Sequence[Effect]:
    if state.origin is None:
        return ()
    return [tell(state.origin, "measure_ended", {"measure": f"measure/{state.no}", "outcome": str(e.outcome)})]


def _verified(state: Measure, e: ev.MeasureVerified) -> Sequence[Effect]:
    return () if e.met else _to_unit(state, "measure_not_met", texts=[e.note])


EFFECTS: Final[Mapping[str, Callable[[Any, Any], Sequence[Effect]]]] = {
    ev.MeasureListed.TYPE: lambda s, _e: _to_unit(s, "measure_listed"),
    ev.MeasureSelfChecked.TYPE: lambda s, _e: _to(s, "measure_self_checked", "supervisor"),
    ev.MeasureVerified.TYPE: _verified,
    ev.StrikeOffDenied.TYPE: lambda s, e: _to_unit(s, "measure_not_met", texts=[e.reason]),
    ev.MeasureStruckOff.TYPE: lambda s, _e: _to_unit(s, "measure_struck_off"),
    ev.MeasureRebounded.TYPE: lambda s, e: _to_unit(
        s, "measure_rebounded", "unit_liaison", "unit_head", texts=[e.note]
    ),
    ev.MeasureAmended.TYPE: lambda s, e: _to_unit(s, "measure_amended", due=e.due.isoformat(), texts=[e.reason]),
    ev.MeasureSupervised.TYPE: _supervised,
    ev.MeasureGivenUp.TYPE: lambda s, e: [
        *_to_unit(s, "measure_given_up", texts=[e.reason]),
        *_to(s, "measure_given_up", "supervisor", texts=[e.reason]),
    ],
    ev.MeasureConcluded.TYPE: _concluded,
    WarningGiven.TYPE: _warning,
    OverdueReached.TYPE: _overdue,
}
