"""Does it cost more when there are more cases? The same, alternating, beside 1,000 and beside 100,000 cases in the database.

``python -m benchmarks.size [--database …] [--few 1000] [--many 100000] [--lives 100]`` measures decisions (the journal's commit,
seven to a life), the lists a dispatcher lives with (through the API, with the plans of their SQL) and the relay's look.
Databases are filled with copies of real lives (:mod:`benchmarks.filling`). A JSON line each; ``ratio`` is many over few of the
medians.
"""

import argparse
import asyncio
import statistics
import time
from collections import defaultdict
from collections.abc import Sequence
from contextlib import AsyncExitStack, ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from activities.journal import Journal
from benchmarks import lists, relay
from benchmarks.filling import LIVES, Life, fill, found, take_requests
from benchmarks.launching import flags, launch
from benchmarks.measuring import centile, load, tell
from benchmarks.places import POSTGRES
from cli import servers
from cli.load import load as load_city
from cli.load import migrate
from storage.unit_of_work import Database

WHOLE: Final = (None, *LIVES["closed"])
WARM: Final = 3
PAGE: Final = 10


def compared(what: str, few: Sequence[float], many: Sequence[float]) -> dict[str, Any]:
    """Return both medians in ms and their ratio."""
    one, other = statistics.median(few), statistics.median(many)
    return {
        "what": what,
        "few_ms": round(1000 * one, 2),
        "many_ms": round(1000 * other, 2),
        "many_p99_ms": centile(many, 99),
        "ratio": round(other / one, 2) if one else None,
    }


def decisions(pair: Sequence[Database], lives: int) -> list[dict[str, Any]]:
    """Live whole lives beside few and beside many, step by step in turns; return CPU and wall time of a commit."""
    journals = [Journal(database) for database in pair]
    walls: list[list[float]] = [[], []]
    cpus: list[list[float]] = [[], []]
    for n in range(lives + WARM):
        no = f"20250102-{n:06d}"
        for database in pair:
            with database.write() as connection:
                take_requests(connection, [no], "haikou", datetime.now(UTC))
        both = [Life(journal, no) for journal in journals]
        for step, name in enumerate(WHOLE):
            for which in (0, 1) if (n + step) % 2 else (1, 0):
                wall, cpu = time.perf_counter(), time.thread_time()
                both[which].commit(name)
                if n >= WARM:
                    cpus[which].append(time.thread_time() - cpu)
                    walls[which].append(time.perf_counter() - wall)
    return [compared("decision, wall", *walls), compared("decision, CPU", *cpus)]


async def asking(urls: Sequence[str], rounds: int) -> list[dict[str, Any]]:
    """Ask every list beside few and beside many in turns; return wall time and what the plans read without an index."""
    async with AsyncExitStack() as exits:
        desks = [await exits.enter_async_context(lists.desk(url)) for url in urls]
        out = []
        for what, who, path, params in lists.ASKED:
            out.append(await _ask(desks, what, who, path, [params, params], rounds))
            if what in lists.PAGES:
                pages = [await _tenth(desk, who, path, params) for desk in desks]
                out.append(await _ask(desks, f"{what}, page {PAGE}", who, path, pages, rounds))
    return out


async def _ask(
    desks: Sequence[lists.Desk], what: str, who: str, path: str, params: Sequence[Any], rounds: int
) -> dict[str, Any]:
    walls: list[list[float]] = [[], []]
    for n in range(rounds + WARM):
        for which in (0, 1) if n % 2 else (1, 0):
            wall, _ = await desks[which].ask(who, path, params[which])
            if n >= WARM:
                walls[which].append(wall)
    heard = tuple(desks[1].heard)
    plans = [line for statement, p in heard for line in lists.plan(desks[1].database, statement, p)]
    return {
        **compared(what, *walls),
        "statements": len(heard),
        "full_scans": lists.full_scans(plans),
        "plan": plans,
    }


async def _tenth(desk: lists.Desk, who: str, path: str, params: Any) -> dict[str, str]:
    """Return the parameters of the tenth page, or of the last one there is."""
    found_params = dict(params)
    for _ in range(PAGE - 1):
        _, answer = await desk.ask(who, path, found_params)
        if not answer["next"]:
            break
        found_params["cursor"] = answer["next"]
    return found_params


def relaying(pair: Sequence[Database], sizes: Sequence[int], rounds: int) -> list[dict[str, Any]]:
    """Look as the relay does, in calm and with some hundred cases behind."""
    out = []
    for state in ("in calm", f"{relay.BEHIND} behind"):
        seconds: dict[str, list[list[float]]] = defaultdict(lambda: [[], []])
        behind = [0, 0]
        for n in range(rounds + WARM):
            for which in (0, 1) if n % 2 else (1, 0):
                one, behind[which] = relay.look(pair[which])
                for question, took in one.items() if n >= WARM else ():
                    seconds[question][which].append(took)
        out += [compared(f"relay: {q}, {state}", *took) | {"found": behind} for q, took in seconds.items()]
        for database, size in zip(pair, sizes, strict=True):
            relay.put_behind(database, size)
    return out


def run(args: argparse.Namespace, data: Path) -> None:
    """Make both databases, measure, tell."""
    sizes = (args.few, args.many)
    common = {"benchmark": "size", "database": args.database, "few": args.few, "many": args.many}
    with ExitStack() as exits:
        urls = _urls(exits, args.database, data)
        pair = []
        for url, size in zip(urls, sizes, strict=True):
            start = time.perf_counter()
            migrate(url)
            load_city(url, pack="haikou", departments=None)
            database = Database(url)
            exits.callback(database.close)
            originals = list(found(database, LIVES).values())
            fill(url, originals, 1, size)
            pair.append(database)
            tell({**common, "what": f"filling {size}", "seconds": round(time.perf_counter() - start, 1)})
        before = load()
        for line in decisions(pair, args.lives):
            tell({**common, **line, "load_before": before, "load_after": load()})
        for line in asyncio.run(asking(urls, args.rounds)):
            tell({**common, **line, "load_before": before, "load_after": load()})
        for line in relaying(pair, sizes, args.rounds):
            tell({**common, **line, "load_before": before, "load_after": load()})


def _urls(exits: ExitStack, kind: str, data: Path) -> list[str]:
    names = ("few", "many")
    if kind == "sqlite":
        return [f"sqlite:///{data / name}.db" for name in names]
    server = exits.enter_context(servers.PostgresServer.start(data / "postgres", settings=POSTGRES))
    return [server.createdb(name) for name in names]


if __name__ == "__main__":
    parser = flags(__doc__)
    parser.add_argument("--few", type=int, default=1000)
    parser.add_argument("--many", type=int, default=100_000)
    parser.add_argument("--lives", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=20, help="how often each list is asked for")
    launch(parser, run)
