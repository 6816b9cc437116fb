"""A form for every command, derived from the body the decision door takes: no second list of fields to keep.

What a field looks like follows from its type (text, choice, yes or no, number, day, instant, rows of fields) or, for codes, from
what it names (a unit, a catalogue item, a caller, an order). What a button already knows, such as the order or the item it belongs
to, is carried along unseen. A field within a row is named by its place: ``milestones-0-what``.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import Enum, StrEnum
from typing import Any, Final, Literal, get_args, get_origin

from pydantic import AwareDatetime, BaseModel
from pydantic.fields import FieldInfo
from starlette.datastructures import FormData, UploadFile

from api.console.wording import field_label, word_label
from api.decisions.schemas import Asked, inner_of, is_many, row_of, text_of
from api.problems import Wrong
from domain.calendar import SHANGHAI
from domain.case import NEEDS
from domain.proceeding import UNITS_NAMED
from storage.cases import CASE
from storage.texts import known, text

ROWS_OF_UNITS: Final = 3
ROWS: Final = 2
MOST_ROWS: Final = 20
NO_DECIMALS: Final = re.compile(r"-?\d{1,9}")
CODE_AT_END: Final = re.compile(r"[（(]([\w.:@/+-]+)[)）]\s*$")
CASE_NO: Final = re.compile(r"\d{8}-\d{6}")
ITEM: Final = re.compile(r"i[1-9]\d{0,2}")

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

UNITS: Final = frozenset(
    {*(name for name, kind in {**NEEDS, **UNITS_NAMED}.items() if kind == "unit")}
    | {
        "owner",
        "attending",
        "absent",
        "parties",
        "first_receiver",
        "members",
        "territory",
        "industry",
        "firm",
        "reporter",
    }
    | {"district", "from_unit", "to_unit"}
)
"""Fields that name a unit, or several."""
ITEMS: Final = frozenset({*(name for name, kind in NEEDS.items() if kind == "item"), "catalogue_item"})
"""Fields that name an item of the catalogue. Where a process has an agenda, ``item`` is an item of that."""


SUGGESTED: Final = frozenset({"supervision", "after"})
"""Fields whose options are suggestions: something else may be written."""


class Kind(StrEnum):
    """What a field looks like."""

    words = "words"
    lines = "lines"  # several texts, one a line
    choice = "choice"
    several = "several"  # any of some values
    truth = "truth"
    number = "number"
    day = "day"
    instant = "instant"
    unit = "unit"
    units = "units"
    listed = "listed"
    code = "code"
    codes = "codes"
    files = "files"
    rows = "rows"
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
    """One field of a form: how it looks, what it may hold, what stands in it, what is wrong with it.

    ``rows`` are rows of fields; ``one``: exactly one row, as the model has it.
    """

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
    rows: tuple[tuple["FormField", ...], ...] = ()
    one: bool = False

    @property
    def home(self) -> str:
        """The name of the field in its model, wherever in a row it stands."""
        return self.name.rpartition("-")[2]


@dataclass(frozen=True)
class Known:
    """What the page knows: units and items by code, the options of fields that depend on the process, fields that are settled."""

    units: Mapping[str, str] = field(default_factory=dict)
    items: Mapping[str, str] = field(default_factory=dict)
    options: Mapping[str, tuple[Option, ...]] = field(default_factory=dict)
    fixed: Mapping[str, str] = field(default_factory=dict)
    kind: str = CASE

    @property
    def beside(self) -> bool:
        """Whether it is a process beside the case, whose ``item`` is one of its agenda."""
        return self.kind != CASE


@dataclass(frozen=True)
class _Form:
    """One form while it is made."""

    asked: Asked
    subject: str | None
    known: Known
    lang: str
    wrong: Mapping[str, tuple[str, ...]]
    more: str = ""


def form_fields(
    asked: Asked,
    subject: str | None,
    known_: Known,
    lang: str,
    given: Mapping[str, Any] | None = None,
    wrong: Iterable[Wrong] = (),
    more: str = "",
) -> tuple[FormField, ...]:
    """Return the fields of a command's form, with what was given before and what is wrong with it.

    ``more`` names the field of which another row is wanted.
    """
    errors: dict[str, tuple[str, ...]] = {}
    for error in wrong:
        place = place_of(error)
        errors[place] = (*errors.get(place, ()), text(f"input.{error.code}", lang, **error.values))
    form = _Form(asked, subject, known_, lang, errors, more)
    return tuple(_fields(form, asked.body, "", given or {}))


def flat(fields: Iterable[FormField]) -> Iterator[FormField]:
    """Go through all fields, those within rows too."""
    for one in fields:
        yield one
        for row in one.rows:
            yield from flat(row)


def read_form(asked: Asked, form: FormData, known_: Known) -> dict[str, Any]:
    """Return the body that a form describes; what was left empty is left out."""
    return _read(asked.body, form, known_, "")


def uploads(form: FormData, name: str = "documents") -> list[UploadFile]:
    """Return the files that were chosen."""
    return [f for f in form.getlist(name) if isinstance(f, UploadFile) and f.filename]


def takes_files(asked: Asked) -> bool:
    """Say whether the command takes documents."""
    return "documents" in asked.body.model_fields


def place_of(error: Wrong) -> str:
    """Return the form's field that an error is about."""
    return error.place.removeprefix("body").strip("/").replace("/", "-")


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


def subject_fields(asked: Asked, subject: str | None) -> Mapping[str, str]:
    """Return the fields of a command that the subject of its todo settles: an item of the agenda, or else a unit."""
    if subject is None:
        return {}
    fields = asked.body.model_fields
    if "item" in fields and ITEM.fullmatch(subject):
        return {"item": subject}
    return {name: subject for name in ("unit", "milestone", "effect") if name in fields and not ITEM.fullmatch(subject)}


# ------------------------------------------------------------------------------------------------------------ making fields


def _fields(form: _Form, model: type[BaseModel], at: str, given: Mapping[str, Any]) -> Iterator[FormField]:
    for name, info in model.model_fields.items():
        yield _field(form, name, f"{at}{name}", info, given.get(name))


def _field(form: _Form, name: str, place: str, info: FieldInfo, given: Any) -> FormField:
    known_, top = form.known, name == place
    kind = _kind(name, info, known_)
    fixed = _fixed(form, name) if top else None
    if fixed is not None:
        return FormField(place, Kind.fixed, "", required=True, value=fixed)
    wrong = _wrong(form, place, kind)
    rows = _rows(form, place, info, given) if kind is Kind.rows else ()
    value, values = _shown(kind, info, given, known_, form.more == place)
    mark = text_of(info)
    return FormField(
        place,
        kind,
        field_label(known_.kind, name, form.lang),
        longest=mark.max_length if mark is not None else 80,
        options=known_.options.get(name, ()) or _options(known_.kind, form.asked.name, name, info, form.lang),
        value=value,
        values=values,
        required=info.is_required(),
        hint="" if known_.beside and name in ITEMS else _hint(form.asked.name, name, form.lang),
        wrong=wrong,
        rows=rows,
        one=kind is Kind.rows and not is_many(info),
    )


def _fixed(form: _Form, name: str) -> str | None:
    """Return what is settled before somebody fills the form in: by the page, by the todo it belongs to."""
    if (constant := CONSTANTS.get((form.asked.name, name))) is not None:
        return constant
    if name in form.known.fixed:
        return form.known.fixed[name]
    if form.known.beside:
        return subject_fields(form.asked, form.subject).get(name)
    return form.subject if name in SUBJECT_FIELDS and form.asked.name != "triage" else None


def _rows(form: _Form, place: str, info: FieldInfo, given: Any) -> tuple[tuple[FormField, ...], ...]:
    model = row_of(info)
    if model is None:
        return ()
    if not is_many(info):
        return (tuple(_fields(form, model, f"{place}-", given or {})),)
    rows: list[Mapping[str, Any]] = [*(given or ())]
    least = ROWS if "-" not in place else 1
    empty = max(1, least - len(rows)) if form.more != place else ROWS
    rows += [{}] * min(empty, MOST_ROWS - len(rows))
    return tuple(tuple(_fields(form, model, f"{place}-{n}-", row)) for n, row in enumerate(rows))


def _wrong(form: _Form, place: str, kind: Kind) -> tuple[str, ...]:
    own = form.wrong.get(place, ())
    if kind is Kind.rows:
        return own
    return (*own, *(w for key, words in form.wrong.items() if key.startswith(f"{place}-") for w in words))


def _shown(kind: Kind, info: FieldInfo, given: Any, known_: Known, more: bool) -> tuple[str, tuple[str, ...]]:  # noqa: FBT001 - one place
    """Return what stands in the box, or in the boxes."""
    if kind in {Kind.units, Kind.codes}:
        names: Mapping[str, str] = known_.units if kind is Kind.units else {}
        chosen = [shown(str(c), names) for c in given or ()]
        empty = max(1, ROWS_OF_UNITS - len(chosen)) + (ROWS_OF_UNITS if more else 0)
        return "", (*chosen, *[""] * empty)
    if kind is Kind.several:
        return "", tuple(map(str, given or ()))
    if kind is Kind.lines:
        return "\n".join(map(str, given or ())), ()
    if given is None:
        return _default(kind, info), ()
    if isinstance(given, bool):
        return ("yes" if given else "no"), ()
    plain = shown(str(given), {Kind.unit: known_.units, Kind.listed: known_.items}.get(kind, {}))
    return (_local(plain) if kind is Kind.instant else plain), ()


def _default(kind: Kind, info: FieldInfo) -> str:
    if info.is_required() or info.default is None:
        return ""
    if kind is Kind.truth:
        return "yes" if info.default else "no"
    return str(info.default) if kind in {Kind.choice, Kind.number} else ""


def _kind(name: str, info: FieldInfo, known_: Known) -> Kind:
    inner, many = inner_of(info.annotation), is_many(info)
    inner = inner_of(get_args(inner)[0]) if many else inner
    found = Kind.codes if many else Kind.code
    if text_of(info) is not None:
        found = Kind.lines if many else Kind.words
    elif name == "documents":
        found = Kind.files
    elif row_of(info) is not None:
        found = Kind.rows
    elif (name in known_.options and name not in SUGGESTED) or _closed(inner):
        found = Kind.several if many else Kind.choice
    elif name in UNITS:
        found = Kind.units if many else Kind.unit
    elif name in ITEMS and not known_.beside:
        found = Kind.listed
    elif inner in PLAIN_KINDS:
        found = PLAIN_KINDS[inner]
    return found


PLAIN_KINDS: Final[Mapping[Any, Kind]] = {
    bool: Kind.truth,
    int: Kind.number,
    date: Kind.day,
    datetime: Kind.instant,
    AwareDatetime: Kind.instant,
}


def _options(kind: str, command: str, name: str, info: FieldInfo, lang: str) -> tuple[Option, ...]:
    inner = inner_of(info.annotation)
    inner = inner_of(get_args(inner)[0]) if is_many(info) else inner
    return tuple(Option(str(v), _option(kind, command, name, v, lang)) for v in _closed(inner))


def _option(kind: str, command: str, name: str, value: Any, lang: str) -> str:
    """Return the label of one value of a choice: the field's own in this command, the field's, or that of its vocabulary."""
    homes = [f"console.choice.{command}.{name}.{value}", f"console.choice.{name}.{value}"]
    if name in CHOICES:
        homes.insert(0, f"{CHOICES[name]}.{value}")
    label = next((text(home, lang) for home in homes if known(home)), None)
    return label or word_label(kind, name, value, lang)


def _hint(command: str, name: str, lang: str) -> str:
    return next((text(k, lang) for k in (f"console.hint.{command}.{name}", f"console.hint.{name}") if known(k)), "")


def _closed(inner: Any) -> Sequence[Any]:
    if get_origin(inner) is Literal:
        return [*get_args(inner)]
    return [*inner] if isinstance(inner, type) and issubclass(inner, Enum) else []


# ----------------------------------------------------------------------------------------------------------------- reading


def _read(model: type[BaseModel], form: FormData, known_: Known, at: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, info in model.model_fields.items():
        kind, place = _kind(name, info, known_), f"{at}{name}"
        if kind is Kind.files:
            continue
        if kind is Kind.rows:
            _read_rows(info, form, known_, place, found)
            continue
        raw = [v for v in form.getlist(place) if isinstance(v, str) and v.strip()][:MOST_ROWS]
        if kind in {Kind.units, Kind.codes, Kind.several}:
            found[name] = [code_of(v, known_.units) if kind is Kind.units else v.strip() for v in raw]
        elif raw:
            found[name] = _value(kind, name, raw[0].replace("\r\n", "\n"), known_)
    return found


def _read_rows(info: FieldInfo, form: FormData, known_: Known, place: str, found: dict[str, Any]) -> None:
    model = row_of(info)
    name = place.rpartition("-")[2]
    if model is None:
        return
    if not is_many(info):
        one = _read(model, form, known_, f"{place}-")
        if _filled(model, one, known_) or info.is_required():
            found[name] = one
        return
    rows = [_read(model, form, known_, f"{place}-{n}-") for n in range(MOST_ROWS)]
    found[name] = [row for row in rows if _filled(model, row, known_)]


def _filled(model: type[BaseModel], row: Mapping[str, Any], known_: Known) -> bool:
    """Say whether something was written in a row: a choice that stands there by itself is nothing."""
    by_itself = {Kind.choice, Kind.truth}
    return any(value and _kind(name, model.model_fields[name], known_) not in by_itself for name, value in row.items())


def _value(kind: Kind, name: str, raw: str, known_: Known) -> Any:
    if kind in READ:
        return READ[kind](raw, known_)
    return f"case/{raw.strip()}" if name == "holder" and CASE_NO.fullmatch(raw.strip()) else raw.strip()


def _number(raw: str, _known: Known) -> Any:
    return int(raw) if NO_DECIMALS.fullmatch(raw.strip()) else raw


def _lines(raw: str, _known: Known) -> list[str]:
    return [line.strip() for line in raw.split("\n") if line.strip()][:MOST_ROWS]


def _instant(raw: str, _known: Known) -> str:
    """Return an instant as it was meant: without a zone it is on the wall in Asia/Shanghai."""
    raw = raw.strip()
    try:
        at = datetime.fromisoformat(raw)
    except ValueError:
        return raw
    return (at.replace(tzinfo=SHANGHAI) if at.tzinfo is None else at).isoformat()


def _local(given: str) -> str:
    try:
        at = datetime.fromisoformat(given)
    except ValueError:
        return given
    return at.astimezone(SHANGHAI).strftime("%Y-%m-%dT%H:%M") if at.tzinfo is not None else given


READ: Final[Mapping[Kind, Callable[[str, Known], Any]]] = {
    Kind.truth: lambda raw, _: {"yes": True, "no": False}.get(raw, raw),
    Kind.number: _number,
    Kind.unit: lambda raw, known_: code_of(raw, known_.units),
    Kind.listed: lambda raw, known_: code_of(raw, known_.items),
    Kind.words: lambda raw, _: raw,
    Kind.lines: _lines,
    Kind.instant: _instant,
}
"""How what stands in one box is read; anything else is a code as it stands."""
