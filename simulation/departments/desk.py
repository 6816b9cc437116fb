"""One unit's desk: it works each order that arrives, as its temper says, and hears what Sanhuan says meanwhile."""

import asyncio
import random
from collections.abc import Callable, Mapping
from typing import Any, Final

import structlog

from domain.casework.words import UnitCode
from simulation.departments.answers import Reply, Sender
from simulation.departments.messages import OrderData
from simulation.departments.tempers import Config, Intent, Temper, intend, rng_for
from simulation.wording import words

MOST_RESULTS: Final = 20
RETRY_RESULT: Final = 2.0
LONGEST_RETRY: Final = 60.0
GROUNDS: Final = ("not_our_duty", "not_our_area", "other_owner")
log = structlog.get_logger()


class Order:
    """What the unit knows of one order: what was said about it, and the task that works it."""

    def __init__(self) -> None:
        """Nothing is known yet; messages may arrive in any order."""
        self.over = False
        self.hurry = asyncio.Event()
        self.verdict: asyncio.Queue[str] = asyncio.Queue()
        self.sent_back = asyncio.Event()
        self.task: asyncio.Task[None] | None = None

    def end(self) -> None:
        """The order is no longer the unit's."""
        self.over = True
        if self.task is not None:
            self.task.cancel()


class Desk:
    """The department system of one unit."""

    def __init__(
        self,
        unit: str,
        temper: Temper,
        config: Config,
        sender: Sender,
        *,
        seed: int,
        day: float,
        owners: tuple[str, ...],
    ) -> None:
        """``day`` is the length of a working day in seconds; ``owners`` are whom it names when it gives an order back."""
        self.unit, self.temper, self._config, self._sender = unit, temper, config, sender
        self._seed, self._day, self._owners = seed, day, tuple(o for o in owners if o != unit)
        self._orders: dict[tuple[str, str], Order] = {}

    def hear(self, data: OrderData) -> None:
        """Take in one message; it may start, hurry, change or end the work on an order. Messages may come in any order."""
        order = self._orders.setdefault((data.case, data.order), Order())
        HEARD.get(data.what, _note)(self, order, data)

    @property
    def open(self) -> int:
        """How many orders are being worked."""
        return sum(1 for o in self._orders.values() if o.task is not None and not o.task.done())

    def stop(self) -> None:
        """Stop all work, when the server stops."""
        for order in self._orders.values():
            if order.task is not None:
                order.task.cancel()

    def begin(self, order: Order, data: OrderData) -> None:
        """Begin to work an order; a copy, an order that has ended, and one only to be known of start nothing."""
        if order.task is not None or order.over or data.role == "informed" or self.temper.silent:
            return
        order.task = asyncio.create_task(self._work(order, data), name=f"{self.unit} {data.case} {data.order}")
        order.task.add_done_callback(_report)

    async def _work(self, order: Order, data: OrderData) -> None:
        rng = rng_for(self._seed, self.unit, data.case, data.order)
        # A lead order that is not the first, in the first cycle, comes from a return or a reassignment.
        again = data.role == "lead" and data.order != "a1" and data.cycle == 1
        intent = intend(
            self._config,
            self.temper,
            rng,
            day=self._day,
            urgent=data.triage == "urgent",
            returnable=not data.no_return and bool(self._owners),
            again=again,
        )
        say = _Sayer(self._sender, self.unit, data, rng, twice=self.temper.twice)
        await asyncio.sleep(intent.sign_after)
        if intent.asks_return and not await self._give_back(order, say, rng):
            return
        for step in intent.order_of_steps:
            await say(step, **({"note": words("contact", rng)} if step == "contact" else {}))
        await self._more_time(order, say, intent, rng)
        if intent.progress:
            await say("report_progress", note=words("progress", rng))
        await _sleep_unless(order.hurry, intent.handle)
        await self._hand_in(order, say, intent, rng)

    async def _give_back(self, order: Order, say: "_Sayer", rng: random.Random) -> bool:
        """Ask to give the order back. True when the unit has to go on: refused at the door, or denied by the reviewers."""
        await say("sign")
        reply = await say(
            "request_return",
            ground=rng.choice(GROUNDS),
            reason=words("return_reason", rng),
            basis=words("return_basis", rng),
            proposed_owner=rng.choice(self._owners),
        )
        if not reply.ok:
            return True
        while await order.verdict.get() != "return_denied":
            pass
        return not order.over

    async def _more_time(self, order: Order, say: "_Sayer", intent: Intent, rng: random.Random) -> None:
        if intent.extension_days is not None:
            await say(
                "request_extension",
                days=intent.extension_days,
                ground="many_units",
                reason=words("extension_reason", rng),
                caller_told=True,
            )
        if intent.pause is None:
            return
        reply = await say("request_pause", kind=intent.pause, evidence=words("pause_evidence", rng))
        if reply.ok and await _verdict(order, {"pause_granted", "pause_denied"}, 3 * self._day) == "pause_granted":
            await asyncio.sleep(intent.pause_for)
            await say("resume", reason=words("resume", rng))

    async def _hand_in(self, order: Order, say: "_Sayer", intent: Intent, rng: random.Random) -> None:
        """Hand in the result until it is accepted: again after a send-back, and again when the door refused it."""
        for n in range(1, MOST_RESULTS + 1):
            order.sent_back.clear()
            if await self._result(say, intent, rng, n):
                await order.sent_back.wait()
                await asyncio.sleep(intent.rework)
            else:
                # Perhaps somebody has handed it in by hand: then it ends, or comes back.
                await _sleep_unless(order.sent_back, min(LONGEST_RETRY, RETRY_RESULT * 2**n))
        log.warning("gave up handing in a result", unit=self.unit, case=say.data.case, order=say.data.order)

    async def _result(self, say: "_Sayer", intent: Intent, rng: random.Random, n: int) -> bool:
        documents: list[str] = []
        if intent.code in {UnitCode.solved, UnitCode.partly}:
            document = await say.upload(n)
            if document is None:
                return False
            documents = [document]
        reply = await say(
            "submit_result", code=str(intent.code), reply=words(str(intent.code), rng), documents=documents
        )
        return reply.ok


class _Sayer:
    """Says commands about one order, numbering each kind; a careless system says each twice under the same id."""

    def __init__(self, sender: Sender, unit: str, data: OrderData, rng: random.Random, *, twice: bool) -> None:
        self._sender, self._unit, self.data, self._rng, self._twice = sender, unit, data, rng, twice
        self._numbers: dict[str, int] = {}

    async def __call__(self, command: str, **body: Any) -> Reply:
        n = self._numbers[command] = self._numbers.get(command, 0) + 1
        args = (self._unit, self.data.case, self.data.order, command, body, n)
        reply = await self._sender.answer(*args)
        if self._twice:
            await self._sender.again(*args)
        return reply

    async def upload(self, n: int) -> str | None:
        return await self._sender.upload(self._unit, self.data.case, self.data.order, n)


async def _verdict(order: Order, wanted: set[str], seconds: float) -> str | None:
    """Wait for one of the words of Sanhuan, at most so long."""
    try:
        async with asyncio.timeout(seconds):
            while (word := await order.verdict.get()) not in wanted:
                pass
    except TimeoutError:
        return None
    return word


async def _sleep_unless(event: asyncio.Event, seconds: float) -> None:
    try:
        await asyncio.wait_for(event.wait(), seconds)
    except TimeoutError:
        return


def _report(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and task.exception() is not None:
        log.error("an order's work broke off", order=task.get_name(), error=repr(task.exception()))


def _begin(desk: Desk, order: Order, data: OrderData) -> None:
    desk.begin(order, data)


def _end(_desk: Desk, order: Order, _data: OrderData) -> None:
    order.end()


def _send_back(_desk: Desk, order: Order, _data: OrderData) -> None:
    order.sent_back.set()


def _hurry(_desk: Desk, order: Order, _data: OrderData) -> None:
    order.hurry.set()


def _note(_desk: Desk, order: Order, data: OrderData) -> None:
    order.verdict.put_nowait(data.what)


HEARD: Final[Mapping[str, Callable[[Desk, Order, OrderData], None]]] = {
    "order_sent": _begin,
    "order_recalled": _end,
    "result_accepted": _end,
    "result_waived": _end,
    "sent_back": _send_back,
    "red_card": _hurry,
}
"""What a message does. Every other one is a word that a step may wait for (``return_denied``, ``pause_granted`` …)."""
