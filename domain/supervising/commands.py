"""The commands of a supervision. Names are permanent; fields are only added, with a default (law 4)."""

from collections.abc import Sequence
from typing import Annotated, ClassVar, Final, Literal

from pydantic import Field

from domain.answering.words import Step
from domain.proceeding import ROUTINE, Opening, ProcessId
from domain.process import Code, Command, TextRef
from domain.supervising.words import Level, Trigger

Documents = Annotated[tuple[Code, ...], Field(max_length=20)]

# ------------------------------------------------------------------------------------------------------ opening 立项


class Open(Opening):
    """A process puts a unit under supervision: a case by its clocks and dissatisfactions, a lower level, a criticism (M17)."""

    case: Code | None = None
    matter: Code
    level: Level
    unit: Code
    trigger: Trigger
    note: TextRef | None = None


class IssueSupervision(Command):
    """发起督办: a person puts a unit under supervision, for a leader's note, media, deputies, callers or by himself (M17, M31)."""

    NAME: ClassVar[str] = "issue_supervision"
    level: Level
    unit: Code
    matter: Code
    trigger: Literal[Trigger.leader_note, Trigger.media, Trigger.deputies, Trigger.callers, Trigger.supervisor]
    note: TextRef
    case: Code | None = None
    district: Code | None = None
    triage: Literal["routine", "urgent"] = ROUTINE


# ------------------------------------------------------------------------------------------------------ the unit 被督办单位


class Acknowledge(Command):
    """签收督办: the unit has it."""

    NAME: ClassVar[str] = "acknowledge"
    note: TextRef | None = None


class ReplySupervision(Command):
    """督办反馈: what the unit did, with its proof."""

    NAME: ClassVar[str] = "reply_supervision"
    reply: TextRef
    documents: Documents = ()


# -------------------------------------------------------------------------------------------------- the supervisor 督办员


class VisitSite(Command):
    """现场核查: what was found on the spot; a supervision ``on_site`` is not lifted without it."""

    NAME: ClassVar[str] = "visit_site"
    findings: TextRef
    documents: Documents = ()


class VerifySupervision(Command):
    """督办核查 of the reply by another person: ``met`` ends it, not met raises the level (after ``listed``, a person decides)."""

    NAME: ClassVar[str] = "verify_supervision"
    met: bool
    note: TextRef


class RaiseLevel(Command):
    """督办升级: the unit did not reply in time. (An urge that is not answered raises itself.)"""

    NAME: ClassVar[str] = "raise_level"
    reason: TextRef


class ProposeAccountability(Command):
    """提请问责: a listed supervision was not met, or not answered; a graver step than a reminder takes a second person there."""

    NAME: ClassVar[str] = "propose_accountability"
    facts: TextRef
    step: Literal[Step.remind, Step.criticise, Step.propose] = Step.remind


class LiftListed(Command):
    """撤牌: the centre head ends a listing that was not met without more."""

    NAME: ClassVar[str] = "lift_listed"
    reason: TextRef


class WithdrawSupervision(Command):
    """撤销督办 by the superior of who issued it, with a reason."""

    NAME: ClassVar[str] = "withdraw_supervision"
    reason: TextRef


# ---------------------------------------------------------------------------------------------------- machine messages


class NextRefused(Command):
    """The next level did not begin: the matter is supervised at that level already."""

    NAME: ClassVar[str] = "next_refused"
    process: ProcessId
    code: str


class AnnulSupervision(Command):
    """Who began this supervision takes it back, because its ground has fallen: an overdue annulled, a criticism set aside.

    ``process`` is who says so (None: the case whose ``clock`` it was).
    """

    NAME: ClassVar[str] = "annul_supervision"
    clock: str | None = None
    process: ProcessId | None = None
    code: Code = "overdue_annulled"


COMMANDS: Final[Sequence[type[Command]]] = (
    Open,
    IssueSupervision,
    Acknowledge,
    ReplySupervision,
    VisitSite,
    VerifySupervision,
    RaiseLevel,
    ProposeAccountability,
    LiftListed,
    WithdrawSupervision,
    NextRefused,
    AnnulSupervision,
)
