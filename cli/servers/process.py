"""A server as a child process in a process group of its own, and the small things all servers need."""

import contextlib
import fcntl
import os
import random
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

LOCALHOST = "127.0.0.1"
STOP_SECONDS = 15.0
POLL_SECONDS = 0.05
LOG_TAIL_CHARS = 2000
LOW: Final = range(12_000, 32_000)
"""Ports that Linux and macOS do not give to outgoing connections by default; Temporal's schema keeps none above 32767."""
_order: Final = iter(random.SystemRandom().sample(LOW, len(LOW)))


class ServerError(RuntimeError):
    """A server cannot be had or does not run; the text says what is missing and how to get it."""


def free_port() -> int:
    """A TCP port of 127.0.0.1 from `LOW` that nobody listens on at this moment; a process gets each of them once.

    An outgoing connection gets its port from above: one chosen there could be taken before its server starts, or
    while the server is down for a moment. Raises `ServerError` when there is none left.
    """
    for port in _order:
        if port_is_free(port):
            return port
    raise ServerError(f"no port of {LOCALHOST} from {LOW[0]} to {LOW[-1]} is free")


def port_is_free(port: int) -> bool:
    """Whether a server could listen on this port of 127.0.0.1 now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOCALHOST, port))
        except OSError:
            return False
    return True


def cache_dir() -> Path:
    """Where built and fetched servers are kept by version: `$XDG_CACHE_HOME/sanhuan`, else `~/.cache/sanhuan`."""
    base = os.environ.get("XDG_CACHE_HOME")
    path = (Path(base) if base else Path.home() / ".cache") / "sanhuan"
    path.mkdir(parents=True, exist_ok=True)
    return path


@contextlib.contextmanager
def exclusive(lock_file: Path) -> Iterator[None]:
    """Hold a lock across processes, so that two of them do not build the same thing."""
    lock_file.parent.mkdir(parents=True, exist_ok=True)
    with lock_file.open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def run_tool(command: Sequence[str | Path], *, env: Mapping[str, str] | None = None, cwd: Path | None = None) -> str:
    """Run a tool to its end and return its output; `ServerError` with the end of that output when it fails."""
    done = subprocess.run(
        [str(part) for part in command],
        env=env,
        cwd=cwd,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise ServerError(f"{Path(str(command[0])).name} failed ({done.returncode}): {done.stdout[-LOG_TAIL_CHARS:]}")
    return done.stdout


class Child:
    """One server process: its output goes to `log_file` (appended), its process group is its own.

    A Ctrl-C in the terminal does not reach it; whoever started it stops it.
    """

    def __init__(
        self,
        command: Sequence[str | Path],
        *,
        log_file: Path,
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
        user: int | None = None,
        group: int | None = None,
    ) -> None:
        self.log_file = log_file
        self.name = Path(str(command[0])).name
        with log_file.open("ab") as log:
            self._popen = subprocess.Popen(
                [str(part) for part in command],
                env=env,
                cwd=cwd,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                user=user,
                group=group,
                extra_groups=None if user is None else [],
            )

    @property
    def pid(self) -> int:
        """The process id, also the id of its process group."""
        return self._popen.pid

    @property
    def running(self) -> bool:
        """Whether the process lives."""
        return self._popen.poll() is None

    def wait_until(self, ready: Callable[[], bool], seconds: float) -> None:
        """Return when `ready()` is true.

        `ServerError` with the end of the log when the process dies or takes longer; then nothing of it is left.
        """
        try:
            self._poll_until(ready, seconds)
        except BaseException:
            self.kill()
            raise

    def _poll_until(self, ready: Callable[[], bool], seconds: float) -> None:
        end = time.monotonic() + seconds
        while not ready():
            if not self.running:
                raise ServerError(f"{self.name} ended at its start ({self._popen.returncode}): {self.log_tail()}")
            if time.monotonic() > end:
                raise ServerError(f"{self.name} was not ready after {seconds:.0f} s: {self.log_tail()}")
            time.sleep(POLL_SECONDS)

    def wait(self, seconds: float) -> int:
        """Wait for the end and return the exit code; `ServerError` when it takes longer (the group is killed)."""
        try:
            return self._popen.wait(seconds)
        except subprocess.TimeoutExpired as error:
            self.kill()
            raise ServerError(f"{self.name} had not ended after {seconds:.0f} s: {self.log_tail()}") from error

    def stop(self, how: signal.Signals = signal.SIGTERM) -> None:
        """Ask the process to end, wait, and kill its group when it has not ended after 15 seconds."""
        if self.running:
            self._popen.send_signal(how)
            try:
                self._popen.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self.kill()

    def kill(self) -> None:
        """Kill the whole group at once (-9), as a crash would."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._popen.pid, signal.SIGKILL)
        self._popen.wait()

    def log_tail(self) -> str:
        """The end of what the process has written."""
        return self.log_file.read_text(encoding="utf-8", errors="replace")[-LOG_TAIL_CHARS:]
