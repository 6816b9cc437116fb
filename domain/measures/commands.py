"""The commands of a measure. Names are permanent; fields are only added, with a default (law 4)."""

from datetime import date
from typing import Annotated, ClassVar

from pydantic import Field

from domain.measures.words import Nature, Pressure
from domain.model import Strict
from domain.proceeding import Opening, ProcessId
from domain.process import Code, Command, TextRef

Documents = Annotated[tuple[Code, ...], Field(max_length=20)]
Evidence = Annotated[tuple[Code, ...], Field(min_length=1, max_length=20)]
MilestoneId = Annotated[str, Field(pattern=r"^m[1-9]\d?$")]


class MilestoneAsked(Strict):
    """节点: what must be there by a day on the way."""

    what: TextRef
    due: date


class OpenMeasure(Opening):
    """A session or a ring orders a measure: who does what by when. ``by`` is the person whose word it was."""

    origin: ProcessId
    case: Code | None = None
    unit: Code
    what: TextRef
    due: date
    milestones: Annotated[tuple[MilestoneAsked, ...], Field(max_length=20)] = ()


class EnterMeasure(Command):
    """入账: a person enters a problem in the ledger, from a survey, a patrol or a forecast (M32; domain.md 11.13).

    Refused: ``unknown_unit``, ``unknown_case``, ``not_your_district``, ``date_not_ahead``.
    """

    NAME: ClassVar[str] = "enter_measure"
    unit: Code
    what: TextRef
    due: date
    case: Code | None = None
    nature: Nature | None = None
    place: TextRef | None = None


class AcceptMeasure(Command):
    """认领: the unit takes it over, with its plan (一校一策: each place has its own). Not accepting stops no clock."""

    NAME: ClassVar[str] = "accept_measure"
    plan: TextRef | None = None


class ReportMilestone(Command):
    """节点完成: the unit reports that a milestone is reached. Refused: ``unknown_milestone``, ``milestone_reported``."""

    NAME: ClassVar[str] = "report_milestone"
    milestone: MilestoneId
    report: TextRef
    documents: Documents = ()


class SelfCheck(Command):
    """自查: the unit says that the problem is put right, with evidence and documents. Refused: ``milestones_left``."""

    NAME: ClassVar[str] = "self_check"
    evidence: TextRef
    documents: Evidence


class VerifyMeasure(Command):
    """核验: somebody who has not handled it looks at it himself (domain.md 11.13: verifier ≠ handler)."""

    NAME: ClassVar[str] = "verify_measure"
    met: bool
    note: TextRef
    documents: Documents = ()


class StrikeOff(Command):
    """销号 by a second person after the one who verified, or back to the unit with a reason."""

    NAME: ClassVar[str] = "strike_off"
    approve: bool
    reason: TextRef | None = None


class ReportRebound(Command):
    """反弹: the problem has come back while it is looked back at; the unit has it anew, until a new day."""

    NAME: ClassVar[str] = "report_rebound"
    note: TextRef
    due: date
    documents: Documents = ()


class AmendMeasure(Command):
    """改期: another day, with a reason, by who entered it or by the city office. The old one stays in the ledger."""

    NAME: ClassVar[str] = "amend_measure"
    due: date
    reason: TextRef


class SuperviseMeasure(Command):
    """催办、督办 of a measure whose day has passed. Refused: ``not_overdue``."""

    NAME: ClassVar[str] = "supervise_measure"
    level: Pressure
    note: TextRef


class GiveUpMeasure(Command):
    """终止: the measure is given up, with a reason; whoever ordered it is told."""

    NAME: ClassVar[str] = "give_up_measure"
    reason: TextRef


class SupervisionRefused(Command):
    """The supervision that was to begin did not: why. Shared by all that start one over a measure."""

    NAME: ClassVar[str] = "supervision_refused"
    process: ProcessId
    code: str


class MeasureEnded(Command):
    """What a measure tells whoever ordered it, at its end: struck off 销号, or given up."""

    NAME: ClassVar[str] = "measure_ended"
    measure: ProcessId
    outcome: Code


COMMANDS: tuple[type[Command], ...] = (
    OpenMeasure, EnterMeasure, AcceptMeasure, ReportMilestone, SelfCheck, VerifyMeasure, StrikeOff,
    ReportRebound, AmendMeasure, SuperviseMeasure, GiveUpMeasure, SupervisionRefused,
)  # fmt: skip
