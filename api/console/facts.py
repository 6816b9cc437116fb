"""What a process remembers, in words: lines for single facts, a table for each set of rows. Derived from the models of its state.

Nothing here knows a kind; what comes first and what is left out says :mod:`api.console.kinds`.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import Enum, StrEnum
from typing import Any, Final

from pydantic import BaseModel

from api.console import wording
from api.console.kinds import Kind
from api.proceedings.view import NO_FACTS
from domain.clock import wall
from storage.cases import CASE
from storage.texts import known, text

ITEM: Final = re.compile(r"i[1-9]\d{0,2}")
KEY: Final = "\0key"
"""Stands for the key of a row in the names of its columns."""


class Shape(StrEnum):
    """How a value is shown."""

    plain = "plain"
    words = "words"
    instant = "instant"
    link = "link"


@dataclass(frozen=True)
class Cell:
    """One value in words; ``to`` is where it leads."""

    text: str
    shape: Shape = Shape.plain
    to: str = ""


@dataclass(frozen=True)
class Table:
    """Rows of one fact: a name for each column."""

    name: str
    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[tuple[Cell, ...], ...], ...]


@dataclass(frozen=True)
class Line:
    """One single fact."""

    name: str
    title: str
    cells: tuple[Cell, ...]


@dataclass(frozen=True)
class Names:
    """The names and words that values stand for."""

    kind: str
    units: Mapping[str, str]
    people: Mapping[str, str]
    texts: Mapping[str, str]
    documents: Mapping[str, str] = field(default_factory=dict)
    lang: str = "zh"
    exact: bool = False


def facts(state: BaseModel, how: Kind, names: Names) -> tuple[tuple[Line, ...], tuple[Table, ...]]:
    """Return what a state says beside what all processes have: single facts, and tables."""
    lines: list[Line] = []
    tables: list[Table] = []
    for name in _order(type(state).model_fields, how):
        value = getattr(state, name)
        if value in (None, "", (), {}, False, 0):
            continue
        rows = tuple(_rows(value))
        if rows:
            tables.append(_table(name, rows, names))
        elif cells := tuple(_cells(name, value, names)):
            lines.append(Line(name, title_of(names.kind, name, names.lang), cells))
    return tuple(lines), tuple(tables)


def title_of(kind: str, name: str, lang: str) -> str:
    """Return what a fact is called: on the pages of its kind, on all pages, as a field of a form."""
    keys = (
        f"console.panel.{kind}.{name}",
        f"console.field.{kind}.{name}",
        f"console.panel.{name}",
        f"console.field.{name}",
    )
    return next((text(key, lang) for key in keys if known(key)), name)


def _order(fields: Iterable[str], how: Kind) -> Sequence[str]:
    own = [name for name in fields if name not in NO_FACTS and name not in how.hidden]
    return [*(n for n in how.panels if n in own), *(n for n in own if n not in how.panels)]


def _rows(value: Any, keys: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], BaseModel | Any]]:
    """Return the rows of what holds several things, each with the keys it stands under; nothing for a single value."""
    if isinstance(value, BaseModel):
        yield keys, value
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            found = tuple(_rows(inner, (*keys, str(key))))
            yield from found or [((*keys, str(key)), inner)]
    elif isinstance(value, tuple) and any(isinstance(v, BaseModel) for v in value):
        for inner in value:
            yield from _rows(inner, keys)


def _table(name: str, rows: Sequence[tuple[tuple[str, ...], Any]], names: Names) -> Table:
    deep = max(len(keys) for keys, _ in rows)
    models = [v for _, v in rows if isinstance(v, BaseModel)]
    fields = list(dict.fromkeys(f for m in models for f in type(m).model_fields))
    # What stands in a key does not stand in the row once more.
    twice = {f for f in fields if models and all(str(getattr(v, f, "")) in keys for keys, v in rows)}
    shown = [f for f in fields if f not in twice and any(_says(getattr(m, f, None)) for m in models)]
    heads = [_key_title(name, n, [keys[n] for keys, _ in rows if len(keys) > n], names) for n in range(deep)]
    heads += (
        [title_of(names.kind, f, names.lang) for f in shown] if models else [title_of(names.kind, "value", names.lang)]
    )
    cells = tuple(
        (
            *(tuple(_cells(KEY, key, names)) for key in keys),
            *(
                (tuple(_cells(f, getattr(v, f, None), names)) for f in shown)
                if isinstance(v, BaseModel)
                else (tuple(_cells("value", v, names)),)
            ),
        )
        for keys, v in rows
    )
    return Table(name, title_of(names.kind, name, names.lang), tuple(heads), cells)


def _key_title(name: str, n: int, keys: Sequence[str], names: Names) -> str:
    kinds = {
        "unit": all(key in names.units for key in keys),
        "item": all(ITEM.fullmatch(key) for key in keys),
        "process": all(wording.PROCESS.fullmatch(key) for key in keys),
    }
    found = next((kind for kind, fits in kinds.items() if fits), "no")
    special = f"console.panel.{names.kind}.{name}.{n}"
    return text(special if known(special) else f"console.column.{found}", names.lang)


def _says(value: Any) -> bool:
    return value is not None and value not in ("", (), {})


def _cells(name: str, value: Any, names: Names) -> Iterator[Cell]:
    match value:
        case None:
            return
        case tuple() | list():
            for one in value:
                yield from _cells(name, one, names)
        case Mapping():
            for key, one in value.items():
                yield from (Cell(f"{key}: {c.text}", c.shape, c.to) for c in _cells(name, one, names))
        case BaseModel():
            for own in type(value).model_fields:
                found = tuple(_cells(own, getattr(value, own), names))
                yield from (_labelled(own, c, names) for c in found)
        case _:
            yield _cell(name, value, names)


def _labelled(name: str, cell: Cell, names: Names) -> Cell:
    title = title_of(names.kind, name, names.lang)
    return Cell(f"{title}{text('console.colon', names.lang)}{cell.text}", cell.shape, cell.to)


def _cell(name: str, value: Any, names: Names) -> Cell:
    lang = names.lang
    match value:
        case bool():
            special = f"console.{'yes' if value else 'no'}.{name}"
            return Cell(text(special if known(special) else f"console.{'yes' if value else 'no'}", lang))
        case Enum():
            return Cell(wording.word_label(names.kind, name, value, lang))
        case datetime():
            return Cell(wall(value, exact=names.exact), Shape.instant)
        case date():
            return Cell(value.isoformat())
        case str():
            return _code(name, value, names)
        case _:
            return Cell(str(value))


def _code(name: str, value: str, names: Names) -> Cell:
    return next(_meanings(name, value, names))


def _meanings(name: str, value: str, names: Names) -> Iterator[Cell]:
    """Say what a code stands for: words, a file, a process, a unit, somebody; last a word of a vocabulary, or itself."""
    if value in names.texts:
        yield Cell(names.texts[value], Shape.words)
    if "#" in value:
        yield Cell(text("console.not_disclosed", names.lang))
    if value in names.documents:
        yield Cell(names.documents[value], Shape.link, f"/api/v1/documents/{value}")
    process = f"{CASE}/{value}" if name == "case" else value
    if (named := wording.process_name(process, names.lang)) != process:
        yield Cell(named, Shape.link, wording.page_of(process))
    if value in names.units and (name == KEY or name in wording.UNITS):
        yield Cell(names.units[value])
    if wording.WHO.fullmatch(name):
        yield Cell(names.people.get(value, value))
    yield Cell(wording.word_label(names.kind, name, value, names.lang))
