"""``make bench``: all measurements one after the other, each a process of its own; JSON lines in a file, tables at the end.

``python -m benchmarks [--quick] [--out FILE] [--only skeleton where …]``. ``--quick`` does little of each, in at most three
minutes on a quiet machine: it shows that all of it works; its figures mean nothing. Exit 1 when one failed; the others still run.
``--tables FILE`` prints the tables of an earlier run.
"""

import argparse
import json
import os
import platform
import subprocess
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from benchmarks.launching import DATABASES
from benchmarks.measuring import fixed_loop, load, table

ROOT: Final = Path(__file__).resolve().parent.parent
SERVERS: Final = {"sqlite": "dev", "postgresql": "production"}

FULL: Final[Mapping[str, Sequence[str]]] = {
    "skeleton": ("--cases", "500", "--in-flight", "16", "500", "--shape", "seven", "four"),
    "where": ("--cases", "300"),
    "size": ("--few", "1000", "--many", "100000", "--lives", "100"),
    "memory": ("--cases", "100", "1000"),
    "timers": ("--cases", "5000"),
    "storm": ("--cases", "300", "--informed", "20"),
    "city": ("--scale", "0", "600", "--n", "200"),
}
QUICK: Final[Mapping[str, Sequence[str]]] = {
    "skeleton": ("--cases", "8", "--in-flight", "8"),
    "where": ("--cases", "8"),
    "size": ("--few", "100", "--many", "400", "--lives", "2", "--rounds", "2"),
    "memory": ("--cases", "5", "25"),
    "timers": ("--cases", "50", "--setup", "30"),
    "storm": ("--cases", "10", "--informed", "5"),
    "city": ("--scale", "150", "--n", "3"),
}
BOTH: Final = frozenset({"skeleton", "where", "size"})
"""Measured on both databases in quick mode too; the others on SQLite only."""

TABLES: Final[Mapping[str, Mapping[str, str]]] = {
    "skeleton": {
        "shape": "shape",
        "database": "database",
        "in_flight": "in flight",
        "what": "what",
        "cases_per_s": "cases/s",
        "settled_per_s": "settled/s",
        "commit_p50_ms": "commit p50 ms",
        "commit_p99_ms": "p99",
        "decision_p50_ms": "answer p50 ms",
        "decision_p99_ms": "p99",
        "history_events": "events",
        "history_bytes": "bytes",
        "cpu_ms": "CPU ms/step",
        "server_cpu_ms.temporal": "Temporal",
        "server_cpu_ms.postgresql": "PostgreSQL",
        "failed_cases": "failed",
        "fixed_loop_ms": "loop ms",
        "load_before": "load before",
        "load_after": "after",
    },
    "size": {
        "database": "database",
        "what": "what",
        "few_ms": "few: ms",
        "many_ms": "many: ms",
        "ratio": "ratio",
        "read_whole": "tables read whole",
    },
    "memory": {"database": "database", "resident": "resident MB", "kb_per_open_case": "KB per open case"},
    "timers": {
        "database": "database",
        "timers": "timers",
        "all_rang_s": "all rang after s",
        "late_p50_s": "late p50 s",
        "late_p99_s": "p99",
        "people_before.p50_ms": "people before p50 ms",
        "people_before.p99_ms": "p99",
        "people_meanwhile.p50_ms": "meanwhile p50 ms",
        "people_meanwhile.p99_ms": "p99",
        "load_after": "load",
    },
    "storm": {
        "database": "database",
        "told": "told",
        "all_told_s": "all told after s",
        "told_per_s": "told/s",
        "dispatch_p99_ms": "dispatch p99 ms",
        "people_before.p99_ms": "people before p99 ms",
        "people_meanwhile.p99_ms": "meanwhile p99 ms",
        "load_after": "load",
    },
    "city": {
        "database": "database",
        "units": "units",
        "accounts": "accounts",
        "loading_s": "loading s",
        "requests": "requests",
        "lost": "lost",
        "doubled": "doubled",
        "cases_per_s": "cases/s",
        "decision_p50_ms": "decision p50 ms",
        "decision_p99_ms": "p99",
        "load_after": "load",
    },
}


def measure(name: str, database: str, flags: Sequence[str], out: Path) -> bool:
    """Run one measurement; its lines go to the file and to the terminal. Say whether it succeeded."""
    command = [sys.executable, "-m", f"benchmarks.{name}", "--database", database, *flags]
    command += ["--server", SERVERS[database]] if name == "skeleton" else []
    print(f"# {name} on {database}, load {load()}", file=sys.stderr, flush=True)
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process, out.open("a") as file:
        for line in process.stdout or ():
            file.write(line)
            file.flush()
            print(line, end="", flush=True)
    if process.returncode != 0:
        print(f"# {name} on {database} failed ({process.returncode})", file=sys.stderr, flush=True)
    return process.returncode == 0


def machine() -> dict[str, Any]:
    """Return what the figures depend on."""
    git = ["git", "rev-parse", "--short", "HEAD"]
    commit = subprocess.run(git, cwd=ROOT, capture_output=True, text=True, check=False)
    return {
        "benchmark": "machine",
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "commit": commit.stdout.strip(),
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        "cores": os.cpu_count(),
        "fixed_loop_ms": fixed_loop(),
        "load": load(),
    }


def tables(lines: Iterable[Mapping[str, Any]]) -> str:
    """Return all results as Markdown."""
    found: dict[str, list[dict[str, Any]]] = {}
    for line in lines:
        found.setdefault(line["benchmark"], []).append(_flat(line))
    parts = [table(found[name], columns) for name, columns in TABLES.items() if name in found]
    return "\n\n".join([*parts, *(_where(line) for line in found.get("where", ()))])


def _flat(line: Mapping[str, Any]) -> dict[str, Any]:
    """Return the line with what the tables show in one cell."""
    more: dict[str, Any] = {}
    if "failed" in line:
        more["failed_cases"] = sum(line["failed"].values())
    if "full_scans" in line:
        more["read_whole"] = ", ".join(line["full_scans"]) or "none"
    if "resident_mb" in line:
        more["resident"] = ", ".join(f"{n} cases: {mb}" for n, mb in line["resident_mb"].items())
    return {**line, **more}


def _where(line: Mapping[str, Any]) -> str:
    rows = [{"place": name, **spot} for name, spot in line["spots"].items()]
    rows.append({"place": "elsewhere (client, asyncio, SDK, Rust)", "cpu_ms": line["elsewhere_cpu_ms"]})
    rows.append({"place": "all", "cpu_ms": line["cpu_ms_per_decision"]})
    head = f"Where a decision's time goes, {line['database']}:"
    columns = {"place": "place", "cpu_ms": "CPU ms", "wall_ms": "wall ms", "calls": "calls"}
    return f"{head}\n\n{table(rows, columns)}"


def read(file: Path) -> list[dict[str, Any]]:
    """Return the lines of a run."""
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines() if line.startswith("{")]


def main() -> int:
    """Read the flags, measure, print the tables."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--out", type=Path)
    parser.add_argument("--only", nargs="*", choices=FULL, default=list(FULL))
    parser.add_argument("--database", nargs="*", choices=DATABASES, default=list(DATABASES))
    parser.add_argument("--tables", type=Path)
    args = parser.parse_args()
    if args.tables is not None:
        print(tables(read(args.tables)))
        return 0
    out = args.out or ROOT / "var" / f"bench-{datetime.now(UTC):%Y%m%dT%H%M%S}.jsonl"
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(json.dumps(machine()) + "\n", encoding="utf-8")
    start, fine = time.perf_counter(), True
    for name in args.only:
        for database in args.database:
            if args.quick and database != "sqlite" and name not in BOTH:
                continue
            fine &= measure(name, database, (QUICK if args.quick else FULL)[name], out)
    print(f"\n{tables(read(out))}\n\n{out} · {time.perf_counter() - start:.0f} s · load {load()}")
    return 0 if fine else 1


if __name__ == "__main__":
    sys.exit(main())
