"""The state of a batch, and what each event changes in it."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final, TypeVar

from pydantic import Field

from domain.batching import events as ev
from domain.batching.commands import Foreseen, Results
from domain.batching.words import Ground, Phase, Stage
from domain.model import Model
from domain.proceeding import Proceeding, opened

M = TypeVar("M", bound=Model)


class Batch(Proceeding):
    """One change of terms for many cases.

    ``last`` is the cursor: the last case that was looked at (in the preview) or dealt with. ``slices`` have been started so far,
    ``out`` is the one that is under way. ``swept``: no case is left, only answers are.
    """

    role: str = ""
    ground: Ground = Ground.calendar_notice
    to_calendar: str | None = None
    to_pack: str | None = None
    reason: str = ""
    in_district: str | None = None
    case_type: str | None = None
    case_triage: str | None = None
    under_pack: str | None = None
    rate: int = 1
    slices: int = 0
    out: int | None = None
    last: str | None = None
    foreseen: Foreseen = Field(default_factory=Foreseen)
    approved_by: str | None = None
    approved_at: datetime | None = None
    swept: bool = False
    results: Results = Field(default_factory=Results)

    @property
    def id(self) -> str:
        """The process id."""
        return f"batch/{self.no}"

    @property
    def phase(self) -> Phase:
        """What the next slice is for."""
        if self.approved_at is None:
            return Phase.preview
        return Phase.settle if self.swept else Phase.change

    @property
    def query(self) -> dict[str, str | None]:
        """Which open cases are meant, by column of their list."""
        return {
            "district": self.in_district,
            "case_type": self.case_type,
            "triage": self.case_triage,
            "pack": self.under_pack,
        }


def added(a: M, b: M) -> M:
    """Return two counts together."""
    return a.model_copy(update={name: getattr(a, name) + getattr(b, name) for name in type(a).model_fields})


# ------------------------------------------------------------------------------------------------------------------ apply


def _started(state: Batch, number: int | None, **update: Any) -> Batch:
    """Return the state with the next slice under way, or none."""
    slices = state.slices if number is None else number
    return state.model_copy(update={"slices": slices, "out": number, **update})


def _at(stage: Stage, at: datetime) -> dict[str, Any]:
    return {"stage": str(stage), "since": at}


def _begun(state: Batch, e: ev.BatchBegun, at: datetime) -> Batch:
    kept = {name: getattr(e, name) for name in ev.BatchBegun.model_fields if name in Batch.model_fields}
    about = {name: value for name, value in kept.items() if name not in Proceeding.model_fields}
    found: Batch = opened(state, e, at, stage=str(Stage.previewing), **about)
    return _started(found, e.next)


def _preview_started(state: Batch, e: ev.BatchPreviewStarted, at: datetime) -> Batch:
    return _started(state, e.next, last=None, foreseen=Foreseen(), **_at(Stage.previewing, at))


def _previewed(state: Batch, e: ev.BatchPreviewed, at: datetime) -> Batch:
    counted = added(state.foreseen, e.foreseen)
    there = _at(Stage.to_approve, at) if e.next is None else {}
    return _started(state, e.next, last=e.last or state.last, foreseen=counted, **there)


def _approved(state: Batch, e: ev.BatchApproved, at: datetime) -> Batch:
    return _started(state, e.next, approved_by=e.by, approved_at=at, last=None, **_at(Stage.running, at))


def _resumed(state: Batch, e: ev.BatchResumed, at: datetime) -> Batch:
    update = {"rate": e.rate, **_at(Stage.running, at)}
    return state.model_copy(update=update) if e.next is None else _started(state, e.next, **update)


def _sliced(state: Batch, e: ev.BatchSliced, _at: datetime) -> Batch:
    return _started(state, e.next, last=e.last or state.last, swept=e.swept, results=added(state.results, e.results))


def _settled(state: Batch, e: ev.BatchSettled, at: datetime) -> Batch:
    # Stopped stays stopped: only its counts are now complete.
    there = {} if state.stage == Stage.stopped else _at(Stage.finished, at)
    return _started(state, None, results=e.results, **there)


def _to(stage: Stage) -> Callable[[Any, Any, datetime], Batch]:
    return lambda state, _event, at: state.model_copy(update=_at(stage, at))


CHANGES: Final[Mapping[str, Callable[[Any, Any, datetime], Any]]] = {
    ev.BatchBegun.TYPE: _begun,
    ev.BatchPreviewStarted.TYPE: _preview_started,
    ev.BatchPreviewed.TYPE: _previewed,
    ev.BatchApproved.TYPE: _approved,
    ev.BatchRejected.TYPE: _to(Stage.rejected),
    ev.BatchPaused.TYPE: _to(Stage.suspended),
    ev.BatchResumed.TYPE: _resumed,
    ev.BatchSliced.TYPE: _sliced,
    ev.BatchSettled.TYPE: _settled,
    ev.BatchStopped.TYPE: _to(Stage.stopped),
}
