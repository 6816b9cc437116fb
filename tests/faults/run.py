"""A whole fault run: the same scripts once in calm and once under faults, and everything that must hold afterwards.

``python -m tests.faults --seed 7 --kills 200 --cases 2000`` prints its progress and, last, one JSON object; it ends with 0 only
when nothing is lost, doubled, left owing, different from the calm run, against a law of the checker, or told in the open.
"""

import asyncio
import json
import resource
import shutil
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import httpx
from sqlalchemy import select

from cli import servers
from cli.invariants import Findings, check, owed
from cli.stack import Stack
from storage.models import ProcessRow, table
from storage.unit_of_work import Database, StorageUnavailable
from tests.faults import canary
from tests.faults.beside import invariants
from tests.faults.checker import check_history
from tests.faults.city import City, plan
from tests.faults.driver import CANARIES, Driver, plays
from tests.faults.lives import Life, by_script, differences, read_lives
from tests.faults.operations import Log
from tests.faults.record import read_record
from tests.faults.replaying import replayed
from tests.faults.schedule import Fault, killed, schedule
from tests.faults.scripts import SCRIPTS, cast
from tests.faults.standing import standing
from tests.faults.steps import Script

SETTLE_S: Final = 240.0
STUCK_S: Final = 120.0
SAY: Final[Callable[[str], None]] = print


@dataclass(frozen=True)
class Asked:
    """What kind of run is wanted."""

    seed: int = 7
    kills: int = 30
    cases: int = 200
    in_flight: int = 24
    outage_s: float = 20.0
    postgres: bool = False
    messages: Path | None = None
    whole: bool = False
    """Play every case in calm too, not only every script."""


@dataclass
class Outcome:
    """The figures of a run and everything that is wrong, one line each."""

    figures: dict[str, Any] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)

    @property
    def clean(self) -> bool:
        """Nothing is wrong."""
        return not self.wrong


@dataclass
class Played:
    """One run over all scripts."""

    lives: dict[str, Life]
    driver: Driver
    seconds: float
    struck: Counter[str] = field(default_factory=Counter)
    relay_s: list[float] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    findings: Findings = field(default_factory=Findings)
    histories: int = 0
    replayed: int = 0
    begun_anew: list[str] = field(default_factory=list)


def run(asked: Asked, data: Path, say: Callable[[str], None] = SAY) -> Outcome:
    """Play every script in calm, and as many as asked under faults, and compare each life with that of its script in calm.

    ``data`` must be a folder that other users may enter, for PostgreSQL. The calm run plays each script twice (what a script comes
    to depends on nothing else, and that is checked), or every case if asked; it waits most of its time, so it runs beside the
    other, on a stack of its own.
    """
    began = time.monotonic()
    say(f"seed {asked.seed}: {asked.cases} cases, {asked.kills} kills, {'PostgreSQL' if asked.postgres else 'SQLite'}")
    data.chmod(0o755)
    faults = schedule(asked.seed, asked.kills, asked.cases)
    scripts = cast(asked.cases, asked.seed)
    with ExitStack() as exits:
        quiet_city = exits.enter_context(open_city(asked, data / "calm"))
        city = exits.enter_context(open_city(asked, data / "storm"))
        beside = exits.enter_context(ThreadPoolExecutor(1))
        quiet = beside.submit(play, quiet_city, asked, scripts if asked.whole else [*SCRIPTS, *SCRIPTS], [], say)
        storm = play(city, asked, scripts, faults, say)
        calm = quiet.result()
    lives, unsteady = by_script(calm.lives)
    unlike = differences(lives, storm.lives)
    found = storm.findings
    outcome = Outcome(wrong=[f"calm: {w}" for w in (*calm.wrong, *unsteady)])
    outcome.wrong += [*storm.wrong, *(f"unlike: {u}" for u in unlike)]
    struck = {kind.removesuffix("_away") for kind in storm.struck}
    outcome.wrong += [f"{kind} never struck" for kind in sorted({fault.kind for fault in faults} - struck)]
    kills = killed(storm.struck)
    if kills < asked.kills:
        outcome.wrong.append(f"only {kills} processes were killed, {asked.kills} were asked for")
    outcome.figures = {
        "seed": asked.seed,
        "database": "postgresql" if asked.postgres else "sqlite",
        "cases": found.requests,
        "kills": kills,
        "struck": dict(sorted(storm.struck.items())),
        "operations": len(storm.driver.log.operations),
        "unanswered": sum(1 for o in storm.driver.log.operations if o.result == "unknown"),
        "lost": len(found.lost),
        "doubled": len(found.doubled),
        "planned_effects_left": len(found.left),
        "unlike_calm": len(unlike),
        "histories_searched": storm.histories,
        "histories_replayed": storm.replayed,
        "begun_anew": storm.begun_anew,
        "relay_s_max": max(storm.relay_s, default=None),
        "calm_s": round(calm.seconds, 1),
        "storm_s": round(storm.seconds, 1),
        "wall_s": round(time.monotonic() - began, 1),
        "cpu_s": _cpu(),
        "wrong": len(outcome.wrong),
    }
    return outcome


def _cpu() -> dict[str, int]:
    """Processor seconds of this process, and of those that it started and that have ended."""
    me, others = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    return {"harness": round(me.ru_utime + me.ru_stime), "parts": round(others.ru_utime + others.ru_stime)}


@contextmanager
def open_city(asked: Asked, data: Path) -> Iterator[City]:
    """Start a fresh stack."""
    data.mkdir(parents=True)
    data.chmod(0o755)
    with ExitStack() as exits:
        postgres = exits.enter_context(servers.PostgresServer.start(data / "postgres")) if asked.postgres else None
        url = postgres.createdb("sanhuan") if postgres else None
        stack = plan(data, seed=asked.seed, url=url)
        yield exits.enter_context(City.running(stack, postgres, outage_s=asked.outage_s))


def play(city: City, asked: Asked, scripts: list[Script], faults: list[Fault], say: Callable[[str], None]) -> Played:
    """Play scripts while faults strike, and check all that one run can tell."""
    with closing(Log(city.stack.data / "operations.jsonl")) as log:
        city.say = say
        players = plays(scripts, asked.seed, asked.messages)
        driver = Driver(city.stack.api, log, players, seed=asked.seed, in_flight=asked.in_flight)
        began = time.monotonic()
        _drive(city, driver, faults, say)
        settled = _settle(city.database, driver)
        played = Played({}, driver, time.monotonic() - began, city.struck, city.relay_s, [*driver.wrong, *city.wrong])
        if not settled:
            played.wrong.append(f"not everything has ended or is settled {SETTLE_S:.0f} s after the last decision")
            played.wrong += asyncio.run(standing(city.stack.temporal_address, city.database))
        _look(city, played)
        say(f"{'storm' if faults else 'calm'}: {played.seconds:.0f} s, {driver.done} steps, {len(played.wrong)} wrong")
        return played


def _drive(city: City, driver: Driver, faults: list[Fault], say: Callable[[str], None]) -> None:
    """Drive in a thread of its own; let each fault strike when its part of the run is done."""
    broken: list[BaseException] = []

    def drive() -> None:
        try:
            asyncio.run(driver.run())
        except BaseException as error:  # noqa: BLE001 - told by the main thread
            broken.append(error)

    thread = threading.Thread(target=drive, daemon=True)
    thread.start()
    for fault in faults:
        _wait(city, driver, thread, fault.at)
        city.strike(fault, driver)
    _wait(city, driver, thread, 1.0)
    thread.join()
    if broken and not city.wrong:
        raise broken[0]
    for wrong in driver.wrong[:20]:
        say(wrong)


def _wait(city: City, driver: Driver, thread: threading.Thread, part: float) -> None:
    """Wait until a part of the run is done; give up, and say who waits for what, when nothing has moved for long."""
    done, moved = driver.done, time.monotonic()
    while thread.is_alive() and (driver.done < part * driver.total or part == 1.0):
        time.sleep(0.02)
        if driver.done != done:
            done, moved = driver.done, time.monotonic()
        elif time.monotonic() - moved > STUCK_S:
            city.wrong.append(f"nothing has moved for {STUCK_S:.0f} s: {driver.stop()}")
            thread.join(30)


def _settle(database: Database, driver: Driver) -> bool:
    """Wait until nothing is owed and the cases whose days are seconds are archived."""
    until = time.monotonic() + SETTLE_S
    ending = {p.process() for p in driver.plays if p.numbers and p.script.end == "archived"}
    while time.monotonic() < until:
        try:
            if owed(database) == 0 and ending <= _closed(database):
                return True
        except StorageUnavailable:
            pass
        time.sleep(0.5)
    return False


def _closed(database: Database) -> set[str]:
    p = table(ProcessRow)
    with database.read() as connection:
        return set(connection.execute(select(p.c.id).where(p.c.closed.is_(True))).scalars())


def _look(city: City, played: Played) -> None:
    """Check everything one run can tell by itself."""
    driver, database, stack = played.driver, city.database, city.stack
    departments = httpx.get(f"{stack.departments}/stats", timeout=10).json()
    archived = [p.numbers["a"] for p in driver.plays if p.numbers and p.script.end == "archived"]
    found = played.findings = check(database, archived, departments)
    played.wrong += [
        *found.lost,
        *found.doubled,
        *found.left,
        *found.broken,
        *_ends(database, driver),
        *_parked(database),
    ]
    asked = sum(p.script.requests for p in driver.plays)
    if found.requests != asked:
        played.wrong.append(f"{found.requests} requests are registered, {asked} were asked for")
    played.wrong += invariants(database)
    played.wrong += [str(v) for v in check_history(driver.log.operations, read_record(database))]
    played.lives = read_lives(database, driver.plays, stack.data / "departments.jsonl")
    played.wrong += [f"canary: {line}" for line in _canaries(stack, played)]
    failed, played.replayed = asyncio.run(replayed(stack.temporal_address))
    played.wrong += failed
    said = (stack.data / "log" / "worker.log").read_text(encoding="utf-8", errors="replace")
    played.begun_anew = [line for line in said.splitlines() if "relay_begins_anew" in line]


def _ends(database: Database, driver: Driver) -> Iterator[str]:
    """Every case stands where its script ends."""
    with database.read() as connection:
        p = table(ProcessRow)
        stages = {r.id: r.snapshot for r in connection.execute(select(p.c.id, p.c.snapshot))}
    for play_ in driver.plays:
        if "a" not in play_.numbers or play_.process() not in stages:
            yield f"{play_.label} {play_.script.name} was never opened"
            continue
        stage = _stage(stages[play_.process()])
        if stage not in play_.script.end.split(","):
            yield f"{play_.label} {play_.script.name} ended as {stage}, not {play_.script.end}"


def _stage(snapshot: str) -> str:
    return str(json.loads(snapshot)["state"]["stage"])


def _parked(database: Database) -> Iterator[str]:
    """No workflow and journal of a run without restored backups disagree."""
    p = table(ProcessRow)
    with database.read() as connection:
        for row in connection.execute(select(p.c.id, p.c.parked).where(p.c.parked.is_not(None))):
            yield f"{row.id} is parked: {row.parked}"


def _canaries(stack: Stack, played: Played) -> Iterator[str]:
    found, played.histories = asyncio.run(canary.in_temporal(stack.temporal_address, CANARIES))
    yield from found
    yield from canary.in_files((stack.data / "log").iterdir(), CANARIES)
    yield from canary.in_files(stack.data.glob("temporal.db*"), CANARIES)
    yield from canary.in_texts(played.driver.errors, CANARIES)
    yield from canary.in_metrics(stack.metrics, CANARIES)


@contextmanager
def folder(keep: Path | None = None) -> Iterator[Path]:
    """A folder for a run that other users may enter; removed at the end unless it was given."""
    if keep is not None:
        keep.mkdir(parents=True, exist_ok=True)
        yield keep
        return
    path = Path(tempfile.mkdtemp(prefix="sanhuan-faults-"))
    path.chmod(0o755)
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)
