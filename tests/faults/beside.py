"""What became of the processes beside a case, in a form in which a run with faults can be laid beside one without.

Several write to one of these: people, the case, other processes. What each of them did comes in his order; how the orders of two of
them mingle is chance, in calm too. So, of every process whose id names the case of a script without deadlines:

* equal are what each writer brought about (its events in its order, with all they say), what was owed for it with how that ended,
  the notices, the deliveries, the documents but for their figures, the claims it holds, its stage, and whether it is over;
* no part of the comparison are the places of events among those of others, ids, instants, and the numbers of documents, which are
  given out over all processes in the order of the commits.

Those hold as invariants of the run as a whole (:func:`invariants`): documents can be printed again from the journal, and their
numbers have no gap; the claims of the journal are those the rules say; all clocks of all kinds can be recomputed.
"""

import re
from collections.abc import Callable, Iterator
from typing import Any, Final

from pydantic import BaseModel
from sqlalchemy import Connection, select

from cli.papers import check as printed_again
from domain import snapshots
from domain.deciders import decider_of
from domain.export import export_process, terms_of, verify
from domain.kernel import Written
from storage.models import (
    ClaimRow,
    CommandRow,
    DeliveryRow,
    EffectRow,
    EventRow,
    NoticeRow,
    PaperRow,
    ProcessRow,
    table,
)
from storage.rules import Rules
from storage.unit_of_work import Database

FIGURES: Final = re.compile(r"\d+")
SENDER: Final = re.compile(r"^([a-z_]+/.+)/\d+/\d+-[0-9a-f]{8}(/.*)?$")
PEOPLE, CLOCK, OPENING = "people", "clock", "opening"
Plain = Callable[[Any], Any]


class Beside(BaseModel):
    """One process beside a case, as two runs can be compared. ``told`` is what each writer brought about, in his order."""

    told: dict[str, list[Any]] = {}
    effects: list[Any] = []
    notices: list[Any] = []
    deliveries: list[Any] = []
    papers: list[Any] = []
    claims: list[Any] = []
    stage: str = ""
    over: bool = False


def read_beside(connection: Connection, no: str, plain: Plain) -> dict[str, Beside]:
    """Read all processes beside a case, by their id with the case's name in it. ``plain`` puts names for what differs by run."""
    p = table(ProcessRow)
    # Numbers of cases all have one length, so that none lies within another.
    rows = connection.execute(select(p).where(p.c.kind != "case", p.c.id.contains(no, autoescape=True))).all()
    return {plain(row.id): _beside(connection, row, plain) for row in rows}


def claims(connection: Connection, process: str, plain: Plain) -> list[str]:
    """The keys a process holds."""
    c = table(ClaimRow)
    return sorted(plain(key) for key in connection.execute(select(c.c.key).where(c.c.process == process)).scalars())


def _beside(connection: Connection, row: Any, plain: Plain) -> Beside:
    process, decider = row.id, decider_of(row.id)
    e, f, c = table(EventRow), table(EffectRow), table(CommandRow)
    kept = snapshots.look(decider, row.snapshot)
    found = Beside(stage=decider.card(kept.state).stage, over=row.closed, claims=claims(connection, process, plain))
    events = connection.execute(
        select(e.c.seq, e.c.type, e.c.body, e.c.command, c.c.name)
        .join(c, c.c.id == e.c.command)
        .where(e.c.process == process)
        .order_by(e.c.seq)
    ).all()
    for event in events:
        found.told.setdefault(_writer(event, plain), []).append((event.type, plain(event.body)))
    types = {event.seq: event.type for event in events}
    effects = connection.execute(select(f).where(f.c.process == process)).all()
    # Of two runs' lists the same come to lie beside one another, whatever order the commits had.
    what = {r.id: (types.get(r.seq, "-"), r.kind, plain(r.target), plain(r.body)) for r in effects}
    found.effects = _sorted((*what[r.id], r.urgent, r.status, _outcome(r)) for r in effects)
    n, d, a = table(NoticeRow), table(DeliveryRow), table(PaperRow)
    notices = connection.execute(select(n).where(n.c.process == process))
    found.notices = _sorted((plain(r.target), r.what, what.get(r.effect)) for r in notices)
    deliveries = connection.execute(select(d).where(d.c.process == process))
    found.deliveries = _sorted((r.unit, r.channel, what.get(r.effect)) for r in deliveries)
    papers = connection.execute(select(a).where(a.c.process == process))
    found.papers = _sorted((r.kind, r.template, _page(r.zh, plain), _page(r.en, plain)) for r in papers)
    return found


def _writer(event: Any, plain: Plain) -> str:
    """Who brought an event about: people, the clock, or the process whose message it was."""
    if event.name == "ring":
        return CLOCK
    sender = SENDER.match(event.command)
    return plain(sender[1]) if sender is not None else PEOPLE


def _outcome(effect: Any) -> str | None:
    """How an effect ended; of a document that is its number."""
    return None if effect.outcome is None else FIGURES.sub("#", effect.outcome)


def _page(text: str, plain: Plain) -> str:
    return FIGURES.sub("#", str(plain(text)))


def _sorted(found: Iterator[Any]) -> list[Any]:
    return sorted(found, key=str)


def unlike(a: dict[str, Beside], b: dict[str, Beside]) -> str | None:
    """Say how the processes beside a case differ, or None."""
    if a.keys() != b.keys():
        return f"beside it: {sorted(a)} became {sorted(b)}"
    for process, one in a.items():
        two = b[process]
        for field in Beside.model_fields:
            if (was := getattr(one, field)) != (now := getattr(two, field)):
                return f"{process} {field}: {_first(was, now)}"
    return None


def _first(was: Any, now: Any) -> str:
    """The first difference of two values of one field."""
    if isinstance(was, dict):
        key = next(k for k in sorted(was.keys() | now.keys()) if was.get(k) != now.get(k))
        return f"of {key} {_first(was.get(key, []), now.get(key, []))}"
    if isinstance(was, list):
        n = next((n for n, (x, y) in enumerate(zip(was, now, strict=False)) if x != y), min(len(was), len(now)))
        return f"at {n}: {was[n : n + 1]} became {now[n : n + 1]}"
    return f"{was} became {now}"


# -------------------------------------------------------------------------------------------------------------- invariants


def invariants(database: Database) -> list[str]:
    """What holds in any run, whatever order its commits had: documents, claims and clocks agree with the journal."""
    with database.read() as connection:
        documents = printed_again(connection).differences
        found = [f"paper {d.paper}: {d.kind} {d.detail}".rstrip() for d in documents]
        found += _claims(connection)
    return [*found, *(f"ledger: {line}" for line in ledgers(database))]


def _claims(connection: Connection) -> Iterator[str]:
    """The keys the journal keeps are those that the rules say each process holds."""
    p, c = table(ProcessRow), table(ClaimRow)
    kept: dict[str, set[str]] = {}
    for row in connection.execute(select(c.c.process, c.c.key)):
        kept.setdefault(row.process, set()).add(row.key)
    for row in connection.execute(select(p.c.id, p.c.snapshot)):
        decider = decider_of(row.id)
        wanted = decider.claims(snapshots.look(decider, row.snapshot).state)
        held = kept.pop(row.id, set())
        yield from (f"claim {key} of {row.id} is not kept" for key in sorted(wanted - held))
        yield from (f"claim {key} is kept for {row.id}, which does not hold it" for key in sorted(held - wanted))
    yield from (
        f"claim {key} is kept for {process}, which is not there" for process, held in kept.items() for key in held
    )


def ledgers(database: Database) -> list[str]:
    """Recompute every clock of every process as ``sanhuan verify`` does; return what does not agree."""
    rules, found = Rules(database), list[str]()
    p, e = table(ProcessRow), table(EventRow)
    with database.read() as connection:
        ids = connection.execute(select(p.c.id).order_by(p.c.id)).scalars().all()
    for id_ in ids:
        with database.read() as connection:
            row = connection.execute(select(p).where(p.c.id == id_)).one()
            rows = connection.execute(select(e).where(e.c.process == id_).order_by(e.c.seq)).all()
        process = snapshots.look(decider_of(id_), row.snapshot)
        events = [Written(seq=r.seq, type=r.type, at=r.at, body=r.body, head=r.head) for r in rows]
        first, *later = rules.terms(terms_of(process.id, events))
        export = export_process(process, events, first.pack, first.calendar, row.updated_at, later)
        found += [f"{id_}: {difference}" for difference in verify(export)]
    return found
