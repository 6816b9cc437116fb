"""A batch over a city's open cases: another calendar for each, while people decide on others.

``python -m benchmarks.batch [--cases 10000] [--rate 20]``. The cases are copies of dispatched ones. Told are how long preview and
the run took, how many cases a second changed, and how long people waited for their decisions before and meanwhile: the worst of
them may not be over two seconds.
"""

import argparse
import asyncio
import time
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Final

from temporalio.client import Client

from activities.signatures import CASES
from benchmarks.crowd import people, worker
from benchmarks.filling import LIVES, fill, found
from benchmarks.launching import flags, launch
from benchmarks.measuring import cpu_of, load, tell
from benchmarks.places import place
from benchmarks.sending import send_update
from domain.batching.commands import ApproveBatch, BeginBatch
from domain.batching.words import Ground
from domain.calendar import Calendar
from domain.messages import Decision, ProcessStart, Receipt
from domain.process import Actor, Command, Envelope
from storage.batches import count_results, stage_of
from storage.city import put_calendar
from storage.policies import load_calendar
from storage.unit_of_work import Database
from worker.plugin import plugin

PACK: Final = "haikou"
BATCH: Final = "batch/20250105-BENCHA"
CALM_S: Final = 10.0
DAYS_OFF: Final = 14
WHO: Final = {"begin_batch": "calendar_keeper", "approve_batch": "city_office"}


def noticed(database: Database) -> str:
    """Register a calendar in which the next two weeks are off; return its version."""
    now = datetime.now(UTC)
    off = {date.fromordinal(now.date().toordinal() + n) for n in range(1, DAYS_OFF + 1)}
    years = tuple(
        y.model_copy(
            update={
                "version": f"{y.year}.9",
                "off": y.off | {d for d in off if d.year == y.year},
                "make_up": y.make_up - off,
            }
        )
        for y in load_calendar().years
    )
    calendar = Calendar(version="cn:" + "+".join(y.version for y in years), years=years)
    with database.write() as connection:
        put_calendar(connection, version=calendar.version, body=calendar.model_dump_json(), now=now)
    return calendar.version


async def run(args: argparse.Namespace, data: Path) -> None:
    """Fill the city, preview, approve, wait until the last case has answered."""
    with place(args.database, data, pack=PACK) as where:
        database = Database(where.url)
        client = await Client.connect(where.address, plugins=[plugin(sandbox=False)])
        original = found(database, {"dispatched": LIVES["dispatched"]}, pack=PACK)["dispatched"]
        fill(where.url, [original], 1, args.cases - 1, moved=False)
        calendar = noticed(database)
        with worker(where, data) as process:
            async with people(client, database, args.lanes, PACK) as seen:
                await asyncio.sleep(CALM_S)
                calm, calm_n = seen.since(0), len(seen.seconds)
                start, cpu = time.perf_counter(), cpu_of(process.pid)
                opening = BeginBatch(
                    ground=Ground.calendar_notice, calendar=calendar, reason="bench#reason", rate=args.rate
                )
                await begin(client, opening)
                await until(database, "to_approve")
                preview, preview_n = time.perf_counter() - start, len(seen.seconds)
                looking, start = seen.since(calm_n), time.perf_counter()
                await give(client, "approve_batch", ApproveBatch())
                await until(database, "finished")
                wall, cpu = time.perf_counter() - start, cpu_of(process.pid) - cpu
                meanwhile, worst = seen.since(preview_n), max(seen.seconds[calm_n:], default=0.0)
        with database.read() as connection:
            results = count_results(connection, BATCH, "", None).model_dump()
        tell(
            {
                "benchmark": "batch",
                "database": args.database,
                "server": where.server,
                "cases": args.cases,
                "rate": args.rate,
                "preview_s": round(preview, 1),
                "run_s": round(wall, 1),
                "changed_per_s": round(results["changed"] / wall, 1),
                "results": results,
                "worker_cpu_ms_per_case": round(1000 * cpu / args.cases, 2),
                "people_before": calm,
                "people_previewing": looking,
                "people_meanwhile": meanwhile,
                "people_worst_ms": round(1000 * worst),
                "people_failed": seen.failed[:5],
                "load_after": load(),
            }
        )
        database.close()


async def begin(client: Client, command: Command) -> None:
    """Begin the batch, with its first decision waiting."""
    envelope = Envelope(
        id=f"{BATCH}/{command.NAME}",
        process=BATCH,
        name=command.NAME,
        body=command.model_dump(mode="json"),
        actor=actor(command.NAME),
        received_at=datetime.now(UTC),
    )
    start = ProcessStart(process=BATCH, waiting=(envelope,))
    await client.start_workflow("BatchWorkflow", start, id=BATCH, task_queue=CASES)


async def give(client: Client, name: str, command: Command) -> None:
    """Give the batch a decision."""
    id_ = f"{BATCH}/{name}"
    decision = Decision[Any](id=id_, actor=actor(name), received_at=datetime.now(UTC), body=command)
    await send_update(client.get_workflow_handle(BATCH), name, decision, id_, Receipt)


def actor(name: str) -> Actor:
    """Return who gives a command."""
    return Actor(user=f"bench-{name}", role=WHO[name])


async def until(database: Database, stage: str) -> None:
    """Wait until the batch stands at a stage."""

    def reached() -> bool:
        with database.read() as connection:
            return stage_of(connection, BATCH) == stage

    while not await asyncio.to_thread(reached):  # noqa: ASYNC110 - the database tells nobody
        await asyncio.sleep(0.2)


if __name__ == "__main__":
    parser = flags(__doc__)
    parser.add_argument("--cases", type=int, default=10_000)
    parser.add_argument("--rate", type=int, default=20)
    parser.add_argument("--lanes", type=int, default=2)
    launch(parser, run)
