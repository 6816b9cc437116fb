"""What makes a process durable: one decision at a time through the journal, its timers, its effects, continue-as-new.

This file interprets nothing. All that becomes a Temporal command (timers, effects, search attributes) is data the journal
returned, so rules, limits, effects and texts may change while cases run: replay never decides again (law 4). Change this file
only behind ``workflow.patched``.

A run that knows nothing is the normal case, not an accident: its first commit asks for everything the journal holds.
"""

import asyncio
from collections import deque
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from temporalio import workflow
from temporalio.common import RetryPolicy, SearchAttributeKey
from temporalio.exceptions import ApplicationError, FailureError, is_cancelled_exception

with workflow.unsafe.imports_passed_through():
    from activities import signatures
    from activities.signatures import CommitRequest, CommitResult, EffectOrder, Performed, TimerOrder
    from domain.messages import NEW, Decision, Message, ProcessStart, Receipt
    from domain.process import SYSTEM, Card, Command, Envelope

LOCAL_RETRY = RetryPolicy(initial_interval=timedelta(milliseconds=200), maximum_attempts=3)
FALLBACK_RETRY = RetryPolicy(initial_interval=timedelta(seconds=1), maximum_interval=timedelta(seconds=15))
ONE_MS = timedelta(milliseconds=1)
FIRST_WAIT = timedelta(seconds=5)
LONGEST_WAIT = timedelta(minutes=10)


@dataclass
class Job:
    """A message on its way to the journal, and the journal's word once it has come.

    ``asked`` is how long the history was when it came as an update, 0 when it came otherwise.
    """

    envelope: Envelope
    result: CommitResult | None = None
    asked: int = 0


@dataclass
class Armed:
    """A timer that is being kept."""

    n: int
    at: datetime
    task: "asyncio.Task[None]"


class DurableProcess:
    """Base of every process workflow. A subclass lists its updates and signals and says how each effect is performed."""

    def __init__(self, start: ProcessStart) -> None:
        self.process = start.process
        self.seq = start.seq
        self.head = start.head
        self.card = Card(stage=NEW)
        self.parked: str | None = None
        self._known = False
        self._closed = False
        self._owed = 0
        self._committing = False
        self._tick = True
        self._queue: deque[Job] = deque(Job(envelope) for envelope in start.waiting)
        self._timers: dict[str, Armed] = {}
        self._open: dict[str, int] = {}
        self._tails: dict[str, asyncio.Task[None]] = {}
        self._attributes: dict[str, str] = {}
        self._loop = asyncio.get_running_loop()
        workflow.register_random_seed_callback(self._was_reset)

    async def perform(self, effect: EffectOrder) -> Performed:
        """Perform one effect; an error that remains after its retries becomes an incident."""
        raise NotImplementedError

    async def live(self) -> None:
        """Run until the process is over and owes nothing; continue as new when the history has grown long."""
        wait = FIRST_WAIT
        while not self._may_end():
            if self._queue or self._tick:
                before = (self.seq, self._owed)
                await self._commit_next()
                if before != (self.seq, self._owed):
                    wait = FIRST_WAIT
            elif workflow.info().is_continue_as_new_suggested():
                await workflow.wait_condition(lambda: bool(self._queue) or workflow.all_handlers_finished())
                if not self._queue:
                    workflow.continue_as_new(ProcessStart(process=self.process, seq=self.seq, head=self.head))
            elif self._closed and self._owed and not self._open:
                # What is owed is settled by others (a receiver, an operator): look again, ever more rarely.
                await self._wait(wait)
                self._tick = True
                wait = min(wait * 2, LONGEST_WAIT)
            else:
                await self._wait()
        await workflow.wait_condition(workflow.all_handlers_finished)

    # --------------------------------------------------------------------------------------------------- messages in

    async def decide(self, name: str, decision: Decision[Any]) -> Receipt:
        """Bring a person's decision to the journal and answer with what it says; a refusal is the caller's error."""
        envelope = Envelope(
            id=decision.id,
            process=self.process,
            name=name,
            body=decision.body.model_dump(mode="json"),
            actor=decision.actor,
            received_at=decision.received_at,
        )
        job = Job(envelope, asked=workflow.info().get_current_history_length())
        self._queue.append(job)
        await workflow.wait_condition(lambda: job.result is not None)
        result = job.result
        if result is None or result.outcome != "recorded":
            code = result.code if result and result.code else "parked"
            raise ApplicationError(code, result.detail if result else {}, type=code, non_retryable=True)
        return Receipt(process=self.process, seq=result.seq, stage=result.card.stage, events=result.events)

    def courtesy(self, name: str, decision: Decision[Any]) -> None:
        """Refuse at once what the card already rules out, and only when nothing under way could change that."""
        if self.parked is not None:
            raise ApplicationError("parked", {"why": self.parked}, type="parked", non_retryable=True)
        idle = self._known and not (self._queue or self._committing or self._tick)
        if idle and (decision.seen or 0) <= self.seq and name not in self.card.allowed:
            detail = {"command": name, "stage": self.card.stage}
            raise ApplicationError("not_in_this_stage", detail, type="not_in_this_stage", non_retryable=True)

    @workflow.signal(name="decide", description="A command from a machine, another process, or the relay")
    def receive(self, message: Message) -> None:
        """Queue a command that comes without a waiting caller. The journal knows its id if it came before.

        It goes before the updates that came with it: after a reset the server brings both again in turns, but in replay the SDK
        brings all signals of a workflow task first. Without a reset they come in this order anyway, so no history changes.
        """
        now = workflow.info().get_current_history_length()
        place = len(self._queue)
        while place and self._queue[place - 1].asked == now:
            place -= 1
        self._queue.insert(place, Job(message.envelope))

    @workflow.signal(name="sync", description="Look into the journal: timers may have passed, effects may be owed")
    def sync(self) -> None:
        """Make up what was missed."""
        self._known = False
        self._tick = True

    def _was_reset(self, _seed: int) -> None:
        """A reset run knows less than the journal: it looks there first. No ``workflow.*`` may be called here."""
        self._known = False
        self._tick = True
        # A seed alone makes nothing ready, and the SDK looks at conditions only after something ran.
        self._loop.call_soon(lambda: None)

    def _say(self, name: str, body: dict[str, Any], command_id: str, settles: str | None = None) -> Job:
        envelope = Envelope(
            id=command_id,
            process=self.process,
            name=name,
            body=body,
            actor=SYSTEM,
            received_at=workflow.now(),
            settles=settles,
        )
        job = Job(envelope)
        self._queue.append(job)
        return job

    # -------------------------------------------------------------------------------------------------------- journal

    async def _commit_next(self) -> None:
        job = self._queue.popleft() if self._queue else None
        everything = not self._known
        # Who asks for another look while this one is under way is not answered by it.
        self._known, self._tick = True, False
        self._committing = True
        try:
            result = await self._commit(job.envelope if job else None, everything=everything)
        finally:
            self._committing = False
        if everything and result.outcome == "parked":
            self._known = False
        self._adopt(result)
        if job is not None:
            job.result = result

    async def _commit(self, envelope: Envelope | None, *, everything: bool) -> CommitResult:
        try:
            return await workflow.execute_local_activity(
                signatures.commit,
                self._request(envelope, everything=everything),
                start_to_close_timeout=timedelta(seconds=2),
                schedule_to_close_timeout=timedelta(seconds=7),
                retry_policy=LOCAL_RETRY,
            )
        except FailureError as error:
            # A local activity's own error arrives bare, not as an ActivityError.
            if _ended(error):
                raise
        # An outage of the database costs one activity, however long it lasts: retries add no history.
        return await workflow.execute_activity(
            signatures.commit,
            self._request(envelope, everything=everything),
            start_to_close_timeout=timedelta(seconds=10),
            retry_policy=FALLBACK_RETRY,
        )

    def _request(self, envelope: Envelope | None, *, everything: bool) -> CommitRequest:
        return CommitRequest(
            process=self.process,
            seq=self.seq,
            head=self.head,
            now=workflow.now(),
            envelope=envelope,
            everything=everything,
        )

    def _adopt(self, result: CommitResult) -> None:
        """Take over where the journal stands: absolute timers, effects to start, what to show."""
        self.card = result.card
        workflow.set_current_details(result.details)
        if result.outcome == "parked":
            self.parked = result.code or "parked"
            self._arm(())
            return
        self.parked = None
        self.seq, self.head = result.seq, result.head
        self._closed, self._owed = result.closed, result.owed
        for effect in result.settled:
            self._open.pop(effect, None)
        for order in result.effects:
            if self._open.get(order.id) != order.attempt:
                self._start(order)
        self._arm(result.timers)
        changed = {k: v for k, v in result.card.attributes.items() if self._attributes.get(k) != v}
        if changed:
            self._attributes.update(changed)
            workflow.upsert_search_attributes(
                [SearchAttributeKey.for_keyword(k).value_set(v) for k, v in changed.items()]
            )

    # --------------------------------------------------------------------------------------------------------- timers

    def _arm(self, orders: tuple[TimerOrder, ...]) -> None:
        wanted = {order.key: order for order in orders}
        for key in [k for k, armed in self._timers.items() if k not in wanted or wanted[k].n != armed.n]:
            stale = self._timers.pop(key)
            # One whose instant has come may be ringing at this moment: it is left to ring for nothing.
            if stale.at > workflow.now():
                stale.task.cancel()
        for order in orders:
            armed = self._timers.get(order.key)
            if armed is None or armed.task.done():
                self._timers[order.key] = Armed(order.n, order.at, asyncio.create_task(self._keep(order)))

    async def _keep(self, order: TimerOrder) -> None:
        left = order.at - workflow.now()
        if left > timedelta():
            # The server counts whole milliseconds; ringing early would find nothing due.
            await workflow.sleep(left + ONE_MS, summary=order.summary)
        armed = self._timers.get(order.key)
        if armed is not None and armed.n == order.n:
            self._tick = True

    # -------------------------------------------------------------------------------------------------------- effects

    def _start(self, order: EffectOrder) -> None:
        before = self._tails.get(order.target)
        self._open[order.id] = order.attempt
        self._tails[order.target] = asyncio.create_task(self._run(order, before))

    async def _run(self, order: EffectOrder, before: "asyncio.Task[None] | None") -> None:
        """Perform an effect after those to the same target; tell the journal when it failed for good or was refused."""
        if before is not None and not before.done():
            await workflow.wait_condition(before.done)
        try:
            performed = await self.perform(order)
        except FailureError as error:
            if _ended(error):
                raise
            body = {
                "effect": order.id,
                "kind": order.kind,
                "target": order.target,
                "code": _code(error),
                "attempt": order.attempt,
            }
            word = self._say("fail_effect", body, f"{order.id}/failed/{order.attempt}")
            await workflow.wait_condition(lambda: word.result is not None)
        else:
            if performed.reply is not None:
                reply = self._say(performed.reply, performed.body, f"{order.id}/refused", settles=order.id)
                await workflow.wait_condition(lambda: reply.result is not None)
        if self._open.get(order.id) == order.attempt:
            # From here it is the journal's: what it still owes counts there, and a lost answer about it wedges nobody.
            del self._open[order.id]
        if self._closed and not self._open:
            self._tick = True

    # --------------------------------------------------------------------------------------------------------- ending

    def _may_end(self) -> bool:
        idle = not (self._queue or self._tick or self._open or self._committing)
        return self._known and self._closed and self._owed == 0 and idle

    async def _wait(self, at_most: timedelta | None = None) -> None:
        try:
            await workflow.wait_condition(self._has_news, timeout=at_most, timeout_summary="look again")
        except TimeoutError:
            return

    def _has_news(self) -> bool:
        long = workflow.info().is_continue_as_new_suggested() and not self._committing
        done = self._closed and not self._open and (self._owed == 0 or self._tick)
        return bool(self._queue) or self._tick or long or done


def decision(model: type[Command]) -> Any:
    """Make the update by which people give a command: typed, validated by courtesy, answered with a receipt."""

    async def handle(self: DurableProcess, message: Any) -> Receipt:
        return await self.decide(model.NAME, message)

    def validate(self: DurableProcess, message: Any) -> None:
        self.courtesy(model.NAME, message)

    kind = Decision[model]  # type: ignore[valid-type]
    handle.__name__ = model.NAME
    handle.__qualname__ = f"decision.{model.NAME}"
    handle.__annotations__ = {"message": kind, "return": Receipt}
    validate.__annotations__ = {"message": kind, "return": None}
    handle.__doc__ = model.__doc__
    update = workflow.update(name=model.NAME, description=(model.__doc__ or "").partition("\n")[0])(handle)
    update.validator(validate)
    return update


def _ended(error: FailureError) -> bool:
    """Say whether the run was cancelled. An activity alone is also cancelled when the run leaves the cache: that is a failure."""
    return is_cancelled_exception(error) and workflow.cancellation_reason() is not None


def _code(error: BaseException) -> str:
    """Return a code for an effect's failure: the type our activity gave it, else a time-out. What lies below is in the log."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ApplicationError) and cause.type:
            return cause.type[:80]
        if type(cause).__name__ == "TimeoutError":
            return "timeout"
        cause = getattr(cause, "cause", None) or cause.__cause__
    return "failed"
