"""诉求单: the rules of a case, from the caller's words to the archive. Read this file first.

A command goes through one row of :data:`MOVES` (in which stages it may come) and one function of :data:`RULES` (what it means:
events, or a refusal). What follows by itself (the stage, closing when every caller has had his word) is derived after every
decision by :mod:`domain.casework.following`. The rest of the decider is the five questions the journal asks of any state:
timers, effects, claims, todos, card.

====================================  =============================================================================
:mod:`~domain.casework.commands`      what may be asked; :mod:`~domain.casework.events` what happened
:mod:`~domain.casework.screening`     研判: ends of screening, merging, triage
:mod:`~domain.casework.dispatching`   派单: orders out, moved, taken back, designated
:mod:`~domain.casework.handling`      办理: sign, contact, submit, review
:mod:`~domain.casework.returning`     退单: two persons decide
:mod:`~domain.casework.more_time`     延期、暂停
:mod:`~domain.casework.on_account`    挂账、销号
:mod:`~domain.casework.handing_down`  转下级、现场办结
:mod:`~domain.casework.undoing`       撤销派单
:mod:`~domain.casework.closing`       回访、重办、办结
:mod:`~domain.casework.reopening`     重启
:mod:`~domain.casework.upward`        上行: rings, consultations, adjudications and supervision that a case begins
:mod:`~domain.casework.holder`        what these decide, and how it comes to hold
:mod:`~domain.casework.terms`         变更办理依据: another calendar or pack, and clocks counted anew
:mod:`~domain.casework.wakeups`       timers and what they do; :mod:`~domain.casework.overtaking` what came before them after all
:mod:`~domain.casework.inbox`         who has to act; :mod:`~domain.casework.outward` who is told
====================================  =============================================================================
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from domain.casework import (
    closing,
    dispatching,
    handing_down,
    handling,
    holder,
    inbox,
    more_time,
    on_account,
    outward,
    overtaking,
    reopening,
    returning,
    screening,
    terms,
    undoing,
    upward,
    wakeups,
)
from domain.casework.applying import apply
from domain.casework.byway_commands import HandDown
from domain.casework.columns import columns
from domain.casework.commands import COMMANDS
from domain.casework.events import EVENTS
from domain.casework.following import consequences
from domain.casework.state import Case, Order
from domain.casework.upward_commands import ChangeTerms
from domain.casework.words import DONE, LIVE, OPEN, OVER, WORKING, Stage
from domain.holding import ApplyDecision
from domain.keeping import ClockSet, ClockStopped
from domain.process import Card, Command, Context, Decider, Event, Move, Need, Refusal

KIND: Final = "case"
MOST_CONSEQUENCES: Final = 20

_UNTRIAGED = frozenset({Stage.screening})
_BEFORE_ORDERS = frozenset({Stage.screening, Stage.triaged})
_BEFORE_REPLY = frozenset({Stage.triaged, *WORKING})
_WITH_ORDERS = _BEFORE_REPLY
"""Orders may be out: when the lead has given his back, those of co-units still are."""

_BEGUN = frozenset(Stage) - {Stage.new}
"""What other processes have to say may come late: the rule looks whether it still holds."""

_CLOSED = frozenset({Stage.closed, Stage.archived})
"""Archived only for what was received before."""

_TABLE: Final[Sequence[tuple[str, frozenset[Stage], Callable[[Case, Any, Context], Sequence[Event]], bool]]] = (
    # command               stages                                   rule                              machine
    ("open",                frozenset({Stage.new}),                  screening.open_case,              True),
    ("answer",              _UNTRIAGED,                              screening.answer,                 False),
    ("divert",              _UNTRIAGED,                              screening.divert,                 False),
    ("guide",               _UNTRIAGED,                              screening.guide,                  False),
    ("decline",             _UNTRIAGED,                              screening.decline,                False),
    ("merge",               _BEFORE_ORDERS,                          screening.merge,                  False),
    ("triage",              frozenset({Stage.screening, *_BEFORE_REPLY}), screening.triage,            False),
    ("correct",             OPEN,                                    screening.correct,                False),
    ("attach_follower",     OPEN,                                    screening.attach_follower,        True),
    ("confirm_merge",       _BEFORE_ORDERS,                          screening.confirm_merge,          True),
    ("refuse_merge",        _BEFORE_ORDERS,                          screening.refuse_merge,           True),
    ("withdraw_merge",      _BEFORE_ORDERS,                          screening.withdraw_merge,         False),
    ("release_follower",    OPEN,                                    screening.release_follower,       True),
    ("split_off",           OPEN,                                    screening.split_off,              False),
    ("become_own",          _BEFORE_ORDERS | {Stage.merged},               screening.become_own,             True),
    ("dispatch",            frozenset({Stage.triaged}),              dispatching.dispatch,             False),
    ("add_assignment",      _WITH_ORDERS,                            dispatching.add_assignment,       False),
    ("reassign",            _WITH_ORDERS,                            dispatching.reassign,             False),
    ("withdraw_order",      _WITH_ORDERS,                            dispatching.withdraw_order,       False),
    ("designate",           _BEFORE_REPLY,                           dispatching.designate,            False),
    ("confirm_by_phone",    _WITH_ORDERS,                            dispatching.confirm_by_phone,     False),
    ("sign",                _WITH_ORDERS,                            handling.sign,                    False),
    ("contact",             _WITH_ORDERS,                            handling.contact,                 False),
    ("begin_work",          _WITH_ORDERS,                            handling.begin_work,              False),
    ("report_progress",     _WITH_ORDERS,                            handling.report_progress,         False),
    ("submit_result",       _WITH_ORDERS,                            handling.submit_result,           False),
    ("review_result",       _WITH_ORDERS,                            handling.review_result,           False),
    ("waive_result",        _WITH_ORDERS,                            handling.waive_result,            False),
    ("request_return",      _WITH_ORDERS,                            returning.request_return,         False),
    ("review_return",       _WITH_ORDERS,                            returning.review_return,          False),
    ("decide_return",       _WITH_ORDERS,                            returning.decide_return,          False),
    ("request_extension",   _WITH_ORDERS,                            more_time.request_extension,      False),
    ("review_extension",    _WITH_ORDERS,                            more_time.review_extension,       False),
    ("request_pause",       _WITH_ORDERS,                            more_time.request_pause,          False),
    ("review_pause",        _WITH_ORDERS,                            more_time.review_pause,           False),
    ("resume",              _WITH_ORDERS,                            more_time.resume,                 False),
    ("record_callback",     frozenset({Stage.callback}),             closing.record_callback,          False),
    ("waive_callback",      frozenset({Stage.callback}),             closing.waive_callback,           False),
    ("review_closing",      frozenset({Stage.callback}),             closing.review_closing,           False),
    ("request_termination", _WITH_ORDERS,                            closing.request_termination,      False),
    ("review_termination",  _WITH_ORDERS,                            closing.review_termination,       False),
    ("caller_withdrew",     OPEN,                                    closing.caller_withdrew,          False),
    ("object",              _CLOSED,                                 closing.object_to_closing,        False),
    ("report_up",           _WITH_ORDERS,                            upward.report_up,                 False),
    ("whistle",             _WITH_ORDERS,                            upward.whistle,                   False),
    ("call_consultation",   _BEFORE_REPLY,                           upward.call_consultation,         False),
    ("process_refused",     _BEGUN,                                  upward.process_refused,           True),
    ("supervision_ended",   _BEGUN,                                  upward.supervision_ended,         True),
    ("reserve_matter",      _BEGUN,                                  holder.reserve_matter,            True),
    ("release_matter",      _BEGUN,                                  holder.release_matter,            True),
    ("apply_decision",      _BEGUN,                                  holder.apply_decision,            True),
    ("change_terms",        OPEN,                                    terms.change_terms,               True),
    ("request_on_account",  _WITH_ORDERS,                            on_account.request_on_account,    False),
    ("review_on_account",   _WITH_ORDERS,                            on_account.review_on_account,     False),
    ("recheck_on_account",  _WITH_ORDERS,                            on_account.recheck_on_account,    False),
    ("request_strike_off",  _WITH_ORDERS,                            on_account.request_strike_off,    False),
    ("review_strike_off",   _WITH_ORDERS,                            on_account.review_strike_off,     False),
    ("undo_dispatch",       WORKING,                                 undoing.undo_dispatch,            False),
    ("request_reopening",   reopening.REOPENABLE,                    reopening.request_reopening,      False),
    ("review_reopening",    reopening.REOPENABLE,                    reopening.review_reopening,       False),
    ("hand_down",           _WITH_ORDERS,                            handing_down.hand_down,           False),
    ("recall_order",        _WITH_ORDERS,                            handing_down.recall_order,        False),
    ("give_back",           _WITH_ORDERS,                            handing_down.give_back,           False),
    ("review_report",       _WITH_ORDERS,                            handing_down.review_report,       False),
    ("close_on_spot",       _WITH_ORDERS,                            handing_down.close_on_spot,       False),
    ("urge",                OPEN | _CLOSED,                          closing.urge,                     False),
    ("supervise",           OPEN | _CLOSED,                          closing.supervise,                False),
)  # fmt: skip

MOVES: Final[Mapping[str, Move]] = {
    name: Move(command=name, stages=frozenset(map(str, stages)), machine=machine) for name, stages, _, machine in _TABLE
}
REVIVING: Final = frozenset({"request_reopening", "review_reopening"})
"""Commands of people that a case that is over takes (architecture 1.2, law 7)."""
FROM_ABOVE: Final = frozenset({"recall_order", "review_report"})
"""Commands about an order that its unit does not give, but the one that handed it down."""
RULES: Final = {name: rule for name, _, rule, _ in _TABLE}


def needs(command: Command) -> Sequence[Need]:
    """Return the units, items and cases the command names."""
    if isinstance(command, HandDown):
        return [Need(kind="branch", key=command.unit)]
    found: list[Need] = []
    for field, kind in NEEDS.items():
        value = getattr(command, field, None)
        values = value if isinstance(value, tuple) else (value,)
        found += [Need(kind=kind, key=v) for v in values if v is not None]
    if command.NAME == "correct":
        corrected = {"item": "item", "district": "unit", "street": "unit"}.get(getattr(command, "field", ""))
        found += [Need(kind=corrected, key=command.value)] if corrected and hasattr(command, "value") else []
    if isinstance(command, ChangeTerms):
        found += terms.needs(command.calendar, command.pack)
    if isinstance(command, ApplyDecision):
        named = (command.verdict.lead, *command.verdict.co)
        found += [Need(kind="unit", key=unit) for unit in named if unit is not None]
    return found


NEEDS: Final = {
    "lead": "unit",
    "co": "unit",
    "territory": "unit",
    "industry": "unit",
    "informed": "unit",
    "unit": "unit",
    "proposed_owner": "unit",
    "candidates": "unit",
    "item": "item",
    "into": "case",
}


def decide(case: Case, command: Command, context: Context) -> Sequence[Event]:
    """Decide one command: its rule, then what follows by itself. Raises :class:`~domain.process.Refusal`.

    What a timer did that this command, by the instant it was received, comes before is annulled first (law 6).
    """
    late = overtaking.annulled(case, command, context)
    before = _fold(case, late, context)
    if before.stage is Stage.archived and not MOVES[command.NAME].machine and command.NAME not in REVIVING:
        raise Refusal("not_in_this_stage", command=command.NAME, stage=str(before.stage))
    return _follow(case, [*late, *RULES[command.NAME](before, command, context)], context)


def ring(case: Case, key: str, nominal: datetime, context: Context) -> Sequence[Event]:
    """Do what a timer is for, then what follows by itself."""
    return _follow(case, wakeups.ring(case, key, nominal, terms.in_terms(case, context)), context)


def claims(case: Case) -> frozenset[str]:
    """One order per unit, matter and cycle (M21): held from dispatch until the handling cycle of the matter ends."""
    if case.stage not in OPEN:
        return frozenset()
    held = LIVE | DONE
    return frozenset(
        case.claim(o.unit)
        for o in case.orders.values()
        if o.cycle == case.cycle and o.state in held and o.role != "informed"
    )


def card(case: Case) -> Card:
    """Return what the workflow shows and what its validators may refuse by."""
    waiting = inbox.todos(case)
    dues = [t.due for t in waiting if t.due is not None]
    lead = case.lead
    return Card(
        stage=str(case.stage),
        allowed=tuple(sorted(name for name, move in MOVES.items() if case.stage in move.stages)),
        awaited=tuple(sorted({t.unit or t.role for t in waiting})),
        until=min(dues) if dues else None,
        attributes={
            "CaseStage": str(case.stage),
            "Ring": case.ring,
            "District": case.district or "-",
            "LeadUnit": lead.unit if lead else "-",
            "CaseKind": str(case.case_type),
            "Triage": str(case.triage or "-"),
            "Urgency": str(case.grade),
            "Pack": case.pack,
        },
    )


def closed(case: Case) -> bool:
    """Say whether the case is over: archived, or at an end of screening, and nobody is asked to open it again."""
    return case.stage in OVER and case.reopening is None


def subject_unit(case: Case, command: Command) -> str | None:
    """Return the unit whose order the command is about, or that answers for it."""
    order = case.orders.get(getattr(command, "order", "") or "")
    return acting_unit(case, command.NAME, order) if order else None


def acting_unit(case: Case, command: str, order: Order) -> str:
    """Return the unit that gives a command about an order: its own, or the one that handed it down."""
    above = case.orders.get(order.above or "") if command in FROM_ABOVE else None
    return above.unit if above else order.unit


def _stopped_once(events: Sequence[Event]) -> list[Event]:
    """Drop a second stop of one clock: a rule that ends an order stops all its clocks, also one it had just stopped."""
    out: list[Event] = []
    stopped: set[str] = set()
    for event in events:
        if isinstance(event, ClockStopped):
            if event.key in stopped:
                continue
            stopped.add(event.key)
        elif isinstance(event, ClockSet):
            stopped.discard(event.clock.key)
        out.append(event)
    return out


def _fold(case: Case, events: Sequence[Event], context: Context) -> Case:
    for event in events:
        case = apply(case, event, context.now)
    return case


def _follow(case: Case, events: Sequence[Event], context: Context) -> Sequence[Event]:
    out = _stopped_once(events)
    after = _fold(case, out, context)
    for _ in range(MOST_CONSEQUENCES):
        more = consequences(after, terms.in_terms(after, context))
        if not more:
            return out
        out += more
        after = _fold(after, more, context)
    message = f"{case.no}: consequences do not come to rest"
    raise RuntimeError(message)


DECIDER: Final = Decider(
    kind=KIND,
    commands=COMMANDS,
    events=EVENTS,
    moves=MOVES,
    state=Case,
    initial=Case,
    needs=needs,
    decide=decide,
    ring=ring,
    apply=apply,
    timers=wakeups.timers,
    effects=outward.effects,
    claims=claims,
    todos=inbox.todos,
    card=card,
    columns=columns,
    closed=closed,
    subject_unit=subject_unit,
)
