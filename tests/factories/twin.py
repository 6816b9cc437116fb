"""A bare decider beside the engine: it repeats, apart from Temporal and SQL, what each process was asked, and must agree.

:class:`Watch` writes down what every commit of this process's workers asked the rules (command, facts, instant) and what came of
it. :class:`Twin` gives the same to the decider alone, with :class:`~tests.domain.casekit.CaseKit`'s laws checked at every step.
"""

import functools
import itertools
import threading
from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest

from activities import journal
from activities.journal import Journal
from activities.signatures import CommitRequest, CommitResult
from domain.case import DECIDER
from domain.kernel import TICK, Advanced, Process, advance, card, wakes_at
from domain.process import Decider, Envelope, Facts
from tests.domain.casekit import CaseKit, City


@dataclass(frozen=True)
class Made:
    """One question to the rules within a commit, and the commit's answer to the workflow."""

    before: Process
    envelope: Envelope
    facts: Facts
    now: datetime
    spread: timedelta
    result: CommitResult


class Watch:
    """Everything one database's journal asked the rules in commits that went through, in the order of its transactions.

    Other journals of this test process are not its business: that of the console's city lives through the whole session, and its
    timers ring whatever test is running.
    """

    def __init__(self, monkeypatch: pytest.MonkeyPatch, url: str) -> None:
        """Wrap the journal's commit and its call of the kernel until the test is over. To be made before workers start."""
        self._made: dict[int, Made] = {}
        self._open: set[int] = set()
        self._lock, self._numbers = threading.Lock(), itertools.count()
        here = threading.local()
        real_commit = Journal.commit

        def asking(
            decider: Decider, process: Process, envelope: Envelope, facts: Facts, now: datetime, spread: timedelta
        ) -> Advanced:
            if not getattr(here, "watched", False):
                return advance(decider, process, envelope, facts, now, spread)
            # Within the transaction: on SQLite, whoever comes later decides later.
            with self._lock:
                n = next(self._numbers)
                self._open.add(n)
            here.asked.append((n, functools.partial(Made, process, envelope, facts, now, spread)))
            return advance(decider, process, envelope, facts, now, spread)

        @functools.wraps(real_commit)
        def commit(this: Journal, request: CommitRequest) -> CommitResult:
            if this.database.url != url:
                return real_commit(this, request)
            here.asked, here.watched = [], True
            try:
                result = real_commit(this, request)
                # Where a claim was taken the rules were asked a second time; what they said first was rolled back.
                last = {made.args[1].id: n for n, made in here.asked}
                with self._lock:
                    self._made |= {n: made(result) for n, made in here.asked if last[made.args[1].id] == n}
            finally:
                here.watched = False
                with self._lock:
                    self._open -= {n for n, _ in here.asked}
            return result

        monkeypatch.setattr(journal, "advance", asking)
        monkeypatch.setattr(Journal, "commit", commit)

    def take(self) -> list[Made]:
        """Take what has been decided since the last time, as far as nothing before it is still under way."""
        with self._lock:
            ready = sorted(n for n in self._made if n < min(self._open, default=n + 1))
            return [self._made.pop(n) for n in ready]


def unlike(loaded: Process, given: Process) -> list[str]:
    """In which fields two processes differ, those of their states by name."""
    found = [f for f in Process.model_fields if f != "state" and getattr(loaded, f) != getattr(given, f)]
    fields = type(given.state).model_fields
    found += [f"state.{f}" for f in fields if getattr(loaded.state, f, None) != getattr(given.state, f)]
    return [f"{f}: {_of(loaded, f)!r} is not {_of(given, f)!r}" for f in found]


def _of(process: Process, path: str) -> object:
    return functools.reduce(getattr, path.split("."), process)


class Twin(CaseKit):
    """A case in the hands of the bare decider."""

    def __init__(self, city: City, no: str) -> None:
        super().__init__(city, no)
        self.outcomes: dict[str, str | None] = {}
        """Of each command the rules were asked: the code of its refusal, or None."""
        self.envelopes: dict[str, Envelope] = {}

    def repeat(self, made: Made) -> None:
        """Decide what the engine has decided; fail where it comes out differently."""
        id_ = made.envelope.id
        assert made.before == self.process, (
            f"before {id_} the journal loaded another state than its commands give: {unlike(made.before, self.process)}"
        )
        if made.envelope.name != TICK:
            assert id_ not in self.outcomes, f"{id_} was decided twice"
        self.envelopes[id_] = made.envelope
        others = (k for k in self.city.kits.values() if k is not self and k.process.seq)
        held = frozenset(claim for kit in others for claim in DECIDER.claims(kit.state))
        self.city.now = made.now
        self.city.spread = made.spread
        got = advance(DECIDER, self.process, made.envelope, made.facts, made.now, made.spread)
        taken = held & DECIDER.claims(got.process.state)
        if made.result.code == "order_exists" and got.refusal is None:
            assert taken, f"{id_} was refused for a claim that nobody holds"
            self.outcomes[id_] = made.result.code
            return
        assert not taken, f"{id_} took what another case holds: {taken}"
        got = self._advance(made.envelope, made.facts)
        self.outcomes[id_] = got.refusal
        self._told(made)

    def _told(self, made: Made) -> None:
        """What the workflow was told is what the bare decider comes to."""
        result, process = made.result, self.process
        if made.envelope.name == "open" and result.seq != process.seq:
            return  # the same commit went on to the command it was asked for
        assert (result.seq, result.head) == (process.seq, process.head)
        assert result.card == card(DECIDER, process)
        assert result.closed == DECIDER.closed(process.state)
        wakes = [(t.key, t.n, wakes_at(process.id, t, made.spread)) for t in process.timers]
        assert [(t.key, t.n, t.at) for t in result.timers] == wakes

    def would_refuse(self, envelope: Envelope, facts: Facts, now: datetime) -> bool:
        """Whether the bare decider would refuse a command now."""
        return advance(DECIDER, self.process, envelope, facts, now).refusal is not None


class Twins(City):
    """The twins of all cases of an engine."""

    def __init__(self, watch: Watch) -> None:
        super().__init__()
        self.watch = watch

    def twin(self, no: str) -> Twin:
        """The twin of one case."""
        found = self.kits.setdefault(no, Twin(self, no))
        assert isinstance(found, Twin)
        return found

    def catch_up(self) -> None:
        """Repeat what the engine has decided since the last time."""
        for made in self.watch.take():
            if made.before.kind != DECIDER.kind:
                continue  # what a case begins has explorations of its own; here it is the world outside
            self.pack = made.facts.pack
            self.twin(made.before.id.partition("/")[2]).repeat(made)
        self.mail.clear()  # the engine carries the messages itself
