"""What the larger measurements share: a worker process, many cases begun at once, and people who decide meanwhile."""

import asyncio
import itertools
import os
import sys
import time
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from temporalio.client import Client, WorkflowUpdateFailedError
from temporalio.service import RPCError

from activities.signatures import CASES
from benchmarks.filling import take_requests
from benchmarks.measuring import centile
from benchmarks.places import Place
from benchmarks.sending import send_update
from benchmarks.shapes import ACTORS, SHAPES, body, command_id, envelope
from cli.load import ROOT
from cli.servers.process import Child
from domain.messages import Decision, ProcessStart, Receipt
from domain.process import Command
from storage.unit_of_work import Database

START_S: Final = 60.0
AT_ONCE: Final = 64


@contextmanager
def worker(place: Place, data: Path, module: str = "worker", **settings: str) -> Iterator[Child]:
    """Run ``python -m worker``, or another build of it, beside a place; ``settings`` are its environment without the prefix."""
    ready = data / "worker.ready"
    given = {
        "SANHUAN_DATABASE_URL": place.url,
        "SANHUAN_TEMPORAL_ADDRESS": place.address,
        "SANHUAN_HEALTH_FILE": str(ready),
        **{f"SANHUAN_{name.upper()}": value for name, value in settings.items()},
    }
    child = Child([sys.executable, "-m", module], log_file=data / "worker.log", env=os.environ | given, cwd=ROOT)
    child.wait_until(ready.exists, START_S)
    try:
        yield child
    finally:
        child.stop()


async def begin(client: Client, numbers: Iterable[str], waiting: Sequence[str] = ()) -> None:
    """Start the workflows of cases, with decisions that go with the start; return when the server knows them all."""
    rest = iter(numbers)

    async def lane() -> None:
        for no in rest:
            process = f"case/{no}"
            start = ProcessStart(process=process, waiting=tuple(envelope(no, name) for name in waiting))
            await client.start_workflow("CaseWorkflow", start, id=process, task_queue=CASES)

    await asyncio.gather(*(lane() for _ in range(AT_ONCE)))


async def give(client: Client, no: str, name: str, command: Command | None = None) -> float:
    """Give a case's one decision of a name; return the seconds until its answer."""
    key = command_id(no, name)
    decision = Decision[Any](id=key, actor=ACTORS[name], received_at=datetime.now(UTC), body=command or body(name, no))
    start = time.perf_counter()
    handle = client.get_workflow_handle(f"case/{no}")
    await send_update(handle, name, decision, key, Receipt)
    return time.perf_counter() - start


@dataclass
class People:
    """What those who decide meanwhile have seen: seconds by decision, and what went wrong."""

    seconds: list[float] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)

    def since(self, n: int) -> dict[str, Any]:
        """Return the figures of all decisions after the first ``n``."""
        taken = self.seconds[n:]
        return {"decisions": len(taken), "p50_ms": centile(taken, 50), "p99_ms": centile(taken, 99)}


@asynccontextmanager
async def people(client: Client, database: Database, lanes: int, pack: str) -> AsyncIterator[People]:
    """Let some lanes take fresh cases from intake to callback, one after the other, meanwhile."""
    seen, fresh = People(), itertools.count(1)

    def register(no: str) -> None:
        with database.write() as connection:
            take_requests(connection, [no], pack, datetime.now(UTC))

    async def lane() -> None:
        while True:
            no, name = f"20250103-{next(fresh):06d}", "register"
            try:
                await asyncio.to_thread(register, no)
                await begin(client, [no])
                for name in SHAPES["seven"].ours:
                    seen.seconds.append(await give(client, no, name))
            except (RPCError, WorkflowUpdateFailedError, TimeoutError) as error:
                # A refusal by the rules says its code: while people wait, a clock may do what they were about to do.
                why = getattr(error.__cause__, "type", None) or error
                seen.failed.append(f"{name}: {type(error).__name__}: {why}"[:80])

    tasks = [asyncio.create_task(lane()) for _ in range(lanes)]
    try:
        yield seen
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
