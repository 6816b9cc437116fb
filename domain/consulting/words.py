"""The closed vocabularies of a consultation."""

from enum import StrEnum
from typing import Final


class Stage(StrEnum):
    """Where a consultation stands."""

    voting = "voting"  # 表态中: each unit asked says what it holds
    meeting = "meeting"  # 线下会商: no consensus on some item; the convener calls a meeting
    applying = "applying"  # 落实中: what was decided is on its way to those it is about
    closed = "closed"


class Opinion(StrEnum):
    """表态: what a unit says of an item."""

    mine = "mine"
    not_mine = "not_mine"
    joint = "joint"  # several units' matter, mine among them
    no_statement = "no_statement"  # 未表态: silent until the end


class Ended(StrEnum):
    """How a vote ended."""

    all_spoke = "all_spoke"
    time_box = "time_box"


KIND: Final = "consultation"
VOTE: Final = "vote"
"""The clock of the time box. It acts: the vote is over."""
MEETING: Final = "meeting"
"""The clock of the offline meeting. It acts: what is still undecided goes to the adjudication group."""
