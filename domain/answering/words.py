"""The closed vocabularies of accountability 问责 (domain.md 11.11; 四重递进)."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final


class Step(StrEnum):
    """四重递进: the four steps, lowest first. Longkou's own are not published; these are our default."""

    remind = "remind"  # 提醒, 工作提示函
    talk = "talk"  # 约谈
    criticise = "criticise"  # 通报, with 挂牌督办 and 限期整改
    propose = "propose"  # 问责建议


BEFORE: Final[Mapping[Step, Step]] = {
    Step.talk: Step.remind,
    Step.criticise: Step.talk,
    Step.propose: Step.criticise,
}
"""The step that has to be effective before each."""

GRAVE: Final = frozenset({Step.criticise, Step.propose})
"""A grave matter may start here, when two persons say so."""

PAPERS: Final[Mapping[Step, str]] = {
    Step.remind: "work_hint_letter",
    Step.talk: "talk_notice",
    Step.criticise: "criticism_notice",
    Step.propose: "accountability_proposal",
}
"""The paper with which the decision on a step is served."""


class Stage(StrEnum):
    """Where an accountability stands. Nothing of it weighs on the unit before ``effective``."""

    new = "new"
    grave = "grave"  # a second person has to say that it may start here
    facts = "facts"  # the facts are recorded, the notice prepared
    noticed = "noticed"  # the unit has the notice and may speak
    deciding = "deciding"  # it has spoken, or was silent
    decided = "decided"  # upheld, not yet served
    served = "served"  # it may ask for a review
    under_review = "under_review"
    effective = "effective"  # it puts right what was wrong
    rectified = "rectified"  # it says that it did
    closed = "closed"
    dropped = "dropped"
    tolerated = "tolerated"  # 容错
    set_aside = "set_aside"


OVER: Final = frozenset({Stage.closed, Stage.dropped, Stage.tolerated, Stage.set_aside})
BEGUN: Final = frozenset(Stage) - {Stage.new}
UNKNOWN_TO_UNIT: Final = frozenset({Stage.new, Stage.grave, Stage.facts})


class Outcome(StrEnum):
    """What an authorised person decides. ``tolerated``: 容错, with a reason (Beijing Art. 36)."""

    upheld = "upheld"
    dropped = "dropped"
    tolerated = "tolerated"


class AnswerKind(StrEnum):
    """In which form the unit spoke."""

    statement = "statement"  # 申辩
    objection = "objection"  # 对事实的异议


class Result(StrEnum):
    """What the check of the rectification found. ``failed`` ends it: the next step may follow."""

    done = "done"
    again = "again"
    failed = "failed"
