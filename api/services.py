"""What the routes work with: made once at start-up, handed to each request."""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final, Generic, TypeVar

from starlette.requests import Request

from api.engine import Engine
from api.limits import Limits
from api.metrics import Metrics
from api.settings import Settings
from storage.accounts import Session
from storage.rules import Rules
from storage.unit_of_work import Database

V = TypeVar("V")
SESSION_CACHE_S: Final = 5.0
MOST_SESSIONS: Final = 5000
PASSWORDS_AT_ONCE: Final = 2
"""Each check of a password takes 64 MiB and some 50 ms."""
PAGES_AT_ONCE: Final = 1
"""Setting a page takes half a second of CPU and more, all of it Python's."""
BODIES_AT_ONCE: Final = 16
"""Bodies of those who have not shown yet who they are, each of 10 MiB at most."""


class Briefly(Generic[V]):
    """Remembers values for a few seconds: what was revoked is forgotten that soon."""

    def __init__(self, lasts_s: float, most: int) -> None:
        self.lasts_s, self.most = lasts_s, most
        self._kept: OrderedDict[str, tuple[float, V]] = OrderedDict()

    def get(self, key: str) -> V | None:
        """Return a value that is still fresh."""
        found = self._kept.get(key)
        if found is None or time.monotonic() - found[0] > self.lasts_s:
            return None
        return found[1]

    def put(self, key: str, value: V) -> None:
        """Remember a value."""
        self._kept[key] = (time.monotonic(), value)
        self._kept.move_to_end(key)
        while len(self._kept) > self.most:
            self._kept.popitem(last=False)

    def drop(self, key: str) -> None:
        """Forget a value."""
        self._kept.pop(key, None)


@dataclass
class Services:
    """Database, engine, limits and figures of one API process. ``now`` is its clock."""

    settings: Settings
    database: Database
    engine: Engine
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    metrics: Metrics = field(default_factory=Metrics)
    sessions: Briefly[Session] = field(default_factory=lambda: Briefly(SESSION_CACHE_S, MOST_SESSIONS))
    passwords: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(PASSWORDS_AT_ONCE))
    pages: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(PAGES_AT_ONCE))
    bodies: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(BODIES_AT_ONCE))
    rules: Rules = field(init=False)
    limits: Limits = field(init=False)

    def __post_init__(self) -> None:
        self.rules = Rules(self.database)
        self.limits = Limits(self.settings)


def services(request: Request) -> Services:
    """Return the services of the app that serves this request."""
    found: Services = request.app.state.services
    return found
