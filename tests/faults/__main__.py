"""``python -m tests.faults``: a fault run of any length."""

import json
import logging
import os
import signal
import sys
from pathlib import Path
from typing import Annotated

import structlog
import typer

from tests.faults.run import Asked, folder, run


def main(
    *,
    seed: Annotated[int, typer.Option(help="The same seed casts the same scripts and draws the same faults.")] = 7,
    kills: Annotated[int, typer.Option(min=0, help="How many processes are killed (-9).")] = 30,
    cases: Annotated[int, typer.Option(min=1, help="How many cases are played, in calm and under faults.")] = 200,
    outage: Annotated[float, typer.Option(help="For how many seconds the database is taken away.")] = 20.0,
    postgres: Annotated[bool, typer.Option("--postgres", help="On PostgreSQL instead of SQLite.")] = False,
    messages: Annotated[Path | None, typer.Option(help="A CSV of messages; else sample texts.")] = None,
    whole: Annotated[bool, typer.Option("--whole", help="Play every case in calm too, not only every script.")] = False,
    keep: Annotated[Path | None, typer.Option(help="Keep data and logs here.")] = None,
) -> None:
    """Play scripts in calm and under faults, compare, and print one JSON line; exit 0 only when all is clean."""
    signal.signal(signal.SIGTERM, _end)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    asked = Asked(
        seed=seed,
        kills=kills,
        cases=cases,
        outage_s=outage,
        postgres=postgres,
        messages=messages,
        whole=whole,
    )
    with folder(keep) as data:
        outcome = run(asked, data, typer.echo)
    for line in outcome.wrong[:50]:
        typer.echo(line)
    typer.echo(json.dumps(outcome.figures | {"clean": outcome.clean}, ensure_ascii=False))
    sys.stdout.flush()
    os._exit(0 if outcome.clean else 1)


def _end(*_: object) -> None:
    """Turn SIGTERM into the way out that stops every process we started."""
    raise KeyboardInterrupt


if __name__ == "__main__":
    typer.run(main)
