"""The closed vocabularies of a ring, and its clocks."""

from enum import StrEnum
from typing import Final

from domain.process import NEW


class Level(StrEnum):
    """Which ring it is (domain.md 2.5)."""

    middle = "middle"  # 中环协同: the district coordinates
    large = "large"  # 大环攻坚: the city office coordinates


class RingKind(StrEnum):
    """Why the case came up."""

    report_up = "report_up"  # 一键直报: the unit cannot solve it alone
    whistle = "whistle"  # 吹哨: the unit calls others to the spot and stays the one who answers
    hard = "hard"  # 疑难: triaged as hard


class Stage(StrEnum):
    """Where a ring stands."""

    answering = "answering"  # 待答复: does this ring take it
    coordinating = "coordinating"  # 协调中: units, survey, consultation, session … until the question is decided
    executing = "executing"  # 落实中: the decision is on its way to the case, then carried out
    rating = "rating"  # 双考核: whistle-blower and responders rate each other
    concluded = "concluded"
    escalated = "escalated"  # 已提级: the large ring decides
    referred = "referred"  # 转明责: the adjudication group decides
    overtaken = "overtaken"  # the case ended, or was settled another way


OPEN: Final = frozenset({Stage.answering, Stage.coordinating})
"""The question is open here: it can be decided, held by another process, or passed on."""

OVER: Final = frozenset({Stage.concluded, Stage.escalated, Stage.referred, Stage.overtaken})
"""The process is over."""

BEGUN: Final = frozenset(Stage)
"""What other processes have to say may come late: the rule looks whether it still holds."""

UNBEGUN: Final = frozenset({NEW})


class Via(StrEnum):
    """Who gave the verdict that a ring hands down."""

    convener = "convener"
    superior = "superior"  # the city office over a district
    standing_meeting = "standing_meeting"  # 市政府常务会议
    process = "process"  # session, consultation or adjudication that held the question


class Side(StrEnum):
    """双考核: whose word it is."""

    reporter = "reporter"  # who reported up or blew the whistle, on each unit that was called
    unit = "unit"  # a unit that reported in, on the whistle


# --- clocks, by the first word of their keys

ANSWER: Final = "ring_answer"
UNITS: Final = "ring_units"
LEAD: Final = "ring_lead"
REPORT: Final = "report_in"
"""``report_in/{unit}``: one clock for each unit that was called."""
SURVEY: Final = "ring_survey"
CONCLUDE: Final = "ring_conclude"
RATING: Final = "ring_rating"
"""Acts: who has not rated by then is recorded as silent."""

ITEM: Final = "i1"
"""A ring has one item: the question of its case."""
