"""What an adjudication remembers, and how each of its events changes it."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final, TypeVar

from pydantic import Field

from domain import agenda, cataloguing
from domain.adjudicating import events as ev
from domain.adjudicating.words import ADJUDICATE, DEFINITION, EvidenceKind, RulingForm, Stage
from domain.agenda import Item, WithAgenda
from domain.holding import Hold
from domain.model import Model
from domain.proceeding import opened

T = TypeVar("T")


class Evidence(Model):
    """What was handed in, by a party or (no ``unit``) by the group."""

    unit: str | None
    kind: EvidenceKind
    text: str
    documents: tuple[str, ...] = ()
    item: str | None = None
    reference: str | None = None
    by: str
    at: datetime


class Hearing(Model):
    """A hearing, and who was there."""

    text: str
    attending: tuple[str, ...] = ()
    by: str
    at: datetime


class Draft(Model):
    """A ruling that waits for its second person."""

    form: RulingForm
    lead: str | None = None
    co: tuple[str, ...] = ()
    term: int | None = None
    basis: str
    by: str
    at: datetime
    defined: bool = False
    documents: tuple[str, ...] = ()


class Ruling(Model):
    """A ruling as issued: a precedent ``until`` its term has passed."""

    form: RulingForm
    lead: str
    co: tuple[str, ...] = ()
    term: int | None = None
    until: datetime | None = None
    basis: str
    drafted_by: str
    by: str
    at: datetime
    defined: bool = False


class Adjudication(WithAgenda):
    """明责: its parties and their evidence, and how far the ruling on each item has come."""

    question: str | None = None
    parties: tuple[str, ...] = ()
    first_receiver: str | None = None
    evidence: tuple[Evidence, ...] = ()
    hearings: tuple[Hearing, ...] = ()
    drafts: dict[str, Draft] = Field(default_factory=dict)
    referred: dict[str, datetime] = Field(default_factory=dict)
    issued: dict[str, Ruling] = Field(default_factory=dict)
    held: dict[str, Hold] = Field(default_factory=dict)
    """The items that are before a meeting, and before which."""

    @property
    def silent(self) -> tuple[str, ...]:
        """The parties that have handed in nothing."""
        heard = {e.unit for e in self.evidence}
        return tuple(unit for unit in self.parties if unit not in heard)

    @property
    def with_group(self) -> tuple[Item, ...]:
        """Items on which the group has to act: reserved, not waiting for the 编办, and before no meeting."""
        own = (i for i in self.reserved if i.id not in self.held)
        return tuple(i for i in own if i.id in self.drafts or i.id not in self.referred)

    def escalated(self, item: str) -> bool:
        """Say whether the group is late with an item, or has waited too long for the 编办: then the centre head may act too."""
        running = [r for key in (ADJUDICATE, f"{DEFINITION}/{item}") if (r := self.running(key)) is not None]
        return any(r.overdue_at is not None and not r.annulled for r in running)

    @property
    def units(self) -> frozenset[str]:
        """The units it is about: parties, those that have the matters now, those that get them."""
        ruled = {u for r in self.issued.values() for u in (r.lead, *r.co)}
        named = {self.first_receiver, *(i.unit for i in self.items.values()), *ruled, *self.parties}
        return frozenset(u for u in named if u is not None)


def _opened(state: Adjudication, e: ev.AdjudicationOpened, at: datetime) -> Any:
    more = {"question": e.question, "parties": e.parties, "first_receiver": e.first_receiver}
    return opened(state, e, at, stage=str(Stage.evidence), **more)


def _submitted(state: Adjudication, e: ev.EvidenceSubmitted, at: datetime) -> Adjudication:
    evidence = Evidence(at=at, **e.model_dump())
    return state.model_copy(update={"evidence": (*state.evidence, evidence)})


def _heard(state: Adjudication, e: ev.HearingRecorded, at: datetime) -> Adjudication:
    return state.model_copy(update={"hearings": (*state.hearings, Hearing(at=at, **e.model_dump()))})


def _drafted(state: Adjudication, e: ev.RulingDrafted, at: datetime) -> Adjudication:
    draft = Draft(at=at, **e.model_dump(exclude={"item"}))
    return state.model_copy(update={"drafts": {**state.drafts, e.item: draft}})


def _without(table: Mapping[str, T], item: str) -> dict[str, T]:
    return {key: value for key, value in table.items() if key != item}


def _sent_back(state: Adjudication, e: ev.RulingSentBack, _at: datetime) -> Adjudication:
    return state.model_copy(update={"drafts": _without(state.drafts, e.item)})


def _referred(state: Adjudication, e: ev.DutyReferred, at: datetime) -> Adjudication:
    update = {"drafts": _without(state.drafts, e.item), "referred": {**state.referred, e.item: at}}
    return state.model_copy(update=update)


def _issued(state: Adjudication, e: ev.RulingIssued, at: datetime) -> Adjudication:
    ruling = Ruling(at=at, **e.model_dump(exclude={"item"}))
    update = {"drafts": _without(state.drafts, e.item), "issued": {**state.issued, e.item: ruling}}
    return state.model_copy(update=update)


def _held(state: Adjudication, e: ev.RulingHeld, _at: datetime) -> Adjudication:
    hold = Hold(process=e.process, item=e.theirs, matter=e.item)
    return state.model_copy(update={"held": {**state.held, e.item: hold}})


def _unheld(state: Adjudication, e: ev.RulingReleased | ev.RulingHoldEnded, _at: datetime) -> Adjudication:
    return state.model_copy(update={"held": _without(state.held, e.item)})


CHANGES: Final[Mapping[str, Callable[[Any, Any, datetime], Any]]] = {
    **agenda.CHANGES,
    **cataloguing.CHANGES,
    ev.AdjudicationOpened.TYPE: _opened,
    ev.EvidenceSubmitted.TYPE: _submitted,
    ev.EvidenceClosed.TYPE: lambda state, _e, _at: state,
    ev.HearingRecorded.TYPE: _heard,
    ev.RulingDrafted.TYPE: _drafted,
    ev.RulingSentBack.TYPE: _sent_back,
    ev.DutyReferred.TYPE: _referred,
    ev.RulingIssued.TYPE: _issued,
    ev.RulingHeld.TYPE: _held,
    ev.RulingReleased.TYPE: _unheld,
    ev.RulingHoldEnded.TYPE: _unheld,
    ev.AdjudicationWithdrawn.TYPE: lambda state, _e, _at: state,
}
