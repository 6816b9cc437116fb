"""Who has to act now on an accountability. Whoever is silent too long gets another authorised person beside him."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from domain.answering import rules
from domain.answering.state import Accountability, missed
from domain.answering.words import Stage
from domain.proceeding import todo
from domain.process import Todo

SUPERVISOR: Final = "supervisor"
CENTRE: Final = "centre_head"
OFFICE: Final = "city_office"
HEAD: Final = "unit_head"


TURNS: Final[Mapping[str, tuple[str, str, tuple[str, str], str]]] = {
    # stage             key       clock           who, and who beside him when he is late   command
    Stage.grave:        ("grave",  rules.APPROVE, (CENTRE, OFFICE),                         "approve_grave"),
    Stage.deciding:     ("decide", rules.DECIDE,  (CENTRE, OFFICE),                         "decide_accountability"),
    Stage.decided:      ("serve",  rules.SERVE,   (SUPERVISOR, CENTRE),                     "serve_decision"),
    Stage.under_review: ("review", rules.REVIEW,  (OFFICE, CENTRE),                         "decide_review"),
    Stage.rectified:    ("check",  rules.CHECK,   (SUPERVISOR, CENTRE),                     "check_rectification"),
}  # fmt: skip
"""Stages in which one person has to act."""


def todos(state: Accountability) -> Sequence[Todo]:
    """Return every todo; one that is open has one at least."""
    return tuple(_todos(state))


def _todos(state: Accountability) -> Iterator[Todo]:
    if (turn := TURNS.get(state.stage)) is not None:
        yield from _two(state, *turn)
    elif state.stage == Stage.facts:
        ready = ("serve_notice", "record_facts") if state.facts else ("record_facts",)
        yield todo(state, "facts", SUPERVISOR, *ready, clock=rules.FACTS)
        if missed(state.running(rules.FACTS)):
            yield todo(state, "facts/centre", CENTRE, "decide_accountability", clock=rules.FACTS)
    elif state.stage == Stage.noticed:
        speak = ("make_statement", "object_to_facts")
        yield todo(state, "statement", HEAD, *speak, clock=rules.STATEMENT, unit=state.unit)
    elif state.stage == Stage.served:
        yield todo(state, "ask_review", HEAD, "ask_review", clock=rules.WINDOW, unit=state.unit)
    elif state.stage == Stage.effective:
        yield from _effective(state)


def _effective(state: Accountability) -> Iterator[Todo]:
    if state.talk_first:
        yield from _two(state, "talk", rules.TALK, (SUPERVISOR, CENTRE), "record_talk")
        return
    late = missed(state.running(rules.RECTIFY))
    for role in ("unit_liaison", HEAD) if late else ("unit_liaison",):
        yield todo(state, f"rectify/{role}", role, "report_rectification", clock=rules.RECTIFY, unit=state.unit)
    if late:
        yield todo(state, "check", SUPERVISOR, "check_rectification", clock=rules.RECTIFY)


def _two(state: Accountability, key: str, clock: str, roles: tuple[str, str], command: str) -> Iterator[Todo]:
    """One has to act; when he has not in time, the other one too."""
    late = missed(state.running(clock))
    for role in roles if late else roles[:1]:
        yield todo(state, f"{key}/{role}", role, command, clock=clock)
