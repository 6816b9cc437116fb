"""What console tests share: the app on a real port with the sample city, alarms that ring, and people at browsers."""

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

import uvicorn
from playwright.sync_api import Browser, ConsoleMessage, Page, Request, Response
from sqlalchemy import select

from activities.journal import Journal
from activities.signatures import CommitRequest
from api.access import COOKIE
from api.app import create_app
from api.services import Services
from api.settings import Settings
from cli.load import load
from cli.servers import free_port
from domain.kernel import GENESIS
from simulation.city import DEMO_PASSWORD
from storage.accounts import find_account, open_session
from storage.models import CaseRow, ProcessRow, table
from storage.unit_of_work import Database, StorageUnavailable
from tests.api.beside import deliver_all
from tests.api.kit import FakeEngine

AXE = Path(__file__).parent / "vendor" / "axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
REFUSED = (400, 401, 403, 404, 409, 415, 422, 503)
PATIENCE_S = 60.0
UNIT, OTHER_UNIT = "housing", "urban"
AWAKE = threading.Event()
"""Whether anybody is at a console: a console outlives its tests, and its alarms would keep a core busy beside all others."""


@dataclass
class Running:
    """A console that runs: its address, its database, and the engine behind it."""

    url: str
    database: Database
    engine: FakeEngine

    def rows(self, statement: Any) -> list[Any]:
        with self.database.read() as connection:
            return list(connection.execute(statement).all())

    def token(self, user: str) -> str:
        """A session of the user, opened behind the door."""
        now = datetime.now(UTC)
        with self.database.write() as connection:
            found = find_account(connection, user)
            assert found is not None, user
            return open_session(connection, found[0], now, timedelta(hours=1)).token

    def stage(self, no: str) -> str:
        """Where the case stands."""
        case = table(CaseRow)
        return str(self.rows(select(case.c.stage).where(case.c.no == no))[0][0])

    def pass_time(self, no: str) -> None:
        """Go to the case's next alarm, as if its time had come."""
        process = table(ProcessRow)
        at = self.rows(select(process.c.next_timer_at).where(process.c.id == f"case/{no}"))[0][0]
        request = CommitRequest(process=f"case/{no}", seq=0, head=GENESIS, now=at, envelope=None)
        self.engine.journal.commit(request)


@contextmanager
def running(url: str, pack: str = "demo-minutes", **settings: Any) -> Iterator[Running]:
    """Serve the app on a free port, with the sample city, until the end."""
    load(url, pack=pack, departments=None)
    database = Database(url)
    port = free_port()
    engine = FakeEngine(Journal(database))
    place = Services(Settings(port=port, engine_timeout_s=2, **settings), database, engine)
    app = create_app(place.settings, database, engine, services=place)
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=port, log_level="warning", lifespan="off"))
    serving = threading.Thread(target=server.run, daemon=True)
    stopped = threading.Event()
    alarms = threading.Thread(target=_ring, args=(database, engine.journal, stopped), daemon=True)
    serving.start()
    alarms.start()
    deadline = time.monotonic() + PATIENCE_S
    while not server.started and time.monotonic() < deadline:
        time.sleep(0.02)
    assert server.started
    try:
        yield Running(f"http://127.0.0.1:{port}", database, engine)
    finally:
        stopped.set()
        server.should_exit = True
        serving.join(10)
        alarms.join(10)
        database.close()


def _ring(database: Database, journal: Journal, stopped: threading.Event) -> None:
    """Let timers ring that have passed and bring messages between processes, as a worker would."""
    process = table(ProcessRow)
    while not stopped.wait(0.3):
        if not AWAKE.is_set():
            continue
        now = datetime.now(UTC)
        with suppress(StorageUnavailable):
            with database.read() as connection:
                due = list(connection.execute(select(process.c.id).where(process.c.next_timer_at <= now)).scalars())
            for name in due:
                journal.commit(CommitRequest(process=name, seq=0, head=GENESIS, now=now, envelope=None))
            deliver_all(journal)


class Pages:
    """Pages of one browser, each in a context of its own. One that was left is used again: a context takes half a second of CPU."""

    def __init__(self, browser: Browser) -> None:
        self.browser = browser
        self._idle: dict[str, list[Page]] = {}
        self._kinds: dict[Page, str] = {}

    def take(self, lang: str, **options: Any) -> Page:
        """A page with nothing in it, for somebody who reads this language."""
        options = {"viewport": {"width": 1440, "height": 960}} | options
        options |= {"locale": "zh-CN" if lang == "zh" else "en-GB", "timezone_id": "Asia/Shanghai"}
        kind = repr(sorted(options.items()))
        if idle := self._idle.setdefault(kind, []):
            return idle.pop()
        context = self.browser.new_context(**options)
        context.set_default_timeout(PATIENCE_S * 1000)
        page = context.new_page()
        self._kinds[page] = kind
        return page

    def keep(self, page: Page) -> None:
        """Empty a page that somebody has left, for the next one: nothing of what was done there stays."""
        if page.url.startswith("http"):
            page.evaluate("() => localStorage.clear()")
            page.goto(
                urljoin(page.url, "/healthz")
            )  # of the same host: an empty page would cost the next one a process
        page.context.clear_cookies()
        page.emulate_media(media="null")
        page.mouse.move(0, 0)
        self._idle[self._kinds[page]].append(page)


@dataclass
class Desk:
    """Somebody at a browser. Whatever goes wrong behind a page is kept: console errors, requests to other hosts."""

    page: Page
    url: str
    shots: Path | None
    lang: str = "zh"
    token: Callable[[str], str] | None = None
    troubles: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._watching: Mapping[Any, Callable[[Any], None]] = {
            "console": self._console,
            "pageerror": lambda error: self.troubles.append(f"page error: {error}"),
            "request": self._request,
            "response": self._response,
        }
        for event, watch in self._watching.items():
            self.page.on(event, watch)

    def leave(self) -> Page:
        """Watch the page no longer."""
        for event, watch in self._watching.items():
            self.page.remove_listener(event, watch)
        return self.page

    def _console(self, message: ConsoleMessage) -> None:
        refused = message.text.startswith("Failed to load resource") and any(f" {n} " in message.text for n in REFUSED)
        htmx = message.text.startswith("Response Status Error Code")  # htmx says so of every refusal it shows
        if message.type in {"error", "warning"} and not refused and not htmx:
            self.troubles.append(f"console {message.type}: {message.text} at {self.page.url}")

    def _request(self, request: Request) -> None:
        if urlsplit(request.url).scheme in {"http", "https"} and not request.url.startswith(self.url + "/"):
            self.troubles.append(f"request to another host: {request.url}")

    def _response(self, response: Response) -> None:
        if response.status >= 500 and response.status != 503:
            self.troubles.append(f"{response.status} for {response.url}")

    def sign_in(self, user: str, password: str = DEMO_PASSWORD) -> None:
        self.open("/console/sign-in")
        self.page.fill("#user", user)
        self.page.fill("#password", password)
        self.page.click("form[action='/console/sign-in'] button")
        self.page.wait_for_url(lambda url: "/sign-in" not in url)

    def sign_out(self) -> None:
        self.page.click("form[action='/console/sign-out'] button")
        self.page.wait_for_url("**/console/sign-in")

    def become(self, user: str) -> None:
        """Sit down at somebody else's desk: by the form, or with a session opened behind the door where that is known."""
        if self.token is not None:
            self.page.context.add_cookies([{"name": COOKIE, "value": self.token(user), "url": self.url}])
            return
        if self.page.locator("form[action='/console/sign-out']").count():
            self.sign_out()
        self.sign_in(user)

    def open(self, path: str) -> Response | None:
        mark = "&" if "?" in path else "?"
        return self.page.goto(f"{self.url}{path}{mark}lang={self.lang}")

    def act(self, no: str, command: str, subject: str | None = None, **values: Any) -> None:
        """Take one button of the case's page to its form, fill it in, send it, and come back to the case."""
        self.open(f"/console/cases/{no}")
        end = f"/acts/{command}" + (f"?subject={subject}" if subject else "")
        self.page.locator(f".acts a[href$='{end}']").first.click()
        self.page.wait_for_selector("#act form")
        self.fill(**values)
        self.page.click("#act form button[type=submit]")
        self.page.wait_for_url(f"**/console/cases/{no}?done={command}")

    def fill(self, **values: Any) -> None:
        for name, value in values.items():
            box = self.page.locator(f"#act [name='{name}']")
            if box.first.get_attribute("type") == "radio":
                self.page.check(f"#act [name='{name}'][value='{value}']")
            elif box.first.get_attribute("type") == "file":
                box.set_input_files(value)
            elif box.first.evaluate("e => e.tagName") == "SELECT":
                box.select_option(value)
            else:
                box.first.fill(str(value))

    def shot(self, name: str) -> None:
        """Draw the page for people to look at, where somebody wants to: it takes half a second of CPU."""
        if self.shots is not None:
            self.page.screenshot(path=self.shots / f"{name}-{self.lang}.png", full_page=True)

    def faults(self) -> list[str]:
        """Check this page with axe; return what it finds, one line a rule."""
        if not self.page.evaluate("() => 'axe' in window"):
            self.page.evaluate(AXE.read_text(encoding="utf-8"))
        found = self.page.evaluate(
            "rules => axe.run(document, {runOnly: {type: 'tag', values: rules}}).then(r => r.violations)", RULES
        )
        return [
            f"{v['id']}: {v['help']} — " + "; ".join(" ".join(map(str, n["target"])) for n in v["nodes"][:4])
            for v in found
        ]


def looked_at(desk: Desk, path: str, name: str, status: int = 200) -> None:
    response = desk.open(path)
    assert response is not None
    assert response.status == status
    assert desk.page.get_attribute("html", "lang") == ("zh-CN" if desk.lang == "zh" else "en")
    assert desk.page.locator("h1").count() == 1
    assert "console." not in desk.page.inner_text("body")  # a text that is missing shows its key
    desk.shot(name)
    assert desk.faults() == []
