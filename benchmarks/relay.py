"""What the relay's look costs: the questions it asks every few seconds, and those it finds when something is behind."""

import time
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from sqlalchemy import update

from benchmarks.filling import number
from storage import relay as sql
from storage.models import ProcessRow, table
from storage.unit_of_work import Database

BEHIND: Final = 500
MOST: Final = 500


def look(database: Database) -> tuple[dict[str, float], int]:
    """Ask as :class:`worker.relay.Relay` does; return the seconds of each question and how many processes are behind."""
    now = datetime.now(UTC)
    young, old = now - timedelta(seconds=8), now - timedelta(seconds=60)
    seconds: dict[str, float] = {}
    with database.read() as connection:
        found: Any = ()
        for name, ask in (
            ("requests without a case", lambda: sql.requests_without_case(connection, young, MOST)),
            ("undelivered decisions", lambda: sql.undelivered_commands(connection, young, MOST)),
            ("processes hanging", lambda: sql.processes_hanging(connection, old, MOST)),
            ("processes behind", lambda: sql.processes_behind(connection, old, MOST)),
        ):
            start = time.perf_counter()
            found = ask()
            seconds[name] = time.perf_counter() - start
    return seconds, len(found)


def put_behind(database: Database, cases: int) -> None:
    """Let the timers of some hundred copies have passed an hour ago."""
    p = table(ProcessRow)
    step = max(cases // BEHIND, 1)
    late = [f"case/{number(n)}" for n in range(1, cases + 1, step)][:BEHIND]
    with database.write() as connection:
        statement = update(p).where(p.c.id.in_(late), p.c.closed.is_(False))
        connection.execute(statement.values(next_timer_at=datetime.now(UTC) - timedelta(hours=1)))
