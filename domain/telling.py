"""What processes say to the world and to each other: the effects that any of them may owe. Codes and references only (law 8).

=================  ================================================================================================
``order_message``  an order, or word of one, to a unit: its department system, or its inbox
``notice``         a notice to a caller, a role or a unit
``tell``           a command to another process; the effect's id is the command's, so that it takes effect once
``start``          the opening of another process: the same, and in the Temporal UI it is a child of the one that began it
``slice``          the next cases of a batch; what came of them comes back as a report
``catalogue``      a new version of an item of the dispatch catalogue, written in the commit that owes it
``paper``          an official document: numbered, rendered and kept in the commit that owes it
=================  ================================================================================================
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from domain.process import Effect

OPEN: Final = "open"
"""The command with which one process begins another."""
BETWEEN: Final = frozenset({"tell", "start"})
"""The effects by which one process speaks to another: the other answers at once, whatever it says."""
NOT_BEGUN: Final = "not_begun"
"""The code by which a process that was refused its beginning refuses all messages. A message that names no command for its refusal
is settled by it: what did not begin need not be told anything."""


def message(unit: str, body: Mapping[str, Any], *, urgent: bool = False) -> Effect:
    """Tell a unit of an order."""
    return Effect(kind="order_message", target=unit, body=dict(body), urgent=urgent)


def notice_to_caller(request: str, what: str, texts: Sequence[str] = ()) -> Effect:
    """Give a notice to the caller of a request."""
    return Effect(
        kind="notice", target=f"caller:{request}", body={"what": what, "request": request, "texts": list(texts)}
    )


def notice(what: str, role: str, unit: str | None = None, **more: Any) -> Effect:
    """Give a notice to a role (of a unit)."""
    target = f"role:{role}" if unit is None else f"unit:{unit}"
    return Effect(kind="notice", target=target, body={"what": what, "role": role, "unit": unit, **more})


def tell(
    process: str,
    command: str,
    body: Mapping[str, Any],
    on_refused: str | None = None,
    reply: Mapping[str, Any] | None = None,
) -> Effect:
    """Send a process a command. Its refusal comes back as the command ``on_refused`` with ``reply`` and the ``code``.

    Without ``on_refused`` a refusal is an incident, but for :data:`NOT_BEGUN`.
    """
    return Effect(kind="tell", target=process, body=_words(command, body, on_refused, reply))


def start(
    process: str, body: Mapping[str, Any], on_refused: str | None = None, reply: Mapping[str, Any] | None = None
) -> Effect:
    """Open a process. One that is open already refuses."""
    return Effect(kind="start", target=process, body=_words(OPEN, body, on_refused, reply))


def slice_of(process: str, what: str, body: Mapping[str, Any]) -> Effect:
    """Deal with the next cases of a batch. One target: a slice begins when the one before it is done."""
    return Effect(kind="slice", target=process, body={"what": what, **body})


def paper(kind: str, **values: Any) -> Effect:
    """Issue an official document of a kind (:mod:`domain.papers`). ``values`` are codes, instants and references to texts."""
    return Effect(kind="paper", target=f"paper:{kind}", body={"paper": kind, **values})


def catalogue(
    code: str, was: str, version: str, owner: str, co: Sequence[str], process: str, item: str, by: str
) -> Effect:
    """Give an item of the dispatch catalogue its next version, by what an item of a process decided."""
    body = {
        "code": code,
        "was": was,
        "version": version,
        "owner": owner,
        "co": list(co),
        "process": process,
        "item": item,
    }
    return Effect(kind="catalogue", target=f"catalogue:{code}", body={**body, "by": by})


def _words(
    command: str, body: Mapping[str, Any], on_refused: str | None, reply: Mapping[str, Any] | None
) -> dict[str, Any]:
    said: dict[str, Any] = {"command": command, "body": dict(body), "on_refused": on_refused}
    return said if reply is None else {**said, "reply": dict(reply)}
