"""What a shape is: a life to play on a running engine, and what its records must show to be worth keeping."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from domain.messages import Decision, Receipt
from domain.process import Command
from tests.factories.book import actor
from tests.factories.engine import Engine, LiveCase
from tests.replay.departments import Departments


@dataclass
class Stage:
    """An engine for one shape: the cases it plays are kept apart from those of others."""

    engine: Engine
    departments: Departments
    cases: list[LiveCase] = field(default_factory=list)

    async def case(self, **fields: Any) -> LiveCase:
        """A case that has been opened."""
        case = await self.unopened(**fields)
        return await case.opened()

    async def unopened(self, **fields: Any) -> LiveCase:
        """A case whose first decision comes as soon as its workflow."""
        case = await self.engine.case(**fields)
        self.cases.append(case)
        return case

    async def give(self, case: LiveCase, body: Command, role: str | None = None, unit: str | None = None) -> Receipt:
        """Give a decision whose fields are called like those of an actor, so that ``LiveCase.give`` cannot say it."""
        command = f"d/{case.no}/{body.NAME}/{len(case.commands())}"
        kind: Any = Decision[type(body)]  # type: ignore[misc]
        at = await self.engine.now()
        decision = kind(id=command, actor=actor(body.NAME, unit, role), received_at=at, body=body)
        return await case.send(body.NAME, decision)


Play = Callable[[Stage], Awaitable[None]]


@dataclass(frozen=True)
class Shape:
    """A shape by name. ``holds``: types its journals must hold; ``shows``: kinds of events its histories must show.

    ``alone``: it stops or changes what the others share. ``short``: it wants a server that finds histories long early.
    """

    name: str
    what: str
    play: Play
    holds: frozenset[str]
    shows: frozenset[str]
    alone: bool
    short: bool


SHAPES: dict[str, Shape] = {}


def shape(holds: str = "", shows: str = "", *, alone: bool = False, short: bool = False) -> Callable[[Play], Play]:
    """Enter a shape. Its name is the function's, what it is the docstring; ``holds`` and ``shows`` are words."""

    def enter(play: Play) -> Play:
        name = getattr(play, "__name__", "")
        words = (play.__doc__ or "").strip().partition("\n")[0]
        SHAPES[name] = Shape(name, words, play, frozenset(holds.split()), frozenset(shows.split()), alone, short)
        return play

    return enter
