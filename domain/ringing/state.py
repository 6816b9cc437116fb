"""What is kept of a ring."""

from datetime import datetime
from typing import Any

from pydantic import Field

from domain import keeping
from domain.agenda import WHERE, Item, WithAgenda
from domain.holding import Hold, ItemState
from domain.model import Model
from domain.ringing.specs import SPECS, RingSpec
from domain.ringing.words import ITEM, OPEN, OVER, RATING, REPORT, RingKind, Side, Stage


class Called(Model):
    """A unit that was called 吹哨, how it came, and what each side said of the other 双考核."""

    unit: str
    at: datetime
    by: str
    times: int = 1
    reported_at: datetime | None = None
    reported_by: str | None = None
    refused_at: datetime | None = None
    refusal: str | None = None
    arrival: int | None = None
    effort: int | None = None
    justified: int | None = None
    silent: tuple[str, ...] = ()

    @property
    def awaited(self) -> bool:
        """Whether it has still to come or to refuse."""
        return self.reported_at is None and self.refused_at is None

    def owes(self, side: str, reporter: str | None) -> bool:
        """Say whether a side has still to rate: the reporter every unit called, a unit that reported in the whistle."""
        if side == Side.reporter:
            return reporter is not None and self.arrival is None
        return self.reported_at is not None and self.justified is None


class TaskForce(Model):
    """专班: who leads it and who is in it, in which role."""

    lead: str
    members: tuple[str, ...] = ()
    territory: str | None = None
    industry: str | None = None
    firm: str | None = None

    @property
    def units(self) -> tuple[str, ...]:
        """All units in it, each once."""
        named = (self.lead, *self.members, self.territory, self.industry, self.firm)
        return tuple(dict.fromkeys(u for u in named if u is not None))


class Standing(Model):
    """The matter is before the standing meeting."""

    at: datetime
    by: str


class RingState(WithAgenda):
    """A ring: one item (the question of its case), and the process that holds it meanwhile, if any.

    ``hold`` without an item: the matter was proposed to a session, which has not asked for it yet. ``begun``: the processes this
    ring began. ``up``: who decides in its place, ``outcome`` the stage it ends in then.
    """

    case: str = ""
    level: str = ""
    kind: str = ""
    reporter: str | None = None
    reason: str | None = None
    tried: str | None = None
    matter: str | None = None
    instead_of: str | None = None
    called: dict[str, Called] = Field(default_factory=dict)
    lead: str | None = None
    surveys: int = 0
    force: TaskForce | None = None
    measures: dict[str, str | None] = Field(default_factory=dict)
    begun: tuple[str, ...] = ()
    hold: Hold | None = None
    asked_session: datetime | None = None
    standing: Standing | None = None
    up: str | None = None
    up_by: str | None = None
    up_reason: str | None = None
    outcome: str | None = None
    finished: tuple[str, ...] = ()
    case_over: str | None = None

    @property
    def id(self) -> str:
        """The process id."""
        return f"ring/{self.no}"

    @property
    def spec(self) -> RingSpec:
        """What this level may do. A level that a later release knows is taken for the highest."""
        return SPECS.get(self.level) or SPECS["large"]

    @property
    def item(self) -> Item | None:
        """The question of the case."""
        return self.items.get(ITEM)

    @property
    def open(self) -> bool:
        """Whether the question is still open here."""
        return self.stage in OPEN

    @property
    def over(self) -> bool:
        """Whether the ring is over."""
        return self.stage in OVER

    @property
    def goes_up(self) -> bool:
        """Whether the case was reported up: then it does not go down again without a ruling."""
        return self.kind == RingKind.report_up

    @property
    def key(self) -> str:
        """事项标识: what makes two cases the same matter; a case without one is a matter by itself."""
        return self.matter or self.case

    @property
    def convener(self) -> str:
        """The role that has the next step: the convener, or its superior where no district is known."""
        return self.spec.superior if self.spec.superior and self.district is None else self.spec.convener

    @property
    def where(self) -> dict[str, str | None]:
        """What a holder says of the matter to those who decide it."""
        item = self.item
        kept = {name: getattr(item, name) if item else None for name in WHERE}
        return kept | {"district": self.district, "case": self.case}

    @property
    def unfinished(self) -> frozenset[str]:
        """The units of the verdict whose result is not accepted yet."""
        item = self.item
        if item is None or item.verdict is None:
            return frozenset()
        lead = item.verdict.lead or item.unit
        named = {*item.verdict.co, lead} if lead else set(item.verdict.co)
        return frozenset(named - set(self.finished))

    def unrated(self, side: str) -> tuple[str, ...]:
        """The units on which (or by which) a side has still to give its word."""
        return tuple(u for u, c in self.called.items() if side not in c.silent and c.owes(side, self.reporter))

    @property
    def all_rated(self) -> bool:
        """Whether nobody has to rate any more."""
        return not any(self.unrated(side) for side in Side)

    def beside(self, base: str, *, first_bare: bool = False) -> str:
        """Return the id of a process beside this ring: the base with a number (the first one without, when ``first_bare``)."""
        n = 1 + sum(p == base or p.startswith(f"{base}-") for p in self.begun)
        return base if first_bare and n == 1 else f"{base}-{n}"

    @property
    def dotted(self) -> str:
        """The number as others use it in their ids."""
        return self.no.replace("/", ".")

    @property
    def can_rate(self) -> bool:
        """Whether rating has come: the decision holds, or another decides."""
        applied = self.item is not None and self.item.state is ItemState.applied
        return self.stage == Stage.rating or (self.stage == Stage.executing and applied)

    def rated_until(self) -> keeping.Running | None:
        """Return the latest clock of the rating."""
        return self.clock(RATING)

    def report_key(self, unit: str) -> str:
        """Return the key of the clock by which a unit has to report in."""
        return f"{REPORT}/{unit}"

    def with_called(self, unit: str, **update: Any) -> "RingState":
        """Return the state with a called unit changed; a unit nobody called changes nothing."""
        found = self.called.get(unit)
        if found is None:
            return self
        return self.model_copy(update={"called": {**self.called, unit: found.model_copy(update=update)}})
