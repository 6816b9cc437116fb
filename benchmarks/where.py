"""Where the time of a decision goes: CPU and wall time of the places of :data:`SPOTS`, each without those inside it.

``python -m benchmarks.where [--database …] [--cases 200] [--in-flight 16]`` takes the skeleton of
:mod:`benchmarks.skeleton` our way. Clocks are read at the beginning and end of each place (about a microsecond), so unlike under
a profiler the shares are those of the undisturbed run. What no place claims is told by kind of thread: in the event loop it is
the client, asyncio and the SDK's glue, in the core it is Rust. Wall time contains waiting for the database and for Python's lock.
"""

import argparse
import functools
import importlib
import operator
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Final

from benchmarks.contestants import KINDS, hall
from benchmarks.launching import flags, launch
from benchmarks.measuring import tell
from benchmarks.places import place
from benchmarks.shapes import SHAPES
from benchmarks.skeleton import WARM, measure

SPOTS: Final = (
    # place                       module                                     attribute
    ("commit, the rest", "activities.journal", "Journal.commit"),
    ("rules", "activities.journal", "advance"),
    ("todos", "activities.journal", "todos"),
    ("card", "activities.journal", "card"),
    ("list columns", "activities.journal", "_columns"),
    ("snapshot read", "domain.snapshots", "take_up"),
    ("snapshot write", "domain.snapshots", "write"),
    ("statements", "sqlalchemy", "Connection.execute"),
    ("begin", "sqlalchemy", "Connection.exec_driver_sql"),
    ("SQL commit", "sqlalchemy.engine.default", "DefaultDialect.do_commit"),
    ("workflow task", "temporalio.worker._workflow_instance", "_WorkflowInstanceImpl.activate"),
    ("payloads", "temporalio.converter._payload_converter", "CompositePayloadConverter.to_payloads"),
    ("payloads", "temporalio.converter._payload_converter", "CompositePayloadConverter.from_payloads"),
)


class Book:
    """CPU seconds, wall seconds and calls by place. One inner account a thread, so that nobody waits for another."""

    def __init__(self) -> None:
        self.accounts: list[dict[str, list[float]]] = []
        self._own = threading.local()

    def wrap(self, label: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """Return the function with its time on the account of ``label``, less that of wrapped ones it calls."""

        @functools.wraps(function)
        def timed(*args: Any, **kwargs: Any) -> Any:
            account, inside = self._mine()
            inside.append([0.0, 0.0])
            wall, cpu = time.perf_counter(), time.thread_time()
            try:
                return function(*args, **kwargs)
            finally:
                cpu, wall = time.thread_time() - cpu, time.perf_counter() - wall
                inner_cpu, inner_wall = inside.pop()
                entry = account[label]
                entry[0] += cpu - inner_cpu
                entry[1] += wall - inner_wall
                entry[2] += 1
                if inside:
                    inside[-1][0] += cpu
                    inside[-1][1] += wall

        return timed

    def _mine(self) -> tuple[dict[str, list[float]], list[list[float]]]:
        if not hasattr(self._own, "account"):
            self._own.account = defaultdict(lambda: [0.0, 0.0, 0])
            self._own.inside = []
            self.accounts.append(self._own.account)
        return self._own.account, self._own.inside

    def clear(self) -> None:
        """Forget what was counted so far."""
        for account in self.accounts:
            account.clear()

    def total(self) -> dict[str, list[float]]:
        """Return CPU, wall and calls by place."""
        out: dict[str, list[float]] = defaultdict(lambda: [0.0, 0.0, 0])
        for account in self.accounts:
            for label, entry in list(account.items()):
                out[label] = [a + b for a, b in zip(out[label], entry, strict=True)]
        return out


@contextmanager
def timing(book: Book) -> Iterator[list[str]]:
    """Time all places meanwhile; yield those that do not exist (any more), which are then nobody's."""
    missing: list[str] = []
    with ExitStack() as exits:
        for label, module, path in SPOTS:
            holder_path, _, name = path.rpartition(".")
            try:
                holder: Any = importlib.import_module(module)
                holder = operator.attrgetter(holder_path)(holder) if holder_path else holder
                original = getattr(holder, name)
            except (ImportError, AttributeError):
                missing.append(f"{module}.{path}")
                continue
            setattr(holder, name, book.wrap(label, original))
            exits.callback(setattr, holder, name, original)
        yield missing


async def run(args: argparse.Namespace, data: Path) -> None:
    """Warm up, measure, tell."""
    book, shape, ours = Book(), SHAPES["seven"], KINDS["ours"]
    with place(args.database, data) as where, timing(book) as missing:
        async with hall(where) as here:
            await measure(here, ours, shape, WARM, WARM)
            book.clear()
            line = await measure(here, ours, shape, args.cases, args.in_flight)
        n = line["decisions"]
        spots = {
            label: {
                "cpu_ms": round(1000 * cpu / n, 2),
                "wall_ms": round(1000 * wall / n, 2),
                "calls": round(calls / n, 1),
            }
            for label, (cpu, wall, calls) in sorted(book.total().items(), key=lambda item: -item[1][0])
        }
        own = sum(line["cpu_ms_by_thread"].values()) * len((*shape.opening, *shape.messages)) * args.cases / n
        tell(
            {
                "benchmark": "where",
                "database": args.database,
                "server": where.server,
                "cases": args.cases,
                "in_flight": args.in_flight,
                "cpu_ms_per_decision": round(own, 2),
                "spots": spots,
                "elsewhere_cpu_ms": round(own - sum(s["cpu_ms"] for s in spots.values()), 2),
                "cpu_ms_by_thread": line["cpu_ms_by_thread"],
                "missing": missing,
                "load_before": line["load_before"],
                "load_after": line["load_after"],
            }
        )


if __name__ == "__main__":
    parser = flags(__doc__)
    parser.add_argument("--cases", type=int, default=200)
    parser.add_argument("--in-flight", type=int, default=16)
    launch(parser, run)
