"""Who has to act now on a ring: the todos. A step that is overdue is the superior's as well (domain.md 11.15)."""

from collections.abc import Iterator, Sequence

from domain.proceeding import todo
from domain.process import Todo
from domain.ringing.specs import HIGHEST
from domain.ringing.state import RingState
from domain.ringing.words import ANSWER, CONCLUDE, REPORT, SURVEY, Side, Stage

LIAISON = "unit_liaison"
HEAD = "unit_head"
SECRETARY = "session_secretary"
FOLLOWING = ("list_supervision", "set_plan", "form_task_force")
"""What the convener may still do while the decision is carried out."""
DECIDING = ("conclude", "start_consultation", "ask_ruling", "ask_session", "refer_standing_meeting")
"""What decides, or lets another process decide: not while one already holds the question."""


def todos(state: RingState) -> Sequence[Todo]:
    """Return every todo of a ring that is not over."""
    return tuple(_todos(state))


def _todos(state: RingState) -> Iterator[Todo]:
    if state.stage == Stage.answering:
        yield from _step(state, ANSWER, _able(state, "answer_report", *(("escalate",) if state.hold is None else ())))
    elif state.stage == Stage.coordinating:
        yield from _coordinating(state)
    elif state.stage == Stage.executing and state.unfinished:
        yield todo(state, "ring_execute", state.convener, *_able(state, *FOLLOWING))
    if state.can_rate:
        yield from _ratings(state)


def _coordinating(state: RingState) -> Iterator[Todo]:
    clock, _, naming = state.spec.naming
    if state.running(clock) is not None:
        yield from _step(state, clock, (naming,))
    if state.running(SURVEY) is not None:
        yield from _step(state, SURVEY, ("record_survey",))
    yield from _step(state, CONCLUDE, _ways_on(state))
    for unit, called in state.called.items():
        if called.awaited:
            yield from _report(state, unit)
    if state.asked_session is not None and state.hold is None:
        yield todo(
            state,
            "ring_session",
            SECRETARY,
            "enter_session",
            since=state.asked_session,
            hint={"session": state.spec.session},
        )
    if state.standing is not None:
        yield todo(state, "ring_standing", HIGHEST, "record_standing_meeting", since=state.standing.at)


def _ways_on(state: RingState) -> tuple[str, ...]:
    """Return what the convener may do as things stand: nothing that decides while another process is about to."""
    closed = {"ask_session"} if state.asked_session else set()
    if state.standing is not None:
        closed.add("refer_standing_meeting")
    deciding = tuple(c for c in (*DECIDING, "escalate") if state.hold is None and c not in closed)
    if state.hold is not None and state.convener == HIGHEST and _late(state, CONCLUDE):
        deciding = ("conclude",)
    return _able(state, *deciding, "whistle_units", "name_lead", "record_survey", *FOLLOWING)


def _step(state: RingState, key: str, commands: Sequence[str]) -> Iterator[Todo]:
    """A step of the convener; once it is overdue it is the superior's too, who may overtake what another process holds."""
    hint = {"held_by": state.hold.process} if state.hold else {}
    yield todo(state, key, state.convener, *commands, hint=hint)
    superior = state.spec.superior
    if superior is not None and superior != state.convener and _late(state, key):
        more = ("conclude", "escalate") if key == CONCLUDE else ()
        yield todo(state, f"{key}/superior", superior, *dict.fromkeys((*more, *commands)), clock=key, hint=hint)


def _late(state: RingState, key: str) -> bool:
    running = state.running(key)
    return running is not None and running.overdue_at is not None and not running.annulled


def _report(state: RingState, unit: str) -> Iterator[Todo]:
    key = f"{REPORT}/{unit}"
    since = state.called[unit].at
    answers = ("report_in", "refuse_report_in")
    yield todo(state, key, LIAISON, *answers, unit=unit, subject=unit, since=since)
    if _late(state, key):
        yield todo(state, f"{key}/head", HEAD, *answers, clock=key, unit=unit, subject=unit, since=since)


def _ratings(state: RingState) -> Iterator[Todo]:
    for unit in state.unrated(Side.reporter):
        yield todo(
            state,
            f"rate_units/{unit}",
            LIAISON,
            "rate_units",
            clock="ring_rating",
            unit=state.reporter,
            subject=unit,
        )
    for unit in state.unrated(Side.unit):
        yield todo(state, f"rate_whistle/{unit}", LIAISON, "rate_whistle", clock="ring_rating", unit=unit, subject=unit)


def _able(state: RingState, *commands: str) -> tuple[str, ...]:
    return tuple(c for c in commands if c in state.spec.powers)
