"""What became of each case, in a form in which a run with faults can be laid beside one without.

Numbers, ids and instants differ from run to run, so they are replaced by what they stand for. Cases of a pack in seconds meet
deadlines by chance of the clock; of them only what people did and what the world was told of that is compared. What is beside a
case is read and compared by :mod:`tests.faults.beside`.
"""

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

from pydantic import BaseModel
from sqlalchemy import Connection, select

from storage.models import DeliveryRow, EffectRow, EventRow, NoticeRow, table
from storage.unit_of_work import Database
from tests.faults.beside import Beside, claims, read_beside, unlike
from tests.faults.driver import Play, lines
from tests.faults.steps import STRICT

INSTANT: Final = re.compile(r"\d{4}-\d\d-\d\d([T ].*)?")
REFERENCE: Final = re.compile(r"d/[0-9a-f]{64}")
DOCUMENT: Final = re.compile(r"doc-[0-9a-f]{32}")
HEAD: Final = re.compile(r"(?<=\d)-[0-9a-f]{8}\b")
"""What an effect's id says of the chain it stands in: instants go into that."""
OF_CLOCKS: Final = frozenset(
    {
        "timer_rang",
        "warning_given",
        "overdue_reached",
        "overdue_annulled",
        "act_annulled",
        "clock_set",
        "clock_stopped",
        "order_signed",
        "stage_moved",
        "supervision_asked",
        "supervision_taken_back",
        "supervision_over",
    }
)
"""Events that depend on when something was done, not on what was done: in the scripts of a pack in seconds nobody is
dissatisfied, so that only a deadline can ask for supervision."""
TOLD_OF_CLOCKS: Final = frozenset({"yellow_card", "red_card", "overdue", "due_changed"})


OVERTAKEN: Final = "overtaken"
STRAY: Final = "no effect"


class Life(BaseModel):
    """One case as two runs can be compared: what happened, what was owed, told and delivered, what it holds, what is beside it."""

    script: str
    events: list[Any] = []
    effects: list[Any] = []
    notices: list[Any] = []
    deliveries: list[Any] = []
    received: list[Any] = []
    claims: list[str] = []
    beside: dict[str, Beside] = {}


def read_lives(database: Database, plays: Iterable[Play], departments: Path) -> dict[str, Life]:
    """Read the lives of all plays that are to be compared, by label and request."""
    taken: dict[str, list[Any]] = {}
    for line in lines(departments) if departments.exists() else ():
        if "message" in line:
            data = line["event"]["data"]
            taken.setdefault(data["case"], []).append((line["message"], data["unit"], data["order"], data["what"]))
    with database.read() as connection:
        return {
            f"{play.label}.{case}": _life(connection, play, case, taken.get(no, []))
            for play in plays
            if play.script.compared
            for case, no in play.numbers.items()
        }


def by_script(lives: Mapping[str, Life]) -> tuple[dict[str, Life], list[str]]:
    """Return one life for each request of each script, and, a line each, those that came to another life in calm already.

    What a script comes to depends on nothing else than the script: else a comparison would show nothing.
    """
    found: dict[str, Life] = {}
    unsteady: list[str] = []
    for label, life in lives.items():
        name = f"{life.script}.{label.rpartition('.')[2]}"
        if (unlike := _unlike(found.setdefault(name, life), life)) is not None:
            unsteady.append(f"{name} is not the same every time: {unlike}")
    return found, unsteady


def differences(calm: Mapping[str, Life], storm: Mapping[str, Life]) -> list[str]:
    """Say how the lives of a run with faults differ from those their scripts come to in calm, a line each."""
    found: list[str] = []
    for label, life in sorted(storm.items()):
        name = f"{life.script}.{label.rpartition('.')[2]}"
        if name not in calm:
            found.append(f"{label}: {name} was not played in calm")
        elif (unlike := _unlike(calm[name], life)) is not None:
            found.append(f"{label} ({life.script}) {unlike}")
    return found


def _unlike(a: Life, b: Life) -> str | None:
    # What has been overtaken by the end of its order is told to nobody; whether it is depends on how soon it could be told.
    overtaken = {d[0] for d in (*a.deliveries, *b.deliveries) if d[2] == OVERTAKEN}
    for field in ("events", "effects", "notices", "deliveries", "received", "claims"):
        one, two = getattr(a, field), getattr(b, field)
        if field in {"deliveries", "received"}:
            one, two = ([d for d in side if d[0] not in overtaken] for side in (one, two))
        if one != two:
            return f"{field}: {_first(one, two)}"
    return unlike(a.beside, b.beside)


def _life(connection: Connection, play: Play, case: str, received: list[Any]) -> Life:
    process = play.process(case)
    names = {no: f"<{name}>" for name, no in play.numbers.items()}
    strict = play.script.pack == STRICT

    def plain(value: Any) -> Any:
        return _plain(value, names)

    events = connection.execute(
        select(table(EventRow)).where(table(EventRow).c.process == process).order_by(table(EventRow).c.seq)
    ).all()
    # Where deadlines are met by chance, what people did has an order among itself but no place in the whole.
    kept = {e.seq: e.seq if strict else 0 for e in events if strict or e.type not in OF_CLOCKS}
    life = Life(script=play.script.name)
    life.events = [(kept[e.seq], e.type, plain(e.body)) for e in events if e.seq in kept]
    f = table(EffectRow)
    effects = connection.execute(select(f).where(f.c.process == process).order_by(f.c.seq, f.c.id)).all()
    effects = [r for r in effects if r.seq in kept and (strict or r.body.get("what") not in TOLD_OF_CLOCKS)]
    ids = {r.id: f"{kept[r.seq]}/{HEAD.sub('', r.id).rpartition('/')[2] if strict else 0}" for r in effects}
    effects = effects if strict else sorted(effects, key=lambda r: (r.kind, r.target, str(r.body.get("what"))))
    life.effects = [(ids[r.id], r.kind, plain(r.target), plain(r.body), r.urgent, r.status) for r in effects]
    # What was told without an effect that the journal holds belongs to no decision there is.
    known = set(connection.execute(select(f.c.id).where(f.c.process == process)).scalars())

    def told(effect: str) -> str | None:
        return ids.get(effect) if effect in known else STRAY

    n, d = table(NoticeRow), table(DeliveryRow)
    life.notices = sorted(
        (said, plain(r.target), r.what)
        for r in connection.execute(select(n).where(n.c.process == process))
        if (said := told(r.effect)) is not None
    )
    life.deliveries = sorted(
        (said, r.unit, r.channel)
        for r in connection.execute(select(d).where(d.c.process == process))
        if (said := told(r.effect)) is not None
    )
    life.received = sorted((said, *m[1:]) for m in received if (said := told(m[0])) is not None)
    life.claims = claims(connection, process, plain)
    # What a deadline begins is begun by chance where deadlines are met by chance.
    life.beside = read_beside(connection, play.numbers[case], plain) if strict else {}
    return life


def _plain(value: Any, names: Mapping[str, str]) -> Any:
    match value:
        case dict():
            return {_plain(k, names): _plain(v, names) for k, v in value.items()}
        case list() | tuple():
            return [_plain(v, names) for v in value]
        case str() if INSTANT.fullmatch(value):
            return "<instant>"
        case str():
            for number, name in names.items():
                if number in value:
                    value = HEAD.sub("", value.replace(number, name))
            return DOCUMENT.sub("<document>", REFERENCE.sub("<decision>", value))
        case _:
            return value


def _first(a: list[Any], b: list[Any]) -> str:
    """Return the first place where two lists differ."""
    for n, (x, y) in enumerate(zip(a, b, strict=False)):
        if x != y:
            return f"at {n}: {x} became {y}"
    rest = a[len(b) :] or b[len(a) :]
    return f"{len(a)} became {len(b)}, from {rest[0]}"
