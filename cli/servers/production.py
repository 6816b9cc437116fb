"""The Temporal server of an installation: v1.31.2 on PostgreSQL, built from `deploy/server`, on the loopback of one machine.

`python -m cli.servers.operate` is an operator's command; `ProductionServer` is the same for programs. The development server
(`cli.servers.temporal`) is for trying and for tests: one shard, SQLite, no promises.

The database is named by one URL, `postgresql://user:password@host:port/`: its two databases, `temporal` and
`temporal_visibility`, are made there, so the account needs the right to create databases, or somebody makes them before. The
visibility schema needs PostgreSQL's extension btree_gin.
"""

import contextlib
import os
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from cli.servers import golang
from cli.servers.process import LOCALHOST, Child, ServerError, cache_dir, exclusive, free_port, run_tool
from cli.servers.temporal import SEARCH_ATTRIBUTES, Say, find_temporal, silent

GO_MODULE: Final = golang.DEPLOY / "server"
SERVER: Final = "go.temporal.io/server"
PACKAGES: Final = (f"{SERVER}/cmd/server", f"{SERVER}/cmd/tools/sql")
SHARDS: Final = 512
RETENTION: Final = "720h"
START_SECONDS: Final = 90.0
ANSWER_SECONDS: Final = 60.0
ATTEMPTS: Final = 3
SCHEMAS: Final[Mapping[str, str]] = {
    "temporal": "postgresql/v12/temporal",
    "temporal_visibility": "postgresql/v12/visibility",
}
"""Database → its schema among those the tool carries."""

PORTS: Final[Mapping[str, int]] = {
    "FRONTEND_GRPC_PORT": 7233,
    "FRONTEND_HTTP_PORT": 7243,
    "HISTORY_GRPC_PORT": 7234,
    "MATCHING_GRPC_PORT": 7235,
    "WORKER_GRPC_PORT": 7239,
    "FRONTEND_MEMBERSHIP_PORT": 6933,
    "HISTORY_MEMBERSHIP_PORT": 6934,
    "MATCHING_MEMBERSHIP_PORT": 6935,
    "WORKER_MEMBERSHIP_PORT": 6939,
}
"""The ports of an installation, by the variable that names them in `deploy/server/config.yaml`."""

PASSED_ON: Final = (
    "LOG_LEVEL",
    "PROMETHEUS_ENDPOINT",
    "SQL_MAX_CONNS",
    "SQL_TLS_ENABLED",
    "SQL_CA",
    "SQL_CERT",
    "SQL_CERT_KEY",
    "SQL_HOST_VERIFICATION",
    "SQL_HOST_NAME",
)
"""What an operator may set in the environment beside the URL; `deploy/server/config.yaml` says what each does."""

HOW_TO_GET: Final = (
    "The production Temporal server is built with Go (the version named in deploy/server/go.mod or newer), "
    "once, in some minutes."
)


@dataclass(frozen=True)
class Programs:
    """The two programs of one build."""

    server: Path
    sql: Path


@dataclass(frozen=True)
class Where:
    """A PostgreSQL account from its URL. Raises `ServerError` when the URL names no host and user."""

    host: str
    port: int
    user: str
    password: str

    @classmethod
    def of(cls, url: str) -> Self:
        """Read `postgresql://user:password@host:port/…`; a driver in the scheme and a database are ignored."""
        parts = urllib.parse.urlsplit(url)
        if not parts.scheme.startswith("postgresql") or not parts.hostname or not parts.username:
            raise ServerError("the server's database is a URL like postgresql://user:password@127.0.0.1:5432/")
        return cls(
            host=parts.hostname,
            port=parts.port or 5432,
            user=urllib.parse.unquote(parts.username),
            password=urllib.parse.unquote(parts.password or ""),
        )


def find_production(say: Say = silent) -> Programs:
    """The programs, built once and kept in the cache. Raises `ServerError`, which says what is missing."""
    home = built_path()
    with exclusive(cache_dir() / "temporal-server.lock"):
        if not home.exists():
            say("building the production Temporal server with Go: some minutes, once")
            try:
                golang.build(GO_MODULE, PACKAGES, home)
            except ServerError as error:
                raise ServerError(f"{HOW_TO_GET}\nThe build was tried: {error}") from error
    return Programs(home / "server", home / "sql")


def built_path() -> Path:
    """The folder of the build, whether it is there or not."""
    return golang.cached(GO_MODULE, SERVER, "temporal-server")


def free_ports() -> dict[str, int]:
    """Choose ports of 127.0.0.1 that nobody listens on at this moment."""
    return {name: free_port() for name in PORTS}


def bring_schema(url: str) -> None:
    """Make both databases where they do not exist and bring their schemas to this version. May be repeated.

    Raises `ServerError` with the tool's words.
    """
    where, sql = Where.of(url), find_production().sql
    env = {
        "PATH": os.environ.get("PATH", ""),
        "SQL_PLUGIN": "postgres12",
        "SQL_HOST": where.host,
        "SQL_PORT": str(where.port),
        "SQL_USER": where.user,
        "SQL_PASSWORD": where.password,
        **{name: value for name, value in os.environ.items() if name.startswith("SQL_TLS")},
    }
    for database, schema in SCHEMAS.items():
        tool: list[str | Path] = [sql, "--database", database]
        with contextlib.suppress(ServerError):  # an account that may not create finds it there, or the next step fails
            run_tool([*tool, "create-database"], env=env)
        run_tool([*tool, "setup-schema", "-v", "0.0"], env=env)
        run_tool([*tool, "update-schema", "--schema-name", schema], env=env)


class ProductionServer:
    """The server as a process of its own on 127.0.0.1. `directory` keeps its log, its process id and its dynamic settings.

    `kill` and `restart` are for fault tests; all that the server knows is in its database.
    """

    def __init__(
        self,
        directory: Path,
        url: str,
        *,
        ports: Mapping[str, int] | None = None,
        namespace: str = "default",
        search_attributes: Mapping[str, str] = SEARCH_ATTRIBUTES,
    ) -> None:
        self.directory = directory
        self.namespace = namespace
        self.ports = dict(ports or free_ports())
        self._may_move = ports is None
        self._where = Where.of(url)
        self._url = url
        self._search_attributes = search_attributes
        self._child: Child | None = None

    @classmethod
    def start(cls, directory: Path, url: str, *, ports: Mapping[str, int] | None = None) -> Self:
        """Bring the schema, start, make namespace and search attributes; return when clients succeed.

        Without `ports` any free ones are taken. `ServerError` otherwise.
        """
        server = cls(directory, url, ports=ports)
        bring_schema(url)
        server.restart()
        try:
            server.register()
        except BaseException:
            server.stop()
            raise
        return server

    @property
    def address(self) -> str:
        """host:port for clients and workers."""
        return f"{LOCALHOST}:{self.ports['FRONTEND_GRPC_PORT']}"

    @property
    def log_file(self) -> Path:
        """What the server writes."""
        return self.directory / "temporal-server.log"

    @property
    def pid(self) -> int | None:
        """The id of the process, None when it does not run."""
        return self._child.pid if self._child is not None and self._child.running else None

    @property
    def running(self) -> bool:
        """Whether the process lives."""
        return self.pid is not None

    def restart(self) -> None:
        """Start on the same database; a running server is stopped first. Moves to other ports if somebody took one."""
        self.stop()
        self.directory.mkdir(parents=True, exist_ok=True)
        for attempt in range(1, ATTEMPTS + 1):
            try:
                self._run()
            except ServerError as error:
                if not self._may_move or attempt == ATTEMPTS or "address already in use" not in str(error):
                    raise
                self.ports = free_ports()
            else:
                return

    def register(self) -> None:
        """Make the namespace and its search attributes where they are missing, and wait until the server knows them."""
        cli: list[str | Path] = [find_temporal(), "operator", "--address", self.address, "--namespace", self.namespace]
        if not self._answers(f"namespaces/{self.namespace}"):
            run_tool([*cli, "namespace", "create", "--retention", RETENTION])
        self._wait_for([""])
        known = run_tool([*cli, "search-attribute", "list"])
        missing = [name for name in self._search_attributes if name not in known.split()]
        if missing:
            flags = [part for name in missing for part in ("--name", name, "--type", self._search_attributes[name])]
            run_tool([*cli, "search-attribute", "create", *flags])
        self._wait_for([f"{name} = 'x'" for name in self._search_attributes])

    def _wait_for(self, queries: Sequence[str]) -> None:
        """Wait until all queries are answered: the server keeps namespaces in memory and looks again every some seconds."""
        paths = [f"namespaces/{self.namespace}/workflows?query={urllib.parse.quote(query)}" for query in queries]
        end = time.monotonic() + ANSWER_SECONDS
        while not all(self._answers(path) for path in paths):
            if time.monotonic() > end:
                raise ServerError(
                    f"the server does not know {self.namespace} and its attributes after {ANSWER_SECONDS} s"
                )
            time.sleep(0.2)

    def stop(self) -> None:
        """Stop in order."""
        if self._child is not None:
            self._child.stop()

    def kill(self) -> None:
        """Kill the process (-9)."""
        if self._child is not None:
            self._child.kill()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _run(self) -> None:
        dynamic = self.directory / "dynamicconfig.yaml"
        if not dynamic.exists():
            dynamic.write_text((GO_MODULE / "dynamicconfig.yaml").read_text(encoding="utf-8"), encoding="utf-8")
        env = {
            "PATH": os.environ.get("PATH", ""),
            "HOME": str(self.directory),
            "POSTGRES_SEEDS": self._where.host,
            "DB_PORT": str(self._where.port),
            "POSTGRES_USER": self._where.user,
            "POSTGRES_PWD": self._where.password,
            "NUM_HISTORY_SHARDS": str(SHARDS),
            "DYNAMIC_CONFIG_FILE_PATH": str(dynamic),
            **{name: str(port) for name, port in self.ports.items()},
            **{name: value for name, value in os.environ.items() if name in PASSED_ON},
        }
        command: list[str | Path] = [
            find_production().server,
            "--config-file",
            GO_MODULE / "config.yaml",
            "--allow-no-auth",
            "start",
        ]
        self._child = Child(command, log_file=self.log_file, env=env, cwd=self.directory)
        self._child.wait_until(lambda: self._answers("namespaces/temporal-system"), START_SECONDS)

    def _answers(self, path: str) -> bool:
        """Whether a GET of the frontend's HTTP API succeeds."""
        url = f"http://{LOCALHOST}:{self.ports['FRONTEND_HTTP_PORT']}/api/v1/{path}"
        try:
            with urllib.request.urlopen(url, timeout=2) as response:
                return bool(response.status == 200)  # noqa: PLR2004 - HTTP OK
        except (urllib.error.URLError, OSError):
            return False
