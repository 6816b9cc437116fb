"""What a measurement is told with: wall time, CPU by process and by kind of thread, machine load, percentiles, JSON lines.

CPU comes from /proc, so it is exact and costs nothing while measuring. Threads are told apart by name: the event loop (client,
SDK glue and, where it shares the process, the driver), the threads of activities (the commit), those of workflow code, and
the SDK's Rust core.
"""

import json
import os
import statistics
import sys
import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

TICKS: Final = os.sysconf("SC_CLK_TCK")
KINDS: Final = {"MainThread": "loop", "activity": "commit", "temporal_workflow": "workflow"}
OTHER: Final = "core"


def _stat(path: Path) -> list[str]:
    """Return the fields of a stat file after the command's name; none when the process has ended."""
    try:
        return path.read_text().rpartition(")")[2].split()
    except OSError:
        return []


def _ticks(fields: Sequence[str], *, reaped: bool) -> float:
    # After the name: state, ppid, …; utime, stime, cutime, cstime are fields 14 to 17 of the file.
    return sum(map(int, fields[11:15] if reaped else fields[11:13])) / TICKS if fields else 0.0


def cpu_of(pid: int) -> float:
    """Return the CPU seconds a process and its descendants have used, ended ones that it has waited for included."""
    parents: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and (fields := _stat(entry / "stat")):
            parents.setdefault(int(fields[1]), []).append(int(entry.name))
    total, waiting = 0.0, [pid]
    while waiting:
        one = waiting.pop()
        total += _ticks(_stat(Path(f"/proc/{one}/stat")), reaped=True)
        waiting += parents.get(one, [])
    return total


def cpu_of_threads() -> dict[str, float]:
    """Return the CPU seconds of this process by kind of thread."""
    names = {t.native_id: t.name for t in threading.enumerate()}
    found = dict.fromkeys([*KINDS.values(), OTHER], 0.0)
    for task in Path("/proc/self/task").iterdir():
        name = names.get(int(task.name), "")
        kind = next((kind for prefix, kind in KINDS.items() if name.startswith(prefix)), OTHER)
        found[kind] += _ticks(_stat(task / "stat"), reaped=False)
    return found


def resident(pid: int | None = None) -> int:
    """Return the bytes a process has in memory."""
    text = Path(f"/proc/{pid or 'self'}/status").read_text()
    return 1024 * int(next(line.split()[1] for line in text.splitlines() if line.startswith("VmRSS:")))


def load() -> float:
    """Return how many processes wanted to run, averaged over the last minute."""
    return round(os.getloadavg()[0], 2)


def fixed_loop() -> float:
    """Return how many ms a fixed piece of Python takes now: a machine shared with others shows it here."""
    start = time.perf_counter()
    total = 0
    for n in range(400_000):
        total += n & 7
    return round(1000 * (time.perf_counter() - start), 1)


def centile(values: Sequence[float], which: int) -> float | None:
    """Return a percentile of seconds, in ms; None without values."""
    if not values:
        return None
    if len(values) == 1:
        return round(1000 * values[0], 1)
    return round(1000 * statistics.quantiles(values, n=100)[which - 1], 1)


@dataclass
class Span:
    """What happened between its making and :meth:`end`: wall seconds, own CPU by kind of thread, CPU of the servers."""

    servers: Mapping[str, int] = field(default_factory=dict)
    load_before: float = field(default_factory=load)
    loop_ms: float = field(default_factory=fixed_loop)
    wall: float = 0.0
    threads: dict[str, float] = field(default_factory=dict)
    of_servers: dict[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._threads = cpu_of_threads()
        self._servers = {name: cpu_of(pid) for name, pid in self.servers.items()}
        self._start = time.perf_counter()

    def end(self) -> "Span":
        """Take the second reading."""
        self.wall = time.perf_counter() - self._start
        self.threads = {kind: cpu - self._threads[kind] for kind, cpu in cpu_of_threads().items()}
        self.of_servers = {name: cpu_of(pid) - self._servers[name] for name, pid in self.servers.items()}
        return self

    @property
    def cpu(self) -> float:
        """CPU seconds of this process."""
        return sum(self.threads.values())

    def per(self, n: int) -> dict[str, Any]:
        """Return CPU in ms for each of ``n`` things, and the load before and after."""
        return {
            "cpu_ms": round(1000 * self.cpu / n, 2),
            "cpu_ms_by_thread": {k: round(1000 * v / n, 2) for k, v in self.threads.items()},
            "server_cpu_ms": {k: round(1000 * v / n, 2) for k, v in self.of_servers.items()},
            "fixed_loop_ms": self.loop_ms,
            "load_before": self.load_before,
            "load_after": load(),
        }


def tell(line: Mapping[str, Any]) -> None:
    """Print one result as a JSON line."""
    sys.stdout.write(json.dumps(line, ensure_ascii=False) + "\n")
    sys.stdout.flush()


def table(lines: Iterable[Mapping[str, Any]], columns: Mapping[str, str]) -> str:
    """Return lines as a Markdown table; ``columns`` are keys (``a.b`` goes into a mapping) and their headings."""
    rows = [[_cell(line, key) for key in columns] for line in lines]
    head = list(columns.values())
    return "\n".join("| " + " | ".join(row) + " |" for row in (head, ["---"] * len(head), *rows))


def _cell(line: Mapping[str, Any], key: str) -> str:
    value: Any = line
    for part in key.split("."):
        value = value.get(part) if isinstance(value, Mapping) else None
    return "–" if value is None else f"{value:,}" if isinstance(value, int) else str(value)
