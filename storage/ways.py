"""Reads which stages lead to which: ``domain/ways/{kind}.yaml``, one row an arrow, with what leads along it.

The rows are no rules: a process goes where its decider says. They are what was seen of the deciders, and ``tests/domain/ways.py``
keeps them true both ways: a step that is no row fails the test that takes it, and every row has a recorded step that is taken
again. ``python -m tests.domain.ways`` writes them anew.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from storage import yaml_text

WAYS: Final = Path(__file__).resolve().parent.parent / "domain" / "ways"
CLOCK: Final = "clock."
"""Before the name of a clock that leads somewhere when it rings; anything else that leads is a command."""


@dataclass(frozen=True)
class Way:
    """One arrow: from a stage to another by a command, or by a clock (``clock.vote``)."""

    source: str
    cause: str
    target: str


@dataclass(frozen=True)
class Ways:
    """The stages of a kind of process in the order of its main way, and its arrows: by stage and next stage, what leads there."""

    stages: tuple[str, ...]
    arrows: Mapping[str, Mapping[str, tuple[str, ...]]]

    def __iter__(self) -> Iterator[Way]:
        """Return the arrows one by one."""
        for source, targets in self.arrows.items():
            for target, causes in targets.items():
                yield from (Way(source, cause, target) for cause in causes)

    def after(self, stage: str, *, onward: bool = False) -> frozenset[str]:
        """Return all stages that can be come to from a stage, over however many others; ``onward``: never by a step back."""
        place = {name: n for n, name in enumerate(self.stages)}
        found = [stage]
        for source in found:  # grows while it is read
            targets = [t for t in self.arrows.get(source, {}) if not onward or place[t] > place.get(source, -1)]
            found += [t for t in targets if t not in found[1:]]
        return frozenset(found[1:])


@cache
def load_ways(kind: str) -> Ways:
    """Return the stages and arrows of a kind of process; nothing of a kind that has no file."""
    path = WAYS / f"{kind}.yaml"
    tree = yaml_text.load(path.read_text(encoding="utf-8")) if path.exists() else {"stages": [], "arrows": {}}
    arrows = {s: {t: tuple(causes) for t, causes in targets.items()} for s, targets in tree["arrows"].items()}
    return Ways(tuple(tree["stages"]), arrows)
