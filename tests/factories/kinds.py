"""All kinds of processes that :mod:`domain` has, registered or not yet: a module with a ``DECIDER`` is one."""

import importlib
from pathlib import Path

import domain
from domain.deciders import DECIDERS
from domain.process import Decider


def kinds() -> dict[str, Decider]:
    """Return every decider by kind, those that are registered first."""
    names = sorted(p.stem for p in Path(domain.__file__).parent.glob("*.py"))
    found = [getattr(importlib.import_module(f"domain.{n}"), "DECIDER", None) for n in names if n != "__init__"]
    return dict(DECIDERS) | {d.kind: d for d in found if isinstance(d, Decider)}
