"""The one plugin of client, worker, tests and Replayer: they cannot drift apart."""

from typing import ClassVar, Self

from temporalio.contrib.pydantic import PydanticPayloadConverter
from temporalio.converter import DataConverter
from temporalio.plugin import SimplePlugin
from temporalio.worker import UnsandboxedWorkflowRunner
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner, SandboxRestrictions

from worker.reticence import ReticentFailures

PASSED_THROUGH = ("domain", "activities", "workflows", "pydantic", "pydantic_core", "zoneinfo", "tzdata")


class SharedConverter(PydanticPayloadConverter):
    """Pydantic's converter, one instance a process: it has no state but a cache of type adapters.

    The SDK makes a converter for every activation and every workflow, each with an empty cache (docs/decisions/0007).
    """

    _one: ClassVar["SharedConverter | None"] = None

    def __new__(cls) -> Self:
        """Return the one instance."""
        if cls._one is None:
            cls._one = super().__new__(cls)
        return cls._one  # type: ignore[return-value]

    def __init__(self) -> None:
        """Set the instance up when it is new."""
        if not hasattr(self, "converters"):
            super().__init__()


DATA_CONVERTER = DataConverter(payload_converter_class=SharedConverter, failure_converter_class=ReticentFailures)


def plugin(*, sandbox: bool = True) -> SimplePlugin:
    """Return the project's plugin. The sandbox is for tests and replay; it reloads nothing of ours."""
    restrictions = SandboxRestrictions.default.with_passthrough_modules(*PASSED_THROUGH)
    runner = SandboxedWorkflowRunner(restrictions=restrictions) if sandbox else UnsandboxedWorkflowRunner()
    return SimplePlugin("sanhuan", data_converter=DATA_CONVERTER, workflow_runner=runner)
