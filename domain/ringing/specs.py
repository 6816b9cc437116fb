"""What each ring may do: the table of levels. The powers are M02, M03, M29 and "way up" of domain.md 18."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from domain.ringing.words import LEAD, UNITS, Level


@dataclass(frozen=True)
class RingSpec:
    """One level. A command outside ``powers`` is refused there (``not_at_this_level``), whoever gives it.

    ``convener`` and ``superior`` are the roles that lead the ring; the superior may take any step in the convener's place, and has
    it as a todo once the convener is overdue. ``told`` is who hears of every overdue. ``naming`` is the clock, the step of the pack
    and the command by which units come in. ``survey_due``: a survey is owed once units were called. ``refused_to``: who decides
    what this ring refuses, for a refusal never sends the case down by itself.
    """

    convener: str
    superior: str | None
    told: str
    naming: tuple[str, str, str]
    survey_due: bool
    session: str
    refused_to: str
    powers: frozenset[str]


SHARED: Final = frozenset(
    {
        "answer_report",
        "whistle_units",
        "report_in",
        "refuse_report_in",
        "record_survey",
        "start_consultation",
        "ask_ruling",
        "list_supervision",
        "form_task_force",
        "set_plan",
        "ask_session",
        "enter_session",
        "conclude",
        "rate_units",
        "rate_whistle",
    }
)

SPECS: Final[Mapping[str, RingSpec]] = {
    Level.middle: RingSpec(
        convener="district_centre",
        superior="city_office",
        told="city_office",
        naming=(UNITS, "ring_name_units", "whistle_units"),
        survey_due=True,
        session="district",
        refused_to="ring",
        powers=SHARED | {"escalate"},
    ),
    Level.large: RingSpec(
        convener="city_office",
        superior=None,
        told="centre_head",
        naming=(LEAD, "ring_name_lead", "name_lead"),
        survey_due=False,
        session="city",
        refused_to="adjudication",
        powers=SHARED | {"name_lead", "refer_standing_meeting", "record_standing_meeting"},
    ),
}

HIGHEST: Final = "city_office"
"""Nobody else may overtake what another process has reserved."""
