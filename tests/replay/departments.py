"""Department systems of the recording: some units have one, and a shape says how it answers for its case."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final

from sqlalchemy import update

from domain.signing import new_secret
from storage.models import UnitRow, table
from storage.unit_of_work import Database

WITH_SYSTEM: Final = ("water", "parks")
OK, REJECTS = 200, 400


class Departments:
    """Answers 200, unless a case is to be rejected."""

    def __init__(self) -> None:
        self.rejected: set[str] = set()
        self.url = ""

    def answer(self, message: dict[str, Any]) -> int:
        """The HTTP status for a message."""
        return REJECTS if message["data"]["case"] in self.rejected else OK

    def join(self, database: Database) -> None:
        """Give the units their systems."""
        unit = table(UnitRow)
        with database.write() as connection:
            values = {"endpoint": self.url, "secret": new_secret()}
            connection.execute(update(unit).where(unit.c.code.in_(WITH_SYSTEM)).values(**values))


@contextmanager
def departments() -> Iterator[Departments]:
    """Department systems on a free port."""
    found = Departments()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.send_response(found.answer(json.loads(self.rfile.read(int(self.headers["content-length"])))))
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    found.url = f"http://127.0.0.1:{server.server_port}/messages"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield found
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
