"""`sanhuan reconcile`: all differences between journal and engine, and, only with ``--apply``, what is safe to do about them."""

import asyncio
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from rich.console import Console
from rich.table import Table
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from activities.tell import signal_process
from api.standing import standing
from cli.differences import AT_ONCE, CALL_S, MOST, Act, Compared, Comparison, Difference
from cli.doctor import language
from domain.messages import Message
from domain.process import Envelope
from storage.relay import undelivered_commands
from storage.texts import text
from storage.unit_of_work import Database, StorageUnavailable
from worker.plugin import plugin

END_PATIENCE_S: Final = 15.0
LOOK_EVERY_S: Final = 0.25


@dataclass(frozen=True)
class Asked:
    """What to compare and whether to act. ``older_s``: what is younger may be on its way and is no difference."""

    url: str
    address: str
    namespace: str = "default"
    older_s: float = 120.0
    deep: bool = False
    apply: bool = False


@dataclass(frozen=True)
class Report:
    """What differs, and what became of each: a key of ``reconcile.act`` (empty when nothing was asked to be done)."""

    compared: Compared
    done: tuple[str, ...]

    @property
    def left(self) -> int:
        """How many differences nothing was done about."""
        handled = {Act.sync.value, Act.deliver.value, "ended", "terminated"}
        return sum(1 for d in self.done if d not in handled)


async def reconcile(asked: Asked) -> Report:
    """Compare, and act if asked to. Raises RPCError or StorageUnavailable when one of the two cannot be reached."""
    client = await Client.connect(asked.address, namespace=asked.namespace, plugins=[plugin()])
    database = Database(asked.url)
    try:
        compared = await Comparison(database, client, timedelta(seconds=asked.older_s), deep=asked.deep).run()
        if not asked.apply:
            return Report(compared, ("",) * len(compared.differences))
        return Report(compared, await Hand(database, client).act(compared.differences))
    finally:
        database.close()


class Hand:
    """Does what is safe. Every act is one that the relay or an operator might do as well, and may be done twice."""

    def __init__(self, database: Database, client: Client) -> None:
        self.database, self.client = database, client
        self.gate = asyncio.Semaphore(AT_ONCE)

    async def act(self, differences: Sequence[Difference]) -> tuple[str, ...]:
        """Do what is safe about each, once a process; return what was done, in the same order."""
        stored = await asyncio.to_thread(self._stored)
        told: dict[tuple[str, Act], asyncio.Task[str]] = {}
        tasks = []
        for difference in differences:
            key = (difference.subject if difference.act is Act.deliver else difference.process, difference.act)
            if key not in told:
                told[key] = asyncio.create_task(self._one(difference, stored))
            tasks.append(told[key])
        return tuple(await asyncio.gather(*tasks))

    async def _one(self, difference: Difference, stored: Mapping[str, Envelope]) -> str:
        async with self.gate:
            try:
                return await self._do(difference, stored)
            except (RPCError, TimeoutError) as error:
                return f"failed: {type(error).__name__}"

    async def _do(self, difference: Difference, stored: Mapping[str, Envelope]) -> str:
        process = difference.process
        match difference.act:
            case Act.sync:
                await signal_process(self.client, process, "sync")
            case Act.deliver:
                if (envelope := stored.get(difference.subject)) is None:
                    return Act.nothing.value  # its process is parked
                await signal_process(self.client, process, "decide", Message(envelope=envelope))
            case Act.end:
                return await self._end(process)
            case Act.terminate:
                await self.client.get_workflow_handle(process).terminate(
                    "reconcile: it knows nothing and has no journal"
                )
                return "terminated"
            case Act.nothing:
                return Act.nothing.value
        return difference.act.value

    async def _end(self, process: str) -> str:
        """Let a workflow look into the journal, which says it is over; terminate it when it does not end by that."""
        handle = self.client.get_workflow_handle(process)
        try:
            await handle.signal("sync")
            for _ in range(int(END_PATIENCE_S / LOOK_EVERY_S)):
                if not (await standing(self.client, process, CALL_S)).running:
                    return "ended"
                await asyncio.sleep(LOOK_EVERY_S)
            await handle.terminate("reconcile: the journal says it is over and nothing is owed")
        except RPCError as error:
            if error.status is RPCStatusCode.NOT_FOUND:
                return "ended"
            raise
        return "terminated"

    def _stored(self) -> dict[str, Envelope]:
        with self.database.read() as connection:
            return {e.id: e for e in undelivered_commands(connection, datetime.now(UTC), MOST)}


def run(asked: Asked, *, as_json: bool) -> int:
    """Compare and print. Return 0 when nothing is left to do, 1 when differences are left, 2 when one side does not answer."""
    console = Console()
    report = _attempt(asked, console)
    if report is None:
        return 2
    if as_json:
        console.print_json(json.dumps(plain(report)))
    else:
        show(report, console, language(), applied=asked.apply)
    return 1 if report.left else 0


def _attempt(asked: Asked, console: Console) -> Report | None:
    """Reconcile; say which of the two did not answer, and return None then."""
    try:
        return asyncio.run(reconcile(asked))
    except StorageUnavailable:
        console.print(text("reconcile.no_database", language()), highlight=False)
    except (RPCError, RuntimeError):
        console.print(text("reconcile.no_engine", language(), address=asked.address), highlight=False)
    return None


def plain(report: Report) -> dict[str, Any]:
    """Return the report as plain values."""
    compared = report.compared
    rows = [
        {**asdict(d), "since": d.since.isoformat() if d.since else None, "act": d.act.value, "done": done}
        for d, done in zip(compared.differences, report.done, strict=True)
    ]
    return {
        "processes": compared.processes,
        "running": compared.running,
        "asked": compared.asked,
        "left": report.left,
        "differences": rows,
    }


def show(report: Report, console: Console, lang: str, *, applied: bool) -> None:
    """Print a table and, below it, what each kind of difference means."""
    compared = report.compared
    if compared.differences:
        table = Table()
        for column in ("what", "process", "about", "since", "done"):
            table.add_column(text(f"reconcile.{column}", lang), overflow="fold")
        for difference, done in zip(compared.differences, report.done, strict=True):
            table.add_row(*_row(difference, done, lang))
        console.print(table)
        for kind in dict.fromkeys(d.kind for d in compared.differences):
            console.print(f"{text(f'trouble.{kind}', lang)}: {text(f'trouble.{kind}.means', lang)}", highlight=False)
    n = len(compared.differences)
    summary = asdict(compared) | {"n": n}
    console.print(text("reconcile.summary", lang, **summary), highlight=False)
    if n and not applied:
        console.print(text("reconcile.unchanged", lang), highlight=False)


def _row(difference: Difference, done: str, lang: str) -> tuple[str, ...]:
    since = difference.since.astimezone().strftime("%Y-%m-%d %H:%M:%S") if difference.since else ""
    kind, _, error = done.partition(": ")
    key = f"reconcile.act.{kind}" if done else f"reconcile.act.would.{difference.act.value}"
    words = text(key, lang, error=error)
    return text(f"trouble.{difference.kind}", lang), difference.process, difference.subject, since, words


def tell(url: str, address: str, namespace: str = "default") -> None:
    """Print how many differences of each kind an installation has (`sanhuan doctor URL`); say what cannot be reached."""
    console, lang = Console(), language()
    report = _attempt(Asked(url=url, address=address, namespace=namespace), console)
    if report is None:
        return
    counts = Counter(d.kind for d in report.compared.differences)
    for kind, n in counts.items():
        console.print(f"{n:>9} {text(f'trouble.{kind}', lang)}", highlight=False)
    summary = asdict(report.compared) | {"n": len(report.compared.differences)}
    console.print(text("reconcile.summary", lang, **summary), highlight=False)
