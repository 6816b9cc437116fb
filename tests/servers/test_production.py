"""The production Temporal server: what can be said without it, and, where it has been built, a life of it."""

import subprocess
import sys
import uuid
from pathlib import Path

import pytest
from temporalio.client import Client

from cli import servers
from cli.servers import operate, production
from tests.conftest import missing


@pytest.mark.parametrize("url", ["sqlite:///x.db", "postgresql://127.0.0.1/x", "postgresql:///x"])
def test_a_database_without_host_and_user_is_refused(url: str) -> None:
    with pytest.raises(servers.ServerError, match="postgresql://user"):
        production.Where.of(url)


def test_a_password_in_a_url_is_read_as_it_was_written() -> None:
    where = production.Where.of("postgresql+psycopg://temporal:a%2Fb%40c@db:5433/x")
    assert (where.host, where.port, where.user, where.password) == ("db", 5433, "temporal", "a/b@c")


def test_without_go_the_error_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    with pytest.raises(servers.ServerError, match="built with Go"):
        servers.find_production()
    assert not production.built_path().exists()


def test_a_failing_build_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    go = tmp_path / "go"
    go.write_text("#!/bin/sh\necho no such module; exit 1\n", encoding="utf-8")
    go.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    with pytest.raises(servers.ServerError, match="no such module"):
        servers.find_production()
    assert [p.name for p in (tmp_path / "cache" / "sanhuan").iterdir()] == ["temporal-server.lock"]


def test_the_configuration_listens_on_the_loopback_only() -> None:
    lines = (production.GO_MODULE / "config.yaml").read_text(encoding="utf-8").splitlines()
    bound = [line.split(":")[1].strip() for line in lines if "bindOnIP" in line or "broadcastAddress" in line]
    assert len(bound) == 5
    assert set(bound) == {'"127.0.0.1"'}


def test_a_number_that_went_to_another_process_is_not_taken_for_the_server(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as other:
        (tmp_path / "temporal-server.json").write_text(f'{{"pid": {other.pid}, "ports": {{}}}}', encoding="utf-8")
        assert operate.noted(tmp_path) is None
        assert other.poll() is None
        other.terminate()


async def test_a_server_with_its_schema_keeps_workflows_over_a_kill(
    tmp_path: Path, postgres_server: servers.PostgresServer
) -> None:
    if not production.built_path().exists():
        missing("the production server is not built here: python -m cli.servers.operate build")
    for database in production.SCHEMAS:
        postgres_server.dropdb(database)
    with production.ProductionServer.start(tmp_path, postgres_server.url("postgres")) as server:
        client = await Client.connect(server.address)
        name = f"waiting-{uuid.uuid4()}"
        await client.start_workflow("Nobody", id=name, task_queue="nobody")
        server.kill()
        assert not server.running
        server.restart()
        production.bring_schema(postgres_server.url("postgres"))
        description = await (await Client.connect(server.address)).get_workflow_handle(name).describe()
        assert description.id == name
    assert not server.running
    for database in production.SCHEMAS:
        postgres_server.dropdb(database)
