"""经过 as pages show it: by decision, with who gave it, the words that came with it, and what it did to the clocks."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final

from sqlalchemy import Connection

from api.cases.timeline import CLOCK_EVENTS, references
from api.console import wording
from domain.kernel import LATE_AFTER
from storage.accounts import account_names
from storage.texts import known, sentence, text

SYSTEM: Final = "system"
UNIT_SYSTEM: Final = "unit:"


@dataclass(frozen=True)
class Told:
    """One thing that happened: its sentence, the words that came with it as pairs of label and text, its codes in words."""

    sentence: str
    words: tuple[tuple[str, str], ...] = ()
    details: str = ""


@dataclass(frozen=True)
class Entry:
    """One decision, or one timer that rang, with all it brought about. ``late``: it was written down later than it was due."""

    seq: int
    at: datetime
    recorded_at: datetime
    who: str
    role: str
    title: str
    late: bool
    told: tuple[Told, ...]
    clocks: tuple[Told, ...]


@dataclass(frozen=True)
class Telling:
    """What the entries of one page are told with: who gave which command, what was read of the words, names of people and units."""

    commands: Mapping[str, Any]
    read: Mapping[int, Mapping[str, str]]
    people: Mapping[str, str]
    units: Mapping[str, str]
    lang: str


def referred(events: Iterable[Any]) -> set[str]:
    """Return the commands whose words events refer to."""
    return {command for e in events for command, _ in references(e.body).values()}


def people_of(connection: Connection, users: Iterable[str], units: Mapping[str, str], lang: str) -> dict[str, str]:
    """Return the names of users; department systems are named by their unit."""
    wanted = set(users)
    found = {u: names[0 if lang == "zh" else 1] for u, names in account_names(connection, wanted).items()}
    systems = {u: u.removeprefix(UNIT_SYSTEM) for u in wanted if u.startswith(UNIT_SYSTEM)}
    return {
        SYSTEM: text("console.system", lang),
        **found,
        **{u: text("console.unit_system", lang, unit=units.get(c, c)) for u, c in systems.items()},
    }


def named_in(commands: Iterable[Any], events: Iterable[Any]) -> set[str]:
    """Return everybody who did something, or is named in an event."""
    named = {v for e in events for f, v in e.body.items() if isinstance(v, str) and wording.WHO.fullmatch(f)}
    return {c.user for c in commands} | named


def entries(events: Sequence[Any], telling: Telling) -> Iterable[Entry]:
    """Tell what happened, by command."""
    groups: dict[str, list[Any]] = {}
    for event in events:
        groups.setdefault(event.command, []).append(event)
    for command, group in groups.items():
        yield _entry(telling.commands.get(command), group, telling)


def _entry(by: Any | None, group: Sequence[Any], telling: Telling) -> Entry:
    lang, people = telling.lang, telling.people
    told = [e for e in group if e.type not in CLOCK_EVENTS]
    clocks = [e for e in group if e.type in CLOCK_EVENTS and e.type != "timer_rang"]
    alarms = [e for e in clocks if e.type not in {"clock_set", "clock_stopped"}]
    first = (alarms or told or clocks or group)[0]
    human = by is not None and by.user != SYSTEM
    rang = next((e for e in group if e.type == "timer_rang"), None)
    late = rang is not None and rang.body.get("made_up_at") is not None
    tell = partial(_told, telling=telling)
    title = wording.label("command", by.name, lang) if human and by else tell(first).sentence
    return Entry(
        seq=group[-1].seq,
        at=group[0].at,
        recorded_at=group[0].recorded_at,
        who=people.get(by.user, by.user) if by else people[SYSTEM],
        role=wording.label("role", by.role, lang) if human and by else "",
        title=title,
        late=late or group[0].recorded_at - group[0].at > max(LATE_AFTER, timedelta()),
        told=_once(tell(e) for e in (*alarms, *told) if human or e is not first or telling.read.get(e.seq)),
        clocks=tuple(tell(e) for e in clocks if e not in alarms),
    )


def _once(told: Iterable[Told]) -> tuple[Told, ...]:
    """Return what was told, the same words only where they come first: several events of a decision may rest on one reason."""
    seen: set[tuple[str, str]] = set()
    out = []
    for one in told:
        out.append(replace(one, words=tuple(w for w in one.words if w not in seen)))
        seen |= set(one.words)
    return tuple(out)


def _told(event: Any, telling: Telling) -> Told:
    lang = telling.lang
    body = wording.said(event.type, event.body, telling.people, telling.units, lang)
    words = tuple((place_name(f, lang), w) for f, w in telling.read.get(event.seq, {}).items())
    return Told(sentence(event.type, body, lang), words, wording.details(event.type, event.body, lang))


def place_name(place: str, lang: str) -> str:
    """Name a field by its place: ``measures.0.what`` is the ``what`` of the first measure."""
    parts = place.split(".")
    name = next(p for p in reversed(parts) if not p.isdigit())
    numbers = [str(int(p) + 1) for p in parts if p.isdigit()]
    label = text(f"console.field.{name}", lang) if known(f"console.field.{name}") else name
    return f"{label} {'.'.join(numbers)}" if numbers else label
