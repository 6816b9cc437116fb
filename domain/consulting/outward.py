"""What the world must be told of a consultation: candidates, the convener, the holders of its items, an adjudication; its note.

会商纪要 ``consultation_note`` is issued once, when the vote ends. Its fields are codes:

``process``, ``by``, ``how`` (how the vote ended), ``candidates``, ``items``: a row each of item, holder, case, agreed, lead, co,
yes, spoke, asked, silent; ``opinions``: a row each of item, unit, opinion, owner. Its texts are ``question``, the grounds of each
unit as ``basis/{item}/{unit}``, and what specialists said as ``advice/{item}/{n}``.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from domain import agenda, cataloguing, telling
from domain.consulting import events as ev
from domain.consulting.state import Consultation
from domain.consulting.words import KIND, VOTE
from domain.keeping import WarningGiven
from domain.proceeding import what
from domain.process import Effect

LIAISON: Final = "unit_liaison"
CONVENER: Final = "city_centre"


def _to(units: Sequence[str], words: str, **more: Any) -> Sequence[Effect]:
    return [telling.notice(words, LIAISON, unit, **more) for unit in units]


def _vote_ended(state: Consultation, e: ev.VoteEnded) -> Sequence[Effect]:
    left = [i.id for i in state.undecided]
    to_convener = [telling.notice("consultation_no_consensus", CONVENER, items=left)] if left else []
    return [_note(state, e), *to_convener]


def _note(state: Consultation, e: ev.VoteEnded) -> Effect:
    items = [state.items[i] for i in state.counts if i in state.items]
    spoken = [(i.id, unit, voice) for i in items for unit, voice in state.voices.get(i.id, {}).items()]
    texts = {"question": state.question}
    texts |= {f"basis/{item}/{unit}": voice.basis for item, unit, voice in spoken if voice.basis is not None}
    texts |= {f"advice/{a.item}/{n}": a.advice for n, a in enumerate(state.advice, start=1)}
    return telling.paper(
        "consultation_note",
        to=None,
        case=agenda.about(state)["case_no"],
        fields={
            "process": f"{KIND}/{state.no}",
            "by": state.by,
            "how": str(e.how),
            "candidates": list(state.candidates),
            "items": [
                {"item": i.id, "holder": i.holder, "case": i.case, **state.counts[i.id].model_dump(mode="json")}
                for i in items
            ],
            "opinions": [
                {"item": item, "unit": unit, "opinion": str(voice.opinion), "owner": voice.owner}
                for item, unit, voice in spoken
            ],
        },
        texts=texts,
        signed_by=state.by,
    )


def _carried(state: Consultation, e: ev.CarriedToAdjudication) -> Sequence[Effect]:
    here = f"{KIND}/{state.no}"
    items = [state.items[i] for i in e.items if i in state.items]
    receivers = {i.unit for i in items}
    entries = [
        {
            "holder": i.holder,
            "matter": i.matter,
            "instead_of": here,
            **{name: getattr(i, name) for name in agenda.WHERE},
        }
        for i in items
    ]
    body = {
        "by": here,
        **state.terms,
        "district": state.district,
        "parties": list(state.candidates),
        "entries": entries,
        "question": state.question,
        "first_receiver": receivers.pop() if len(receivers) == 1 else None,
    }
    return [telling.start(e.to, body, "take_back_items", {"to": e.to})]


def _warning(state: Consultation, e: WarningGiven) -> Sequence[Effect]:
    if what(e.key) != VOTE:
        return [telling.notice(f"{e.card}_card", CONVENER, clock=e.key)]
    silent = dict.fromkeys(unit for item in state.live for unit in state.silent(item.id))
    return _to(list(silent), f"{e.card}_card", clock=e.key)


EFFECTS: Final[Mapping[str, Callable[[Any, Any], Sequence[Effect]]]] = {
    **agenda.effects(KIND),
    **cataloguing.effects(KIND),
    ev.ConsultationOpened.TYPE: lambda _state, e: _to(e.candidates, "consultation_called"),
    ev.VoteEnded.TYPE: _vote_ended,
    ev.CarriedToAdjudication.TYPE: _carried,
    ev.ItemsTakenBack.TYPE: lambda _state, e: [
        telling.notice("consultation_taken_back", CONVENER, items=list(e.items), code=e.code)
    ],
    ev.ConsultationWithdrawn.TYPE: lambda state, _e: _to(state.candidates, "consultation_withdrawn"),
    WarningGiven.TYPE: _warning,
}
