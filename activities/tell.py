"""Send a command to another process and bring its word back. The effect's id is the command's id: it takes effect once."""

import asyncio
from datetime import UTC, datetime
from typing import Any

from temporalio import activity
from temporalio.client import Client
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy
from temporalio.exceptions import ApplicationError

from activities.signatures import CASES, EffectOrder, Performed
from domain.deciders import workflow_of
from domain.messages import Message, ProcessStart
from domain.process import SYSTEM, Envelope
from domain.telling import NOT_BEGUN
from storage import effects
from storage.effects import Owed
from storage.unit_of_work import Database, StorageUnavailable

LOOKS = 40
LOOKS_AGAIN = 2
"""Who did not answer the first time is waited for without a place at work being kept."""
LOOK_EVERY_S = 0.25


class Tell:
    """Tells processes. Needs a client; one instance a worker process."""

    def __init__(self, database: Database, client: Client) -> None:
        self.database = database
        self.client = client

    @activity.defn(name="processes.tell")
    async def tell_process(self, order: EffectOrder) -> Performed:
        """Signal the target (started from the journal if it does not run) and wait until its journal has an answer."""
        try:
            effect = await asyncio.to_thread(self._owed, order.id)
            if effect is None:
                return Performed(status="done")
            if (answer := await self._answer(effect)) is not None:
                return answer
            await self._signal(effect)
            first = not activity.in_activity() or activity.info().attempt == 1
            for _ in range(LOOKS if first else LOOKS_AGAIN):
                if (answer := await self._answer(effect)) is not None:
                    return answer
                await asyncio.sleep(LOOK_EVERY_S)
        except StorageUnavailable as error:
            raise ApplicationError("the database did not answer", type="StorageUnavailable") from error
        raise ApplicationError(f"{effect.target} has not answered yet", type="no_answer_yet")

    async def _signal(self, effect: Owed) -> None:
        envelope = Envelope(
            id=effect.id,
            process=effect.target,
            name=effect.body["command"],
            body=effect.body["body"],
            actor=SYSTEM,
            received_at=datetime.now(UTC),
            effect=True,
        )
        await signal_process(self.client, effect.target, "decide", Message(envelope=envelope))

    def _owed(self, effect: str) -> Owed | None:
        with self.database.read() as connection:
            return effects.owed(connection, effect)

    async def _answer(self, effect: Owed) -> Performed | None:
        def look() -> Any:
            with self.database.read() as connection:
                return effects.command_outcome(connection, effect.id)

        row = await asyncio.to_thread(look)
        if row is None or row.outcome == "received":
            return None
        if row.outcome == "recorded":
            return Performed(status="done")
        reply = effect.body.get("on_refused")
        if reply is None and row.code == NOT_BEGUN:
            return Performed(status="refused", code=row.code)
        if reply is None:
            raise ApplicationError(str(row.code), type=str(row.code), non_retryable=True)
        about = effect.body.get("reply") or {"into": effect.target.partition("/")[2]}
        return Performed(status="refused", code=row.code, reply=reply, body={**about, "code": row.code})


async def signal_process(client: Client, process: str, signal: str, *args: Any) -> None:
    """Signal a process, starting it from the journal when it does not run (law 7)."""
    await _start(
        client, process, WorkflowIDConflictPolicy.USE_EXISTING, start_signal=signal, start_signal_args=list(args)
    )


async def begin_anew(client: Client, process: str) -> None:
    """End whatever runs of a process and begin a run that knows nothing and catches up from the journal (law 7)."""
    await _start(client, process, WorkflowIDConflictPolicy.TERMINATE_EXISTING)


async def _start(client: Client, process: str, conflict: WorkflowIDConflictPolicy, **signal: Any) -> None:
    await client.start_workflow(
        workflow_of(process),
        ProcessStart(process=process),
        id=process,
        task_queue=CASES,
        id_conflict_policy=conflict,
        id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
        static_summary=process,
        **signal,
    )
