"""How often somebody may ask. Token buckets in memory: each API process counts for itself, and forgets when it ends.

What must hold for a whole city, failed sign-ins to one account, is counted in the audit instead (:mod:`api.sessions.service`);
docs/decisions/0006 says why.
"""

import ipaddress
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Final

from api.settings import Settings

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


class Limits:
    """The buckets of one API process, by whose they are: ``requests`` an account or unit, the others a network or a pair."""

    def __init__(self, s: Settings) -> None:
        self.requests = Buckets(s.rate_per_s, s.rate_burst)
        self.strangers = Buckets(s.ip_rate_per_s, s.ip_rate_burst)
        self.sign_ins = Buckets(s.sign_in_rate_per_s, s.sign_in_burst)
        self.failures = Buckets(s.sign_in_failures / s.sign_in_window_s, s.sign_in_failures)
        self.failing_networks = Buckets(s.ip_sign_in_failures / s.sign_in_window_s, s.ip_sign_in_failures)
        self.intake = Buckets(s.intake_rate_per_s, s.intake_burst)
        self.intake_networks = Buckets(s.ip_intake_rate_per_s, s.ip_intake_burst)


def network_of(address: str) -> str:
    """Return what counts as one address: an IPv4 address, or the /64 that one IPv6 customer has all to himself."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return address  # a socket without an address, or a test
    if isinstance(found, ipaddress.IPv4Address):
        return address
    if found.ipv4_mapped is not None:
        return str(found.ipv4_mapped)
    return str(ipaddress.ip_network((found, 64), strict=False))


def take_all(*wanted: tuple[Buckets, str]) -> float:
    """Take a token of each bucket, or of none: 0, else the seconds until all of them have one."""
    wait = max(buckets.wait(key) for buckets, key in wanted)
    if wait <= 0:
        for buckets, key in wanted:
            buckets.take(key)
    return wait
