"""An operator's command for the production Temporal server of one machine: `python -m cli.servers.operate start --data DIR`.

The database comes from `TEMPORAL_DATABASE_URL` (`postgresql://user:password@host:port/`), so that no password stands in a
list of processes. What runs is noted in DIR: `stop` and `status` look there and touch no other process.
"""

import argparse
import contextlib
import json
import os
import signal
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TextIO

from cli.servers.process import ServerError
from cli.servers.production import PORTS, ProductionServer, bring_schema, find_production

DATABASE: Final = "TEMPORAL_DATABASE_URL"
STOP_SECONDS: Final = 30.0
POLL_SECONDS: Final = 0.1


@dataclass(frozen=True)
class Noted:
    """The server an earlier `start` left running: its process id and its ports."""

    pid: int
    ports: Mapping[str, int]

    @property
    def alive(self) -> bool:
        """Whether that process still is a production server of the cache: the id may have gone to somebody else."""
        with contextlib.suppress(OSError):
            return b"/temporal-server-" in Path(f"/proc/{self.pid}/cmdline").read_bytes().partition(b"\0")[0]
        return False


def noted(directory: Path) -> Noted | None:
    """Return the server that was started in a directory, if it lives."""
    file = directory / "temporal-server.json"
    if not file.exists():
        return None
    found = Noted(**json.loads(file.read_text(encoding="utf-8")))
    return found if found.alive else None


def build(_: argparse.Namespace) -> int:
    """Build the programs, or find them in the cache."""
    _say(str(find_production(_say).server))
    return 0


def schema(_: argparse.Namespace) -> int:
    """Make the databases and bring their schemas to this version."""
    bring_schema(_database())
    return 0


def start(args: argparse.Namespace) -> int:
    """Bring the schema, start the server and leave it running."""
    directory: Path = args.data.resolve()
    if (running := noted(directory)) is not None:
        _say(f"it runs already: {running.pid}", to=sys.stderr)
        return 1
    find_production(_say)
    server = ProductionServer.start(directory, _database(), ports=PORTS)
    file = directory / "temporal-server.json"
    file.write_text(json.dumps({"pid": server.pid, "ports": server.ports}), encoding="utf-8")
    _say(f"{server.address} · {server.pid} · {server.log_file}")
    return 0


def stop(args: argparse.Namespace) -> int:
    """Stop the server in order; kill it when it has not ended after 30 s. Exit 1 when there is none."""
    running = noted(args.data.resolve())
    if running is None:
        _say("none runs here", to=sys.stderr)
        return 1
    _send(running.pid, signal.SIGTERM)
    deadline = time.monotonic() + STOP_SECONDS
    while running.alive and time.monotonic() < deadline:
        time.sleep(POLL_SECONDS)
    if running.alive:
        _send(running.pid, signal.SIGKILL)
    return 0


def status(args: argparse.Namespace) -> int:
    """Say whether the server runs and where. Exit 1 when it does not."""
    running = noted(args.data.resolve())
    _say("none runs here" if running is None else f"127.0.0.1:{running.ports['FRONTEND_GRPC_PORT']} · {running.pid}")
    return 1 if running is None else 0


COMMANDS: Final[Mapping[str, Callable[[argparse.Namespace], int]]] = {
    "build": build,
    "schema": schema,
    "start": start,
    "stop": stop,
    "status": status,
}


def _say(text: str, to: TextIO | None = None) -> None:
    (to or sys.stdout).write(f"{text}\n")


def _database() -> str:
    url = os.environ.get(DATABASE)
    if not url:
        raise ServerError(f"set {DATABASE}=postgresql://user:password@127.0.0.1:5432/")
    return url


def _send(pid: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)


def main() -> int:
    """Read the command line and do it; errors are one text on stderr and exit code 1."""
    parser = argparse.ArgumentParser(prog="python -m cli.servers.operate", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    for name, act in COMMANDS.items():
        command = commands.add_parser(name, help=(act.__doc__ or "").partition("\n")[0])
        if name in {"start", "stop", "status"}:
            command.add_argument("--data", type=Path, required=True, help="where log, process id and settings are kept")
    args = parser.parse_args()
    try:
        return COMMANDS[args.command](args)
    except ServerError as error:
        _say(str(error), to=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
