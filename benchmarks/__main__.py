"""``make bench``: all measurements one after the other, each a process of its own; JSON lines in a file, tables at the end.

``python -m benchmarks [--quick] [--out FILE] [--only skeleton where …]``. ``--quick`` does little of each, in at most three
minutes on a quiet machine: it shows that all of it works; its figures mean nothing. Exit 1 when one failed; the others still run.
``--tables FILE`` prints the tables of an earlier run; with ``--into`` it also puts them into the documents named, in their
language, between the marks.
"""

import argparse
import json
import os
import platform
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from benchmarks.launching import DATABASES
from benchmarks.measuring import fixed_loop, load
from benchmarks.tables import put_into, tables

ROOT: Final = Path(__file__).resolve().parent.parent
SERVERS: Final = {"sqlite": "dev", "postgresql": "production"}

FULL: Final[Mapping[str, Sequence[str]]] = {
    "skeleton": ("--cases", "500", "--in-flight", "16", "500", "--shape", "seven", "four", "--turns", "2"),
    "where": ("--cases", "300"),
    "size": ("--few", "1000", "--many", "100000", "--lives", "100"),
    "memory": ("--cases", "100", "1000"),
    "timers": ("--cases", "5000"),
    "storm": ("--cases", "300", "--informed", "20"),
    "batch": ("--cases", "10000", "--rate", "20"),
    "city": ("--scale", "0", "600", "--n", "200"),
}
QUICK: Final[Mapping[str, Sequence[str]]] = {
    "skeleton": ("--cases", "8", "--in-flight", "8"),
    "where": ("--cases", "8"),
    "size": ("--few", "100", "--many", "400", "--lives", "2", "--rounds", "2"),
    "memory": ("--cases", "5", "25"),
    "timers": ("--cases", "50", "--setup", "30", "--spread", "0"),
    "storm": ("--cases", "10", "--informed", "5"),
    "batch": ("--cases", "20", "--rate", "10"),
    "city": ("--scale", "150", "--n", "3"),
}
BOTH: Final = frozenset({"skeleton", "where", "size"})
"""Measured on both databases in quick mode too; the others on SQLite only."""


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
    parser.add_argument("--into", type=Path, nargs="+", default=[])
    args = parser.parse_args()
    if args.tables is not None:
        lines = read(args.tables)
        for document in args.into:
            put_into(document, lines)
        print(tables(lines, "en"))
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
    print(f"\n{tables(read(out), 'en')}\n\n{out} · {time.perf_counter() - start:.0f} s · load {load()}")
    return 0 if fine else 1


if __name__ == "__main__":
    sys.exit(main())
