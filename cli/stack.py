"""All parts of Sanhuan as processes of one machine: Temporal, worker, API, department systems, staff.

`up`, `demo` and the fault harness start the same stack; each part can be killed and started again by itself.
"""

import json
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Final, TypeAlias

import httpx

from cli import servers
from cli.load import ROOT, load, migrate
from cli.servers.process import Child, ServerError
from domain.limits import Limit, Unit
from storage.policies import load_pack

PORTS: Final = {
    "temporal": 7233,
    "ui": 8233,
    "api": 8400,
    "departments": 8401,
    "api_metrics": 9460,
    "worker_metrics": 9461,
    "sdk_metrics": 9462,
}
METRICS: Final = ("api_metrics", "worker_metrics", "sdk_metrics")
START_S: Final = 60.0
REAL_DAY_S: Final = 30.0

Begun: TypeAlias = tuple[Child, Callable[[], bool]]
"""A part that was started, and whether it is ready."""


@dataclass(frozen=True)
class Plan:
    """What to start and where it keeps what it keeps."""

    data: Path
    pack: str
    database_url: str | None = None
    fixed_ports: bool = False
    seed: int = 1
    relay_every: float = 30.0
    relay_after: float = 60.0
    worker_env: dict[str, str] = field(default_factory=dict)
    api_env: dict[str, str] = field(default_factory=dict)
    modules: dict[str, str] = field(default_factory=dict)
    """Other builds of ``worker`` or ``api`` to run: test builds that can be told to die at one point."""
    tempers: Path | None = None
    """How the department systems behave, if not as usual."""


class Stack:
    """The running parts. Use :meth:`running` as a context: whatever happens, nothing that was started is left behind."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.data = plan.data.resolve()
        self.data.mkdir(parents=True, exist_ok=True)
        (self.data / "log").mkdir(exist_ok=True)
        self.url = plan.database_url or f"sqlite:///{self.data / 'sanhuan.db'}"
        self.temporal: servers.TemporalServer | None = None
        self.temporal_address = servers.given_address() or ""
        self.ports = {name: self._port(name) for name in ("api", "departments", *METRICS)}
        self.children: dict[str, Child] = {}

    @classmethod
    @contextmanager
    def running(cls, plan: Plan) -> Iterator["Stack"]:
        """Start everything but the staff, and stop it at the end."""
        stack = cls(plan)
        try:
            stack.start()
            yield stack
        finally:
            with _undisturbed():
                stack.stop()

    @property
    def api(self) -> str:
        """Address of API and console."""
        return f"http://127.0.0.1:{self.ports['api']}"

    @property
    def departments(self) -> str:
        """Address of the simulated department systems."""
        return f"http://127.0.0.1:{self.ports['departments']}"

    @property
    def ui(self) -> str:
        """Address of the Temporal UI, if the server is ours."""
        return self.temporal.ui_address if self.temporal else "—"

    @property
    def metrics(self) -> tuple[str, ...]:
        """Addresses of the figures of API, worker and SDK."""
        return tuple(f"http://127.0.0.1:{self.ports[name]}/metrics" for name in METRICS)

    def start(self) -> None:
        """Start the parts in the order in which they need one another."""
        self._end_leftovers()
        migrate(self.url)
        load(self.url, pack=self.plan.pack, departments=self.departments)
        if not self.temporal_address:
            self.temporal = servers.TemporalServer.start(
                self.data / "temporal.db",
                port=self._port("temporal"),
                ui_port=self._port("ui"),
                log_file=self.data / "log" / "temporal.log",
            )
            self.temporal_address = self.temporal.address
        self._start_parts("departments", "worker", "api")

    def _start_parts(self, *parts: str) -> None:
        """Start parts side by side and return when all are there: none needs another one to start."""
        begin = {"departments": self._begin_departments, "worker": self._begin_worker, "api": self._begin_api}
        for child, ready in [begin[part]() for part in parts]:
            child.wait_until(ready, START_S)

    def _begin_departments(self) -> Begun:
        args = ["-m", "simulation.departments", "--port", str(self.ports["departments"]), "--api", self.api]
        day = _seconds(self.plan.pack)
        args += ["--seed", str(self.plan.seed), "--day", str(day), "--state", str(self.data / "departments.jsonl")]
        args += ["--config", str(self.plan.tempers)] if self.plan.tempers else []
        return self._start("departments", args), lambda: _answers(f"{self.departments}/healthz")

    def _begin_worker(self) -> Begun:
        """It says that it is ready by a file."""
        ready = self.data / "worker.ready"
        ready.unlink(missing_ok=True)
        env = {
            "SANHUAN_HEALTH_FILE": str(ready),
            "SANHUAN_RELAY_EVERY": str(self.plan.relay_every),
            "SANHUAN_RELAY_AFTER": str(self.plan.relay_after),
            "SANHUAN_METRICS_PORT": str(self.ports["worker_metrics"]),
            "SANHUAN_SDK_METRICS_PORT": str(self.ports["sdk_metrics"]),
            **self.plan.worker_env,
        }
        return self._start("worker", ["-m", self._module("worker")], env), ready.exists

    def _begin_api(self) -> Begun:
        env = {
            "SANHUAN_PORT": str(self.ports["api"]),
            "SANHUAN_API_METRICS_PORT": str(self.ports["api_metrics"]),
            **self.plan.api_env,
        }
        if self.temporal is not None:
            env["SANHUAN_TEMPORAL_UI"] = self.temporal.ui_address
        return self._start("api", ["-m", self._module("api")], env), lambda: _answers(f"{self.api}/healthz")

    def start_staff(self, *args: str) -> Child:
        """Start the simulated staff; they act through the HTTP API only."""
        day = str(_seconds(self.plan.pack))
        command = ["-m", "simulation.staff", "--api", self.api, "--seed", str(self.plan.seed), "--day", day]
        return self._start("staff", [*command, *args])

    def kill_worker(self) -> None:
        """Kill the worker (-9) and start it again."""
        self.kill("worker")
        self.start_again("worker")

    def kill(self, part: str) -> None:
        """Kill a part (-9): ``temporal`` (if it is ours), ``worker``, ``api`` or ``departments``. One that is dead stays so."""
        if part == "temporal":
            if self.temporal is None:
                raise ServerError("the Temporal server is not ours to kill")
            self.temporal.kill()
        else:
            self.children[part].kill()

    def start_again(self, part: str) -> None:
        """Start a part that was killed or died, on the same port and the same files."""
        if part == "temporal":
            if self.temporal is not None:
                self.temporal.restart()
            return
        if self.children[part].running:
            self.children[part].kill()
        self._start_parts(part)

    def dead(self) -> list[str]:
        """Return the parts that have ended by themselves."""
        names = [name for name, child in self.children.items() if not child.running and name != "staff"]
        if self.temporal is not None and not self.temporal.running:
            names.append("temporal")
        return names

    def stop(self) -> None:
        """Stop whatever runs, callers before those they call."""
        for name in ("staff", "departments", "api", "worker"):
            if name in self.children:
                with suppress(ServerError, ProcessLookupError):
                    self.children[name].stop()
        if self.temporal is not None:
            self.temporal.stop()

    def _module(self, part: str) -> str:
        return self.plan.modules.get(part, part)

    def _start(self, name: str, args: Sequence[str], env: dict[str, str] | None = None) -> Child:
        child = Child(
            [sys.executable, *args],
            log_file=self.data / "log" / f"{name}.log",
            env={
                **os.environ,
                "SANHUAN_DATABASE_URL": self.url,
                "SANHUAN_TEMPORAL_ADDRESS": self.temporal_address,
                "PYTHONUNBUFFERED": "1",
                **(env or {}),
            },
            cwd=ROOT,
        )
        self.children[name] = child
        self._note_pids()
        return child

    def _note_pids(self) -> None:
        """Keep the ids of what runs: a start after a crash of the starter ends what it left behind."""
        pids: list[int | None] = [child.pid for child in self.children.values() if child.running]
        pids += [self.temporal.pid] if self.temporal is not None else []
        (self.data / "running.json").write_text(json.dumps(pids))

    def _end_leftovers(self) -> None:
        """End the processes an earlier start on this data directory left running, and nothing else."""
        noted = self.data / "running.json"
        for pid in filter(None, json.loads(noted.read_text()) if noted.exists() else []):
            command = Path(f"/proc/{pid}/cmdline")
            with suppress(OSError):
                line = command.read_bytes()
                if f"{sys.executable}\0-m\0".encode() in line or str(self.data / "temporal.db").encode() in line:
                    os.killpg(pid, signal.SIGKILL)
        noted.unlink(missing_ok=True)

    def _port(self, name: str) -> int:
        """Return the well-known port if it is wanted and free, else a free one."""
        wanted = PORTS[name]
        return wanted if self.plan.fixed_ports and servers.port_is_free(wanted) else servers.free_port()


@contextmanager
def _undisturbed() -> Iterator[None]:
    """Let a second Ctrl-C not interrupt the way out: it would leave processes behind."""
    numbers = (signal.SIGINT, signal.SIGTERM)
    before = [signal.signal(number, signal.SIG_IGN) for number in numbers]
    try:
        yield
    finally:
        for number, handler in zip(numbers, before, strict=True):
            signal.signal(number, handler)


def _seconds(pack: str) -> float:
    """Return how long the department systems take a working day to be: the pack's, or 30 s where days are real."""
    limit = load_pack(pack).scaled(Limit.parse("1wd"))
    return limit.seconds if limit.unit is Unit.s else REAL_DAY_S


@cache
def _http() -> httpx.Client:
    """One client for all: each new one reads the machine's certificates, which takes longer than what is asked.

    It keeps no connections, since nobody closes it.
    """
    return httpx.Client(timeout=2, limits=httpx.Limits(max_keepalive_connections=0))


def _answers(url: str) -> bool:
    try:
        return _http().get(url).is_success
    except httpx.HTTPError:
        return False


def wait_while_running(stack: Stack, every: float = 1.0) -> list[str]:
    """Block until a part ends by itself; return which."""
    while not (dead := stack.dead()):
        time.sleep(every)
    return dead
