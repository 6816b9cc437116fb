"""Who has to act now on a supervision. Whoever is silent too long gets his superior beside him."""

from collections.abc import Iterator, Sequence

from domain.proceeding import todo
from domain.process import Todo
from domain.supervising.rules import DECIDE, VERIFY
from domain.supervising.state import Supervision, missed
from domain.supervising.words import CLOCKS, WAITING, Level, Stage

LIAISON = "unit_liaison"
SUPERVISOR = "supervisor"
CENTRE = "centre_head"


def todos(state: Supervision) -> Sequence[Todo]:
    """Return every todo; one that is open has one at least."""
    return tuple(_todos(state))


def _todos(state: Supervision) -> Iterator[Todo]:
    if state.stage in WAITING:
        yield from _unit(state)
        yield from _spot(state)
        if missed(state.answer):
            yield from _missed(state)
    elif state.stage == Stage.replied:
        visit = ("visit_site",) if state.must_be_visited else ()
        late = missed(state.running(VERIFY))
        for role in (SUPERVISOR, CENTRE) if late else (SUPERVISOR,):
            yield todo(state, f"verify/{role}", role, "verify_supervision", *visit, clock=VERIFY)
    elif state.stage == Stage.unmet:
        yield todo(state, "propose", SUPERVISOR, "propose_accountability", clock=DECIDE)
        yield todo(state, "lift", CENTRE, "lift_listed", "propose_accountability", clock=DECIDE)


def _unit(state: Supervision) -> Iterator[Todo]:
    first = state.stage == Stage.issued
    commands = ("acknowledge", "reply_supervision") if first else ("reply_supervision",)
    ack, reply = CLOCKS[state.level]
    clock = ack if first else reply
    late = missed(state.running(clock)) or missed(state.answer)
    for role in (LIAISON, "unit_head") if late else (LIAISON,):
        yield todo(state, f"answer/{role}", role, *commands, clock=clock, unit=state.unit)


def _spot(state: Supervision) -> Iterator[Todo]:
    if state.must_be_visited:
        yield todo(state, "visit", SUPERVISOR, "visit_site", clock=CLOCKS[state.level][1])


def _missed(state: Supervision) -> Iterator[Todo]:
    """Say what follows a reply that did not come: the next level, after the last one accountability."""
    command = "propose_accountability" if state.level is Level.listed else "raise_level"
    yield todo(state, "raise", SUPERVISOR, command, clock=DECIDE)
    if missed(state.running(DECIDE)):
        yield todo(state, "raise/centre", CENTRE, command, "withdraw_supervision", clock=DECIDE)
