"""A console on a real port, with the sample city and an engine that decides in the journal, and a real Chromium."""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.console.kit import AWAKE, Desk, Pages, Running, running


@pytest.fixture(scope="module")
def browser(chromium_path: Path) -> Iterator[Browser]:
    """A browser for one module: Playwright's event loop runs while it lives, and no other loop can start beside it."""
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=chromium_path, args=["--no-sandbox"])
        yield found
        found.close()


@pytest.fixture(scope="module", autouse=True)
def awake() -> Iterator[None]:
    AWAKE.set()
    yield
    AWAKE.clear()


@pytest.fixture(scope="module")
def pages(browser: Browser) -> Pages:
    return Pages(browser)


@pytest.fixture(scope="session")
def console(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    path = tmp_path_factory.mktemp("console") / "sanhuan.db"
    shutil.copyfile(sqlite_template, path)
    with running(f"sqlite:///{path}", temporal_ui="http://127.0.0.1:8233") as found:
        yield found


@pytest.fixture(scope="session")
def shots() -> Path | None:
    """Where screenshots go: ``SANHUAN_SHOTS=folder make test ARGS=tests/console`` draws every page in both languages."""
    folder = os.environ.get("SANHUAN_SHOTS")
    if folder is None:
        return None
    Path(folder).mkdir(parents=True, exist_ok=True)
    return Path(folder).resolve()


@pytest.fixture(params=["zh", "en"])
def lang(request: pytest.FixtureRequest) -> str:
    found: str = request.param
    return found


@pytest.fixture
def desk_at(pages: Pages, shots: Path | None) -> Iterator[Callable[..., Desk]]:
    """Make desks; at the end none of them has seen trouble."""
    desks: list[Desk] = []

    def make(url: str, lang: str = "zh", **options: object) -> Desk:
        desks.append(Desk(pages.take(lang, **options), url, shots, lang))
        return desks[-1]

    yield make
    for desk in desks:
        pages.keep(desk.leave())
    assert [t for desk in desks for t in desk.troubles] == []


@pytest.fixture
def desk(console: Running, desk_at: Callable[..., Desk], lang: str) -> Desk:
    found = desk_at(console.url, lang)
    found.token = console.token
    return found
