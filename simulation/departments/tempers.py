"""How each department system behaves: read from ``tempers.yaml``, given to units by share and seed, drawn per order.

Everything drawn depends on seed, unit, case and order only, never on the time or on what else happens: the same seed plays
the same city again.
"""

import random
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Final

import yaml
from pydantic import Field

from domain.casework.words import UnitCode
from domain.model import Strict

FILE: Final = Path(__file__).parent / "tempers.yaml"

Rate = Annotated[float, Field(ge=0, le=1)]


class Failing(Strict):
    """How a system fails: 500 for the first tries of each message, for a share much longer, for a share for ever."""

    first: int = 0
    long_share: Rate = 0
    long: int = 0
    forever_share: Rate = 0

    def tries(self, rng: random.Random) -> float:
        """Draw for one message how often it is answered with 500 (``inf``: always)."""
        draw = rng.random()
        if draw < self.forever_share:
            return float("inf")
        return self.long if draw < self.forever_share + self.long_share else self.first


class Temper(Strict):
    """One way to behave. ``handle`` is median and sigma of the handling time in working days."""

    share: float = 0
    handle: tuple[float, float]
    return_rate: Rate | None = None
    fail: Failing = Failing()
    twice: bool = False
    silent: bool = False
    shuffled: bool = False


class Rates(Strict):
    """What any unit does with an order."""

    return_: Annotated[Rate, Field(alias="return")]
    return_again: Rate
    extension: Rate
    pause: Rate
    progress: Rate


class Config(Strict):
    """The whole file."""

    tempers: Mapping[str, Temper]
    units: Mapping[str, str] = {}
    rates: Rates
    codes: Mapping[UnitCode, float]
    pauses: tuple[str, ...]
    urgent_speed: float

    def assign(self, units: Iterable[str], seed: int) -> dict[str, str]:
        """Give each unit a temper by the shares; each temper with a share gets at least one unit when there are enough."""
        names = sorted(set(units))
        rng = random.Random(f"tempers/{seed}")
        rng.shuffle(names)
        total = sum(t.share for t in self.tempers.values())
        pool: list[str] = []
        for name, temper in self.tempers.items():
            if temper.share:
                pool += [name] * max(1, round(len(names) * temper.share / total))
        common = max(self.tempers, key=lambda name: self.tempers[name].share)
        pool = sorted(pool, key=lambda name: name == common)  # what is too much is taken from the commonest
        pool += [common] * (len(names) - len(pool))
        return {unit: self.units.get(unit, temper) for unit, temper in zip(names, pool, strict=False)}


class Intent(Strict):
    """What a unit will do with one order, drawn when it arrives. Times in seconds."""

    sign_after: float
    handle: float
    rework: float
    asks_return: bool
    extension_days: int | None
    pause: str | None
    pause_for: float
    progress: bool
    code: UnitCode
    order_of_steps: tuple[str, ...] = ("sign", "contact", "begin_work")


def load_config(path: Path = FILE) -> Config:
    """Read a configuration. Raises ValidationError saying what is wrong where."""
    return Config.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))


def rng_for(seed: int, *names: str) -> random.Random:
    """Return the generator of one subject."""
    return random.Random("/".join((str(seed), *names)))


def intend(
    config: Config, temper: Temper, rng: random.Random, *, day: float, urgent: bool, returnable: bool, again: bool
) -> Intent:
    """Draw what a unit does with an order. ``again``: the order comes from a return by another unit.

    All draws are made in any case and in one order, so that one decision does not shift the others.
    """
    speed = day * (config.urgent_speed if urgent else 1)
    median, sigma = temper.handle
    rate = config.rates.return_again if again else temper.return_rate or config.rates.return_
    draws = {name: rng.random() for name in ("sign", "return", "extension", "pause", "progress")}
    handle = median * rng.lognormvariate(0, sigma) * speed
    rework = 0.3 * median * rng.lognormvariate(0, sigma) * speed
    days = rng.randint(1, 5)
    pause = rng.choice(config.pauses)
    codes = list(config.codes)
    code = rng.choices(codes, [config.codes[c] for c in codes])[0]
    steps = ["sign", "contact", "begin_work"]
    rng.shuffle(steps)
    return Intent(
        sign_after=draws["sign"] * 0.05 * speed,
        handle=handle,
        rework=rework,
        asks_return=returnable and draws["return"] < rate,
        extension_days=days if draws["extension"] < config.rates.extension else None,
        pause=pause if draws["pause"] < config.rates.pause else None,
        pause_for=0.5 * speed,
        progress=urgent or draws["progress"] < config.rates.progress,
        code=code,
        **({"order_of_steps": tuple(steps)} if temper.shuffled else {}),
    )
