"""Which fault strikes when: drawn from a seed, so that the same seed strikes the same way again."""

import random
from collections import Counter
from collections.abc import Mapping
from typing import Final

from pydantic import BaseModel

KILLS: Final[Mapping[str, float]] = {
    "worker": 0.40,
    "worker_in_gap": 0.28,
    "api": 0.08,
    "api_in_gap": 0.12,
    "temporal": 0.07,
    "all_in_gap": 0.05,
}
"""Kills and their shares. ``…_in_gap``: between commit and answer; ``all_in_gap``: worker, Temporal, client and API together."""

ALL: Final = "all"
"""What becomes of ``all_in_gap`` when no gap came: worker, Temporal and API die together all the same."""
WORTH: Final[Mapping[str, int]] = {"all_in_gap": 3, ALL: 3}
"""How many processes a fault kills, if not one."""

TROUBLES: Final = ("terminate", "reset", "delete")
FIRST, LAST = 0.03, 0.92


class Fault(BaseModel, frozen=True):
    """One fault: what strikes, at which part of the run (0 to 1), and a draw for whom it strikes."""

    n: int
    kind: str
    at: float
    draw: float


def schedule(seed: int, kills: int, cases: int) -> list[Fault]:
    """Return the faults of a run in order: exactly so many processes killed, an outage for 30 kills, troubled workflows."""
    rng = random.Random(f"faults/{seed}")
    kinds: list[str] = []
    left = kills
    for kind in KILLS:  # each at least once, where there are kills enough
        if left >= WORTH.get(kind, 1) and kills >= len(KILLS):
            kinds.append(kind)
            left -= WORTH.get(kind, 1)
    while left > 0:
        kind = rng.choices(list(KILLS), list(KILLS.values()))[0]
        if WORTH.get(kind, 1) <= left:
            kinds.append(kind)
            left -= WORTH.get(kind, 1)
    kinds += ["outage"] * max(1, kills // 30)
    kinds += [kind for kind in TROUBLES for _ in range(max(1, cases // 60))]
    rng.shuffle(kinds)
    at = sorted(rng.uniform(FIRST, LAST) for _ in kinds)
    return [Fault(n=n, kind=kind, at=a, draw=rng.random()) for n, (kind, a) in enumerate(zip(kinds, at, strict=True))]


def killed(struck: Counter[str]) -> int:
    """Return how many processes the faults that struck have killed."""
    return sum(n * WORTH.get(kind, 1) for kind, n in struck.items() if kind in {*KILLS, ALL})
