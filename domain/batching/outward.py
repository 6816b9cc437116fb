"""What a batch does to the world: its slices, and who is told. Bodies hold codes and references only (law 8)."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from domain import telling
from domain.batching import events as ev
from domain.batching.inbox import SECOND, SUPERIOR
from domain.batching.state import Batch
from domain.batching.words import SECONDS, SURVEYED_AT_ONCE, Phase
from domain.keeping import OverdueReached
from domain.process import Effect

WHAT: Final[Mapping[Phase, str]] = {
    Phase.preview: "batch_preview",
    Phase.change: "batch_change",
    Phase.settle: "batch_settle",
}
"""What the Temporal UI calls a slice."""


def _slice(state: Batch) -> Effect:
    body: dict[str, Any] = {
        "phase": str(state.phase),
        "slice": state.out,
        "after": state.last or "",
        "limit": SURVEYED_AT_ONCE if state.phase is Phase.preview else SECONDS * state.rate,
        "rate": state.rate,
        "query": state.query,
        "calendar": state.to_calendar,
        "pack": state.to_pack,
        "decided_at": state.approved_at.isoformat() if state.approved_at else None,
    }
    return telling.slice_of(state.id, WHAT[state.phase], body)


def _goes_on(state: Batch, event: Any) -> Sequence[Effect]:
    return () if event.next is None else [_slice(state)]


def _previewed(state: Batch, event: ev.BatchPreviewed) -> Sequence[Effect]:
    if event.next is None:
        return [telling.notice("batch_to_approve", SECOND)]
    return [_slice(state)]


def _told(what: str) -> Callable[[Batch, Any], Sequence[Effect]]:
    return lambda state, _event: [telling.notice(what, state.role)]


EFFECTS: Final[Mapping[str, Callable[[Any, Any], Sequence[Effect]]]] = {
    ev.BatchBegun.TYPE: _goes_on,
    ev.BatchPreviewStarted.TYPE: _goes_on,
    ev.BatchPreviewed.TYPE: _previewed,
    ev.BatchApproved.TYPE: _goes_on,
    ev.BatchResumed.TYPE: _goes_on,
    ev.BatchSliced.TYPE: _goes_on,
    ev.BatchRejected.TYPE: _told("batch_rejected"),
    ev.BatchSettled.TYPE: _told("batch_finished"),
    OverdueReached.TYPE: lambda _state, _event: [telling.notice("batch_to_approve", SUPERIOR)],
}
