"""The skeleton of a case, ours beside a bare Temporal workflow with the same steps, on the same server in the same run.

``python -m benchmarks.skeleton [--cases 500] [--in-flight 16 500] [--shape seven four] [--database sqlite|postgresql]``.
Steps are those of :mod:`benchmarks.shapes`. Ours goes through the journal (journal rows, clocks, todos, effects, list columns); the
bare workflow executes one activity (``bare``) or local activity (``bare-local``) with one INSERT for each step, in our runner
or in the SDK's default one (``-default``: sandboxed). Driver, workers and activities share one process, as the peers' did
(peers.md B3); servers are others. A closed loop keeps ``in-flight`` cases going; contestants take turns.

A JSON line each. ``decision_*``: from sending a message to its answer; ``commit_*``: to the end of the transaction of the step
it releases. ``cases_per_s`` counts until the last answer, ``settled_per_s`` until nothing that our decisions planned is owed any
more. ``sent_again``: messages the server had not brought to a worker in its time, sent anew under the same id. CPU is that of
this process (driver included), by kind of thread, and of the servers, all in ms for each step.
"""

import argparse
import asyncio
import itertools
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from temporalio.client import WorkflowUpdateFailedError
from temporalio.service import RPCError

from benchmarks.contestants import KINDS, Hall, Kind, hall
from benchmarks.launching import flags, launch
from benchmarks.measuring import Span, centile, tell
from benchmarks.places import place
from benchmarks.shapes import SHAPES, Shape, command_id

WARM: Final = 16
SETTLE_S: Final = 120.0
_runs = itertools.count(1)


class Tally:
    """What one contestant did in one turn."""

    def __init__(self) -> None:
        self.sent: dict[str, float] = {}
        self.answered: dict[str, float] = {}
        self.failed: Counter[str] = Counter()
        self.again = 0
        self.done: list[Any] = []


async def measure(here: Hall, kind: Kind, shape: Shape, cases: int, in_flight: int) -> dict[str, Any]:
    """Keep ``in_flight`` cases going until all are done; return the line."""
    prefix = f"{next(_runs):03d}"
    numbers = [f"{prefix}{n:06d}" for n in range(cases)]
    if kind.ours:
        here.register(numbers)
    tally, span = Tally(), Span(here.place.pids)
    waiting = iter(numbers)
    await asyncio.gather(*(_lane(here, kind, shape, waiting, tally) for _ in range(in_flight)))
    done = time.perf_counter()
    while kind.ours and here.owed() and time.perf_counter() - done < SETTLE_S:  # noqa: ASYNC110 - the database tells nobody
        await asyncio.sleep(0.05)
    settled = time.perf_counter() - done
    span.end()
    steps = len(shape.opening) + len(shape.messages)
    wall = span.wall - settled
    return {
        "benchmark": "skeleton",
        "shape": shape.name,
        "what": kind.name,
        "database": here.place.database,
        "server": here.place.server,
        "sandbox": here.ours_sandboxed if kind.ours else kind.sandbox,
        "cases": cases,
        "in_flight": in_flight,
        "failed": dict(tally.failed),
        "sent_again": tally.again,
        "cases_per_s": round(len(tally.done) / wall, 1),
        "settled_per_s": round(len(tally.done) / span.wall, 1),
        **_latencies(here, tally),
        **await _history(tally),
        "cpu_ms_per_case": round(1000 * span.cpu / cases, 1),
        **span.per(cases * steps),
    }


async def _lane(here: Hall, kind: Kind, shape: Shape, waiting: Any, tally: Tally) -> None:
    messages = shape.ours if kind.ours else shape.messages
    for no in waiting:
        try:
            handle = await here.start(kind, shape, no)
            for name in messages:
                key = command_id(no, name)
                tally.sent[key] = time.perf_counter()
                tally.again += await here.send(kind, handle, no, name)
                tally.answered[key] = time.perf_counter()
        except (RPCError, WorkflowUpdateFailedError, TimeoutError) as error:
            tally.failed[f"{type(error).__name__}: {error}"[:80]] += 1
        else:
            tally.done.append(handle)


def _latencies(here: Hall, tally: Tally) -> dict[str, Any]:
    answers = [at - tally.sent[key] for key, at in tally.answered.items()]
    commits = [here.stamps.at[key] - tally.sent[key] for key in tally.answered if key in here.stamps.at]
    return {
        "decisions": len(answers),
        "decision_p50_ms": centile(answers, 50),
        "decision_p99_ms": centile(answers, 99),
        "commit_p50_ms": centile(commits, 50),
        "commit_p99_ms": centile(commits, 99),
        "commits_seen": len(commits),
    }


async def _history(tally: Tally) -> dict[str, Any]:
    if not tally.done:
        return {}
    history = await tally.done[len(tally.done) // 2].fetch_history()
    return {"history_events": len(history.events), "history_bytes": sum(e.ByteSize() for e in history.events)}


async def run(args: argparse.Namespace, data: Path) -> None:
    """Measure all contestants in turns; every other turn the other way round, for who comes last meets a server that has more."""
    kinds = [KINDS[name] for name in args.only or KINDS]
    with place(args.database, data, server=args.server) as where:
        async with hall(where, sandbox=args.sandbox) as here:
            for shape, kind in itertools.product(_shapes(args), kinds):
                await measure(here, kind, shape, min(args.cases, WARM), WARM)
            for shape, in_flight, turn in itertools.product(_shapes(args), args.in_flight, range(args.turns)):
                for kind in kinds if turn % 2 == 0 else reversed(kinds):
                    tell(await measure(here, kind, shape, args.cases, in_flight) | {"turn": turn})


def _shapes(args: argparse.Namespace) -> Sequence[Shape]:
    return [SHAPES[name] for name in args.shape]


if __name__ == "__main__":
    parser = flags(__doc__)
    parser.add_argument("--cases", type=int, default=200)
    parser.add_argument("--in-flight", type=int, nargs="+", default=[16])
    parser.add_argument("--turns", type=int, default=1)
    parser.add_argument("--shape", nargs="+", choices=SHAPES, default=["seven"])
    parser.add_argument("--server", choices=["dev", "production"], default="dev")
    parser.add_argument("--sandbox", action="store_true", help="run ours in the sandbox too")
    parser.add_argument("--only", nargs="*", choices=KINDS)
    launch(parser, run)
