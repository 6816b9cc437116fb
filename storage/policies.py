"""Reads the policy packs and calendars under domain/policies/ into the values the rules get.

Every error names the file, the key and the line. What was read is cached for the life of the process: a changed file
is a new version and takes a restart, so that no case sees half of it.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import date
from functools import cache
from pathlib import Path
from typing import Final, TypeAlias, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from domain.calendar import Calendar, CalendarYear, Period
from domain.derivation import Tree, derive
from domain.permissions import Permissions
from domain.policy import Pack
from storage import yaml_text

POLICIES: Final = Path(__file__).resolve().parent.parent / "domain" / "policies"
_NAME: Final = re.compile(r"[a-z][a-z0-9-]*")

Lines: TypeAlias = dict[tuple[str, ...], int]
_M = TypeVar("_M", bound=BaseModel)


class PolicyFileError(ValueError):
    """A policy file that cannot be used: which file, which line and key, and why."""

    def __init__(self, file: Path, message: str, *, line: int | None = None, key: str | None = None) -> None:
        """Compose ``file:line: key: message``."""
        self.file, self.line, self.key = file, line, key
        place = file.name if line is None else f"{file.name}:{line}"
        super().__init__(": ".join(part for part in (place, key, message) if part))


def pack_ids() -> tuple[str, ...]:
    """The ids of the packs that ``load_pack`` knows, sorted."""
    return tuple(sorted(p.stem for p in (POLICIES / "packs").glob("*.yaml") if _NAME.fullmatch(p.stem)))


@cache
def load_pack(pack_id: str) -> Pack:
    """The pack ``pack_id``, complete: what it derives from or borrows is resolved.

    Raises ``PolicyFileError`` for an unknown id or a file that is not right.
    """
    if pack_id not in pack_ids():
        raise PolicyFileError(POLICIES / "packs" / "*.yaml", f"no pack {pack_id!r}; known: {', '.join(pack_ids())}")
    path = POLICIES / "packs" / f"{pack_id}.yaml"
    tree, lines = _pack_tree(path, ())
    return _validated(Pack, tree, path, lines)


@cache
def load_permissions() -> Permissions:
    """The table command × role × scope: roles and the case's commands in one file, those of each other process in its own.

    Raises ``PolicyFileError`` when a file is not right, or says anew what another one says.
    """
    path = POLICIES / "permissions.yaml"
    tree, lines = _read(path)
    for more in sorted((POLICIES / "permissions").glob("*.yaml")):
        part, places = _read(more)
        for section, rows in part.items():
            known = tree.setdefault(section, {})
            if again := sorted(set(rows) & set(known)):
                place = places.get((section, again[0]))
                raise PolicyFileError(more, "is in another file already", key=f"{section}.{again[0]}", line=place)
            known.update(rows)
    return _validated(Permissions, tree, path, lines)


def _pack_tree(path: Path, above: tuple[Path, ...]) -> tuple[Tree, Lines]:
    """The raw pack with its parents merged in; lines are known for the keys of ``path`` itself."""
    tree, lines = _read(path)
    if path in above:
        raise PolicyFileError(path, "derives from itself", key="derive", line=lines.get(("derive",)))
    recipe = tree.pop("derive", None)
    if recipe is None:
        return tree, lines

    def parent(name: object) -> Tree:
        file = path.parent / f"{name}.yaml"
        if not file.is_file():
            raise PolicyFileError(path, f"no pack {name!r} to derive from", key="derive", line=lines[("derive",)])
        return _pack_tree(file, (*above, path))[0]

    try:
        return derive(tree, recipe, parent), lines
    except ValidationError as error:
        raise _explained(error, path, lines) from error


@cache
def load_calendar(version: str | None = None) -> Calendar:
    """The calendar of all years on file, each in its newest version; or exactly ``version``, for a pinned case.

    Raises ``PolicyFileError`` when a file is not right or a year of ``version`` is not on file.
    """
    folder = POLICIES / "calendars"
    known = {year.version: year for year in (_load_year(p) for p in sorted(folder.glob("*.yaml")))}
    if version is None:
        newest = {year.year: year for _, year in sorted(known.items(), key=lambda item: _version_key(item[0]))}
        years = tuple(newest[year] for year in sorted(newest))
    else:
        wanted = version.removeprefix("cn:").split("+")
        missing = [part for part in wanted if part not in known]
        if missing:
            raise PolicyFileError(folder / "*.yaml", f"no calendar year {missing[0]!r}; known: {', '.join(known)}")
        years = tuple(known[part] for part in wanted)
    return Calendar(version="cn:" + "+".join(year.version for year in years), years=years)


def _version_key(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))


def _load_year(path: Path) -> CalendarYear:
    tree, lines = _read(path)
    holidays = tree.pop("holidays", None) or ()
    off: set[date] = set()
    make_up: set[date] = set()
    for index, holiday in enumerate(holidays):
        try:
            off.update(_days(holiday.pop("days")))
            make_up.update(holiday.pop("make_up", ()))
            holiday.pop("name")
            if holiday:
                raise ValueError(f"unknown key {next(iter(holiday))!r}")  # noqa: TRY301 - one place words all errors
        except (KeyError, ValueError, TypeError, AttributeError) as error:
            key = ("holidays", str(index))
            raise PolicyFileError(path, f"not a holiday: {error}", key=".".join(key), line=lines.get(key)) from error
    return _validated(CalendarYear, {**tree, "off": off, "make_up": make_up}, path, lines)


def _days(value: object) -> Iterator[date]:
    """The days of ``2026-02-15..2026-02-23`` or of a single date."""
    if isinstance(value, date):
        return iter((value,))
    first, _, last = str(value).partition("..")
    return Period(first=date.fromisoformat(first), last=date.fromisoformat(last), source="notice").days()


def _validated(model: type[_M], tree: Tree, path: Path, lines: Lines) -> _M:
    try:
        return model.model_validate(tree, extra="forbid")
    except ValidationError as error:
        raise _explained(error, path, lines) from error


def _explained(error: ValidationError, path: Path, lines: Lines) -> PolicyFileError:
    first = error.errors(include_url=False)[0]
    key = tuple(str(part) for part in first["loc"])
    known = next((key[:n] for n in range(len(key), 0, -1) if key[:n] in lines), ())
    return PolicyFileError(path, first["msg"], line=lines.get(known), key=".".join(key) or None)


def _read(path: Path) -> tuple[Tree, Lines]:
    """The mapping in ``path`` and the line of each of its keys; a key twice in one mapping is an error."""
    try:
        text = path.read_text(encoding="utf-8")
        node = yaml.compose(text, Loader=yaml_text.LOADER)
        tree = yaml_text.load(text)
    except (OSError, UnicodeDecodeError) as error:
        raise PolicyFileError(path, f"cannot be read: {error}") from error
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        raise PolicyFileError(path, str(error.problem), line=None if mark is None else mark.line + 1) from error
    if not isinstance(tree, Mapping) or not all(isinstance(key, str) for key in tree):
        raise PolicyFileError(path, "is not a mapping of names")
    return dict(tree), dict(_lines(path, node, ()))


def _lines(path: Path, node: yaml.Node | None, above: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], int]]:
    if isinstance(node, yaml.SequenceNode):
        for index, item in enumerate(node.value):
            yield (*above, str(index)), item.start_mark.line + 1
            yield from _lines(path, item, (*above, str(index)))
    if isinstance(node, yaml.MappingNode):
        seen = set()
        for name, value in node.value:
            key, line = (*above, str(name.value)), name.start_mark.line + 1
            if key in seen:
                raise PolicyFileError(path, "appears twice", line=line, key=".".join(key))
            seen.add(key)
            yield key, line
            yield from _lines(path, value, key)
