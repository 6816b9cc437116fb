"""One case as its page shows it: the API's view, the timeline by decision, who and where in words."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import urlencode

from sqlalchemy import Connection

from api.access import Viewer
from api.cases.routes import ALL_EVENTS, disclosed
from api.cases.schemas import Action, CaseOut, CaseTodo, ClockOut
from api.cases.timeline import event_out, visible
from api.cases.view import case_view
from api.console import wording
from api.console.forms import Known, Option
from api.console.kinds import KINDS, may_begin
from api.console.telling import Entry, Telling, entries, named_in, people_of, referred
from api.console.visiting import Visit
from api.gates import roles_of
from api.proceedings.reading import reach_of
from api.services import Services
from api.todos.colours import Colours
from domain.casework.handing_down import GRID
from domain.casework.state import Case
from domain.casework.words import OrderRole, Triage
from domain.deciders import DECIDERS
from domain.disclosure import CALLER_DATA, Field, answered_orders, visible_orders
from domain.proceeding import URGENT
from storage import city
from storage.cases import list_events
from storage.documents import list_documents
from storage.outbox import commands_of
from storage.proceedings import Wanted, agenda_of_case, fitting_rulings, list_proceedings
from storage.requests import find_request
from storage.texts import text
from storage.todos import process_todos

REQUEST_FIELDS: Final = ("title", "content", "place", "source")

MOST_BESIDE: Final = 50
MOST_PRECEDENTS: Final = 5
FIRST: Final = datetime(1970, 1, 1, tzinfo=UTC)

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
    "report_up",
    "whistle",
    "call_consultation",
    "undo_dispatch",
    "request_on_account",
    "hand_down",
    "recall_order",
    "close_on_spot",
    "request_reopening",
)
"""Commands one may give without being asked to: they stand beside the todos. All others come with a todo or not at all."""


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
    suggested: Mapping[str, Mapping[str, Any]]
    called: Mapping[str, Called]
    exact: bool
    beside: Sequence[Any]
    agenda: Sequence[Any]
    precedents: Sequence[Any]
    begins: tuple[tuple[str, str], ...]

    @property
    def process(self) -> str:
        """The id of the case."""
        return self.view.process

    @property
    def seq(self) -> int | None:
        """How far its journal is."""
        return self.view.seq

    @property
    def page(self) -> str:
        """Where its page is."""
        return wording.page_of(self.view.process)

    @property
    def title(self) -> str | None:
        """What the caller's words are headed with."""
        return self.view.title

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
        orders, own = visible_orders(case, viewer, fields), answered_orders(case, viewer.unit)
        events = [
            e
            for e in list_events(connection, stored.process.id, after=0, limit=ALL_EVENTS)
            if visible(e, fields, orders)
        ]
        units = unit_names(connection, lang)
        items = item_names(connection, lang)
        suggested = _owners(connection, case)
        commands = commands_of(connection, {e.command for e in events} | referred(events))
        people = people_of(connection, named_in(commands.values(), events), units, lang)
        beside = _beside(connection, who, no)
        agenda = agenda_of_case(connection, no) if beside else ()
        precedents = _precedents(connection, who, case, now)
    texts = {key: dict(c.texts or {}) for key, c in commands.items()}
    read = {e.seq: event_out(e, texts, fields, own, lang).texts for e in events}
    return CaseFile(
        view=view,
        request={f: getattr(row, f) for f in REQUEST_FIELDS} if row else None,
        entries=tuple(entries(events, Telling(commands, read, people, units, lang))),
        units=units,
        items=items,
        more=_more(view),
        live_clocks=tuple(c for c in view.clocks if c.stopped_at is None),
        past_clocks=tuple(c for c in view.clocks if c.stopped_at is not None),
        may_read_caller=bool(CALLER_DATA & fields),
        may_export=Field.export in fields,
        known=Known(units=units, items=items, options=_options(place, case, view, units, lang)),
        suggested={"dispatch": suggested} if suggested else {},
        called=_called(events, lang) if view.callers is not None else {},
        exact=wording.fine(case.pack, case.triage),
        beside=beside,
        agenda=agenda,
        precedents=precedents,
        begins=_begins(place, who, case),
    )


def _beside(connection: Connection, who: Viewer, no: str) -> Sequence[Any]:
    """Return the processes about the case, or with it on their agenda, that the viewer may read."""
    wanted = Wanted(now=FIRST, case=no)
    return list_proceedings(connection, reach_of(who), wanted, after=None, limit=MOST_BESIDE)


def _begins(place: Services, who: Viewer, case: Case) -> tuple[tuple[str, str], ...]:
    """Return the commands with which the viewer may begin a process about this case, each with the address of its form."""
    lead = case.lead
    about = {
        "case": case.no,
        "matter": case.matter_key,
        "district": case.district,
        "unit": lead.unit if lead else None,
        "triage": URGENT if case.triage is Triage.urgent else None,
    }
    query = urlencode({name: value for name, value in about.items() if value})
    kinds = [kind for kind, how in KINDS.items() if how.from_case and kind in DECIDERS]
    given = [(k, name) for k in kinds for name in may_begin(place.rules.permissions(), who.roles, k)]
    return tuple((name, f"/console/processes/new/{kind}/{name}?{query}") for kind, name in given)


def _precedents(connection: Connection, who: Viewer, case: Case, now: datetime) -> Sequence[Any]:
    """Return the rulings that fit the case's item or matter, for those who may read rulings."""
    if not set(who.roles) & set(roles_of("list_rulings")):
        return ()
    return fitting_rulings(connection, case.item, case.matter or None, now, MOST_PRECEDENTS)


def unit_names(connection: Connection, lang: str) -> dict[str, str]:
    """Return the names of all units by code."""
    return {u.code: u.name_zh if lang == "zh" else u.name_en for u in city.list_units(connection)}


def item_names(connection: Connection, lang: str) -> dict[str, str]:
    """Return the names of all catalogue items by code."""
    return {i.code: i.name_zh if lang == "zh" else i.name_en for i in city.list_items(connection)}


def _owners(connection: Connection, case: Case) -> dict[str, Any]:
    """Return lead and co-units that the catalogue names for the case's item, where that does not depend on the place.

    A proposed owner, of a return that was approved, goes before: he was named for this very case.
    """
    if case.proposed_owner:
        return {"lead": case.proposed_owner}
    found = next((i for i in city.list_items(connection) if i.code == case.item), None) if case.item else None
    if found is None or found.owner is None:
        return {}
    return {"lead": found.owner, "co": list(found.co)} if found.co else {"lead": found.owner}


def _called(events: Iterable[Any], lang: str) -> dict[str, Called]:
    """Return the last callback of each request: a redo forgets the outcome, a reader wants to know it."""
    calls = [e for e in events if e.type == "callback_recorded"]
    return {e.body["request"]: Called(e.at, wording.called(e.body, lang)) for e in calls}


def _more(view: CaseOut) -> tuple[Action, ...]:
    """Return what the viewer may do of his own accord: no more than once what his todos already offer."""
    asked_for = {c for t in view.todos if t.mine for c in t.commands}
    paused = any(o.paused for o in view.orders)
    several = len(view.callers or ()) > 1
    signed = any(o.live and o.signed_at for o in view.orders)
    below = any(o.live and o.above for o in view.orders)
    grid = any(o.live and o.mine and o.level == GRID for o in view.orders)
    fits = {
        "resume": paused,
        "split_off": several,
        "undo_dispatch": not signed,
        "request_on_account": view.account is None,
        "recall_order": below,
        "close_on_spot": grid,
    }
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
        "role": tuple(
            Option(r, text(f"order_role.{r}", lang))
            for r in OrderRole
            if r not in {OrderRole.lead, OrderRole.handed_down}
        ),
        "kind": tuple(Option(k, p.zh if lang == "zh" else p.en) for k, p in pack.pauses.items()),
        "satisfaction": tuple(Option(a, text(f"satisfaction.{a}", lang)) for a in pack.satisfaction.answers),
    }
