"""The OpenAPI description of what :mod:`api.bodies` reads itself: schemas and examples of the request bodies."""

from collections.abc import Mapping
from typing import Any, Final

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from api.problems import MEDIA_TYPE, ProblemBody

_MODE: Final = "validation"
REF: Final = "#/components/schemas/{model}"
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
            schema = get_openapi(
                title=app.title,
                version=app.version,
                description=app.description,
                routes=app.routes,
                webhooks=app.webhooks.routes,
            )
            wanted: list[type[BaseModel]] = [*_models.values(), ProblemBody]
            _, bodies = models_json_schema([(m, _MODE) for m in wanted], ref_template=REF)
            components = schema.setdefault("components", {})
            components.setdefault("schemas", {}).update(bodies["$defs"])
            components["securitySchemes"] = {"session": {"type": "http", "scheme": "bearer"}}
            for operation in _operations(schema):
                operation["responses"].pop("422", None)
                operation["responses"]["default"] = _PROBLEM
            app.openapi_schema = schema
        return app.openapi_schema

    app.openapi = describe  # type: ignore[method-assign]  # FastAPI's own way to change it


_PROBLEM: Final = {
    "description": "RFC 9457 problem",
    "content": {MEDIA_TYPE: {"schema": {"$ref": REF.format(model="ProblemBody")}}},
}


def _operations(schema: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [
        op for path in schema["paths"].values() for op in path.values() if isinstance(op, dict) and "responses" in op
    ]
