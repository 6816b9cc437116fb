from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli import servers
from cli.main import app


def test_prepare_names_what_it_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TEMPORAL_ADDRESS", raising=False)
    monkeypatch.setattr(servers, "find_temporal", lambda _: Path("here/temporal"))
    result = CliRunner().invoke(app, ["prepare"])
    assert (result.exit_code, result.output) == (0, "Temporal: here/temporal\n")


def test_prepare_goes_on_after_a_server_that_cannot_be_had(monkeypatch: pytest.MonkeyPatch) -> None:
    def unavailable(_: object) -> Path:
        raise servers.ServerError("install Go")

    monkeypatch.delenv("TEMPORAL_ADDRESS", raising=False)
    monkeypatch.setattr(servers, "find_temporal", unavailable)
    monkeypatch.setattr(servers, "find_java_test_server", lambda _: Path("here/run.sh"))
    result = CliRunner().invoke(app, ["prepare", "--tests"])
    assert result.exit_code == 1
    assert "install Go" in result.output
    assert "here/run.sh" in result.output
