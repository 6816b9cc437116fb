"""A throw-away PostgreSQL cluster in a directory, for tests, demos and benchmarks."""

import contextlib
import os
import pwd
import re
import secrets
import shutil
import signal
import stat
import urllib.parse
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from cli.servers.process import LOCALHOST, Child, ServerError, free_port, run_tool

DEBIAN_BINARIES = Path("/usr/lib/postgresql")
SUPERUSER = "sanhuan"
START_SECONDS = 60.0
UNPRIVILEGED = ("postgres", "nobody")

THROW_AWAY: Mapping[str, str] = {"fsync": "off", "full_page_writes": "off"}
"""Commits survive a killed server, not a power cut: fit for tests. Benchmarks pass {} and wait for the disk."""

HOW_TO_GET = "No PostgreSQL programs (initdb, postgres). Install the package, for example: apt-get install postgresql"


def find_postgres_bin() -> Path:
    """The directory with initdb and postgres: the PATH first, then the newest of /usr/lib/postgresql/*/bin."""
    on_path = shutil.which("initdb")
    if on_path and (Path(on_path).resolve().parent / "postgres").exists():
        return Path(on_path).resolve().parent
    found = [path.parent for path in DEBIAN_BINARIES.glob("*/bin/initdb")]
    if not found:
        raise ServerError(HOW_TO_GET)
    return max(found, key=lambda path: [int(number) for number in re.findall(r"\d+", path.parent.name)])


def _unprivileged_account() -> pwd.struct_passwd | None:
    """Whom the server runs as when we are root, which PostgreSQL refuses; None when we are not."""
    if os.geteuid() != 0:
        return None
    for name in UNPRIVILEGED:
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(name)
    raise ServerError(f"PostgreSQL does not run as root and there is none of the users {', '.join(UNPRIVILEGED)}")


class PostgresServer:
    """A cluster on 127.0.0.1 with a password of its own; `stop_hard` and `restart` are for fault tests."""

    def __init__(self, directory: Path, *, port: int = 0, settings: Mapping[str, str] = THROW_AWAY) -> None:
        self.directory = directory
        self.port = port or free_port()
        self._settings = settings
        self._bin = find_postgres_bin()
        self._account = _unprivileged_account()
        self._password = secrets.token_urlsafe(24)
        self._child: Child | None = None

    @classmethod
    def start(cls, directory: Path, port: int = 0, settings: Mapping[str, str] = THROW_AWAY) -> Self:
        """Make a cluster in `directory` (created, must be empty) and start it. `ServerError` says what is wrong."""
        server = cls(directory, port=port, settings=settings)
        server._initialise()
        server.restart()
        return server

    @property
    def data(self) -> Path:
        """PostgreSQL's data directory."""
        return self.directory / "data"

    @property
    def log_file(self) -> Path:
        """What the server writes."""
        return self.directory / "postgres.log"

    @property
    def pid(self) -> int | None:
        """The id of the server's first process, None when it does not run."""
        return self._child.pid if self._child is not None and self._child.running else None

    @property
    def running(self) -> bool:
        """Whether the server lives."""
        return self.pid is not None

    def url(self, database: str) -> str:
        """The SQLAlchemy URL of a database, password included."""
        password = urllib.parse.quote(self._password, safe="")
        return f"postgresql+psycopg://{SUPERUSER}:{password}@{LOCALHOST}:{self.port}/{database}"

    def createdb(self, name: str, template: str | None = None) -> str:
        """Create a database, as a copy of `template` if given (nobody may be connected to it), and return its URL."""
        self._client("createdb", *(() if template is None else ("--template", template)), name)
        return self.url(name)

    def dropdb(self, name: str) -> None:
        """Drop a database and whoever is connected to it; one that does not exist is fine."""
        self._client("dropdb", "--if-exists", "--force", name)

    def stop(self) -> None:
        """Stop in order, ending open connections."""
        if self._child is not None:
            self._child.stop(signal.SIGINT)

    def stop_hard(self) -> None:
        """Kill the server and all its processes (-9)."""
        if self._child is not None:
            self._child.kill()

    def restart(self) -> None:
        """Start on the same directory and port; a running server is stopped first. Recovers after `stop_hard`."""
        self.stop()
        settings = {"listen_addresses": LOCALHOST, "unix_socket_directories": "", "max_connections": "200"}
        settings |= self._settings
        command: list[str | Path] = [self._bin / "postgres", "-D", self.data, "-p", str(self.port)]
        for key, value in settings.items():
            command += ["-c", f"{key}={value}"]
        account = self._account
        self._child = Child(
            command,
            log_file=self.log_file,
            env=self._env(),
            cwd=self.directory,
            user=account.pw_uid if account else None,
            group=account.pw_gid if account else None,
        )
        self._child.wait_until(self._answers, START_SECONDS)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _initialise(self) -> None:
        self.directory.mkdir(parents=True, exist_ok=True)
        self._give_away()
        password_file = self.directory / "password"
        password_file.touch(mode=0o600)
        password_file.write_text(self._password, encoding="utf-8")
        if self._account is not None:
            os.chown(password_file, self._account.pw_uid, self._account.pw_gid)
        command: list[str | Path] = [self._bin / "initdb", "-D", self.data, "-U", SUPERUSER, "--no-instructions"]
        command += ["--encoding=UTF8", "--locale=C", "--auth=scram-sha-256", f"--pwfile={password_file}", "--no-sync"]
        self._as_account(command)
        password_file.unlink()

    def _as_account(self, command: list[str | Path]) -> None:
        """Run a tool as the account of the server."""
        account = self._account
        tool = Child(
            command,
            log_file=self.log_file,
            env=self._env(),
            cwd=self.directory,
            user=account.pw_uid if account else None,
            group=account.pw_gid if account else None,
        )
        if tool.wait(START_SECONDS) != 0:
            raise ServerError(f"{tool.name} failed: {tool.log_tail()}")

    def _give_away(self) -> None:
        """Make the directory the account's own; `ServerError` when the account cannot reach it."""
        if self._account is None:
            return
        closed = [path for path in self.directory.resolve().parents if not path.stat().st_mode & stat.S_IXOTH]
        if closed:
            raise ServerError(f"{self._account.pw_name} cannot enter {closed[-1]}; choose a directory below /tmp")
        os.chown(self.directory, self._account.pw_uid, self._account.pw_gid)

    def _env(self) -> dict[str, str]:
        return {"PATH": os.environ.get("PATH", ""), "HOME": str(self.directory), "LC_ALL": "C", "TZ": "UTC"}

    def _client(self, program: str, *arguments: str) -> str:
        where = ("--host", LOCALHOST, "--port", str(self.port), "--username", SUPERUSER)
        env = self._env() | {"PGPASSWORD": self._password}
        return run_tool([self._bin / program, *where, *arguments], env=env)

    def _answers(self) -> bool:
        try:
            run_tool([self._bin / "pg_isready", "--quiet", "--host", LOCALHOST, "--port", str(self.port)])
        except ServerError:
            return False
        return True
