"""A running engine: workers on a Temporal server and a database, and cases that people decide on through updates."""

import asyncio
import inspect
import itertools
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from temporalio.api.enums.v1 import EventType
from temporalio.client import (
    Client,
    WithStartWorkflowOperation,
    WorkflowExecutionStatus,
    WorkflowHandle,
    WorkflowHistory,
    WorkflowUpdateFailedError,
)
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError, RPCStatusCode
from temporalio.worker import Replayer, Worker

from activities.signatures import CASES
from domain.deciders import decider_of, workflow_of
from domain.kernel import KERNEL_COMMANDS
from domain.messages import Decision, ProcessStart, Receipt
from domain.process import Envelope
from storage.models import CommandRow, EffectRow, EventRow, ProcessRow
from storage.unit_of_work import Database
from tests.factories.book import actor, references
from tests.factories.city import rows, take_request
from worker.host import WORKFLOWS, Parts, parts, workers
from worker.metrics import WorkerMetrics
from worker.plugin import plugin
from worker.settings import WorkerSettings

PATIENCE_S = 60.0
MOST_SENDS = 100
AGAIN = {RPCStatusCode.FAILED_PRECONDITION, RPCStatusCode.ABORTED, RPCStatusCode.NOT_FOUND}
_ids = itertools.count(1)


async def until(holds: Callable[[], Any], seconds: float = PATIENCE_S, every: float = 0.05) -> Any:
    """Wait until the condition (a plain or an async function) gives something true, and return that."""
    deadline = asyncio.get_running_loop().time() + seconds
    while True:
        found = holds()
        if inspect.isawaitable(found):
            found = await found
        if found:
            return found
        if asyncio.get_running_loop().time() > deadline:
            raise AssertionError(f"not within {seconds} s: {inspect.getsource(holds).strip()}")
        await asyncio.sleep(every)


class Refused(Exception):
    """A decision was refused."""

    def __init__(self, code: str, detail: Any) -> None:
        super().__init__(code)
        self.code, self.detail = code, detail


@dataclass
class Team:
    """The workers of one worker process, which a test may stop and start."""

    client: Client
    shared: Parts
    settings: WorkerSettings
    running: list[tuple[Worker, "asyncio.Task[None]"]] = field(default_factory=list)
    metrics: WorkerMetrics = field(default_factory=WorkerMetrics)

    async def start(self) -> None:
        """Start all workers."""
        found = workers(self.client, self.shared, self.settings, self.metrics)
        self.running = [(worker, asyncio.create_task(worker.run())) for worker in found]

    async def stop(self) -> None:
        """Stop them in order."""
        running, self.running = self.running, []
        await asyncio.gather(*(worker.shutdown() for worker, _ in running))
        await asyncio.gather(*(task for _, task in running))


@dataclass
class Engine:
    """Client, database and workers of one test. ``now`` is the clock of the server."""

    client: Client
    database: Database
    team: Team
    now: Callable[[], Awaitable[datetime]]
    cases: "list[LiveCase]" = field(default_factory=list)

    async def case(self, **fields: Any) -> "LiveCase":
        """Take a request and start its case."""
        at = await self.now()
        no = take_request(self.database, at, **fields)
        case = LiveCase(self, no)
        self.cases.append(case)
        await case.start()
        return case

    async def histories(self) -> list[WorkflowHistory]:
        """The histories of all runs of all cases of this test."""
        return [history for case in self.cases for history in await case.histories()]

    async def end(self) -> None:
        """Terminate what still runs."""
        for case in self.cases:
            try:
                if (await case.handle.describe()).status is WorkflowExecutionStatus.RUNNING:
                    await case.handle.terminate("the test is over")
            except RPCError:
                continue


class LiveCase:
    """One case on the engine."""

    def __init__(self, engine: Engine, no: str) -> None:
        self.engine, self.no = engine, no
        self.process = f"case/{no}"
        self.kept: list[WorkflowHistory] = []

    @property
    def handle(self) -> WorkflowHandle[Any, str]:
        """The case's latest run."""
        return self.engine.client.get_workflow_handle(self.process, result_type=str)

    @property
    def operation(self) -> WithStartWorkflowOperation[Any, Any]:
        """Start the case from the journal unless it runs, as the API does."""
        return WithStartWorkflowOperation(
            workflow_of(self.process),
            ProcessStart(process=self.process),
            id=self.process,
            task_queue=CASES,
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
            id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
        )

    async def start(self) -> None:
        """Start the workflow."""
        await self.engine.client.start_workflow(
            "CaseWorkflow", ProcessStart(process=self.process), id=self.process, task_queue=CASES
        )

    async def decision(
        self,
        name: str,
        *,
        unit: str | None = None,
        role: str | None = None,
        command: str | None = None,
        received: datetime | None = None,
        seen: int | None = None,
        **body: Any,
    ) -> Decision[Any]:
        """A person's decision, as the API makes it."""
        model = decider_of(self.process).commands.get(name) or KERNEL_COMMANDS[name]
        command = command or f"d/{self.no}/{next(_ids)}"
        return Decision[model](  # type: ignore[valid-type]
            id=command,
            actor=actor(name, unit, role),
            received_at=received or await self.engine.now(),
            body=model.model_validate(dict(references(model, command)) | body),
            seen=seen,
        )

    async def give(self, name: str, **more: Any) -> Receipt:
        """Give a decision; raises :class:`Refused`."""
        return await self.send(name, await self.decision(name, **more))

    async def send(self, name: str, decision: Decision[Any]) -> Receipt:
        """Send a decision by update-with-start; again when the run was just ending or continuing, as the API does."""
        for _ in range(MOST_SENDS):
            operation = self.operation
            # The SDK puts an error into the operation's own future too; unread, it would be logged for every refusal.
            begun = asyncio.ensure_future(operation.workflow_handle())
            begun.add_done_callback(lambda done: done.cancelled() or done.exception())
            try:
                receipt: Receipt = await self.engine.client.execute_update_with_start_workflow(
                    name, decision, start_workflow_operation=operation, id=decision.id, result_type=Receipt
                )
            except WorkflowUpdateFailedError as error:
                if not isinstance(error.cause, ApplicationError):
                    raise
                raise Refused(error.cause.type or "", error.cause.details) from error
            except RPCError as error:
                if error.status not in AGAIN:
                    raise
                await asyncio.sleep(0.05)
            else:
                return receipt
            finally:
                begun.cancel()
        raise AssertionError(f"{name} of {self.process} did not get through")

    async def refuses(self, name: str, **more: Any) -> str:
        """Give a decision that must be refused; return the code."""
        try:
            receipt = await self.give(name, **more)
        except Refused as refused:
            return refused.code
        raise AssertionError(f"{name} was accepted: {receipt}")

    # ------------------------------------------------------------------------------------------------------ short ways

    async def dispatched(self, lead: str = "water", **more: Any) -> "LiveCase":
        """Triage and dispatch."""
        await self.give("triage", triage=more.pop("triage", "routine"))
        await self.give("dispatch", lead=lead, **more)
        return self

    async def in_callback(self) -> "LiveCase":
        """Work it until the callers are to be called."""
        await self.dispatched()
        await self.give("submit_result", unit="water", order="a1", code="solved", documents=("doc-1",))
        await self.give("review_result", order="a1", accept=True)
        return self

    async def satisfied(self) -> Receipt:
        """The caller is satisfied."""
        return await self.give("record_callback", request=self.no, reached=True, solved="yes", satisfaction="satisfied")

    # --------------------------------------------------------------------------------------------------------- looking

    def events(self) -> list[Any]:
        """The stored events."""
        return rows(self.engine.database, EventRow, process=self.process)

    def types(self) -> list[str]:
        """The types of the stored events."""
        return [e.type for e in self.events()]

    def effects(self, **where: Any) -> list[Any]:
        """The stored effects."""
        return rows(self.engine.database, EffectRow, process=self.process, **where)

    def commands(self, **where: Any) -> list[Any]:
        """The stored commands."""
        return rows(self.engine.database, CommandRow, process=self.process, **where)

    def row(self) -> Any:
        """The process row, None before the first commit."""
        found = rows(self.engine.database, ProcessRow, id=self.process)
        return found[0] if found else None

    async def opened(self) -> "LiveCase":
        """Wait until the journal knows it."""
        await until(self.row)
        return self

    async def settled(self) -> None:
        """Wait until nothing is planned."""
        await until(lambda: self.row() and not self.effects(status="planned"))

    async def status(self) -> WorkflowExecutionStatus | None:
        """The status of the latest run."""
        return (await self.handle.describe()).status

    async def keep(self) -> None:
        """Keep the history of a run that is about to be lost."""
        self.kept.append(await self.handle.fetch_history())

    async def histories(self) -> list[WorkflowHistory]:
        """The histories of the latest run, of the runs it continues, and of those that were kept."""
        found = list(self.kept)
        try:
            history = await self.handle.fetch_history()
            while True:
                found.append(history)
                started = history.events[0].workflow_execution_started_event_attributes
                if not started.continued_execution_run_id:
                    return found
                before = self.engine.client.get_workflow_handle(self.process, run_id=started.continued_execution_run_id)
                history = await before.fetch_history()
        except RPCError:
            return found


class LiveProcess(LiveCase):
    """Another process that a case, or somebody, has begun on the engine."""

    def __init__(self, engine: Engine, process: str) -> None:
        super().__init__(engine, process.partition("/")[2])
        self.process = process

    async def give(self, name: str, **more: Any) -> Receipt:
        """Give a decision; who gives it is named by ``unit_``, ``district_``, ``role`` and ``user_``, all else is what he says."""
        who = actor(name, more.pop("unit_", None), more.pop("role", None))
        who = who.model_copy(update={"district": more.pop("district_", None)})
        user, received = more.pop("user_", None) or who.user, more.pop("received", None)
        model = decider_of(self.process).commands.get(name) or KERNEL_COMMANDS[name]
        command = f"d/{self.no}/{next(_ids)}"
        decision = Decision[model](  # type: ignore[valid-type]
            id=command,
            actor=who.model_copy(update={"user": user}),
            received_at=received or await self.engine.now(),
            body=model.model_validate(dict(references(model, command)) | more),
        )
        return await self.send(name, decision)


def seen(history: WorkflowHistory, kind: str) -> list[Any]:
    """The events of one kind of a history, such as ``TIMER_STARTED``."""
    return [e for e in history.events if EventType.Name(e.event_type) == f"EVENT_TYPE_{kind}"]


async def replays(histories: list[WorkflowHistory]) -> None:
    """Replay histories with the code as it is now, by one worker; fails at the first that comes to other commands."""

    async def begun() -> AsyncIterator[WorkflowHistory]:
        for history in histories:
            # A run that has only been started holds nothing to replay, and the SDK's replayer would wait for more for ever.
            if seen(history, "WORKFLOW_TASK_SCHEDULED"):
                yield history

    replayer = Replayer(workflows=list(WORKFLOWS), plugins=[plugin()])
    async with replayer.workflow_replay_iterator(begun()) as results:
        async for result in results:
            if result.replay_failure is not None:
                raise result.replay_failure


@asynccontextmanager
async def engine_on(
    client: Client,
    database: Database,
    *,
    now: Callable[[], Awaitable[datetime]] | None = None,
    replay: bool = True,
    **settings: Any,
) -> AsyncIterator[Engine]:
    """Run workers on a server and a database. At the end every history is fetched and replayed."""

    async def wall() -> datetime:
        return datetime.now(UTC)

    asked = WorkerSettings(database_url=database.url, **settings)
    async with AsyncExitStack() as stack:
        shared = stack.enter_context(parts(asked))
        team = Team(client, shared, asked)
        engine = Engine(client, database, team, now or wall)
        await team.start()
        stack.push_async_callback(team.stop)
        yield engine
        if replay:
            await replays(await asyncio.wait_for(engine.histories(), PATIENCE_S))
        await engine.end()


def envelope_of(name: str, decision: Decision[Any], process: str) -> Envelope:
    """The same decision as the relay brings it."""
    return Envelope(
        id=decision.id,
        process=process,
        name=name,
        body=decision.body.model_dump(mode="json"),
        actor=decision.actor,
        received_at=decision.received_at,
    )
