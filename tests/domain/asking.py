"""What somebody may ask of a case: bodies of commands that are often, but not always, right. Drawn from dice."""

import random
from datetime import timedelta
from enum import Enum
from typing import Any, Literal, get_args, get_origin

from domain import kernel
from domain.casework.commands import COMMANDS
from domain.casework.state import Case
from domain.process import Todo
from tests.domain.casekit import CALENDARS, ITEMS, PACKS, REF, UNITS, CaseKit, opening

WORKING_UNITS = ("housing", "water", "roads", "parks", "east-1")
BELOW = {
    **dict.fromkeys(("housing", "water", "roads", "parks"), ("east-housing", "east-roads")),
    "east-1": ("east-1-river", "east-1-hill", "east-1-river-g1"),
    "east-1-river": ("east-1-river-g1",),
}
"""To whom a unit may hand down."""


def body(dice: random.Random, kit: CaseKit, name: str, todo: Todo | None) -> dict[str, Any]:
    """A body for a command that is often, but not always, right."""
    model = COMMANDS.get(name) or kernel.KERNEL_COMMANDS.get(name)
    if model is None:
        return {}
    if name == "open":
        return opening(kit.no, kit.city)
    fields: dict[str, Any] = {}
    for field, info in model.model_fields.items():
        if not info.is_required() and dice.random() < 0.4:
            continue
        value = draw(dice, kit, field, info.annotation, todo)
        if value is not None:
            fields[field] = value
    if name == "correct":
        fields["value"] = dice.choice(
            {
                "case_type": ("help", "nonsense"),
                "caller_type": ("firm", "nonsense"),
                "confidential": ("true", "false", "maybe"),
                "item": (*ITEMS, "nonsense"),
                "matter": ("x1", "x2"),
            }.get(fields["field"], (*UNITS, "nonsense"))
        )
    return likely(dice, kit, name, fields)


def likely(dice: random.Random, kit: CaseKit, name: str, fields: dict[str, Any]) -> dict[str, Any]:
    """The fields, put right where they would hardly ever fit."""
    order = kit.state.orders.get(str(fields.get("order")))
    if name == "hand_down" and order is not None and dice.random() < 0.8:
        return fields | {"unit": dice.choice(BELOW.get(order.unit, ("east-1",)))}
    if name == "recheck_on_account":
        return looked_again(dice, fields)
    if name == "record_callback" and dice.random() < 0.9:
        return callback(dice, fields)
    return fields | {"documents": ["d1"]} if name == "submit_result" else fields


def looked_again(dice: random.Random, fields: dict[str, Any]) -> dict[str, Any]:
    """What is kept has a day, what ends has none; seldom the other way round."""
    if dice.random() < 0.1:
        return fields
    if fields["keep"]:
        return fields
    return {k: v for k, v in fields.items() if k != "review_on"}


def callback(dice: random.Random, fields: dict[str, Any]) -> dict[str, Any]:
    """What a caller says, or that he was not reached, without contradiction."""
    fields = {k: v for k, v in fields.items() if k not in {"solved", "satisfaction"}}
    fields |= {"reached": dice.random() < 0.7, "unreasonable": False, "note": REF}
    if not fields["reached"]:
        return fields
    if dice.random() < 0.5:
        return fields | {"solved": "yes", "satisfaction": "satisfied"}
    return fields | {"solved": "no", "satisfaction": "unsatisfied", "unreasonable": dice.random() < 0.4}


def draw(dice: random.Random, kit: CaseKit, field: str, annotation: Any, todo: Todo | None) -> Any:  # noqa: C901, PLR0911, PLR0912
    """A value for a field, by its name first and then by its type."""
    case: Case = kit.state
    other = dice.choice([no for no in kit.city.kits if no != kit.no])
    match field:
        case "order":
            if todo is not None and todo.subject in case.orders:
                return todo.subject
            return dice.choice([*case.orders, *(o.id for o in case.live), "a999"])
        case "request":
            if todo is not None and todo.subject in case.callers:
                return todo.subject
            return dice.choice([*case.callers, *(c.request for c in case.waiting_callers), "nobody"])
        case "matter" if case.matters:
            return dice.choice([*case.matters])
        case "into" | "case" | "was":
            return dice.choice([other, other, case.merging_into or other, kit.no, "nowhere"])
        case "effect":
            return dice.choice([*kit.process.incidents, *(e.id for e in kit.effects[-3:]), "case/x/1/0"])
        case "item":
            return dice.choice([*ITEMS, "nonsense"]) if dice.random() < 0.5 else None
        case "lead" | "unit" | "proposed_owner" | "territory" | "industry":
            return dice.choice(WORKING_UNITS if dice.random() < 0.95 else list(UNITS))
        case "co" | "informed":
            return dice.sample(WORKING_UNITS, dice.choice((0, 0, 1, 2)))
        case "review_on":
            return (kit.city.now + timedelta(days=dice.choice((1, 3, 20, 60, 100)))).date().isoformat()
        case "days":
            return dice.choice((1, 3, 10, 11))
        case "kind":
            return dice.choice((*kit.city.pack.pauses, "nonsense"))
        case "documents":
            return ["d1"]
        case "calendar":
            return dice.choice((None, *CALENDARS, "nonsense"))
        case "pack":
            return dice.choice((None, None, *PACKS, "nonsense"))
        case "batch":
            return dice.choice(("batch/1", "batch/2", "batch/3"))
        case "decided_at":
            return (kit.city.now - timedelta(hours=dice.choice((0, 1, 50)))).isoformat()
    kinds = [a for a in get_args(annotation) if a is not type(None)] or [annotation]
    kind = kinds[0]
    if get_origin(annotation) is Literal:
        return dice.choice(kinds)
    if isinstance(kind, type) and issubclass(kind, Enum):
        return dice.choice([str(v) for v in kind])
    if kind is bool:
        return dice.random() < 0.7
    return 1 if kind is int else "x"


def spoil(dice: random.Random, fields: dict[str, Any]) -> None:
    """Make a body wrong."""
    if fields:
        fields[dice.choice(list(fields))] = dice.choice((None, "", "x" * 400, 7, ["a"], {"b": 1}, "空 格"))
    else:
        fields["surprise"] = 1
