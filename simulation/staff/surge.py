"""How the staff meet a surge: when much is open at once the calendar keeper begins a batch, and the city office approves it.

The cases of one district get the limits of a surge, those of the pack :data:`SURGE`; where no case runs under :data:`USUAL` it
finds nothing to change.
"""

import random
from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from simulation.city import City
from simulation.client import Api, Outcome
from simulation.staff.look import Choice, Look
from simulation.wording import words

Policy = Callable[[Look], Awaitable[Choice | None]]
KEEPER: Final = "calendar_keeper"
USUAL: Final = "demo"
SURGE: Final = "demo-surge@2026.4"
MANY: Final = 12
"""So many cases in work at once are a surge in this small city."""
RATE: Final = 5
"""Cases a second."""


async def declare(api: Api, city: City, seed: int, run: str) -> Outcome:
    """Begin the batch: cases of one district, which the seed names, under other limits. Once for a run, however often asked."""
    rng = random.Random(f"{seed}/surge")
    body = {
        "ground": "surge",
        "pack": SURGE,
        "under_pack": USUAL,
        "district": rng.choice(city.districts),
        "reason": words("surge", rng),
        "rate": RATE,
    }
    return await api.post(KEEPER, "/proceedings/batch/open/begin_batch", body, f"surge-{run}")


async def approve(look: Look) -> Choice | None:
    """The city office: it looks at the preview and lets it run."""
    return Choice(command="approve_batch", body={"note": words("surge_yes", look.rng)})


async def go_on(look: Look) -> Choice | None:
    """Whoever began a batch that somebody has paused lets it go on."""
    del look
    return Choice(command="resume_batch", body={})


async def watch(look: Look) -> Choice | None:
    """It goes on by itself; stopping it is there for whoever has to."""
    del look
    return None


def is_surge(in_work: int) -> bool:
    """Say whether so many cases in work are a surge."""
    return in_work >= MANY


POLICIES: Final[Mapping[str, Policy]] = {"approve": approve, "resume": go_on, "watch": watch}
