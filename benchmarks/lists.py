"""The lists a dispatcher lives with, asked through the API: how long each takes, and what its plan scans."""

import re
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final, cast

import httpx
from sqlalchemy import Connection, event

from api.app import create_app
from api.engine import Engine
from api.settings import Settings
from benchmarks.filling import number
from benchmarks.shapes import UNIT
from storage.accounts import find_account, open_session
from storage.unit_of_work import Database

DISPATCHER: Final = "dispatcher"
LIAISON: Final = f"liaison.{UNIT}"
ASKED: Final[Sequence[tuple[str, str, str, Mapping[str, str]]]] = (
    # what                      who         path                    parameters
    ("inbox", DISPATCHER, "/todos", {}),
    ("inbox, overdue", DISPATCHER, "/todos", {"due": "overdue"}),
    ("inbox, by number", DISPATCHER, "/todos", {"number": number(777)}),
    ("inbox counts", DISPATCHER, "/todos/counts", {}),
    ("a unit's inbox", LIAISON, "/todos", {}),
    ("cases", DISPATCHER, "/cases", {}),
    ("cases by due", DISPATCHER, "/cases", {"order": "due"}),
    ("cases of a stage", DISPATCHER, "/cases", {"stage": "triaged"}),
    ("cases, overdue", DISPATCHER, "/cases", {"overdue": "true"}),
    ("cases of a lead unit", DISPATCHER, "/cases", {"lead_unit": UNIT}),
    ("cases a unit works on", DISPATCHER, "/cases", {"unit": UNIT}),
    ("cases by number", DISPATCHER, "/cases", {"no": number(777)[:-1]}),
    ("a unit's cases", LIAISON, "/cases", {}),
    ("one case", DISPATCHER, f"/cases/{number(7)}", {}),
    ("its timeline", DISPATCHER, f"/cases/{number(7)}/events", {}),
    ("same words", DISPATCHER, f"/requests/{number(7)}/similar", {}),
)
PAGES: Final = frozenset({"inbox", "cases", "cases by due", "cases of a stage"})
"""Lists whose tenth page is asked for too."""


Statement = tuple[str, Any]
"""A statement and its parameters."""


@dataclass
class Desk:
    """The API on one database, with whoever asks signed in. ``heard`` are the statements of the last call."""

    database: Database
    http: httpx.AsyncClient
    tokens: Mapping[str, str]
    heard: list[Statement]

    async def ask(self, who: str, path: str, params: Mapping[str, str]) -> tuple[float, Any]:
        """Return wall seconds and the answer. RuntimeError when it is none."""
        self.heard.clear()
        start = time.perf_counter()
        response = await self.http.get(
            f"/api/v1{path}", params=dict(params), headers={"authorization": f"Bearer {self.tokens[who]}"}
        )
        wall = time.perf_counter() - start
        if response.status_code != 200:  # noqa: PLR2004 - HTTP OK
            raise RuntimeError(f"{path}: {response.status_code} {response.text[:200]}")
        return wall, response.json()


@asynccontextmanager
async def desk(url: str) -> AsyncIterator[Desk]:
    """Open the API on a database, in this process and without an engine: nothing here decides."""
    database = Database(url)
    heard: list[Statement] = []
    settings = Settings(database_url=url, rate_per_s=1e6, rate_burst=1e6)
    app = create_app(settings, database, cast("Engine", object()))

    @event.listens_for(database.engine, "before_cursor_execute")
    def _hear(_c: Any, _cursor: Any, statement: str, parameters: Any, _context: Any, _many: Any) -> None:
        heard.append((statement, parameters))

    now, tokens = datetime.now(UTC), {}
    with database.write() as connection:
        for user in (DISPATCHER, LIAISON):
            found = find_account(connection, user)
            if found is None:
                raise RuntimeError(f"the sample city has no {user}")
            tokens[user] = open_session(connection, found[0], now, timedelta(hours=4)).token
    transport = httpx.ASGITransport(app=app, client=("127.0.0.1", 1))
    async with httpx.AsyncClient(transport=transport, base_url="http://bench", timeout=60) as http:
        yield Desk(database, http, tokens, heard)
    database.close()


def plan(database: Database, statement: str, parameters: Any) -> list[str]:
    """Return how the database reads its tables for a statement: one line a table."""
    explain = "EXPLAIN QUERY PLAN " if database.sqlite else "EXPLAIN "
    with database.read() as connection:
        rows = _explained(connection, explain + statement, parameters)
    if database.sqlite:
        return [row[3] for row in rows if row[3].startswith(("SCAN", "SEARCH"))]
    lines = (str(row[0]).strip(" ->") for row in rows)
    return [re.sub(r"  \(cost.*", "", line) for line in lines if " Scan " in line]


def _explained(connection: Connection, statement: str, parameters: Any) -> Sequence[Any]:
    return connection.exec_driver_sql(statement, parameters).fetchall()


def full_scans(lines: Sequence[str]) -> list[str]:
    """Return the lines of a plan that read a whole table without an index."""
    whole = re.compile(r"Seq Scan|SCAN (?!CONSTANT ROW|\()(?!.*INDEX)")  # SQLite also scans rows it made itself
    return [line for line in lines if whole.match(line)]
