"""Temporal's Java test server, which skips time: its jars fetched by Maven, with the wrapper script the SDK starts."""

import os
import re
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

from cli.servers.process import ServerError, cache_dir, exclusive, run_tool

POM = Path(__file__).parents[2] / "deploy" / "testserver" / "pom.xml"
HOW_TO_GET = (
    "The test server that skips time needs Java 11 or newer and Maven: apt-get install default-jre-headless maven"
)

WRAPPER = """#!/bin/sh
# The SDK calls this with the port and further arguments; exec lets it stop the server.
port=$1; shift
here=$(CDPATH= cd -- "$(dirname -- "$0")" && pwd)
exec java -XX:+UseSerialGC -cp "$here/lib/*" io.temporal.testserver.TestServer "$port" "$@"
"""


class JavaTestServerError(ServerError):
    """Java or Maven is missing, or the jars could not be fetched."""


def find_java_test_server(say: Callable[[str], None] = lambda _: None) -> Path:
    """The wrapper script (`test_server_existing_path` of the SDK), its jars fetched once and kept by version."""
    java, maven = shutil.which("java"), shutil.which("mvn")
    if java is None:
        raise JavaTestServerError(HOW_TO_GET)
    found = re.search(r"<version>([\d.]{3,})</version>", POM.read_text(encoding="utf-8"))
    home = cache_dir() / f"testserver-{found.group(1) if found else 'unknown'}"
    script = home / "run.sh"
    with exclusive(cache_dir() / "testserver.lock"):
        if not script.exists():
            if maven is None:
                raise JavaTestServerError(HOW_TO_GET)
            say("fetching the Temporal test server with Maven")
            _fetch(maven, home)
    return script


def _fetch(maven: str, home: Path) -> None:
    """Fill `home` at once or not at all."""
    with tempfile.TemporaryDirectory(dir=cache_dir()) as scratch:
        unfinished = Path(scratch) / "bundle"
        unfinished.mkdir()
        command = [maven, "-q", "-B", "-f", str(POM), "dependency:copy-dependencies"]
        try:
            run_tool([*command, f"-DoutputDirectory={unfinished / 'lib'}"])
        except ServerError as error:
            raise JavaTestServerError(f"Maven could not fetch the test server: {error}") from error
        script = unfinished / "run.sh"
        script.write_text(WRAPPER, encoding="utf-8")
        script.chmod(0o755)
        shutil.rmtree(home, ignore_errors=True)
        os.replace(unfinished, home)  # noqa: PTH105 - a directory, moved in one step
