"""The JSON text of a process between two decisions: written by :func:`write`, read to look or to write back.

An older release that runs beside a newer one (an upgrade, or one taken back) must not write back a process of which it
understood only a part: what it does not know would be gone. So there are two ways to read.
"""

import json
from typing import Any, Final, Literal, TypeVar

from pydantic import ValidationError

from domain import upcast
from domain.kernel import Process
from domain.model import Model
from domain.process import Decider
from domain.upcast import VERSION, NewerRelease

STAMP: Final = f'{{"{VERSION}":'
UNKNOWN: Final = "extra_forbidden"
M = TypeVar("M", bound=Model)


def write(process: Process) -> str:
    """Return the text of a process, in the form of this release."""
    text = process.model_dump_json()
    version = upcast.current("snapshot", process.kind)
    return text if version == upcast.FIRST else f"{STAMP}{version},{text[1:]}"


def look(decider: Decider, text: str) -> Process:
    """Read a process to show it: what a newer release added is left out."""
    process = _read(Process, _lifted(decider, text))
    return process.model_copy(update={"state": decider.state.model_validate(process.state)})


def take_up(decider: Decider, text: str) -> Process:
    """Read a process to decide on it and write it back. Raises :class:`NewerRelease` when something of it would be lost.

    A field this release does not know may be dropped while it is empty: a newer release gives new fields empty defaults.
    """
    process = _whole(Process, _lifted(decider, text))
    return process.model_copy(update={"state": _whole(decider.state, process.state)})


def _lifted(decider: Decider, text: str) -> Any:
    """Return the text itself while there is nothing to lift: it is read faster so."""
    if not text.startswith(STAMP) and upcast.current("snapshot", decider.kind) == upcast.FIRST:
        return text
    return upcast.lifted("snapshot", decider.kind, json.loads(text))


def _read(model: type[M], tree: Any, extra: Literal["forbid"] | None = None) -> M:
    read = model.model_validate_json if isinstance(tree, str) else model.model_validate
    return read(tree, extra=extra)


def _whole(model: type[M], tree: Any) -> M:
    try:
        return _read(model, tree, "forbid")
    except ValidationError as error:
        # Told by place and kind only: what stands there is the case's.
        lost = [e for e in error.errors(include_url=False) if e["type"] != UNKNOWN or e["input"]]
        if lost:
            where = ".".join(map(str, lost[0]["loc"]))
            raise NewerRelease(f"{model.__name__}: {where} ({lost[0]['type']})") from None
    return _read(model, tree)
