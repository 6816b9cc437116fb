"""Thousands of timers due at one instant: how long until all have rung, how late they are, what people notice meanwhile.

``python -m benchmarks.timers [--cases 5000]``. Every case is signed by its unit and has two timers at the same instant (the
unit's yellow light and the overall one), so 5,000 cases are 10,000 timers. The cases are copies of one real life in the pack
``demo`` (:mod:`benchmarks.filling`); their workflows are started before the instant and wait. Lateness is the instant of the
commit less the timer's. ``--lanes`` people take other cases through meanwhile, before the instant and after it. For each
``--spread``: the timers ring over so many seconds, as those of limits in days do in a city.
"""

import argparse
import asyncio
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from sqlalchemy import func, select
from temporalio.client import Client

from benchmarks.crowd import begin, people, worker
from benchmarks.filling import LIVES, fill, found, number
from benchmarks.launching import flags, launch
from benchmarks.measuring import centile, cpu_of, load, tell
from benchmarks.places import place
from storage.models import EventRow, ProcessRow, table
from storage.unit_of_work import Database
from worker.plugin import plugin

PACK: Final = "demo"
MOST: Final = 899_999
"""Above are the originals."""
AFTER_DISPATCH: Final = timedelta(seconds=36)
"""When the yellow lights of a signed order ring in this pack; checked below."""
CALM_S: Final = 10.0
PATIENCE_S: Final = 1800.0
RELAY_AFTER_S: Final = 60.0
"""As the worker has it by itself."""


async def run(args: argparse.Namespace, data: Path) -> None:
    """Measure each spread in a city of its own."""
    for spread in args.spread:
        place_of_its_own = data / f"spread-{spread:g}"
        place_of_its_own.mkdir()
        await _measure(args, spread, place_of_its_own)


async def _measure(args: argparse.Namespace, spread: float, data: Path) -> None:
    """Make the cases, start them, wait for the instant, count."""
    with place(args.database, data, pack=PACK) as where:
        database = Database(where.url)
        client = await Client.connect(where.address, plugins=[plugin(sandbox=False)])
        instant = datetime.now(UTC) + timedelta(seconds=args.setup or 45 + args.cases / 20)
        originals = found(database, {"signed": LIVES["signed"]}, pack=PACK, at=instant - AFTER_DISPATCH)
        fill(where.url, list(originals.values()), 1, args.cases, moved=False)
        armed = await asyncio.to_thread(_waiting, database, instant)
        if armed != args.cases + len(originals):
            raise RuntimeError(f"{armed} cases have a timer at the instant, not {args.cases}")
        # The copies were written without a spread: the relay must not take them for late before they wake.
        settings = {"cached_workflows": str(2 * args.cases), "relay_after": str(RELAY_AFTER_S + spread)}
        if spread:
            settings |= {"module": "benchmarks.spreading_worker", "timer_spread": str(spread)}
        with worker(where, data, **settings) as process:
            start = time.perf_counter()
            await begin(client, [number(n) for n in range(1, args.cases + 1)])
            started = time.perf_counter() - start
            async with people(client, database, args.lanes, PACK) as seen:
                spare = (instant - datetime.now(UTC)).total_seconds()
                if spare < CALM_S:
                    raise RuntimeError(f"the cases took {started:.0f} s to start: give more time with --setup")
                await asyncio.sleep(spare - CALM_S)
                before = len(seen.seconds)
                await asyncio.sleep(CALM_S)
                calm, storm, cpu = seen.since(before), len(seen.seconds), cpu_of(process.pid)
                rang = await _until_rung(database, instant)
                cpu = cpu_of(process.pid) - cpu
                meanwhile = seen.since(storm)
        late = await asyncio.to_thread(_lateness, database, instant)
        tell(
            {
                "benchmark": "timers",
                "database": args.database,
                "server": where.server,
                "cases": args.cases,
                "timers": len(late),
                "spread_s": spread,
                "starts_per_s": round(args.cases / started, 1),
                "all_rang_s": round(rang, 1),
                "late_p50_s": round((centile(late, 50) or 0) / 1000, 1),
                "late_p99_s": round((centile(late, 99) or 0) / 1000, 1),
                "worker_cpu_ms_per_case": round(1000 * cpu / args.cases, 2),
                "people_before": calm,
                "people_meanwhile": meanwhile,
                "people_failed": seen.failed[:5],
                "load_after": load(),
            }
        )
        database.close()


def _waiting(database: Database, instant: datetime) -> int:
    p = table(ProcessRow)
    with database.read() as connection:
        statement = select(func.count()).select_from(p).where(p.c.next_timer_at == instant)
        return int(connection.execute(statement).scalar_one())


async def _until_rung(database: Database, instant: datetime) -> float:
    """Return the seconds from the instant until no case has a timer of that instant left."""
    async with asyncio.timeout(PATIENCE_S):
        # The original's workflow is never started, so its timers stay.
        while await asyncio.to_thread(_waiting, database, instant) > 1:  # noqa: ASYNC110 - the database tells nobody
            await asyncio.sleep(0.5)
    return (datetime.now(UTC) - instant).total_seconds()


def _lateness(database: Database, instant: datetime) -> Sequence[float]:
    e = table(EventRow)
    with database.read() as connection:
        rang = select(e.c.recorded_at).where(e.c.type == "timer_rang", e.c.at == instant)
        statement = rang.where(e.c.process <= f"case/{number(MOST)}")
        return [(at - instant).total_seconds() for at in connection.execute(statement).scalars()]


if __name__ == "__main__":
    parser = flags(__doc__)
    parser.add_argument("--cases", type=int, default=5000)
    parser.add_argument("--spread", type=float, nargs="+", default=[0.0, 180.0], help="seconds over which they ring")
    parser.add_argument("--lanes", type=int, default=4)
    parser.add_argument("--setup", type=float, default=0.0, help="seconds for making and starting the cases")
    launch(parser, run)
