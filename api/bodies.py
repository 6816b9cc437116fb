"""Reading a JSON body, strictly: what is not plain, small, well-formed JSON of the right shape is refused with its place.

Types are taken literally (``"5"`` is no number, ``1`` is no truth value), unknown fields and duplicate names are errors, texts
hold no control characters but line breaks and tabs.
"""

import json
import re
from collections.abc import Awaitable, Callable, Iterator
from typing import Any, Final, TypeVar

from pydantic import BaseModel, ValidationError
from starlette.requests import Request

from api.problems import Problem, Wrong, invalid, wrong_of
from api.refusals import refuses
from api.services import services

LARGEST: Final = 2**53 - 1
MOST_DIGITS: Final = 30
JSON_TYPES: Final = frozenset({"application/json"})
EVENT_TYPES: Final = frozenset({"application/cloudevents+json", "application/json"})

UNWANTED: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\u2028-\u202e\u2066-\u2069\ufffe\uffff]")
"""Control characters, lone surrogates, line separators and marks that turn the direction of writing."""

M = TypeVar("M", bound=BaseModel)
REFUSED: Final = (
    "unsupported_media_type",
    "invalid_utf8",
    "malformed_json",
    "too_deep",
    "duplicate_key",
    "invalid_input",
)
"""What is refused of a JSON body."""


def json_body(model: type[M], media_types: frozenset[str] = JSON_TYPES) -> Callable[[Request], Awaitable[M]]:
    """Return a FastAPI dependency that reads the body as ``model``."""

    @refuses(*REFUSED)
    async def read(request: Request) -> M:
        media_type(request, media_types)
        depth: int = services(request).settings.json_depth
        return parse(model, await request.body(), depth)

    return read


def media_type(request: Request, allowed: frozenset[str]) -> str:
    """Return the body's media type. Refuses others, and other charsets than UTF-8, with 415."""
    given, _, parameters = request.headers.get("content-type", "").partition(";")
    found = given.strip().lower()
    charset = parameters.replace(" ", "").replace('"', "").lower()
    if found not in allowed or ("charset=" in charset and "charset=utf-8" not in charset):
        raise Problem(415, "unsupported_media_type", wanted=", ".join(sorted(allowed)))
    return found


def parse(model: type[M], raw: bytes, depth: int) -> M:
    """Parse and check a body. Raises :class:`Problem` with status 400 or 422."""
    value = plain_json(raw, depth)
    errors = list(hostile(value, ""))
    if errors:
        raise invalid(*errors[:20])
    return check(model, value)


def check(model: type[M], value: Any, prefix: str = "") -> M:
    """Check a plain value against a model; ``prefix`` is the JSON pointer of the value in the body."""
    try:
        return model.model_validate_json(json.dumps(value), strict=True)
    except ValidationError as error:
        found = [wrong_of(e) for e in error.errors(include_url=False, include_input=False)[:20]]
        raise invalid(*(Wrong(prefix + w.place, w.code, w.values) for w in found)) from error


def plain_json(raw: bytes, depth: int) -> Any:
    """Return what a JSON text says. Refuses with 400: no UTF-8, no JSON, nested too deep, a name twice."""
    try:
        source = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Problem(400, "invalid_utf8") from error
    if _depth(source) > depth:
        raise Problem(400, "too_deep", most=depth)
    try:
        return json.loads(
            source, object_pairs_hook=_object, parse_int=_integer, parse_float=_number, parse_constant=_constant
        )
    except (ValueError, RecursionError) as error:
        raise Problem(400, "malformed_json") from error


def hostile(value: Any, place: str) -> Iterator[Wrong]:
    """Find texts with characters, and numbers of a size, that nothing of ours needs."""
    match value:
        case str() if UNWANTED.search(value):
            yield Wrong(place, "control_character")
        case dict():
            yield from _hostile_members(value, place)
        case list():
            for index, inner in enumerate(value):
                yield from hostile(inner, f"{place}/{index}")
        case int() | float() if not -LARGEST <= value <= LARGEST:
            yield Wrong(place, "number_out_of_range")
        case _:
            return


def _hostile_members(value: dict[str, Any], place: str) -> Iterator[Wrong]:
    for name, inner in value.items():
        if UNWANTED.search(name):
            yield Wrong(place or "/", "control_character")
        else:
            yield from hostile(inner, f"{place}/{name[:100].replace('~', '~0').replace('/', '~1')}")


def unwanted(value: str) -> bool:
    """Say whether a text holds characters that are refused everywhere, line breaks and tabs among them."""
    return UNWANTED.search(value) is not None or any(ch in value for ch in "\n\r\t")


def _depth(source: str) -> int:
    """Return how deep brackets are nested, without parsing (the parser is recursive)."""
    deepest = level = 0
    for token in _TOKENS.finditer(source):
        match token[0]:
            case "{" | "[":
                level += 1
                deepest = max(deepest, level)
            case "}" | "]":
                level -= 1
            case _:
                continue
    return deepest


# An unclosed string runs to the end of the text, so that the search stays linear whatever comes.
_TOKENS: Final = re.compile(r'"(?:[^"\\]++|\\.)*+"?|[\[\]{}]', re.DOTALL)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise Problem(400, "duplicate_key")
    return found


def _integer(digits: str) -> int:
    return int(digits) if len(digits) <= MOST_DIGITS else LARGEST + 1


def _number(digits: str) -> float:
    """Return a number with a point or an exponent. ``2.0`` is the integer 2, as JSON Schema has it."""
    found = float(digits)
    return int(found) if found.is_integer() and abs(found) <= LARGEST else found


def _constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON")
