"""`sanhuan faults`: the same scripts in calm and under faults, by a program of the test tree (nothing here imports tests)."""

import os
import sys
from pathlib import Path
from typing import NoReturn

from cli.load import ROOT


def become(
    *, seed: int, kills: int, cases: int, postgres: bool, keep: Path | None, messages: Path | None = None
) -> NoReturn:
    """Turn this process into the fault harness; its exit code is 0 only when all is clean."""
    command = [sys.executable, "-m", "tests.faults", "--seed", str(seed), "--kills", str(kills), "--cases", str(cases)]
    command += ["--postgres"] if postgres else []
    command += ["--messages", str(messages.resolve())] if messages else []
    command += ["--keep", str(keep.resolve())] if keep else []
    os.chdir(ROOT)
    os.execv(sys.executable, command)  # noqa: S606 - no shell, and signals reach the harness itself
