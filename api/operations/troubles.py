"""运行情况: what an operator must know now, each with what it means: from the journal, and from the engine beside it.

The journal says what is owed, late, stored and not decided, parked or an incident; the engine says where the workflows of those
processes stand, and whose tasks fail. A workflow that is a little behind its journal with nothing overdue is daily business
(architecture 1.2, law 2) and is not listed; ``sanhuan reconcile`` compares all.
"""

import asyncio
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from fastapi import APIRouter
from pydantic import BaseModel
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from api.access import Place, SignedIn
from api.gates import roles_of
from api.problems import language
from api.refusals import refuses
from api.services import Services
from storage import operations as sql
from storage.operations import Trouble
from storage.texts import text

router = APIRouter(tags=["operations"])
MOST: Final = 50
"""Rows of one kind; the rest is behind these, and `sanhuan reconcile` lists all."""
KINDS: Final = (
    "parked",
    "tasks_failing",
    "not_running",
    "journal_ahead",
    "timer_late",
    "effect_owed",
    "undelivered",
    "unopened",
    "incident",
)
RESTARTABLE: Final = frozenset(KINDS) - {"incident"}
OVERDUE: Final = frozenset({"timer_late", "effect_owed", "undelivered"})


class TroubleOut(BaseModel):
    """One thing to know. ``means`` says what it means; ``restart`` that starting again from the journal may help."""

    kind: str
    label: str
    means: str
    process: str
    subject: str
    since: datetime
    restart: bool


class RelayOut(BaseModel):
    """The relay that is at work, if one is."""

    owner: str
    until: datetime
    alive: bool


class TroublesOut(BaseModel):
    """All that is wrong now. ``engine`` is false when the engine did not answer: then its part is missing, not empty."""

    engine: bool
    relay: RelayOut | None
    counts: dict[str, int]
    items: tuple[TroubleOut, ...]


@router.get("/operations/troubles", operation_id="list_troubles", summary="What an operator must know now")
@refuses("forbidden")
async def troubles(request: Request, place: Place, who: SignedIn) -> TroublesOut:
    """List what is overdue, parked, failing or an incident, at most 50 of a kind. For operators, shift leaders and auditors."""
    who.holds(*roles_of("list_troubles"))
    return await look(place, language(request.headers.get("accept-language")))


async def look(place: Services, lang: str) -> TroublesOut:
    """Look into the journal, then ask the engine about what was found."""
    now = place.now()
    before = now - timedelta(seconds=place.settings.trouble_after_s)

    def read() -> tuple[list[Trouble], sql.Lease | None]:
        with place.database.read() as connection:
            return sql.troubles(connection, before, before, MOST), sql.lease(connection)

    found, lease = await run_in_threadpool(read)
    failing = await place.engine.failing(MOST)
    behind = await _beside_the_engine(place, found) if failing is not None else []
    found += behind
    found += [Trouble("tasks_failing", f.process, f.cause, f.since) for f in failing or ()]
    found.sort(key=lambda t: (KINDS.index(t.kind), t.since))
    return TroublesOut(
        engine=failing is not None,
        relay=None if lease is None else RelayOut(owner=lease.owner, until=lease.until, alive=lease.until > now),
        counts=dict(Counter(t.kind for t in found)),
        items=tuple(_out(t, lang) for t in found),
    )


async def _beside_the_engine(place: Services, found: Iterable[Trouble]) -> list[Trouble]:
    """Return whose workflow does not run, or knows less than the journal, of those with something overdue."""
    oldest: dict[str, Trouble] = {}
    for trouble in found:
        if trouble.kind in OVERDUE:
            known = oldest.setdefault(trouble.process, trouble)
            oldest[trouble.process] = min(known, trouble, key=lambda t: t.since)
    asked = list(oldest.values())[:MOST]

    def read() -> dict[str, sql.Place | None]:
        with place.database.read() as connection:
            return {t.process: sql.place(connection, t.process) for t in asked}

    journal = await run_in_threadpool(read) if asked else {}
    answers = await asyncio.gather(*(place.engine.standing(t.process) for t in asked))
    out = []
    for trouble, there in zip(asked, answers, strict=True):
        here = journal[trouble.process]
        if there is None:
            continue
        if not there.running:
            out.append(replace(trouble, kind="not_running", subject=""))
        elif here is not None and there.seq < here.seq:
            out.append(replace(trouble, kind="journal_ahead", subject=f"{there.seq} < {here.seq}"))
    return out


def _out(trouble: Trouble, lang: str) -> TroubleOut:
    return TroubleOut(
        kind=trouble.kind,
        label=text(f"trouble.{trouble.kind}", lang),
        means=text(f"trouble.{trouble.kind}.means", lang),
        process=trouble.process,
        subject=trouble.subject,
        since=trouble.since,
        restart=trouble.kind in RESTARTABLE,
    )


def grouped(items: Sequence[TroubleOut]) -> list[tuple[str, list[TroubleOut]]]:
    """Return the rows by kind, in the order of :data:`KINDS`."""
    return [(kind, rows) for kind in KINDS if (rows := [i for i in items if i.kind == kind])]
