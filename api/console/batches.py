"""批量变更: how far a batch is, and the list of its cases with what was foreseen and what became of each."""

from dataclasses import dataclass
from typing import Annotated, Final
from urllib.parse import urlencode

from fastapi import APIRouter, Path, Query
from starlette.requests import Request
from starlette.responses import Response

from api.access import Place
from api.batches.routes import DIRECTIONS, OUTCOMES, items_of
from api.console.page import render
from api.console.visiting import Visiting
from api.paging import Cursor
from api.problems import Problem
from api.proceedings.schemas import ProceedingOut
from domain.batching.commands import Foreseen, Results
from storage.texts import known, refusal

KIND: Final = "batch"
PAGE: Final = 50

router = APIRouter()


@dataclass(frozen=True)
class Progress:
    """What was foreseen and what came of it, in numbers; ``done`` of ``total`` cases."""

    foreseen: Foreseen
    results: Results

    @property
    def done(self) -> int:
        """Cases that have been dealt with."""
        r = self.results
        return r.changed + r.unchanged + r.refused + r.gone

    @property
    def total(self) -> int:
        """Cases there are: those of the preview and those that began later."""
        return max(self.done, self.foreseen.cases + self.results.added)


def progress(view: ProceedingOut) -> Progress | None:
    """Return how far a batch is; None for another process, or where that is not disclosed."""
    if view.kind != KIND or not view.facts:
        return None
    return Progress(Foreseen.model_validate(view.facts["foreseen"]), Results.model_validate(view.facts["results"]))


@router.get("/batches/{no}/items")
def items(
    request: Request,
    place: Place,
    visit: Visiting,
    no: Annotated[str, Path(max_length=80, pattern=r"^[A-Za-z0-9_.:-]+$")],
    outcome: Annotated[str, Query(max_length=20, pattern=r"^[a-z]*$")] = "",
    direction: Annotated[str, Query(max_length=20, pattern=r"^[a-z]*$")] = "",
    cursor: Cursor = None,
) -> Response:
    """List the cases of a batch."""
    if (outcome and outcome not in OUTCOMES) or (direction and direction not in DIRECTIONS):
        raise Problem(404, "unknown_path")
    page = items_of(place, visit.viewer, no, outcome or None, None, direction or None, cursor, PAGE)
    given = {k: v for k, v in (("outcome", outcome), ("direction", direction)) if v}
    here = f"/console/batches/{no}/items"
    return render(
        request,
        "batch_items.html",
        visit,
        no=no,
        items=page.items,
        outcomes=OUTCOMES,
        directions=DIRECTIONS,
        given={"outcome": outcome, "direction": direction},
        here=here,
        clock_of=lambda key: f"clock.{key.partition('/')[0]}",
        refusal_of=lambda code: refusal(code, {}, visit.lang) if known(f"refusal.{code}") else code,
        next=f"{here}?{urlencode({**given, 'cursor': page.next})}" if page.next else None,
        first=f"{here}?{urlencode(given)}" if cursor else None,
    )
