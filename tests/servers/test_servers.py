import os
import uuid
from pathlib import Path

import psycopg
import pytest
import sqlalchemy
from temporalio.api.enums.v1 import IndexedValueType
from temporalio.api.operatorservice.v1 import ListSearchAttributesRequest
from temporalio.client import Client
from temporalio.testing import WorkflowEnvironment

from cli import servers
from cli.servers import javatest, postgres, temporal


def rows(url: str, statement: str) -> list[tuple[object, ...]]:
    engine = sqlalchemy.create_engine(url, poolclass=sqlalchemy.NullPool)
    with engine.begin() as connection:
        result = connection.execute(sqlalchemy.text(statement))
        return [tuple(row) for row in result] if result.returns_rows else []


async def start_waiting_workflow(server: servers.TemporalServer) -> str:
    client = await Client.connect(server.address)
    name = f"waiting-{uuid.uuid4()}"
    await client.start_workflow("Nobody", id=name, task_queue="nobody")
    return name


async def test_temporal_offers_the_search_attributes_as_keywords(temporal_server: servers.TemporalServer) -> None:
    client = await Client.connect(temporal_server.address)
    answer = await client.operator_service.list_search_attributes(ListSearchAttributesRequest(namespace="default"))
    kinds = {name: answer.custom_attributes[name] for name in servers.SEARCH_ATTRIBUTES}
    assert set(kinds.values()) == {IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD}


@pytest.mark.parametrize("end", ["stop", "kill"])
@pytest.mark.usefixtures("temporal_program")
async def test_temporal_goes_on_with_its_file_after(end: str, tmp_path: Path) -> None:
    with servers.TemporalServer.start(tmp_path / "temporal.db") as server:
        address, ui = server.address, server.ui_address
        workflow = await start_waiting_workflow(server)
        getattr(server, end)()
        assert not server.running
        server.restart()
        assert (server.address, server.ui_address) == (address, ui)
        description = await (await Client.connect(address)).get_workflow_handle(workflow).describe()
        assert description.id == workflow


@pytest.mark.usefixtures("temporal_program")
def test_temporal_on_a_taken_port_says_so(temporal_server: servers.TemporalServer, tmp_path: Path) -> None:
    port = int(temporal_server.address.rpartition(":")[2])
    with pytest.raises(servers.ServerError, match="address already in use"):
        servers.TemporalServer.start(tmp_path / "temporal.db", port=port)


@pytest.mark.usefixtures("temporal_program")
def test_temporal_without_a_file_runs_with_dynamic_config(tmp_path: Path) -> None:
    setting = {"limit.historyCount.suggestContinueAsNew": 200}
    with servers.TemporalServer.start(None, dynamic_config=setting, log_file=tmp_path / "log") as server:
        assert server.running
    assert not server.running


def test_temporal_on_the_path_comes_before_download_and_build(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "temporal"
    program.write_text("#!/bin/sh\n", encoding="utf-8")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert servers.find_temporal() == program


def test_without_any_way_to_a_temporal_server_the_error_names_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(temporal, "download_reachable", lambda: False)
    with pytest.raises(servers.ServerError, match=r"TEMPORAL_ADDRESS.*PATH.*download.*Go"):
        servers.find_temporal()


def test_a_failing_build_is_an_error_with_its_output(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    go = tmp_path / "go"
    go.write_text("#!/bin/sh\necho no such module; exit 1\n", encoding="utf-8")
    go.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(temporal, "download_reachable", lambda: False)
    with pytest.raises(servers.ServerError, match="no such module"):
        servers.find_temporal()
    assert temporal.cached_temporal() is None


async def test_java_test_server_skips_time(temporal_time_skipping: WorkflowEnvironment) -> None:
    before = await temporal_time_skipping.get_current_time()
    await temporal_time_skipping.sleep(60 * 86400)
    assert (await temporal_time_skipping.get_current_time() - before).days >= 60


def test_java_test_server_without_java_says_how_to_get_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(javatest.JavaTestServerError, match="apt-get install"):
        servers.find_java_test_server()


def test_postgres_keeps_committed_rows_when_killed(public_tmp: Path, postgres_server: servers.PostgresServer) -> None:
    assert postgres_server.running
    with servers.PostgresServer.start(public_tmp / f"pg-{uuid.uuid4().hex}") as server:
        url = server.createdb("city")
        rows(url, "CREATE TABLE unit AS SELECT '市住建局' AS name")
        server.stop_hard()
        assert not server.running
        server.restart()
        assert rows(url, "SELECT name FROM unit") == [("市住建局",)]


def test_postgres_refuses_a_wrong_password(postgres_server: servers.PostgresServer) -> None:
    with pytest.raises(psycopg.OperationalError, match="password"):
        psycopg.connect(
            host="127.0.0.1", port=postgres_server.port, user="sanhuan", password="wrong", dbname="postgres"
        )


@pytest.mark.skipif(os.geteuid() != 0, reason="only root changes to another user")
def test_postgres_in_a_closed_directory_says_which(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    with pytest.raises(servers.ServerError, match="cannot enter"):
        servers.PostgresServer.start(tmp_path / "pg")


def test_postgres_missing_says_how_to_get_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(postgres, "DEBIAN_BINARIES", tmp_path)
    with pytest.raises(servers.ServerError, match="apt-get install postgresql"):
        servers.find_postgres_bin()


def test_each_test_has_a_database_of_its_own(database_url: str) -> None:
    rows(database_url, "CREATE TABLE mine (id INTEGER)")
    assert rows(database_url, "SELECT id FROM mine") == []


def test_a_free_port_is_free() -> None:
    assert servers.port_is_free(servers.free_port())


def test_a_free_port_is_none_that_an_outgoing_connection_gets() -> None:
    """A part that is down for a moment finds its port as it left it, whatever else connects meanwhile."""
    mine = {servers.free_port() for _ in range(50)}
    assert len(mine) == 50
    assert max(mine) < 32_768
