"""The commands of a batch. Names are permanent; fields are only added, with a default (law 4)."""

from collections.abc import Sequence
from typing import Annotated, ClassVar, Final

from pydantic import Field

from domain.batching.words import MOST_RATE, Ground
from domain.casework.words import CaseType, Triage
from domain.model import Model
from domain.process import Code, Command, TextRef

Rate = Annotated[int, Field(ge=1, le=MOST_RATE)]
Slice = Annotated[int, Field(ge=1)]


class Foreseen(Model):
    """What a preview counted: cases, what would become of them, and in which direction their first due would move."""

    cases: int = 0
    changed: int = 0
    unchanged: int = 0
    refused: int = 0
    later: int = 0
    earlier: int = 0
    same: int = 0


class Results(Model):
    """What came of cases: changed, unchanged (they had these terms), refused, gone meanwhile, or no answer yet.

    ``added`` of them began after the preview.
    """

    changed: int = 0
    unchanged: int = 0
    refused: int = 0
    gone: int = 0
    waiting: int = 0
    added: int = 0


# ------------------------------------------------------------------------------------------------------------ people


class BeginBatch(Command):
    """发起批量变更: move the open cases of a query to a ``calendar``, a ``pack`` (``id@version``), or both (architecture 1.5).

    Nothing is changed before another person has approved it; first a preview is made. ``rate`` is in cases a second.
    """

    NAME: ClassVar[str] = "begin_batch"
    ground: Ground
    calendar: Code | None = None
    pack: Code | None = None
    reason: TextRef
    district: Code | None = None
    case_type: CaseType | None = None
    triage: Triage | None = None
    under_pack: Code | None = None
    rate: Rate = 10


class PreviewBatch(Command):
    """重新预演: look at the cases again before the decision."""

    NAME: ClassVar[str] = "preview_batch"


class ApproveBatch(Command):
    """批准批量变更: another person lets it run."""

    NAME: ClassVar[str] = "approve_batch"
    note: TextRef | None = None


class RejectBatch(Command):
    """不批准批量变更: nothing is changed."""

    NAME: ClassVar[str] = "reject_batch"
    reason: TextRef


class PauseBatch(Command):
    """暂停批量变更: no further case is changed for now."""

    NAME: ClassVar[str] = "pause_batch"
    reason: TextRef


class ResumeBatch(Command):
    """继续批量变更 from where it stands, at another ``rate`` if one is given."""

    NAME: ClassVar[str] = "resume_batch"
    rate: Rate | None = None


class StopBatch(Command):
    """终止批量变更: cases that were changed stay changed, no other one is."""

    NAME: ClassVar[str] = "stop_batch"
    reason: TextRef


# ------------------------------------------------------------------------------------------------------------ machine


class ReportPreview(Command):
    """A slice of the preview: ``last`` is the last case that was looked at, ``finished`` that there is none behind it."""

    NAME: ClassVar[str] = "report_preview"
    slice: Slice
    last: Code | None = None
    finished: bool
    foreseen: Foreseen


class ReportSlice(Command):
    """A slice of changes: ``last`` is the last case that was dealt with, ``finished`` that there is none behind it."""

    NAME: ClassVar[str] = "report_slice"
    slice: Slice
    last: Code | None = None
    finished: bool
    results: Results


class ReportTotals(Command):
    """Every case has answered: what came of all of them."""

    NAME: ClassVar[str] = "report_totals"
    slice: Slice
    results: Results


COMMANDS: Final[Sequence[type[Command]]] = (
    BeginBatch,
    PreviewBatch,
    ApproveBatch,
    RejectBatch,
    PauseBatch,
    ResumeBatch,
    StopBatch,
    ReportPreview,
    ReportSlice,
    ReportTotals,
)
