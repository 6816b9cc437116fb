"""One case as its page shows it: the API's view, the timeline by decision, who and where in words."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final

from sqlalchemy import Connection

from api.cases.routes import ALL_EVENTS, disclosed
from api.cases.schemas import Action, CaseOut, CaseTodo, ClockOut
from api.cases.timeline import CLOCK_EVENTS, event_out, references, visible
from api.cases.view import case_view
from api.console import wording
from api.console.forms import Known, Option
from api.console.visiting import Visit
from api.services import Services
from api.todos.colours import Colours
from domain.casework.state import Case
from domain.disclosure import CALLER_DATA, Field, own_orders, visible_orders
from domain.kernel import LATE_AFTER
from storage import city
from storage.accounts import account_names
from storage.cases import list_events
from storage.documents import list_documents
from storage.outbox import commands_of
from storage.requests import find_request
from storage.texts import sentence, text
from storage.todos import process_todos

SYSTEM: Final = "system"
UNIT_SYSTEM: Final = "unit:"
REQUEST_FIELDS: Final = ("title", "content", "place", "source")

BY_INITIATIVE: Final = (
    "triage",
    "add_assignment",
    "reassign",
    "withdraw_order",
    "resume",
    "request_termination",
    "caller_withdrew",
    "object",
    "split_off",
    "correct",
)
"""Commands one may give without being asked to: they stand beside the todos. All others come with a todo or not at all."""


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
class Called:
    """The last callback to a caller: when, and what it brought."""

    at: datetime
    result: str


@dataclass(frozen=True)
class CaseFile:
    """Everything on the page of a case. ``exact``: its limits are short, so seconds matter."""

    view: CaseOut
    request: Mapping[str, Any] | None
    entries: tuple[Entry, ...]
    units: Mapping[str, str]
    items: Mapping[str, str]
    more: tuple[Action, ...]
    live_clocks: tuple[ClockOut, ...]
    past_clocks: tuple[ClockOut, ...]
    may_read_caller: bool
    may_export: bool
    known: Known
    suggested: Mapping[str, Mapping[str, str]]
    called: Mapping[str, Called]
    exact: bool

    @property
    def mine(self) -> tuple[CaseTodo, ...]:
        """The todos the viewer may do."""
        return tuple(t for t in self.view.todos if t.mine)

    @property
    def others(self) -> tuple[CaseTodo, ...]:
        """The todos that wait for others."""
        return tuple(t for t in self.view.todos if not t.mine)


def open_file(place: Services, visit: Visit, no: str) -> CaseFile:
    """Return the case as its viewer may see it. 404 when that is nothing."""
    lang, who, now = visit.lang, visit.viewer, place.now()
    with place.database.read() as connection:
        stored, viewer, fields = disclosed(connection, who, no)
        case: Case = stored.process.state
        row = find_request(connection, no) if Field.request_text in fields else None
        view = case_view(
            stored,
            who,
            viewer,
            fields,
            rows=process_todos(connection, stored.process.id),
            title=row.title if row else None,
            documents=list_documents(connection, stored.process.id) if Field.documents in fields else (),
            permissions=place.rules.permissions(),
            colours=Colours(now),
            lang=lang,
        )
        orders, own = visible_orders(case, viewer, fields), own_orders(case, viewer.unit)
        events = [
            e
            for e in list_events(connection, stored.process.id, after=0, limit=ALL_EVENTS)
            if visible(e, fields, orders)
        ]
        units = unit_names(connection, lang)
        items = item_names(connection, lang)
        owner = case.proposed_owner or _owner(connection, case.item)
        commands = commands_of(connection, {e.command for e in events} | _referred(events))
        people = _people(connection, commands.values(), events, units, lang)
    texts = {key: dict(c.texts or {}) for key, c in commands.items()}
    read = {e.seq: event_out(e, texts, fields, own, lang).texts for e in events}
    return CaseFile(
        view=view,
        request={f: getattr(row, f) for f in REQUEST_FIELDS} if row else None,
        entries=tuple(_entries(events, commands, read, people, units, lang)),
        units=units,
        items=items,
        more=_more(view),
        live_clocks=tuple(c for c in view.clocks if c.stopped_at is None),
        past_clocks=tuple(c for c in view.clocks if c.stopped_at is not None),
        may_read_caller=bool(CALLER_DATA & fields),
        may_export=Field.export in fields,
        known=Known(units=units, items=items, options=_options(place, case, view, units, lang)),
        suggested={"dispatch": {"lead": owner}} if owner else {},
        called=_called(events, lang) if view.callers is not None else {},
        exact=wording.fine(case.pack, case.triage),
    )


def unit_names(connection: Connection, lang: str) -> dict[str, str]:
    """Return the names of all units by code."""
    return {u.code: u.name_zh if lang == "zh" else u.name_en for u in city.list_units(connection)}


def item_names(connection: Connection, lang: str) -> dict[str, str]:
    """Return the names of all catalogue items by code."""
    return {i.code: i.name_zh if lang == "zh" else i.name_en for i in city.list_items(connection)}


def _owner(connection: Connection, item: str | None) -> str | None:
    """Return who owns a catalogue item, where that does not depend on the place."""
    return next((i.owner for i in city.list_items(connection) if i.code == item), None) if item else None


def _called(events: Iterable[Any], lang: str) -> dict[str, Called]:
    """Return the last callback of each request: a redo forgets the outcome, a reader wants to know it."""
    calls = [e for e in events if e.type == "callback_recorded"]
    return {e.body["request"]: Called(e.at, wording.called(e.body, lang)) for e in calls}


def _referred(events: Iterable[Any]) -> set[str]:
    return {command for e in events for command, _ in references(e.body).values()}


def _people(
    connection: Connection, commands: Iterable[Any], events: Iterable[Any], units: Mapping[str, str], lang: str
) -> dict[str, str]:
    """Return the names of everybody who did something here; department systems are named by their unit."""
    users = {c.user for c in commands} | {e.body["by"] for e in events if isinstance(e.body.get("by"), str)}
    found = {u: names[0 if lang == "zh" else 1] for u, names in account_names(connection, users).items()}
    systems = {u: u.removeprefix(UNIT_SYSTEM) for u in users if u.startswith(UNIT_SYSTEM)}
    return {
        SYSTEM: text("console.system", lang),
        **found,
        **{u: text("console.unit_system", lang, unit=units.get(c, c)) for u, c in systems.items()},
    }


def _entries(
    events: Sequence[Any],
    commands: Mapping[str, Any],
    read: Mapping[int, Mapping[str, str]],
    people: Mapping[str, str],
    units: Mapping[str, str],
    lang: str,
) -> Iterable[Entry]:
    groups: dict[str, list[Any]] = {}
    for event in events:
        groups.setdefault(event.command, []).append(event)
    for command, group in groups.items():
        by = commands.get(command)
        told = [e for e in group if e.type not in CLOCK_EVENTS]
        clocks = [e for e in group if e.type in CLOCK_EVENTS and e.type != "timer_rang"]
        alarms = [e for e in clocks if e.type not in {"clock_set", "clock_stopped"}]
        first = (alarms or told or clocks or group)[0]
        human = by is not None and by.user != SYSTEM
        rang = next((e for e in group if e.type == "timer_rang"), None)
        late = rang is not None and rang.body.get("made_up_at") is not None
        tell = partial(_told, read=read, people=people, units=units, lang=lang)
        title = wording.label("command", by.name, lang) if human and by else tell(first).sentence
        yield Entry(
            seq=group[-1].seq,
            at=group[0].at,
            recorded_at=group[0].recorded_at,
            who=people.get(by.user, by.user) if by else people[SYSTEM],
            role=wording.label("role", by.role, lang) if human and by else "",
            title=title,
            late=late or group[0].recorded_at - group[0].at > max(LATE_AFTER, timedelta()),
            told=_once(tell(e) for e in (*alarms, *told) if human or e is not first or read.get(e.seq)),
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


def _told(
    event: Any, read: Mapping[int, Mapping[str, str]], people: Mapping[str, str], units: Mapping[str, str], lang: str
) -> Told:
    body = wording.said(event.body, people, units, lang)
    words = tuple((text(f"console.field.{f}", lang), w) for f, w in read.get(event.seq, {}).items())
    return Told(sentence(event.type, body, lang), words, wording.details(event.type, event.body, lang))


def _more(view: CaseOut) -> tuple[Action, ...]:
    """Return what the viewer may do of his own accord: no more than once what his todos already offer."""
    asked_for = {c for t in view.todos if t.mine for c in t.commands}
    paused = any(o.paused for o in view.orders)
    several = len(view.callers or ()) > 1
    fits = {"resume": paused, "split_off": several}
    return tuple(
        a
        for a in view.actions
        if a.command in BY_INITIATIVE and a.command not in asked_for and fits.get(a.command, True)
    )


def _options(
    place: Services, case: Case, view: CaseOut, units: Mapping[str, str], lang: str
) -> dict[str, tuple[Option, ...]]:
    """Return the choices that depend on the case: its orders, callers, matters, and what its pack knows."""
    pack = place.rules.pack(case.pack, case.pack_version, case.pack_sha)
    return {
        "order": tuple(
            Option(o.id, f"{o.id} · {units.get(o.unit, o.unit)} · {text(f'order_role.{o.role}', lang)}")
            for o in view.orders
            if o.live or o.id in {v.id for v in case.vacant}
        ),
        "request": tuple(Option(c.request, c.request) for c in view.callers or ()),
        "kind": tuple(Option(k, p.zh if lang == "zh" else p.en) for k, p in pack.pauses.items()),
        "satisfaction": tuple(Option(a, text(f"satisfaction.{a}", lang)) for a in pack.satisfaction.answers),
    }
