"""The commands of an adjudication. Names are permanent; fields are only added, with a default (law 4)."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from domain.adjudicating.words import EvidenceKind, RulingForm
from domain.agenda import Entry, Matters
from domain.casework.commands import Documents
from domain.holding import ItemId, Units
from domain.proceeding import ROUTINE, Opening
from domain.process import Code, Command, TextRef

Term = Annotated[int, Field(ge=1, le=1250)]
"""期限: for so many working days a ruling holds as a precedent (five years at most)."""


class Open(Opening):
    """A case, a ring or a consultation without consensus asks for a ruling."""

    parties: Units = ()
    entries: Annotated[tuple[Entry, ...], Field(max_length=50)] = ()
    question: TextRef | None = None
    first_receiver: Code | None = None


class OpenAdjudication(Command):
    """提请明责: the city centre asks for a ruling on one or several matters (M05)."""

    NAME: ClassVar[str] = "open_adjudication"
    parties: Units
    entries: Matters
    question: TextRef
    first_receiver: Code | None = None
    triage: Literal["routine", "urgent"] = ROUTINE
    district: Code | None = None


class SubmitEvidence(Command):
    """举证: a party, or the group itself (then without ``unit``), hands in evidence, on one item or on all.

    ``reference`` names what is relied on where it has a code: a catalogue item, a past ruling.
    """

    NAME: ClassVar[str] = "submit_evidence"
    unit: Code | None = None
    kind: EvidenceKind
    text: TextRef
    documents: Documents = ()
    item: ItemId | None = None
    reference: Code | None = None


class CloseEvidence(Command):
    """结束举证: every party has handed in what it has; no use waiting longer."""

    NAME: ClassVar[str] = "close_evidence"


class RecordHearing(Command):
    """登记听证: what was said at the 明责会, and which units were there."""

    NAME: ClassVar[str] = "record_hearing"
    text: TextRef
    attending: Units = ()


class Rule(Command):
    """裁定: a member of the group draws up the ruling on an item. It holds when a second one has confirmed it."""

    NAME: ClassVar[str] = "rule"
    item: ItemId
    form: RulingForm
    lead: Code | None = None
    co: Units = ()
    term: Term | None = None
    basis: TextRef


class ConfirmRuling(Command):
    """复核裁定: somebody else confirms the ruling, which issues it, or sends it back with a reason."""

    NAME: ClassVar[str] = "confirm_ruling"
    item: ItemId
    approve: bool = True
    reason: TextRef | None = None


class RecordDefinition(Command):
    """登记编办界定: the 编办 has defined the duty of a referred item. Confirmed like every ruling."""

    NAME: ClassVar[str] = "record_definition"
    item: ItemId
    lead: Code
    co: Units = ()
    term: Term | None = None
    basis: TextRef
    documents: Documents = ()


class WithdrawAdjudication(Command):
    """撤回明责: the city centre lets go what is not ruled on (asked for in error, or agreed without a ruling)."""

    NAME: ClassVar[str] = "withdraw_adjudication"
    reason: TextRef


OWN: tuple[type[Command], ...] = (
    Open,
    OpenAdjudication,
    SubmitEvidence,
    CloseEvidence,
    RecordHearing,
    Rule,
    ConfirmRuling,
    RecordDefinition,
    WithdrawAdjudication,
)
