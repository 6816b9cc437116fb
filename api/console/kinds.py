"""What is special about the pages of each kind of process beside the case. Everything else follows from its decider.

A kind that is not named here has a page, a list and forms all the same; what is said here makes them read better.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from api.decisions.schemas import openings
from domain.permissions import Permissions

LINE: Final = ("no", "stage", "case_no", "unit", "opened_at", "due")


@dataclass(frozen=True)
class Kind:
    """How a kind is shown.

    ``columns`` of its list; ``levels`` it has, if any, in their order, and the field ``level`` that their words are labelled
    under; ``menu``: the roles that have its list in their menu; ``from_case``: it may be begun from the page of a case;
    ``panels`` of its page in their order, by field of its state: one that is not named comes behind them; ``hidden`` fields
    are shown elsewhere on the page, or mean nothing to people.
    """

    columns: tuple[str, ...] = LINE
    levels: tuple[str, ...] = ()
    level: str = "level"
    menu: frozenset[str] = frozenset()
    from_case: bool = False
    panels: tuple[str, ...] = ()
    hidden: frozenset[str] = frozenset()


_CENTRE: Final = frozenset({"city_centre", "centre_head", "shift_leader"})
_SITTING: Final = frozenset({"session_leader", "session_secretary"})
_UNITS: Final = frozenset({"unit_liaison", "unit_head"})

KINDS: Final[Mapping[str, Kind]] = {
    "ring": Kind(
        columns=("no", "level", "stage", "unit", "district", "opened_at", "due"),
        levels=("middle", "large"),
        menu=frozenset({"district_centre", "city_office", "street_coordinator"}) | _CENTRE | _UNITS,
        panels=("called", "force", "measures", "standing", "begun"),
        hidden=frozenset({"case", "level", "hold", "surveys", "matter", "lead"}),
    ),
    "consultation": Kind(
        columns=("no", "stage", "case_no", "district", "opened_at", "due"),
        menu=frozenset({"agent", "dispatcher", "consultation_member", "specialist", "catalogue_keeper"})
        | _CENTRE
        | _UNITS,
        panels=("question", "candidates", "voices", "counts", "advice", "carried"),
    ),
    "adjudication": Kind(
        columns=("no", "stage", "case_no", "district", "opened_at", "due"),
        from_case=True,
        menu=frozenset({"adjudication_group", "dispatcher", "catalogue_keeper"}) | _CENTRE | _UNITS,
        panels=("question", "parties", "evidence", "hearings", "drafts", "referred", "issued"),
    ),
    "session": Kind(
        columns=("no", "level", "stage", "district", "opened_at", "due"),
        levels=("district", "city"),
        menu=frozenset({"district_centre", "city_office", "supervisor"}) | _SITTING | _UNITS,
        panels=("kind", "at", "leader", "invitations", "papers", "opinions", "measures"),
        hidden=frozenset({"level", "title"}),
    ),
    "supervision": Kind(
        columns=("no", "level", "stage", "unit", "case_no", "opened_at", "due"),
        levels=("urge", "supervise", "on_site", "listed"),
        from_case=True,
        menu=frozenset({"supervisor", "government_inspector", "centre_head", "district_centre"}) | _UNITS,
        hidden=frozenset({"level", "unit", "matter", "case"}),
    ),
    "accountability": Kind(
        columns=("no", "level", "stage", "unit", "case_no", "opened_at", "due"),
        levels=("remind", "talk", "criticise", "propose"),
        level="step",
        menu=frozenset(
            {"supervisor", "government_inspector", "discipline_liaison", "centre_head", "city_office", "unit_head"}
        ),
        hidden=frozenset({"step", "unit", "matter", "case"}),
    ),
    "measure": Kind(
        columns=("no", "stage", "unit", "case_no", "district", "opened_at", "due"),
        from_case=True,
        menu=frozenset({"supervisor", "district_centre", "city_centre", "city_office"}) | _SITTING | _UNITS,
        panels=("what", "due", "milestones"),
        hidden=frozenset({"unit", "case"}),
    ),
    "batch": Kind(
        columns=("no", "stage", "district", "opened_at", "due"),
        menu=frozenset({"operator", "calendar_keeper", "catalogue_keeper", "centre_head", "city_office"}),
        panels=(
            "ground",
            "to_calendar",
            "to_pack",
            "reason",
            "in_district",
            "case_type",
            "case_triage",
            "under_pack",
            "rate",
        ),
        hidden=frozenset({"role", "slices", "out", "last", "swept", "foreseen", "results"}),
    ),
}
"""By kind."""

PLAIN: Final = Kind()


def kind_of(kind: str) -> Kind:
    """Return how a kind is shown."""
    return KINDS.get(kind, PLAIN)


def may_begin(permissions: Permissions, roles: Iterable[str], kind: str) -> tuple[str, ...]:
    """Return the commands with which somebody in these roles may begin a process of a kind."""
    held = set(roles)
    return tuple(name for name in openings(kind) if held & set(permissions.commands[name].grants))
