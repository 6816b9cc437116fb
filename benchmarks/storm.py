"""A storm of notices: hundreds of cases dispatched at one moment, each to a lead and to many units that only learn of it.

``python -m benchmarks.storm [--cases 300] [--informed 20]``. Counted are the rows by which units and callers are told; the clock
stops when none of them is owed any more. ``--lanes`` people take other cases through meanwhile.
"""

import argparse
import asyncio
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from sqlalchemy import func, select
from temporalio.client import Client

from benchmarks.crowd import begin, give, people, worker
from benchmarks.filling import take_requests
from benchmarks.launching import flags, launch
from benchmarks.measuring import centile, cpu_of, load, tell
from benchmarks.places import place
from benchmarks.shapes import UNIT
from domain.casework.commands import COMMANDS
from storage.models import DeliveryRow, EffectRow, NoticeRow, UnitRow, table
from storage.unit_of_work import Database
from worker.plugin import plugin

PACK: Final = "haikou"
CALM_S: Final = 10.0
PATIENCE_S: Final = 600.0


async def run(args: argparse.Namespace, data: Path) -> None:
    """Open the cases, dispatch them all at once, wait until all have been told."""
    with place(args.database, data, pack=PACK) as where:
        database = Database(where.url)
        client = await Client.connect(where.address, plugins=[plugin(sandbox=False)])
        numbers = [f"20250105-{n:06d}" for n in range(args.cases)]
        with database.write() as connection:
            take_requests(connection, numbers, PACK, datetime.now(UTC))
        command = COMMANDS["dispatch"].model_validate({"lead": UNIT, "informed": _others(database, args.informed)})
        with worker(where, data) as process:
            await begin(client, numbers, ("triage",))
            async with people(client, database, args.lanes, PACK) as seen:
                await asyncio.sleep(CALM_S)
                calm, calm_n = seen.since(0), len(seen.seconds)
                told, cpu, start = _told(database), cpu_of(process.pid), time.perf_counter()
                took = await asyncio.gather(*(give(client, no, "dispatch", command) for no in numbers))
                answered = time.perf_counter() - start
                async with asyncio.timeout(PATIENCE_S):
                    while await asyncio.to_thread(_owed, database):  # noqa: ASYNC110 - the database tells nobody
                        await asyncio.sleep(0.1)
                wall, cpu = time.perf_counter() - start, cpu_of(process.pid) - cpu
                told, meanwhile = _told(database) - told, seen.since(calm_n)
        tell(
            {
                "benchmark": "storm",
                "database": args.database,
                "server": where.server,
                "cases": args.cases,
                "units_each": args.informed + 1,
                "told": told,
                "answered_s": round(answered, 1),
                "all_told_s": round(wall, 1),
                "told_per_s": round(told / wall, 1),
                "dispatch_p50_ms": centile(took, 50),
                "dispatch_p99_ms": centile(took, 99),
                "worker_cpu_ms_per_case": round(1000 * cpu / args.cases, 2),
                "people_before": calm,
                "people_meanwhile": meanwhile,
                "people_failed": seen.failed[:5],
                "load_after": load(),
            }
        )
        database.close()


def _others(database: Database, most: int) -> Sequence[str]:
    u = table(UnitRow)
    with database.read() as connection:
        statement = select(u.c.code).where(u.c.level == "city", u.c.code != UNIT).order_by(u.c.code).limit(most)
        return list(connection.execute(statement).scalars())


def _told(database: Database) -> int:
    with database.read() as connection:
        counts = (select(func.count()).select_from(table(model)) for model in (NoticeRow, DeliveryRow))
        return sum(int(connection.execute(statement).scalar_one()) for statement in counts)


def _owed(database: Database) -> int:
    e = table(EffectRow)
    with database.read() as connection:
        return int(connection.execute(select(func.count()).where(e.c.status == "planned")).scalar_one())


if __name__ == "__main__":
    parser = flags(__doc__)
    parser.add_argument("--cases", type=int, default=300)
    parser.add_argument("--informed", type=int, default=20)
    parser.add_argument("--lanes", type=int, default=4)
    launch(parser, run)
