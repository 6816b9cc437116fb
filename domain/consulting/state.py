"""What a consultation remembers, and how each of its events changes it."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final

from pydantic import Field

from domain import agenda, cataloguing
from domain.agenda import Item, WithAgenda
from domain.consulting import events as ev
from domain.consulting.words import Opinion, Stage
from domain.holding import ItemState
from domain.model import Model
from domain.proceeding import opened


class Voice(Model):
    """What a unit said of an item."""

    opinion: Opinion
    at: datetime
    owner: str | None = None
    basis: str | None = None
    by: str | None = None


class Advice(Model):
    """What a specialist said of an item."""

    item: str
    by: str
    advice: str
    at: datetime


class Count(Model):
    """What the opinions on an item add up to."""

    agreed: bool
    yes: int
    spoke: int
    asked: int
    lead: str | None = None
    co: tuple[str, ...] = ()
    silent: tuple[str, ...] = ()


class Consultation(WithAgenda):
    """一键会商: its question, its candidates, who said what of which item, and what came of it."""

    question: str = ""
    candidates: tuple[str, ...] = ()
    voices: dict[str, dict[str, Voice]] = Field(default_factory=dict)
    advice: tuple[Advice, ...] = ()
    counts: dict[str, Count] = Field(default_factory=dict)
    voted_at: datetime | None = None
    carried: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    """The items carried to an adjudication, by that process; none where it did not begin."""

    def spoken(self, item: str) -> Mapping[str, Voice]:
        """Return the units that spoke on an item, and what they said."""
        voices = self.voices.get(item, {})
        return {unit: v for unit, v in voices.items() if v.opinion is not Opinion.no_statement}

    def silent(self, item: str) -> tuple[str, ...]:
        """Return the units that were asked and have not spoken on an item."""
        spoken = self.spoken(item)
        return tuple(unit for unit in self.candidates if unit not in spoken)

    def agreed(self, item: str) -> Count | None:
        """Return the count of an item on which there is consensus, else None."""
        count = self.counts.get(item)
        return count if count is not None and count.agreed else None

    @property
    def undecided(self) -> tuple[Item, ...]:
        """Items without consensus that somebody has still to decide."""
        return tuple(i for i in self.live if self.agreed(i.id) is None)

    @property
    def units(self) -> frozenset[str]:
        """The units it is about: those asked, those that have the matters now, those that get them."""
        verdicts = [i.verdict for i in self.items.values() if i.verdict is not None]
        named = {u for v in verdicts for u in (v.lead, *v.co)} | {i.unit for i in self.items.values()}
        return frozenset({*self.candidates, *(u for u in named if u is not None)})


def _opened(state: Consultation, e: ev.ConsultationOpened, at: datetime) -> Any:
    return opened(state, e, at, stage=str(Stage.voting), question=e.question, candidates=e.candidates)


def _voice(state: Consultation, item: str, voices: Mapping[str, Voice]) -> Consultation:
    own = {**state.voices.get(item, {}), **voices}
    return state.model_copy(update={"voices": {**state.voices, item: own}})


def _stated(state: Consultation, e: ev.OpinionStated, at: datetime) -> Consultation:
    voice = Voice(opinion=e.opinion, at=at, owner=e.owner, basis=e.basis, by=e.by)
    return _voice(state, e.item, {e.unit: voice})


def _counted(state: Consultation, e: ev.OpinionsCounted, at: datetime) -> Consultation:
    silent = {unit: Voice(opinion=Opinion.no_statement, at=at) for unit in e.silent}
    count = Count(**e.model_dump(exclude={"item"}))
    return _voice(state, e.item, silent).model_copy(update={"counts": {**state.counts, e.item: count}})


def _advised(state: Consultation, e: ev.SpecialistAdvised, at: datetime) -> Consultation:
    advice = Advice(item=e.item, by=e.by, advice=e.advice, at=at)
    return state.model_copy(update={"advice": (*state.advice, advice)})


def _taken_back(state: Consultation, e: ev.ItemsTakenBack, _at: datetime) -> Consultation:
    again = {i: state.items[i].model_copy(update={"state": ItemState.reserved}) for i in e.items if i in state.items}
    return state.model_copy(update={"items": {**state.items, **again}, "carried": {**state.carried, e.to: ()}})


CHANGES: Final[Mapping[str, Callable[[Any, Any, datetime], Any]]] = {
    **agenda.CHANGES,
    **cataloguing.CHANGES,
    ev.ConsultationOpened.TYPE: _opened,
    ev.OpinionStated.TYPE: _stated,
    ev.SpecialistAdvised.TYPE: _advised,
    ev.OpinionsCounted.TYPE: _counted,
    ev.VoteEnded.TYPE: lambda state, _e, at: state.model_copy(update={"voted_at": at}),
    ev.ItemConcluded.TYPE: lambda state, _e, _at: state,
    ev.CarriedToAdjudication.TYPE: lambda state, e, _at: state.model_copy(
        update={"carried": {**state.carried, e.to: e.items}}
    ),
    ev.ItemsTakenBack.TYPE: _taken_back,
    ev.ConsultationWithdrawn.TYPE: lambda state, _e, _at: state,
}
