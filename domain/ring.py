"""环: the middle ring 中环 of the district and the large ring 大环 of the city office. Read this file first.

A case comes up (一键直报, 吹哨, or triaged as hard); the ring answers; it calls units, surveys, consults, lists, forms a joint
team; then somebody decides, and the case is told who handles it. Whistle-blower and responders rate each other 双考核, and the ring
is over when the work is.

::

    answering ──► coordinating ──► executing ──► rating ──► concluded
        │              │  ▲                        ▲
        └──────────────┼──┼─── passed on ──────────┴──────► escalated (large ring) | referred (明责)
                       │  └─── what was to decide did not begin: it comes back
                       └────── case over, or settled another way ─► overtaken

* One question, item ``i1``, of one case. It is decided by the convener (``conclude``), by the standing meeting, or by the session,
  consultation or adjudication that holds it meanwhile (:mod:`domain.holding`); while one of these does, nobody but the city office
  decides by hand.
* Two levels, one decider: :mod:`domain.ringing.specs` says who convenes which, and what it may do.
* A refusal needs a reason and goes up: from the middle ring to the large one, from there to the adjudication group. What was
  reported up does not go down again without a ruling (domain.md 11.15).
* Claim ``ring/{case}/{level}`` while the question is open: one ring of a level a case. One that only waits for the work holds none.

========================================  ==============================================================================
:mod:`~domain.ringing.commands`           what may be asked; :mod:`~domain.ringing.events` what happened
:mod:`~domain.ringing.opening`            open, answer, escalate
:mod:`~domain.ringing.calling`            吹哨报到: units are called and come
:mod:`~domain.ringing.measures`           survey, consultation, ruling, supervision, joint team, plan, session
:mod:`~domain.ringing.deciding`           the verdict, and the ring as holder of its question
:mod:`~domain.ringing.rating`             双考核
:mod:`~domain.ringing.hearing`            what other processes tell it; :mod:`~domain.ringing.following` what follows by itself
:mod:`~domain.ringing.inbox`              who has to act; :mod:`~domain.ringing.outward` who is told
========================================  ==============================================================================

Sources: M02, M03, M14, M26, M29, M35, M43; domain.md 2.5, 11.15, 18 "way up"; Beijing Art. 16, 20, 33.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from domain import agenda
from domain.proceeding import UNITS_NAMED, Parts, Row, decider
from domain.process import Command, Context, Event
from domain.ringing import calling, deciding, hearing, inbox, measures, opening, outward, rating
from domain.ringing.applying import CHANGES
from domain.ringing.commands import COMMANDS
from domain.ringing.events import OWN
from domain.ringing.following import follow
from domain.ringing.state import RingState
from domain.ringing.words import BEGUN, OPEN, OVER, RATING, UNBEGUN, Stage

KIND: Final = "ring"

_ANSWERING: Final = frozenset({Stage.answering})
_WORKING: Final = frozenset({Stage.coordinating})
_FOLLOWING: Final = frozenset({Stage.coordinating, Stage.executing})
_AFTER: Final = frozenset({Stage.executing, Stage.rating, *OVER})
"""Over as well: a rating that was received before the limit and comes after it."""

_TABLE: Final[Sequence[tuple[str, frozenset[Any], Callable[[Any, Any, Context], Sequence[Event]], bool]]] = (
    # command                  stages       rule                                machine
    ("open",                   UNBEGUN,     opening.open_ring,                  True),
    ("answer_report",          _ANSWERING,  opening.answer_report,              False),
    ("escalate",               OPEN,        opening.escalate,                   False),
    ("whistle_units",          _WORKING,    calling.whistle_units,              False),
    ("name_lead",              _WORKING,    calling.name_lead,                  False),
    ("report_in",              _WORKING,    calling.report_in,                  False),
    ("refuse_report_in",       _WORKING,    calling.refuse_report_in,           False),
    ("record_survey",          _WORKING,    measures.record_survey,             False),
    ("start_consultation",     _WORKING,    measures.start_consultation,        False),
    ("ask_ruling",             _WORKING,    measures.ask_ruling,                False),
    ("list_supervision",       _FOLLOWING,  measures.list_supervision,          False),
    ("form_task_force",        _FOLLOWING,  measures.form_task_force,           False),
    ("set_plan",               _FOLLOWING,  measures.set_plan,                  False),
    ("ask_session",            _WORKING,    measures.ask_session,               False),
    ("enter_session",          _WORKING,    measures.enter_session,             False),
    ("refer_standing_meeting", _WORKING,    measures.refer_standing_meeting,    False),
    ("record_standing_meeting", _WORKING,   deciding.record_standing_meeting,   False),
    ("conclude",               _WORKING,    deciding.conclude,                  False),
    ("rate_units",             _AFTER,      rating.rate_units,                  False),
    ("rate_whistle",           _AFTER,      rating.rate_whistle,                False),
    ("reserve_matter",         BEGUN,       deciding.reserve_matter,            True),
    ("release_matter",         BEGUN,       deciding.release_matter,            True),
    ("apply_decision",         BEGUN,       deciding.apply_decision,            True),
    ("ring_start_refused",     BEGUN,       opening.ring_start_refused,         True),
    ("session_refused",        BEGUN,       hearing.session_refused,            True),
    ("unit_finished",          BEGUN,       hearing.unit_finished,              True),
    ("case_over",              BEGUN,       hearing.case_over,                  True),
    ("measure_ended",          BEGUN,       hearing.measure_ended,              True),
)  # fmt: skip


def _rows() -> Sequence[Row]:
    begun = frozenset(map(str, BEGUN))
    own: list[Row] = [(name, frozenset(map(str, stages)), rule, machine) for name, stages, rule, machine in _TABLE]
    return (*own, *agenda.table(begun))


def _claims(state: RingState) -> frozenset[str]:
    return frozenset({f"ring/{state.case}/{state.level}"}) if state.open else frozenset()


def _units(state: RingState) -> frozenset[str]:
    """The units a ring is about: who reported, who was called, who leads or helps, the joint team."""
    item = state.item
    verdict = item.verdict if item else None
    named = {state.reporter, state.lead, item.unit if item else None, *state.called}
    named |= set(verdict.co) if verdict else set()
    named |= set(state.force.units) if state.force else set()
    return frozenset(u for u in named if u is not None)


def _subject_unit(state: RingState, command: Command) -> str | None:
    if command.NAME == "rate_units":
        return state.reporter
    if command.NAME in {"record_survey", "set_plan"}:
        return state.force.lead if state.force else None
    unit: str | None = getattr(command, "unit", None)
    return unit


def _row(state: RingState) -> Mapping[str, Any]:
    return {"level": state.level, "case_no": state.case, "unit": state.lead, "matter": state.matter}


DECIDER: Final = decider(
    Parts(
        kind=KIND,
        state=RingState,
        commands=COMMANDS,
        events=(*OWN, *agenda.EVENTS),
        table=_rows(),
        changes=CHANGES,
        todos=inbox.todos,
        over=frozenset(map(str, OVER)),
        effects=outward.EFFECTS,
        acts={RATING: rating.silence},
        follow=follow,
        claims=_claims,
        units=_units,
        needs={**UNITS_NAMED, "members": "unit", "territory": "unit", "industry": "unit", "firm": "unit"},
        row=_row,
        lists=lambda state: {"agenda_row": agenda.rows(KIND, state)},
        subject_unit=_subject_unit,
        attributes=lambda state: {"Ring": state.level or "-", "LeadUnit": state.lead or "-"},
    )
)
