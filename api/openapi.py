"""The OpenAPI description, completed: bodies that :mod:`api.bodies` reads itself, every problem of every route, tags in zh and en.

A route's problems come from :mod:`api.refusals`: by status, each code with a whole example.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from http import HTTPStatus
from typing import Any, Final

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute, RouteContext, iter_route_contexts
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from api.access import COOKIE, KEY, signed_in
from api.problems import CONFLICT, MEDIA_TYPE, Problem, ProblemBody, Wrong, body_of, status_of
from api.refusals import STATUS, of_the_rules, told_by
from storage.policies import load_permissions
from storage.texts import DEFAULT, LANGUAGES, known, text

_MODE: Final = "validation"
REF: Final = "#/components/schemas/{model}"
EXAMPLE: Final = "#/components/examples/{code}"
CONFLICTS: Final = "#/components/responses/RefusedByTheRules"
"""The one answer with every conflict the rules know: some seventy codes, which every decision may meet."""
SYSTEM: Final = "system"
WAITING: Final = frozenset({429, 503})
"""Statuses that say in ``Retry-After`` when to come again."""

_models: dict[str, type[BaseModel]] = {}


def takes(model: type[BaseModel], example: Mapping[str, Any], media_type: str = "application/json") -> dict[str, Any]:
    """Return the ``openapi_extra`` of a route that reads ``model``."""
    _models[model.__name__] = model
    content = {"schema": {"$ref": REF.format(model=model.__name__)}, "example": dict(example)}
    return {"requestBody": {"required": True, "content": {media_type: content}}}


def install(app: FastAPI) -> None:
    """Let the app describe itself, once."""

    def describe() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _described(app)
        return app.openapi_schema

    app.openapi = describe  # type: ignore[method-assign]  # FastAPI's own way to change it


def _described(app: FastAPI) -> dict[str, Any]:
    known_routes = [r for r in iter_route_contexts(app.routes) if isinstance(r.original_route, APIRoute)]
    routes = {(r.path_format, method): r for r in known_routes for method in r.methods or ()}
    schema = get_openapi(
        title=app.title,
        version=app.version,
        description=app.description,
        routes=app.routes,
        webhooks=app.webhooks.routes,
        tags=list(_tags(known_routes)),
        license_info={"name": "Apache-2.0", "identifier": "Apache-2.0"},
    )
    wanted: list[type[BaseModel]] = [*_models.values(), ProblemBody]
    _, bodies = models_json_schema([(m, _MODE) for m in wanted], ref_template=REF)
    components = schema.setdefault("components", {})
    names = _apart(components["schemas"], bodies["$defs"])
    components["schemas"] |= {names.get(n, n): _renamed(of, names) for n, of in bodies["$defs"].items()}
    for other in names.values():
        components["schemas"][other]["title"] = other
    components["schemas"]["Role"] = {"title": "Role", "type": "string", "enum": _roles()}
    components["examples"] = {code: _example(code) for code in sorted({*STATUS, *of_the_rules()})}
    components["responses"] = {CONFLICTS.rpartition("/")[2]: _problem(CONFLICT, _conflicts())}
    components["securitySchemes"] = {
        "session": {"type": "http", "scheme": "bearer"},
        "cookie": {"type": "apiKey", "in": "cookie", "name": COOKIE},
    }
    for path, operations in schema["paths"].items():
        for method, operation in operations.items():
            _complete(operation, routes[path, method.upper()])
            if "requestBody" in operation:
                operation["requestBody"] = _renamed(operation["requestBody"], names)
    return schema


def _apart(answers: Mapping[str, Any], bodies: Mapping[str, Any]) -> dict[str, str]:
    """Return other names for schemas of bodies that share theirs with another one of the answers: ``Grade`` → ``GradeIn``."""
    return {name: f"{name}In" for name in answers.keys() & bodies.keys() if answers[name] != bodies[name]}


def _renamed(value: Any, names: Mapping[str, str]) -> Any:
    """Return a part of the description that refers to schemas by their other names."""
    written = json.dumps(value)
    for name, other in names.items():
        written = written.replace(f'"{REF.format(model=name)}"', f'"{REF.format(model=other)}"')
    return json.loads(written)


def _complete(operation: dict[str, Any], route: RouteContext) -> None:
    """Add the problems, and who has to be signed in."""
    responses = operation["responses"]
    responses.pop("422", None)  # FastAPI's own form of it
    for status, codes in told_by(route).items():
        described = _problem(status, codes)
        if str(status) in responses:  # readiness says 503 in its own form too
            described["content"] |= responses[str(status)]["content"]
        responses[str(status)] = {"$ref": CONFLICTS} if codes == _conflicts() else described
    for parameter in operation.get("parameters", ()):
        _parameter(parameter)
    if any(part.call is signed_in for part in route.dependant.dependencies):
        operation["security"] = [{"session": []}, {"cookie": []}]


def _conflicts() -> tuple[str, ...]:
    return tuple(code for code in of_the_rules() if status_of(code) == CONFLICT)


def _parameter(parameter: dict[str, Any]) -> None:
    """Describe a parameter as it is read: none can be null, and FastAPI knows the key as optional, its absence being a 400."""
    arms = [arm for arm in parameter["schema"].pop("anyOf", ()) if arm != {"type": "null"}]
    if len(arms) == 1:
        parameter["schema"] = arms[0] | parameter["schema"]
    match parameter["name"]:
        case "idempotency-key":
            parameter |= {"required": True, "schema": {"type": "string", "pattern": f"^{KEY.pattern}$"}}
        case "x-role":
            parameter["schema"] = {"$ref": REF.format(model="Role")}
        case _:
            return


def _roles() -> list[str]:
    """Return the roles a person may hold."""
    return [role for role in load_permissions().roles if role != SYSTEM]


def _problem(status: int, codes: Sequence[str]) -> dict[str, Any]:
    headers = {"Content-Language": {"description": "zh or en", "schema": {"type": "string"}}}
    if status in WAITING:
        headers["Retry-After"] = {"description": "seconds", "schema": {"type": "integer"}}
    return {
        "description": f"{HTTPStatus(status).phrase}: " + ", ".join(f"`{c}`" for c in codes),
        "headers": headers,
        "content": {
            MEDIA_TYPE: {
                "schema": {"$ref": REF.format(model=ProblemBody.__name__)},
                "examples": {code: {"$ref": EXAMPLE.format(code=code)} for code in codes},
            }
        },
    }


def _example(code: str) -> dict[str, Any]:
    """Return a whole problem of this code, summed up in both languages."""
    errors = [Wrong("/title", "missing")] if code == "invalid_input" else []
    problem = Problem(STATUS.get(code, status_of(code)), code, errors=errors, refused=code not in STATUS)
    said = [_said(code, lang) for lang in LANGUAGES]
    value = body_of(problem, "/api/v1/…", DEFAULT).model_dump()
    return {"summary": " · ".join(said), "value": value}


def _said(code: str, lang: str) -> str:
    home = "problem" if known(f"problem.{code}") else "refusal"
    return text(f"{home}.{code}", lang)


def _tags(routes: Iterable[RouteContext]) -> Iterable[dict[str, str]]:
    names = dict.fromkeys(str(tag) for route in routes if route.include_in_schema for tag in route.tags)
    for name in names:
        zh, en = (text(f"tag.{name}", lang) for lang in LANGUAGES)
        yield {"name": name, "x-displayName": f"{zh} {en}", "description": f"{zh} · {en}"}
