"""The app: every router, the shell around them, what they work with."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Final

from anyio.to_thread import current_default_thread_limiter
from fastapi import APIRouter, FastAPI

from api import openapi, problems
from api.batches.routes import router as batches
from api.cases.on_account import router as accounts
from api.cases.routes import router as cases
from api.console.app import install as install_console
from api.decisions.routes import router as decisions
from api.departments.routes import outward
from api.departments.routes import router as departments
from api.documents.routes import router as documents
from api.engine import Engine
from api.incidents.routes import router as incidents
from api.metrics_journal import JournalFigures
from api.operations.restart import router as restarts
from api.operations.routes import health
from api.operations.routes import router as operations
from api.operations.troubles import router as troubles
from api.papers.routes import router as papers
from api.proceedings.opening import router as openings
from api.proceedings.routes import router as proceedings
from api.reference.routes import router as reference
from api.requests.routes import router as requests
from api.services import Services
from api.sessions.routes import router as sessions
from api.settings import Settings
from api.shell import Shell
from api.todos.routes import router as todos
from storage.texts import LANGUAGES, catalogue
from storage.unit_of_work import Database

PREFIX: Final = "/api/v1"
ROUTERS: Final[Sequence[APIRouter]] = (
    sessions,
    requests,
    todos,
    cases,
    accounts,
    documents,
    papers,
    departments,
    incidents,
    reference,
    operations,
    troubles,
    batches,
    restarts,
    proceedings,
)
"""Restarts and proceedings have a process in their path and come last: a greedy path would take others' requests."""

DESCRIPTION: Final = """
Cases of a 12345 hotline, from a caller's words to the archive, and the processes beside them: rings, consultations,
adjudications, sessions, supervision.

* Sign in at `/api/v1/sessions`; send the token as `Authorization: Bearer …`.
* Every write carries an `Idempotency-Key`: repeating it repeats the answer, never the deed.
* Texts hold no control characters but line breaks and tabs; addresses and headers hold none at all.
* Every error is an RFC 9457 problem with a stable `code` (`/api/v1/problems` lists them); texts are zh, or en by `Accept-Language`.
* A decision that was not answered within 5 s is answered 202: it is stored and will be delivered.
"""


def create_app(settings: Settings, database: Database, engine: Engine, *, services: Services | None = None) -> FastAPI:
    """Return the app. It starts, and takes requests and decisions, also while the engine is away."""
    app = build()
    equip(app, services or Services(settings=settings, database=database, engine=engine))
    return app


def build() -> FastAPI:
    """Return the app with every route and all around it; it serves once it is equipped (:func:`equip`)."""
    for lang in LANGUAGES:
        catalogue(lang)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        place: Services = app.state.services
        current_default_thread_limiter().total_tokens = place.settings.threads
        yield
        place.database.close()

    app = FastAPI(
        title="Sanhuan 三环",
        version="1",
        description=DESCRIPTION,
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        openapi_url=f"{PREFIX}/openapi.json",
    )
    for router in (*ROUTERS, openings(), decisions()):
        app.include_router(router, prefix=PREFIX)
    app.include_router(health)
    app.webhooks.include_router(outward)
    app.state.console = install_console(app)
    problems.install(app)
    openapi.install(app)
    app.add_middleware(Shell)
    return app


def equip(app: FastAPI, place: Services) -> None:
    """Give an app what it works with. Given anew, it works with that from then on; none but tests do so."""
    figures = JournalFigures(place.database, place.now, place.settings.trouble_after_s)
    place.metrics.registry.register(figures)
    app.state.services = app.state.console.state.services = place
