"""`sanhuan verify FILE`: recompute every deadline of an exported case, offline, and name the first difference."""

from pathlib import Path

import typer
from pydantic import ValidationError

from domain.export import Export, verify


def run(file: Path) -> int:
    """Return 0 when everything agrees, 1 at a difference, 2 when the file cannot be read."""
    try:
        export = Export.model_validate_json(file.read_bytes())
    except (OSError, ValidationError) as error:
        typer.echo(f"{file}: {error}", err=True)
        return 2
    differences = verify(export)
    if differences:
        typer.echo(f"不一致 difference: {differences[0]}")
        if len(differences) > 1:
            typer.echo(f"另有 and {len(differences) - 1} more")
        return 1
    clocks = len({e.body["clock"]["key"] for e in export.events if e.type == "clock_set"})
    typer.echo(f"一致 agrees: {export.process}, {len(export.events)} 事件 events, {clocks} 时钟 clocks")
    return 0
