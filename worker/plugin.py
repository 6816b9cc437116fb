"""The one plugin of client, worker, tests and Replayer: they cannot drift apart."""

from dataclasses import replace

from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.plugin import SimplePlugin
from temporalio.worker import UnsandboxedWorkflowRunner
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner, SandboxRestrictions

from worker.reticence import ReticentFailures

PASSED_THROUGH = ("domain", "activities", "workflows", "pydantic", "pydantic_core", "zoneinfo", "tzdata")
DATA_CONVERTER = replace(pydantic_data_converter, failure_converter_class=ReticentFailures)


def plugin(*, sandbox: bool = True) -> SimplePlugin:
    """Return the project's plugin. The sandbox is for tests and replay; it reloads nothing of ours."""
    restrictions = SandboxRestrictions.default.with_passthrough_modules(*PASSED_THROUGH)
    runner = SandboxedWorkflowRunner(restrictions=restrictions) if sandbox else UnsandboxedWorkflowRunner()
    return SimplePlugin("sanhuan", data_converter=DATA_CONVERTER, workflow_runner=runner)
