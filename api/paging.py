"""Keyset pages: a cursor says after which row the next page begins."""

import base64
import binascii
import json
from datetime import UTC, datetime
from typing import Annotated, Any, Final

from fastapi import Query

from api.bodies import LARGEST, UNWANTED
from api.problems import Wrong, invalid

MOST: Final = 200
Limit = Annotated[int, Query(ge=1, le=MOST, description="rows on a page")]
Cursor = Annotated[str | None, Query(max_length=900, description="`next` of the page before")]


def cursor_of(*keys: Any) -> str:
    """Return the cursor after a row with these keys (instants, texts, numbers)."""
    plain = [k.isoformat() if isinstance(k, datetime) else k for k in keys]
    return base64.urlsafe_b64encode(json.dumps(plain, separators=(",", ":")).encode()).decode().rstrip("=")


def keys_of(cursor: str | None, *types: type) -> tuple[Any, ...] | None:
    """Return the keys in a cursor; refuse with 422 one that is not ours."""
    if cursor is None:
        return None
    try:
        plain = json.loads(base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True))
        return tuple(_key(value, kind) for value, kind in zip(plain, types, strict=True))
    except (ValueError, binascii.Error, TypeError, OverflowError, RecursionError) as error:
        raise invalid(Wrong("query/cursor", "bad_format")) from error


def _key(value: Any, kind: type) -> Any:
    if kind is datetime:
        at = datetime.fromisoformat(value)
        if at.tzinfo is None:
            raise ValueError("not an instant")
        return at.astimezone(UTC)
    small = isinstance(value, int) and abs(value) <= LARGEST
    plain = isinstance(value, str) and not UNWANTED.search(value)
    if type(value) is not kind or not (small or plain):
        raise ValueError("not a cursor")
    return value
