"""What a member of staff sees: a todo of the inbox, the case behind it, and the words of the request."""

import random
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from pydantic import BaseModel, ConfigDict, Field

from domain.casework.words import DONE, LIVE, OrderRole
from simulation.city import City
from simulation.client import Api, Outcome

WHY: Final = "work on an open todo"


class Rates(BaseModel):
    """The rates of ``rates.yaml``, by name; ``screen`` is a table of its own."""

    model_config = ConfigDict(frozen=True, extra="allow")

    screen: Mapping[str, float]
    __pydantic_extra__: dict[str, float]

    def __getitem__(self, name: str) -> float:
        return self.__pydantic_extra__[name]


class Todo(BaseModel):
    """One row of an inbox."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    process: str
    key: str
    role: str
    commands: tuple[str, ...] = ()
    since: datetime
    unit: str | None = None
    district: str | None = None
    due: datetime | None = None
    rule: str = ""
    subject: str | None = None
    hint: dict[str, Any] = Field(default_factory=dict)

    @property
    def no(self) -> str:
        """The number of the case."""
        return self.process.removeprefix("case/")

    @property
    def kind(self) -> str:
        """What it is about: ``screen``, ``unit``, ``review``, ``matter``, ``incident`` … (the key without its subject)."""
        first, _, rest = self.key.partition("/")
        if not self.process.startswith("case/"):
            return first
        return rest if first[:1] == "a" and first[1:].isdigit() else first

    @property
    def age(self) -> timedelta:
        """How long it has been there."""
        return datetime.now(UTC) - self.since


class Choice(BaseModel):
    """A decision: a command and what it says. ``then`` follows after ``after`` seconds, whatever became of this one."""

    model_config = ConfigDict(frozen=True)

    command: str
    body: dict[str, Any] = {}
    process: str | None = None
    then: "tuple[Choice, ...]" = ()
    after: float = 0.0


@dataclass(frozen=True)
class Town:
    """What all looks share. ``day`` is a working day in seconds, ``patience`` how long a silent system is waited for."""

    api: Api
    city: City
    rates: Rates
    day: float
    patience: float


class Look:
    """One look at one todo: what can be read is read when it is asked for, at most once."""

    def __init__(
        self,
        town: Town,
        account: str,
        todo: Todo,
        *,
        rng: random.Random,
        steady: str,
        times: int,
        notes: dict[str, Any],
    ) -> None:
        """``rng`` draws for this look, ``steady`` seeds what is alike at every look; ``times`` counts decisions so far."""
        self.api, self.city, self.rates = town.api, town.city, town.rates
        self.day, self.patience = town.day, town.patience
        self.account, self.todo = account, todo
        self.rng, self.steady = rng, steady
        self.times, self.notes = times, notes
        self._case: CaseView | None = None
        self._request: Mapping[str, Any] | None = None

    def chance(self, name: str) -> bool:
        """Draw whether something of ``rates.yaml`` happens."""
        return self.rng.random() < self.rates[name]

    def always(self, name: str) -> bool:
        """Draw the same, but alike at every look at this todo."""
        return self.settled(name).random() < self.rates[name]

    def settled(self, name: str) -> random.Random:
        """Return the generator of something that is settled for this todo."""
        return random.Random(f"{self.steady}/{name}")

    def once(self, note: str) -> bool:
        """Say True the first time, then never again for this todo."""
        if note in self.notes:
            return False
        self.notes[note] = datetime.now(UTC)
        return True

    def since(self, note: str) -> timedelta | None:
        """Return how long ago :meth:`once` said True, or None when it never did."""
        at = self.notes.get(note)
        return None if at is None else datetime.now(UTC) - at

    async def case(self) -> "CaseView":
        """Read the case. Raises :class:`NotSeenError` when it cannot be read now."""
        if self._case is None:
            self._case = CaseView(_read(await self.api.get(self.account, f"/cases/{self.todo.no}")))
        return self._case

    async def facts(self) -> Mapping[str, Any]:
        """Read what a process beside the case remembers, in codes."""
        found: Mapping[str, Any] = _read(await self.api.get(self.account, f"/proceedings/{self.todo.process}"))["facts"]
        return found

    async def order(self) -> Mapping[str, Any]:
        """Read the order the todo is about, once for all looks: role, cycle and number do not change."""
        if "order" not in self.notes:
            self.notes["order"] = (await self.case()).order(self.todo.subject)
        found: Mapping[str, Any] = self.notes["order"]
        return found

    async def text(self) -> str:
        """Read the words of the request."""
        if self._request is None:
            self._request = _read(await self.api.get(self.account, f"/requests/{self.todo.no}", why=WHY))
        return f"{self._request.get('title', '')}\n{self._request.get('content', '')}"

    async def leading(self) -> str | None:
        """Read which earlier open case has the same words: its number, or None."""
        lead = _read(await self.api.get(self.account, f"/requests/{self.todo.no}/similar")).get("lead")
        return None if lead is None else str(lead)


class NotSeenError(Exception):
    """Something could not be read; the todo is looked at again later."""


class CaseView:
    """The parts of ``GET /cases/{no}`` that decisions look at."""

    def __init__(self, body: Mapping[str, Any]) -> None:
        """``body`` is the answer of the API."""
        self._body = body
        self._header: Mapping[str, Any] = body["header"]
        self.orders: list[Mapping[str, Any]] = list(body["orders"])

    def get(self, name: str) -> Any:
        """Return a field of the header."""
        return self._header.get(name)

    def order(self, order: str | None) -> Mapping[str, Any]:
        """Return an order by its id; empty when it is not shown."""
        return next((o for o in self.orders if o["id"] == order), {})

    @property
    def live(self) -> list[Mapping[str, Any]]:
        """The open orders."""
        return [o for o in self.orders if o.get("state") in LIVE]

    @property
    def lead(self) -> Mapping[str, Any] | None:
        """The lead's order of the running cycle."""
        held = LIVE | DONE
        leads = [o for o in self.orders if o.get("role") == OrderRole.lead and o.get("state") in held]
        return max(leads, key=lambda o: int(o.get("cycle", 1)), default=None)

    @property
    def units(self) -> set[str]:
        """The units of all orders there ever were."""
        return {str(o["unit"]) for o in self.orders if "unit" in o}


def _read(outcome: Outcome) -> Mapping[str, Any]:
    if not outcome.ok:
        raise NotSeenError(outcome.code)
    return outcome.body
