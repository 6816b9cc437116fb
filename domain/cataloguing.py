"""目录更新: what was agreed or ruled on who owns a matter becomes the dispatch catalogue's word (M05, M09, M10).

A consultation or a ruling settles one case. Somebody who answers for the catalogue may turn it into the rule for the next one: the
owner and co-units of a catalogue item, as a new version of that item. He is neither who called nor who decided it (four eyes), nor
of a unit it is about. Decisions stand beside the catalogue as precedents all the same; the catalogue is what dispatch suggests
(domain.md 11.7, 11.14).

Over or not makes no difference: a process that has ended is the usual place to look at what came of it. What was overtaken, and a
ruling whose term has passed, is no rule for anybody.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar, Final

from domain import guards, telling
from domain.agenda import WithAgenda, item_of
from domain.holding import ItemId, ItemState
from domain.proceeding import Row
from domain.process import Code, Command, Context, Effect, Event, Refusal, TextRef

NAME: Final = "amend_catalogue"
NEEDS: Final[Mapping[str, str]] = {"catalogue_item": "item"}
MOST_VERSION: Final = 40
"""Characters of a version: its column has no room for more."""


class AmendCatalogue(Command):
    """更新目录: what was decided on an item becomes a new version of a catalogue item.

    ``version`` is the one that was looked at, where somebody looked.
    Refused: ``catalogue_item_unknown``, ``catalogue_moved``, ``catalogue_unchanged``, ``not_about_catalogue_item``,
    ``item_not_in_this_state``, ``ruling_expired``, ``no_owner_decided``, ``four_eyes``, ``recusal``.
    """

    NAME: ClassVar[str] = NAME
    item: ItemId
    catalogue_item: Code
    version: Code | None = None
    reason: TextRef


class CatalogueAmended(Event):
    """目录已更新: the catalogue item has a new version, with this owner and these co-units."""

    TYPE: ClassVar[str] = "catalogue_amended"
    item: str
    catalogue_item: str
    was: str
    version: str
    owner: str
    co: tuple[str, ...] = ()
    by: str
    reason: str


COMMANDS: Final[Sequence[type[Command]]] = (AmendCatalogue,)
EVENTS: Final[Sequence[type[Event]]] = (CatalogueAmended,)
CHANGES: Final[Mapping[str, Callable[[Any, Any, Any], Any]]] = {CatalogueAmended.TYPE: lambda state, _e, _at: state}


def next_version(version: str) -> str:
    """Return the version after this one: ``2026-01`` is followed by ``2026-01+1``, that by ``2026-01+2``."""
    base, plus, n = version.rpartition("+")
    if not plus or not n.isdigit():
        base, n = version, "0"
    more = f"+{int(n) + 1}"
    return f"{base[: MOST_VERSION - len(more)]}{more}"


def amend_catalogue(state: WithAgenda, command: AmendCatalogue, context: Context) -> Sequence[Event]:
    """Turn what was decided on an item into the next version of a catalogue item."""
    item = item_of(state, command.item, ItemState.applied)
    verdict = item.verdict
    if verdict is None or verdict.lead is None:
        raise Refusal("no_owner_decided", item=item.id)
    if item.catalogue_item not in {None, command.catalogue_item}:
        raise Refusal("not_about_catalogue_item", item=item.id, catalogue_item=command.catalogue_item)
    issued = getattr(state, "issued", {}).get(item.id)
    if issued is not None and issued.until is not None and issued.until <= context.now:
        raise Refusal("ruling_expired", item=item.id)
    guards.four_eyes(context, state.by, item.decided_by, issued.drafted_by if issued is not None else None)
    guards.not_a_party(context, item.unit, verdict.lead, *verdict.co)
    fact = context.facts.items.get(command.catalogue_item)
    if fact is None:
        raise Refusal("catalogue_item_unknown", catalogue_item=command.catalogue_item)
    if command.version not in {None, fact.version}:
        raise Refusal("catalogue_moved", catalogue_item=fact.code, version=fact.version)
    if (fact.owner, fact.co) == (verdict.lead, verdict.co):
        raise Refusal("catalogue_unchanged", catalogue_item=fact.code, version=fact.version)
    return [
        CatalogueAmended(
            item=item.id,
            catalogue_item=fact.code,
            was=fact.version,
            version=next_version(fact.version),
            owner=verdict.lead,
            co=verdict.co,
            by=context.actor.user,
            reason=command.reason,
        )
    ]


def table(stages: frozenset[str]) -> tuple[Row, ...]:
    """Return the row of the command, in the stages in which decisions have come to hold."""
    return ((NAME, stages, amend_catalogue, False),)


def effects(kind: str) -> Mapping[str, Callable[[Any, Any], Sequence[Effect]]]:
    """Return what the world is told, for a kind of process: the catalogue changes, and those concerned hear of it."""

    def amended(state: WithAgenda, e: CatalogueAmended) -> Sequence[Effect]:
        process = f"{kind}/{state.no}"
        change = telling.catalogue(e.catalogue_item, e.was, e.version, e.owner, e.co, process, e.item, e.by)
        told = [
            telling.notice("catalogue_amended", "unit_liaison", unit, item=e.catalogue_item, version=e.version)
            for unit in (e.owner, *e.co)
        ]
        return [
            change,
            *told,
            telling.notice("catalogue_amended", "dispatcher", item=e.catalogue_item, version=e.version),
        ]

    return {CatalogueAmended.TYPE: amended}


def precedent(kind: str, state: WithAgenda, name: str) -> list[dict[str, Any]]:
    """Return what was decided on who owns what, as rows of precedents: found again at the next dispatch and adjudication."""
    return [
        {
            "process": f"{kind}/{state.no}",
            "item": i.id,
            "kind": name,
            "case_no": i.case,
            "catalogue_item": i.catalogue_item,
            "matter": i.matter,
            "district": i.district or state.district,
            "lead": i.verdict.lead,
            "co": list(i.verdict.co),
            "ruled_at": i.decided_at,
            "until": None,
        }
        for i in state.items.values()
        if i.verdict is not None and i.verdict.lead is not None and i.state is not ItemState.overtaken
    ]


def amendable(state: WithAgenda) -> tuple[str, ...]:
    """Return the items of which the catalogue may learn: those that hold, and say who owns the matter."""
    return tuple(
        i.id
        for i in state.items.values()
        if i.state is ItemState.applied and i.verdict is not None and i.verdict.lead is not None
    )
