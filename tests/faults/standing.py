"""What Temporal says of the runs between which something is owed: a run under faults that does not settle has to explain itself."""

from collections.abc import AsyncIterator
from typing import Any

from sqlalchemy import select
from temporalio.client import Client
from temporalio.service import RPCError

from domain.deciders import DECIDERS
from storage.models import EffectRow, table
from storage.unit_of_work import Database


async def standing(address: str, database: Database) -> list[str]:
    """One line for each process that owes an effect, and for each that is to be told."""
    e = table(EffectRow)
    with database.read() as connection:
        owed = connection.execute(select(e.c.process, e.c.target).where(e.c.status == "planned")).all()
    client = await Client.connect(address)
    processes = dict.fromkeys(p for row in owed for p in row if p.partition("/")[0] in DECIDERS)
    return [line async for line in _told(client, processes)]


async def _told(client: Client, processes: dict[str, None]) -> AsyncIterator[str]:
    for process in processes:
        try:
            found = (await client.get_workflow_handle(process).describe()).raw_description
        except RPCError as error:
            yield f"{process}: {error}"
            continue
        info, task = found.workflow_execution_info, found.pending_workflow_task
        yield f"{process}: status {info.status}, {info.history_length} events, its task {_short(task)}"
        for activity in found.pending_activities:
            yield f"{process}: pending {_short(activity)}"


def _short(message: Any) -> str:
    return " ".join(str(message).split())[:1500]
