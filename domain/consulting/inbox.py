"""Who has to act now on a consultation: each unit on each item, then the convener on what is left."""

from collections.abc import Sequence

from domain.consulting.state import Consultation
from domain.consulting.words import MEETING, VOTE, Stage
from domain.holding import ItemState
from domain.proceeding import todo
from domain.process import Todo


def todos(state: Consultation) -> Sequence[Todo]:
    """Return the todos. While decisions are on their way to those they are about, nobody has to act."""
    match state.stage:
        case Stage.voting:
            return [
                todo(
                    state,
                    f"opinion/{item.id}/{unit}",
                    "unit_liaison",
                    "state_opinion",
                    clock=VOTE,
                    unit=unit,
                    subject=item.id,
                    hint={"unit": unit, "holder": item.holder},
                )
                for item in state.live
                for unit in state.silent(item.id)
            ]
        case Stage.meeting:
            return [
                todo(
                    state,
                    f"conclude/{item.id}",
                    "city_centre",
                    *(("conclude_item",) if item.state is ItemState.reserved else ()),
                    "send_to_adjudication",
                    "withdraw_consultation",
                    clock=MEETING,
                    subject=item.id,
                    hint={"holder": item.holder},
                )
                for item in state.undecided
            ]
        case _:
            return ()
