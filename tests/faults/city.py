"""The processes of a fault run, and how each fault strikes them."""

import asyncio
import random
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from sqlalchemy import select
from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.enums.v1 import EventType
from temporalio.api.workflowservice.v1 import DeleteWorkflowExecutionRequest, ResetWorkflowExecutionRequest
from temporalio.client import Client, WorkflowExecutionStatus
from temporalio.service import RPCError

from cli import servers
from cli.stack import Plan, Stack
from storage.models import EffectRow, ProceedingRow, table
from storage.unit_of_work import Database, StorageUnavailable
from tests.faults.driver import Driver
from tests.faults.hooks import FOLDER, Orders, Strike, read
from tests.faults.schedule import ALL, Fault

TEMPERS: Final = Path(__file__).parent / "tempers.yaml"
MODULES: Final = {"worker": "tests.faults.worker_with_hook", "api": "tests.faults.api_with_hook"}
GAP_PATIENCE_S: Final = 15.0
RELAY_PATIENCE_S: Final = 120.0
GATHER_S: Final = 1.0
HOLD: Final = """
import sqlite3, sys, time
connection = sqlite3.connect(sys.argv[1], isolation_level=None, timeout=30)
connection.execute("BEGIN EXCLUSIVE")
print("held", flush=True)
time.sleep(float(sys.argv[2]))
connection.execute("ROLLBACK")
"""


def plan(data: Path, *, seed: int, url: str | None = None, every: float = 2.0, after: float = 5.0) -> Plan:
    """The stack of a fault run: test builds of worker and API, silent department systems, a relay that looks often."""
    faults = {FOLDER: str(data / "orders")}
    return Plan(
        data=data,
        pack="haikou",
        database_url=url,
        seed=seed,
        relay_every=every,
        relay_after=after,
        worker_env=faults | {"SANHUAN_RELAY_ANEW_AFTER": "60"},
        api_env=faults,
        modules=MODULES,
        tempers=TEMPERS,
    )


class City:
    """The stack of a run, and the faults that strike it. Used from one thread at a time."""

    def __init__(self, stack: Stack, postgres: servers.PostgresServer | None = None, outage_s: float = 20.0) -> None:
        self.stack, self.postgres, self.outage_s = stack, postgres, outage_s
        self.orders = Orders(stack.data / "orders")
        self.database = Database(stack.url)
        self.struck: Counter[str] = Counter()
        self.relay_s: list[float] = []
        self.wrong: list[str] = []
        self.say: Callable[[str], None] = lambda _: None

    @classmethod
    @contextmanager
    def running(cls, plan: Plan, postgres: servers.PostgresServer | None = None, **more: float) -> Iterator["City"]:
        """Start the stack; stop it at the end."""
        with Stack.running(plan) as stack:
            city = cls(stack, postgres, **more)
            try:
                yield city
            finally:
                city.database.close()

    def strike(self, fault: Fault, driver: Driver) -> None:
        """Let a fault strike and be over: what it killed runs again."""
        strikes: Mapping[str, Callable[[Fault, Driver], str]] = {
            "worker": self._random,
            "api": self._random,
            "temporal": self._random,
            "worker_in_gap": self._in_gap,
            "api_in_gap": self._in_gap,
            "all_in_gap": self._all_in_gap,
            "outage": self._outage,
            "terminate": self._trouble,
            "reset": self._reset,
            "delete": self._trouble,
        }
        began = time.monotonic()
        done = strikes[fault.kind](fault, driver)
        self.struck[done] += 1
        self.say(f"{fault.n:3d} {fault.at:4.0%} {done} {time.monotonic() - began:.1f} s")

    # ------------------------------------------------------------------------------------------------------------ kills

    def again(self, part: str) -> None:
        """Kill a part and start it again."""
        self.stack.kill(part)
        self.stack.start_again(part)

    def _random(self, fault: Fault, _driver: Driver) -> str:
        self.again(fault.kind)
        return fault.kind

    def _in_gap(self, fault: Fault, _driver: Driver) -> str:
        part = fault.kind.removesuffix("_in_gap")
        strike = self.wait_for_gap(part, fault.n)
        self.again(part)
        return fault.kind if strike else part

    def wait_for_gap(self, part: str, n: int) -> Strike | None:
        """Order a part to die in the gap and wait until it has; None when it had no occasion (it lives)."""
        struck = self.orders.arm(part, n)
        until = time.monotonic() + GAP_PATIENCE_S
        while (found := read(struck)) is None:
            if time.monotonic() > until:
                if self.orders.disarm(struck):
                    return None
                until += GAP_PATIENCE_S
            time.sleep(0.02)
        return found

    def _all_in_gap(self, fault: Fault, driver: Driver) -> str:
        """Worker, Temporal, client and API die between a commit and its consequences: only the relay can bring these."""
        strike = self.wait_for_gap("worker_owing", fault.n)
        self.stack.kill("temporal")
        if strike is not None:
            driver.abandon(strike.process)
        self.stack.kill("api")
        self.stack.kill("worker")
        began = time.monotonic()
        self.stack.start_again("temporal")
        self.stack.start_again("worker")
        if strike is None:
            self.stack.start_again("api")
            return ALL
        while self.owing(strike):
            if time.monotonic() - began > RELAY_PATIENCE_S:
                self.wrong.append(
                    f"{strike.process}: what {strike.command} owes was not done in {RELAY_PATIENCE_S:.0f} s"
                )
                break
            time.sleep(0.1)
        self.relay_s.append(round(time.monotonic() - began, 1))
        self.stack.start_again("api")
        driver.resume(strike.process)
        return fault.kind

    def owing(self, strike: Strike) -> bool:
        """Say whether what was owed at a strike is still planned."""
        e = table(EffectRow)
        try:
            with self.database.read() as connection:
                found = connection.execute(select(e.c.status).where(e.c.id.in_(strike.effects))).scalars().all()
        except StorageUnavailable:
            return True
        return "planned" in found

    # ---------------------------------------------------------------------------------------------------------- troubles

    def _outage(self, fault: Fault, _driver: Driver) -> str:
        with self.database_away():
            time.sleep(self.outage_s)
        return fault.kind

    @contextmanager
    def database_away(self) -> Iterator[None]:
        """Take the database away: stop PostgreSQL, or hold SQLite's lock from another process."""
        if self.postgres is not None:
            self.postgres.stop()
            try:
                yield
            finally:
                self.postgres.restart()
                self.database.close()  # its connections went with the server
            return
        file = self.stack.url.removeprefix("sqlite:///")
        holder = subprocess.Popen([sys.executable, "-c", HOLD, file, "600"], stdout=subprocess.PIPE)
        try:
            if holder.stdout is None or holder.stdout.readline() != b"held\n":
                raise RuntimeError("the database was not taken away")
            yield
        finally:
            holder.kill()
            holder.wait()
            if holder.stdout is not None:
                holder.stdout.close()

    def _reset(self, fault: Fault, driver: Driver) -> str:
        """Reset the workflow of some case; every second time while no worker is there, so that messages wait beside the reset."""
        if fault.n % 2:
            return self._trouble(fault, driver)
        self.stack.kill("worker")
        time.sleep(GATHER_S)
        done = self._trouble(fault, driver)
        self.stack.start_again("worker")
        return f"{done}_away"

    def _trouble(self, fault: Fault, driver: Driver) -> str:
        """Terminate, reset or delete the run of some case that is still played, or of a process beside it."""
        numbers = sorted(no for play in list(driver.plays) if not play.over for no in list(play.numbers.values()))
        processes = [f"case/{no}" for no in numbers] + self._beside(numbers)
        rng = random.Random(fault.draw)
        for process in rng.sample(processes, len(processes)):
            try:
                if asyncio.run(trouble(self.stack.temporal_address, process, fault.kind)):
                    return fault.kind
            except RPCError:
                continue
        return f"{fault.kind}_nobody"

    def _beside(self, numbers: Collection[str]) -> list[str]:
        """The open processes about these cases."""
        p = table(ProceedingRow)
        try:
            with self.database.read() as connection:
                found = connection.execute(
                    select(p.c.id).where(p.c.case_no.in_(numbers), p.c.closed_at.is_(None)).order_by(p.c.id)
                )
                return list(found.scalars())
        except StorageUnavailable:
            return []


async def trouble(address: str, process: str, kind: str) -> bool:
    """Terminate, reset (to its first task) or delete a running workflow; say whether there was anything to do it to.

    Raises RPCError when it cannot be done to this one.
    """
    client = await Client.connect(address)
    handle = client.get_workflow_handle(process)
    if (await handle.describe()).status is not WorkflowExecutionStatus.RUNNING:
        return False
    execution = WorkflowExecution(workflow_id=process)
    if kind == "terminate":
        await handle.terminate("a fault")
    elif kind == "delete":
        await client.workflow_service.delete_workflow_execution(
            DeleteWorkflowExecutionRequest(namespace=client.namespace, workflow_execution=execution)
        )
    else:
        history = await handle.fetch_history()
        done = [e for e in history.events if e.event_type == EventType.EVENT_TYPE_WORKFLOW_TASK_COMPLETED]
        if not done:
            return False
        await client.workflow_service.reset_workflow_execution(
            ResetWorkflowExecutionRequest(
                namespace=client.namespace,
                workflow_execution=WorkflowExecution(workflow_id=process, run_id=history.run_id),
                reason="a fault",
                workflow_task_finish_event_id=done[0].event_id,
                request_id=f"reset/{process}/{time.monotonic_ns()}",
            )
        )
    return True


def copy_database(source: Path, target: Path) -> None:
    """Copy a SQLite database as a backup does, while others may be writing."""
    with sqlite3.connect(source) as one, sqlite3.connect(target) as two:
        one.backup(two)
    one.close()
    two.close()
