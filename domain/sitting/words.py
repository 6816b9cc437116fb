"""The words of a session (domain.md 2.5, 11.9, 18)."""

from enum import StrEnum
from typing import Final

KIND: Final = "session"
ADJUDICATION: Final = "adjudication"
"""What the items of a 明责会 are."""


class Kind(StrEnum):
    """What is held."""

    leader_session = "leader_session"  # 领导坐诊: a leader decides hard cases (M11)
    assignment_meeting = "assignment_meeting"  # 交办例会: leaders assign problems (M24)
    duty_meeting = "duty_meeting"  # 明责会: who owns what is contested (§18)


class SessionLevel(StrEnum):
    """Of a district, which is the middle ring's, or of the city, the large ring's (§18 "way up")."""

    district = "district"
    city = "city"


class Stage(StrEnum):
    """Where a session stands."""

    preparing = "preparing"  # 筹备: the agenda is open
    called = "called"  # 已通知: units are invited, the agenda is closed
    held = "held"  # 会中: attendance is down, opinions are given
    minuted = "minuted"  # 待签发: minutes are out, opinions wait for the leader's word
    executing = "executing"  # 落实中
    closed = "closed"
    cancelled = "cancelled"


OVER: Final = frozenset({Stage.closed, Stage.cancelled})

STRUCK_OFF: Final = "struck_off"
"""The outcome of a measure that was met."""

# Clocks
SITTING: Final = "sitting"
"""Until the planned instant; acts: the secretary's limit for the record begins."""
RECORD: Final = "record"
"""From the planned instant until who was there is written down."""
MINUTES: Final = "minutes"
"""From then until the minutes are out."""
OPINION: Final = "opinion"
"""``opinion/{item}``: an opinion the secretary wrote down waits for the leader's word."""
AGAIN: Final = "again"
"""``again/{item}``: an item that came back from another session waits for a decision on it."""
