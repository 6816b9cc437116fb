"""The page of an official document: a pure function of what the journal says, and of words looked up.

Every word looked up (names of units and persons, labels of codes, standing phrases) stands on the page in ``<data value="key">``.
So a page tells by itself what it was printed with, and can be printed again, character by character, after a unit was renamed or a
phrase reworded. What people wrote is quoted by reference.

Nothing here fails by what a document says: what cannot be found is printed as its code, or said to be missing.
"""

import html
import re
from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import date, datetime, time
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from domain.calendar import SHANGHAI, day_of_due, local_day
from domain.papers import FIELDS, Way, key_of, kind_of, place_of
from domain.process import SYSTEM

Look = Callable[[str], str | None]
"""Finds a word by its key, None when there is none: names as ``unit:water``, ``user:…`` or ``item:…``, titles as ``kind:…``, the
issuing body as ``issuer:``, and what stands in the catalogue by its key there."""
Quote = Callable[[str], str | None]
"""Finds what people wrote, by reference. None: it is not there (any more)."""

TEMPLATES: Final = Path(__file__).parent / "paper_templates"
ISSUER: Final = "issuer:"
PHRASES: Final = ("seal", "sent_to", "record")
MONTHS: Final = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
_COLON: Final = {"zh": "：", "en": ": "}
_AND: Final = {"zh": "、", "en": ", "}
_BRACKETS: Final = {"zh": ("（", "）"), "en": (" (", ")")}
NOTHING: Final = Markup()
_BREAK: Final = Markup("<br>")
_MARK: Final = Markup('<data value="{}">{}</data>')
_MARKED: Final = re.compile(r'<data value="([^"]*)">([^<]*)</data>')
_REFERENCE: Final = re.compile(r"[^#\s]+#[\w.]+")
_NUMBER: Final = re.compile(r"[0-9]+(\.[0-9]+)*")
_DAY: Final = re.compile(r"\d{4}-\d{2}-\d{2}")
_INSTANT: Final = re.compile(r"\d{4}-\d{2}-\d{2}T[\d:.]+(Z|[+-]\d{2}:\d{2})")
_templates: Final = Environment(
    loader=FileSystemLoader(TEMPLATES),
    auto_reload=False,
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


@dataclass(frozen=True)
class Source:
    """All that the journal says of a document. ``body`` is that of the effect that owed it, as the journal gives it back."""

    effect: str
    process: str
    kind: str
    year: int
    n: int
    issued_at: datetime
    body: Mapping[str, Any]


@dataclass(frozen=True)
class Row:
    """One thing a document says: its label, and its value in words, or a table with a head."""

    label: Markup
    value: Markup = NOTHING
    head: Sequence[Markup] = ()
    lines: Sequence[Sequence[Markup]] = ()


def render(source: Source, template: str, lang: str, look: Look, quote: Quote) -> str:
    """Return the page in a language. Raises TemplateNotFound for a template that this release does not have."""
    name, _, version = template.partition("/")
    page = _Page(lang, look, quote)
    return _templates.get_template(f"{version}/{name}.html").render(page.context(source), say=page.word)


def asked(source: Source) -> tuple[AbstractSet[str], AbstractSet[str]]:
    """Return the keys of all words, and all references, that a document may need."""
    keys: set[str] = set()
    references: set[str] = set()
    _Page("zh", keys.add, references.add).context(source)
    return keys, references


def printed_with(page: str) -> dict[str, str]:
    """Return the words a page was printed with, by key."""
    return {html.unescape(key): html.unescape(word) for key, word in _MARKED.findall(page)}


class _Page:
    """Says in words what a document says in codes. ``source.process`` tells vocabularies of the same name apart."""

    def __init__(self, lang: str, look: Look, quote: Quote) -> None:
        self.lang, self.look, self.quote = lang, look, quote
        self.kind = ""

    def context(self, source: Source) -> dict[str, Any]:
        """Return what a template is filled with."""
        self.kind = source.process.partition("/")[0]
        kind, body, day = kind_of(source.kind), source.body, local_day(source.issued_at)
        tail = kind.number(source.year, source.n, self.lang)
        said = {"case": body.get("case"), **_mapping(body, "fields")}
        facts = {name: value for name, value in said.items() if not _is_table(value)}
        tables = {name: value for name, value in said.items() if _is_table(value)}
        words = _mapping(body, "texts")
        return {
            "lang": self.lang,
            "html_lang": "zh-CN" if self.lang == "zh" else "en",
            "kind": kind.code,
            "title": self.look(f"kind:{kind.code}") or kind.code,
            "number": (self.look(ISSUER) or "") + tail,
            "number_said": self.word(ISSUER) + tail,
            "to": self.value("to", body.get("to")),
            "intro": self.phrase(f"paper.intro.{kind.code}"),
            "facts": self.rows(facts),
            "tables": self.rows(tables),
            "sections": self.rows({**tables, **words}),
            "form": self.rows({**facts, **words}),
            "closing": self.phrase(f"paper.closing.{kind.code}"),
            "signature": () if _is_machine(body.get("signed_by")) else self.rows({"signed_by": body.get("signed_by")}),
            "issued_on": day.isoformat(),
            "issued_said": self.day(day),
            "process": source.process,
            "effect": source.effect,
            "colon": _COLON[self.lang],
            "said": {phrase: self.word(f"paper.{phrase}") for phrase in PHRASES},
        }

    def rows(self, fields: Mapping[str, Any]) -> Sequence[Row]:
        """Return what there is to say, in the order of the page."""
        return [self.row(name, fields[name]) for name in sorted(_said(fields), key=place_of)]

    def row(self, name: str, value: Any) -> Row:
        """Return one thing a document says."""
        if not _is_table(value):
            return Row(self.label(name), self.value(key_of(name)[0], value))
        columns = sorted({column for entry in value for column in _said(entry)}, key=place_of)
        lines = [[self.value(key_of(column)[0], entry.get(column)) for column in columns] for entry in value]
        return Row(self.label(name), head=[self.label(column) for column in columns], lines=lines)

    def label(self, name: str) -> Markup:
        """Return the label of a field, with its subjects where it is one of several."""
        key, subject = key_of(name)
        said = self.word(f"paper.field.{key}")
        if not subject:
            return said
        if _NUMBER.fullmatch(subject):
            return said + f" {subject}"
        parts = (self._named((f"unit:{part}",), part) for part in subject.split("/"))
        opened, closed = _BRACKETS[self.lang]
        return said + opened + escape(_AND[self.lang]).join(parts) + closed

    def value(self, key: str, value: Any) -> Markup:
        """Return a value in words: a code, a list, small tables within others."""
        match value:
            case None:
                return NOTHING
            case bool():
                return self.word("paper.yes" if value else "paper.no")
            case str():
                return self._string(key, value)
            case list():
                return escape(_AND[self.lang]).join(self.value(key, entry) for entry in value)
            case dict():
                parts = (
                    self.label(name) + _COLON[self.lang] + self.value(key_of(name)[0], value[name])
                    for name in sorted(value, key=place_of)
                )
                return escape(_AND[self.lang]).join(parts)
            case _:
                return escape(value)

    def word(self, key: str) -> Markup:
        """Return the word of a key, marked; the last part of the key where there is none."""
        return self._named((key,), key.replace(":", ".").rpartition(".")[2])

    def phrase(self, key: str) -> Markup:
        """Return a standing phrase, marked; nothing where there is none."""
        return self._named((key,), "")

    def day(self, day: date) -> Markup:
        """Return a day in words."""
        if self.lang == "zh":
            return Markup("{}年{}月{}日").format(day.year, day.month, day.day)
        return Markup("{} {} {}").format(day.day, MONTHS[day.month - 1], day.year)

    def _string(self, key: str, value: str) -> Markup:
        if _REFERENCE.fullmatch(value):
            words = self.quote(value)
            return self.word("paper.text_missing") if words is None else _BREAK.join(words.splitlines())
        way = FIELDS.get(key)
        at = self._moment(value, end=way is Way.due) if way in {Way.instant, Way.due, None} else None
        return at if at is not None else self._named(self._keys(way, key, value), value)

    def _keys(self, way: Way | None, key: str, value: str) -> Sequence[str]:
        match way:
            case Way.unit:
                return (f"unit:{value}", f"role.{value}")
            case Way.user:
                return (f"user:{value}", f"role.{value}")
            case Way.item:
                return (f"item:{value}",)
            case Way.plain:
                return ()
            case _:
                # The vocabularies of a kind of process (ring_level), those of all (opinion), and of items on an agenda.
                labels = tuple(f"{home}.{value}" for home in (f"{self.kind}_{key}", key, f"item_{key}"))
                return labels if way is Way.code else (*labels, f"unit:{value}")

    def _named(self, keys: Sequence[str], otherwise: str) -> Markup:
        # All keys are looked up, so that nothing but their order decides which of them counts.
        found = [(key, word) for key in keys if (word := self.look(key)) is not None]
        return _MARK.format(*found[0]) if found else escape(otherwise)

    def _moment(self, value: str, *, end: bool) -> Markup | None:
        """Return the day or the instant that a string names, or None."""
        try:
            if _DAY.fullmatch(value):
                return self.day(date.fromisoformat(value))
            if not _INSTANT.fullmatch(value):
                return None
            at = datetime.fromisoformat(value)
            local = at.astimezone(SHANGHAI)
            if end and local.time() == time():
                return self.day(day_of_due(at)) + " 24:00"
        except (ValueError, OverflowError):
            return None
        return self.day(local.date()) + f" {local:%H:%M}"


def _mapping(body: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = body.get(name)
    return found if isinstance(found, dict) else {}


def _said(fields: Mapping[str, Any]) -> Sequence[str]:
    """Return the names of fields that are not empty."""
    return [name for name, value in fields.items() if value not in (None, "", [], {})]


def _is_table(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(entry, dict) for entry in value)


def _is_machine(user: Any) -> bool:
    """Say whether this is no person: the system, or the process that began another. Such as sign nothing."""
    return isinstance(user, str) and (user == SYSTEM.user or "/" in user)
