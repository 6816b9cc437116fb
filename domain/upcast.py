"""What older releases wrote, read by this one: a table from (kind, type, version) to the function that makes the next version.

An optional field with an empty default needs no row: old values are read as they are. A row is for the rest (a field renamed,
split, moved or given another meaning), and with it goes a golden file that holds the old form (tests/upgrades/golden).

* **event** by its type, **snapshot** by the kind of process: what is written says its version as ``v`` (1 is not said). The
  version in use is one more than the last row, so adding a row is all there is to do.
* **command** by its name: people and other processes send no version, so its functions leave alone what is new already, and
  what makes no sense.

The chain of events is checked over what was written, never over what is made of it here.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final, Literal, TypeAlias

Kind: TypeAlias = Literal["event", "command", "snapshot"]
Body: TypeAlias = Mapping[str, Any]
Upcaster: TypeAlias = Callable[[Body], Body]

FIRST: Final = 1
VERSION: Final = "v"

TABLE: Final[dict[tuple[Kind, str, int], Upcaster]] = {}
"""Empty: nothing has changed its form since the first release."""


class NewerRelease(Exception):
    """A newer release wrote this, in a form that this one does not know and would spoil by writing it back."""

    def __init__(self, what: str) -> None:
        super().__init__(what)
        self.code = "newer_release"


def current(kind: Kind, type_: str) -> int:
    """Return the version that is written now."""
    return max((n + 1 for k, t, n in TABLE if (k, t) == (kind, type_)), default=FIRST)


def stamped(kind: Kind, type_: str, body: dict[str, Any]) -> dict[str, Any]:
    """Return a body as it is to be written: with its version, unless that is the first."""
    version = current(kind, type_)
    return body if version == FIRST else {VERSION: version, **body}


def lifted(kind: Kind, type_: str, body: Body) -> Body:
    """Return a body in the form of this release, without its version. Raises :class:`NewerRelease`, but not for a command."""
    written, now = FIRST if kind == "command" else body.get(VERSION, FIRST), current(kind, type_)
    if written > now:
        raise NewerRelease(f"{kind} {type_} of version {written}; this release knows {now}")
    if VERSION in body and kind != "command":
        body = {k: v for k, v in body.items() if k != VERSION}
    for version in range(written, now):
        body = TABLE[kind, type_, version](body)
    return body
