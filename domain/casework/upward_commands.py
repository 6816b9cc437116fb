"""The commands by which a case goes beyond the unit that has it, and the machine messages of other processes."""

from datetime import datetime
from typing import Annotated, ClassVar

from pydantic import Field

from domain.proceeding import ProcessId
from domain.process import Code, Command, TextRef

OrderId = Annotated[str, Field(pattern=r"^a[1-9]\d{0,3}$")]


class ReportUp(Command):
    """一键直报: the unit in the lead cannot solve it alone; why, and what was tried (M01)."""

    NAME: ClassVar[str] = "report_up"
    order: OrderId
    reason: TextRef
    tried: TextRef


class Whistle(Command):
    """街道吹哨: the street calls departments, they report in (Beijing Art. 16; M14)."""

    NAME: ClassVar[str] = "whistle"
    order: OrderId
    reason: TextRef


class CallConsultation(Command):
    """一键会商: ask the heads of the units that may own the case (M10; 66号 (五))."""

    NAME: ClassVar[str] = "call_consultation"
    matter: Code
    candidates: Annotated[tuple[Code, ...], Field(min_length=2, max_length=12)]
    question: TextRef


class ProcessRefused(Command):
    """A process this case wanted to begin did not begin."""

    NAME: ClassVar[str] = "process_refused"
    process: ProcessId
    code: str


class SupervisionEnded(Command):
    """A supervision of this case is over."""

    NAME: ClassVar[str] = "supervision_ended"
    process: ProcessId
    level: Code
    outcome: Code


class ChangeTerms(Command):
    """变更办理依据: move the case to a ``calendar``, to a ``pack`` (``id@version``), or to both, as a batch decided.

    ``decided_at``: when the batch was approved; of two batches the later one holds.
    """

    NAME: ClassVar[str] = "change_terms"
    batch: ProcessId
    decided_at: datetime
    calendar: Code | None = None
    pack: Code | None = None


COMMANDS = (ReportUp, Whistle, CallConsultation, ProcessRefused, SupervisionEnded, ChangeTerms)
