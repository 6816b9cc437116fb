"""The words in which scripts are written: steps of people and department systems, and what must come of each.

A step's key is its place in the script, so that it is repeated under the same Idempotency-Key after any loss. ``{no}`` in a body is
the case's number, ``{b}`` that of the second request of the script, ``{in_30_days}`` a day.
"""

from collections.abc import Mapping
from typing import Any, Final

from pydantic import BaseModel, Field

RECORDED: Final = "recorded"
STRICT, TIMED = "haikou", "demo"


class Step(BaseModel, frozen=True):
    """One step. ``how``: ``decide`` (a person), ``answer`` (a department system), ``wait`` (until a stage), ``order`` (until the
    case shows that order), ``item`` (until an item of a process waits for its decision), ``together``. ``at`` is another process
    than the case, with ``{no}`` for the case's number.

    ``expect`` lists the results that are right: ``recorded`` or codes of refusals. Empty: whatever the rules say.
    """

    how: str = "decide"
    who: str = ""
    command: str = ""
    body: Mapping[str, Any] = Field(default_factory=dict)
    expect: tuple[str, ...] = (RECORDED,)
    case: str = "a"
    at: str = ""
    twice: bool = False
    proof: bool = False
    steps: tuple["Step", ...] = ()


class Script(BaseModel, frozen=True):
    """A whole life. ``end`` is the stage it must reach; ``compared`` is False where more than one end is right."""

    name: str
    pack: str = STRICT
    requests: int = 1
    steps: tuple[Step, ...]
    end: str
    share: int = 1
    compared: bool = True


def person(who: str, command: str, *expect: str, case: str = "a", at: str = "", **body: Any) -> Step:
    """A person's decision through the console's door."""
    return Step(who=who, command=command, body=body, expect=expect or (RECORDED,), case=case, at=at)


def unit(who: str, command: str, *expect: str, twice: bool = False, proof: bool = False, **body: Any) -> Step:
    """A department system's signed answer about its order; ``twice``: the same message again; ``proof``: with a picture."""
    return Step(
        how="answer", who=who, command=command, body=body, expect=expect or (RECORDED,), twice=twice, proof=proof
    )


def until(stage: str, case: str = "a", at: str = "", who: str = "dispatcher") -> Step:
    """Wait until the case, or another process that ``who`` may read, is at a stage."""
    return Step(how="wait", command=stage, case=case, at=at, who=who)


def shows(order: str) -> Step:
    """Wait until what was decided elsewhere has reached the case: it shows an order."""
    return Step(how="order", command=order)


def waiting(item: str, at: str) -> Step:
    """Wait until an item is there to be decided: whose matter it is has said so. Nobody is asked to decide it before."""
    return Step(how="item", command=item, at=at)


def together(*steps: Step) -> Step:
    """Steps given at one moment."""
    return Step(how="together", steps=steps)


def rated(satisfaction: str = "satisfied", solved: str = "yes", request: str = "{no}") -> Step:
    """A caller is reached and says how it was."""
    return person(
        "callback_officer", "record_callback", request=request, reached=True, solved=solved, satisfaction=satisfaction
    )


TRIAGED = person("agent", "triage", triage="routine")


def dispatched(lead: str, *co: str) -> Step:
    """The dispatcher sends the orders out."""
    return person("dispatcher", "dispatch", lead=lead, co=list(co), note="请尽快办理")


def accepted(order: str = "a1") -> Step:
    """The reviewer accepts a result."""
    return person("order_reviewer", "review_result", order=order, accept=True)


def explained(liaison: str, order: str = "a1") -> tuple[Step, ...]:
    """A liaison hands in an explanation by hand, and it is accepted."""
    return (
        person(liaison, "submit_result", order=order, code="explained", reply="已向来电人说明情况"),
        accepted(order),
    )
