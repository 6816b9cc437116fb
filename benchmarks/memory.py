"""What an open case costs a worker in memory: its process beside 0, 100 and 1,000 cached cases.

``python -m benchmarks.memory [--cases 100 1000]``. The cases are dispatched and wait for their unit, each with its timers armed.
"""

import argparse
import asyncio
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import func, select
from temporalio.client import Client

from benchmarks.crowd import begin, worker
from benchmarks.filling import take_requests
from benchmarks.launching import flags, launch
from benchmarks.measuring import load, resident, tell
from benchmarks.places import place
from storage.models import CaseRow, table
from storage.unit_of_work import Database
from worker.plugin import plugin

REST_S = 3.0
PATIENCE_S = 600.0


async def run(args: argparse.Namespace, data: Path) -> None:
    """Start cases step by step and look at the worker."""
    with place(args.database, data) as where:
        database = Database(where.url)
        client = await Client.connect(where.address, plugins=[plugin(sandbox=False)])
        with worker(where, data, cached_workflows=str(2 * max(args.cases)), relay="false") as process:
            await asyncio.sleep(REST_S)
            found = {0: resident(process.pid)}
            for size in args.cases:
                numbers = [f"20250104-{n:06d}" for n in range(max(found), size)]
                with database.write() as connection:
                    take_requests(connection, numbers, "haikou", datetime.now(UTC))
                await begin(client, numbers, ("triage", "dispatch"))
                await _dispatched(database, size)
                await asyncio.sleep(REST_S)
                found[size] = resident(process.pid)
        few, many = min(args.cases), max(args.cases)
        tell(
            {
                "benchmark": "memory",
                "database": args.database,
                "resident_mb": {str(n): round(b / 2**20, 1) for n, b in found.items()},
                "kb_per_open_case": round((found[many] - found[few]) / (many - few) / 1024, 1),
                "load_after": load(),
            }
        )
        database.close()


async def _dispatched(database: Database, size: int) -> None:
    c = table(CaseRow)
    statement = select(func.count()).where(c.c.lead_unit.is_not(None))

    def count() -> int:
        with database.read() as connection:
            return int(connection.execute(statement).scalar_one())

    async with asyncio.timeout(PATIENCE_S):
        while await asyncio.to_thread(count) < size:  # noqa: ASYNC110 - the database tells nobody
            await asyncio.sleep(0.5)


if __name__ == "__main__":
    parser = flags(__doc__)
    parser.add_argument("--cases", type=int, nargs="+", default=[100, 1000])
    launch(parser, run)
