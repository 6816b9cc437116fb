"""台账项: one measure in the ledger, from its entry to the strike-off. Read this file first (domain.md 11.13; M24, M31, M32).

A session, a ring or a person enters it: *who* does *what* by *when*. The unit accepts it, reports its milestones, checks itself
and hands in evidence; somebody who handled nothing of it verifies; a third person strikes it off. Then it is looked back at for a
while: what comes back in that time is the unit's again. An open measure always has an owner, a day, and a timer or a todo.

==================================  ===============================================================================
:mod:`~domain.measures.commands`    what may be asked; :mod:`~domain.measures.events` what happened
:mod:`~domain.measures.rules`       what it means
:mod:`~domain.measures.state`       what is kept, and what each event changes
:mod:`~domain.measures.inbox`       who has to act; :mod:`~domain.measures.outward` who is told
==================================  ===============================================================================

Clocks: ``accept`` (measure_accept), ``due`` and ``milestone/{id}`` until the day named, ``verify`` and ``strike_off``
(measure_verify), ``rebound`` (measure_rebound), which acts: at its end the measure is over, and whoever ordered it is told.
"""

from typing import Any, Final

from domain.measures import inbox, outward, rules
from domain.measures.commands import COMMANDS
from domain.measures.events import EVENTS
from domain.measures.state import CHANGES, Measure
from domain.measures.words import OPEN, OVER, WITH_UNIT, Stage
from domain.proceeding import UNITS_NAMED, Parts, Row, decider
from domain.process import NEW, Command, Decider

KIND: Final = "measure"

_NEW = frozenset({NEW})
_WORKING = frozenset({str(Stage.assigned), str(Stage.rectifying)})
_WITH_UNIT = frozenset(map(str, WITH_UNIT))
_ANY = frozenset(map(str, Stage))

TABLE: Final[tuple[Row, ...]] = (
    # command               stages                                              rule                       machine
    ("open",                _NEW,                                               rules.open_measure,        True),
    ("enter_measure",       _NEW,                                               rules.enter_measure,       False),
    ("accept_measure",      frozenset({Stage.listed, Stage.rebounded}),         rules.accept_measure,      False),
    ("report_milestone",    _WORKING,                                           rules.report_milestone,    False),
    ("self_check",          _WORKING,                                           rules.self_check,          False),
    ("verify_measure",      frozenset({Stage.self_checked}),                    rules.verify_measure,      False),
    ("strike_off",          frozenset({Stage.verified}),                        rules.strike_off,          False),
    ("report_rebound",      frozenset({Stage.struck_off}),                      rules.report_rebound,      False),
    ("amend_measure",       _WITH_UNIT,                                         rules.amend_measure,       False),
    ("supervise_measure",   _WITH_UNIT,                                         rules.supervise_measure,   False),
    ("give_up_measure",     frozenset(map(str, OPEN - {Stage.struck_off})),     rules.give_up_measure,     False),
    ("supervision_refused", _ANY,                                               rules.supervision_refused, True),
)  # fmt: skip


def _unit(state: Measure, _command: Command) -> str | None:
    return state.unit or None


def _row(state: Measure) -> dict[str, Any]:
    return {"unit": state.unit, "case_no": state.case}


DECIDER: Final[Decider] = decider(
    Parts(
        kind=KIND,
        state=Measure,
        commands=COMMANDS,
        events=EVENTS,
        table=TABLE,
        changes=CHANGES,
        todos=inbox.todos,
        over=frozenset(map(str, OVER)),
        effects=outward.EFFECTS,
        acts={"rebound": lambda _state, _key, _context: ()},  # the end of its clock is what closes it: rules.follow
        follow=rules.follow,
        units=lambda state: frozenset({state.unit} if state.unit else ()),
        needs={**UNITS_NAMED, "case": "case"},
        row=_row,
        subject_unit=_unit,
        attributes=lambda state: {"LeadUnit": state.unit or "-"},
    )
)
