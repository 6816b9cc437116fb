"""公文: the commit that owes a document numbers it, prints it in both languages and keeps it with its hash."""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection

from activities.paper_page import ISSUER, Look, Quote, Source, asked, render
from domain.kernel import Planned
from domain.papers import kind_of, year_of
from storage.effects import texts
from storage.papers import NAMED, issuers, names, put_papers, take_numbers
from storage.texts import LANGUAGES, known, text

MOST_CODE: Final = 40
"""Characters of a kind's code: its column has no room for more."""


def issue(
    connection: Connection, process: str, effects: Sequence[Planned], now: datetime
) -> Sequence[tuple[Planned, str]]:
    """Number, print and keep documents in the caller's transaction; return each effect with its number in Chinese.

    Numbers are taken last: their counters stay locked until the transaction ends.
    """
    bodies = {e.id: plain(e.body) for e in effects}
    kinds = {effect: kind_code(body) for effect, body in bodies.items()}
    year = year_of(now)
    unnumbered = [Source(e, process, kinds[e], year, 0, now, body) for e, body in bodies.items()]
    looks, quote = looking(connection, unnumbered), quoting(connection, unnumbered)
    numbers = _numbers(connection, kinds, year)
    put_papers(
        connection,
        [_row(Source(e, process, kinds[e], year, numbers[e], now, body), looks, quote) for e, body in bodies.items()],
    )
    return [(e, number_of(kinds[e.id], year, numbers[e.id], looks["zh"])) for e in effects]


def kind_code(body: Mapping[str, Any]) -> str:
    """Return the kind of document that an effect owes."""
    return str(body.get("paper"))[:MOST_CODE]


def number_of(kind: str, year: int, n: int, look: Look) -> str:
    """Return the number of a document in Chinese, under the issuing body that ``look`` knows."""
    return (look(ISSUER) or "") + kind_of(kind).number(year, n)


def digest(zh: str, en: str) -> str:
    """Return the hash a document is kept with: of both pages, one after the other, with a line break between them."""
    return hashlib.sha256(f"{zh}\n{en}".encode()).hexdigest()


def plain(body: Mapping[str, Any]) -> dict[str, Any]:
    """Return a body as the journal gives it back, so that what is printed now and what is printed again start from the same."""
    found: dict[str, Any] = json.loads(json.dumps(dict(body)))
    return found


def looking(connection: Connection, sources: Iterable[Source]) -> dict[str, Look]:
    """Return, by language, what finds the words of these documents as they are now: one query for each home of names."""
    wanted: dict[str, set[str]] = {}
    for key in {key for source in sources for key in asked(source)[0] if ":" in key}:
        home, _, code = key.partition(":")
        wanted.setdefault(home, set()).add(code)
    pairs = names(connection, {home: codes for home, codes in wanted.items() if home in NAMED})
    issuer = issuers(connection)
    return {lang: _look(pairs, issuer[lang], lang) for lang in LANGUAGES}


def quoting(connection: Connection, sources: Iterable[Source]) -> Quote:
    """Return what finds the words that people wrote and these documents quote."""
    return texts(connection, sorted({ref for source in sources for ref in asked(source)[1]})).get


def _look(pairs: Mapping[str, Mapping[str, tuple[str, str]]], issuer: str, lang: str) -> Look:
    column = LANGUAGES.index(lang)

    def look(key: str) -> str | None:
        home, colon, code = key.partition(":")
        if not colon:
            return text(key, lang) if known(key) else None
        if home in NAMED:
            found = pairs.get(home, {}).get(code)
            return None if found is None else found[column]
        return issuer if key == ISSUER else kind_of(code).title(lang)

    return look


def _numbers(connection: Connection, kinds: Mapping[str, str], year: int) -> dict[str, int]:
    """Take the numbers of all these effects, kind by kind in the order that everybody keeps."""
    numbers: dict[str, int] = {}
    for kind in sorted(set(kinds.values())):
        mine = [effect for effect, of in kinds.items() if of == kind]
        numbers |= zip(mine, take_numbers(connection, kind, year, len(mine)), strict=True)
    return numbers


def _row(source: Source, looks: Mapping[str, Look], quote: Quote) -> dict[str, Any]:
    template = kind_of(source.kind).template
    pages = {lang: render(source, template, lang, looks[lang], quote) for lang in LANGUAGES}
    return {
        "effect": source.effect,
        "kind": source.kind,
        "year": source.year,
        "n": source.n,
        "process": source.process,
        "seq": int(source.effect.split("/")[-2]),
        "issued_at": source.issued_at,
        "template": template,
        **pages,
        "sha256": digest(**pages),
    }
