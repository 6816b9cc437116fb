"""The relay: what a crash left undone is brought to the engine (law 3, law 6).

Every round it looks for requests whose case has not begun, decisions the engine has not seen, effects that are owed and timers
that have passed for too long, and signals or starts the process. Everything it does may be done twice: ids make it once. One
relay works at a time (a lease); a process that is nudged again and again is nudged ever more rarely, so that a department that
is down for a day does not fill a history.
"""

import asyncio
import os
import socket
import uuid
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TypeVar

import structlog
from temporalio.client import Client
from temporalio.service import RPCError

from activities.tell import signal_process
from domain.messages import Message
from domain.process import Envelope
from storage import relay as sql
from storage.unit_of_work import Database, StorageUnavailable
from worker.settings import WorkerSettings

T = TypeVar("T")

MOST = 500
AT_ONCE = 16
LONGEST_PAUSE = timedelta(hours=1)
RPC_TIMEOUT_S = 10.0

log = structlog.get_logger()


@dataclass
class Patience:
    """When a process may be nudged again: after ``wait``, which doubles."""

    due: datetime
    wait: timedelta


@dataclass
class Relay:
    """One relay. ``round`` does one round and says how much it brought on its way."""

    database: Database
    client: Client
    settings: WorkerSettings
    owner: str = field(default_factory=lambda: f"{socket.gethostname()}:{os.getpid()}:{uuid.uuid4().hex[:8]}")
    patience: dict[str, Patience] = field(default_factory=dict)

    async def run(self) -> None:
        """Do rounds until cancelled. No error ends it: what could not be done now is found again."""
        while True:
            try:
                await self.round()
            except (StorageUnavailable, RPCError, TimeoutError) as error:
                log.warning("relay_round_failed", error=type(error).__name__)
            except Exception:
                log.exception("relay_round_failed")
            await asyncio.sleep(min(self.settings.relay_every, max(self.settings.deliver_after / 2, 0.2)))

    async def round(self) -> int:
        """Look once; return the number of starts and signals sent."""
        now = datetime.now(UTC)
        until = now + timedelta(seconds=max(10.0, 2 * self.settings.relay_every))
        if not await asyncio.to_thread(self._lease, now, until):
            return 0
        young = now - timedelta(seconds=self.settings.deliver_after)
        old = now - timedelta(seconds=self.settings.relay_after)
        requests, commands, behind = await asyncio.to_thread(self._look, young, old)
        sent = await _all((f"case/{no}" for no in requests), lambda p: self._signal(p, "sync"))
        sent += await _all(commands, lambda e: self._signal(e.process, "decide", Message(envelope=e)))
        sent += await _all(self._patient(behind, now), lambda p: self._signal(p, "sync"))
        if sent:
            log.info("relayed", requests=len(requests), commands=len(commands), behind=len(behind))
        return sent

    def _lease(self, now: datetime, until: datetime) -> bool:
        with self.database.write() as connection:
            return sql.take_lease(connection, self.owner, now, until)

    def _look(self, young: datetime, old: datetime) -> tuple[list[str], list[Envelope], list[str]]:
        with self.database.read() as connection:
            return (
                list(sql.requests_without_case(connection, young, MOST)),
                list(sql.undelivered_commands(connection, young, MOST)),
                list(sql.processes_behind(connection, old, MOST)),
            )

    def _patient(self, processes: list[str], now: datetime) -> list[str]:
        """Return those whose turn it is; forget those that have caught up."""
        first = timedelta(seconds=self.settings.relay_every)
        kept: dict[str, Patience] = {}
        turn: list[str] = []
        for process in processes:
            patience = self.patience.get(process)
            if patience is None or now >= patience.due:
                wait = first if patience is None else min(patience.wait * 2, LONGEST_PAUSE)
                patience = Patience(now + wait, wait)
                turn.append(process)
            kept[process] = patience
        self.patience = kept
        return turn

    async def _signal(self, process: str, signal: str, *args: Message) -> None:
        await asyncio.wait_for(signal_process(self.client, process, signal, *args), RPC_TIMEOUT_S)


async def _all(things: Iterable[T], act: Callable[[T], Awaitable[None]]) -> int:
    """Do all, some at once; return how many went well. The others are found again next round."""
    gate = asyncio.Semaphore(AT_ONCE)

    async def one(thing: T) -> bool:
        async with gate:
            try:
                await act(thing)
            except (RPCError, TimeoutError) as error:
                log.warning("relay_could_not_reach", error=type(error).__name__)
                return False
            return True

    return sum(await asyncio.gather(*(one(thing) for thing in things)))
