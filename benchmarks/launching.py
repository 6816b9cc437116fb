"""How every benchmark is started: flags, a folder of its own that is gone afterwards, an end that cannot abort."""

import argparse
import asyncio
import os
import signal
import sys
import tempfile
import traceback
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Final

DATABASES: Final = ("sqlite", "postgresql")


def flags(description: str | None) -> argparse.ArgumentParser:
    """Return a parser that knows ``--database``."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--database", choices=DATABASES, default=DATABASES[0])
    return parser


def _end(*_: object) -> None:
    """Take SIGTERM for a Ctrl-C: asyncio then cancels the work in order, and every server we started is stopped."""
    signal.raise_signal(signal.SIGINT)


def launch(
    parser: argparse.ArgumentParser, run: Callable[[argparse.Namespace, Path], Coroutine[None, None, None] | None]
) -> None:
    """Run with the flags of the command line in a fresh folder; exit 1 with the traceback when it fails.

    The SDK may abort while the interpreter ends, after all work is done (temporal.md, pitfall 18): leave without that.
    """
    args, code = parser.parse_args(), 0
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background job would ignore it
    signal.signal(signal.SIGTERM, _end)
    with tempfile.TemporaryDirectory(prefix="sanhuan-bench-") as folder:
        Path(folder).chmod(0o755)  # PostgreSQL runs as another user when we are root
        try:
            running = run(args, Path(folder))
            if running is not None:
                asyncio.run(running)
        except BaseException:  # noqa: BLE001 - told, then the folder is removed
            traceback.print_exc()
            code = 1
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)
