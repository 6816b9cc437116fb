"""The pictures of where processes go: the written pages are up to date, and a process sees its course from where it stands."""

import re
from pathlib import Path

import pytest

from api.courses import PAGES, course, page
from domain.deciders import DECIDERS
from storage.texts import known
from storage.ways import CLOCK, load_ways

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("lang", PAGES)
def test_the_written_pages_are_up_to_date(lang: str) -> None:
    """`python -m api.courses docs` writes them anew."""
    assert (ROOT / "docs" / PAGES[lang]).read_text(encoding="utf-8") == page(lang)


@pytest.mark.parametrize("kind", DECIDERS)
def test_every_stage_and_every_cause_has_words(kind: str) -> None:
    ways = load_ways(kind)
    assert [s for s in ways.stages if not known(f"stage.{s}")] == []
    causes = {w.cause if w.cause.startswith(CLOCK) else f"command.{w.cause}" for w in ways}
    assert [c for c in sorted(causes) if not known(c)] == []


def test_an_arrow_of_the_picture_is_a_row() -> None:
    arrows = [line.strip() for line in page("en").splitlines() if "-->" in line and "[*]" not in line]
    rows = [f"{s} --> {t}" for kind in DECIDERS for s, ts in load_ways(kind).arrows.items() for t in ts if s != "new"]
    assert [a.partition(" : ")[0] for a in arrows] == rows


@pytest.mark.parametrize("lang", PAGES)
def test_mermaid_reads_each_line_of_a_picture_whole(lang: str) -> None:
    """By the words of its grammar: a label goes on until a colon, a semicolon or the end; the rest would be states of their own."""
    drawn = [line for line in page(lang).splitlines() if " --> " in line]
    assert len(drawn) > 100
    assert [line for line in drawn if not re.fullmatch(r"    (\[\*\]|\w+) --> (\[\*\]|\w+)( : [^:;#\n]+)?", line)] == []


def test_a_course_is_seen_from_where_the_process_stands() -> None:
    steps = {s.stage: s for s in course("consultation", "meeting", "en")}
    assert (steps["voting"].place, steps["meeting"].place, steps["closed"].place) == ("no", "now", "next")
    assert steps["closed"].over
    assert "Withdraw" in " ".join(steps["closed"].causes)
    assert steps["voting"].causes == ()
