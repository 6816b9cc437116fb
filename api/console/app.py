"""The console as an app of its own under ``/console``: its errors are pages, its addresses no part of the API's description."""

from typing import Any, Final

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import RedirectResponse, Response
from starlette.staticfiles import StaticFiles

from api.console import (
    acts,
    batches,
    callers,
    cases,
    inbox,
    incidents,
    intake,
    ledger,
    operations,
    processes,
    queue,
    session,
)
from api.console.page import STATIC, go, render
from api.console.refusing import faults, in_words
from api.console.visiting import HOME, SignInFirst, Visit, language_of
from api.problems import Problem, wrong_of
from storage.unit_of_work import StorageUnavailable

YEAR_S: Final = 365 * 24 * 3600
_HTTP: Final = {404: "unknown_path", 405: "method_not_allowed"}


class Files(StaticFiles):
    """Static files; their addresses change with their content, so browsers keep them."""

    def file_response(self, *args: Any, **kwargs: Any) -> Response:
        """Return the file, to be kept for a year."""
        response = super().file_response(*args, **kwargs)
        response.headers["cache-control"] = f"public, max-age={YEAR_S}, immutable"
        return response


def install(app: FastAPI) -> FastAPI:
    """Mount the console and return it, still to be equipped; who asks for nothing in particular comes to it."""

    @app.get("/", include_in_schema=False)
    async def start() -> Response:
        return RedirectResponse(HOME)

    console = _console()
    app.mount("/console", console)
    return console


def _console() -> FastAPI:
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None, redirect_slashes=False)
    app.mount("/static", Files(directory=STATIC), name="static")
    for page in (
        session,
        inbox,
        queue,
        intake,
        cases,
        ledger,
        acts,
        callers,
        incidents,
        operations,
        processes,
        batches,
    ):
        app.include_router(page.router)
    _pages_for_errors(app)
    return app


def _pages_for_errors(app: FastAPI) -> None:
    @app.exception_handler(SignInFirst)
    async def _stranger(request: Request, error: SignInFirst) -> Response:
        return go(request, session.address(error.back))

    @app.exception_handler(Problem)
    async def _problem(request: Request, error: Problem) -> Response:
        return error_page(request, error)

    @app.exception_handler(RequestValidationError)
    async def _validation(request: Request, error: RequestValidationError) -> Response:
        return error_page(request, Problem(422, "invalid_input", errors=[wrong_of(e) for e in error.errors()]))

    @app.exception_handler(HTTPException)
    async def _http(request: Request, error: HTTPException) -> Response:
        return error_page(request, Problem(error.status_code, _HTTP.get(error.status_code, "bad_request")))

    @app.exception_handler(ClientDisconnect)
    async def _left(request: Request, error: ClientDisconnect) -> Response:
        del request, error
        return Response(status_code=400)  # nobody is there to read it

    @app.exception_handler(StorageUnavailable)
    async def _storage(request: Request, error: StorageUnavailable) -> Response:
        del error
        return error_page(request, Problem(503, "storage_unavailable", retry_after=2))


def error_page(request: Request, problem: Problem) -> Response:
    """Return the page that says in words what went wrong and where to go."""
    visit: Visit | None = getattr(request.state, "visit", None)
    lang = visit.lang if visit else language_of(request)
    response = render(
        request,
        "error.html",
        visit,
        status=problem.status,
        problem=problem,
        words=in_words(problem, lang),
        faults=faults(problem, lang),
    )
    response.headers.update(problem.headers)
    return response
