"""How policy packs derive from one another, on the raw tables as they stand in the files.

A pack may start from another one, borrow the rows of a triage class from a third (``haikou`` takes its urgent row from
``weifang-emergency``) and scale all limits (``demo``), so that no number stands in two files.
"""

import re
from collections.abc import Callable, Mapping
from typing import Annotated, Any, Final, Self, TypeAlias

from pydantic import Field, model_validator

from domain.limits import Limit
from domain.model import Strict

Tree: TypeAlias = dict[str, Any]


class Recipe(Strict):
    """The ``derive`` key of a pack file: start from a pack, borrow triage rows from others, scale all limits."""

    parent: Annotated[str, Field(alias="from")]
    borrow: dict[str, str] = Field(default_factory=dict)
    scale: dict[str, Limit] = Field(default_factory=dict)
    scale_source: str | None = None

    @model_validator(mode="after")
    def _scale_has_source(self) -> Self:
        if self.scale and not self.scale_source:
            raise ValueError("a scale needs a scale_source")
        return self


def derive(tree: Tree, recipe: object, load: Callable[[str], Tree]) -> Tree:
    """The raw pack that ``recipe`` makes of ``tree``; ``load`` gives the raw pack of a name.

    Mappings are merged key by key, a mapping with a ``source`` (one number) is replaced whole. Raises pydantic's
    ``ValidationError`` for a bad recipe.
    """
    steps = Recipe.model_validate(recipe)
    whole = merged(load(steps.parent), tree)
    for triage, name in steps.borrow.items():
        whole = _borrowed(whole, load(name), triage)
    if steps.scale:
        whole = scaled_tree(whole, steps.scale)
        whole |= {"scale": steps.scale, "scale_source": steps.scale_source}
    return whole


def merged(below: Tree, above: Tree) -> Tree:
    """``below`` with the keys of ``above`` laid over it."""
    result = dict(below)
    for key, value in above.items():
        old = result.get(key)
        if isinstance(old, dict) and isinstance(value, dict) and "source" not in old.keys() | value.keys():
            result[key] = merged(old, value)
        else:  # One number is replaced whole, or it would end up with the source of another.
            result[key] = value
    return result


def _borrowed(tree: Tree, other: Tree, triage: str) -> Tree:
    """``tree`` with the rows of ``triage`` from ``other``, each marked with the pack it comes from."""
    origin = f"{other['id']}@{other['version']}"
    steps = {name: dict(rows) for name, rows in tree["steps"].items()}
    for name, rows in other["steps"].items():
        if triage in rows and rows[triage] != steps.get(name, {}).get(triage):
            steps.setdefault(name, {})[triage] = rows[triage] | {"origin": origin}
    handle = {column: entry | {"origin": origin} for column, entry in other["handle"][triage].items()}
    return tree | {"steps": steps, "handle": tree["handle"] | {triage: handle}}


_LIMIT: Final = re.compile(r"\d+(wd|wh|d|h|min|s)", re.ASCII)
_NOMINAL: Final = {"limit", "max"}
_UNSCALED: Final = {"co"}


def scaled_tree(tree: Tree, scale: Mapping[str, Limit]) -> Tree:
    """``tree`` with every limit scaled; beside a ``limit`` or ``max`` that changed, ``nominal`` keeps what it was.

    ``co`` stays: it is applied to nominal limits.
    """
    result: Tree = {}
    for key, value in tree.items():
        result[key] = value if key in _UNSCALED else _scaled_value(value, scale)
        if key in _NOMINAL and result[key] != value:
            result["nominal"] = value
    return result


def _scaled_value(value: object, scale: Mapping[str, Limit]) -> object:
    if isinstance(value, dict):
        return scaled_tree(value, scale)
    if isinstance(value, str) and value in scale:
        return str(scale[value])
    if isinstance(value, str) and _LIMIT.fullmatch(value):
        return str(scaled(Limit.parse(value), scale))
    return value


def scaled(limit: Limit, scale: Mapping[str, Limit]) -> Limit:
    """``limit`` by the entry of ``scale`` in its unit, rounded up: under ``30min: 1s``, 45min are 2s."""
    for given, becomes in scale.items():
        found = _LIMIT.fullmatch(given)
        if found is not None and found[1] == limit.unit:
            per = int(given.removesuffix(found[1]))
            return Limit(amount=-(-limit.amount * becomes.amount // per), unit=becomes.unit)
    return limit
