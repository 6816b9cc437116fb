"""Run a worker: ``python -m worker``. Ends gracefully on SIGTERM and SIGINT."""

import gc

if __name__ == "__main__":
    # What is loaded stays: to look through it for garbage again and again would take a fifth of the start.
    gc.disable()

import asyncio
import os
import signal
import sys
from datetime import UTC, datetime

import structlog
from temporalio.client import Client
from temporalio.runtime import PrometheusConfig, Runtime, TelemetryConfig
from temporalio.service import RPCError

from storage.rules import RuleMissing
from storage.unit_of_work import Database, StorageUnavailable
from worker.host import parts, workers
from worker.metrics import WorkerMetrics
from worker.plugin import plugin
from worker.relay import Relay
from worker.reticence import log_for_operators
from worker.schedules import ensure
from worker.settings import WorkerSettings

log = structlog.get_logger()


def runtime_of(settings: WorkerSettings) -> Runtime:
    """Return the SDK's runtime, which serves the SDK's own figures where a port is given for them."""
    if settings.sdk_metrics_port:
        address = f"{settings.metrics_host}:{settings.sdk_metrics_port}"
        config = PrometheusConfig(
            bind_address=address, counters_total_suffix=True, unit_suffix=True, durations_as_seconds=True
        )
        try:
            return Runtime(telemetry=TelemetryConfig(metrics=config))
        except (RuntimeError, ValueError) as error:
            # Two workers of one machine may have the same settings, as during an upgrade: the second has no such figures.
            log.warning("sdk_metrics_not_served", port=settings.sdk_metrics_port, error=type(error).__name__)
    return Runtime(telemetry=TelemetryConfig())


async def connect(settings: WorkerSettings) -> Client:
    """Connect to Temporal, waiting as long as it takes: a worker that starts before its server is no error."""
    runtime = runtime_of(settings)
    while True:
        try:
            return await Client.connect(
                settings.temporal_address,
                namespace=settings.temporal_namespace,
                plugins=[plugin(sandbox=settings.sandbox)],
                runtime=runtime,
            )
        except (RPCError, RuntimeError) as error:
            log.warning("temporal_not_there", address=settings.temporal_address, error=type(error).__name__)
            await asyncio.sleep(1)


async def schedule(client: Client, database: Database) -> None:
    """Make the city's schedules. What cannot be done now is tried again."""
    while True:
        try:
            made = await ensure(client, database)
        except (RPCError, StorageUnavailable, RuleMissing) as error:
            log.warning("schedules_not_made", error=type(error).__name__)
            await asyncio.sleep(30)
        else:
            log.info("schedules", made=len(made))
            return


async def main(settings: WorkerSettings) -> None:
    """Work until told to stop."""
    log_for_operators()
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    metrics = WorkerMetrics()
    if settings.metrics_port:
        metrics.serve(settings.metrics_host, settings.metrics_port)
    client = await connect(settings)
    with parts(settings) as shared:
        running = workers(client, shared, settings, metrics)
        tasks = [asyncio.create_task(worker.run()) for worker in running]
        beside: list[asyncio.Task[None]] = []
        if settings.relay:
            beside.append(asyncio.create_task(Relay(shared.database, client, settings, metrics).run()))
        if settings.health_file:
            settings.health_file.write_text(datetime.now(UTC).isoformat())
        log.info("worker_ready", temporal=settings.temporal_address)
        if settings.schedules:
            beside.append(asyncio.create_task(schedule(client, shared.database)))
        stopping = asyncio.create_task(stop.wait())
        await asyncio.wait([stopping, *tasks], return_when=asyncio.FIRST_COMPLETED)
        for task in beside:
            task.cancel()
        await asyncio.gather(*beside, return_exceptions=True)
        await asyncio.gather(*(worker.shutdown() for worker in running))
        for task in tasks:
            task.result() if task.done() else await task


if __name__ == "__main__":
    gc.freeze()
    gc.enable()
    asyncio.run(main(WorkerSettings()))
    # The SDK may abort while the interpreter ends (temporal.md, pitfall 18); all work is done by now.
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)
