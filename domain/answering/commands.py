"""The commands of an accountability. Names are permanent; fields are only added, with a default (law 4)."""

from collections.abc import Sequence
from typing import Annotated, ClassVar, Final

from pydantic import Field

from domain.answering.words import Outcome, Result, Step
from domain.proceeding import Opening, ProcessId
from domain.process import Code, Command, TextRef

Documents = Annotated[tuple[Code, ...], Field(max_length=20)]

# ------------------------------------------------------------------------------------------------------ opening 启动


class Open(Opening):
    """A supervision that was not met leads here. ``proposed_by`` is the supervisor who proposed it: he has prepared it."""

    unit: Code
    step: Step
    matter: Code
    supervision: ProcessId | None = None
    case: Code | None = None
    facts: TextRef | None = None
    proposed_by: str | None = None


class OpenAccountability(Command):
    """启动问责: a person begins a step.

    The first names the ``supervision`` that was not met; each other one the effective accountability of the step before
    (``after``), or it is grave: it starts at ``criticise`` or ``propose``, and a second person has to agree.
    """

    NAME: ClassVar[str] = "open_accountability"
    unit: Code
    step: Step
    matter: Code
    facts: TextRef
    supervision: ProcessId | None = None
    after: ProcessId | None = None
    case: Code | None = None
    district: Code | None = None


class ApproveGrave(Command):
    """严重情形审批: a second person's word that a grave matter may start at ③ or ④ (domain.md 11.11)."""

    NAME: ClassVar[str] = "approve_grave"
    approve: bool
    reason: TextRef


# -------------------------------------------------------------------------------------------------- preparing 调查、告知


class RecordFacts(Command):
    """认定事实: what the unit did or left undone, with its proof."""

    NAME: ClassVar[str] = "record_facts"
    facts: TextRef
    documents: Documents = ()


class ServeNotice(Command):
    """告知: the unit gets the facts and the step that is meant, and its time to speak."""

    NAME: ClassVar[str] = "serve_notice"
    note: TextRef | None = None


# ------------------------------------------------------------------------------------------------------- the unit's reply


class MakeStatement(Command):
    """陈述申辩 of the unit."""

    NAME: ClassVar[str] = "make_statement"
    statement: TextRef
    documents: Documents = ()


class ObjectToFacts(Command):
    """事实异议: the unit says that the facts are not so."""

    NAME: ClassVar[str] = "object_to_facts"
    objection: TextRef
    documents: Documents = ()


# -------------------------------------------------------------------------------------------------- decision and review


class DecideAccountability(Command):
    """决定 by an authorised person who has not prepared it (督查条例 Art. 21). Before the notice it can only be dropped."""

    NAME: ClassVar[str] = "decide_accountability"
    outcome: Outcome
    reason: TextRef


class ServeDecision(Command):
    """送达: the decision reaches the unit, with its paper; the time to ask for a review runs."""

    NAME: ClassVar[str] = "serve_decision"
    note: TextRef | None = None


class AskReview(Command):
    """申请复核 within 30 d, once (督查条例 Art. 17)."""

    NAME: ClassVar[str] = "ask_review"
    reason: TextRef
    documents: Documents = ()


class DecideReview(Command):
    """复核决定 within 30 d, by somebody who has neither prepared nor decided it (督查条例 Art. 17)."""

    NAME: ClassVar[str] = "decide_review"
    upheld: bool
    reason: TextRef


# ------------------------------------------------------------------------------------------------------ effect 约谈、整改


class RecordTalk(Command):
    """约谈记录: what was said to the head of the unit, and by him."""

    NAME: ClassVar[str] = "record_talk"
    record: TextRef
    documents: Documents = ()


class ReportRectification(Command):
    """整改报告 of the unit."""

    NAME: ClassVar[str] = "report_rectification"
    report: TextRef
    documents: Documents = ()


class CheckRectification(Command):
    """整改核查 (督查条例 Art. 18), by somebody other than who reported it. Without a report only once its limit has passed."""

    NAME: ClassVar[str] = "check_rectification"
    result: Result
    note: TextRef


class ListedRefused(Command):
    """The listed supervision that goes with a criticism did not begin: the matter is listed already."""

    NAME: ClassVar[str] = "listed_refused"
    process: ProcessId
    code: str


COMMANDS: Final[Sequence[type[Command]]] = (
    Open,
    OpenAccountability,
    ApproveGrave,
    RecordFacts,
    ServeNotice,
    MakeStatement,
    ObjectToFacts,
    DecideAccountability,
    ServeDecision,
    AskReview,
    DecideReview,
    RecordTalk,
    ReportRectification,
    CheckRectification,
    ListedRefused,
)
