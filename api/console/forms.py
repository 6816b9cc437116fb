"""A form for every command, derived from the body the decision door takes: no second list of fields to keep.

What a field looks like follows from its type (text, choice, yes or no, number) or, for codes, from what it names (a unit, a
catalogue item, a caller, an order). What a button already knows, such as the order it belongs to, is carried along unseen.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from types import UnionType
from typing import Any, Final, Literal, Union, get_args, get_origin

from pydantic.fields import FieldInfo
from starlette.datastructures import FormData, UploadFile

from api.decisions.schemas import Asked
from api.problems import Wrong
from domain.case import NEEDS
from storage.texts import known, text

ROWS_OF_UNITS: Final = 3
MOST_ROWS: Final = 20
NO_DECIMALS: Final = re.compile(r"-?\d{1,9}")
CODE_AT_END: Final = re.compile(r"[（(]([\w.:@/+-]+)[)）]\s*$")

SUBJECT_FIELDS: Final = ("order", "request", "effect", "matter")
"""Fields that a button fills with the subject of its todo."""

CONSTANTS: Final[Mapping[tuple[str, str], str]] = {("redirect_effect", "channel"): "manual"}
"""Fields that pages always fill alike."""

CHOICES: Final[Mapping[str, str]] = {
    "triage": "triage",
    "role": "order_role",
    "solved": "solved",
    "satisfaction": "satisfaction",
    "code": "closing",
}
"""Where the catalogue labels the values of a field; other fields have labels of their own, ``console.choice.*``."""


class Kind(StrEnum):
    """What a field looks like."""

    words = "words"
    choice = "choice"
    truth = "truth"
    number = "number"
    unit = "unit"
    units = "units"
    listed = "listed"
    code = "code"
    files = "files"
    fixed = "fixed"


@dataclass(frozen=True)
class Option:
    """One value of a choice and its label."""

    value: str
    label: str

    @property
    def pair(self) -> tuple[str, str]:
        """Value and label."""
        return self.value, self.label


@dataclass(frozen=True)
class FormField:
    """One field of a form: how it looks, what it may hold, what stands in it, what is wrong with it."""

    name: str
    kind: Kind
    label: str
    required: bool
    hint: str = ""
    longest: int = 0
    options: tuple[Option, ...] = ()
    value: str = ""
    values: tuple[str, ...] = ()
    wrong: tuple[str, ...] = ()


@dataclass(frozen=True)
class Known:
    """What the page knows: units and items by code, and the options of fields that depend on the case."""

    units: Mapping[str, str] = field(default_factory=dict)
    items: Mapping[str, str] = field(default_factory=dict)
    options: Mapping[str, tuple[Option, ...]] = field(default_factory=dict)


def form_fields(
    asked: Asked,
    subject: str | None,
    known_: Known,
    lang: str,
    given: Mapping[str, Any] | None = None,
    wrong: Iterable[Wrong] = (),
) -> tuple[FormField, ...]:
    """Return the fields of a command's form, with what was given before and what is wrong with it."""
    errors: dict[str, list[str]] = {}
    for error in wrong:
        errors.setdefault(place_of(error), []).append(text(f"input.{error.code}", lang, **error.values))
    given = given or {}
    return tuple(
        _field(asked, name, info, subject, known_, lang, given.get(name), tuple(errors.get(name, ())))
        for name, info in asked.body.model_fields.items()
    )


def read_form(asked: Asked, form: FormData, known_: Known) -> dict[str, Any]:
    """Return the body that a form describes; what was left empty is left out."""
    found: dict[str, Any] = {}
    for name, info in asked.body.model_fields.items():
        kind = _kind(asked, name, info)
        raw = [v for v in form.getlist(name) if isinstance(v, str) and v.strip()][:MOST_ROWS]
        if kind is Kind.files:
            continue
        if kind is Kind.units:
            found[name] = [code_of(v, known_.units) for v in raw]
        elif raw:
            found[name] = _value(kind, raw[0].replace("\r\n", "\n"), known_)
    return found


def uploads(form: FormData, name: str = "documents") -> list[UploadFile]:
    """Return the files that were chosen."""
    return [f for f in form.getlist(name) if isinstance(f, UploadFile) and f.filename]


def takes_files(asked: Asked) -> bool:
    """Say whether the command takes documents."""
    return "documents" in asked.body.model_fields


def place_of(error: Wrong) -> str:
    """Return the form's field that an error is about."""
    return error.place.removeprefix("body").strip("/").partition("/")[0]


def shown(code: str, names: Mapping[str, str]) -> str:
    """Return what stands in the box for a code: its name, and the code in brackets."""
    return f"{names[code]} ({code})" if code in names else code


def code_of(words: str, names: Mapping[str, str]) -> str:
    """Return the code somebody means: by code, by full name, or by both as the list offers them."""
    words = words.strip()
    if words in names:
        return words
    if (found := CODE_AT_END.search(words)) is not None:
        return found[1]
    return next((code for code, name in names.items() if name == words), words)


def _field(
    asked: Asked,
    name: str,
    info: FieldInfo,
    subject: str | None,
    known_: Known,
    lang: str,
    given: Any,
    wrong: tuple[str, ...],
) -> FormField:
    kind = _kind(asked, name, info)
    fixed = CONSTANTS.get((asked.name, name)) or (
        subject if name in SUBJECT_FIELDS and asked.name != "triage" else None
    )
    options = known_.options.get(name) or _options(asked, name, info, lang)
    if fixed is not None:
        return FormField(name, Kind.fixed, "", required=True, value=fixed)
    if name in known_.options:
        kind = Kind.choice
    values: tuple[str, ...] = ()
    value = "" if given is None else {True: "yes", False: "no"}.get(given, given) if isinstance(given, bool) else given
    if kind is Kind.units:
        chosen = [shown(str(c), known_.units) for c in given or ()]
        values = (*chosen, *[""] * max(1, ROWS_OF_UNITS - len(chosen)))
        value = ""
    elif kind is Kind.unit:
        value = shown(str(value), known_.units)
    elif kind is Kind.listed:
        value = shown(str(value), known_.items)
    elif kind is Kind.truth and given is None and not info.is_required():
        value = "yes" if info.default else "no"
    elif kind is Kind.choice and given is None and not info.is_required() and info.default is not None:
        value = str(info.default)
    return FormField(
        name,
        kind,
        text(f"console.field.{name}", lang),
        longest=asked.texts[name].max_length if name in asked.texts else 80,
        options=options,
        value=str(value),
        values=values,
        required=info.is_required() and kind is not Kind.files,
        hint=_hint(asked.name, name, lang),
        wrong=wrong,
    )


def _kind(asked: Asked, name: str, info: FieldInfo) -> Kind:
    inner = _inner(info.annotation)
    named = {"unit": Kind.units if get_origin(inner) is tuple else Kind.unit, "item": Kind.listed}.get(
        NEEDS.get(name, "")
    )
    if name in asked.texts:
        return Kind.words
    if name == "documents":
        return Kind.files
    if named is not None:
        return named
    if inner in PLAIN_KINDS:
        return PLAIN_KINDS[inner]
    return Kind.choice if _closed(inner) else Kind.code


PLAIN_KINDS: Final[Mapping[Any, Kind]] = {bool: Kind.truth, int: Kind.number}


def _options(asked: Asked, name: str, info: FieldInfo, lang: str) -> tuple[Option, ...]:
    home = CHOICES.get(name)
    return tuple(
        Option(v, text(f"{home}.{v}", lang) if home else _own(asked.name, name, v, lang))
        for v in _closed(_inner(info.annotation))
    )


def _own(command: str, name: str, value: str, lang: str) -> str:
    special = f"console.choice.{command}.{name}.{value}"
    return text(special if known(special) else f"console.choice.{name}.{value}", lang)


def _hint(command: str, name: str, lang: str) -> str:
    return next((text(k, lang) for k in (f"console.hint.{command}.{name}", f"console.hint.{name}") if known(k)), "")


def _value(kind: Kind, raw: str, known_: Known) -> Any:
    match kind:
        case Kind.truth:
            return {"yes": True, "no": False}.get(raw, raw)
        case Kind.number:
            return int(raw) if NO_DECIMALS.fullmatch(raw.strip()) else raw
        case Kind.unit:
            return code_of(raw, known_.units)
        case Kind.listed:
            return code_of(raw, known_.items)
        case Kind.words:
            return raw
        case _:
            return raw.strip()


def _inner(annotation: Any) -> Any:
    """Return the type without ``| None`` and without annotations."""
    if get_origin(annotation) in {Union, UnionType}:
        arms = [a for a in get_args(annotation) if a is not type(None)]
        return _inner(arms[0])
    return _inner(get_args(annotation)[0]) if hasattr(annotation, "__metadata__") else annotation


def _closed(inner: Any) -> Sequence[str]:
    if get_origin(inner) is Literal:
        return [str(v) for v in get_args(inner)]
    return [str(v) for v in inner] if isinstance(inner, type) and issubclass(inner, StrEnum) else []
