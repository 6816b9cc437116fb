"""A slice of a batch: look at the next cases, change them, or count what came of all (:mod:`domain.batch`).

Doing a slice twice changes nothing: what a preview found is written over, a case knows the id of its command. Every case is a
transaction of its own, and none is held while others are looked at.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, Final

from temporalio import activity
from temporalio.client import Client
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError

from activities.journal import Journal
from activities.signatures import EffectOrder, Performed
from activities.tell import signal_process
from domain.batching.commands import Foreseen
from domain.batching.words import Phase, Stage
from domain.case import DECIDER
from domain.casework.events import TermsChanged
from domain.casework.terms import Shift, shifts
from domain.kernel import Advanced, read_event
from domain.messages import Message
from domain.process import SYSTEM, Envelope
from storage import batches as sql
from storage import effects
from storage.batches import Item, Next
from storage.effects import Owed
from storage.outbox import put_command
from storage.unit_of_work import Database, StorageUnavailable

AT_ONCE: Final = 8
"""Cases that are signalled at the same time."""
LOOKED_AT_ONCE: Final = 10
"""Cases of a preview between two breaths: who decides meanwhile has the processor in between."""
BREATH_S: Final = 0.02
LOOK_EVERY_S: Final = 0.25
PATIENCE_S: Final = 5.0
"""How long a slice waits for the answers of its cases. Later ones are counted at the end."""
COMMAND: Final = "change_terms"


class Batches:
    """Performs slices. One instance a worker process."""

    def __init__(self, database: Database, client: Client) -> None:
        self.database, self.client = database, client
        self.journal = Journal(database)

    @activity.defn(name="batches.take_slice")
    async def take_slice(self, order: EffectOrder) -> Performed:
        """Deal with the next cases; the answer is the report that the batch waits for."""
        try:
            effect = await asyncio.to_thread(self._owed, order.id)
            if effect is None:
                return Performed(status="done")
            return await SLICES[Phase(effect.body["phase"])](self, effect)
        except StorageUnavailable as error:
            raise ApplicationError("the database did not answer", type="StorageUnavailable") from error

    # ------------------------------------------------------------------------------------------------------- preview 预演

    async def preview(self, effect: Owed) -> Performed:
        """Ask the rule what would become of the next cases, and write it down."""
        numbers = await asyncio.to_thread(self._open_cases, effect)
        finished = len(numbers) < effect.body["limit"]
        last = numbers[-1] if numbers else None
        await asyncio.to_thread(self._forget, effect, None if finished else last)
        found: list[Item] = []
        for n in range(0, len(numbers), LOOKED_AT_ONCE):
            found += await asyncio.to_thread(self._foreseen, effect, numbers[n : n + LOOKED_AT_ONCE])
            activity.heartbeat(n)
            await asyncio.sleep(BREATH_S)
        body = {"last": last, "finished": finished, "foreseen": counted(found).model_dump()}
        return _report("report_preview", effect, body)

    def _open_cases(self, effect: Owed) -> Sequence[str]:
        with self.database.read() as connection:
            return sql.open_cases(connection, effect.body["query"], effect.body["after"], effect.body["limit"])

    def _forget(self, effect: Owed, last: str | None) -> None:
        with self.database.write() as connection:
            sql.forget_items(connection, effect.process, effect.body["after"], last)

    def _foreseen(self, effect: Owed, numbers: Sequence[str], *, added: bool = False) -> list[Item]:
        now = datetime.now(UTC)
        with self.database.read() as connection:
            seen = [(no, self.journal.foresee(connection, _envelope(effect, no, now), now)) for no in numbers]
        items = [item_of(_id(effect, no), no, *both, added=added) for no, both in seen if both is not None]
        with self.database.write() as connection:
            for item in items:
                sql.put_item(connection, effect.process, item)
        return items

    # -------------------------------------------------------------------------------------------------------- change 变更

    async def change(self, effect: Owed) -> Performed:
        """Send the next cases their command, so many a second, and wait a while for their answers."""
        cases = await asyncio.to_thread(self._next_cases, effect)
        rate, last = effect.body["rate"], effect.body["after"]
        dealt = 0
        for n in range(0, len(cases), rate):
            if await asyncio.to_thread(self._stage, effect) != Stage.running:
                break
            began = asyncio.get_running_loop().time()
            some = cases[n : n + rate]
            await self._send(effect, some)
            dealt, last = dealt + len(some), some[-1].no
            activity.heartbeat(dealt)
            await asyncio.sleep(max(0.0, began + 1 - asyncio.get_running_loop().time()))
        await self._answers(effect, [_id(effect, c.no) for c in cases[:dealt]])
        body = {
            "last": last or None,
            "finished": dealt == len(cases) < effect.body["limit"],
            "results": await asyncio.to_thread(self._results, effect, effect.body["after"], last),
        }
        return _report("report_slice", effect, body)

    async def _send(self, effect: Owed, cases: Sequence[Next]) -> None:
        envelopes = await asyncio.to_thread(self._put, effect, cases)
        gate = asyncio.Semaphore(AT_ONCE)

        async def signal(envelope: Envelope) -> None:
            async with gate:
                # The command is in the outbox: whom no signal reaches, the relay will.
                with suppress(RPCError):
                    await signal_process(self.client, envelope.process, "decide", Message(envelope=envelope))

        await asyncio.gather(*(signal(e) for e in envelopes))

    def _put(self, effect: Owed, cases: Sequence[Next]) -> Sequence[Envelope]:
        """Put the commands of some cases in the outbox; return those that have no answer. A case that is over gets none."""
        new = [c.no for c in cases if c.open and not c.known]
        if new:
            self._foreseen(effect, new, added=True)
        now = datetime.now(UTC)
        with self.database.write() as connection:
            known = sql.sent_already(connection, [_id(effect, c.no) for c in cases])
            for case in cases:
                if not case.open and _id(effect, case.no) not in known:
                    sql.mark_gone(connection, effect.process, case.no)
            envelopes = [
                _envelope(effect, c.no, now)
                for c in cases
                if known.get(_id(effect, c.no)) == "received" or (c.open and _id(effect, c.no) not in known)
            ]
            for e in envelopes:
                put_command(
                    connection,
                    command=e.id,
                    process=e.process,
                    name=e.name,
                    actor=e.actor,
                    body=e.body,
                    texts={},
                    digest="",
                    received_at=e.received_at,
                )
        return envelopes

    async def _answers(self, effect: Owed, commands: Sequence[str]) -> None:
        end = asyncio.get_running_loop().time() + PATIENCE_S
        while commands and asyncio.get_running_loop().time() < end:
            outcomes = await asyncio.to_thread(self._sent, commands)
            commands = [c for c in commands if outcomes.get(c) == "received"]
            activity.heartbeat(effect.id)
            await asyncio.sleep(LOOK_EVERY_S if commands else 0)

    def _next_cases(self, effect: Owed) -> Sequence[Next]:
        body = effect.body
        with self.database.read() as connection:
            return sql.next_cases(connection, effect.process, body["query"], body["after"], body["limit"])

    def _stage(self, effect: Owed) -> str | None:
        with self.database.read() as connection:
            return sql.stage_of(connection, effect.process)

    def _sent(self, commands: Sequence[str]) -> Mapping[str, str]:
        with self.database.read() as connection:
            return sql.sent_already(connection, commands)

    def _results(self, effect: Owed, after: str, last: str | None) -> dict[str, int]:
        with self.database.read() as connection:
            return sql.count_results(connection, effect.process, after, last).model_dump()

    # -------------------------------------------------------------------------------------------------------- settle 汇总

    async def settle(self, effect: Owed) -> Performed:
        """Count what came of all cases once all have answered; until then the relay brings what did not arrive."""
        end = asyncio.get_running_loop().time() + PATIENCE_S
        while waiting := await asyncio.to_thread(self._waiting, effect):
            if asyncio.get_running_loop().time() > end:
                raise ApplicationError(f"{waiting} cases have not answered yet", type="no_answer_yet")
            activity.heartbeat(waiting)
            await asyncio.sleep(LOOK_EVERY_S)
        total: dict[str, int] = {}
        after, more = "", True
        while more:
            last = await asyncio.to_thread(self._page_end, effect, after)
            page = await asyncio.to_thread(self._results, effect, after, last)
            total = {name: total.get(name, 0) + n for name, n in page.items()}
            after, more = last or "", last is not None
        return _report("report_totals", effect, {"results": total})

    def _waiting(self, effect: Owed) -> int:
        with self.database.read() as connection:
            return sql.count_waiting(connection, effect.process)

    def _page_end(self, effect: Owed, after: str) -> str | None:
        with self.database.read() as connection:
            return sql.page_end(connection, effect.process, after)

    def _owed(self, effect: str) -> Owed | None:
        with self.database.read() as connection:
            return effects.owed(connection, effect)


SLICES: Final[Mapping[Phase, Callable[[Batches, Owed], Awaitable[Performed]]]] = {
    Phase.preview: Batches.preview,
    Phase.change: Batches.change,
    Phase.settle: Batches.settle,
}


def item_of(command: str, no: str, process: Any, would: Advanced, *, added: bool = False) -> Item:
    """Return what would become of a case, from what its rule said: in the words of a batch's results."""
    if would.refusal is not None:
        foreseen = "gone" if would.refusal == sql.GONE else "refused"
        return Item(no=no, command=command, foreseen=foreseen, code=would.refusal, added=added)
    own = next(r.events for r in would.records if r.command.id == command)
    if not any(e.type == TermsChanged.TYPE for e in own):
        return Item(no=no, command=command, foreseen="unchanged", added=added)
    moved = shifts(process.state, [read_event(DECIDER, e.type, e.body) for e in own])
    first = leading(process.state, moved)
    return Item(
        no=no,
        command=command,
        foreseen="changed",
        direction=direction(first),
        clock=first.key if first else None,
        due_from=first.was if first else None,
        due_to=first.now if first else None,
        moved=len(moved),
        added=added,
    )


def leading(case: Any, moved: Sequence[Shift]) -> Shift | None:
    """Return the shift that a list shows: of the overall limit, else of the first clock that moves."""
    overall = next((s for s in moved if s.key == f"overall/{case.cycle}"), None)
    return overall or next(iter(moved), None)


def direction(shift: Shift | None) -> str:
    """Say where a due goes: ``later``, ``earlier`` or ``same``. One that is not limited any more goes later."""
    if shift is None or shift.was == shift.now:
        return "same"
    return "earlier" if shift.was is None or (shift.now is not None and shift.now < shift.was) else "later"


def counted(items: Sequence[Item]) -> Foreseen:
    """Count what was foreseen. A case that ended between two looks is none."""
    there = [i for i in items if i.foreseen != "gone"]

    def n(field: str, value: str) -> int:
        return sum(getattr(i, field) == value for i in there)

    return Foreseen(
        cases=len(there),
        **{name: n("foreseen", name) for name in ("changed", "unchanged", "refused")},
        **{name: n("direction", name) for name in ("later", "earlier", "same")},
    )


def _id(effect: Owed, no: str) -> str:
    """The id of the command by which a batch changes a case: one for ever, so that it takes effect once."""
    return f"{effect.process}/terms/{no}"


def _envelope(effect: Owed, no: str, now: datetime) -> Envelope:
    body = effect.body
    change = {
        "batch": effect.process,
        "decided_at": body["decided_at"] or now.isoformat(),
        "calendar": body["calendar"],
        "pack": body["pack"],
    }
    return Envelope(id=_id(effect, no), process=f"case/{no}", name=COMMAND, body=change, actor=SYSTEM, received_at=now)


def _report(name: str, effect: Owed, body: Mapping[str, Any]) -> Performed:
    return Performed(status="done", reply=name, body={"slice": effect.body["slice"], **body})
