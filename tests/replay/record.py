"""Record the corpus anew for the version that is being worked on: ``python -m tests.replay.record`` (``make histories``).

Plays every shape on real servers, and writes its histories and (for tests/upgrades) the journals they left. Refuses when what
was recorded before no longer replays, unless ``--forget`` says that no city runs that version.
"""

import argparse
import asyncio
import json
import logging
import os
import shutil
import sys
import tempfile
import time
import traceback
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import temporalio.service
from temporalio.client import Client

from cli import servers
from storage.models import CommandRow, ProcessRow
from storage.unit_of_work import Database
from tests.conftest import make_schema
from tests.factories.city import UNITS, found_city, rows
from tests.factories.engine import LiveCase, engine_on, replays, seen
from tests.replay import corpus
from tests.replay.corpus import IDENTITY, Manifest, Recorded, Run
from tests.replay.departments import departments
from tests.replay.scrub import everything_said, scrubbed, this_machine, traces
from tests.replay.shapes import SHAPES, Shape, Stage
from worker.plugin import plugin

SHORT = {"limit.historyCount.suggestContinueAsNew": 40}
TOGETHER = 6
TRIES = 3
PATIENCE_S = 200
"""More than the longest shape waits for its timers."""
MORE_UNITS = ("east", "energy")


class Unusable(Exception):
    """A shape did not show what it is for."""


class Take:
    """What one playing of a shape left: histories and journals."""

    def __init__(self, shape: Shape, files: dict[str, bytes], recorded: Recorded, journals: list[Any]) -> None:
        self.shape, self.files, self.recorded, self.journals = shape, files, recorded, journals


@asynccontextmanager
async def stage(folder: Path, *, short: bool) -> AsyncIterator[Stage]:
    """A server, a database with a city, department systems and workers."""
    url = f"sqlite:///{folder}/sanhuan.db"
    make_schema(url)
    database = Database(url)
    found_city(database, (*UNITS, *MORE_UNITS))
    config = SHORT if short else {}
    with (
        departments() as systems,
        servers.TemporalServer.start(folder / "temporal.db", dynamic_config=config) as server,
    ):
        systems.join(database)
        client = await Client.connect(server.address, plugins=[plugin(sandbox=True)], identity=IDENTITY)
        async with engine_on(client, database, replay=False) as engine:
            yield Stage(engine, systems)
    database.close()


async def play(shape: Shape, place: Stage) -> Take:
    """Play a shape until it is usable, and take what it left."""
    for left in reversed(range(TRIES)):
        own = Stage(place.engine, place.departments)
        try:
            async with asyncio.timeout(PATIENCE_S):
                await shape.play(own)
                return await take(shape, own)
        except Exception as error:
            at = traceback.extract_tb(error.__traceback__)
            lines = ", ".join(f"{Path(f.filename).name}:{f.lineno}" for f in at if "tests" in f.filename)
            why = f"{shape.name}: {type(error).__name__}: {error} ({lines})"
            if not left:
                raise Unusable(why) from error
            say(f"once more: {why}")
        finally:
            for case in own.cases:
                place.departments.rejected.discard(case.no)
    raise AssertionError


async def take(shape: Shape, own: Stage) -> Take:
    """Fetch, check and scrub what a shape left."""
    found = [h for case in own.cases for h in await case.histories() if seen(h, "WORKFLOW_TASK_COMPLETED")]
    journals = [journal(case) for case in own.cases if case.row() is not None]
    types = {e["type"] for j in journals for e in j["events"]}
    kinds = {kind for history in found for kind in corpus.counted(history)}
    if missing := (shape.holds - types) | (shape.shows - kinds):
        raise Unusable(f"{shape.name} shows no {', '.join(sorted(missing))}")
    await replays(found)
    files: dict[str, bytes] = {}
    runs: list[Run] = []
    for n, history in enumerate(found, start=1):
        text = scrubbed(history)
        said = everything_said(text)
        if left := [*traces(said, IDENTITY), *(word for word in this_machine() if word in said)]:
            raise Unusable(f"{shape.name} tells of a person or a machine: {left}")
        name = f"{shape.name}.{n}.json.gz"
        files[name] = corpus.packed(text)
        runs.append(
            Run(
                file=name,
                sha256=corpus.digest(files[name]),
                process=history.workflow_id,
                events=corpus.counted(history),
            )
        )
    return Take(shape, files, Recorded(what=shape.what, runs=tuple(runs)), journals)


def journal(case: LiveCase) -> dict[str, Any]:
    """What the journal holds of a case: events, commands without their words, and the snapshot."""
    (process,) = rows(case.engine.database, ProcessRow, id=case.process)
    return {
        "process": case.process,
        "events": [
            {"seq": e.seq, "type": e.type, "at": e.at.isoformat(), "body": e.body, "head": e.head}
            for e in case.events()
        ],
        "commands": [
            {"name": c.name, "body": c.body, "outcome": c.outcome, "code": c.code}
            for c in rows(case.engine.database, CommandRow, process=case.process)
        ],
        "snapshot": process.snapshot,
    }


async def record(shapes: Iterable[Shape]) -> list[Take]:
    """Play all shapes: those that disturb nobody together, the others one after the other."""
    takes: list[Take] = []
    failed: list[str] = []
    wanted = list(shapes)
    for short in (False, True):
        here = [s for s in wanted if s.short is short]
        if not here:
            continue
        with tempfile.TemporaryDirectory(prefix="sanhuan-record-") as folder:
            async with stage(Path(folder), short=short) as place:
                gate = asyncio.Semaphore(TOGETHER)

                async def one(shape: Shape, place: Stage = place, gate: asyncio.Semaphore = gate) -> None:
                    async with gate:
                        begun = time.monotonic()
                        try:
                            takes.append(await play(shape, place))
                        except Unusable as why:
                            failed.append(str(why))
                            return
                        say(f"{shape.name}: {len(takes[-1].files)} runs, {time.monotonic() - begun:.0f} s")

                await asyncio.gather(*(one(s) for s in here if not s.alone))
                for shape in (s for s in here if s.alone):
                    await one(shape)
    if failed:
        raise Unusable("\n".join(failed))
    return takes


def write(takes: Iterable[Take], of: str, workflows: dict[str, str]) -> None:
    """Write histories, manifest and journals in place of those of this version."""
    ordered = sorted(takes, key=lambda t: t.shape.name)
    folder = corpus.HISTORIES / of
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for found in ordered:
        for name, data in found.files.items():
            (folder / name).write_bytes(data)
    manifest = Manifest(
        version=of,
        sdk=temporalio.service.__version__,
        workflows=workflows,
        shapes={t.shape.name: t.recorded for t in ordered},
    )
    (folder / "manifest.json").write_text(manifest.model_dump_json(indent=1) + "\n", encoding="utf-8")
    corpus.GOLDEN.mkdir(parents=True, exist_ok=True)
    journals = {t.shape.name: t.journals for t in ordered}
    text = json.dumps(journals, ensure_ascii=False, separators=(",", ":"))
    (corpus.GOLDEN / f"{of}.json.gz").write_bytes(corpus.packed(text))
    files = [*folder.iterdir(), corpus.GOLDEN / f"{of}.json.gz"]
    say(
        f"{len(ordered)} shapes, {sum(len(t.files) for t in ordered)} runs, {sum(f.stat().st_size for f in files)} bytes"
    )


async def broken(of: str) -> str | None:
    """Say which recorded run of this version no longer replays; None when all do, or there are none."""
    if of not in corpus.recorded_versions():
        return None
    for name, shape in corpus.manifest(of).shapes.items():
        for run in shape.runs:
            try:
                await replays([corpus.history(of, run)])
            except Exception as error:  # noqa: BLE001 - whatever it is, the run does not replay
                return f"{name} ({run.file}): {type(error).__name__}: {error}"
    return None


FORGET = """What was recorded for version {of} no longer replays, so that cases a city runs with it would stand still:
  {why}
Put the change behind workflow.patched, and all of it replays. If no city runs version {of}, say so: --forget (FORGET=1)."""


def say(text: str) -> None:
    """Tell whoever waits."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def main() -> int:
    """Record; 0 when it was written."""
    parser = argparse.ArgumentParser(prog="python -m tests.replay.record", description="record histories of all shapes")
    parser.add_argument(
        "--forget", action="store_true", help="no city runs this version: what it wrote may be forgotten"
    )
    parser.add_argument("--only", nargs="*", choices=sorted(SHAPES), help="try these shapes; nothing is written")
    asked = parser.parse_args()
    logging.disable(logging.ERROR)  # effects that fail are part of the play
    of = corpus.version()
    if asked.only is not None:
        takes = asyncio.run(record([SHAPES[name] for name in asked.only]))
        return 0 if len(takes) == len(asked.only) else 1
    if not asked.forget and (why := asyncio.run(broken(of))) is not None:
        say(FORGET.format(of=of, why=why))
        return 1
    try:
        # The files as they are loaded: whoever works beside the recording may change them meanwhile.
        loaded = corpus.workflow_files()
        write(asyncio.run(record(SHAPES.values())), of, loaded)
    except Unusable as why:
        say(f"Nothing was written.\n{why}")
        return 1
    return 0


if __name__ == "__main__":
    status = main()
    sys.stdout.flush()
    # The SDK may abort while the interpreter ends (temporal.md, pitfall 18); all work is done by now.
    os._exit(status)
