"""The skeleton of a case, ours beside a bare Temporal workflow with the same steps, on the same server in the same run.

Steps: register → triage → dispatch → sign → submit → review → rated. Ours goes through the journal (journal rows, clocks, todos,
effects, list columns); ``bare`` executes one activity with one INSERT for each step, ``bare-local`` one local activity.
``python -m benchmarks.skeleton [--cases 500] [--in-flight 16] [--database sqlite|postgresql] [--server dev]``.
Driver, worker and activities share one process, the server is another; a closed loop keeps ``in-flight`` cases going. A JSON line
each: cases/s, p50/p99 of one decision from sending to the answer, events and bytes of history a case, CPU of this process.
"""

import argparse
import asyncio
import json
import os
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Column, Integer, MetaData, String, Table, insert
from temporalio import activity, workflow
from temporalio.client import Client, WorkflowHandle
from temporalio.worker import Worker

from cli import servers
from cli.load import load, migrate
from domain.casework import commands as c
from domain.messages import Decision, ProcessStart, Receipt
from domain.process import Actor, Command
from storage.models import PersonRow, RequestRow, table
from storage.unit_of_work import Database
from worker.host import parts, workers
from worker.plugin import plugin
from worker.settings import WorkerSettings

BARE = Table(
    "bare", MetaData(), Column("id", Integer, primary_key=True), Column("case_no", String), Column("step", String)
)
STEPS = ("triage", "dispatch", "sign", "submit_result", "review_result", "record_callback")
Latencies = list[float]


class BareSteps:
    """One INSERT a step."""

    def __init__(self, database: Database) -> None:
        self.database = database

    @activity.defn(name="bare.step")
    def step(self, case: str, name: str) -> str:
        """Insert the step's row."""
        with self.database.write() as connection:
            connection.execute(insert(BARE).values(case_no=case, step=name))
        return name


@workflow.defn(name="Bare")
class Bare:
    """The same steps as updates, each with one activity, beside a 7-day deadline."""

    @workflow.init
    def __init__(self, case: str, local: bool) -> None:  # noqa: FBT001 - the smallest workflow that does it
        self.case, self.local, self.done = case, local, 0

    @workflow.run
    async def run(self, case: str, local: bool) -> None:  # noqa: FBT001 - as above
        """Wait for all steps, or seven days."""
        del case, local
        await self._act("register")
        await workflow.wait_condition(lambda: self.done == len(STEPS), timeout=timedelta(days=7))
        await workflow.wait_condition(workflow.all_handlers_finished)

    @workflow.update
    async def step(self, name: str) -> str:
        """Do one step."""
        await self._act(name)
        self.done += 1
        return name

    async def _act(self, name: str) -> None:
        limit = timedelta(seconds=10)
        if self.local:
            await workflow.execute_local_activity("bare.step", args=[self.case, name], start_to_close_timeout=limit)
        else:
            await workflow.execute_activity("bare.step", args=[self.case, name], start_to_close_timeout=limit)


def bodies(no: str) -> list[tuple[type[Command], Actor, dict[str, Any]]]:
    """Return the decisions of one straight case."""
    liaison = Actor(user="liaison", role="unit_liaison", unit=UNIT)
    submit = {"order": "a1", "code": "solved", "reply": "r#reply", "documents": ("d1",)}
    rated = {"request": no, "reached": True, "solved": "yes", "satisfaction": "satisfied"}
    return [
        (c.Classify, Actor(user="agent", role="agent"), {"triage": "routine"}),
        (c.Dispatch, Actor(user="dispatcher", role="dispatcher"), {"lead": UNIT}),
        (c.Sign, liaison, {"order": "a1"}),
        (c.SubmitResult, liaison, submit),
        (c.ReviewResult, Actor(user="reviewer", role="order_reviewer"), {"order": "a1", "accept": True}),
        (c.RecordCallback, Actor(user="caller", role="callback_officer"), rated),
    ]


UNIT = "finance"


async def ours(client: Client, no: str, latencies: Latencies) -> WorkflowHandle[Any, Any]:
    """Take one case through our workflow."""
    process = f"case/{no}"
    handle = await client.start_workflow("CaseWorkflow", ProcessStart(process=process), id=process, task_queue="cases")
    for n, (model, actor, body) in enumerate(bodies(no)):
        decision = Decision[Any](id=f"{no}-{n}", actor=actor, received_at=datetime.now(UTC), body=model(**body))
        start = time.perf_counter()
        await handle.execute_update(model.NAME, decision, id=decision.id, result_type=Receipt)
        latencies.append(time.perf_counter() - start)
    return handle


def bare(*, local: bool) -> Callable[[Client, str, Latencies], Awaitable[WorkflowHandle[Any, Any]]]:
    """Return how to take one case through the bare workflow."""

    async def take(client: Client, no: str, latencies: Latencies) -> WorkflowHandle[Any, Any]:
        handle = await client.start_workflow("Bare", args=[no, local], id=f"bare/{local}/{no}", task_queue="bare")
        for name in STEPS:
            start = time.perf_counter()
            await handle.execute_update("step", name)
            latencies.append(time.perf_counter() - start)
        return handle

    return take


async def measure(client: Client, name: str, take: Any, numbers: list[str], in_flight: int) -> dict[str, Any]:
    """Keep ``in_flight`` cases going until all are done."""
    latencies: Latencies = []
    waiting = iter(numbers)
    handles: list[WorkflowHandle[Any, Any]] = []

    async def lane() -> None:
        for no in waiting:
            handle = await take(client, no, latencies)
            handles.append(handle)

    cpu, start = _cpu(), time.perf_counter()
    await asyncio.gather(*(lane() for _ in range(in_flight)))
    wall, used = time.perf_counter() - start, _cpu() - cpu
    history = await handles[len(handles) // 2].fetch_history()
    centiles = statistics.quantiles(latencies, n=100)
    return {
        "what": name,
        "cases": len(numbers),
        "in_flight": in_flight,
        "cases_per_s": round(len(numbers) / wall, 1),
        "decision_p50_ms": round(1000 * centiles[49], 1),
        "decision_p99_ms": round(1000 * centiles[98], 1),
        "history_events": len(history.events),
        "history_bytes": sum(e.ByteSize() for e in history.events),
        "cpu_ms_per_case": round(1000 * used / len(numbers), 1),
        "load": round(os.getloadavg()[0], 2),
    }


def _cpu() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


async def run(args: argparse.Namespace, data: Path) -> None:
    """Measure all contestants in turns."""
    url = f"sqlite:///{data / 'bench.db'}"
    postgres = None
    if args.database == "postgresql":
        postgres = servers.PostgresServer.start(data / "postgres", settings={})
        url = postgres.createdb("bench")
    migrate(url)
    load(url, pack="haikou", departments=None)
    settings = WorkerSettings(database_url=url, sandbox=args.sandbox)
    with servers.TemporalServer.start(data / "temporal.db") as server, parts(settings) as shared:
        BARE.create(shared.database.engine)
        client = await Client.connect(server.address, plugins=[plugin(sandbox=args.sandbox)])
        steps = BareSteps(shared.database)
        pool = ThreadPoolExecutor(16)
        all_workers = [
            *workers(client, shared, settings),
            Worker(
                client,
                task_queue="bare",
                workflows=[Bare],
                activities=[steps.step],
                activity_executor=pool,
                max_concurrent_activities=16,
            ),
        ]
        running = [asyncio.create_task(w.run()) for w in all_workers]
        contestants = {"bare": bare(local=False), "bare-local": bare(local=True), "ours": ours}
        for turn in range(args.turns):
            for name, take in contestants.items():
                if args.only and name not in args.only:
                    continue
                numbers = [f"{turn}{len(name)}{n:06d}" for n in range(args.cases)]
                if name == "ours":
                    _register(shared.database, numbers)
                result = await measure(client, name, take, numbers, args.in_flight)
                sys.stdout.write(json.dumps(result | {"database": args.database, "sandbox": args.sandbox}) + "\n")
                sys.stdout.flush()
        for worker in all_workers:
            await worker.shutdown()
        await asyncio.gather(*running)
    if postgres is not None:
        postgres.stop()


def _register(database: Database, numbers: list[str]) -> None:
    now = datetime.now(UTC)
    with database.write() as connection:
        connection.execute(insert(table(PersonRow)), [{"id": n, "created_at": now} for n in numbers])
        row = {
            "channel": "phone",
            "case_type": "complaint",
            "caller_type": "person",
            "grade": "grade_normal",
            "confidential": False,
            "reply_preference": "phone",
            "title": "t",
            "content": "c",
            "language": "zh",
            "digest": "d",
            "pack": "haikou",
            "taken_by": "agent",
            "received_at": now,
        }
        connection.execute(insert(table(RequestRow)), [{**row, "no": n, "person": n} for n in numbers])


def main() -> None:
    """Read the flags and run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=200)
    parser.add_argument("--in-flight", type=int, default=16)
    parser.add_argument("--turns", type=int, default=1)
    parser.add_argument("--database", choices=["sqlite", "postgresql"], default="sqlite")
    parser.add_argument("--sandbox", action="store_true")
    parser.add_argument("--only", nargs="*")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="sanhuan-bench-") as folder:
        Path(folder).chmod(0o755)  # PostgreSQL runs as another user when we are root
        asyncio.run(run(args, Path(folder)))
    sys.stdout.flush()
    os._exit(0)


if __name__ == "__main__":
    main()
