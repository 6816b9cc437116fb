"""The bodies of decisions, derived from the rules' own commands: no second list to keep.

A command's field that holds a text carries a reference in the rules (law 8); here it takes the words, with the lengths the
rules give. All else is as the rules have it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import Enum
from functools import cache
from types import UnionType
from typing import Annotated, Any, Final, Literal, Union, get_args, get_origin

from annotated_types import MinLen
from pydantic import AwareDatetime, BaseModel, Field, StringConstraints, create_model
from pydantic.fields import FieldInfo

from domain.deciders import DECIDERS
from domain.incidents import FailEffect
from domain.kernel import KERNEL_COMMANDS
from domain.model import Strict
from domain.process import NEW, Command, Decider, Move, Text


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
    process: str
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
        """Return the body with references in place of words, and the words.

        A word within a row is referred to by its place: ``{command}#milestones.0.what``.
        """
        words: dict[str, str] = {}
        return _referring(self.command, said, "", command_id, words), words


def asked(kind: str) -> Mapping[str, Asked]:
    """Return every command that people may give to a kind of process that has begun, by name; no machine commands."""
    decider = DECIDERS[kind]
    own = {n: c for n, c in decider.commands.items() if n in decider.moves and _goes_on(decider.moves[n])}
    common = {n: c for n, c in KERNEL_COMMANDS.items() if n != FailEffect.NAME}
    return {name: _asked(kind, name, model) for name, model in {**own, **common}.items()}


def openings(kind: str) -> Mapping[str, Asked]:
    """Return every command with which a person may begin a process of this kind, by name."""
    decider = DECIDERS[kind]
    return {n: _asked(kind, n, c) for n, c in decider.commands.items() if n in decider.moves and _begins(decider, n)}


def _goes_on(move: Move) -> bool:
    return not move.machine and bool(move.stages - {NEW})


def _begins(decider: Decider, name: str) -> bool:
    return decider.opens(name) and not decider.moves[name].machine


def example(of: Asked) -> dict[str, Any]:
    """Return a body that is well formed: all required fields and all texts, each with an example."""
    return _example(of.body)


# ------------------------------------------------------------------------------------------------- words and references


@cache
def _asked(kind: str, name: str, model: type[Command]) -> Asked:
    texts = {field: found for field, info in model.model_fields.items() if (found := text_of(info)) is not None}
    return Asked(name=name, command=model, body=_body(kind, model), texts=texts)


@cache
def _body(kind: str, model: type[BaseModel]) -> type[Strict]:
    """Return a model of the rules as people send it: words where it has references, unknown fields refused."""
    fields: dict[str, Any] = {}
    for field, info in model.model_fields.items():
        text, inner = text_of(info), row_of(info)
        if text is not None:
            fields[field] = _worded(text, info)
        elif inner is not None:
            fields[field] = _rows(_body(kind, inner), info)
        else:
            fields[field] = (info.annotation, info)
    return create_model(f"{_camel(kind)}{model.__name__}", __base__=Strict, __doc__=model.__doc__, **fields)


def _worded(text: Text, info: FieldInfo) -> tuple[Any, Any]:
    words = Annotated[
        str,
        StringConstraints(strip_whitespace=True, min_length=text.min_length, max_length=text.max_length),
        text,
    ]
    if is_many(info):
        return tuple[words, ...], info
    return (words, ...) if info.is_required() else (words | None, Field(default=None))


def _rows(body: type[BaseModel], info: FieldInfo) -> tuple[Any, Any]:
    one: Any = tuple[body, ...] if is_many(info) else body  # type: ignore[valid-type]  # made at run time
    return (one | None, info) if _optional(info.annotation) else (one, info)


def _referring(
    model: type[BaseModel], said: Mapping[str, Any], at: str, command_id: str, words: dict[str, str]
) -> dict[str, Any]:
    out = dict(said)
    for name, value in said.items():
        info = model.model_fields.get(name)
        if info is None or value is None:
            continue
        many, inner, place = is_many(info), row_of(info), f"{at}{name}"
        if text_of(info) is not None:
            spoken = [(f"{place}.{n}", v) for n, v in enumerate(value)] if many else [(place, value)]
            words |= {where: str(word) for where, word in spoken}
            references = [f"{command_id}#{where}" for where, _ in spoken]
            out[name] = references if many else references[0]
        elif inner is not None and many:
            out[name] = [_referring(inner, v, f"{place}.{n}.", command_id, words) for n, v in enumerate(value)]
        elif inner is not None:
            out[name] = _referring(inner, value, f"{place}.", command_id, words)
    return out


# -------------------------------------------------------------------------------------------------------- looking at types


def text_of(info: FieldInfo) -> Text | None:
    """Return the mark of a text: of the field, of ``TextRef | None``, or of each of several."""
    return next((m for m in (*info.metadata, *_marks(info.annotation)) if isinstance(m, Text)), None)


def row_of(info: FieldInfo) -> type[BaseModel] | None:
    """Return the model that a field holds one or several of, or None."""
    inner = inner_of(info.annotation)
    inner = inner_of(get_args(inner)[0]) if get_origin(inner) is tuple else inner
    return inner if isinstance(inner, type) and issubclass(inner, BaseModel) else None


def is_many(info: FieldInfo) -> bool:
    """Say whether a field holds several values."""
    return get_origin(inner_of(info.annotation)) is tuple


def inner_of(annotation: Any) -> Any:
    """Return a type without ``| None`` and without annotations."""
    if get_origin(annotation) in {Union, UnionType}:
        arms = [a for a in get_args(annotation) if a is not type(None)]
        return inner_of(arms[0])
    return inner_of(get_args(annotation)[0]) if hasattr(annotation, "__metadata__") else annotation


def _optional(annotation: Any) -> bool:
    return get_origin(annotation) in {Union, UnionType} and type(None) in get_args(annotation)


def _marks(annotation: Any) -> Iterator[Any]:
    """Find what a type is annotated with, in its alternatives and in the elements of a tuple too."""
    yield from getattr(annotation, "__metadata__", ())
    if get_origin(annotation) in {Union, UnionType, tuple, Annotated}:
        for arm in get_args(annotation):
            yield from _marks(arm)


def _camel(name: str) -> str:
    return "".join(part.title() for part in name.split("_"))


# ---------------------------------------------------------------------------------------------------------------- examples


def _example(body: type[BaseModel]) -> dict[str, Any]:
    return {
        name: _value(name, info)
        for name, info in body.model_fields.items()
        if info.is_required() or text_of(info) is not None
    }


def _value(name: str, info: FieldInfo) -> Any:
    inner = inner_of(info.annotation)
    one = inner_of(get_args(inner)[0]) if get_origin(inner) is tuple else inner
    if (row := row_of(info)) is not None:
        found: Any = _example(row)
    elif name in _EXAMPLES and (not words_in(one) or _EXAMPLES[name] in words_in(one)):
        return _EXAMPLES[name]
    else:
        found = _first(one)
    least = next((m.min_length for m in info.metadata if isinstance(m, MinLen)), 1)
    return [found] * max(1, least) if get_origin(inner) is tuple else found


def _first(kind: Any) -> Any:
    """Return the first value of a closed vocabulary, else a plain one of this type."""
    at = "2027-03-31T09:00:00+08:00"
    plain = {bool: True, int: 1, date: "2027-03-31", datetime: at, AwareDatetime: at}
    return plain[kind] if kind in plain else next(iter(words_in(kind)), "example")


def words_in(kind: Any) -> list[Any]:
    """Return the words of a closed vocabulary, in their order; none of any other type."""
    if get_origin(kind) is Literal:
        return [*get_args(kind)]
    return [str(word) for word in kind] if isinstance(kind, type) and issubclass(kind, Enum) else []


_EXAMPLES: Final[Mapping[str, Any]] = {
    "order": "a1",
    "request": "20260105-000001",
    "into": "20260105-000001",
    "matter": "m1",
    "lead": "housing",
    "candidates": ["housing", "water"],
    "holder": "case/20260105-000001",
    "item": "i1",
    "milestone": "m1",
    "to": "session/20260105-4KQ2ZA",
    "session": "20260105-4KQ2ZA",
    "measure": "measure/20260105-4KQ2ZA-1",
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
