"""Build the workers of one process: one per queue, all on one client."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta

import httpx
from temporalio.client import Client
from temporalio.worker import PollerBehaviorAutoscaling, Worker

from activities.batches import Batches
from activities.cadence import Cadence
from activities.departments.sender import Departments
from activities.journal import Journal
from activities.notices import Notices
from activities.signatures import CASES, DEPARTMENTS, NOTICES
from activities.tell import Tell
from storage.unit_of_work import Database
from worker.metrics import Measuring, WorkerMetrics
from worker.settings import WorkerSettings
from workflows.accountability import AccountabilityWorkflow
from workflows.adjudication import AdjudicationWorkflow
from workflows.batch import BatchWorkflow
from workflows.cadence import CadenceWorkflow
from workflows.case import CaseWorkflow
from workflows.consultation import ConsultationWorkflow
from workflows.large_ring import LargeRingWorkflow
from workflows.leader_session import LeaderSessionWorkflow
from workflows.measure import MeasureWorkflow
from workflows.middle_ring import MiddleRingWorkflow
from workflows.supervision import SupervisionWorkflow

WORKFLOWS: Sequence[type] = (
    CaseWorkflow,
    MiddleRingWorkflow,
    LargeRingWorkflow,
    ConsultationWorkflow,
    AdjudicationWorkflow,
    LeaderSessionWorkflow,
    SupervisionWorkflow,
    AccountabilityWorkflow,
    MeasureWorkflow,
    BatchWorkflow,
)
GRACE = timedelta(seconds=30)
CALLS = 64
"""Calls to department systems at once, those included that nobody waits for any more."""


@dataclass(frozen=True)
class Parts:
    """What the activities of one process share."""

    database: Database
    http: httpx.Client
    threads: ThreadPoolExecutor
    senders: ThreadPoolExecutor
    """For messages to departments alone: systems that do not answer keep these waiting and nothing else."""
    calls: ThreadPoolExecutor
    """For the calls themselves, which may last longer than they are waited for."""


@contextmanager
def parts(settings: WorkerSettings) -> Iterator[Parts]:
    """Open database, HTTP client and threads; close them at the end."""
    database = Database(settings.database_url, pool_size=2 * settings.threads)
    with (
        ThreadPoolExecutor(settings.threads, thread_name_prefix="activity") as threads,
        ThreadPoolExecutor(settings.threads, thread_name_prefix="sender") as senders,
        httpx.Client(limits=httpx.Limits(max_connections=CALLS), follow_redirects=False) as http,
    ):
        calls = ThreadPoolExecutor(CALLS, thread_name_prefix="call")
        try:
            yield Parts(database, http, threads, senders, calls)
        finally:
            calls.shutdown(wait=False, cancel_futures=True)
            database.close()


def workers(
    client: Client, shared: Parts, settings: WorkerSettings, metrics: WorkerMetrics | None = None
) -> list[Worker]:
    """Return the workers for cases, departments and notices. Queues are by kind of work (architecture 5)."""
    journal = Journal(shared.database, timedelta(seconds=settings.timer_spread))
    measuring = [Measuring(metrics or WorkerMetrics())]
    cases = Worker(
        client,
        task_queue=CASES,
        workflows=[*WORKFLOWS, CadenceWorkflow],
        activities=[journal.commit],
        activity_executor=shared.threads,
        max_cached_workflows=settings.cached_workflows,
        max_concurrent_local_activities=settings.threads,
        max_concurrent_activities=settings.threads,
        workflow_task_poller_behavior=PollerBehaviorAutoscaling(initial=5),
        graceful_shutdown_timeout=GRACE,
        interceptors=measuring,
    )
    departments = Worker(
        client,
        task_queue=DEPARTMENTS,
        activities=[Departments(shared.database, shared.http, shared.calls).send_order_message],
        activity_executor=shared.senders,
        max_concurrent_activities=settings.threads,
        graceful_shutdown_timeout=GRACE,
        interceptors=measuring,
    )
    notices = Worker(
        client,
        task_queue=NOTICES,
        activities=[
            Notices(shared.database).give_notice,
            Tell(shared.database, client).tell_process,
            Cadence(shared.database, client).strike,
            Batches(shared.database, client).take_slice,
        ],
        activity_executor=shared.threads,
        max_concurrent_activities=settings.threads,
        graceful_shutdown_timeout=GRACE,
        interceptors=measuring,
    )
    return [cases, departments, notices]
