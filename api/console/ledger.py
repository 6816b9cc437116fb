"""时限台账: why every due instant of a process is what it is, to read and to print; machines read the same under the API."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Path
from starlette.requests import Request
from starlette.responses import Response

from api.access import Place
from api.cases.routes import ledger_of
from api.cases.schemas import Ledger, LedgerClock, LedgerEntry
from api.console import wording
from api.console.page import render
from api.console.visiting import Visit, Visiting
from domain.clock import Clock, is_fine
from storage.cases import CASE
from storage.policies import load_pack, pack_ids

router = APIRouter()
No = Annotated[str, Path(max_length=40, pattern=r"^[\w-]+$")]


@dataclass(frozen=True)
class Change:
    """One change of a clock: why, and what was due from then on. ``exact``: its limit is short, so seconds matter."""

    entry: LedgerEntry
    why: str
    clock: Clock
    exact: bool


@dataclass(frozen=True)
class Account:
    """One clock with its changes, the first one first."""

    clock: LedgerClock
    changes: tuple[Change, ...]

    @property
    def last(self) -> Change:
        """How it stands, or stood when it was stopped."""
        return self.changes[-1]


@router.get("/cases/{no}/ledger")
def page(request: Request, place: Place, visit: Visiting, no: No) -> Response:
    """Show the ledger of a case's clocks, those that run first."""
    return ledger_page(request, visit, f"{CASE}/{no}", ledger_of(place, visit.viewer, no, visit.lang))


def ledger_page(request: Request, visit: Visit, process: str, found: Ledger) -> Response:
    """Return the page of a ledger, of whatever process."""
    accounts = [_account(c, visit.lang) for c in found.clocks if c.entries]
    title: Mapping[str, Any] = load_pack(found.pack).title.model_dump() if found.pack in pack_ids() else {}
    return render(
        request,
        "ledger.html",
        visit,
        process=process,
        ledger=found,
        accounts=sorted(accounts, key=lambda a: a.clock.stopped_at is not None),
        pack=title.get(visit.lang, found.pack),
    )


def _account(clock: LedgerClock, lang: str) -> Account:
    return Account(clock, tuple(_change(e, lang) for e in clock.entries))


def _change(entry: LedgerEntry, lang: str) -> Change:
    clock = Clock.model_validate(entry.clock)
    return Change(entry, wording.label("console.why", entry.why, lang), clock, is_fine(clock))
