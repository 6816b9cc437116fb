"""The code of the workflows with a change in it, as a later release might have it: loaded from changed source text."""

import importlib
import importlib.util
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import ModuleType
from typing import Any, Final

import pytest

FILES: Final = {
    "CaseWorkflow": "workflows.case",
    "MiddleRingWorkflow": "workflows.middle_ring",
    "LargeRingWorkflow": "workflows.large_ring",
    "ConsultationWorkflow": "workflows.consultation",
    "AdjudicationWorkflow": "workflows.adjudication",
    "LeaderSessionWorkflow": "workflows.leader_session",
    "SupervisionWorkflow": "workflows.supervision",
    "AccountabilityWorkflow": "workflows.accountability",
    "MeasureWorkflow": "workflows.measure",
    "BatchWorkflow": "workflows.batch",
}
"""The file of each type of workflow."""

CHAIN: Final = (
    "domain.process",
    "domain.casework.commands",
    "domain.messages",
    "activities.signatures",
    "workflows.durable",
    "workflows.acts",
    *FILES.values(),
)
"""The modules a recorded history is read and replayed by, in the order in which they import one another."""


class NoSuchPlace(Exception):
    """The text a change is about is not in the file (once): the change has to be written anew."""


@contextmanager
def release(changes: Mapping[str, tuple[str, str]]) -> Iterator[list[type[Any]]]:
    """Load the chain with ``{module: (old text, new text)}`` and give its workflows; the loaded code is back afterwards."""
    for name in CHAIN:
        importlib.import_module(name)  # what is there can be put back
    with pytest.MonkeyPatch.context() as patch:
        first = min(CHAIN.index(name) for name in changes) if changes else 0
        for name in CHAIN[first:]:
            _load(patch, name, changes.get(name))
        yield [getattr(sys.modules[module], name) for name, module in FILES.items()]


def _load(patch: pytest.MonkeyPatch, name: str, change: tuple[str, str] | None) -> None:
    spec = importlib.util.find_spec(name)
    assert spec is not None
    assert spec.origin is not None
    with open(spec.origin, encoding="utf-8") as file:  # noqa: PTH123 - a spec's origin is a text
        source = file.read()
    if change is not None:
        old, new = change
        if source.count(old) != 1:
            raise NoSuchPlace(f"{name} holds {source.count(old)} times: {old!r}")
        source = source.replace(old, new)
    module = ModuleType(name)
    module.__file__, module.__spec__ = spec.origin, spec
    parent, _, short = name.rpartition(".")
    patch.setitem(sys.modules, name, module)
    patch.setattr(sys.modules[parent], short, module)
    exec(compile(source, spec.origin, "exec"), module.__dict__)  # noqa: S102 - our own source, changed by a test
