"""Which problems a route may answer with.

A function says it beside itself, with ``@refuses``; the description of the API is put together from the route and all it
depends on, so that it names every code and nothing is said twice.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, TypeVar

from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute, RouteContext

from api.problems import status_of
from storage.texts import DEFAULT, catalogue

STATUS: Final[Mapping[str, int]] = {
    "bad_request": 400,
    "bad_request_line": 400,
    "duplicate_key": 400,
    "idempotency_key_missing": 400,
    "invalid_utf8": 400,
    "malformed_json": 400,
    "too_deep": 400,
    "bad_secret": 401,
    "not_signed_in": 401,
    "signature_expired": 401,
    "signature_missing": 401,
    "signature_wrong": 401,
    "wrong_credentials": 401,
    "command_not_for_units": 403,
    "csrf": 403,
    "forbidden": 403,
    "role_not_held": 403,
    "not_found": 404,
    "unknown_document": 404,
    "unknown_path": 404,
    "unknown_process": 404,
    "unknown_unit": 404,
    "method_not_allowed": 405,
    "body_too_slow": 408,
    "too_many_documents": 409,
    "body_too_large": 413,
    "bad_document": 415,
    "unsupported_media_type": 415,
    "idempotency_key_reused": 422,
    "invalid_input": 422,
    "document_quota": 429,
    "too_many_failures": 429,
    "too_many_requests": 429,
    "internal": 500,
    "storage_unavailable": 503,
}
"""The status of each code of the doors. What the rules refuse has its own table, :data:`api.problems.REFUSAL_STATUS`."""

RULES: Final = "*"
"""Stands for every refusal of the rules."""

EVERYWHERE: Final = ("bad_request_line", "internal")
WITH_BODY: Final = ("bad_request", "body_too_large", "body_too_slow")
WITH_PATH: Final = ("unknown_path",)
WITH_PARAMETERS: Final = ("invalid_input",)

F = TypeVar("F", bound=Callable[..., Any])
_MARK: Final = "__refuses__"


def refuses(*codes: str) -> Callable[[F], F]:
    """Say with which codes a route or a dependency may refuse."""

    def mark(function: F) -> F:
        setattr(function, _MARK, codes)
        return function

    return mark


def told_by(route: APIRoute | RouteContext) -> dict[int, tuple[str, ...]]:
    """Return the codes a route may refuse with, by status: its own, those of all it depends on, those of every route."""
    found = set(EVERYWHERE)
    for part in _parts(route.dependant):
        found |= set(getattr(part.call, _MARK, ()))
        if part.path_params:
            found |= {*WITH_PATH, *WITH_PARAMETERS}
        if part.query_params or part.header_params:
            found |= set(WITH_PARAMETERS)
    if (route.openapi_extra or {}).get("requestBody"):
        found |= set(WITH_BODY)
    told = {(code, STATUS[code]) for code in found - {RULES}}
    if RULES in found:
        told |= {(code, status_of(code)) for code in of_the_rules()}
    by_status: dict[int, list[str]] = {}
    for code, status in sorted(told):
        by_status.setdefault(status, []).append(code)
    return {status: tuple(by_status[status]) for status in sorted(by_status)}


def of_the_rules() -> tuple[str, ...]:
    """Return the codes with which the rules may refuse: those they have a text for."""
    prefix = "refusal."
    return tuple(sorted(key.removeprefix(prefix) for key in catalogue(DEFAULT) if key.startswith(prefix)))


def _parts(dependant: Dependant) -> Iterator[Dependant]:
    yield dependant
    for inner in dependant.dependencies:
        yield from _parts(inner)
