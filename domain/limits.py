"""Limits and working hours: what a rule is written in (domain.md §0.3, §5.2)."""

import re
from datetime import UTC, date, datetime, time
from enum import StrEnum
from typing import Annotated, Final, Self

from pydantic import AfterValidator, AwareDatetime, Field, model_serializer, model_validator

from domain.calendar import Calendar, at_local
from domain.model import Model, Strict

UtcInstant = Annotated[AwareDatetime, AfterValidator(lambda at: at.astimezone(UTC))]
"""An aware instant, kept in UTC."""


class ClockError(ValueError):
    """Something that may not happen to this clock. ``code`` is stable; nothing was changed."""

    def __init__(self, code: str, message: str) -> None:
        """Keep the stable code beside the text."""
        super().__init__(message)
        self.code = code


class Unit(StrEnum):
    """Units of a limit (domain.md §0.3) and seconds for scaled packs."""

    wd = "wd"
    wh = "wh"
    d = "d"
    h = "h"
    min = "min"
    s = "s"


_LIMIT_FORM: Final = re.compile(r"([1-9]\d{0,5})(wd|wh|d|h|min|s)", re.ASCII)


class Limit(Model):
    """A length of time in one unit. Text form ``7wd``, which is also how it is written in YAML and JSON."""

    amount: Annotated[int, Field(ge=1, le=999_999)]
    unit: Unit

    @model_validator(mode="before")
    @classmethod
    def _from_text(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        found = _LIMIT_FORM.fullmatch(value)
        if found is None:
            raise ClockError("bad_limit", f"{value!r} is no limit; write e.g. 7wd, 4wh, 7d, 24h, 30min or 6s")
        return {"amount": int(found[1]), "unit": found[2]}

    @model_serializer
    def _to_text(self) -> str:
        return str(self)

    @classmethod
    def parse(cls, text: str) -> Self:
        """The limit that ``text`` such as ``7wd`` names; raises ``ValueError`` for anything else."""
        return cls.model_validate(text)

    def __str__(self) -> str:
        """Give the form that ``parse`` reads."""
        return f"{self.amount}{self.unit}"

    @property
    def seconds(self) -> float:
        """The length in seconds of a limit that runs 24x7; ``ClockError`` (``bad_limit``) for one that needs a calendar."""
        if self.unit not in _SECONDS:
            raise ClockError("bad_limit", f"{self} has no fixed length")
        return float(self.amount * _SECONDS[self.unit])


_SECONDS: Final = {Unit.h: 3600, Unit.min: 60, Unit.s: 1}


class Span(Strict):
    """Working hours from ``opens`` to ``closes`` (exclusive) on one day, written ``08:30-12:00``."""

    opens: time
    closes: time

    @model_validator(mode="before")
    @classmethod
    def _from_text(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        opens, _, closes = value.partition("-")
        return {"opens": opens, "closes": closes}

    @model_serializer
    def _to_text(self) -> str:
        return f"{self.opens:%H:%M}-{self.closes:%H:%M}"


class Hours(Strict):
    """The working hours of a pack, in order and without overlap."""

    spans: Annotated[tuple[Span, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        edges = [edge for span in self.spans for edge in (span.opens, span.closes)]
        if edges != sorted(edges) or len(set(edges)) != len(edges):
            raise ClockError("bad_hours", "working hours must be in order, not empty and not touching")
        return self

    @classmethod
    def parse(cls, *spans: str) -> Self:
        """Working hours written like ``08:30-12:00``."""
        return cls.model_validate({"spans": spans})

    def on(self, day: date, calendar: Calendar) -> tuple[tuple[datetime, datetime], ...]:
        """The working time of ``day`` as UTC intervals; none on a day off."""
        if not calendar.is_working(day):
            return ()
        return tuple((at_local(day, s.opens), at_local(day, s.closes)) for s in self.spans)


OFFICE_HOURS: Final = Hours.parse("08:30-12:00", "14:00-17:30")
"""The default of domain.md §18."""
