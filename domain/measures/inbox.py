"""Who has to act on a measure. An open one is always somebody's, and has its day (domain.md 11.13)."""

from collections.abc import Iterator, Sequence

from domain.measures.state import Measure
from domain.measures.words import WITH_UNIT, Pressure, Stage
from domain.proceeding import due, todo
from domain.process import Todo

ABOVE = "city_centre"
"""Who acts as well when the one whose turn it is has let his limit pass."""


def todos(state: Measure) -> Sequence[Todo]:
    """Return every todo."""
    return tuple(_todos(state))


def _todos(state: Measure) -> Iterator[Todo]:
    if state.stage in WITH_UNIT:
        yield _units(state)
        if state.late and not state.pressed >= frozenset(Pressure):
            missed = min(state.late, key=lambda r: r.overdue_at or r.clock.start)
            hint = {"clocks": [r.clock.key for r in state.late], "levels": sorted(state.pressed)}
            yield todo(state, "overdue", "supervisor", "supervise_measure", since=missed.overdue_at, hint=hint)
    elif state.stage == Stage.self_checked:
        yield from _eyes(state, "verify", "supervisor", "verify_measure")
    elif state.stage == Stage.verified:
        yield from _eyes(state, "strike_off", "district_centre" if state.district else ABOVE, "strike_off")
    elif state.stage == Stage.struck_off:
        yield todo(state, "rebound", "supervisor", "report_rebound")


def _units(state: Measure) -> Todo:
    if state.stage in {Stage.listed, Stage.rebounded}:
        return todo(state, "accept", "unit_liaison", "accept_measure", unit=state.unit)
    left = state.left
    clocks = ["due", *(f"milestone/{m.id}" for m in left)]
    soonest = min(clocks, key=lambda key: (due(state, key) is None, due(state, key) or state.since))
    return todo(
        state,
        "rectify",
        "unit_liaison",
        "report_milestone" if left else "self_check",
        unit=state.unit,
        clock=soonest,
        since=state.since,
        hint={"milestones": [m.id for m in left]},
    )


def _eyes(state: Measure, key: str, role: str, command: str) -> Iterator[Todo]:
    yield todo(state, key, role, command)
    running = state.running(key)
    if running is not None and running.overdue_at is not None and role != ABOVE:
        yield todo(state, f"{key}/above", ABOVE, command, clock=key, since=running.overdue_at)
