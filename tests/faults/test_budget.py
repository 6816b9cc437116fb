"""An outage of our own is not charged to a department: its budget of tries is for what its system does."""

import asyncio
import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from sqlalchemy import update
from temporalio.client import Client

from activities import journal
from activities.signatures import EffectOrder
from cli import servers
from domain.signing import new_secret
from storage.models import EffectRow, IncidentRow, UnitRow, table
from storage.unit_of_work import Database
from tests.factories.city import found_city, rows
from tests.factories.engine import engine_on, until
from worker.plugin import plugin

OUTAGE = timedelta(seconds=9)


class System(BaseHTTPRequestHandler):
    """A department system that fails twice, then takes everything."""

    failures = 0
    heard = 0

    def do_POST(self) -> None:
        type(self).heard += 1
        self.rfile.read(int(self.headers["content-length"]))
        self.send_response(500 if type(self).heard <= type(self).failures else 202)
        self.end_headers()

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def address() -> Iterator[str]:
    System.heard, System.failures = 0, 2
    with HTTPServer(("127.0.0.1", 0), System) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()
        thread.join()


@pytest.fixture
def database(sqlite_url: str, address: str) -> Iterator[Database]:
    found = Database(sqlite_url)
    found_city(found)
    with found.write() as connection:
        connection.execute(update(table(UnitRow)).values(endpoint=address, secret=new_secret()))
    yield found
    found.close()


async def test_a_database_away_for_longer_than_a_departments_budget_makes_no_incident(
    temporal_server: servers.TemporalServer, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    order = journal._order

    def quick(*args: object, **more: object) -> EffectOrder:
        figures = {"tries": 3, "first_s": 1.0, "factor": 1.0, "longest_s": 1.0}
        return order(*args, **more).model_copy(update=figures)  # type: ignore[arg-type]

    monkeypatch.setattr(journal, "_order", quick)
    client = await Client.connect(temporal_server.address, plugins=[plugin(sandbox=True)])
    other = Database(database.url)
    async with engine_on(client, database) as engine:
        case = await (await engine.case()).dispatched()
        await until(lambda: System.heard == 1)

        def away() -> None:
            with other.write():
                time.sleep(OUTAGE.total_seconds())

        await asyncio.to_thread(away)
        await case.settled()
        assert {e.status for e in rows(database, EffectRow, process=case.process)} == {"done"}
        assert rows(database, IncidentRow) == []
        assert System.heard == 3
    other.close()
