"""``python -m simulation.departments --port 8090 --api http://127.0.0.1:8000``: run the department systems of the city."""

from pathlib import Path
from typing import Annotated

import typer
import uvicorn

from simulation.city import DEMO_KEY, load_city
from simulation.departments.memory import Memory
from simulation.departments.server import Play, create_app
from simulation.departments.tempers import FILE, load_config


def main(
    *,
    api: Annotated[str, typer.Option(help="Address of Sanhuan's API, without /api/v1.")],
    port: Annotated[int, typer.Option(help="Port on 127.0.0.1.")] = 8090,
    seed: Annotated[int, typer.Option(help="The same seed plays the same city.")] = 1,
    config: Annotated[Path, typer.Option(help="Tempers and rates (YAML).")] = FILE,
    day: Annotated[float, typer.Option(help="Seconds that stand for a working day (6 in the pack demo).")] = 6.0,
    key: Annotated[
        str, typer.Option(help="Key that the webhook secrets are derived from.", envvar="SANHUAN_CITY_KEY")
    ] = (DEMO_KEY),
    state: Annotated[Path | None, typer.Option(help="File that keeps open orders over a restart (JSON lines).")] = None,
) -> None:
    """Play all department systems of the sample city until stopped."""
    play = Play(api=api, seed=seed, day=day, key=key)
    app = create_app(load_city(), load_config(config), play, Memory(state))
    uvicorn.run(app, host="127.0.0.1", port=port, log_level="warning", access_log=False)


if __name__ == "__main__":
    typer.run(main)
