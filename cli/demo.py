"""`sanhuan demo`: real messages through the whole system, worked to the end by simulated staff and departments.

Everything runs on free ports and a fresh data directory. The last line printed is one JSON object; the exit code is 0 only when
every case has ended and nothing is lost, doubled or left owing.
"""

import json
import random
import shutil
import statistics
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import httpx
import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from cli import servers
from cli.invariants import BESIDE, Findings, check, count_ended, owed
from cli.stack import Plan, Stack
from simulation.feed import Fed, feed
from storage.unit_of_work import Database, StorageUnavailable

POLL_S: Final = 0.5
STUCK_S: Final = 300.0
IN_FLIGHT: Final = 8
UNCLEAN: Final = "unclean.json"


@dataclass
class Run:
    """What is known of a run beside the database."""

    fed: Fed | None = None
    failed: BaseException | None = None
    kills: int = 0
    started: float = field(default_factory=time.monotonic)


def demo(*, messages: Path | None, n: int, pack: str, kills: int, seed: int, postgres: bool, keep: Path | None) -> int:
    """Run the demonstration; return 0 when everything ended and nothing is lost, doubled or left."""
    console = Console()
    with ExitStack() as exits:
        data = exits.enter_context(_folder(keep))
        url = exits.enter_context(_postgres(data)) if postgres else None
        plan = Plan(data=data, pack=pack, database_url=url, seed=seed, relay_every=10.0, relay_after=30.0)
        with console.status("启动 starting …"):
            stack = exits.enter_context(Stack.running(plan))
        console.print(f"console {stack.api}/console · Temporal UI {stack.ui} · {data}")
        log = data / "decisions.jsonl"
        stack.start_staff("--log", str(log))
        database = Database(stack.url)
        exits.callback(database.close)
        run = Run()
        feeder = threading.Thread(target=_feed, args=(run, stack, messages, n, seed), daemon=True)
        feeder.start()
        _watch(console, stack, database, run, feeder, n, kills, seed)
        wall = time.monotonic() - run.started
        if run.failed is not None:
            console.print(f"[red]feeding failed: {run.failed!r}[/]")
        departments = httpx.get(f"{stack.departments}/stats", timeout=10).json()
        acknowledged = run.fed.numbers if run.fed else ()
        found = check(database, acknowledged, departments)
        result = _result(found, run, _latencies(log), wall)
        _print(console, found, departments, result)
        good = found.clean and run.failed is None and found.requests > 0
        if not good:
            # Whoever wants to know why needs the database and the logs.
            (data / UNCLEAN).write_text(json.dumps(result), encoding="utf-8")
            console.print(f"[red]kept for a look: {data}[/]")
        typer.echo(json.dumps(result))
        return 0 if good else 1


def _feed(run: Run, stack: Stack, messages: Path | None, n: int, seed: int) -> None:
    try:
        run.fed = feed(stack.api, messages=messages, n=n, seed=seed, in_flight=IN_FLIGHT)
    except BaseException as error:  # noqa: BLE001 - told by the main thread
        run.failed = error


def _watch(
    console: Console,
    stack: Stack,
    database: Database,
    run: Run,
    feeder: threading.Thread,
    n: int,
    kills: int,
    seed: int,
) -> None:
    """Show progress until all has ended, or nothing has moved for long; kill the worker at random instants meanwhile."""
    chance = random.Random(seed)  # noqa: S311 - when to kill, repeatable by its seed
    at = sorted(chance.uniform(0.05, 0.9) * n for _ in range(kills))
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    last, moved = (-1, -1, -1), time.monotonic()
    with Progress(*columns, console=console) as progress:
        taken = progress.add_task("登记 registered", total=n)
        over = progress.add_task("结束 ended", total=n)
        while True:
            time.sleep(POLL_S)
            try:
                requests, ended, events = count_ended(database)
                left = owed(database) if requests == ended else -1
            except StorageUnavailable:
                continue
            progress.update(taken, completed=requests)
            progress.update(over, completed=ended)
            if run.kills < kills and ended >= at[run.kills]:
                run.kills += 1
                stack.kill_worker()
            if not feeder.is_alive() and requests == ended and left == 0:
                return
            now = time.monotonic()
            if (requests, ended, events) != last:
                last, moved = (requests, ended, events), now
            if now - moved > STUCK_S or stack.dead():
                console.print(f"[red]nothing moves any more; dead parts: {stack.dead() or 'none'}[/]")
                return


def _latencies(log: Path) -> list[float]:
    """Return how long each decision of the staff took, in ms, from their own log."""
    if not log.exists():
        return []
    lines = (json.loads(line) for line in log.read_text(encoding="utf-8").splitlines() if line.endswith("}"))
    return [1000 * (x["end"] - x["start"]) for x in lines if x.get("status") in {200, 409}]


def _result(found: Findings, run: Run, latencies: list[float], wall: float) -> dict[str, Any]:
    centiles = statistics.quantiles(latencies, n=100) if len(latencies) > 1 else [0.0] * 99
    return {
        "requests": found.requests,
        "ended": found.ended,
        "lost": len(found.lost),
        "doubled": len(found.doubled),
        "planned_effects_left": len(found.left),
        "broken": len(found.broken),
        "refused": run.fed.refused if run.fed else 0,
        "incidents": found.incidents,
        "merged": found.merged,
        "returns": found.returns,
        "redo": found.redo,
        "overdue": found.overdue,
        **{name: found.beside[name] for name in BESIDE},
        "kills": run.kills,
        "wall_s": round(wall, 1),
        "cases_per_s": round(found.ended / wall, 2) if wall else 0.0,
        "decisions": len(latencies),
        "decision_p50_ms": round(centiles[49], 1),
        "decision_p99_ms": round(centiles[98], 1),
    }


def _print(console: Console, found: Findings, departments: dict[str, Any], result: dict[str, Any]) -> None:
    table = Table(title="结果 result", show_header=False)
    for code, count in sorted(found.codes.items(), key=lambda item: -item[1]):
        table.add_row(f"办结 {code}", str(count))
    for key, value in result.items():
        table.add_row(key, str(value))
    for key in ("received", "distinct", "duplicates", "answers_acknowledged", "answers_refused"):
        table.add_row(f"departments.{key}", str(departments.get(key)))
    console.print(table)
    for problem in (*found.lost, *found.doubled, *found.left, *found.broken)[:20]:
        console.print(f"[red]{problem}[/]")


@contextmanager
def _folder(keep: Path | None) -> Iterator[Path]:
    if keep is not None:
        keep.mkdir(parents=True, exist_ok=True)
        yield keep
        return
    path = Path(tempfile.mkdtemp(prefix="sanhuan-demo-"))
    path.chmod(0o755)  # PostgreSQL runs as another user when we are root
    yield path
    if not (path / UNCLEAN).exists():
        shutil.rmtree(path, ignore_errors=True)


@contextmanager
def _postgres(data: Path) -> Iterator[str]:
    with servers.PostgresServer.start(data / "postgres") as server:
        yield server.createdb("sanhuan")
