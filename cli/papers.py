"""`sanhuan papers URL`: print every official document again from the journal, and name every difference to what was kept.

What is compared, for each document: its text with its hash; its kind, number and date with the effect that owed it; that effect
with the chain of events; its two pages with what the template it names makes of the journal today. A page that differs only because
a unit was renamed or a phrase reworded is told as that: printed with the words on the page itself it must be the same, character by
character. And the numbers of each kind and year must be there from the first to the last one given out.

What people wrote is compared and never shown: a difference in it is told by its language and line.
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import typer
from jinja2 import TemplateNotFound
from sqlalchemy import Connection

from activities.paper_page import Look, Quote, Source, printed_with, render
from activities.papers import digest, kind_code, looking, number_of, quoting
from api.papers.pdf import pdf_of
from cli.doctor import language
from domain.clock import wall
from domain.papers import kind_of
from storage.papers import PAPER, Kept, all_papers, counted, unissued
from storage.texts import LANGUAGES, text
from storage.unit_of_work import Database, StorageUnavailable

MOST_NAMED: Final = 8
"""Words that are other ones now, named of one document."""


@dataclass(frozen=True)
class Difference:
    """One difference: its kind (``papers.{kind}`` in the catalogue), the document, and more in codes."""

    kind: str
    paper: str
    detail: str = ""


@dataclass
class Checked:
    """What was compared: the numbers of all documents, and what differs."""

    numbers: list[str] = field(default_factory=list)
    differences: list[Difference] = field(default_factory=list)


def check(connection: Connection) -> Checked:
    """Compare everything."""
    checked, seen = Checked(), dict[tuple[str, int], set[int]]()
    for page in all_papers(connection):
        sources = {k.effect.id: _source(k.effect, k.row) for k in page if k.effect is not None}
        looks, quote = looking(connection, sources.values()), quoting(connection, sources.values())
        for kept in page:
            row = kept.row
            number = number_of(row.kind, row.year, row.n, printed_with(row.zh).get)
            checked.numbers.append(
                f"{wall(row.issued_at)} {number} {kind_of(row.kind).title(language())} {row.process}"
            )
            seen.setdefault((row.kind, row.year), set()).add(row.n)
            found = [*_kept_whole(kept, number), *_printed_again(row, sources.get(row.effect), looks, quote)]
            checked.differences += [Difference(kind, number, detail) for kind, detail in found]
    checked.differences += _gaps(counted(connection), seen)
    checked.differences += [Difference("not_issued", effect) for effect in unissued(connection)]
    return checked


def _kept_whole(kept: Kept, number: str) -> Iterator[tuple[str, str]]:
    """Compare what was kept with itself, with its effect and with the chain of events."""
    row, effect, event = kept.row, kept.effect, kept.event
    if digest(row.zh, row.en) != row.sha256:
        yield "hash_differs", ""
    if effect is None:
        yield "effect_missing", ""
        return
    said = {
        "kind": (effect.kind, kind_code(effect.body)) == (PAPER, row.kind),
        "status": effect.status == "done",
        "process": (effect.process, effect.seq) == (row.process, row.seq),
        "issued_at": effect.done_at == row.issued_at,
        "number": effect.outcome == number,
    }
    if wrong := [name for name, same in said.items() if not same]:
        yield "effect_differs", ", ".join(wrong)
    if event is None or not row.effect.endswith(f"-{event.head[:8]}"):
        yield "event_missing", ""


def _printed_again(
    row: Any, source: Source | None, looks: Mapping[str, Look], quote: Quote
) -> Iterator[tuple[str, str]]:
    """Compare the pages with those that the template they name makes of the journal."""
    if source is None:
        return
    kept = {"zh": row.zh, "en": row.en}
    try:
        if all(render(source, row.template, lang, looks[lang], quote) == kept[lang] for lang in LANGUAGES):
            return
        words = {lang: printed_with(kept[lang]) for lang in LANGUAGES}
        again = {lang: render(source, row.template, lang, words[lang].get, quote) for lang in LANGUAGES}
    except TemplateNotFound:
        yield "template_missing", row.template
        return
    if other := [lang for lang in LANGUAGES if again[lang] != kept[lang]]:
        yield "page_differs", ", ".join(f"{lang} {_line(kept[lang], again[lang])}" for lang in other)
    renamed = [
        f"{key} {word} → {looks[lang](key)}"
        for lang in LANGUAGES
        for key, word in words[lang].items()
        if looks[lang](key) != word
    ]
    if renamed or not other:
        yield "words_differ", "; ".join(renamed[:MOST_NAMED])


def _source(effect: Any, row: Any) -> Source:
    return Source(effect.id, effect.process, kind_code(effect.body), row.year, row.n, effect.done_at, effect.body)


def _line(one: str, other: str) -> int:
    """Return the first line in which two pages differ."""
    lines, others = one.split("\n"), other.split("\n")
    same = (n for n, pair in enumerate(zip(lines, others, strict=False), start=1) if pair[0] != pair[1])
    return next(same, min(len(lines), len(others)) + 1)


def _gaps(last: Mapping[tuple[str, int], int], seen: Mapping[tuple[str, int], set[int]]) -> Sequence[Difference]:
    """Compare the documents with the numbers given out."""
    found: list[Difference] = []
    for kind, year in sorted(last.keys() | seen.keys()):
        there, given = seen.get((kind, year), set()), last.get((kind, year), 0)
        missing = sorted(set(range(1, max([given, *there]) + 1)) - there)
        beyond = sorted(n for n in there if n > given)
        found += [Difference("number_missing", kind_of(kind).number(year, n)) for n in missing]
        found += [Difference("number_not_given", kind_of(kind).number(year, n)) for n in beyond]
    return found


def write_pdfs(connection: Connection, folder: Path) -> int:
    """Write every document as it was issued, in both languages, and ``SHA256SUMS``; return how many documents.

    The same journal gives the same files, byte for byte: ``sha256sum -c`` tells a file that was changed since.
    """
    folder.mkdir(parents=True, exist_ok=True)
    sums: list[str] = []
    n = 0
    for page in all_papers(connection):
        for row in (kept.row for kept in page):
            n += 1
            for lang, content in (("zh", row.zh), ("en", row.en)):
                name = f"{row.kind}-{row.year}-{row.n}.{lang}.pdf"
                found = pdf_of(content, lang, row.issued_at)
                (folder / name).write_bytes(found)
                sums.append(f"{hashlib.sha256(found).hexdigest()}  {name}\n")
    (folder / "SHA256SUMS").write_text("".join(sorted(sums, key=lambda line: line.split("  ")[1])), encoding="utf-8")
    return n


def run(url: str, *, listed: bool = False, pdf: Path | None = None) -> int:
    """Compare and print; write PDFs where a folder is named.

    Return 0 when everything agrees, 1 at a difference, 2 when the database does not answer.
    """
    lang, database = language(), Database(url)
    try:
        with database.read() as connection:
            checked = check(connection)
            written = write_pdfs(connection, pdf) if pdf is not None else None
    except StorageUnavailable:
        typer.echo(text("papers.no_database", lang), err=True)
        return 2
    finally:
        database.close()
    for line in checked.numbers if listed else ():
        typer.echo(line)
    for d in checked.differences:
        typer.echo(f"{d.paper}: {text(f'papers.{d.kind}', lang, detail=d.detail)}")
    if written is not None:
        typer.echo(text("papers.pdf_written", lang, n=written, folder=pdf))
    n, found = len(checked.numbers), len(checked.differences)
    typer.echo(text("papers.differ" if found else "papers.agree", lang, n=n, found=found))
    return 1 if found else 0
