"""What a session is between two decisions, and what each event changes of it."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final, cast

from pydantic import Field

from domain import agenda
from domain.agenda import Item, WithAgenda
from domain.holding import ItemState, Verdict
from domain.measures.words import SUPERVISED_ALREADY
from domain.model import Model
from domain.proceeding import opened
from domain.sitting import events as ev
from domain.sitting.words import STRUCK_OFF, Kind, SessionLevel, Stage


class Invitation(Model):
    """An invited unit and its answer to the instant that stands now."""

    unit: str
    by: str | None = None
    attends: bool | None = None
    deputy: str | None = None
    reason: str | None = None


class Papers(Model):
    """Papers on an item."""

    by: str
    at: datetime
    documents: tuple[str, ...]
    note: str


class Opinion(Model):
    """An opinion: who wrote it down, and who signed it."""

    verdict: Verdict
    measures: tuple[ev.Planned, ...] = ()
    by: str
    at: datetime
    signed_by: str | None = None


class Ordered(ev.Planned):
    """A measure that was begun: its number, which item it is of, and what became of it."""

    process: str
    k: int
    item: str
    case: str | None = None
    outcome: str | None = None
    supervisions: tuple[str, ...] = ()
    refused: str | None = None

    @property
    def unmet(self) -> bool:
        """Whether it is over, was not met, and nobody presses the unit for it."""
        pressed = self.supervisions and (self.refused is None or self.refused in SUPERVISED_ALREADY)
        return self.outcome is not None and self.outcome != STRUCK_OFF and not pressed


class Session(WithAgenda):
    """One session."""

    kind: Kind = Kind.leader_session
    level: SessionLevel = SessionLevel.city
    at: datetime | None = None
    leader: str | None = None
    title: str | None = None
    invitations: dict[str, Invitation] = Field(default_factory=dict)
    papers: dict[str, tuple[Papers, ...]] = Field(default_factory=dict)
    present: tuple[str, ...] = ()
    deputies: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()
    held_at: datetime | None = None
    opinions: dict[str, Opinion] = Field(default_factory=dict)
    minutes: str | None = None
    minuted_by: str | None = None
    measures: dict[str, Ordered] = Field(default_factory=dict)

    def pending(self, item: str) -> Opinion | None:
        """Return the opinion on a live item that waits for the leader's word."""
        found = self.items.get(item)
        opinion = self.opinions.get(item)
        live = found is not None and found.state is ItemState.reserved
        return opinion if live and opinion is not None and opinion.signed_by is None else None

    @property
    def waiting(self) -> tuple[Item, ...]:
        """Items whose opinion waits for the leader's word."""
        return tuple(i for i in self.live if self.pending(i.id) is not None)

    @property
    def left(self) -> tuple[Item, ...]:
        """Items that have neither an opinion nor another way."""
        return tuple(i for i in self.live if self.pending(i.id) is None)

    @property
    def done(self) -> bool:
        """Whether all that was decided holds or is overtaken, and every measure is over, met or pressed for."""
        over = all(m.outcome is not None and not m.unmet for m in self.measures.values())
        return over and agenda.settled(self)


def measure_id(no: str, k: int) -> str:
    """Return the id of the ``k``-th measure of a session."""
    return f"measure/{no.replace('/', '.')}-{k}"


def _set(state: Session, **update: Any) -> Session:
    return state.model_copy(update=update)


def _scheduled(state: Session, e: ev.SessionScheduled, at: datetime) -> Session:
    begun = cast("Session", opened(state, e, at, stage=str(Stage.preparing), kind=e.kind, level=e.level))
    return _set(begun, at=e.at, leader=e.leader, title=e.title)


def _attached(state: Session, e: ev.PapersAttached, at: datetime) -> Session:
    papers = Papers(by=e.by, at=at, documents=e.documents, note=e.note)
    return _set(state, papers={**state.papers, e.item: (*state.papers.get(e.item, ()), papers)})


def _answered(state: Session, e: ev.InvitationAnswered, _at: datetime) -> Session:
    if e.unit not in state.invitations:
        return state
    answer = Invitation(unit=e.unit, by=e.by, attends=e.attends, deputy=e.deputy, reason=e.reason)
    return _set(state, invitations={**state.invitations, e.unit: answer})


def _postponed(state: Session, e: ev.SessionPostponed, _at: datetime) -> Session:
    return _set(state, at=e.at, invitations={unit: Invitation(unit=unit) for unit in state.invitations})


def _attendance(state: Session, e: ev.AttendanceRecorded, _at: datetime) -> Session:
    return _set(state, present=e.present, deputies=e.deputies, absent=e.absent, held_at=state.at)


def _given(state: Session, e: ev.OpinionGiven, at: datetime) -> Session:
    opinion = Opinion(verdict=e.verdict, measures=e.measures, by=e.by, at=at)
    return _set(state, opinions={**state.opinions, e.item: opinion})


def _signed(state: Session, e: ev.OpinionSigned, _at: datetime) -> Session:
    opinion = state.opinions.get(e.item)
    if opinion is None:
        return state
    item = state.items.get(e.item)
    measures = [
        Ordered(
            **planned.model_dump(),
            process=measure_id(state.no, k),
            k=k,
            item=e.item,
            case=item.case if item else None,
        )
        for k, planned in enumerate(opinion.measures, start=e.first)
    ]
    return _set(
        state,
        opinions={**state.opinions, e.item: opinion.model_copy(update={"signed_by": e.by})},
        measures={**state.measures, **{m.process: m for m in measures}},
    )


def _not_taken(state: Session, e: ev.CarryNotTaken, _at: datetime) -> Session:
    item = state.items.get(e.item)
    if item is None:
        return state
    back = item.model_copy(update={"state": ItemState.reserved, "code": e.code})
    opinions = {k: v for k, v in state.opinions.items() if k != e.item}
    return _set(state, items={**state.items, e.item: back}, opinions=opinions)


def _measure(state: Session, measure: str, **update: Any) -> Session:
    found = state.measures.get(measure)
    if found is None:
        return state
    return _set(state, measures={**state.measures, measure: found.model_copy(update=update)})


def _supervised(state: Session, e: ev.ItemSupervised, _at: datetime) -> Session:
    found = state.measures.get(e.measure)
    begun = (*found.supervisions, e.process) if found else ()
    return _measure(state, e.measure, supervisions=begun, refused=None)


def _not_supervised(state: Session, e: ev.ItemNotSupervised, _at: datetime) -> Session:
    for measure in state.measures.values():
        if e.process in measure.supervisions:
            return _measure(state, measure.process, refused=e.code)
    return state


CHANGES: Final[Mapping[str, Callable[[Any, Any, datetime], Any]]] = {
    **agenda.CHANGES,
    ev.SessionScheduled.TYPE: _scheduled,
    ev.LeaderAppointed.TYPE: lambda s, e, _at: _set(s, leader=e.leader),
    ev.PapersAttached.TYPE: _attached,
    ev.SessionCalled.TYPE: lambda s, e, _at: _set(s, invitations={u: Invitation(unit=u) for u in e.units}),
    ev.InvitationAnswered.TYPE: _answered,
    ev.SessionPostponed.TYPE: _postponed,
    ev.SessionCancelled.TYPE: lambda s, _e, _at: s,
    ev.AttendanceRecorded.TYPE: _attendance,
    ev.OpinionGiven.TYPE: _given,
    ev.OpinionSigned.TYPE: _signed,
    ev.CarryNotTaken.TYPE: _not_taken,
    ev.MinutesRecorded.TYPE: lambda s, e, _at: _set(s, minutes=e.minutes, minuted_by=e.by),
    ev.ExecutionNoted.TYPE: lambda s, _e, _at: s,
    ev.OrderedMeasureEnded.TYPE: lambda s, e, _at: _measure(s, e.measure, outcome=e.outcome),
    ev.ItemSupervised.TYPE: _supervised,
    ev.ItemNotSupervised.TYPE: _not_supervised,
}
