"""变更办理依据: a batch moves a running case to another calendar or pack, and its clocks are counted anew (architecture 1.5).

=====================  ==========================================================================================
calendar 日历变更        the inputs of every clock stay; its days are counted by the new notice
pack 政策包变更          the same step of the new pack is the clock's rule; start, pauses and extensions stay
=====================  ==========================================================================================

What follows is written as whole clocks behind :class:`~domain.casework.events.TermsChanged`, so that the ledger explains both terms
and ``sanhuan verify`` recomputes each under its own. Nobody becomes late by it: a case in which a limit would have passed keeps
its terms (``overdue_by_change``), and an overdue that is none under the new terms is annulled.

Two batches may want the same case. Of each part (calendar, pack) the one that was decided later holds, in whatever order they
arrive; the other is refused with ``later_terms_hold``, so that both are on record.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from domain.calendar import Calendar
from domain.casework.events import TermsChanged, TermsKept
from domain.casework.more_time import pause_rule
from domain.casework.state import Case
from domain.casework.timekeeping import HANDLING, RECOUNTED, RESTATED, owner_and_what
from domain.casework.upward_commands import ChangeTerms
from domain.clock import Clock, ClockRule, change_rule, recompute
from domain.keeping import ClockSet, ClockStopped, OverdueAnnulled, Running, named_again
from domain.policy import Pack, pack_sha
from domain.process import Context, Event, Need, Refusal

CALENDAR: Final = "calendar"
PACK: Final = "pack"


@dataclass(frozen=True)
class Terms:
    """What clocks are counted by."""

    pack: Pack
    calendar: Calendar


def needs(calendar: str | None, pack: str | None) -> Sequence[Need]:
    """Return the facts that say what new terms are: a calendar by its version, a pack by ``id@version``."""
    wanted = ((CALENDAR, calendar), (PACK, pack))
    return [Need(kind=kind, key=key) for kind, key in wanted if key is not None]


def terms_named(calendar: str | None, pack: str | None, context: Context) -> Terms:
    """Return the terms, those in hand where none are named. Refuses ``unknown_calendar``, ``unknown_pack``."""
    facts = context.facts
    if calendar is not None and calendar not in facts.calendars:
        raise Refusal("unknown_calendar", calendar=calendar)
    if pack is not None and pack not in facts.packs:
        raise Refusal("unknown_pack", pack=pack)
    return Terms(
        pack=facts.pack if pack is None else facts.packs[pack],
        calendar=facts.calendar if calendar is None else facts.calendars[calendar],
    )


def change_terms(case: Case, command: ChangeTerms, context: Context) -> Sequence[Event]:
    """Move the case to the terms; nothing but a note when it has them.

    Refuses ``unknown_calendar``, ``unknown_pack``, ``later_terms_hold``, ``overdue_by_change``, and with the code of the pack where
    that has no rule for this case (``unknown_triage``, ``unknown_case_type``, ``unknown_grade``, ``unknown_pause``).
    """
    terms = terms_named(command.calendar, command.pack, context)
    parts = tuple(name for name in (CALENDAR, PACK) if getattr(command, name) is not None)
    for part in parts:
        held = case.terms_by.get(part)
        if held is not None and (held.decided_at, held.batch) > (command.decided_at, command.batch):
            raise Refusal("later_terms_hold", batch=held.batch)
    by: dict[str, Any] = {"batch": command.batch, "decided_at": command.decided_at, "parts": parts}
    other_pack = command.pack is not None and command.pack != f"{case.pack}@{case.pack_version}"
    if not other_pack and command.calendar in {None, case.calendar}:
        return [TermsKept(**by)]
    changed = TermsChanged(
        **by,
        pack=terms.pack.id if other_pack else case.pack,
        pack_version=terms.pack.version if other_pack else case.pack_version,
        pack_sha=pack_sha(terms.pack) if other_pack else case.pack_sha,
        calendar=terms.calendar.version,
    )
    return [changed, *_recounted(case, terms, context, other_pack=other_pack)]


def in_terms(case: Case, context: Context) -> Context:
    """Return the context with the terms that the case has by now: what follows a change is reckoned by the new ones."""
    facts = context.facts
    pack = facts.packs.get(f"{case.pack}@{case.pack_version}", facts.pack)
    calendar = facts.calendars.get(case.calendar, facts.calendar)
    if pack is facts.pack and calendar is facts.calendar:
        return context
    return replace(context, facts=replace(facts, pack=pack, calendar=calendar))


def _recounted(case: Case, terms: Terms, context: Context, *, other_pack: bool) -> Iterator[Event]:
    for key, running in case.clocks.items():
        if running.stopped_at is None:
            yield from _counted_anew(case, key, running, terms, context, other_pack=other_pack)


def _counted_anew(
    case: Case, key: str, running: Running, terms: Terms, context: Context, *, other_pack: bool
) -> Iterator[Event]:
    was = running.clock
    clock = was.model_copy(update={"calendar": terms.calendar.version})
    if other_pack:
        rule = _rule(case, was, terms.pack)
        if rule is None:
            # The new pack limits no such thing.
            yield ClockStopped(key=key, stopped_at=context.now, met=None)
            return
        clock = change_rule(clock, rule, terms.calendar, terms.pack.hours)
    else:
        clock = recompute(clock, terms.calendar, terms.pack.hours)
    missed = running.overdue_at
    if missed is None and clock.due is not None and clock.due <= context.now:
        raise Refusal("overdue_by_change", clock=owner_and_what(case, key)[1])
    if missed is not None and clock.due is not None and clock.due > missed:
        # It was not late then. Where it is late all the same, it rings again at its new instant.
        yield OverdueAnnulled(key=key, due=missed)
    yield ClockSet(clock=clock, why=RESTATED if clock.due == was.due else RECOUNTED)


def _rule(case: Case, clock: Clock, pack: Pack) -> ClockRule | None:
    """Return the rule of the new pack for what a clock measures, in the class the clock has; None when it limits no such thing.

    The class is the clock's and not the case's: one that kept the sooner limit of its former class keeps it.
    """
    _, kind, *where = clock.rule.split("/")
    if kind == "pause":
        return pause_rule(pack, where[0])
    if (named := named_again(pack, clock)) is not None:
        return named
    row = where[0] if where and where[0] in pack.triages else str(case.triage or "routine")
    if kind in HANDLING:
        column = where[1] if where[1] in pack.case_types else str(case.case_type)
        return pack.rule(kind, triage=row, case_type=column, grade=str(case.grade))
    return pack.rule(kind, triage=row) if pack.has_step(kind, row) else None


# ------------------------------------------------------------------------------------------------------------ what it would do


@dataclass(frozen=True)
class Shift:
    """A clock that is due at another instant under the new terms. None: it stands still, or is not limited any more."""

    key: str
    was: datetime | None
    now: datetime | None


def shifts(case: Case, events: Sequence[Event]) -> Sequence[Shift]:
    """Return what the events of a change move, from what the case had before them; what was overdue is compared by its due."""
    found: list[Shift] = []
    for event in events:
        match event:
            case ClockSet(clock=clock, why=why) if why == RECOUNTED:
                found.append(Shift(clock.key, _due(case, clock.key), clock.due))
            case ClockStopped(key=key):
                found.append(Shift(key, _due(case, key), None))
            case _:
                pass
    return found


def _due(case: Case, key: str) -> Any:
    running = case.clocks.get(key)
    return running.clock.due if running else None
