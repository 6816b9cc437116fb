"""重启: a case that is over is opened again, on new facts only and by two persons (11.2; architecture 1.2, law 7).

A caller who only disagrees objects before the archive (:mod:`domain.casework.closing`). What is opened again is screened anew: a
new cycle with limits and orders of its own; the orders and results of the earlier ones stay as they are.
"""

from collections.abc import Sequence
from typing import Final

from domain.casework import timekeeping as clocks
from domain.casework.byway_commands import RequestReopening, ReviewReopening
from domain.casework.byway_events import Reopened, ReopeningRequested, ReopeningReviewed
from domain.casework.events import StageMoved
from domain.casework.guards import four_eyes
from domain.casework.state import Case
from domain.casework.words import ENDS, Stage
from domain.process import Context, Event, Refusal

REOPENABLE: Final = (ENDS - {Stage.merged}) | {Stage.closed, Stage.archived}
"""A merged case goes on as its leading one; split off, it is screened again."""
REVIEWER: Final = "shift_leader"
ABOVE_REVIEWER: Final = "centre_head"


def request_reopening(case: Case, command: RequestReopening, context: Context) -> Sequence[Event]:
    """Write down the new facts. The case stays over until a second person has looked at them."""
    if case.reopening is not None:
        raise Refusal("reopening_open")
    if command.request not in case.callers:
        raise Refusal("unknown_request", request=command.request)
    requested = ReopeningRequested(
        request=command.request, by=context.actor.user, facts=command.facts, documents=command.documents
    )
    return [requested, *clocks.start(case, "reopening", "second_person", context)]


def review_reopening(case: Case, command: ReviewReopening, context: Context) -> Sequence[Event]:
    """Second person: the case is screened again, or stays over."""
    asked = case.reopening
    if asked is None:
        raise Refusal("no_reopening_open")
    four_eyes(context, asked.by)
    reviewed = ReopeningReviewed(
        request=asked.request, by=context.actor.user, approve=command.approve, reason=command.reason
    )
    stopped = clocks.stop(case, "reopening", context)
    if not command.approve:
        return [reviewed, *stopped]
    return [
        reviewed,
        *stopped,
        *clocks.stop(case, "archive", context, met=None),
        Reopened(cycle=case.cycle + 1, request=asked.request),
        StageMoved(stage=Stage.screening),
        *clocks.start(case, "screen", "screen", context),
    ]


def turn(case: Case) -> str:
    """Return who has to answer: the reviewer, or the one above him when he has let his limit pass."""
    running = case.running("reopening")
    return ABOVE_REVIEWER if running is not None and running.overdue_at is not None else REVIEWER
