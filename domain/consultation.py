"""一键会商: units that may own a matter are asked at once, and say on what basis it is theirs, not theirs, or a joint one (M10).

``voting`` → ``meeting`` (only for items without consensus) → ``applying`` → ``closed``.

A consultation is called by a case, a ring or somebody of the centre, on one or several matters (its *items*, which their holders
reserve: :mod:`domain.holding`). Each candidate speaks on each item until all have spoken or the time box closes; who is silent is
down as 未表态. Consensus (:mod:`domain.consulting.consensus`) decides an item by itself; the owner may give it back later, for it
was asked and not ruled. On every other item the convener writes down what an offline meeting concluded, or sends all that is
undecided to the adjudication group; when the meeting's limit has passed they go there by themselves. It ends when every item is
applied, overtaken, let go or carried on.

====================================  ================================================================================
:mod:`~domain.consulting.commands`    what may be asked; :mod:`~domain.consulting.events` what happened
:mod:`~domain.consulting.rules`       what it means; :mod:`~domain.consulting.consensus` when units agree
:mod:`~domain.consulting.state`       what is remembered
:mod:`~domain.consulting.inbox`       who has to act; :mod:`~domain.consulting.outward` who is told
====================================  ================================================================================

Sources: M10, M11 (会诊), M37, domain.md 11.7, 11.14; limits: pack steps ``consult_vote``, ``consult_offline``.
"""

from collections.abc import Sequence
from typing import Any, Final

from domain import agenda, cataloguing
from domain.consulting import commands, events, inbox, outward, rules
from domain.consulting.state import CHANGES, Consultation
from domain.consulting.words import KIND, MEETING, VOTE, Stage
from domain.proceeding import UNITS_NAMED, Parts, Row, decider
from domain.process import NEW, Command, Decider

_NEW = frozenset({NEW})
_VOTING = frozenset({Stage.voting})
_MEETING = frozenset({Stage.meeting})
_UNDECIDED = _VOTING | _MEETING
_CARRIED = frozenset({Stage.meeting, Stage.applying, Stage.closed})
"""An adjudication that does not begin says so when all that was carried there is settled here, or the whole is closed."""

_LATE = frozenset({Stage.voting, Stage.meeting})
"""A word received in time may be written while the item is with the meeting."""

_AFTERWARDS = frozenset(Stage)
"""One item may hold long before the others do."""

TABLE: Final[Sequence[Row]] = (
    # command                   stages            rule                               machine
    ("open",                    _NEW,             rules.open_by_machine,             True),
    ("open_consultation",       _NEW,             rules.open_consultation,           False),
    ("state_opinion",           _LATE,            rules.state_opinion,               False),
    ("advise",                  _UNDECIDED,       rules.advise,                      False),
    ("conclude_item",           _MEETING,         rules.conclude_item,               False),
    ("send_to_adjudication",    _MEETING,         rules.send_to_adjudication,        False),
    ("withdraw_consultation",   _UNDECIDED,       rules.withdraw_consultation,       False),
    ("take_back_items",         _CARRIED,         rules.take_back_items,             True),
    *cataloguing.table(_AFTERWARDS),
    *agenda.table(frozenset(Stage)),
)  # fmt: skip


def subject_unit(_state: Consultation, command: Command) -> str | None:
    """Return the unit that speaks: a unit's people speak for their own unit only."""
    return command.unit if isinstance(command, commands.StateOpinion) else None


def lists(state: Consultation) -> dict[str, list[dict[str, Any]]]:
    """Return the agenda, and what was agreed on who owns what: found again at the next dispatch and adjudication."""
    return {"agenda_row": agenda.rows(KIND, state), "ruling_row": cataloguing.precedent(KIND, state, "consultation")}


DECIDER: Final[Decider] = decider(
    Parts(
        kind=KIND,
        state=Consultation,
        commands=(*commands.OWN, *cataloguing.COMMANDS, *agenda.COMMANDS),
        events=(*events.OWN, *cataloguing.EVENTS, *agenda.EVENTS),
        table=TABLE,
        changes=CHANGES,
        todos=inbox.todos,
        over=frozenset({Stage.closed}),
        effects=outward.EFFECTS,
        acts={VOTE: rules.vote_over, MEETING: rules.meeting_over},
        follow=rules.follow,
        units=lambda state: state.units,
        needs={**UNITS_NAMED, **cataloguing.NEEDS, "owner": "unit", "attending": "unit"},
        row=agenda.about,
        lists=lists,
        subject_unit=subject_unit,
    )
)
