"""The history checker, in the manner of Jepsen: what people were told, against what the journal holds.

From the operation log of the drivers and the journal it proves, law by law:

* ``acknowledged``: what a person was told is recorded is in the journal, where he was told, with the events he was told;
* ``once``: no command took effect twice: each event comes of one command, each command has one unbroken range, none is lost;
* ``refused``: what a person was told is refused left no event;
* ``unknown``: a decision without an answer took effect at most once, and none is stored and never decided;
* ``invented``: nothing is in the journal that no person asked for;
* ``chain``: the events of a process are the chain the heads say;
* ``person``: nobody ever sees a process go back;
* ``fresh``: whoever looks at a process sees all that anybody had been told before, and nothing that nobody had asked for yet;
* ``real_time``: a decision that began after another had been answered lies after it in the journal.

It believes neither side: an operation log or a journal that was tampered with is found out as far as the two disagree.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Final

from pydantic import BaseModel

from domain.kernel import GENESIS, chain
from tests.faults.operations import READ, RECORDED, REFUSED, UNKNOWN, Operation
from tests.faults.record import Command, Record

MACHINES: Final = frozenset({"system"})
REGISTER: Final = "register"


class Violation(BaseModel, frozen=True):
    """A law that does not hold, and where."""

    law: str
    what: str

    def __str__(self) -> str:
        """Return one line."""
        return f"{self.law}: {self.what}"


def check_history(operations: Sequence[Operation], record: Record) -> list[Violation]:
    """Return everything that is wrong; empty when the history is as the laws want it. Never raises."""
    return [Violation(law=name, what=what) for name, law in LAWS.items() for what in law(operations, record)]


def _decisions(operations: Iterable[Operation], *results: str) -> Iterator[Operation]:
    return (o for o in operations if o.command not in {READ, REGISTER} and o.result in results)


def _acknowledged(operations: Sequence[Operation], record: Record) -> Iterator[str]:
    for o in operations:
        if o.command == REGISTER and o.result == RECORDED:
            events = record.events.get(o.process, [])
            if not events or events[0].type != "opened":
                yield f"{o.process} was given to a caller and never opened"
            if (taken := record.commands.get(o.id)) is None or taken.process != o.process:
                yield f"{o.process} was given to a caller, the journal has {taken.process if taken else 'nothing'}"
    for o in _decisions(operations, RECORDED):
        command = record.commands.get(o.id)
        if command is None or command.outcome != RECORDED:
            yield f"{_name(o)} was acknowledged, the journal has {command.outcome if command else 'nothing'}"
        elif command.process != o.process:
            yield f"{_name(o)} was acknowledged, the journal has it in {command.process}"
        elif o.seq is None or command.seq_to is None or o.seq < command.seq_to:
            yield f"{_name(o)} was acknowledged at {o.seq}, the journal has it at {command.seq_to}"
        elif o.events and o.events != _types(command, record):
            yield f"{_name(o)} was acknowledged with {o.events}, the journal has {_types(command, record)}"


def _once(_operations: Sequence[Operation], record: Record) -> Iterator[str]:
    claimed: dict[str, dict[int, str]] = defaultdict(dict)
    for command in record.commands.values():
        if command.outcome != RECORDED or command.seq_from is None or command.seq_to is None:
            continue
        for seq in range(command.seq_from, command.seq_to + 1):
            other = claimed[command.process].setdefault(seq, command.id)
            if other != command.id:
                yield f"{command.process}/{seq} belongs to {other} and to {command.id}"
    for process, events in record.events.items():
        for place, event in enumerate(events, start=1):
            if event.seq != place:
                yield f"{process}: event {event.seq} stands at place {place}"
                break
            if claimed[process].pop(event.seq, None) != event.command:
                yield f"{process}/{event.seq} ({event.type}) does not lie in the range of its command {event.command}"
    yield from (f"{p}/{seq} of {c} is not in the journal" for p, gone in claimed.items() for seq, c in gone.items())


def _refused(operations: Sequence[Operation], record: Record) -> Iterator[str]:
    caused = {e.command for events in record.events.values() for e in events}
    for o in _decisions(operations, REFUSED):
        command = record.commands.get(o.id)
        if o.id in caused or (command is not None and command.outcome == RECORDED):
            yield f"{_name(o)} was refused with {o.code} and took effect"
    for command in record.commands.values():
        if command.outcome == REFUSED and command.id in caused:
            yield f"{command.id} is refused in the journal and has events"


def _unknown(operations: Sequence[Operation], record: Record) -> Iterator[str]:
    for id_ in {o.id for o in _decisions(operations, UNKNOWN)}:
        command = record.commands.get(id_)
        runs = _runs([e.seq for events in record.events.values() for e in events if e.command == id_])
        if runs > 1:
            yield f"{id_} without an answer took effect {runs} times"
        if runs and (command is None or command.outcome != RECORDED):
            yield f"{id_} without an answer has events and is {command.outcome if command else 'not'} recorded"
    waiting = (c for c in record.commands.values() if c.outcome == "received")
    yield from (f"{c.name} of {c.user} on {c.process} is stored and was never decided" for c in waiting)


def _invented(operations: Sequence[Operation], record: Record) -> Iterator[str]:
    asked = {o.id for o in operations}
    for command in record.commands.values():
        if command.user in MACHINES:
            continue
        if command.id not in asked:
            yield f"{command.name} of {command.user} on {command.process} was asked by nobody"


def _chain(_operations: Sequence[Operation], record: Record) -> Iterator[str]:
    for process, events in record.events.items():
        head = GENESIS
        for event in events:
            head = chain(head, event.seq, event.type, event.at, event.body)
            if head != event.head:
                yield f"{process}/{event.seq} ({event.type}) does not follow from what is before it"
                break


def _person(operations: Sequence[Operation], _record: Record) -> Iterator[str]:
    """Whoever has been told a seq is never told a lower one by an operation that began later."""
    seen: dict[tuple[str, str], list[Operation]] = defaultdict(list)
    for o in operations:
        if o.result in {RECORDED, READ} and o.seq is not None and o.end is not None:
            seen[o.person, o.process].append(o)
    for (person, process), told in seen.items():
        yield from (
            f"{person} saw {process} at {a.seq} ({a.command}) and later at {b.seq} ({b.command})"
            for a, b in _after(told)
            if (b.seq or 0) < (a.seq or 0)
        )


def _fresh(operations: Sequence[Operation], record: Record) -> Iterator[str]:
    told: dict[str, list[Operation]] = defaultdict(list)
    for o in operations:
        if o.result in {RECORDED, READ} and o.seq is not None and o.end is not None:
            told[o.process].append(o)
            if o.seq > len(record.events.get(o.process, ())):
                yield f"{o.person} was shown {o.process} at {o.seq}, which the journal has not"
    asked: dict[str, list[Operation]] = defaultdict(list)
    for o in _first(operations).values():
        asked[o.process].append(o)
    for process, seen in told.items():
        for a, b in _after(seen):
            if b.command == READ and (b.seq or 0) < (a.seq or 0):
                yield f"{b.person} saw {process} at {b.seq} after {a.person} had been told {a.seq} ({a.command})"
        for o in asked[process]:
            command = record.commands.get(o.id)
            if command is None or command.seq_from is None:
                continue
            early = (r for r in seen if (r.end or 0) < o.start and (r.seq or 0) >= command.seq_from)
            yield from (f"{r.person} saw {o.command} in {process} at {r.seq} before it was asked for" for r in early)


def _real_time(operations: Sequence[Operation], record: Record) -> Iterator[str]:
    """Across all persons: answered before the other began means before it in the journal."""
    first = _first(operations)
    ends: dict[str, float] = {}
    for o in _decisions(operations, RECORDED):
        if o.result == RECORDED and o.end is not None:
            ends[o.id] = min(o.end, ends.get(o.id, o.end))
    by_process: dict[str, list[Operation]] = defaultdict(list)
    for id_, o in first.items():
        if id_ in ends:
            by_process[o.process].append(o.model_copy(update={"end": ends[id_]}))
    for process, done in by_process.items():
        for a, b in _after(done):
            one, two = record.commands.get(a.id), record.commands.get(b.id)
            if one and two and one.seq_to and two.seq_from and two.seq_from <= one.seq_to:
                yield f"{process}: {b.command} began after {a.command} was answered and lies before it"


def _first(operations: Sequence[Operation]) -> dict[str, Operation]:
    """Return the first attempt at each decision that took effect, or may have."""
    first: dict[str, Operation] = {}
    for o in _decisions(operations, RECORDED, UNKNOWN):
        if o.id not in first or o.start < first[o.id].start:
            first[o.id] = o
    return first


def _after(told: list[Operation]) -> Iterator[tuple[Operation, Operation]]:
    """Pairs of which the second began after the first had ended."""
    told = sorted(told, key=lambda o: o.start)
    for n, a in enumerate(told):
        yield from ((a, b) for b in told[n + 1 :] if a.end is not None and b.start > a.end)


def _runs(seqs: list[int]) -> int:
    """In how many unbroken ranges numbers lie."""
    ordered = sorted(seqs)
    return sum(1 for n, seq in enumerate(ordered) if n == 0 or seq != ordered[n - 1] + 1)


def _types(command: Command, record: Record) -> tuple[str, ...]:
    if command.seq_from is None or command.seq_to is None:
        return ()
    return tuple(e.type for e in record.events.get(command.process, [])[command.seq_from - 1 : command.seq_to])


def _name(o: Operation) -> str:
    return f"operation {o.n} ({o.command} of {o.person} on {o.process})"


LAWS: Final[dict[str, Callable[[Sequence[Operation], Record], Iterator[str]]]] = {
    "acknowledged": _acknowledged,
    "once": _once,
    "refused": _refused,
    "unknown": _unknown,
    "invented": _invented,
    "chain": _chain,
    "person": _person,
    "fresh": _fresh,
    "real_time": _real_time,
}
