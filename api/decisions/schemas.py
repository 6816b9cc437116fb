"""The bodies of decisions, derived from the rules' own commands: no second list to keep.

A command's field that holds a text carries a reference in the rules (law 8); here it takes the words, with the lengths the
rules give. All else is as the rules have it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Annotated, Any, Final, get_args

from pydantic import BaseModel, Field, StringConstraints, create_model
from pydantic.fields import FieldInfo

from domain.deciders import DECIDERS
from domain.incidents import FailEffect
from domain.kernel import KERNEL_COMMANDS
from domain.model import Strict
from domain.process import Command, Text


class Decided(BaseModel):
    """A decision took effect: where the process stands now, and what happened."""

    command: str
    process: str
    seq: int
    stage: str
    events: tuple[str, ...]


class Pending(BaseModel):
    """A decision was stored and will be delivered; what became of it is told at ``status_url``."""

    command: str
    status_url: str


class CommandOut(BaseModel):
    """What became of a command: ``received`` (under way), ``recorded`` or ``refused`` with its code and text."""

    command: str
    process: str
    name: str
    outcome: str
    code: str | None = None
    text: str | None = None
    received_at: datetime
    decided_at: datetime | None = None
    receipt: Decided | None = None


@dataclass(frozen=True)
class Asked:
    """How one command is asked for: its model in the rules, the body people send, and which of its fields are texts."""

    name: str
    command: type[Command]
    body: type[Strict]
    texts: Mapping[str, Text]

    def referring(self, said: Mapping[str, Any], command_id: str) -> tuple[dict[str, Any], dict[str, str]]:
        """Return the body with references in place of words, and the words."""
        words = {f: str(said[f]) for f in self.texts if said.get(f) is not None}
        return {**said, **{f: f"{command_id}#{f}" for f in words}}, words


@cache
def asked(kind: str) -> Mapping[str, Asked]:
    """Return every command that people may give to a kind of process, by name. Machine commands are not among them."""
    decider = DECIDERS[kind]
    own = {n: c for n, c in decider.commands.items() if n in decider.moves and not decider.moves[n].machine}
    common = {n: c for n, c in KERNEL_COMMANDS.items() if n != FailEffect.NAME}
    return {name: _asked(kind, name, model) for name, model in {**own, **common}.items()}


def example(of: Asked) -> dict[str, Any]:
    """Return a body that is well formed: all required fields, each with an example."""
    return {
        name: _EXAMPLES.get(name, _first(info))
        for name, info in of.body.model_fields.items()
        if info.is_required() or name in of.texts
    }


def _asked(kind: str, name: str, model: type[Command]) -> Asked:
    texts = {field: found for field, info in model.model_fields.items() if (found := _text(info)) is not None}
    fields: dict[str, Any] = {}
    for field, info in model.model_fields.items():
        if field not in texts:
            fields[field] = (info.annotation, info)
            continue
        text = texts[field]
        words = Annotated[
            str,
            StringConstraints(strip_whitespace=True, min_length=text.min_length, max_length=text.max_length),
        ]
        fields[field] = (words, ...) if info.is_required() else (words | None, Field(default=None))
    body = create_model(f"{_camel(kind)}{model.__name__}", __base__=Strict, __doc__=model.__doc__, **fields)
    return Asked(name=name, command=model, body=body, texts=texts)


def _text(info: FieldInfo) -> Text | None:
    """Find the mark of a text, also inside ``TextRef | None``."""
    marks = [*info.metadata, *(m for arm in get_args(info.annotation) for m in get_args(arm))]
    return next((m for m in marks if isinstance(m, Text)), None)


def _camel(name: str) -> str:
    return "".join(part.title() for part in name.split("_"))


def _first(info: FieldInfo) -> Any:
    """Return the first value of a closed vocabulary, else a plain text."""
    if info.annotation is bool:
        return True
    options = get_args(info.annotation) or list(getattr(info.annotation, "__members__", {}))
    return options[0] if options and isinstance(options[0], str) else "example"


_EXAMPLES: Final[Mapping[str, Any]] = {
    "order": "a1",
    "request": "20260105-000001",
    "into": "20260105-000001",
    "matter": "m1",
    "lead": "housing",
    "unit": "housing",
    "proposed_owner": "water",
    "kind": "weather",
    "days": 3,
    "field": "case_type",
    "value": "complaint",
    "effect": "case/20260105-000001/12/0",
    "channel": "phone",
    "reason": "理由",
    "reply": "答复内容",
    "note": "情况说明",
    "basis": "依据",
    "remedy": "可依法申请复议",
    "evidence": "气象台预警信号",
}
