"""What our logs and histories keep of an error: its types and places, never its message (law 8).

A message may hold what people said: pydantic quotes the input, PostgreSQL the failing row, a ``KeyError`` its key. A stable code of
our own (``code`` or ``type`` of the exception) is kept; everything else is found by the place.
"""

import logging
import re
import sys
import traceback
from collections.abc import Iterator, MutableMapping
from typing import Any, Final

CODE: Final = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,79}")
FORM: Final = "%(asctime)s %(levelname)s %(name)s %(message)s"
MOST: Final = 20
"""Errors of one chain that are told; a chain can be a ring."""


def name_of(error: BaseException) -> str:
    """Return the type of an error, and its code where it has one of ours."""
    name = f"{type(error).__module__}.{type(error).__qualname__}".removeprefix("builtins.")
    code = getattr(error, "code", None) or getattr(error, "type", None)
    return f"{name} ({code})" if isinstance(code, str) and CODE.fullmatch(code) else name


def trace_of(error: BaseException) -> str:
    """Return a traceback without messages: causes first, members of a group last."""
    return "\n".join(line for found in reversed(list(_chain(error))) for line in _told(found))


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    seen: set[int] = set()
    while error is not None and id(error) not in seen and len(seen) < MOST:
        seen.add(id(error))
        yield error
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)


def _told(error: BaseException) -> Iterator[str]:
    yield from (line.rstrip("\n") for line in traceback.format_tb(error.__traceback__))
    yield name_of(error)
    if isinstance(error, BaseExceptionGroup):
        for member in error.exceptions[:MOST]:
            yield from (f"  | {line}" for line in trace_of(member).split("\n"))


class Reticent(logging.Formatter):
    """Formats log records; of exceptions it tells types and places only. What is logged must itself be codes."""

    def formatException(self, ei: Any) -> str:  # noqa: N802 - logging's name
        """Return the traceback without messages."""
        return trace_of(ei[1]) if ei[1] is not None else ""

    def format(self, record: logging.LogRecord) -> str:
        """Format anew: another handler may have kept a talkative text in the record."""
        record.exc_text = None
        return super().format(record)


def log_reticently(level: int = logging.INFO) -> None:
    """Let all logging of this process go to stderr through :class:`Reticent`."""
    handler = logging.StreamHandler()
    handler.setFormatter(Reticent(FORM))
    logging.basicConfig(level=level, handlers=[handler], force=True)


def render_exception(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Do the same for structlog: put the traceback without messages in the place of ``exc_info``."""
    given = event.pop("exc_info", None)
    error = given if isinstance(given, BaseException) else sys.exc_info()[1] if given else None
    if error is not None:
        event["exception"] = trace_of(error)
    return event
