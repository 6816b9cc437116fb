"""The closed vocabularies of a batch 批量变更 (architecture 1.5, 1.6)."""

from enum import StrEnum
from typing import Final


class Ground(StrEnum):
    """Why running cases get other terms."""

    calendar_notice = "calendar_notice"  # 放假通知
    surge = "surge"  # 应急高峰
    surge_over = "surge_over"  # 应急高峰结束
    reorganisation = "reorganisation"  # 机构或规则调整


class Stage(StrEnum):
    """Where a batch stands."""

    new = "new"
    previewing = "previewing"
    to_approve = "to_approve"
    running = "running"
    suspended = "suspended"
    finished = "finished"
    stopped = "stopped"
    rejected = "rejected"


class Phase(StrEnum):
    """What the next slice is for: to look at cases, to change them, to count what came of those that were slow to answer."""

    preview = "preview"
    change = "change"
    settle = "settle"


BEFORE: Final = frozenset({Stage.previewing, Stage.to_approve})
"""Nothing has been changed."""

AT_WORK: Final = frozenset({Stage.running, Stage.suspended})
OPEN: Final = BEFORE | AT_WORK
OVER: Final = frozenset({Stage.finished, Stage.stopped, Stage.rejected})

SURVEYED_AT_ONCE: Final = 100
"""Cases in a slice of the preview."""

SECONDS: Final = 5
"""How long a slice of changes lasts by its rate: a pause takes effect within that time."""

MOST_RATE: Final = 50
"""Cases a second. More than a small installation decides in that time only makes people wait."""
