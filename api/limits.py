"""Token buckets: how many requests somebody may send. In memory, so each API process counts for itself."""

import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Final

MOST_KEYS: Final = 20_000


class Buckets:
    """Buckets by key, each holding ``burst`` tokens and filling at ``per_s``. The least used keys are forgotten."""

    def __init__(self, per_s: float, burst: float, clock: Callable[[], float] = time.monotonic) -> None:
        self.per_s, self.burst, self.clock = per_s, burst, clock
        self._levels: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, key: str) -> float:
        """Take a token: 0 when there was one, else the seconds until there is one again."""
        now = self.clock()
        wait = self.wait(key)
        if wait > 0:
            return wait
        level, _ = self._level(key, now)
        self._levels[key] = (level - 1, now)
        self._levels.move_to_end(key)
        if len(self._levels) > MOST_KEYS:
            self._levels.popitem(last=False)
        return 0.0

    def wait(self, key: str) -> float:
        """Return the seconds until there is a token, without taking one."""
        level, _ = self._level(key, self.clock())
        return 0.0 if level >= 1 else (1 - level) / self.per_s

    def _level(self, key: str, now: float) -> tuple[float, float]:
        level, since = self._levels.get(key, (self.burst, now))
        return min(self.burst, level + (now - since) * self.per_s), now
