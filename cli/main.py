"""The `sanhuan` command; each subcommand is a module of this package and is imported when it is called."""

from collections.abc import Callable
from typing import Annotated

import typer

app = typer.Typer(name="sanhuan", help="三环 Sanhuan: the case engine of a 12345 hotline.", no_args_is_help=True)


@app.callback()
def root() -> None:
    """三环 Sanhuan: the case engine of a 12345 hotline."""


@app.command()
def doctor() -> None:
    """Check what this machine has, what is missing and how to get it. Exit 1 when `make up` cannot work."""
    from cli.doctor import main  # noqa: PLC0415 - each command loads only what it needs

    raise typer.Exit(main())


@app.command()
def prepare(
    *,
    tests: Annotated[bool, typer.Option("--tests", help="Also fetch the test server that skips time.")] = False,
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
    failed = False
    for name, find in finders.items():
        try:
            typer.echo(f"{name}: {find()}")
        except servers.ServerError as error:
            typer.echo(str(error), err=True)
            failed = True
    if failed:
        raise typer.Exit(1)
