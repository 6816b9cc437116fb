"""All kinds of processes, by the first word of their ids, and the type under which the Temporal UI shows each."""

from collections.abc import Mapping
from typing import Final

from domain import accountability, adjudication, batch, case, consultation, measure, ring, session, supervision
from domain.process import Decider

DECIDERS: Final[Mapping[str, Decider]] = {
    module.DECIDER.kind: module.DECIDER
    for module in (case, ring, consultation, adjudication, session, supervision, accountability, measure, batch)
}

WORKFLOWS: Final[Mapping[str, str]] = {
    "case": "CaseWorkflow",
    "ring/middle": "MiddleRingWorkflow",
    "ring/large": "LargeRingWorkflow",
    "consultation": "ConsultationWorkflow",
    "adjudication": "AdjudicationWorkflow",
    "session": "LeaderSessionWorkflow",
    "supervision": "SupervisionWorkflow",
    "accountability": "AccountabilityWorkflow",
    "measure": "MeasureWorkflow",
    "batch": "BatchWorkflow",
}
"""By kind; by kind and level where the levels are types of their own."""


def decider_of(process: str) -> Decider:
    """Return the decider of a process id such as ``case/20261122-000001``; KeyError for an unknown kind."""
    return DECIDERS[process.partition("/")[0]]


def workflow_of(process: str) -> str:
    """Return the workflow type of a process id; KeyError for an unknown kind. ``ring/{no}/{level}/{n}`` goes by its level."""
    kind, *rest = process.split("/")
    levels = [WORKFLOWS[f"{kind}/{part}"] for part in rest if f"{kind}/{part}" in WORKFLOWS]
    return levels[0] if levels else WORKFLOWS[kind]
