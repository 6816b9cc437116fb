"""Who has to act on a session. Where the secretary lets a limit pass, the city office may act as well; so it may for the leader."""

from collections.abc import Iterator, Sequence
from typing import Any

from domain.holding import ItemState
from domain.keeping import Running
from domain.proceeding import todo
from domain.process import Todo
from domain.sitting.state import Session
from domain.sitting.words import AGAIN, MINUTES, OPINION, RECORD, SITTING, Stage

SECRETARY = "session_secretary"
LEADER = "session_leader"
ABOVE = "city_office"


def todos(state: Session) -> Sequence[Todo]:
    """Return every todo."""
    return tuple(_todos(state))


def _todos(state: Session) -> Iterator[Todo]:
    match state.stage:
        case Stage.preparing:
            yield from _secretarys(state, "prepare", _preparing(state), _when(state))
        case Stage.called:
            yield from _called(state)
        case Stage.held:
            yield from _items(state, MINUTES)
            if not state.left:
                yield from _secretarys(state, MINUTES, ("record_minutes",), MINUTES)
        case Stage.minuted:
            yield from _items(state, None)
        case Stage.executing:
            yield from _executing(state)
        case _:
            return


def _when(state: Session) -> str:
    """The clock that the secretary has to keep: until the planned instant, or after it."""
    return SITTING if state.running(SITTING) is not None else RECORD


def _preparing(state: Session) -> tuple[str, ...]:
    ready = _when(state) == SITTING and state.leader is not None and state.reserved
    papers = ("attach_papers", "drop_item") if state.live else ()
    first = ("call_session",) if ready else ()
    return (*first, "add_item", *papers, "appoint_leader", "postpone_session", "cancel_session")


def _called(state: Session) -> Iterator[Todo]:
    papers = ("attach_papers", "drop_item") if state.live else ()
    if _when(state) == RECORD:
        yield from _secretarys(state, RECORD, ("record_attendance", "postpone_session"), RECORD)
        return
    yield from _secretarys(state, SITTING, ("postpone_session", *papers, "appoint_leader"), SITTING)
    for invitation in state.invitations.values():
        if invitation.attends is None:
            yield todo(
                state,
                f"invitation/{invitation.unit}",
                "unit_liaison",
                "answer_invitation",
                unit=invitation.unit,
                clock=SITTING,
                since=state.since,
                subject=invitation.unit,
            )


def _items(state: Session, clock: str | None) -> Iterator[Todo]:
    """Who decides on the items: whoever writes it down, and the leader. Without ``clock`` an item that came back has its own."""
    for item in state.left:
        ways = ("give_opinion", "carry_over", "drop_item") if item.state is ItemState.reserved else ("drop_item",)
        yield from _secretarys(state, f"item/{item.id}", ways, clock or f"{AGAIN}/{item.id}", item.id)
        if item.state is ItemState.reserved:
            yield _leaders(state, f"decide/{item.id}", "give_opinion", item=item.id)
    for item in state.waiting:
        key = f"{OPINION}/{item.id}"
        yield _leaders(state, key, "confirm_opinion", "give_opinion", item=item.id)
        yield todo(
            state,
            f"draft/{item.id}",
            SECRETARY,
            "give_opinion",
            "carry_over",
            "drop_item",
            clock=key,
            since=state.since,
            subject=item.id,
        )
    late = [r for i in state.waiting if (r := _late(state, f"{OPINION}/{i.id}")) is not None]
    if late:
        first = min(r.overdue_at for r in late if r.overdue_at is not None)
        yield todo(state, "leader", ABOVE, "appoint_leader", since=first)


def _executing(state: Session) -> Iterator[Todo]:
    yield _leaders(state, "execution", "note_execution", measures=_open(state))
    for measure in state.measures.values():
        if measure.unmet:
            hint = {"measure": measure.process, "code": measure.refused}
            yield todo(
                state,
                f"not_met/{measure.k}",
                "supervisor",
                "supervise_item",
                since=state.since,
                subject=measure.item,
                hint=hint,
            )


def _leaders(state: Session, key: str, *commands: str, item: str | None = None, **hint: Any) -> Todo:
    """Return a todo of the leader: the role is many people's, the hint names the one whose turn it is."""
    return todo(state, key, LEADER, *commands, subject=item, hint={"leader": state.leader, **hint})


def _open(state: Session) -> list[str]:
    return [m.process for m in state.measures.values() if m.outcome is None]


def _secretarys(
    state: Session, key: str, commands: tuple[str, ...], clock: str, subject: str | None = None
) -> Iterator[Todo]:
    yield todo(state, key, SECRETARY, *commands, clock=clock, subject=subject)
    late = _late(state, clock)
    above = tuple(name for name in commands if name in ABOVE_MAY)
    if late is not None and above:
        yield todo(state, f"{key}/above", ABOVE, *above, clock=clock, since=late.overdue_at, subject=subject)


def _late(state: Session, clock: str) -> Running | None:
    running = state.running(clock)
    return running if running is not None and running.overdue_at is not None else None


ABOVE_MAY = frozenset(
    {
        "appoint_leader",
        "cancel_session",
        "carry_over",
        "drop_item",
        "postpone_session",
        "record_attendance",
        "record_minutes",
    }
)
"""What the city office may do in the secretary's place. It gives no opinion for a leader."""
