"""Why a clock is due when it is, in words: the lines of the explanation, and the sources that limits rest on.

A source is written in the policy packs by whoever keeps them and is pinned into every clock, so it is put into words when it is
read: the phrases the packs repeat stand in the catalogue, references to design documents are left out, and a phrase that
nobody knows stays as it was written.
"""

import re
from collections.abc import Callable, Mapping
from typing import Final

from api.cases.schemas import LineOut
from domain.clock import Clock, Line, explain
from storage.texts import known, limit_words, text

PHRASES: Final[Mapping[str, str]] = {
    "our default": "our_default",
    "as a suggestion": "as_suggestion",
    "as extension_review": "as_extension_review",
    "举报 like a complaint": "report_as_complaint",
    "Beijing Art. 15 orders the contact and gives no limit": "beijing_contact",
    "Beijing Art. 23 orders a callback when the limit expires": "beijing_callback",
    "Beijing Art. 16, 33 order the assessment of both sides and give no limit": "beijing_assessment",
    "weifang-emergency (an urge again 2 h)": "weifang_urge",
    "督查条例 Art. 17": "inspection_17",
    "the day named in the decision": "named_day",
    "the instant named in the decision": "named_instant",
    "attempts on different days": "different_days",
    "a pause has a maximum; all pauses of an order together as long as the longest ground": "pause_total",
    "ground: 信访条例 Art. 36; maximum: our default": "pause_expert",
    "ground: ; maximum: our default": "pause_mediation",  # its ground is a design document's only
    "海口 (press)": "haikou_press",
    "山东 2020 (excerpt)": "shandong_2020",
    "潍坊应急 (excerpt): after an urge again 2 h": "weifang_urge",
    "潍坊应急 (excerpt)": "weifang_emergency",
    "Weifang Art. 20": "weifang_20",
}
"""What packs say, and the text of the catalogue (``source.*``) that says it."""

GRADES: Final[Mapping[str, str]] = {"一般": "grade_normal", "紧急": "grade_urgent", "特急": "grade_extra_urgent"}

_PHRASE: Final = re.compile("|".join(re.escape(p) for p in sorted(PHRASES, key=len, reverse=True)))
_GRADED: Final = re.compile(rf"({'|'.join(GRADES)}) x(\d+)/(\d+)")
_CO: Final = re.compile(r"协办 -(\d+[a-z]+)")
_DESIGN: Final = re.compile(r" ?\(domain\.md [\d., ]+\)|domain\.md [\d.]+(?:, ?[\d.]+)*[:,]? ?|, M\d+(?:-M\d+)?\b")
"""References to the documents this system was designed from: for builders, not for clerks."""
_BRACKETS: Final = re.compile(r" \(([^()]*)\)")
_APART: Final = "\n"


def lines_of(clock: Clock, lang: str) -> tuple[LineOut, ...]:
    """Return the explanation of a clock in one language."""
    return tuple(
        LineOut(code=line.code, text=text(f"explain.{line.code}", lang, **_worded(line, lang)))
        for line in explain(clock)
    )


def source_words(source: str, lang: str) -> str:
    """Return the source of a limit in words."""
    parts = _APART.join(_parts(_DESIGN.sub("", source)))
    parts = _PHRASE.sub(lambda m: text(f"source.{PHRASES[m[0]]}", lang), parts)
    parts = _GRADED.sub(
        lambda m: text("source.graded", lang, grade=text(f"grade.{GRADES[m[1]]}", lang), times=m[2], over=m[3]), parts
    )
    parts = _CO.sub(lambda m: text("source.co", lang, limit=limit_words(m[1], lang)), parts)
    parts = _BRACKETS.sub(lambda m: text("source.brackets", lang, words=m[1]), parts)
    return text("source.between", lang).join(parts.split(_APART))


def pause_words(kind: str, lang: str) -> str:
    """Return why a clock stood still; the bare code of a ground the catalogue does not know."""
    keys = (f"console.pause.{kind}", f"console.why.{kind}")
    return next((text(k, lang) for k in keys if known(k)), kind)


_SAY: Final[Mapping[str, Callable[[str, str], str]]] = {
    "limit": limit_words,
    "source": source_words,
    "kind": pause_words,
}


def _worded(line: Line, lang: str) -> dict[str, str]:
    return {name: _SAY[name](value, lang) if name in _SAY else value for name, value in line.values.items()}


def _parts(source: str) -> list[str]:
    """Return what stands between semicolons, those within brackets and known phrases left alone."""
    if source in PHRASES:
        return [source]
    parts, depth = [""], 0
    for piece in re.split(r"(; |[()])", source):
        depth += {"(": 1, ")": -1}.get(piece, 0)
        if piece == "; " and depth == 0:
            parts.append("")
        else:
            parts[-1] += piece
    return parts
