"""领导坐诊: a leader sits with units and decides hard cases; his word binds. Read this file first (M11, M24, M31; domain.md 11.9).

Also 交办例会, where leaders assign problems, and 明责会, where it is settled who owns them; of a district or of the city.

::

    preparing ──► called ──► held ──► minuted ──► executing ──► closed
        │          │ ▲        │          ▲            │            │
        │          └─┘        │          └────────────┴────────────┘
        ▼       postponed     └─► an item is carried over      another session did not take an item
    cancelled

* The agenda is that of :mod:`domain.agenda`: matters come from cases and rings, or the secretary asks for them; it closes when the
  units are called. Nothing is lost of what was not reached: it goes on another session's agenda, or comes back.
* 终诊: the leader gives his opinion himself, or the secretary writes it down and it binds when the leader has put his name to it.
  It says who is in the lead, with whom, with how much more time, and the measures; it cannot be given back.
* Every measure is a process of its own (:mod:`domain.measure`). The session is over when every decision holds or is overtaken and
  every measure has ended; one that was given up goes to supervision first.

========================================  ==============================================================================
:mod:`~domain.sitting.commands`           what may be asked; :mod:`~domain.sitting.events` what happened
:mod:`~domain.sitting.convening`          schedule, agenda, invitations, postpone, cancel
:mod:`~domain.sitting.meeting`            attendance, opinions, what is carried over, minutes
:mod:`~domain.sitting.executing`          measures, supervision, the leader's notes; what follows by itself
:mod:`~domain.sitting.state`              what is kept, and what each event changes
:mod:`~domain.sitting.inbox`              who has to act; :mod:`~domain.sitting.outward` who is told
========================================  ==============================================================================

Clocks: ``sitting`` until the planned instant, which acts; ``record`` and ``minutes`` (session_minutes) for the secretary,
``again/{item}`` too; ``opinion/{item}`` (opinion_confirm) for the leader.
"""

from typing import Any, Final

from domain import agenda
from domain.proceeding import UNITS_NAMED, Parts, Row, decider
from domain.process import NEW, Command, Decider
from domain.sitting import convening, executing, inbox, meeting, outward
from domain.sitting.commands import COMMANDS, AnswerInvitation
from domain.sitting.events import EVENTS
from domain.sitting.state import CHANGES, Session
from domain.sitting.words import KIND, OVER, SITTING, Kind, Stage

_NEW: Final = frozenset({NEW})
_PREPARING: Final = frozenset({Stage.preparing})
_CALLED: Final = frozenset({Stage.called})
_HELD: Final = frozenset({Stage.held})
_EXECUTING: Final = frozenset({Stage.executing})
_AHEAD: Final = _PREPARING | _CALLED
_DECIDING: Final = frozenset({Stage.held, Stage.minuted})
_UNDECIDED: Final = _AHEAD | _DECIDING
_ANY: Final = frozenset(Stage)

TABLE: Final[tuple[Row, ...]] = (
    # command               stages                                  rule                            machine
    ("open",                _NEW,                                   convening.open_session,         True),
    ("schedule_session",    _NEW,                                   convening.schedule_session,     False),
    ("appoint_leader",      _UNDECIDED,                             convening.appoint_leader,       False),
    ("add_item",            _ANY,                                   convening.add_item,             False),
    ("propose_item",        _ANY,                                   convening.propose_item,         True),
    ("drop_item",           _UNDECIDED,                             convening.drop_item,            False),
    ("attach_papers",       _AHEAD | _HELD,                         convening.attach_papers,        False),
    ("call_session",        _PREPARING,                             convening.call_session,         False),
    ("answer_invitation",   _CALLED,                                convening.answer_invitation,    False),
    ("postpone_session",    _AHEAD,                                 convening.postpone_session,     False),
    ("cancel_session",      _PREPARING,                             convening.cancel_session,       False),
    ("record_attendance",   _CALLED,                                meeting.record_attendance,      False),
    ("give_opinion",        _DECIDING,                              meeting.give_opinion,           False),
    ("confirm_opinion",     _DECIDING,                              meeting.confirm_opinion,        False),
    ("carry_over",          _DECIDING,                              meeting.carry_over,             False),
    ("carry_refused",       _ANY,                                   meeting.carry_refused,          True),
    ("record_minutes",      _HELD,                                  meeting.record_minutes,         False),
    ("note_execution",      _EXECUTING,                             executing.note_execution,       False),
    ("supervise_item",      _EXECUTING,                             executing.supervise_item,       False),
    ("measure_ended",       _ANY,                                   executing.measure_ended,        True),
    ("measure_refused",     _ANY,                                   executing.measure_refused,      True),
    ("supervision_refused", _ANY,                                   executing.supervision_refused,  True),
    *agenda.table(_ANY),
)  # fmt: skip


def subject_unit(_state: Session, command: Command) -> str | None:
    """Return the unit that answers: a unit's people answer for their own unit only."""
    return command.unit if isinstance(command, AnswerInvitation) else None


def units(state: Session) -> frozenset[str]:
    """Return the units a session is about: those invited, those that handle its matters, and those it gives them to."""
    verdicts = [i.verdict for i in state.items.values() if i.verdict is not None]
    named = {u for v in verdicts for u in (v.lead, *v.co)} | {i.unit for i in state.items.values()}
    named |= {m.unit for m in state.measures.values()}
    return frozenset(state.invitations) | {u for u in named if u is not None}


def row(state: Session) -> dict[str, Any]:
    """Return its columns in the list of processes."""
    return {**agenda.about(state), "level": str(state.level)}


def lists(state: Session) -> dict[str, list[dict[str, Any]]]:
    """Return its agenda, and the opinions that say who owns what: they are found again as precedents."""
    process = f"{KIND}/{state.no}"
    rulings = [
        {
            "process": process,
            "item": i.id,
            "kind": "opinion",
            "case_no": i.case,
            "catalogue_item": i.catalogue_item,
            "matter": i.matter,
            "district": i.district,
            "lead": i.verdict.lead,
            "co": list(i.verdict.co),
            "ruled_at": i.decided_at,
            "until": None,
        }
        for i in state.items.values()
        # What a 明责会 decides is issued as a ruling, which is the precedent.
        if i.verdict is not None and i.verdict.lead is not None and state.kind is not Kind.duty_meeting
    ]
    return {"agenda_row": agenda.rows(KIND, state), "ruling_row": rulings}


DECIDER: Final[Decider] = decider(
    Parts(
        kind=KIND,
        state=Session,
        commands=(*COMMANDS, *agenda.COMMANDS),
        events=(*EVENTS, *agenda.EVENTS),
        table=TABLE,
        changes=CHANGES,
        todos=inbox.todos,
        over=frozenset(map(str, OVER)),
        effects=outward.EFFECTS,
        acts={SITTING: meeting.sat},
        follow=executing.follow,
        units=units,
        needs={**UNITS_NAMED, "district": "unit", "measure_units": "unit"},
        row=row,
        lists=lists,
        subject_unit=subject_unit,
    )
)
