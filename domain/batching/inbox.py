"""Who has to act now on a batch: the second person; whoever began it while it runs or stands still."""

from collections.abc import Iterator, Sequence
from typing import Final

from domain.batching.rules import APPROVE
from domain.batching.state import Batch
from domain.batching.words import Stage
from domain.proceeding import todo
from domain.process import Todo

SECOND: Final = "city_office"
SUPERIOR: Final = "centre_head"


def todos(state: Batch) -> Sequence[Todo]:
    """Return every todo; a batch that is not over has one at least."""
    return tuple(_todos(state))


def _todos(state: Batch) -> Iterator[Todo]:
    match state.stage:
        case Stage.to_approve:
            running = state.running(APPROVE)
            late = running is not None and running.overdue_at is not None
            for role in (SECOND, SUPERIOR) if late else (SECOND,):
                yield todo(state, f"approve/{role}", role, "approve_batch", "reject_batch", clock=APPROVE)
        case Stage.suspended:
            yield todo(state, "resume", state.role, "resume_batch", "stop_batch", since=state.since)
        case Stage.running if not state.swept:
            yield todo(state, "watch", state.role, "pause_batch", "stop_batch", since=state.since)
        case _:
            yield todo(state, "watch", state.role, "stop_batch", since=state.since)
