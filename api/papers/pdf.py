"""公文 as PDF: the page as it was issued, set on A4 with its fonts embedded. A pure function of the page.

The same page gives the same bytes, on every machine: fonts come with the environment (Noto Serif and Sans SC), never from the
system; nothing is compressed, since what compresses differs from machine to machine; the date inside is the day of issue. What a
later template says in other words is set as a plain paragraph: every document that can be read can be printed.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from html.parser import HTMLParser
from pathlib import Path
from typing import Final, Literal

import pylopdf_fonts_zh_cn
from fpdf import FPDF
from fpdf.fonts import TTFFont

FONTS: Final = Path(pylopdf_fonts_zh_cn.__file__).parent
SERIF: Final = "serif"
SANS: Final = "sans"
FILES: Final = {SERIF: "NotoSerifSC-Regular.otf", SANS: "NotoSansSC-Regular.otf"}
RED: Final = (204, 0, 0)
BLACK: Final = (0, 0, 0)
GREY: Final = (85, 85, 85)
LEFT, TOP, RIGHT, BOTTOM = 28.0, 37.0, 26.0, 35.0
"""Millimetres: the margins of official documents (GB/T 9704)."""
FORM_LABEL: Final = 0.28
"""The width of the first column of a form."""
POINT: Final = 25.4 / 72
PADDING: Final = 2.0
MOST_KEPT: Final = 64
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]")
_WORD: Final = re.compile(r"\s|[!-~\u00a1-\u024f]+|.", re.DOTALL)
"""What is not broken: a Latin word; of anything else each character by itself."""
_NOT_FIRST: Final = frozenset("，。、；：！？）〕】》」』”’…—·%％,.;:!?)]}")
_NOT_LAST: Final = frozenset("（〔【《「『“‘([{")


@dataclass(frozen=True)
class Style:
    """How a paragraph is set: points, line height as a multiple, where it stands, and what is kept above it (millimetres)."""

    size: float = 16
    leading: float = 1.7
    align: Literal["L", "C", "R"] = "L"
    colour: tuple[int, int, int] = BLACK
    above: float = 0
    indent: bool = False
    font: str = SERIF
    rule: tuple[tuple[int, int, int], float] | None = None


STYLES: Final[dict[str, Style]] = {
    "issuer": Style(size=36, leading=1.3, align="C", colour=RED),
    "number": Style(align="C", above=5, rule=(RED, 0.6)),
    "h1": Style(size=22, leading=1.4, align="C", above=10),
    "h2": Style(above=4, font=SANS),
    "to": Style(above=4),
    "sentence": Style(indent=True),
    "closing": Style(indent=True, above=4),
    "words": Style(indent=True),
    "issued-by": Style(align="R", above=12),
    "footer": Style(align="R"),
    "seal": Style(align="R", colour=GREY),
    "sent-to": Style(size=14, above=8),
    "record": Style(size=9, leading=1.4, above=8, colour=GREY),
}
_CELL: Final = {"form": Style(leading=1.5), "list": Style(size=12, leading=1.4)}


@dataclass
class Block:
    """One thing on a page: a paragraph in a style, or a table with its rows; ``head`` rows stand again on every page."""

    style: str
    text: str = ""
    rows: list[list[str]] = field(default_factory=list)
    head: int = 0


def pdf_of(page: str, lang: str, issued_at: datetime) -> bytes:
    """Return the PDF of a page as it was issued. Total: sets whatever the page says."""
    return _pdf_of(page, lang, issued_at)


@lru_cache(maxsize=MOST_KEPT)
def _pdf_of(page: str, lang: str, issued_at: datetime) -> bytes:
    reading = _Reading()
    reading.feed(page)
    reading.close()
    sheet = _Sheet(lang)
    sheet.set_title(reading.title.strip())
    sheet.set_creation_date(issued_at)
    sheet.add_page()
    for block in reading.blocks:
        if block.rows:
            sheet.grid(block)
        else:
            sheet.paragraph(block.text, STYLES.get(block.style, Style()))
    return sheet.finished()


class _Reading(HTMLParser):
    """Takes a page apart into its blocks."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.blocks: list[Block] = []
        self.title = ""
        self._text: list[str] | None = None
        self._style = ""
        self._table: Block | None = None
        self._in: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        kind = (dict(attrs).get("class") or "").split(" ")[-1]
        if tag == "br":
            if self._text is not None:
                self._text.append("\n")
            return
        if tag in {"meta", "link"}:
            return
        self._in.append(tag)
        match tag:
            case "p" | "h1" | "h2" | "title":
                self._style = kind or ("footer" if "footer" in self._in and tag == "p" else tag)
                self._text = []
            case "table":
                self._table = Block(kind or "form")
            case "tr" if self._table is not None:
                self._table.rows.append([])
                self._table.head += "thead" in self._in
            case "th" | "td":
                self._text = []

    def handle_endtag(self, tag: str) -> None:
        while self._in and self._in.pop() != tag:
            pass
        said = _clean("".join(self._text or ()))
        match tag:
            case "title":
                self.title = said
            case "p" | "h1" | "h2":
                self.blocks.append(Block(self._style, said))
            case "th" | "td" if self._table is not None and self._table.rows:
                self._table.rows[-1].append(said)
            case "table" if self._table is not None:
                self.blocks.append(self._table)
                self._table = None
            case _:
                return
        if tag != "table":
            self._text = None

    def handle_data(self, data: str) -> None:
        if self._text is not None and "style" not in self._in:
            self._text.append(data)


def _clean(words: str) -> str:
    """Return words without what no page shows: control characters, marks of direction, tabs."""
    return _CONTROL.sub("", words.replace("\t", " ").replace("\r", "")).strip()


class _Sheet(FPDF):
    """Sets paragraphs and tables, line by line."""

    def __init__(self, lang: str) -> None:
        super().__init__(format="A4")
        self.lang = lang
        self.set_compression(False)
        self.set_lang("zh-CN" if lang == "zh" else "en")
        self.set_margins(LEFT, TOP, RIGHT)
        self.set_auto_page_break(auto=False)
        for name, file in FILES.items():
            self.add_font(name, fname=FONTS / file)

    def finished(self) -> bytes:
        """Return the file, and let go of the fonts: they stay open otherwise until somebody collects them."""
        found = bytes(self.output())
        for font in self.fonts.values():
            if isinstance(font, TTFFont):
                font.ttfont.close()
        return found

    @property
    def below(self) -> float:
        """Where the part of the sheet ends that is written on."""
        return self.h - BOTTOM

    def footer(self) -> None:
        """Number the page."""
        self.set_font(SERIF, size=12)
        self.set_text_color(BLACK)
        self.set_xy(self.l_margin, self.below + 7)
        self.cell(self.epw, 5, f"— {self.page_no()} —", align="C")

    def paragraph(self, words: str, style: Style) -> None:
        """Set one paragraph; a line that finds no room begins the next page."""
        if not words:
            return
        height = self._take(style)
        indent = 2 * style.size * POINT if style.indent and self.lang == "zh" else 0.0
        self.set_y(self.y + style.above)
        for part in words.split("\n"):
            for n, line in enumerate(self._broken(part.strip(), self.epw, indent)):
                self._room(height)
                self._take(style)
                self.set_x(self.l_margin + (indent if n == 0 else 0))
                self.cell(
                    self.w - self.r_margin - self.x, height, line, align=style.align, new_x="LMARGIN", new_y="NEXT"
                )
        if style.rule is not None:
            colour, width = style.rule
            self.set_draw_color(colour)
            self.set_line_width(width)
            self.line(self.l_margin, self.y + 2, self.w - self.r_margin, self.y + 2)
            self.set_y(self.y + 3)

    def grid(self, block: Block) -> None:
        """Set a table; its head stands again on every page, and a row longer than a page goes on on the next one."""
        style = _CELL.get(block.style, _CELL["form"])
        columns = max(1, *(len(row) for row in block.rows))
        first = self.epw * FORM_LABEL if block.style == "form" and columns > 1 else self.epw / columns
        widths = [first, *[(self.epw - first) / max(columns - 1, 1)] * (columns - 1)]
        head = block.rows[: block.head]
        self.set_y(self.y + 3)
        for n, row in enumerate(block.rows):
            self._row(row, widths, style, () if n < block.head else head)
        self.set_y(self.y + 3)

    def _row(self, row: Sequence[str], widths: Sequence[float], style: Style, head: Sequence[Sequence[str]]) -> None:
        height = self._take(style)
        cells = [
            [x for part in c.split("\n") for x in self._broken(part, w - 2 * PADDING)]
            for c, w in zip(row, widths, strict=False)
        ]
        longest = max((len(c) for c in cells), default=0)
        done = 0
        while done < longest:
            fits = int((self.below - self.y - 2 * PADDING) / height)
            whole = longest - done <= int((self.below - self.t_margin - 2 * PADDING) / height)
            if fits < 1 or (fits < longest - done and whole and self.y > self.t_margin):
                self.add_page()
                for line in head:
                    self._row(line, widths, style, ())
                self._take(style)
                continue
            n = min(fits, longest - done)
            self._cells([c[done : done + n] for c in cells], widths, height, n)
            done += n

    def _cells(self, cells: Sequence[Sequence[str]], widths: Sequence[float], height: float, n: int) -> None:
        top, x = self.y, self.l_margin
        self.set_draw_color(BLACK)
        self.set_line_width(0.25)
        for lines, width in zip(cells, widths, strict=False):
            self.rect(x, top, width, n * height + 2 * PADDING)
            for k, line in enumerate(lines):
                self.set_xy(x + PADDING, top + PADDING + k * height)
                self.cell(width - 2 * PADDING, height, line)
            x += width
        self.set_xy(self.l_margin, top + n * height + 2 * PADDING)

    def _take(self, style: Style) -> float:
        """Take up a style; return the height of its lines in millimetres."""
        self.set_font(style.font, size=style.size)
        self.set_text_color(style.colour)
        return style.size * style.leading * POINT

    def _room(self, height: float) -> None:
        if self.y + height > self.below:
            self.add_page()

    def _broken(self, words: str, width: float, indent: float = 0) -> Iterator[str]:
        """Break a paragraph into lines: between words, between Chinese characters, but never before 。 or after （."""
        width -= 2 * self.c_margin
        line, used = "", indent
        for token in self._tokens(words, width):
            size = self.get_string_width(token)
            if line and used + size > width:
                yield line.rstrip()
                line, used = "", 0.0
                if token.isspace():
                    continue
            line, used = line + token, used + size
        yield line.rstrip()

    def _tokens(self, words: str, width: float) -> Iterator[str]:
        """Return what stays together on a line, as far as it fits on one."""
        kept = ""
        for token in _WORD.findall(words):
            joins = token[0] in _NOT_FIRST or kept[-1:] in _NOT_LAST
            if kept and not joins:
                yield from self._fitting(kept, width)
                kept = ""
            kept += token
        yield from self._fitting(kept, width)

    def _fitting(self, token: str, width: float) -> Sequence[str]:
        return [token] if self.get_string_width(token) <= width else list(token)
