"""The journal's one act: decide a command and write everything it means in one transaction (architecture §1.1, §1.2).

Guarantees, each with a test of its own:

* a command takes effect once: its id is unique, and a repeated id returns the stored outcome;
* the journal decides the order: a caller that is behind first gets what it missed; one that is ahead, or on another history,
  writes nothing, and the process parks with an incident;
* what is owed is a row, written with the decision that owes it; what is only a row of this database (a notice, a message to a
  unit that works in our inbox, an official document) is written there and then, and nothing is owed;
* a refusal is a value and writes only its command row;
* timers that have passed are made up first.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from types import MappingProxyType
from typing import Any, ClassVar, Final

from sqlalchemy import Connection
from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities import beginnings
from activities.beginnings import CASE
from activities.labels import Names, details_text, effect_summary, timer_summary
from activities.papers import issue
from activities.signatures import CommitRequest, CommitResult, EffectOrder, TimerOrder
from domain import snapshots
from domain.deciders import decider_of
from domain.incidents import FailEffect
from domain.kernel import (
    KERNEL_COMMANDS,
    NO_SPREAD,
    TICK,
    Advanced,
    Planned,
    Process,
    advance,
    card,
    needs,
    todos,
    wakes_at,
)
from domain.policy import Pack
from domain.process import SYSTEM, Card, Decider, Envelope, Facts, Pins
from domain.upcast import NewerRelease
from storage import journal as sql
from storage import listed
from storage.cases import load_process
from storage.catalogue import amendments
from storage.effects import inboxes, perform_at_once
from storage.facts import look_up
from storage.papers import PAPER
from storage.rules import Rules
from storage.unit_of_work import Database, StorageUnavailable

NEXT_WORKER: Final = timedelta(seconds=1)
DELIVERED: Final = frozenset({"order_message"})


class Journal:
    """Commits decisions. One instance a worker process; thread-safe."""

    AT_ONCE: ClassVar[frozenset[str]] = frozenset({"notice", "order_message"})
    """Kinds of effect performed within the commit where a row of this database is all there is to do."""

    def __init__(self, database: Database, timer_spread: timedelta = NO_SPREAD) -> None:
        """``timer_spread``: over how long the timers of one instant ring (:func:`domain.kernel.wakes_at`)."""
        self.database, self.timer_spread = database, timer_spread
        self.rules = Rules(database)

    # An exception thrown into the thread from outside, at a time limit, would leave a lock or a connection taken for ever.
    @activity.defn(name="journal.commit", no_thread_cancel_exception=True)
    def commit(self, request: CommitRequest) -> CommitResult:
        """Decide and write. Raises a retryable error when the database is away: then nothing was written."""
        try:
            with self.database.write() as connection:
                return self.commit_in(connection, request)
        except StorageUnavailable as error:
            raise ApplicationError("the database did not answer", type="StorageUnavailable") from error
        except NewerRelease as error:
            # This one would write back less than it found. As an activity on the queue it is tried again until a worker of that
            # release takes it; as a local one it would come here every time.
            local = activity.in_activity() and activity.info().is_local
            raise ApplicationError(
                str(error), type=error.code, non_retryable=local, next_retry_delay=NEXT_WORKER
            ) from error
        except listed.ClaimTaken as taken:
            return self._commit_without(request, taken.holders)

    def commit_in(
        self, connection: Connection, request: CommitRequest, taken: Mapping[str, str] = MappingProxyType({})
    ) -> CommitResult:
        """Decide and write in the caller's transaction. ``taken``: keys that were found with another process."""
        loaded = sql.load(connection, request.process)
        if loaded is not None and loaded.parked:
            return _parked(request, loaded.parked)
        if (why := _divergence(connection, request, loaded)) is not None:
            sql.park(connection, request.process, why, request.now)
            return _parked(request, why)
        decider = decider_of(request.process)
        process = _process(decider, request.process, loaded)
        if loaded is None:
            return self._begin(connection, request, decider, process, taken)
        envelope = request.envelope
        if envelope is not None:
            stored = sql.stored_command(connection, envelope.id)
            if stored is not None and stored.outcome != "received":
                return self._answer_again(connection, request, decider, process, stored)
        envelope = envelope or Envelope(
            id=TICK, process=request.process, name=TICK, body={}, actor=SYSTEM, received_at=request.now
        )
        return self._decide(connection, request, decider, process, envelope, taken)[1]()

    def _begin(
        self,
        connection: Connection,
        request: CommitRequest,
        decider: Decider,
        process: Process,
        taken: Mapping[str, str],
    ) -> CommitResult:
        """Open the process; what was asked beside that follows in the next commit of the same transaction."""
        if (said := beginnings.answered(connection, request)) is not None:
            return said
        envelope = beginnings.opening(connection, request, decider, self.rules)
        if envelope is None:
            return beginnings.refuse(connection, request, decider)
        refusal, result = self._decide(connection, request, decider, process, envelope, taken)
        opened_only = request.envelope is not None and envelope.id != request.envelope.id
        # A case that cannot be opened (no calendar for its year, say) answers with that: its decision may come again. Another
        # process whose opening is refused has not begun; another opening may be owed to it.
        if opened_only and (refusal is None or decider.kind != CASE):
            return self.commit_in(connection, request, taken)
        return result()

    def _decide(
        self,
        connection: Connection,
        request: CommitRequest,
        decider: Decider,
        process: Process,
        envelope: Envelope,
        taken: Mapping[str, str],
    ) -> tuple[str | None, Callable[[], CommitResult]]:
        """Decide and write; return the code of the refusal, if it is one, and what makes the answer."""
        facts = self._facts(connection, decider, process, envelope, taken)
        if envelope.name == FailEffect.NAME and not sql.is_planned(connection, str(envelope.body.get("effect"))):
            # It was done (or settled by an operator) after all: only the word of it was lost. No incident.
            advanced = Advanced(process=process, records=(), refusal="effect_settled")
        else:
            advanced = advance(decider, process, envelope, facts, request.now, self.timer_spread)
        done = self._write(connection, decider, process, advanced, envelope, request, opened=not process.seq)
        return advanced.refusal, partial(self._result, connection, request, decider, advanced, facts.pack, done)

    # ------------------------------------------------------------------------------------------------------- writing

    def _write(
        self,
        connection: Connection,
        decider: Decider,
        before: Process,
        advanced: Advanced,
        envelope: Envelope,
        request: CommitRequest,
        *,
        opened: bool,
    ) -> frozenset[str]:
        """Write all of it; return the effects that are done with it."""
        after, done = advanced.process, self._at_once(connection, advanced)
        if advanced.records:
            listed.write_claims(connection, request.process, _claims(decider, before), _claims(decider, after))
            sql.write_process(
                connection,
                after,
                closed=decider.closed(after.state),
                opened=opened,
                now=request.now,
                old_seq=before.seq,
                wakes_at=min((wakes_at(after.id, t, self.timer_spread) for t in after.timers), default=None),
            )
            done += self._papers(connection, request, advanced)
            done += amendments(connection, [e for r in advanced.records for e in r.effects], request.now)
            sql.write_records(
                connection, request.process, advanced.records, request.now, {e.id: how for e, how in done}
            )
            perform_at_once(connection, request.process, [e for e, _ in done], request.now)
            listed.write_todos(connection, request.process, todos(decider, before), todos(decider, after))
            listed.write_columns(connection, _columns(decider, before), _columns(decider, after))
            if opened and decider.kind == CASE:
                sql.mark_started(connection, request.process.partition("/")[2], request.now)
        if advanced.refusal is not None:
            sql.write_command(
                connection,
                envelope,
                outcome="refused",
                now=request.now,
                code=advanced.refusal,
                detail=advanced.detail,
            )
            if envelope.settles is not None:
                # The other side has spoken; that its word comes too late here must not leave the effect owed for ever.
                sql.settle_effect(connection, envelope.settles, "done", request.now, "refused")
        return frozenset(e.id for e, _ in done)

    def _at_once(self, connection: Connection, advanced: Advanced) -> list[tuple[Planned, str]]:
        """Return the effects this transaction performs itself, each with its outcome."""
        planned = [e for r in advanced.records for e in r.effects if e.kind in self.AT_ONCE]
        units = {e.target for e in planned if e.kind == "order_message"}
        boxes = inboxes(connection, units) if units else frozenset()
        given = [(e, "given") for e in planned if e.kind == "notice"]
        return given + [(e, "inbox") for e in planned if e.kind == "order_message" and e.target in boxes]

    @staticmethod
    def _papers(connection: Connection, request: CommitRequest, advanced: Advanced) -> Sequence[tuple[Planned, str]]:
        """Issue the official documents that are owed: always here, since their numbers may leave no gap."""
        owed = [e for r in advanced.records for e in r.effects if e.kind == PAPER]
        return issue(connection, request.process, owed, request.now) if owed else ()

    def _commit_without(self, request: CommitRequest, taken: Mapping[str, str]) -> CommitResult:
        """Decide again, now that the rules can know who holds the keys: some can do without them; else the decision is refused.

        A rule that does without these may want others that it did not want before, or that were taken meanwhile: as long as it
        learns of new ones it may try once more.
        """
        try:
            with self.database.write() as connection:
                return self.commit_in(connection, request, taken)
        except listed.ClaimTaken as again:
            if again.holders.keys() <= taken.keys():
                return self._refuse_claim(request, again.holders)
            return self._commit_without(request, {**taken, **again.holders})

    def _refuse_claim(self, request: CommitRequest, taken: Mapping[str, str]) -> CommitResult:
        """The decision needs keys other processes hold: refuse it, in a transaction that writes only the command row."""
        key, holder = next(iter(taken.items()))
        detail = {"key": key, "holder": holder}
        with self.database.write() as connection:
            loaded = sql.load(connection, request.process)
            decider = decider_of(request.process)
            process = _process(decider, request.process, loaded)
            # What wants the key of a process that is not there yet is its opening.
            envelope = (
                request.envelope if loaded is not None else beginnings.opening(connection, request, decider, self.rules)
            )
            if envelope is None:
                message = f"{request.process}: a timer wants the claim {key}"
                raise ApplicationError(message, type="ClaimTaken")
            stored = sql.stored_command(connection, envelope.id)
            if stored is not None and stored.outcome != "received":
                return self._answer_again(connection, request, decider, process, stored)
            sql.write_command(
                connection, envelope, outcome="refused", now=request.now, code="order_exists", detail=detail
            )
            if envelope.settles is not None:
                sql.settle_effect(connection, envelope.settles, "done", request.now, "refused")
            pack = self._facts(connection, decider, process, envelope).pack
            refused = Advanced(process=process, records=(), refusal="order_exists", detail=detail)
            result = self._result(connection, request, decider, refused, pack)
        if request.envelope is None or envelope.id == request.envelope.id:
            return result
        # What was asked beside the opening is answered by what there is now: another opening, or nothing.
        return self.commit(request)

    # ------------------------------------------------------------------------------------------------------- answering

    def _answer_again(
        self, connection: Connection, request: CommitRequest, decider: Decider, process: Process, stored: Any
    ) -> CommitResult:
        """Return the stored outcome, and all the caller has missed since the seq it knows.

        What a command about an effect started again may be older than that: then it is told all that is owed.
        """
        if request.envelope is not None and request.envelope.name in KERNEL_COMMANDS:
            request = request.model_copy(update={"everything": True})
        refusal = stored.code if stored.outcome == "refused" else None
        again = Advanced(process=process, records=(), refusal=refusal, detail=stored.detail or {})
        events: Sequence[str] = ()
        if stored.seq_from is not None and stored.seq_to is not None:
            events = sql.event_types(connection, request.process, stored.seq_from, stored.seq_to)
        pins = self._pins(connection, process)
        result = self._result(
            connection, request, decider, again, self.rules.pack(pins.pack, pins.pack_version, pins.pack_sha)
        )
        return result.model_copy(update={"events": tuple(events)})

    def _result(
        self,
        connection: Connection,
        request: CommitRequest,
        decider: Decider,
        advanced: Advanced,
        pack: Pack,
        done: frozenset[str] = frozenset(),
    ) -> CommitResult:
        process, names = advanced.process, self.rules.unit_name
        new_from = process.seq - sum(len(r.events) for r in advanced.records)
        if request.everything or request.seq < new_from or any(r.again for r in advanced.records):
            after = 0 if request.everything or any(r.again for r in advanced.records) else request.seq
            rows = sql.owed_effects(connection, request.process, after)
            effects = [_order(r.id, r.kind, r.target, r.body, r.attempt, pack, names, urgent=r.urgent) for r in rows]
        else:
            planned = [e for r in advanced.records for e in r.effects if e.id not in done]
            effects = [_order(e.id, e.kind, e.target, e.body, e.attempt, pack, names, urgent=e.urgent) for e in planned]
        # One whose opening was refused has not begun: nothing keeps its workflow.
        closed = decider.closed(process.state) if process.seq or decider.kind == CASE else True
        seen_card = card(decider, process)
        return CommitResult(
            outcome="recorded" if advanced.refusal is None else "refused",
            seq=process.seq,
            head=process.head,
            code=advanced.refusal,
            detail=advanced.detail,
            events=_own_events(request.envelope, advanced),
            effects=tuple(effects),
            settled=tuple(k for r in advanced.records for k, v in r.settled.items() if v != "planned"),
            timers=tuple(
                TimerOrder(key=t.key, n=t.n, at=wakes_at(process.id, t, self.timer_spread), summary=timer_summary(t))
                for t in process.timers
            ),
            card=seen_card,
            closed=closed,
            owed=sql.count_owed(connection, request.process) if closed else 0,
            details=details_text(seen_card, names),
        )

    # ------------------------------------------------------------------------------------------------------- looking up

    def _facts(
        self,
        connection: Connection,
        decider: Decider,
        process: Process,
        envelope: Envelope,
        taken: Mapping[str, str] = MappingProxyType({}),
    ) -> Facts:
        wanted = needs(decider, envelope)
        units, items, cases = look_up(connection, wanted)
        packs, calendars = self.rules.named(wanted)
        pins = self._pins(connection, process, envelope)
        return Facts(
            pack=self.rules.pack(pins.pack, pins.pack_version, pins.pack_sha),
            calendar=self.rules.calendar(pins.calendar),
            pins=pins,
            permissions=self.rules.permissions(),
            units=units,
            items=items,
            cases=cases,
            taken=taken,
            packs=packs,
            calendars=calendars,
        )

    def foresee(self, connection: Connection, envelope: Envelope, now: datetime) -> tuple[Process, Advanced] | None:
        """Say what a command would do if it came now, by the rules that will decide it then; nothing is written or locked.

        Returns the process as it stands and what would come of it; None where there is no such process.
        """
        stored = load_process(connection, envelope.process)
        if stored is None:
            return None
        decider, process = decider_of(envelope.process), stored.process
        return process, advance(decider, process, envelope, self._facts(connection, decider, process, envelope), now)

    def _pins(self, connection: Connection, process: Process, envelope: Envelope | None = None) -> Pins:
        """Return the pinned pack and calendar; before there is a state those the opening names, or those in force."""
        if process.seq:
            return Pins(**{name: getattr(process.state, name) for name in Pins.model_fields})
        body: Mapping[str, Any] = envelope.body if envelope else {}
        if "pack_sha" in body:
            return Pins(**{name: body[name] for name in Pins.model_fields})
        return self.rules.in_force(connection)


def _divergence(connection: Connection, request: CommitRequest, loaded: sql.Loaded | None) -> str | None:
    """Say how workflow and journal disagree; None when the workflow is equal or behind on the same history."""
    if request.seq == 0:
        return None
    if loaded is None or request.seq > loaded.seq:
        return "workflow_ahead"
    head = loaded.head if request.seq == loaded.seq else sql.head_at(connection, request.process, request.seq)
    return None if head == request.head else "heads_differ"


def _process(decider: Decider, process: str, loaded: sql.Loaded | None) -> Process:
    if loaded is None:
        return Process(id=process, kind=decider.kind, state=decider.initial())
    return snapshots.take_up(decider, loaded.snapshot)


def _claims(decider: Decider, process: Process) -> frozenset[str]:
    return decider.claims(process.state) if process.seq else frozenset()


def _columns(decider: Decider, process: Process) -> Mapping[str, Sequence[Mapping[str, Any]]]:
    return decider.columns(process.state) if process.seq else {}


def _own_events(envelope: Envelope | None, advanced: Advanced) -> tuple[str, ...]:
    """Return the types of the events of this very command, as a repeated id will: not of timers that rang before or after it."""
    records = [r for r in advanced.records if envelope is None or r.command.id == envelope.id]
    return tuple(e.type for e in records[-1].events) if records else ()


def _order(
    id_: str, kind: str, target: str, body: Mapping[str, Any], attempt: int, pack: Pack, names: Names, *, urgent: bool
) -> EffectOrder:
    extra: dict[str, Any] = {}
    if kind in DELIVERED:
        budget = pack.delivery
        extra = {
            "tries": budget.attempts.value,
            "first_s": budget.first.limit.seconds,
            "factor": float(budget.factor.value),
            "longest_s": budget.longest.limit.seconds,
            "timeout_s": budget.timeout.limit.seconds,
        }
    return EffectOrder(
        id=id_,
        kind=kind,
        target=target,
        summary=effect_summary(kind, target, body, names),
        urgent=urgent,
        attempt=attempt,
        on_refused=body.get("on_refused"),
        **extra,
    )


def _parked(request: CommitRequest, why: str) -> CommitResult:
    return CommitResult(
        outcome="parked", seq=request.seq, head=request.head, code=why, card=Card(stage="parked"), details=why
    )
