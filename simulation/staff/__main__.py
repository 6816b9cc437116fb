"""``python -m simulation.staff --api http://127.0.0.1:8080``: let the staff of the sample city work."""

import asyncio
import contextlib
import json
import secrets
import signal
import sys
from pathlib import Path
from typing import Annotated

import httpx
import typer

from simulation.city import DEMO_PASSWORD, load_city
from simulation.client import Api, DecisionLog
from simulation.staff.office import Office, Play, summary


async def run(
    api: str, play: Play, *, until_idle: bool, quiet: float, log: Path | None, password: str, in_flight: int
) -> bool:
    """Work until idle, or until SIGINT or SIGTERM; print the summary as one JSON line. False when a policy broke."""
    decisions = DecisionLog(log)
    limits = httpx.Limits(max_connections=in_flight + 4)
    async with httpx.AsyncClient(base_url=api, timeout=30, limits=limits) as http:
        office = Office(load_city(), Api(http, decisions, password=password, in_flight=in_flight), play)
        work = asyncio.create_task(office.work(until_idle=until_idle, quiet=quiet))
        loop = asyncio.get_running_loop()
        for sign in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(sign, work.cancel)
        with contextlib.suppress(asyncio.CancelledError):
            await work
    decisions.close()
    sys.stdout.write(json.dumps(summary(office), ensure_ascii=False) + "\n")
    return not office.broken


def main(  # noqa: PLR0913 - one flag each
    *,
    api: Annotated[str, typer.Option(help="Address of Sanhuan's API, without /api/v1.")],
    seed: Annotated[int, typer.Option(help="The same seed decides alike on the same cases.")] = 1,
    day: Annotated[float, typer.Option(help="Seconds that stand for a working day (6 in the pack demo).")] = 6.0,
    patience: Annotated[float, typer.Option(help="Seconds after which a liaison acts for a silent system.")] = 20.0,
    until_idle: Annotated[
        bool, typer.Option("--until-idle", help="End when there were cases and none is open.")
    ] = False,
    quiet: Annotated[float, typer.Option(help="Seconds without a decision that --until-idle asks for.")] = 5.0,
    log: Annotated[Path | None, typer.Option(help="Write every decision there, as JSON lines.")] = None,
    password: Annotated[str, typer.Option(help="Password of the demo accounts.", envvar="SANHUAN_DEMO_PASSWORD")] = (
        DEMO_PASSWORD
    ),
    looks: Annotated[float, typer.Option(help="Looks into inboxes a second, at most.")] = 15.0,
    in_flight: Annotated[int, typer.Option(help="Requests at once.")] = 16,
) -> None:
    """Let the staff of the sample city work on what is in their inboxes."""
    play = Play(seed=seed, day=day, patience=patience, looks=looks, run=secrets.token_hex(4))
    fine = asyncio.run(
        run(api, play, until_idle=until_idle, quiet=quiet, log=log, password=password, in_flight=in_flight)
    )
    raise typer.Exit(0 if fine else 1)


if __name__ == "__main__":
    typer.run(main)
