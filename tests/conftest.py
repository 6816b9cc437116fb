"""Servers and browsers for the tests, each started once per test process and only when a test asks for it.

What a machine lacks is skipped with its reason; with `CI=true` the same is a failure.
"""

import gc
import os
import shutil
import tempfile
import uuid
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import pytest

from cli import servers
from cli.doctor import find_chromium

if TYPE_CHECKING:
    from temporalio.testing import WorkflowEnvironment

ROOT = Path(__file__).parent.parent
DOMAIN_TESTS = Path(__file__).parent / "domain"
TEMPLATE = "sanhuan_template"

# A helper that finds something wrong says what it saw, as a test does.
pytest.register_assert_rewrite(
    *(f"tests.{folder.name}" for folder in Path(__file__).parent.iterdir() if folder.is_dir())
)


def missing(reason: str) -> NoReturn:
    """Skip the test that asked, or fail it where everything has to be present."""
    if os.environ.get("CI") == "true":
        pytest.fail(f"CI=true, and a server is missing: {reason}", pytrace=False)
    pytest.skip(reason)


def make_schema(url: str) -> None:
    """Bring an empty database to the current schema with the project's own migrations."""
    from alembic import command
    from alembic.config import Config

    if not (ROOT / "migrations" / "env.py").exists():
        return  # there is no schema before the first migration
    config = Config()
    config.set_main_option("script_location", str(ROOT / "migrations"))
    config.set_main_option("sqlalchemy.url", url.replace("%", "%%"))  # Config expands %
    command.upgrade(config, "head")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """Two processes more than cores: many tests wait most of their time, for servers, browsers, clocks."""
    return len(os.sched_getaffinity(0)) + 2


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Domain tests open no socket: the rules know no network. Files with slow tests come first, so that none is left at the end."""
    for item in items:
        if item.path.is_relative_to(DOMAIN_TESTS):
            item.add_marker(pytest.mark.disable_socket)
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: item.path not in slow)


@pytest.fixture(autouse=True, scope="module")
def what_stays_is_not_looked_through_again() -> None:
    """After thousands of tests a full collection takes seconds, and the SDK ends a workflow that stands still for two."""
    gc.collect()
    gc.freeze()


@pytest.fixture
def by_activity(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every effect is an activity, also what a commit could write itself: for tests of what is owed."""
    from activities.journal import Journal

    monkeypatch.setattr(Journal, "AT_ONCE", frozenset())


@pytest.fixture(scope="session")
def public_tmp() -> Iterator[Path]:
    """A directory that other users may enter: PostgreSQL runs as one of them when the tests run as root."""
    path = Path(tempfile.mkdtemp(prefix="sanhuan-"))
    path.chmod(0o755)
    yield path
    shutil.rmtree(path, ignore_errors=True)


@pytest.fixture(scope="session")
def temporal_program() -> Path:
    """The Temporal server's program; built on its first use on a machine."""
    try:
        return servers.find_temporal()
    except servers.ServerError as error:
        missing(str(error))


@pytest.fixture(scope="session")
def temporal_server(
    temporal_program: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[servers.TemporalServer]:
    """A real development server of this test process, on a file, with the project's search attributes."""
    with servers.TemporalServer.start(tmp_path_factory.mktemp("temporal") / "temporal.db") as server:
        yield server


@pytest.fixture(scope="session")
def java_test_server() -> Path:
    """The wrapper script of the test server that skips time."""
    try:
        return servers.find_java_test_server()
    except servers.ServerError as error:
        missing(str(error))


@pytest.fixture
async def temporal_time_skipping(java_test_server: Path) -> "AsyncIterator[WorkflowEnvironment]":
    """An environment that skips time, its clock at the present: one per test, since its clock never goes back."""
    from temporalio.contrib.pydantic import pydantic_data_converter
    from temporalio.testing import WorkflowEnvironment

    async with await WorkflowEnvironment.start_time_skipping(
        data_converter=pydantic_data_converter,
        test_server_existing_path=str(java_test_server),
        test_server_startup_timeout=timedelta(seconds=30),
    ) as environment:
        yield environment


@pytest.fixture(scope="session")
def postgres_server(public_tmp: Path) -> Iterator[servers.PostgresServer]:
    """A throw-away PostgreSQL cluster of this test process."""
    try:
        servers.find_postgres_bin()
    except servers.ServerError as error:
        missing(str(error))
    with servers.PostgresServer.start(public_tmp / "postgres") as server:
        yield server


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty database with the schema, to be copied."""
    path = tmp_path_factory.mktemp("sqlite") / "template.db"
    make_schema(f"sqlite:///{path}")
    path.touch()
    return path


@pytest.fixture(scope="session")
def postgres_template(postgres_server: servers.PostgresServer) -> str:
    """The name of an empty database with the schema, to be copied."""
    make_schema(postgres_server.createdb(TEMPLATE))
    return TEMPLATE


@pytest.fixture
def sqlite_url(sqlite_template: Path, tmp_path: Path) -> str:
    """A fresh SQLite database with the schema."""
    path = tmp_path / "sanhuan.db"
    shutil.copyfile(sqlite_template, path)
    return f"sqlite:///{path}"


@pytest.fixture
def postgres_url(postgres_server: servers.PostgresServer, postgres_template: str) -> Iterator[str]:
    """A fresh PostgreSQL database with the schema, dropped after the test."""
    name = f"test_{uuid.uuid4().hex}"
    yield postgres_server.createdb(name, postgres_template)
    postgres_server.dropdb(name)


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """A fresh database with the schema: the test runs once on SQLite and once on PostgreSQL."""
    fixture = {"sqlite": "sqlite_url", "postgresql": "postgres_url"}[request.param]
    url: str = request.getfixturevalue(fixture)
    return url


@pytest.fixture(scope="session")
def chromium_path() -> Path:
    """The browser for console tests."""
    return find_chromium() or missing("no Chromium on the PATH: apt-get install chromium-headless-shell fonts-noto-cjk")
