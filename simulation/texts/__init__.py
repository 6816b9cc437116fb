"""Sample requests of our own, filled in from the sample city: every text is invented."""

import random
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, Final

import yaml
from pydantic import Field

from domain.casework.words import CallerType, CaseType, Channel, Grade
from domain.model import Strict
from simulation.city import City, load_city

FILE: Final = Path(__file__).parent / "requests.yaml"
DUPLICATES: Final = 0.08  # share of requests sent again word by word (domain.md 12.4)
CONFIDENTIAL: Final = 0.06  # (domain.md 12.4)


class Caller(Strict):
    """Who asks. Names are role words; numbers are of a range that is given to nobody."""

    type: CallerType
    name: str | None = None
    phone: str | None = None
    address: str | None = None


class Intake(Strict):
    """One request as an agent types it in. ``source`` names it for good; ``item`` is what a good dispatcher chooses."""

    source: str
    title: str
    content: str
    case_type: CaseType
    channel: Channel
    caller: Caller
    grade: Grade = Grade.grade_normal
    confidential: bool = False
    district: str | None = None
    street: str | None = None
    place: str | None = None
    language: str = "zh"
    item: str | None = Field(default=None, exclude=True)


class Sample(Strict):
    """One row of ``requests.yaml``."""

    item: str | None
    case_type: CaseType
    channel: Channel
    title: str
    content: str
    language: str = "zh"


@cache
def samples() -> tuple[Sample, ...]:
    """Return the sample texts. Raises ValidationError or ValueError for a row of the wrong shape."""
    return tuple(
        Sample(item=item, case_type=type_, channel=channel, title=title, content=content, language=(*more, "zh")[0])
        for item, type_, channel, title, content, *more in _read()["requests"]
    )


def requests(n: int, seed: int, city: City | None = None) -> Iterator[Intake]:
    """Yield ``n`` requests, the same for the same seed: about 8 % are sent again word by word, 6 % confidential."""
    city = city or load_city()
    rng = random.Random(f"requests/{seed}")
    places = _read()["places"]
    sent: list[Intake] = []
    for i in range(n):
        source = f"sample:{seed}:{i + 1}"
        if sent and rng.random() < DUPLICATES:
            yield rng.choice(sent[-20:]).model_copy(update={"source": source, "caller": _caller(rng)})
            continue
        intake = _fill(rng.choice(samples()), source, rng, city, rng.choice(places))
        sent.append(intake)
        yield intake


def _fill(sample: Sample, source: str, rng: random.Random, city: City, place: str) -> Intake:
    street = rng.choice(city.streets())
    english = sample.language == "en"
    values = {
        "street": street.name_en if english else street.name_zh,
        "place": place,
        "n": rng.randint(2, 40),
        "m": rng.randint(2, 9),
    }
    return Intake(
        source=source,
        item=sample.item,
        case_type=sample.case_type,
        channel=sample.channel,
        title=sample.title.format(**values),
        content=sample.content.format(**values),
        language=sample.language,
        district=street.district,
        street=street.code,
        place=f"{values['street']}{place}",
        caller=_caller(rng),
        confidential=rng.random() < CONFIDENTIAL,
    )


def _caller(rng: random.Random) -> Caller:
    type_ = rng.choices([CallerType.person, CallerType.firm, CallerType.anonymous], [88, 8, 4])[0]
    if type_ is CallerType.anonymous:
        return Caller(type=type_)
    name = "来电企业" if type_ is CallerType.firm else "来电群众"
    # 100 0000 xxxx: mobile numbers begin with 13-19, so this can be nobody's.
    return Caller(type=type_, name=f"{name}{rng.randint(1, 9999):04d}", phone=f"1000000{rng.randint(0, 9999):04d}")


@cache
def _read() -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    return content
