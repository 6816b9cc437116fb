"""The `sanhuan` command; each subcommand is a module of this package and is imported when it is called."""

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

Scale = Annotated[
    int,
    typer.Option(
        min=0, envvar="SANHUAN_CITY_SCALE", help="Grow the sample city to so many units; 0: as it is written."
    ),
]

app = typer.Typer(name="sanhuan", help="三环 Sanhuan: the case engine of a 12345 hotline.", no_args_is_help=True)


@app.callback()
def root() -> None:
    """三环 Sanhuan: the case engine of a 12345 hotline."""


@app.command()
def doctor(
    url: Annotated[str | None, typer.Argument(help="Database of a running installation to look into.")] = None,
    temporal: Annotated[str, typer.Option(envvar="SANHUAN_TEMPORAL_ADDRESS", help="Its engine.")] = "127.0.0.1:7233",
    namespace: Annotated[str, typer.Option(envvar="SANHUAN_TEMPORAL_NAMESPACE")] = "default",
) -> None:
    """Check what this machine has, what is missing and how to get it; with a URL also how that installation is.

    Exit 1 when `make up` cannot work.
    """
    from cli.doctor import main  # noqa: PLC0415 - each command loads only what it needs

    code = main()
    if url is not None:
        from cli.reconcile import tell  # noqa: PLC0415 - the machine is checked without the environment

        tell(url, temporal, namespace)
    raise typer.Exit(code)


@app.command()
def reconcile(
    url: Annotated[str, typer.Argument(envvar="SANHUAN_DATABASE_URL", help="The journal.")],
    *,
    temporal: Annotated[str, typer.Option(envvar="SANHUAN_TEMPORAL_ADDRESS", help="The engine.")] = "127.0.0.1:7233",
    namespace: Annotated[str, typer.Option(envvar="SANHUAN_TEMPORAL_NAMESPACE")] = "default",
    older: Annotated[float, typer.Option(min=0, help="Seconds for which a thing may be on its way.")] = 120.0,
    deep: Annotated[bool, typer.Option("--deep", help="Ask every process, not only the suspicious ones.")] = False,
    apply: Annotated[bool, typer.Option("--apply", help="Do what is safe; without it nothing is changed.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Compare journal and engine and name every difference. Exit 1 when one is left, 0 when there is none."""
    from cli.reconcile import Asked, run  # noqa: PLC0415 - each command loads only what it needs

    asked = Asked(url=url, address=temporal, namespace=namespace, older_s=older, deep=deep, apply=apply)
    _exit(run(asked, as_json=as_json))


@app.command()
def prepare(
    *,
    tests: Annotated[bool, typer.Option("--tests", help="Also those that only tests start.")] = False,
) -> None:
    """Find, download or build the servers that `up` and the tests start, so that those start at once later.

    Exit 1 when one cannot be had; the others are still prepared.
    """
    from cli import servers  # noqa: PLC0415 - each command loads only what it needs

    finders: dict[str, Callable[[], object]] = {
        "Temporal": lambda: servers.given_address() or servers.find_temporal(typer.echo),
    }
    if tests:
        finders["Temporal test server"] = lambda: servers.find_java_test_server(typer.echo)
        finders["production Temporal server"] = lambda: servers.find_production(typer.echo).server
    failed = False
    for name, find in finders.items():
        try:
            typer.echo(f"{name}: {find()}")
        except servers.ServerError as error:
            typer.echo(str(error), err=True)
            failed = True
    if failed:
        raise typer.Exit(1)


@app.command()
def up(
    *,
    data: Annotated[Path, typer.Option(help="Where everything is kept.")] = Path("data"),
    pack: Annotated[str, typer.Option(help="Policy pack of new cases.")] = "demo-minutes",
    staff: Annotated[bool, typer.Option("--staff", help="Let simulated staff work beside you.")] = False,
    scale: Scale = 0,
) -> None:
    """Run everything: Temporal, worker, API, console and the sample city's department systems. Ctrl-C ends it."""
    _grow_city(scale)
    from cli.up import up as run  # noqa: PLC0415 - each command loads only what it needs

    signal.signal(signal.SIGTERM, _end_like_ctrl_c)
    _exit(run(data=data, pack=pack, staff=staff))


@app.command()
def demo(
    *,
    messages: Annotated[
        Path | None, typer.Option(help="CSV with the columns of messages.csv; default: own texts.")
    ] = None,
    n: Annotated[int, typer.Option(min=1, help="How many messages.")] = 200,
    pack: Annotated[str, typer.Option(help="Policy pack.")] = "demo",
    kills: Annotated[int, typer.Option(min=0, help="Kill the worker (-9) so many times meanwhile.")] = 0,
    seed: Annotated[int, typer.Option(help="Seed of staff and departments.")] = 1,
    postgres: Annotated[bool, typer.Option("--postgres", help="On a throw-away PostgreSQL instead of SQLite.")] = False,
    keep: Annotated[Path | None, typer.Option(help="Keep data and logs here.")] = None,
    scale: Scale = 0,
) -> None:
    """Feed messages and let staff and departments work them to the end; exit 0 only when nothing is lost or doubled."""
    _grow_city(scale)
    from cli.demo import demo as run  # noqa: PLC0415 - each command loads only what it needs

    signal.signal(signal.SIGTERM, _end_like_ctrl_c)
    _exit(run(messages=messages, n=n, pack=pack, kills=kills, seed=seed, postgres=postgres, keep=keep))


@app.command()
def faults(
    *,
    seed: Annotated[int, typer.Option(help="Casts the scripts and draws the faults.")] = 7,
    kills: Annotated[int, typer.Option(min=0, help="How many processes are killed (-9).")] = 30,
    cases: Annotated[int, typer.Option(min=1, help="How many cases are played, in calm and under faults.")] = 200,
    postgres: Annotated[bool, typer.Option("--postgres", help="On a throw-away PostgreSQL instead of SQLite.")] = False,
    messages: Annotated[Path | None, typer.Option(help="A CSV of messages; else sample texts.")] = None,
    keep: Annotated[Path | None, typer.Option(help="Keep data and logs here.")] = None,
) -> None:
    """Kill, stop, reset and restore while people work; exit 0 only when nothing is lost or doubled. Needs the checkout's tests."""
    from cli.faults import become  # noqa: PLC0415 - each command loads only what it needs

    become(seed=seed, kills=kills, cases=cases, postgres=postgres, messages=messages, keep=keep)


@app.command()
def verify(file: Annotated[Path, typer.Argument(help="A case exported as JSON.")]) -> None:
    """Recompute every deadline of an exported case, offline; name the first difference. Exit 1 when there is one."""
    from cli.verify import run  # noqa: PLC0415 - each command loads only what it needs

    raise typer.Exit(run(file))


@app.command()
def papers(
    url: Annotated[str, typer.Argument(envvar="SANHUAN_DATABASE_URL", help="The journal.")],
    *,
    listed: Annotated[bool, typer.Option("--list", help="Also name every document.")] = False,
    pdf: Annotated[
        Path | None, typer.Option(help="Also write every document here as PDF, with a list of their hashes.")
    ] = None,
) -> None:
    """Print every official document again from the journal and name every difference to what was kept. Exit 1 when there is one."""
    from cli.papers import run  # noqa: PLC0415 - each command loads only what it needs

    raise typer.Exit(run(url, listed=listed, pdf=pdf))


@app.command()
def migrate(url: Annotated[str, typer.Argument(envvar="SANHUAN_DATABASE_URL")], revision: str = "head") -> None:
    """Bring a database to this release: its schema, and the packs and the calendar that new cases get."""
    from cli.load import migrate as run  # noqa: PLC0415 - each command loads only what it needs
    from storage.rules import RuleMissing  # noqa: PLC0415 - each command loads only what it needs

    try:
        run(url, revision)
    except RuleMissing as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from error


@app.command()
def load(
    url: Annotated[str, typer.Argument(envvar="SANHUAN_DATABASE_URL")],
    *,
    pack: Annotated[str, typer.Option(help="Policy pack of new cases.")] = "haikou",
    departments: Annotated[str | None, typer.Option(help="Base address of the simulated department systems.")] = None,
    scale: Scale = 0,
) -> None:
    """Put the sample city into a database. For trying only: its accounts have a password that anybody can read in the source."""
    _grow_city(scale)
    from cli.load import load as run  # noqa: PLC0415 - each command loads only what it needs

    run(url, pack=pack, departments=departments)


@app.command()
def found(
    folder: Annotated[
        Path, typer.Argument(help="Holds units.yaml, items.yaml and accounts.yaml, as simulation/city does.")
    ],
    url: Annotated[str, typer.Argument(envvar="SANHUAN_DATABASE_URL")],
    *,
    pack: Annotated[str, typer.Option(help="Policy pack of new cases.")] = "haikou",
    apply: Annotated[bool, typer.Option("--apply", help="Make it so; without it nothing is changed.")] = False,
) -> None:
    """Bring units, catalogue and accounts of a city to what its files say, or name what differs. Passwords and systems stay.

    Exit 1 when something differs and was not applied, 2 when the files cannot be taken.
    """
    from cli.found import found as run  # noqa: PLC0415 - each command loads only what it needs

    raise typer.Exit(run(url, folder, pack=pack, apply=apply))


@app.command()
def password(
    user: Annotated[str, typer.Argument(help="Whose.")],
    url: Annotated[str, typer.Argument(envvar="SANHUAN_DATABASE_URL")],
) -> None:
    """Give an account a password: asked for at a terminal, else the first line of the input. It is signed out everywhere."""
    from cli.found import password as run  # noqa: PLC0415 - each command loads only what it needs

    raise typer.Exit(run(url, user))


@app.command()
def system(
    unit: Annotated[str, typer.Argument(help="Whose.")],
    url: Annotated[str, typer.Argument(envvar="SANHUAN_DATABASE_URL")],
    *,
    address: Annotated[
        str | None, typer.Option(help="Where it takes messages; without it the unit has none any more.")
    ] = None,
) -> None:
    """Give a unit a department system of its own and print the new secret it signs with, once; or take it away."""
    from cli.found import system as run  # noqa: PLC0415 - each command loads only what it needs

    raise typer.Exit(run(url, unit, address))


def _grow_city(scale: int) -> None:
    """Tell this process and those it starts how large the city is: they must agree without talking."""
    os.environ["SANHUAN_CITY_SCALE"] = str(scale)


def _end_like_ctrl_c(*_: object) -> None:
    """Turn SIGTERM into the way out that stops every process we started."""
    raise KeyboardInterrupt


def _exit(code: int) -> None:
    """End with the code. The SDK may abort while the interpreter ends, after all work is done: leave without that."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)
