"""How a case is taken through ours and through the bare workflow, and the workers for both."""

from collections.abc import AsyncIterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import func, insert, select
from temporalio.client import Client, WorkflowHandle
from temporalio.worker import Worker

from activities.signatures import CASES
from benchmarks.bare import Bare, Start
from benchmarks.places import Place
from benchmarks.sending import send_update
from benchmarks.shapes import ACTORS, Shape, body, command_id, envelope
from benchmarks.stamps import Stamps, watching
from benchmarks.steps import BARE, BareSteps
from domain.messages import Decision, ProcessStart, Receipt
from storage.models import EffectRow, PersonRow, RequestRow, table
from storage.unit_of_work import Database
from worker.host import parts, workers
from worker.plugin import plugin
from worker.settings import WorkerSettings

THREADS: Final = 16


@dataclass(frozen=True)
class Kind:
    """One contestant: ours or bare, its steps as local activities or not, in the SDK's sandbox (its default runner) or not."""

    name: str
    ours: bool = False
    local: bool = False
    sandbox: bool = False


KINDS: Final[Mapping[str, Kind]] = {
    kind.name: kind
    for kind in (
        Kind("bare-default", sandbox=True),
        Kind("bare"),
        Kind("bare-local-default", local=True, sandbox=True),
        Kind("bare-local", local=True),
        Kind("ours", ours=True),
    )
}


@dataclass
class Hall:
    """What all contestants share."""

    place: Place
    client: Client
    default: Client
    database: Database
    stamps: Stamps
    ours_sandboxed: bool

    async def start(self, kind: Kind, shape: Shape, no: str) -> WorkflowHandle[Any, Any]:
        """Begin a case; return when its opening is committed, if it has one that nobody is waited for in."""
        if kind.ours:
            waiting = tuple(envelope(no, name) for name in shape.ours_with_start)
            start = ProcessStart(process=f"case/{no}", waiting=waiting)
            handle = await self.client.start_workflow("CaseWorkflow", start, id=start.process, task_queue=CASES)
            opening: Sequence[str] = shape.ours_with_start
        else:
            client, queue = (self.default, "bare-default") if kind.sandbox else (self.client, "bare")
            bare = Start(no, kind.local, list(shape.opening), len(shape.messages))
            handle = await client.start_workflow("Bare", bare, id=f"{kind.name}/{no}", task_queue=queue)
            opening = shape.opening if len(shape.opening) > 1 else ()
        if opening:
            await self.stamps.committed(command_id(no, opening[-1]))
        return handle

    async def send(self, kind: Kind, handle: WorkflowHandle[Any, Any], no: str, name: str) -> int:
        """Send the message that releases a step and wait for its answer; return how often it was sent again."""
        key = command_id(no, name)
        if not kind.ours:
            return await send_update(handle, "step", name, key)
        decision = Decision[Any](id=key, actor=ACTORS[name], received_at=datetime.now(UTC), body=body(name, no))
        return await send_update(handle, name, decision, key, Receipt)

    def register(self, numbers: Sequence[str]) -> None:
        """Write the requests as the intake does, before the clock starts: the bare workflow's request comes from nowhere too."""
        now = datetime.now(UTC)
        row = {
            "channel": "phone",
            "case_type": "complaint",
            "caller_type": "person",
            "grade": "grade_normal",
            "confidential": False,
            "reply_preference": "phone",
            "title": "t",
            "content": "c",
            "language": "zh",
            "digest": "d",
            "pack": "haikou",
            "taken_by": "agent",
            "received_at": now,
        }
        with self.database.write() as connection:
            connection.execute(insert(table(PersonRow)), [{"id": n, "created_at": now} for n in numbers])
            connection.execute(insert(table(RequestRow)), [{**row, "no": n, "person": n} for n in numbers])

    def owed(self) -> int:
        """Count the effects that our decisions planned and nobody has performed yet."""
        e = table(EffectRow)
        with self.database.read() as connection:
            return int(connection.execute(select(func.count()).where(e.c.status == "planned")).scalar_one())


@asynccontextmanager
async def hall(place: Place, *, sandbox: bool = False) -> AsyncIterator[Hall]:
    """Run all workers in this process: ours as :mod:`worker.host` makes them, and two for the bare workflow."""
    settings = WorkerSettings(
        database_url=place.url, temporal_address=place.address, sandbox=sandbox, threads=THREADS, relay=False
    )
    stamps = Stamps()
    async with AsyncExitStack() as exits:
        exits.enter_context(watching(stamps))
        shared = exits.enter_context(parts(settings))
        BARE.create(shared.database.engine, checkfirst=True)
        client = await Client.connect(place.address, plugins=[plugin(sandbox=sandbox)])
        unsandboxed = await Client.connect(place.address, plugins=[plugin(sandbox=False)])
        default = await Client.connect(place.address)
        steps = BareSteps(shared.database, stamps)
        threads = exits.enter_context(ThreadPoolExecutor(THREADS, thread_name_prefix="activity-bare"))
        bare = [
            Worker(
                of,
                task_queue=queue,
                workflows=[Bare],
                activities=[steps.step],
                activity_executor=threads,
                max_concurrent_activities=THREADS,
                max_concurrent_local_activities=THREADS,
                max_cached_workflows=settings.cached_workflows,
            )
            for of, queue in ((unsandboxed, "bare"), (default, "bare-default"))
        ]
        for worker in (*workers(client, shared, settings), *bare):
            await exits.enter_async_context(worker)
        yield Hall(place, client, default, shared.database, stamps, sandbox)
