"""One process beside the case as its page shows it: the API's view, the timeline by decision, who and where in words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import Connection

from api.cases.reading import reach_of as reach_of_cases
from api.cases.routes import ALL_EVENTS
from api.cases.schemas import CaseTodo, ClockOut
from api.cases.timeline import event_out
from api.console import wording
from api.console.casefile import item_names, unit_names
from api.console.facts import Line, Names, Table, facts
from api.console.forms import Known, Option, subject_fields
from api.console.kinds import Kind, kind_of
from api.console.telling import Entry, Telling, entries, named_in, people_of, referred
from api.console.visiting import Visit
from api.decisions.schemas import Asked
from api.gates import roles_of
from api.proceedings.reading import disclosed, reach_of
from api.proceedings.routes import view_in, visible
from api.proceedings.schemas import ProceedingAction, ProceedingOut
from api.services import Services
from api.todos.colours import Colours
from domain.agenda import WithAgenda
from domain.cataloguing import NAME as AMEND
from domain.cataloguing import amendable
from domain.disclosure import Field
from domain.permissions import Scope
from domain.proceeding import URGENT
from storage import city
from storage.accounts import account_names, holders
from storage.cases import list_events, within_reach
from storage.city import list_calendars, list_policies
from storage.outbox import commands_of
from storage.proceedings import Wanted, fitting_rulings, list_proceedings

BATCH: Final = "batch"
SITS: Final = "session_leader"
"""The role of those who may be named as the leader of a session."""
MOST_OFFERED: Final = 100
MOST_PRECEDENTS: Final = 5
FIRST: Final = datetime(1970, 1, 1, tzinfo=UTC)
OFFERED: Final[Mapping[str, Mapping[str, str]]] = {
    "session": {"kind": "session", "stage": "preparing"},
    "to": {"kind": "session", "stage": "preparing"},
    "supervision": {"kind": "supervision"},
    "after": {"kind": "accountability"},
}
"""Fields that name another process, and which ones may be named: sessions whose agenda is open, for one."""
HINTED: Final[tuple[str, ...]] = ("unit", "measure", "milestone")
"""Fields that the hint of a todo settles."""


@dataclass(frozen=True)
class ProcessFile:
    """Everything on the page of a process. ``exact``: its limits are short, so seconds matter."""

    view: ProceedingOut
    how: Kind
    entries: tuple[Entry, ...]
    lines: tuple[Line, ...]
    tables: tuple[Table, ...]
    units: Mapping[str, str]
    people: Mapping[str, str]
    more: tuple[ProceedingAction, ...]
    live_clocks: tuple[ClockOut, ...]
    past_clocks: tuple[ClockOut, ...]
    may_export: bool
    known: Known
    exact: bool
    readable: frozenset[str]
    suggested: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    begins: tuple[tuple[str, str], ...] = ()
    precedents: tuple[Any, ...] = ()
    items: Mapping[str, str] = field(default_factory=dict)

    @property
    def process(self) -> str:
        """The id of the process."""
        return self.view.process

    @property
    def page(self) -> str:
        """Where its page is."""
        return wording.page_of(self.view.process)

    @property
    def title(self) -> str | None:
        """What it is headed with, beside its number."""
        return self.view.title

    @property
    def seq(self) -> int | None:
        """How far its journal is."""
        return self.view.seq

    @property
    def mine(self) -> tuple[CaseTodo, ...]:
        """The todos the viewer may do."""
        return tuple(t for t in self.view.todos if t.mine)

    @property
    def others(self) -> tuple[CaseTodo, ...]:
        """The todos that wait for others."""
        return tuple(t for t in self.view.todos if not t.mine)


def open_process(place: Services, visit: Visit, process: str, *, form: bool = False) -> ProcessFile:
    """Return the process as its viewer may see it, for a ``form`` with what may be chosen there. 404 when that is nothing."""
    lang, who, now = visit.lang, visit.viewer, place.now()
    with place.database.read() as connection:
        stored, _, fields = disclosed(connection, who, process)
        state = stored.process.state
        view = view_in(connection, stored, fields, who, place.rules.permissions(), Colours(now), lang)
        rows = list_events(connection, process, after=0, limit=ALL_EVENTS)
        events = [e for e in rows if visible(e, fields)]
        units = unit_names(connection, lang)
        commands = commands_of(connection, {e.command for e in events} | referred(events))
        people = people_of(connection, named_in(commands.values(), events) | {state.by}, units, lang)
        readable = within_reach(connection, reach_of_cases(who), [view.header["case_no"] or ""])
        known = Known(
            units=units,
            items=item_names(connection, lang),
            options=_options(connection, visit, state, view, units) if form else {},
            kind=view.kind,
        )
        precedents = _precedents(connection, who, state, process, now)
        suggested = _amendment(connection, state)
    texts = {key: dict(c.texts or {}) for key, c in commands.items()}
    read = {e.seq: event_out(e, texts, fields, frozenset(), lang).texts for e in events}
    exact, how = wording.fine(state.pack, state.triage if state.triage == URGENT else None), kind_of(view.kind)
    names = Names(
        kind=view.kind,
        units=units,
        people=people,
        texts=view.texts,
        documents={d.id: d.name for d in view.documents or ()},
        lang=lang,
        exact=exact,
    )
    lines, tables = facts(state, how, names) if view.facts else ((), ())
    return ProcessFile(
        view=view,
        how=how,
        entries=tuple(entries(events, Telling(commands, read, people, units, lang))),
        lines=lines,
        tables=tables,
        units=units,
        people=people,
        more=_more(view),
        live_clocks=tuple(c for c in view.clocks if c.stopped_at is None),
        past_clocks=tuple(c for c in view.clocks if c.stopped_at is not None),
        may_export=Field.export in fields,
        known=known,
        exact=exact,
        readable=readable,
        suggested={AMEND: suggested} if suggested else {},
        precedents=precedents,
        items=known.items,
    )


def _precedents(connection: Connection, who: Any, state: Any, process: str, now: datetime) -> tuple[Any, ...]:
    """Return what was decided elsewhere on the catalogue items of an agenda and still holds, for those who read rulings.

    Not by the matter of an item: that is its key within the holder, ``m1`` of one case is not ``m1`` of another.
    """
    if not isinstance(state, WithAgenda) or not set(who.roles) & set(roles_of("list_rulings")):
        return ()
    about = dict.fromkeys(i.catalogue_item for i in state.items.values())
    rows = [r for item in about for r in fitting_rulings(connection, item, None, now, MOST_PRECEDENTS)]
    return tuple({(r.process, r.item): r for r in rows if r.process != process}.values())[:MOST_PRECEDENTS]


def _amendment(connection: Connection, state: Any) -> dict[str, Any]:
    """Return what the form by which the catalogue learns begins with, where one item only is in question."""
    ids = amendable(state) if isinstance(state, WithAgenda) else ()
    found = {state.items[i].catalogue_item for i in ids} - {None}
    if len(ids) != 1 or not found:
        return {}
    item = next((i for i in city.list_items(connection) if i.code in found), None)
    return {} if item is None else {"item": ids[0], "catalogue_item": item.code, "version": item.version}


def settled(file: ProcessFile, of: Asked, subject: str | None, visit: Visit, scopes: Mapping[str, Scope]) -> Known:
    """Return what is known for one form: with what the todo it belongs to settles, and the unit that its people speak for."""
    asking = [t for t in file.mine if of.name in t.commands]
    todo = next((t for t in asking if t.subject == subject), asking[0] if asking and subject is None else None)
    hint: Mapping[str, Any] = todo.hint if todo is not None else {}
    body = of.body.model_fields
    fixed: dict[str, str] = {
        name: str(hint[name]) for name in HINTED if name in body and isinstance(hint.get(name), str)
    }
    fixed |= subject_fields(of, subject)
    unit = visit.viewer.account.unit
    speaks = bool(scopes) and all(scopes[role] is Scope.unit for role in visit.viewer.roles if role in scopes)
    if speaks and "unit" in body and "unit" not in fixed and unit is not None:
        fixed["unit"] = unit
    offered = {
        name: tuple(o for o in file.known.options.get(name, ()) if o.value in hint[f"{name}s"])
        or _plain(hint[f"{name}s"])
        for name in body
        if isinstance(hint.get(f"{name}s"), list) and hint[f"{name}s"]
    }
    if of.name == AMEND:
        offered["item"] = file.known.options.get(f"{AMEND}.item", ())
    return replace(file.known, fixed=fixed, options={**file.known.options, **offered})


def opening_known(place: Services, visit: Visit, kind: str) -> Known:
    """Return what the form by which a process begins offers."""
    with place.database.read() as connection:
        units = unit_names(connection, visit.lang)
        items = item_names(connection, visit.lang)
        options = _offered(connection, visit) | _leaders(connection, visit.lang)
        if kind == BATCH:
            options |= _terms(connection)
    return Known(units=units, items=items, options=options, kind=kind)


def _more(view: ProceedingOut) -> tuple[ProceedingAction, ...]:
    """Return what the viewer may do of his own accord: what nobody's todo asks for now."""
    asked_for = {c for t in view.todos for c in t.commands}
    return tuple(a for a in view.actions if a.command not in asked_for and a.items != ())


def _plain(values: Sequence[Any]) -> tuple[Option, ...]:
    return tuple(Option(str(v), str(v)) for v in values)


def _options(
    connection: Connection, visit: Visit, state: Any, view: ProceedingOut, units: Mapping[str, str]
) -> dict[str, tuple[Option, ...]]:
    """Return the choices that depend on the process: items of its agenda, its milestones and measures, other processes, people."""
    lang = visit.lang
    found = _offered(connection, visit)
    if hasattr(state, "leader"):
        found |= _leaders(connection, lang)
    if isinstance(state, WithAgenda):
        live = [i for i in view.items if i.id in {x.id for x in state.live}]
        found["item"] = tuple(Option(i.id, _item_name(i, units, lang)) for i in live)
        holding = [i for i in view.items if i.id in amendable(state)]
        found[f"{AMEND}.item"] = tuple(Option(i.id, _item_name(i, units, lang)) for i in holding)
    milestones = getattr(state, "milestones", {})
    if milestones:
        found["milestone"] = tuple(
            Option(key, f"{key} · {view.texts.get(m.what, '')} {m.due.isoformat()}")
            for key, m in milestones.items()
            if m.reported_at is None
        )
    measures = getattr(state, "measures", {})
    if measures:
        found["measure"] = tuple(Option(key, wording.process_name(key, lang)) for key in measures)
    return found


def _item_name(item: Any, units: Mapping[str, str], lang: str) -> str:
    parts = [item.id, item.request.title if item.request else wording.process_name(item.holder, lang)]
    return " · ".join([*parts, units.get(item.unit, item.unit)] if item.unit else parts)


def _offered(connection: Connection, visit: Visit) -> dict[str, tuple[Option, ...]]:
    """Return processes that are named in fields: the open ones of a kind, as far as the viewer may read them."""
    found: dict[str, tuple[Option, ...]] = {}
    for name, equal in OFFERED.items():
        wanted = Wanted(now=FIRST, equal=equal)
        rows = list_proceedings(connection, reach_of(visit.viewer), wanted, after=None, limit=MOST_OFFERED)
        found[name] = tuple(Option(r.no if name == "session" else r.id, _row_name(r, visit.lang)) for r in rows)
    return {name: options for name, options in found.items() if options}


def _row_name(row: Any, lang: str) -> str:
    level = f" · {wording.word_label(row.kind, kind_of(row.kind).level, row.level, lang)}" if row.level else ""
    return f"{row.no}{level} · {wording.label('stage', row.stage, lang)}"


def _terms(connection: Connection) -> dict[str, tuple[Option, ...]]:
    """Return the terms that cases may be moved to: calendars and packs there are, and the packs that they may be under."""
    packs = list_policies(connection)
    known_as = sorted({p.id for p in packs})
    return {
        "calendar": tuple(Option(v, v) for v in list_calendars(connection)),
        "pack": tuple(Option(f"{p.id}@{p.version}", f"{p.id}@{p.version}") for p in packs),
        "under_pack": tuple(Option(id_, id_) for id_ in known_as),
    }


def _leaders(connection: Connection, lang: str) -> dict[str, tuple[Option, ...]]:
    names = account_names(connection, holders(connection, SITS))
    return {"leader": tuple(Option(user, pair[0 if lang == "zh" else 1]) for user, pair in sorted(names.items()))}
