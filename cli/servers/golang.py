"""Programs built with Go from a module of `deploy/`, kept in the cache under a name that says what they were built from."""

import hashlib
import os
import re
import shutil
from collections.abc import Sequence
from pathlib import Path

from cli.servers.process import ServerError, cache_dir, run_tool

DEPLOY = Path(__file__).parents[2] / "deploy"


def cached(module: Path, dependency: str, name: str) -> Path:
    """Where a build of `module` is kept: named by the version of its main `dependency` and by the module files."""
    files = [module / "go.mod", module / "go.sum"]
    digest = hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()[:12]
    found = re.search(rf"{re.escape(dependency)} (v\S+)", files[0].read_text(encoding="utf-8"))
    version = found.group(1) if found else "unknown"
    return cache_dir() / f"{name}-{version}-{digest}"


def build(module: Path, packages: Sequence[str], target: Path) -> None:
    """Build `packages` to `target`, at once or not at all: a file for one package, a folder for several.

    Raises `ServerError` without Go and when the build fails.
    """
    go = shutil.which("go")
    if go is None:
        raise ServerError("there is no Go on the PATH")
    unfinished = target.with_name(f"{target.name}.{os.getpid()}")
    several = len(packages) > 1
    if several:
        unfinished.mkdir()
    try:
        run_tool([go, "build", "-C", module, "-o", unfinished, *packages])
        unfinished.replace(target)
    finally:
        if several:
            shutil.rmtree(unfinished, ignore_errors=True)
        else:
            unfinished.unlink(missing_ok=True)
