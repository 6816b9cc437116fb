"""A Temporal development server: found or built, run on a file, killed and started again on the same file.

The order of architecture section 6: an address is given (`TEMPORAL_ADDRESS`), `temporal` on the PATH, the download the
SDK knows, a build from `deploy/temporal/go.mod` with Go. What was downloaded or built is kept in the cache.
"""

import asyncio
import json
import os
import shutil
import socket
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from cli.servers import golang
from cli.servers.process import LOCALHOST, Child, ServerError, cache_dir, exclusive, free_port

GO_MODULE = golang.DEPLOY / "temporal"
CLI_PACKAGE = "github.com/temporalio/cli/cmd/temporal"
DOWNLOAD_HOST = "temporal.download"
REACH_SECONDS = 3.0
DOWNLOAD_SECONDS = 180.0
START_SECONDS = 60.0
ATTEMPTS = 3

SEARCH_ATTRIBUTES: Mapping[str, str] = dict.fromkeys(
    ("CaseStage", "Ring", "District", "LeadUnit", "CaseKind", "Triage", "Urgency", "Pack"), "Keyword"
)
"""What lists in the Temporal UI can be filtered by: name → type."""

HOW_TO_GET = (
    "No Temporal server. Any one of these helps: set TEMPORAL_ADDRESS=host:port to a running server; put the Temporal "
    "CLI (`temporal`) on the PATH; give this machine access to the SDK's download; install Go (the version named in "
    "deploy/temporal/go.mod or newer), from which it is built once in 1 to 3 minutes."
)

Say = Callable[[str], None]


def silent(_: str) -> None:
    """Say nothing."""


def given_address() -> str | None:
    """The address of a server that somebody else runs, from `TEMPORAL_ADDRESS`."""
    return os.environ.get("TEMPORAL_ADDRESS") or None


def find_temporal(say: Say = silent) -> Path:
    """The server's program: on the PATH, in the cache, downloaded, or built (minutes).

    Raises `ServerError`, which says how to get one.
    """
    on_path = shutil.which("temporal")
    if on_path:
        return Path(on_path)
    with exclusive(cache_dir() / "temporal.lock"):
        program = cached_temporal() or _download(say) or _build(say)
    if program is None:
        raise ServerError(HOW_TO_GET)
    return program


def cached_temporal() -> Path | None:
    """The program of an earlier build or download, if there is one for this version of the project."""
    if built_path().exists():
        return built_path()
    return _downloaded()


def built_path() -> Path:
    """Where the build goes: named by the CLI's version and the module files it was built from."""
    return golang.cached(GO_MODULE, "github.com/temporalio/cli", "temporal")


def _download_dir() -> Path:
    return cache_dir() / "temporal-download"


def _downloaded() -> Path | None:
    found = [path for path in _download_dir().glob("*") if path.is_file() and os.access(path, os.X_OK)]
    return max(found, key=lambda path: path.stat().st_mtime, default=None)


def download_reachable() -> bool:
    """Whether the host that the SDK downloads from answers within three seconds."""
    try:
        socket.create_connection((DOWNLOAD_HOST, 443), timeout=REACH_SECONDS).close()
    except OSError:
        return False
    return True


def _download(say: Say) -> Path | None:
    """Let the SDK download the program; None when its host cannot be reached within seconds."""
    if not download_reachable():
        return None
    say("downloading a Temporal server")
    try:
        asyncio.run(asyncio.wait_for(_start_once_through_sdk(), DOWNLOAD_SECONDS))
    except (ImportError, RuntimeError, TimeoutError) as error:
        say(f"the download failed: {error}")
        return None
    return _downloaded()


async def _start_once_through_sdk() -> None:
    from temporalio.testing import WorkflowEnvironment  # noqa: PLC0415 - doctor runs without the environment

    _download_dir().mkdir(exist_ok=True)
    async with await WorkflowEnvironment.start_local(download_dest_dir=str(_download_dir())):
        pass


def _build(say: Say) -> Path | None:
    """Build the program with Go; None without Go, `ServerError` when the build fails."""
    if shutil.which("go") is None:
        return None
    say("building a Temporal server with Go: 1 to 3 minutes, once")
    try:
        golang.build(GO_MODULE, [CLI_PACKAGE], built_path())
    except ServerError as error:
        raise ServerError(f"{HOW_TO_GET}\nThe build with Go was tried: {error}") from error
    return built_path()


class TemporalServer:
    """A development server on 127.0.0.1, with its UI, as a child process; everything it knows is in `data_file`.

    `stop` and `kill` keep the file and the ports, `restart` goes on with both. Without a file it forgets everything.
    """

    def __init__(
        self,
        data_file: Path | None,
        *,
        port: int = 0,
        ui_port: int = 0,
        namespace: str = "default",
        search_attributes: Mapping[str, str] = SEARCH_ATTRIBUTES,
        dynamic_config: Mapping[str, object] | None = None,
        log_file: Path | None = None,
    ) -> None:
        if log_file is None and data_file is None:
            raise ValueError("a server without a data file needs a log file")
        self.namespace = namespace
        self.log_file = log_file or (data_file or Path()).with_suffix(".log")
        self._data_file = data_file
        self._search_attributes = search_attributes
        self._dynamic_config = dynamic_config or {}
        self._asked_ports = (port, ui_port)
        self._ports = (port, ui_port, 0)
        self._child: Child | None = None

    @classmethod
    def start(
        cls,
        data_file: Path | None,
        port: int = 0,
        ui_port: int = 0,
        namespace: str = "default",
        search_attributes: Mapping[str, str] = SEARCH_ATTRIBUTES,
        *,
        dynamic_config: Mapping[str, object] | None = None,
        log_file: Path | None = None,
    ) -> Self:
        """Start a server and return when it answers; a port of 0 means any free one. `ServerError` otherwise."""
        server = cls(
            data_file,
            port=port,
            ui_port=ui_port,
            namespace=namespace,
            search_attributes=search_attributes,
            dynamic_config=dynamic_config,
            log_file=log_file,
        )
        server._start_on_free_ports(find_temporal())
        return server

    @property
    def address(self) -> str:
        """host:port for clients and workers."""
        return f"{LOCALHOST}:{self._ports[0]}"

    @property
    def ui_address(self) -> str:
        """The address of the Temporal UI."""
        return f"http://{LOCALHOST}:{self._ports[1]}"

    @property
    def pid(self) -> int | None:
        """The id of the process, None when it does not run."""
        return self._child.pid if self._child is not None and self._child.running else None

    @property
    def running(self) -> bool:
        """Whether the process lives."""
        return self.pid is not None

    def stop(self) -> None:
        """Stop in order."""
        if self._child is not None:
            self._child.stop()

    def kill(self) -> None:
        """Kill the process (-9)."""
        if self._child is not None:
            self._child.kill()

    def restart(self) -> None:
        """Start again on the same file and the same ports; a running server is stopped first."""
        self.stop()
        self._run(find_temporal())

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _start_on_free_ports(self, program: Path) -> None:
        """Try other ports when somebody took a free one in between; ports that were asked for are not changed."""
        port, ui_port = self._asked_ports
        for attempt in range(1, ATTEMPTS + 1):
            self._ports = (port or free_port(), ui_port or free_port(), free_port())
            try:
                self._run(program)
            except ServerError as error:
                if attempt == ATTEMPTS or "address already in use" not in str(error):
                    raise
            else:
                return

    def _run(self, program: Path) -> None:
        port, ui_port, http_port = self._ports
        command: list[str | Path] = [program, "server", "start-dev", "--ip", LOCALHOST, "--ui-ip", LOCALHOST]
        command += ["--port", str(port), "--ui-port", str(ui_port), "--http-port", str(http_port)]
        command += ["--namespace", self.namespace, "--log-level", "warn", "--log-format", "json"]
        if self._data_file is not None:
            command += ["--db-filename", self._data_file]
            command += ["--sqlite-pragma", "journal_mode=WAL", "--sqlite-pragma", "synchronous=NORMAL"]
        for name, kind in self._search_attributes.items():
            command += ["--search-attribute", f"{name}={kind}"]
        for key, value in self._dynamic_config.items():
            command += ["--dynamic-config-value", f"{key}={json.dumps(value)}"]
        self.log_file.parent.mkdir(parents=True, exist_ok=True)
        self._child = Child(command, log_file=self.log_file)
        self._child.wait_until(self._answers, START_SECONDS)

    def _answers(self) -> bool:
        """Whether the frontend knows the namespace: only then do clients and workers succeed."""
        url = f"http://{LOCALHOST}:{self._ports[2]}/api/v1/namespaces/{self.namespace}"
        try:
            with urllib.request.urlopen(url, timeout=1) as response:
                return bool(response.status == 200)  # noqa: PLR2004 - HTTP OK
        except (urllib.error.URLError, OSError):
            return False
