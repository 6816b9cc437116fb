"""The words of a measure (domain.md 2.8, 11.13)."""

from enum import StrEnum


class Stage(StrEnum):
    """Where a measure stands. ``struck_off`` is not the end: until it has been looked back at, the problem may come back."""

    listed = "listed"  # 入账: the unit has it, and has not accepted it yet
    assigned = "assigned"  # 已认领
    rectifying = "rectifying"  # 整改中
    self_checked = "self_checked"  # 自查完成: waits for somebody else's eyes
    verified = "verified"  # 核验通过: waits for a second person
    struck_off = "struck_off"  # 已销号: may still rebound
    rebounded = "rebounded"  # 反弹: the unit has it anew
    given_up = "given_up"  # 终止: over, not met
    closed = "closed"  # over, met


class Nature(StrEnum):
    """共性、个性、顽疾: what kind of problem it is (M32)."""

    common = "common"
    single = "single"
    stubborn = "stubborn"


class Outcome(StrEnum):
    """What its origin is told at the end."""

    struck_off = "struck_off"
    given_up = "given_up"


class Pressure(StrEnum):
    """The levels of supervision that a measure may start."""

    urge = "urge"
    supervise = "supervise"


SUPERVISED_ALREADY = frozenset({"already_supervised", "order_exists"})
"""Refusals of a second supervision of one matter and level: it is under supervision, which is what was wanted."""

WITH_UNIT = frozenset({Stage.listed, Stage.assigned, Stage.rectifying, Stage.rebounded})
"""The unit has to act."""

OVER = frozenset({Stage.given_up, Stage.closed})

OPEN = frozenset(Stage) - OVER
