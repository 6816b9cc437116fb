"""Who has to act now on an adjudication: parties, then the group, and the centre head when the group is late."""

from collections.abc import Iterator, Sequence

from domain.adjudicating.rules import GROUP, HEAD, heard
from domain.adjudicating.state import Adjudication
from domain.adjudicating.words import ADJUDICATE, DEFINITION, EVIDENCE, Stage
from domain.agenda import Item
from domain.proceeding import todo
from domain.process import Todo


def todos(state: Adjudication) -> Sequence[Todo]:
    """Return the todos. While rulings are on their way to those they are about, nobody has to act."""
    match state.stage:
        case Stage.evidence:
            return tuple(_evidence(state))
        case Stage.ruling:
            return tuple(_ruling(state))
        case _:
            return ()


def _evidence(state: Adjudication) -> Iterator[Todo]:
    for unit in state.silent:
        yield todo(
            state,
            f"evidence/{unit}",
            "unit_liaison",
            "submit_evidence",
            clock=EVIDENCE,
            unit=unit,
            hint={"unit": unit},
        )
    if heard(state):
        yield todo(state, EVIDENCE, GROUP, "close_evidence", "submit_evidence", "record_hearing")


def _ruling(state: Adjudication) -> Iterator[Todo]:
    for item in state.reserved:
        draft, held = state.drafts.get(item.id), state.held.get(item.id)
        if held is not None:
            # The meeting decides; what is said there the group writes down.
            hint = {"holder": item.holder, "process": held.process}
            yield todo(state, f"meeting/{item.id}", GROUP, "record_hearing", subject=item.id, hint=hint)
        elif draft is not None:
            yield from _both(state, item, "confirm", ("confirm_ruling",), ADJUDICATE, drafted_by=draft.by)
        elif item.id in state.referred:
            yield from _both(state, item, "define", ("record_definition", "rule"), f"{DEFINITION}/{item.id}")
        else:
            yield from _both(state, item, "rule", ("rule",), ADJUDICATE)


def _both(
    state: Adjudication, item: Item, what: str, commands: tuple[str, ...], clock: str, **hint: str
) -> Iterator[Todo]:
    """Return the group's todo, and the centre head's beside it once the group is late."""
    more = {"holder": item.holder, **hint}
    roles = {what: GROUP, "escalated": HEAD} if state.escalated(item.id) else {what: GROUP}
    for key, role in roles.items():
        yield todo(state, f"{key}/{item.id}", role, *commands, clock=clock, subject=item.id, hint=more)
