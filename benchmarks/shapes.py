"""The steps of a case that are measured, ours and bare, in two shapes.

``seven``  register → triage → dispatch → sign → submit → review → rated: each but the first a person's decision.
``four``   the skeleton of peers.md B3: register and dispatch without a person, wait for "accepted", reply, wait for "rated",
           archive. Bare: four steps, two of them released by a message. Ours needs more for the same: the start carries triage,
           dispatch and the unit's result, which are committed one after the other without waiting for anybody; "accepted" is the
           review that accepts the result, "rated" the callback that closes the case. So six commits (the first opens the case),
           two of them released by a message, with clocks, todos, list rows and orders; the case then keeps a timer until it is
           archived, while the bare one ends.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from domain.casework.commands import COMMANDS
from domain.process import Actor, Command, Envelope

UNIT: Final = "finance"
"""A unit of the sample city without a system of its own: it works from its inbox."""


@dataclass(frozen=True)
class Shape:
    """Which steps the bare workflow does before it waits and after each message; how many of our decisions go with the start."""

    name: str
    opening: tuple[str, ...]
    messages: tuple[str, ...]
    ours_with_start: tuple[str, ...]
    ours: tuple[str, ...]


SHAPES: Final[Mapping[str, Shape]] = {
    shape.name: shape
    for shape in (
        Shape(
            name="seven",
            opening=("register",),
            messages=("triage", "dispatch", "sign", "submit_result", "review_result", "record_callback"),
            ours_with_start=(),
            ours=("triage", "dispatch", "sign", "submit_result", "review_result", "record_callback"),
        ),
        Shape(
            name="four",
            opening=("register", "dispatch"),
            messages=("reply", "archive"),
            ours_with_start=("triage", "dispatch", "submit_result"),
            ours=("review_result", "record_callback"),
        ),
    )
}

LIAISON: Final = Actor(user="liaison", role="unit_liaison", unit=UNIT)
ACTORS: Final[Mapping[str, Actor]] = {
    "triage": Actor(user="agent", role="agent"),
    "dispatch": Actor(user="dispatcher", role="dispatcher"),
    "sign": LIAISON,
    "submit_result": LIAISON,
    "review_result": Actor(user="reviewer", role="order_reviewer"),
    "record_callback": Actor(user="caller", role="callback_officer"),
}


BODIES: Final[Mapping[str, Mapping[str, Any]]] = {
    "triage": {"triage": "routine"},
    "dispatch": {"lead": UNIT},
    "sign": {"order": "a1"},
    "submit_result": {"order": "a1", "code": "solved", "reply": "r#reply", "documents": ("d1",)},
    "review_result": {"order": "a1", "accept": True},
    "record_callback": {"reached": True, "solved": "yes", "satisfaction": "satisfied"},
}


def body(name: str, no: str) -> Command:
    """Return the command of a straight case."""
    more = {"request": no} if name == "record_callback" else {}
    return COMMANDS[name].model_validate({**BODIES[name], **more})


def command_id(no: str, name: str) -> str:
    """Return the id of a case's one command of a name."""
    return f"{no}-{name}"


def envelope(no: str, name: str) -> Envelope:
    """Return a command as a message without a waiting caller."""
    fields: dict[str, Any] = body(name, no).model_dump(mode="json")
    return Envelope(
        id=command_id(no, name),
        process=f"case/{no}",
        name=name,
        body=fields,
        actor=ACTORS[name],
        received_at=datetime.now(UTC),
    )
