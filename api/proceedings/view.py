"""A process beside the case as its viewer may see it: what it remembers, its agenda, clocks, todos, and what he may do next.

Nothing here knows a kind: everything follows from the decider's tables and the models of its state.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from api.access import Viewer
from api.cases.schemas import CaseTodo, IncidentLine
from api.cases.timeline import references
from api.cases.view import clock_out, document_out
from api.decisions.schemas import asked
from api.proceedings.schemas import AgendaItemOut, CaseWords, PaperLine, ProceedingAction, ProceedingOut
from api.todos.colours import Colours
from api.todos.routes import is_mine, todo_out
from domain.agenda import Item, WithAgenda
from domain.cataloguing import NAME as AMEND
from domain.cataloguing import amendable
from domain.deciders import DECIDERS
from domain.disclosure import Field
from domain.kernel import KERNEL_COMMANDS
from domain.permissions import Permissions, Scope
from domain.proceeding import Proceeding
from domain.process import Pins
from storage.cases import Stored
from storage.texts import text

PLAIN: Final = ("by", "opened_at", "since", "district", "triage")
"""What the header takes from the state."""
LISTED: Final = ("unit", "case_no", "matter", "due", "overdue", "closed_at")
"""What the header takes from the row by which the process is listed."""
NO_FACTS: Final = frozenset({*Proceeding.model_fields, "items"})


@dataclass(frozen=True)
class Around:
    """What was looked up for a view: rows of todos, files and papers; by number the cases one may read, and what callers said."""

    todos: Sequence[Any] = ()
    documents: Sequence[Any] = ()
    papers: Sequence[Any] = ()
    readable: frozenset[str] = frozenset()
    words: Mapping[str, Any] = field(default_factory=dict)
    texts: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


def facts_of(state: Any) -> dict[str, Any]:
    """Return what a process remembers beside what all of them have, as plain values."""
    found: dict[str, Any] = state.model_dump(mode="json", exclude=set(NO_FACTS))
    return found


def said_in(state: Any) -> dict[str, tuple[str, str]]:
    """Return the references to words that a process remembers, with command and field."""
    return {
        f"{command}#{name}": (command, name)
        for command, name in references(state.model_dump(mode="json", exclude={"clocks"})).values()
    }


def cases_in(state: Any) -> frozenset[str]:
    """Return the numbers of the cases that a process is about."""
    row = listed(state, _kind(state))
    items = state.items.values() if isinstance(state, WithAgenda) else ()
    return frozenset(no for no in (row["case_no"], *(case_of(i) for i in items)) if no)


def case_of(item: Item) -> str | None:
    """Return the number of the case an item is about."""
    kind, _, no = item.holder.partition("/")
    return item.case or (no if kind == "case" else None)


def listed(state: Any, kind: str) -> Mapping[str, Any]:
    """Return the row by which a process is listed."""
    found: Mapping[str, Any] = DECIDERS[kind].columns(state)["proceeding_row"][0]
    return found


def proceeding_view(
    stored: Stored,
    who: Viewer,
    fields: frozenset[Field],
    around: Around,
    permissions: Permissions,
    colours: Colours,
    lang: str,
) -> ProceedingOut:
    """Return the process as ``fields`` allow."""
    process, state = stored.process, stored.process.state
    row = listed(state, process.kind)
    whole = bool(fields & {Field.orders_all, Field.texts_all})
    read = Field.texts_all in fields
    return ProceedingOut(
        process=process.id,
        kind=process.kind,
        kind_label=text(f"process.{process.kind}", lang),
        no=state.no,
        title=_title(state, row["case_no"], fields, around),
        seq=process.seq,
        stage=state.stage,
        stage_label=text(f"stage.{state.stage}", lang),
        level=row["level"],
        closed=stored.closed,
        parked=stored.parked,
        fields=tuple(sorted(fields)),
        header={n: getattr(state, n) for n in PLAIN} | {n: row[n] for n in LISTED},
        terms={name: getattr(state, name) for name in Pins.model_fields},
        parties=tuple(sorted(DECIDERS[process.kind].parties(state))) if whole else (),
        facts=facts_of(state) if whole else {},
        texts=_words(state, around.texts) if read else {},
        items=tuple(_items(state, fields, around)) if whole else (),
        papers=tuple(_paper(p) for p in around.papers),
        clocks=tuple(clock_out(k, r, colours, state.pack, lang) for k, r in state.clocks.items()) if whole else (),
        documents=tuple(document_out(d) for d in around.documents) if Field.documents in fields else None,
        todos=tuple(_todo(t, who, row, colours) for t in around.todos) if whole else (),
        actions=tuple(actions(stored, who, permissions, lang)),
        incidents=tuple(IncidentLine(**i.model_dump()) for i in process.incidents.values())
        if Field.orders_all in fields
        else (),
    )


def actions(stored: Stored, who: Viewer, permissions: Permissions, lang: str) -> Iterator[ProceedingAction]:
    """Return the commands the viewer may give now, from the decider's table of moves and the table of permissions."""
    process = stored.process
    decider, state = DECIDERS[process.kind], process.state
    parties = decider.parties(state)
    live = tuple(i.id for i in state.live) if isinstance(state, WithAgenda) else ()
    for name, of in asked(process.kind).items():
        if name in KERNEL_COMMANDS:
            if not process.incidents:
                continue
        elif (stored.closed and name != AMEND) or state.stage not in decider.moves[name].stages:
            continue
        row = permissions.commands.get(name)
        for actor in who.actors():
            scope = row.grants.get(actor.role) if row else None
            reaches = {
                Scope.city: True,
                Scope.district: actor.district is not None and actor.district == state.district,
                Scope.unit: actor.unit in parties,
            }
            if scope is not None and reaches[scope]:
                items = live if "item" in of.body.model_fields else None
                items = amendable(state) if name == AMEND else items
                yield ProceedingAction(command=name, label=text(f"command.{name}", lang), role=actor.role, items=items)
                break


def _title(state: Any, case_no: str | None, fields: frozenset[Field], around: Around) -> str | None:
    """Return its own title where it has one and it may be read; else what callers said, where it is about one case."""
    found = references({"title": getattr(state, "title", None) or ""}).get("title")
    if found is not None and Field.texts_all in fields and found[1] in around.texts.get(found[0], {}):
        return around.texts[found[0]][found[1]]
    words = around.words.get(case_no or "") if Field.request_text in fields else None
    return words.title if words else None


def _items(state: Any, fields: frozenset[Field], around: Around) -> Iterator[AgendaItemOut]:
    for item in state.items.values() if isinstance(state, WithAgenda) else ():
        no = case_of(item)
        words = around.words.get(no or "") if Field.request_text in fields else None
        yield AgendaItemOut(
            id=item.id,
            holder=item.holder,
            matter=item.matter,
            state=str(item.state),
            by=item.by,
            at=item.at,
            unit=item.unit,
            district=item.district,
            case_no=no,
            case_open=no in around.readable,
            verdict=item.verdict.model_dump(mode="json") if item.verdict else None,
            decided_by=item.decided_by,
            decided_at=item.decided_at,
            code=item.code,
            request=CaseWords(title=words.title, content=words.content, place=words.place) if words else None,
        )


def _words(state: Any, texts: Mapping[str, Mapping[str, str]]) -> dict[str, str]:
    found = said_in(state).items()
    return {reference: texts[c][name] for reference, (c, name) in found if name in texts.get(c, {})}


def _paper(row: Any) -> PaperLine:
    return PaperLine(
        kind=row.kind, year=row.year, n=row.n, number=row.outcome, issued_at=row.issued_at, sha256=row.sha256
    )


def _todo(row: Any, who: Viewer, listed_as: Mapping[str, Any], colours: Colours) -> CaseTodo:
    return CaseTodo(**todo_out(row, listed_as, None, colours).model_dump(), mine=is_mine(row, who))


def _kind(state: Any) -> str:
    return next(kind for kind, decider in DECIDERS.items() if decider.state is type(state))
