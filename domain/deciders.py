"""All kinds of processes, by the first word of their ids."""

from collections.abc import Mapping
from typing import Final

from domain import case
from domain.process import Decider

DECIDERS: Final[Mapping[str, Decider]] = {case.KIND: case.DECIDER}


def decider_of(process: str) -> Decider:
    """Return the decider of a process id such as ``case/20261122-000001``; KeyError for an unknown kind."""
    return DECIDERS[process.partition("/")[0]]
