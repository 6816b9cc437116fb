"""What the world must be told of an adjudication: parties, the first receiver, the group, the holders of its items; its rulings.

明责交办单 ``ruling_order`` is issued to the lead with every ruling. Its fields are codes: ``process``, ``item``, ``holder``,
``form``, ``lead``, ``co``, ``no_return`` (always true), ``until`` (the instant at which the term ends), ``first_receiver``,
``parties``. Its texts are ``basis`` and, where there is one, ``question``.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final

from domain import agenda, cataloguing, holding, telling
from domain.adjudicating import events as ev
from domain.adjudicating import seated
from domain.adjudicating.rules import GROUP, HEAD
from domain.adjudicating.state import Adjudication
from domain.adjudicating.words import ADJUDICATE, DEFINITION, EVIDENCE, KIND
from domain.agenda import ItemProposed, ItemReserved
from domain.keeping import OverdueReached, WarningGiven
from domain.proceeding import what
from domain.process import Effect

LIAISON: Final = "unit_liaison"
_AGENDA: Final = agenda.effects(KIND)


def _to(units: Iterable[str], words: str, **more: Any) -> Sequence[Effect]:
    return [telling.notice(words, LIAISON, unit, **more) for unit in units]


def _opened(_state: Adjudication, e: ev.AdjudicationOpened) -> Sequence[Effect]:
    meanwhile = _to([e.first_receiver], "handle_meanwhile") if e.first_receiver is not None else ()
    return [*meanwhile, *_to(e.parties, "adjudication_opened")]


def _meanwhile(state: Adjudication, e: ItemProposed | ItemReserved) -> Sequence[Effect]:
    """先办后议: whoever has the matter now goes on with it, and is told so."""
    if e.unit is None or e.unit == state.first_receiver:
        return ()
    return _to([e.unit], "handle_meanwhile", item=e.item)


def _proposed(state: Adjudication, e: ItemProposed) -> Sequence[Effect]:
    # What is not reserved yet is asked for; its unit is told when the holder has answered.
    return _meanwhile(state, e) if e.reserved else _AGENDA[e.TYPE](state, e)


def _issued(state: Adjudication, e: ev.RulingIssued) -> Sequence[Effect]:
    item = state.items.get(e.item)
    order = telling.paper(
        "ruling_order",
        to=e.lead,
        case=item.case if item else None,
        fields={
            "process": f"{KIND}/{state.no}",
            "item": e.item,
            "holder": item.holder if item else None,
            "form": str(e.form),
            "lead": e.lead,
            "co": list(e.co),
            "no_return": True,
            "until": e.until.isoformat() if e.until is not None else None,
            "first_receiver": state.first_receiver,
            "parties": list(state.parties),
        },
        texts={"basis": e.basis, **({"question": state.question} if state.question is not None else {})},
        signed_by=e.by,
    )
    told = dict.fromkeys((e.lead, *e.co, *state.parties))
    return [order, *_to(told, "ruling_issued", item=e.item, lead=e.lead)]


def _before_a_meeting(state: Adjudication, e: ev.RulingHeld) -> Sequence[Effect]:
    item = state.items.get(e.item)
    names = ("unit", "district", "case", "catalogue_item")
    about = {name: getattr(item, name) for name in names} if item is not None else {}
    told = _to(state.parties, "ruling_before_a_meeting", item=e.item)
    return [*holding.confirm(seated.hold_of(e), **about), *told]


def _meeting_over(_state: Adjudication, e: ev.RulingHoldEnded) -> Sequence[Effect]:
    hold = seated.hold_of(e)
    return holding.confirm_applied(hold) if e.code is None else holding.overtaken(hold, e.code)


def _warning(state: Adjudication, e: WarningGiven) -> Sequence[Effect]:
    if what(e.key) == EVIDENCE:
        return _to(state.silent, f"{e.card}_card", clock=e.key)
    return [telling.notice(f"{e.card}_card", GROUP, clock=e.key)]


def _overdue(_state: Adjudication, e: OverdueReached) -> Sequence[Effect]:
    late = what(e.key) in {ADJUDICATE, DEFINITION}
    return [telling.notice("adjudication_overdue", HEAD, clock=e.key)] if late else ()


EFFECTS: Final[Mapping[str, Callable[[Any, Any], Sequence[Effect]]]] = {
    **_AGENDA,
    **cataloguing.effects(KIND),
    ItemProposed.TYPE: _proposed,
    ItemReserved.TYPE: _meanwhile,
    ev.AdjudicationOpened.TYPE: _opened,
    ev.EvidenceClosed.TYPE: lambda _state, _e: [telling.notice("adjudication_ready", GROUP)],
    ev.RulingIssued.TYPE: _issued,
    ev.RulingHeld.TYPE: _before_a_meeting,
    ev.RulingReleased.TYPE: lambda _state, e: [telling.notice("ruling_back", GROUP, item=e.item)],
    ev.RulingHoldEnded.TYPE: _meeting_over,
    ev.AdjudicationWithdrawn.TYPE: lambda state, _e: _to(state.parties, "adjudication_withdrawn"),
    WarningGiven.TYPE: _warning,
    OverdueReached.TYPE: _overdue,
}
