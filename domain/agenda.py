"""议题: the items of a process that decides on others' matters (consultation, adjudication, session, ring).

The protocol with those who hold the matters is :mod:`domain.holding`; here are the items themselves, their events, and the rules
for what comes back from the holders. A process that uses it adds :data:`COMMANDS`, :data:`EVENTS`, :data:`CHANGES`,
:data:`EFFECTS` and :func:`rows` to its own, and says in which stages they may come.

Whatever is still on its way to or from a holder keeps the process open (:func:`settled`): every item ends applied, overtaken,
refused, dropped or carried to another process.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any, ClassVar, Final, TypeVar

from pydantic import Field

from domain import holding
from domain.holding import (
    ENDED,
    LIVE,
    ConfirmApplied,
    ConfirmItem,
    ItemState,
    OvertakeItem,
    RefuseItem,
    Verdict,
)
from domain.model import Model, Strict
from domain.proceeding import Proceeding, ProcessId, Row
from domain.process import Code, Command, Context, Effect, Event, Refusal


class Item(Model):
    """One matter on the agenda. ``holder`` is the process it belongs to, a case or a ring."""

    id: str
    holder: str
    matter: str | None = None
    state: ItemState = ItemState.proposed
    by: str
    at: datetime
    unit: str | None = None
    district: str | None = None
    case: str | None = None
    catalogue_item: str | None = None
    verdict: Verdict | None = None
    decided_by: str | None = None
    decided_at: datetime | None = None
    code: str | None = None

    @property
    def ended(self) -> bool:
        """Whether nothing more will happen to it here."""
        return self.state in ENDED


class Entry(Model):
    """What another process puts on the agenda with the opening. ``reserved``: the holder itself does.

    ``instead_of`` is the process that passes the matter on.
    """

    holder: ProcessId
    matter: Code | None = None
    reserved: bool = False
    instead_of: ProcessId | None = None
    unit: Code | None = None
    district: Code | None = None
    case: Code | None = None
    catalogue_item: Code | None = None


HolderId = Annotated[str, Field(max_length=200, pattern=r"^(case|ring)/[A-Za-z0-9_.:@/+-]+$")]


class Matter(Strict):
    """What a person puts on an agenda: whose matter it is, and which (None: whatever is open there). Its holder is asked."""

    holder: HolderId
    matter: Code | None = None


Matters = Annotated[tuple[Matter, ...], Field(min_length=1, max_length=20)]


class WithAgenda(Proceeding):
    """Base of the states of processes with an agenda."""

    items: dict[str, Item] = Field(default_factory=dict)

    @property
    def live(self) -> tuple[Item, ...]:
        """Items still to be decided."""
        return tuple(i for i in self.items.values() if i.state in LIVE)

    @property
    def reserved(self) -> tuple[Item, ...]:
        """Items that can be decided."""
        return tuple(i for i in self.items.values() if i.state is ItemState.reserved)

    @property
    def next_item(self) -> str:
        """The id of the next item."""
        return f"i{len(self.items) + 1}"


A = TypeVar("A", bound=WithAgenda)


# ------------------------------------------------------------------------------------------------------------------ events


class ItemProposed(Event):
    """A matter was put on the agenda. ``reserved``: its holder put it there, so it need not be asked."""

    TYPE: ClassVar[str] = "item_proposed"
    item: str
    holder: str
    by: str
    matter: str | None = None
    reserved: bool = False
    instead_of: str | None = None
    unit: str | None = None
    district: str | None = None
    case: str | None = None
    catalogue_item: str | None = None


class ItemReserved(Event):
    """Its holder has reserved it."""

    TYPE: ClassVar[str] = "item_reserved"
    item: str
    unit: str | None = None
    district: str | None = None
    case: str | None = None
    catalogue_item: str | None = None


class ItemRefused(Event):
    """Its holder does not give it."""

    TYPE: ClassVar[str] = "item_refused"
    item: str
    code: str


class ItemDropped(Event):
    """It was taken off the agenda; its holder is free."""

    TYPE: ClassVar[str] = "item_dropped"
    item: str
    by: str
    reason: str | None = None


class ItemCarried(Event):
    """Another process decides it in place of this one; its holder hears of it from that one."""

    TYPE: ClassVar[str] = "item_carried"
    item: str
    by: str
    to: str


class ItemDecided(Event):
    """It was decided; its holder is told."""

    TYPE: ClassVar[str] = "item_decided"
    item: str
    by: str
    verdict: Verdict


class ItemApplied(Event):
    """The decision holds for the case."""

    TYPE: ClassVar[str] = "item_applied"
    item: str


class ItemOvertaken(Event):
    """The matter has ended another way."""

    TYPE: ClassVar[str] = "item_overtaken"
    item: str
    code: str


EVENTS: Final[Sequence[type[Event]]] = (
    ItemProposed,
    ItemReserved,
    ItemRefused,
    ItemDropped,
    ItemCarried,
    ItemDecided,
    ItemApplied,
    ItemOvertaken,
)
COMMANDS: Final[Sequence[type[Command]]] = holding.FROM_HOLDER


WHERE: Final = ("unit", "district", "case", "catalogue_item")
"""What a holder says of a matter: who has it now, where it belongs, which item of the catalogue it falls under."""


def _item(agenda: A, item: str, **update: Any) -> A:
    found = agenda.items.get(item)
    if found is None:
        return agenda
    return agenda.model_copy(update={"items": {**agenda.items, item: found.model_copy(update=update)}})


def _about(e: ItemProposed | ItemReserved) -> dict[str, Any]:
    return {name: value for name in WHERE if (value := getattr(e, name)) is not None}


def _proposed(state: A, e: ItemProposed, at: datetime) -> A:
    kept = ItemState.reserved if e.reserved else ItemState.proposed
    item = Item(id=e.item, holder=e.holder, matter=e.matter, state=kept, by=e.by, at=at, **_about(e))
    return state.model_copy(update={"items": {**state.items, e.item: item}})


CHANGES: Final[Mapping[str, Callable[[Any, Any, datetime], Any]]] = {
    ItemProposed.TYPE: _proposed,
    ItemReserved.TYPE: lambda s, e, _at: _item(s, e.item, state=ItemState.reserved, **_about(e)),
    ItemRefused.TYPE: lambda s, e, _at: _item(s, e.item, state=ItemState.refused, code=e.code),
    ItemDropped.TYPE: lambda s, e, _at: _item(s, e.item, state=ItemState.dropped),
    ItemCarried.TYPE: lambda s, e, _at: _item(s, e.item, state=ItemState.carried),
    ItemDecided.TYPE: lambda s, e, at: _item(
        s, e.item, state=ItemState.decided, verdict=e.verdict, decided_by=e.by, decided_at=at
    ),
    ItemApplied.TYPE: lambda s, e, _at: _item(s, e.item, state=ItemState.applied),
    ItemOvertaken.TYPE: lambda s, e, _at: _item(s, e.item, state=ItemState.overtaken, code=e.code),
}


# ------------------------------------------------------------------------------------------------------------------- rules


def item_of(state: WithAgenda, item: str, *states: ItemState) -> Item:
    """Return an item in one of the states (any, when none is named), or refuse: ``no_such_item``, ``item_not_in_this_state``."""
    found = state.items.get(item)
    if found is None:
        raise Refusal("no_such_item", item=item)
    if states and found.state not in states:
        raise Refusal("item_not_in_this_state", item=item, state=str(found.state))
    return found


def settled(state: WithAgenda) -> bool:
    """Say whether every item has ended."""
    return all(i.ended for i in state.items.values())


def put(entries: Sequence[Entry], by: str, first: int = 1) -> Sequence[Event]:
    """Put entries on the agenda, the first one as ``i{first}``."""
    return [ItemProposed(item=f"i{n}", by=by, **entry.model_dump()) for n, entry in enumerate(entries, start=first)]


def entries_of(given: Sequence[Entry] | Sequence[Matter]) -> Sequence[Entry]:
    """Return what was put on the agenda, by a person or by another process, each matter once."""
    found: dict[tuple[str, str | None], Entry] = {}
    for one in given:
        entry = one if isinstance(one, Entry) else Entry(holder=one.holder, matter=one.matter)
        found.setdefault((one.holder, one.matter), entry)
    return tuple(found.values())


def drop_all(state: WithAgenda, by: str, reason: str | None = None) -> Sequence[Event]:
    """Take every undecided item off the agenda."""
    return [ItemDropped(item=i.id, by=by, reason=reason) for i in state.live]


def confirm_item(state: WithAgenda, command: ConfirmItem, context: Context) -> Sequence[Event]:
    """A holder has reserved the matter; one that was dropped meanwhile is let go (its holder is told with the dropping)."""
    del context
    item = item_of(state, command.item)
    if item.state is not ItemState.proposed:
        return ()
    return [ItemReserved(item=item.id, **{name: getattr(command, name) for name in WHERE})]


def refuse_item(state: WithAgenda, command: RefuseItem, context: Context) -> Sequence[Event]:
    """A holder does not give the matter."""
    del context
    item = item_of(state, command.item)
    return [ItemRefused(item=item.id, code=command.code)] if item.state is ItemState.proposed else ()


def confirm_applied(state: WithAgenda, command: ConfirmApplied, context: Context) -> Sequence[Event]:
    """A decision holds."""
    del context
    item = item_of(state, command.item)
    return [ItemApplied(item=item.id)] if item.state is ItemState.decided else ()


def overtake_item(state: WithAgenda, command: OvertakeItem, context: Context) -> Sequence[Event]:
    """A matter ended another way, decided here or not."""
    del context
    item = item_of(state, command.item)
    return () if item.ended else [ItemOvertaken(item=item.id, code=command.code)]


def table(stages: frozenset[str]) -> tuple[Row, ...]:
    """Return the rows for what comes back from holders: in every stage but before the opening."""
    return (
        ("confirm_item", stages, confirm_item, True),
        ("refuse_item", stages, refuse_item, True),
        ("confirm_applied", stages, confirm_applied, True),
        ("overtake_item", stages, overtake_item, True),
    )


# ----------------------------------------------------------------------------------------------------------------- effects


def effects(kind: str) -> Mapping[str, Callable[[Any, Any], Sequence[Effect]]]:
    """Return what holders are told, for a kind of process."""

    def asked(state: WithAgenda, e: ItemProposed) -> Sequence[Effect]:
        if e.reserved:
            return ()
        return holding.ask_for(e.holder, f"{kind}/{state.no}", e.item, e.matter, e.instead_of)

    def dropped(state: WithAgenda, e: ItemDropped) -> Sequence[Effect]:
        item = state.items.get(e.item)
        return () if item is None else holding.let_go(item.holder, f"{kind}/{state.no}", e.item)

    def decided(state: WithAgenda, e: ItemDecided) -> Sequence[Effect]:
        item = state.items.get(e.item)
        return () if item is None else holding.hand_down(item.holder, f"{kind}/{state.no}", e.item, e.verdict)

    return {ItemProposed.TYPE: asked, ItemDropped.TYPE: dropped, ItemDecided.TYPE: decided}


def about(state: WithAgenda) -> dict[str, str | None]:
    """Return the case and the matter of the agenda for its row in the lists, where it has one only."""
    cases, matters = ({getattr(i, name) for i in state.items.values()} for name in ("case", "matter"))
    return {
        "case_no": cases.pop() if len(cases) == 1 else None,
        "matter": matters.pop() if len(matters) == 1 else None,
    }


def rows(kind: str, state: WithAgenda) -> list[dict[str, Any]]:
    """Return the rows of the agenda for the list tables."""
    return [
        {
            "process": f"{kind}/{state.no}",
            "item": i.id,
            "holder": i.holder,
            "case_no": i.case,
            "state": str(i.state),
            "lead": i.verdict.lead if i.verdict else None,
            "decided_at": i.decided_at,
        }
        for i in state.items.values()
    ]
