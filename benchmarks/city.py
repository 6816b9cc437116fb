"""The sample city at work, as written and grown to 600 units: real messages' way through API, worker, departments and staff.

``python -m benchmarks.city [--scale 0 600] [--n 200]`` runs ``sanhuan demo`` (its own stack, SQLite or PostgreSQL, the development
server) and tells its last line, beside how long loading the city took. Decisions are those of the staff, through HTTP.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from benchmarks.launching import flags, launch
from benchmarks.measuring import load, tell
from cli.load import ROOT, migrate
from cli.load import load as load_city
from simulation.city import SCALE
from simulation.city import load_city as city_of


def run(args: argparse.Namespace, data: Path) -> None:
    """Run the demonstration at every scale. RuntimeError when one does not end clean."""
    for scale in args.scale:
        city, before = city_of(scale=scale), load()
        command = [
            sys.executable,
            "-m",
            "cli",
            "demo",
            "--n",
            str(args.n),
            "--scale",
            str(scale),
            "--keep",
            str(data / f"demo-{scale}"),
        ]
        command += ["--postgres"] if args.database == "postgresql" else []
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise RuntimeError(f"the demonstration at scale {scale} failed: {done.stdout[-2000:]}{done.stderr[-2000:]}")
        result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
        tell(
            {
                "benchmark": "city",
                "database": args.database,
                "units": len(city.units),
                "accounts": len(city.accounts),
                "loading_s": _loading(data / f"load-{scale}.db", scale),
                **result,
                "load_before": before,
                "load_after": load(),
            }
        )


def _loading(file: Path, scale: int) -> float:
    """Return the seconds of putting the city into an empty database."""
    url = f"sqlite:///{file}"
    os.environ[SCALE] = str(scale)
    migrate(url)
    start = time.perf_counter()
    load_city(url, pack="demo", departments=None)
    return round(time.perf_counter() - start, 2)


if __name__ == "__main__":
    parser = flags(__doc__)
    parser.add_argument("--scale", type=int, nargs="+", default=[0, 600])
    parser.add_argument("--n", type=int, default=200)
    launch(parser, run)
