"""How an outward act is carried out: queue, patience and what the Temporal UI calls it. Workflow files choose; this says how."""

from contextlib import suppress
from datetime import timedelta

from temporalio import workflow
from temporalio.common import Priority, RetryPolicy, WorkflowIDReusePolicy
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.workflow import ParentClosePolicy

with workflow.unsafe.imports_passed_through():
    from activities import signatures
    from activities.signatures import CASES, DEPARTMENTS, NOTICES, EffectOrder, Performed
    from domain.deciders import workflow_of
    from domain.messages import ProcessStart

URGENT = Priority(priority_key=1)
NORMAL = Priority(priority_key=3)


def _priority(effect: EffectOrder) -> Priority:
    return URGENT if effect.urgent else NORMAL


async def send_order_message(effect: EffectOrder) -> Performed:
    """Hand a message about an order to its unit. The activity keeps the unit's budget; this policy is for outages of our own."""
    return await workflow.execute_activity(
        signatures.send_order_message,
        effect,
        task_queue=DEPARTMENTS,
        start_to_close_timeout=timedelta(seconds=effect.timeout_s + 5),
        retry_policy=RetryPolicy(maximum_interval=timedelta(seconds=15)),
        priority=_priority(effect),
        summary=effect.summary,
    )


async def give_notice(effect: EffectOrder) -> Performed:
    """Give a notice."""
    return await workflow.execute_activity(
        signatures.give_notice,
        effect,
        task_queue=NOTICES,
        start_to_close_timeout=timedelta(seconds=10),
        retry_policy=RetryPolicy(maximum_interval=timedelta(seconds=30)),
        priority=_priority(effect),
        summary=effect.summary,
    )


async def tell(effect: EffectOrder) -> Performed:
    """Tell another process and wait for its word."""
    return await workflow.execute_activity(
        signatures.tell_process,
        effect,
        task_queue=NOTICES,
        start_to_close_timeout=timedelta(seconds=20),
        retry_policy=RetryPolicy(maximum_interval=timedelta(seconds=30)),
        priority=_priority(effect),
        summary=effect.summary,
    )


async def take_slice(effect: EffectOrder) -> Performed:
    """Deal with the next cases of a batch; a worker that dies is noticed by its silence, and the slice is taken by another."""
    return await workflow.execute_activity(
        signatures.take_slice,
        effect,
        task_queue=NOTICES,
        start_to_close_timeout=timedelta(minutes=2),
        heartbeat_timeout=timedelta(seconds=20),
        retry_policy=RetryPolicy(maximum_interval=timedelta(seconds=30)),
        priority=_priority(effect),
        summary=effect.summary,
    )


async def start(effect: EffectOrder) -> Performed:
    """Begin another process as a child that outlives this run, then make sure that its journal has opened it.

    The child opens itself by what this process owes it; the telling after that finds it done, or opens it where the child could
    not be started because one of that id runs already.
    """
    with suppress(WorkflowAlreadyStartedError):
        await workflow.start_child_workflow(
            workflow_of(effect.target),
            ProcessStart(process=effect.target),
            id=effect.target,
            task_queue=CASES,
            id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
            parent_close_policy=ParentClosePolicy.ABANDON,
            priority=_priority(effect),
            static_summary=effect.summary,
        )
    return await tell(effect)
