"""Where measurements run: Sanhuan's database and a Temporal server beside it, fresh and on the loopback.

``sqlite`` is the embedded set-up (SQLite and the development server on a file), ``postgresql`` that of an installation: one
PostgreSQL that waits for its disk, for the journal and for the production Temporal server with 512 shards.
"""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cli import servers
from cli.load import load, migrate

POSTGRES: Final[Mapping[str, str]] = {"shared_buffers": "512MB", "max_connections": "300"}
"""As the peers were measured (peers.md B3); fsync and synchronous_commit stay on."""


@dataclass(frozen=True)
class Place:
    """Addresses, and the processes whose CPU counts as the server's."""

    database: str
    server: str
    url: str
    address: str
    pids: Mapping[str, int]


@contextmanager
def database(
    kind: str, data: Path, *, pack: str = "haikou", departments: str | None = None
) -> Iterator[tuple[str, int]]:
    """Make a migrated database with the sample city; yield its URL and the id of its server's process (0 for SQLite)."""
    with ExitStack() as exits:
        url, pid = f"sqlite:///{data / 'bench.db'}", 0
        if kind == "postgresql":
            server = exits.enter_context(servers.PostgresServer.start(data / "postgres", settings=POSTGRES))
            url, pid = server.createdb("bench"), server.pid or 0
        migrate(url)
        load(url, pack=pack, departments=departments)
        yield url, pid


@contextmanager
def place(kind: str, data: Path, *, server: str = "", pack: str = "haikou") -> Iterator[Place]:
    """Start a database and a server: ``server`` is ``dev`` or ``production``, empty for the one that goes with the database."""
    server = server or {"sqlite": "dev", "postgresql": "production"}[kind]
    with database(kind, data, pack=pack) as (url, postgres), ExitStack() as exits:
        temporal: servers.TemporalServer | servers.ProductionServer
        if server == "production":
            temporal = servers.ProductionServer.start(data / "temporal", url)
            exits.enter_context(temporal)
        else:
            temporal = exits.enter_context(servers.TemporalServer.start(data / "temporal.db"))
        pids = {"temporal": temporal.pid or 0} | ({"postgresql": postgres} if postgres else {})
        yield Place(kind, server, url, temporal.address, pids)
