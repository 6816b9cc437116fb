"""The closed vocabularies of supervision 督办 (domain.md 11.10, 18; M17)."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final


class Level(StrEnum):
    """The ladder, lowest first."""

    urge = "urge"  # 催办
    supervise = "supervise"  # 督办单
    on_site = "on_site"  # 现场督办
    listed = "listed"  # 挂牌督办


NEXT: Final[Mapping[Level, Level]] = {
    Level.urge: Level.supervise,
    Level.supervise: Level.on_site,
    Level.on_site: Level.listed,
}
"""The level after each. After ``listed`` a person decides: accountability, or the listing ends."""


CLOCKS: Final[Mapping[Level, tuple[str, str]]] = {
    Level.urge: ("urge_ack", "urge_reply"),
    Level.supervise: ("supervise_ack", "supervise_reply"),
    Level.on_site: ("on_site_ack", "on_site_reply"),
    Level.listed: ("listed_ack", "listed_reply"),
}
"""The two limits of each level, in the pack and in the ledger: until it is acknowledged, until it is answered."""


class Trigger(StrEnum):
    """Why a unit is supervised: counted by machines (3), said by persons (4), or following from another process (4)."""

    overdue = "overdue"
    dissatisfied = "dissatisfied"
    callers = "callers"
    leader_note = "leader_note"  # 领导批示
    media = "media"
    deputies = "deputies"  # 代表委员
    supervisor = "supervisor"
    raised = "raised"  # the level before was not met, or not answered
    ring = "ring"
    not_met = "not_met"  # a measure of a session, a ring or a campaign
    accountability = "accountability"  # 通报 with 挂牌督办


class Stage(StrEnum):
    """Where a supervision stands. ``unmet``: a listed one was not met, and a person decides what follows."""

    new = "new"
    issued = "issued"
    acknowledged = "acknowledged"
    replied = "replied"
    unmet = "unmet"
    lifted = "lifted"
    raised = "raised"
    proposed = "proposed"
    withdrawn = "withdrawn"


WAITING: Final = frozenset({Stage.issued, Stage.acknowledged})
"""The unit has not replied."""

OPEN: Final = frozenset({*WAITING, Stage.replied, Stage.unmet})
OVER: Final = frozenset({Stage.lifted, Stage.raised, Stage.proposed, Stage.withdrawn})


class Cause(StrEnum):
    """Why a level was raised."""

    not_met = "not_met"
    no_reply = "no_reply"
