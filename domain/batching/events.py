"""The events of a batch. Types are permanent; an event holds all that ``apply`` needs (law 4).

``next`` is the number of the slice that an event starts, None when it starts none. Slices are numbered over the whole batch.
"""

from collections.abc import Sequence
from typing import ClassVar, Final

from domain.batching.commands import Foreseen, Results
from domain.batching.words import Ground
from domain.proceeding import Begun
from domain.process import Event


class BatchBegun(Begun):
    """发起: which cases, to which terms, why. ``role`` is that of who began it: he is asked when it stands still."""

    TYPE: ClassVar[str] = "batch_begun"
    role: str
    ground: Ground
    to_calendar: str | None = None
    to_pack: str | None = None
    reason: str
    in_district: str | None = None
    case_type: str | None = None
    case_triage: str | None = None
    under_pack: str | None = None
    rate: int
    next: int


class BatchPreviewStarted(Event):
    """重新预演."""

    TYPE: ClassVar[str] = "batch_preview_started"
    by: str
    next: int


class BatchPreviewed(Event):
    """A slice of the preview was made."""

    TYPE: ClassVar[str] = "batch_previewed"
    slice: int
    last: str | None
    foreseen: Foreseen
    next: int | None


class BatchApproved(Event):
    """批准: it runs."""

    TYPE: ClassVar[str] = "batch_approved"
    by: str
    note: str | None = None
    next: int


class BatchRejected(Event):
    """不批准."""

    TYPE: ClassVar[str] = "batch_rejected"
    by: str
    reason: str


class BatchPaused(Event):
    """暂停: the slice under way comes to its end, no other one starts."""

    TYPE: ClassVar[str] = "batch_paused"
    by: str
    reason: str


class BatchResumed(Event):
    """继续."""

    TYPE: ClassVar[str] = "batch_resumed"
    by: str
    rate: int
    next: int | None


class BatchSliced(Event):
    """A slice of cases was dealt with. ``swept``: there is none left."""

    TYPE: ClassVar[str] = "batch_sliced"
    slice: int
    last: str | None
    swept: bool
    results: Results
    next: int | None


class BatchSettled(Event):
    """Every case has answered."""

    TYPE: ClassVar[str] = "batch_settled"
    slice: int
    results: Results


class BatchStopped(Event):
    """终止."""

    TYPE: ClassVar[str] = "batch_stopped"
    by: str
    reason: str


EVENTS: Final[Sequence[type[Event]]] = (
    BatchBegun,
    BatchPreviewStarted,
    BatchPreviewed,
    BatchApproved,
    BatchRejected,
    BatchPaused,
    BatchResumed,
    BatchSliced,
    BatchSettled,
    BatchStopped,
)
