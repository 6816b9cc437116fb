"""从日志库重新启动: let a process begin a new run that knows nothing and takes everything from the journal (law 7).

The audit is the memory of it: ``restart`` is written with the wish and ``restarted`` once the engine has taken it. A key that comes
again goes on where the first attempt stopped and, once done, changes nothing. A parked process stays parked, and its incident open,
while the engine is away: nobody would look for it otherwise.
"""

from datetime import datetime

from fastapi import APIRouter
from pydantic import BaseModel
from sqlalchemy import Connection
from starlette.concurrency import run_in_threadpool

from api.access import IdempotencyKey, Place, SignedIn
from api.gates import roles_of
from api.idempotency import hashed
from api.operations.words import ProcessPath
from api.problems import refused
from api.refusals import refuses
from api.services import Services
from storage import operations as sql
from storage.audit import write_audit
from storage.journal import unpark

router = APIRouter(tags=["operations"])


class Restarted(BaseModel):
    """A process goes on from the journal. ``engine`` is false when the engine did not take it: ask again with the same key."""

    process: str
    engine: bool


@router.post(
    "/processes/{process:path}/restart",
    operation_id="restart_process",
    summary="Start a process again from the journal",
)
@refuses("forbidden", "unknown_process")
async def restart(process: ProcessPath, place: Place, who: SignedIn, key: IdempotencyKey) -> Restarted:
    """End the run there is and begin one from the journal; a parked process is parked no more. For operators.

    What is done is not repeated: effects have ids. Refuses: 403 for others, 404 for a process that neither the journal nor a
    registered request knows.
    """
    role = who.holds(*roles_of("restart_process"))
    mark = hashed(who.account.user, process, key)

    def wish() -> bool:
        with place.database.write() as connection:
            return _wish(connection, process, mark, who.account.user, role, place.now())

    def let_go() -> None:
        with place.database.write() as connection:
            stored = sql.place(connection, process)
            if stored is not None and stored.parked is not None:
                unpark(connection, process, who.account.user, place.now())

    if await run_in_threadpool(wish):
        return Restarted(process=process, engine=True)
    if not await place.engine.ping():
        return Restarted(process=process, engine=False)
    await run_in_threadpool(let_go)
    begun = await place.engine.restart(process)
    if begun:
        await run_in_threadpool(_note, place, process, mark, who.account.user, role)
    return Restarted(process=process, engine=begun)


def _wish(connection: Connection, process: str, mark: str, user: str, role: str, now: datetime) -> bool:
    """Note what is asked for; say whether the engine had taken this very wish before."""
    stored = sql.place(connection, process)
    if stored is None and not sql.registered(connection, process):
        raise refused("unknown_process", {"process": process})
    done = sql.restarts(connection, process, mark)
    if "restarted" in done:
        return True
    if "restart" not in done:
        why = (stored.parked if stored else None) or "asked_for"
        write_audit(connection, at=now, user=user, role=role, action="restart", subject=process, fields=[mark], why=why)
    return False


def _note(place: Services, process: str, mark: str, user: str, role: str) -> None:
    with place.database.write() as connection:
        write_audit(
            connection,
            at=place.now(),
            user=user,
            role=role,
            action="restarted",
            subject=process,
            fields=[mark],
            why="from_the_journal",
        )
