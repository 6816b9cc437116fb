"""先到后记: a decision received before a timer acted and committed after it is honoured (architecture 1.2, law 6).

A timer that only found a clock overdue is annulled where the clock is stopped or held (:mod:`.timekeeping`). One that *acted*
has changed more: here it is found, and :class:`~domain.casework.events.ActAnnulled` puts back what it did, so that the rule of
the decision sees the case as it stood at the instant it was received. A timer whose act the decision does not replace rings
again. Where somebody has decided on the strength of the act (the centre head on an escalated return), his word stands.
"""

from collections.abc import Mapping, Sequence
from typing import Final

from domain.casework.events import ActAnnulled
from domain.casework.state import Case, Order
from domain.casework.timekeeping import owner_and_what
from domain.casework.words import Stage
from domain.keeping import Running
from domain.process import Command, Context

OVERTAKES: Final[Mapping[str, frozenset[str]]] = {
    "sign": frozenset({"sign", "contact", "submit_result", "request_return"}),
    "return1": frozenset({"review_return"}),
    "return2": frozenset({"review_return"}),
    "pause": frozenset({"resume"}),
    "pause_total": frozenset({"resume"}),
    "archive": frozenset({"object"}),
}
"""By what a clock that acts measures: the commands that would have come before the act."""


def annulled(case: Case, command: Command, context: Context) -> Sequence[ActAnnulled]:
    """Return the acts of timers that the command comes before; the act at the very instant it was received stays."""
    subject = getattr(command, "order", None)
    found: list[ActAnnulled] = []
    for key, running in case.clocks.items():
        due = running.clock.due
        if not running.acted or due is None or context.judged_at >= due:
            continue
        order, what = owner_and_what(case, key)
        ours = order is None or order.id == subject
        if ours and command.NAME in OVERTAKES.get(what, ()) and _stands(case, order, what, running):
            found.append(ActAnnulled(key=key, due=due))
    return found


def _stands(case: Case, order: Order | None, what: str, running: Running) -> bool:
    """Say whether nobody has gone on from what the timer did."""
    if order is None:
        return case.stage is Stage.archived and case.since == running.stopped_at
    request = order.returning
    return {
        "sign": order.auto_signed,
        "return1": request is not None and request.escalated and request.step == 1,
        "return2": request is not None and request.escalated and request.step == 2,  # noqa: PLR2004 - the second reviewer
    }.get(what, True)
