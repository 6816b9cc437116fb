"""The relay: what a crash left undone is brought to the engine (law 3, law 6).

Every round it looks for requests whose case has not begun, decisions the engine has not seen, effects that are owed and timers
that have passed for too long, and signals or starts the process. Everything it does may be done twice: ids make it once. One
relay works at a time (a lease); a process that is nudged again and again is nudged ever more rarely, so that a department that
is down for a day does not fill a history.

Whoever hangs although he was nudged for long is begun anew from the journal: a run is worth nothing (law 7), so whatever holds one,
in the engine or in a worker, is left behind with it.
"""

import asyncio
import os
import socket
import uuid
from collections.abc import Awaitable, Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta

import structlog
from temporalio.api.enums.v1 import PendingWorkflowTaskState
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from activities.tell import begin_anew, signal_process
from domain.messages import Message
from domain.process import Envelope
from storage import relay as sql
from storage.unit_of_work import Database, StorageUnavailable
from worker.metrics import WorkerMetrics
from worker.settings import WorkerSettings

MOST = 500
MOST_ANEW = 10
"""In one round. If thousands hang, it is no run's fault, and beginning them anew would only add to what the engine has to do."""
AT_ONCE = 16
LONGEST_PAUSE = timedelta(hours=1)
RPC_TIMEOUT_S = 10.0

log = structlog.get_logger()


class Patience:
    """When each may be nudged again: after a pause, which doubles with every nudge that arrived."""

    def __init__(self, first: float) -> None:
        self.first = timedelta(seconds=first)
        self.nudged: dict[str, tuple[datetime, timedelta]] = {}

    def turn(self, found: Sequence[str], now: datetime, after: str = "", last: str | None = None) -> list[str]:
        """Return those whose turn it is. Whoever lies in the range that was looked at and was not found is forgotten."""
        here = set(found)
        looked = (k for k in self.nudged if after < k and (last is None or k <= last))
        for key in [k for k in looked if k not in here]:
            del self.nudged[key]
        return [k for k in found if k not in self.nudged or now >= self.nudged[k][0]]

    def note(self, keys: Iterable[str], now: datetime) -> None:
        """These have been nudged. One that could not be reached is not among them: its pause must not grow."""
        for key in keys:
            wait = min(self.nudged[key][1] * 2, LONGEST_PAUSE) if key in self.nudged else self.first
            self.nudged[key] = (now + wait, wait)

    def forget(self, keys: Iterable[str]) -> None:
        """These are as if they had never been nudged."""
        for key in keys:
            self.nudged.pop(key, None)


class Relay:
    """One relay. ``round`` does one round and says how much it brought on its way."""

    def __init__(
        self, database: Database, client: Client, settings: WorkerSettings, metrics: WorkerMetrics | None = None
    ) -> None:
        self.database, self.client, self.settings = database, client, settings
        self.metrics = metrics or WorkerMetrics()
        self.owner = f"{socket.gethostname()}:{os.getpid()}:{uuid.uuid4().hex[:8]}"
        self.requests = Patience(settings.deliver_after)
        self.commands = Patience(settings.deliver_after)
        self.processes = Patience(settings.relay_every)
        self.hanging = Patience(settings.relay_anew_after)
        self.after = ""

    async def run(self) -> None:
        """Do rounds until cancelled. No error ends it: what could not be done now is found again."""
        while True:
            try:
                await self.round()
            except (StorageUnavailable, RPCError, TimeoutError) as error:
                self.hanging.nudged.clear()
                self.metrics.round("failed", {}, {})
                log.warning("relay_round_failed", error=type(error).__name__)
            except Exception:
                self.metrics.round("failed", {}, {})
                log.exception("relay_round_failed")
            await asyncio.sleep(min(self.settings.relay_every, max(self.settings.deliver_after / 2, 0.2)))

    async def round(self) -> int:
        """Look once; return the number of starts and signals sent."""
        now = datetime.now(UTC)
        until = now + timedelta(seconds=max(10.0, 2 * self.settings.relay_every))
        if not await asyncio.to_thread(self._lease, now, until):
            self.metrics.round("elsewhere", {}, {})
            return 0
        young = now - timedelta(seconds=self.settings.deliver_after)
        old = now - timedelta(seconds=self.settings.relay_after)
        requests, commands, behind, hanging = await asyncio.to_thread(self._look, young, old)
        envelopes = {e.id: e for e in commands}
        last = behind[-1] if len(behind) == MOST else None
        to_start, to_deliver = self.requests.turn(requests, now), self.commands.turn(list(envelopes), now)
        to_nudge = self.processes.turn(behind, now, self.after, last)
        started, not_there = await _all(to_start, lambda no: self._signal(f"case/{no}", "sync"))
        delivered, gone = await _all(to_deliver, lambda key: self._deliver(envelopes[key]))
        nudged, away = await _all(to_nudge, lambda process: self._signal(process, "sync"))
        self.after = last or ""
        # Nobody hangs while the engine is away. One process that cannot be signalled says nothing of the others.
        if not_there or gone or away:
            self.hanging.nudged.clear()
        self.requests.note(started, now)
        self.commands.note(delivered, now)
        self.processes.note(nudged, now)
        anew = await self._begin_anew(hanging, now)
        # What was signalled is gone with the run: it comes again in the next round.
        self.processes.forget(anew)
        self.commands.forget(key for key, envelope in envelopes.items() if envelope.process in anew)
        self.metrics.round(
            "done",
            {"requests": requests, "commands": commands, "behind": behind, "hanging": hanging},
            {"requests": started, "commands": delivered, "behind": nudged, "hanging": anew},
        )
        if started or delivered or nudged:
            log.info("relayed", requests=len(started), commands=len(delivered), behind=len(nudged))
        return len(started) + len(delivered) + len(nudged) + len(anew)

    async def _begin_anew(self, hanging: Sequence[str], now: datetime) -> list[str]:
        """Begin anew whoever has hung for the whole patience; who is seen for the first time gets it now."""
        turn = self.hanging.turn(hanging, now)
        first = [process for process in turn if process not in self.hanging.nudged]
        anew, _ = await _all([process for process in turn if process in self.hanging.nudged][:MOST_ANEW], self._anew)
        self.hanging.note([*first, *anew], now)
        return anew

    async def _anew(self, process: str) -> None:
        log.warning("relay_begins_anew", process=process, run=await self._run_of(process))
        await asyncio.wait_for(begin_anew(self.client, process), RPC_TIMEOUT_S)

    async def _run_of(self, process: str) -> str:
        """Say in short what the engine has of the run that will be left behind: for who looks for what held it."""
        handle = self.client.get_workflow_handle(process)
        try:
            found = (await asyncio.wait_for(handle.describe(), RPC_TIMEOUT_S)).raw_description
        except RPCError as error:
            return error.status.name
        info, task = found.workflow_execution_info, found.pending_workflow_task
        pending = [f"{a.activity_type.name} (attempt {a.attempt})" for a in found.pending_activities]
        state = PendingWorkflowTaskState.Name(task.state).removeprefix("PENDING_WORKFLOW_TASK_STATE_").lower()
        return "; ".join((f"{info.history_length} events", f"task {state} (attempt {task.attempt})", *pending))

    def _lease(self, now: datetime, until: datetime) -> bool:
        with self.database.write() as connection:
            return sql.take_lease(connection, self.owner, now, until)

    def _look(self, young: datetime, old: datetime) -> tuple[list[str], list[Envelope], list[str], list[str]]:
        with self.database.read() as connection:
            return (
                list(sql.requests_without_case(connection, young, MOST)),
                list(sql.undelivered_commands(connection, young, MOST)),
                list(sql.processes_behind(connection, old, MOST, self.after)),
                list(sql.processes_hanging(connection, old, MOST)),
            )

    async def _deliver(self, envelope: Envelope) -> None:
        await self._signal(envelope.process, "decide", Message(envelope=envelope))

    async def _signal(self, process: str, signal: str, *args: Message) -> None:
        await asyncio.wait_for(signal_process(self.client, process, signal, *args), RPC_TIMEOUT_S)


async def _all(keys: Iterable[str], act: Callable[[str], Awaitable[None]]) -> tuple[list[str], bool]:
    """Do all, some at once; return those that went well, in their order, and whether the engine was away.

    The others are found again next round. When the engine is away the rest is left for that at once.
    """
    gate = asyncio.Semaphore(AT_ONCE)
    done: set[str] = set()
    away = False

    async def one(key: str) -> None:
        nonlocal away
        async with gate:
            if away:
                return
            try:
                await act(key)
            except (RPCError, TimeoutError) as error:
                if not isinstance(error, RPCError) or error.status is RPCStatusCode.UNAVAILABLE:
                    away = True
                log.warning("relay_could_not_reach", error=type(error).__name__)
            else:
                done.add(key)

    keys = list(keys)
    await asyncio.gather(*(one(key) for key in keys))
    return [key for key in keys if key in done], away
