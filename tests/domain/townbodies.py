"""What people of a town ask for: bodies of commands that are often, but not always, right. Drawn from dice."""

import random
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from enum import Enum
from typing import Any, Literal, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from domain.answering.words import Step
from domain.kernel import KERNEL_COMMANDS
from domain.process import Text, Todo
from tests.domain.casekit import ITEMS
from tests.domain.townkit import Town

REF = "row#text"
DEPARTMENTS = ("housing", "water", "roads", "parks", "east-housing", "east-roads")
ALWAYS = frozenset({"documents", "reason", "unit", "lead", "case", "session"})
"""Fields that are filled in although they may be left out: without them the command is refused, mostly."""


def is_text(info: FieldInfo) -> bool:
    """Whether a field takes words, by reference."""
    marks = [*info.metadata, *(m for arm in get_args(info.annotation) for m in get_args(arm))]
    return any(isinstance(m, Text) for m in marks)


class Bodies:
    """Draws bodies for one town. ``cases`` are the numbers of its cases."""

    def __init__(self, town: Town, cases: tuple[str, ...]) -> None:
        self.town, self.cases = town, cases

    def body(self, dice: random.Random, process: str, name: str, todo: Todo | None) -> dict[str, Any]:
        """A body for a command of a process, asked for by a todo or not."""
        model = self.town.decider(process).commands.get(name) or KERNEL_COMMANDS[name]
        return self._likely(dice, name, self._filled(dice, process, model, todo)) | self._after(dice, name)

    def _filled(self, dice: random.Random, process: str, model: type[BaseModel], todo: Todo | None) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for field, info in model.model_fields.items():
            if not info.is_required() and dice.random() < 0.4 and field not in ALWAYS:
                continue
            value = REF if is_text(info) else self._value(dice, process, field, info.annotation, todo)
            if value is not None:
                found[field] = value
        return found

    def _likely(self, dice: random.Random, name: str, body: dict[str, Any]) -> dict[str, Any]:
        """Put right what would hardly ever fit."""
        if name == "record_callback":
            good = dice.random() < 0.6
            answer = {"solved": "yes" if good else "no", "satisfaction": "satisfied" if good else "unsatisfied"}
            return {"request": body["request"], "reached": True, "note": REF, **answer}
        if name == "submit_result":
            code = dice.choice(("solved", "solved", "explained"))
            return {"order": body["order"], "code": code, "reply": REF, "documents": ["d1"]}
        if name == "triage":
            return {"triage": dice.choice(("disputed", "hard")), "reason": REF}
        if name == "correct":
            return body | {"field": "matter", "value": "x1"}
        if name == "rule" and body["form"] == "refer":
            return {k: v for k, v in body.items() if k not in {"lead", "co", "term"}}
        if name == "schedule_session":
            body["district"] = "east" if body["level"] == "district" else None
        if "lead" in body:
            for field in ("co", "units", "members"):
                body |= {field: [u for u in body[field] if u != body["lead"]]} if body.get(field) else {}
        return body

    def _after(self, dice: random.Random, name: str) -> dict[str, Any]:
        """The step that follows an accountability of this town, or one that is grave."""
        if name != "open_accountability":
            return {}
        # What came before is not looked up: whoever decides vouches for it. So it may be one of before this town.
        before = [self.town.state(p) for p in self.town.starts_with("accountability/")]
        one = dice.choice(before) if before and dice.random() < 0.5 else None
        steps = [str(step) for step in Step]
        step = dice.choice(steps[1:]) if one is None else steps[min(steps.index(str(one.step)) + 1, len(steps) - 1)]
        unit = dice.choice(DEPARTMENTS) if one is None else one.unit
        after = f"accountability/{unit}/earlier" if one is None else f"accountability/{one.no}"
        grave = step in {"criticise", "propose"} and dice.random() < 0.5
        matter = "leak-c1" if one is None else one.matter
        return {"step": step, "unit": unit, "matter": matter, "after": None if grave else after, "supervision": None}

    def _value(  # noqa: C901, PLR0911, PLR0912
        self, dice: random.Random, process: str, field: str, annotation: Any, todo: Todo | None
    ) -> Any:
        town = self.town
        there = process in town.processes
        state = town.state(process) if there else None
        subject = todo.subject if todo is not None else None
        hint: Mapping[str, Any] = todo.hint if todo is not None else {}
        match field:
            case "order":
                orders = getattr(state, "orders", {})
                return subject if subject in orders else dice.choice(sorted(orders) or ["a1"])
            case "item" if not process.startswith("case/"):
                items = getattr(state, "items", {})
                return subject if subject in items else dice.choice(sorted(items) or ["i1"])
            case "item":
                return dice.choice(("pipe", "lamp")) if dice.random() < 0.3 else None
            case "request":
                callers = getattr(state, "callers", {})
                return subject if subject in callers else dice.choice(sorted(callers) or ["c1"])
            case "effect":
                return dice.choice([*town.processes[process].incidents, "x/1/0"])
            case "matter":
                return subject or dice.choice(sorted(getattr(state, "matters", {})) or ["m1"])
            case "unit":
                named = hint.get("unit") or (todo.unit if todo else None)
                called = sorted(getattr(state, "called", {})) or DEPARTMENTS
                return subject if subject in DEPARTMENTS else named or dice.choice((*called, *DEPARTMENTS))
            case "lead" | "proposed_owner" | "owner" | "first_receiver":
                return dice.choice(DEPARTMENTS)
            case "units" | "co" | "candidates" | "attending" | "members" | "parties":
                return dice.sample(DEPARTMENTS, 2)
            case "present":
                return sorted(getattr(state, "invitations", {}))
            case "deputies" | "absent" | "informed":
                return []
            case "term":
                return dice.choice((5, 250))
            case "documents":
                return ["d1"]
            case "catalogue_item":
                return dice.choice(sorted(ITEMS))
            case "version":
                return None
            case "kind" if process.startswith("case/"):
                return dice.choice(sorted(town.pack.pauses))
            case "accept" | "approve" | "met" | "attends":
                return dice.random() < 0.7
            case "at":
                return (town.now + timedelta(days=2)).isoformat()
            case "holder":
                wanted = ("adjudication/",) if getattr(state, "kind", "") == "duty_meeting" else ("case/", "ring/")
                return dice.choice([p for p in town.processes if p.startswith(wanted)] or ["case/c1"])
            case "into":
                return dice.choice([no for no in self.cases if f"case/{no}" != process])
            case "case":
                return dice.choice(self.cases)
            case "to":
                return dice.choice(["session/city", "session/district", "session/duty"])
            case "district":
                return dice.choice(("east", None))
            case "territory" | "industry" | "firm":
                return None
            case "supervision" | "after":
                kind = "supervision/" if field == "supervision" else "accountability/"
                return dice.choice(town.starts_with(kind) or [None])
            case "leader":
                return hint.get("leader") or dice.choice(("u1", "u2"))
            case "measure":
                return hint.get("measure") or dice.choice(town.starts_with("measure/") or ["measure/m-1"])
            case "milestone":
                return (hint.get("milestones") or sorted(getattr(state, "milestones", {})) or ["m1"])[0]
            case "session":
                return dice.choice(town.starts_with("session/")).partition("/")[2]
            case "level" if hint.get("levels") is not None:
                return dice.choice(("urge", "supervise"))
        return self._by_type(dice, process, annotation)

    def _by_type(self, dice: random.Random, process: str, annotation: Any) -> Any:  # noqa: PLR0911
        kinds = [a for a in get_args(annotation) if a is not type(None)] or [annotation]
        kind = kinds[0]
        if get_origin(annotation) is Literal or get_origin(kind) is Literal:
            return dice.choice(get_args(annotation if get_origin(annotation) is Literal else kind))
        if isinstance(kind, type) and issubclass(kind, Enum):
            return dice.choice([str(v) for v in kind])
        if kind is bool:
            return dice.random() < 0.7
        if kind is int:
            return dice.choice((1, 3))
        if kind is date:
            return (self.town.now.date() + timedelta(days=dice.choice((2, 9)))).isoformat()
        if kind is datetime:
            return (self.town.now.astimezone(UTC) + timedelta(days=2)).isoformat()
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            one = self._filled(dice, process, kind, None)
            return [one] if get_origin(annotation) is tuple else one
        return "x1"
