"""The closed vocabularies of a case (domain.md 11.2-11.6)."""

from enum import StrEnum
from typing import Final


class Stage(StrEnum):
    """Where a case stands. The order is the main way; the five ends of screening and ``terminated`` leave it."""

    new = "new"
    screening = "screening"
    answered = "answered"
    diverted = "diverted"
    guided = "guided"
    merged = "merged"
    declined = "declined"
    triaged = "triaged"
    dispatched = "dispatched"
    in_progress = "in_progress"
    reply_review = "reply_review"
    callback = "callback"
    closed = "closed"
    archived = "archived"


ENDS: Final = frozenset({Stage.answered, Stage.diverted, Stage.guided, Stage.merged, Stage.declined})
"""The ends of screening: the case is over without an order."""

WORKING: Final = frozenset({Stage.dispatched, Stage.in_progress, Stage.reply_review})
"""Orders are out."""

OPEN: Final = frozenset({Stage.screening, Stage.triaged, *WORKING, Stage.callback})
"""The case can still be worked on."""

OVER: Final = frozenset({*ENDS, Stage.archived})
"""The process is over."""


class Triage(StrEnum):
    """Four-way triage 四维定责 (11.14), lowest first."""

    routine = "routine"
    disputed = "disputed"
    hard = "hard"
    urgent = "urgent"


class OrderRole(StrEnum):
    """The role of a unit's order (11.3)."""

    lead = "lead"
    co = "co"
    territory = "territory"
    industry = "industry"
    informed = "informed"
    handed_down = "handed_down"  # 转下级: reports to the unit above it


HELPERS: Final = frozenset({OrderRole.co, OrderRole.territory, OrderRole.industry})
"""Roles beside the lead whose result the case needs."""


class OrderState(StrEnum):
    """The state of a unit's order (11.3)."""

    sent = "sent"
    signed = "signed"
    contacted = "contacted"
    working = "working"
    return_requested = "return_requested"
    submitted = "submitted"
    accepted = "accepted"
    waived = "waived"
    returned = "returned"
    reassigned = "reassigned"
    withdrawn = "withdrawn"


WITH_UNIT: Final = frozenset(
    {OrderState.sent, OrderState.signed, OrderState.contacted, OrderState.working, OrderState.return_requested}
)
"""The unit has to act."""

LIVE: Final = WITH_UNIT | {OrderState.submitted}
"""The order is open: it holds the claim on (unit, matter, cycle)."""

DONE: Final = frozenset({OrderState.accepted, OrderState.waived})
"""The order has what the closing of the case needs."""


GONE: Final = frozenset({OrderState.returned, OrderState.reassigned, OrderState.withdrawn})
"""The unit no longer has the order."""


class MatterKind(StrEnum):
    """What another process decides.

    ``urge`` and ``supervision`` are of the first release: supervision is a process since, and no case raises them any more.
    """

    dispute = "dispute"  # triaged as disputed: who owns it (consultation, adjudication)
    hard = "hard"  # triaged as hard (middle ring)
    disagreement = "disagreement"  # the two reviewers of a return disagree (adjudication)
    second_return = "second_return"  # a second return on the same case (adjudication)
    urge = "urge"  # two times dissatisfied (supervision)
    supervision = "supervision"  # four times dissatisfied (supervision)


SMALL: Final = "small"
"""The ring of a case that was handed to none."""

OWNER_MATTERS: Final = frozenset(
    {MatterKind.dispute, MatterKind.hard, MatterKind.disagreement, MatterKind.second_return}
)
"""Matters that a designation of the owner settles."""


class Satisfaction(StrEnum):
    """The caller's answers at callback; which of them count as satisfied is the pack's."""

    very_satisfied = "very_satisfied"
    satisfied = "satisfied"
    basically_satisfied = "basically_satisfied"
    understanding = "understanding"
    unsatisfied = "unsatisfied"


class Solved(StrEnum):
    """Whether the caller says his request is solved."""

    yes = "yes"
    partly = "partly"
    no = "no"


class CaseType(StrEnum):
    """业务类型. The border between help and complaint is local usage."""

    consult = "consult"
    help = "help"
    complaint = "complaint"
    report = "report"
    suggestion = "suggestion"
    praise = "praise"


class Channel(StrEnum):
    """渠道来源."""

    phone = "phone"
    web = "web"
    wechat = "wechat"
    app = "app"
    letter = "letter"
    visit = "visit"
    police_110 = "police_110"
    higher_level = "higher_level"
    media = "media"
    grid = "grid"
    field = "field"


class CallerType(StrEnum):
    """诉求人类型."""

    person = "person"
    firm = "firm"
    anonymous = "anonymous"


class Grade(StrEnum):
    """紧急程度; scales limits where the pack says so."""

    grade_normal = "grade_normal"
    grade_urgent = "grade_urgent"
    grade_extra_urgent = "grade_extra_urgent"


class UnitCode(StrEnum):
    """Closing codes a unit may propose with its result."""

    solved = "solved"
    partly = "partly"
    explained = "explained"
    not_reasonable = "not_reasonable"


class ClosingCode(StrEnum):
    """All final codes of a case."""

    solved = "solved"
    partly = "partly"
    explained = "explained"
    not_reasonable = "not_reasonable"
    mediated = "mediated"
    terminated = "terminated"
    caller_withdrew = "caller_withdrew"
    answered = "answered"
    diverted = "diverted"
    guided = "guided"
    merged = "merged"
    declined = "declined"
