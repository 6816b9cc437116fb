"""RFC 9457 problems: every refusal of the API has this one form, with a stable code and a text in the reader's language.

``{type, title, status, code, detail, instance, errors: [{place, code, text}]}``; ``place`` is a JSON pointer into the body, or
``header/…``, ``query/…``, ``path/…``. zh is the default, ``Accept-Language`` may ask for en.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Final

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from storage.texts import DEFAULT, LANGUAGES, known, refusal, text
from storage.unit_of_work import StorageUnavailable

MEDIA_TYPE: Final = "application/problem+json"
RETRY_S: Final = 2

REFUSAL_STATUS: Final[Mapping[str, int]] = {
    "not_permitted": 403,
    "unknown_command": 404,
    "invalid_command": 422,
    "unknown_process": 404,
    "not_begun": 404,
}
"""Refusals of the rules that are not a conflict."""
CONFLICT: Final = 409


class Fault(BaseModel):
    """One thing that is wrong, and where."""

    place: str
    code: str
    text: str


class ProblemBody(BaseModel):
    """An RFC 9457 problem."""

    type: str
    title: str
    status: int
    code: str
    detail: str
    instance: str
    errors: list[Fault] = []


@dataclass(frozen=True)
class Wrong:
    """One thing that is wrong: where, its code, and what fills its text."""

    place: str
    code: str
    values: Mapping[str, Any] = field(default_factory=dict)


class Problem(Exception):
    """An answer that is an error. ``values`` fill the text; ``refused`` says that the rules refused, not the door."""

    def __init__(
        self,
        status: int,
        code: str,
        *,
        errors: Sequence[Wrong] = (),
        retry_after: float | None = None,
        refused: bool = False,
        headers: Mapping[str, str] | None = None,
        **values: Any,
    ) -> None:
        super().__init__(code)
        self.status, self.code, self.errors, self.values = status, code, tuple(errors), values
        self.refused = refused
        self.headers = dict(headers or {})
        if retry_after is not None:
            self.headers["Retry-After"] = str(max(1, round(retry_after + 0.5)))


def status_of(refusal_code: str) -> int:
    """Return the status of a refusal of the rules."""
    return REFUSAL_STATUS.get(refusal_code, CONFLICT)


def refused(code: str, detail: Mapping[str, Any] | None = None) -> Problem:
    """Return the problem for a refusal of the rules."""
    problem = Problem(status_of(code), code, refused=True)
    problem.values = dict(detail or {})
    return problem


def invalid(*errors: Wrong) -> Problem:
    """Return the problem for a body, a query or a header that is not right."""
    return Problem(422, "invalid_input", errors=errors)


def language(accept: str | None) -> str:
    """Choose zh or en by an ``Accept-Language`` header; anything unreadable counts as no wish."""
    best, chosen = 0.0, DEFAULT
    for part in (accept or "")[:400].split(","):
        tag, _, parameter = part.strip().partition(";")
        try:
            quality = float(parameter.strip().removeprefix("q=")) if parameter else 1.0
        except ValueError:
            continue
        primary = tag.partition("-")[0].lower()
        if primary in LANGUAGES and best < quality <= 1:
            best, chosen = quality, primary
    return chosen


def body_of(problem: Problem, instance: str, lang: str) -> ProblemBody:
    """Return the problem in words."""
    if problem.refused or not known(f"problem.{problem.code}"):
        detail = refusal(problem.code, problem.values, lang)
    else:
        detail = text(f"problem.{problem.code}", lang, **problem.values)
    return ProblemBody(
        type=f"urn:sanhuan:problem:{problem.code}",
        title=HTTPStatus(problem.status).phrase,
        status=problem.status,
        code=problem.code,
        detail=detail,
        instance=instance,
        errors=[
            Fault(place=e.place, code=e.code, text=text(f"input.{e.code}", lang, **e.values)) for e in problem.errors
        ],
    )


def answer(problem: Problem, path: str, accept: str | None) -> Response:
    """Return the HTTP answer of a problem."""
    lang = language(accept)
    body = body_of(problem, path, lang).model_dump()
    return Response(
        json.dumps(body, ensure_ascii=False).encode("utf-8", "replace"),
        status_code=problem.status,
        media_type=MEDIA_TYPE,
        headers={**problem.headers, "Content-Language": lang, "Vary": "Accept-Language"},
    )


def install(app: FastAPI) -> None:
    """Let every error of the app be answered as a problem."""

    @app.exception_handler(Problem)
    async def _problem(request: Request, error: Problem) -> Response:
        return _answer(request, error)

    @app.exception_handler(RequestValidationError)
    async def _validation(request: Request, error: RequestValidationError) -> Response:
        return _answer(request, invalid(*(wrong_of(e) for e in error.errors())))

    @app.exception_handler(HTTPException)
    async def _http(request: Request, error: HTTPException) -> Response:
        code = _HTTP_CODES.get(error.status_code, "bad_request")
        return _answer(request, Problem(error.status_code, code, headers=error.headers or {}))

    @app.exception_handler(StorageUnavailable)
    async def _storage(request: Request, error: StorageUnavailable) -> Response:
        del error
        return _answer(request, Problem(503, "storage_unavailable", retry_after=RETRY_S))


_HTTP_CODES: Final = {404: "unknown_path", 405: "method_not_allowed", 415: "unsupported_media_type"}

_EXACT: Final[Mapping[str, str]] = {
    "missing": "missing",
    "extra_forbidden": "unknown_field",
    "string_too_long": "too_long",
    "too_long": "too_long",
    "bytes_too_long": "too_long",
    "string_too_short": "too_short",
    "too_short": "too_short",
    "greater_than": "out_of_range",
    "greater_than_equal": "out_of_range",
    "less_than": "out_of_range",
    "less_than_equal": "out_of_range",
    "enum": "not_allowed",
    "literal_error": "not_allowed",
    "string_pattern_mismatch": "bad_format",
}


def wrong_of(error: Mapping[str, Any]) -> Wrong:
    """Turn one validation error of pydantic into ours."""
    kind, context = str(error["type"]), error.get("ctx") or {}
    values = {
        "most": context.get("max_length", ""),
        "least": context.get("min_length", ""),
        "expected": context.get("expected", kind.partition("_")[0]),
    }
    code = kind if known(f"input.{kind}") else _EXACT.get(kind)
    if code is None:
        code = "wrong_type" if kind.endswith(("_type", "_parsing", "_from_float")) else "bad_format"
    return Wrong(place=_place(error["loc"]), code=code, values=values)


def _place(loc: Sequence[str | int]) -> str:
    where, rest = ("", loc) if not loc or loc[0] not in _WHERE else (_WHERE[str(loc[0])], loc[1:])
    tokens = [str(part).replace("~", "~0").replace("/", "~1")[:100] for part in rest]
    return where + "".join(f"/{t}" for t in tokens) if not where else "/".join([where, *tokens])


_WHERE: Final = {"query": "query", "path": "path", "header": "header", "body": ""}


def _answer(request: Request, problem: Problem) -> Response:
    return answer(problem, request.url.path, request.headers.get("accept-language"))
