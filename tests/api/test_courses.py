"""The pictures of where processes go: the written pages are up to date, and a process sees its course from where it stands."""

import re
from pathlib import Path

import pytest

from api.courses import PAGES, course, leads, page
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


def test_what_lies_behind_is_told_from_what_is_still_to_come() -> None:
    """A reply that is reviewed leads on to the callback and the archive; a new screening would be a step back."""
    places = {s.stage: s.place for s in course("case", "reply_review", "en")}
    assert [places[s] for s in ("in_progress", "reply_review", "callback", "archived")] == [
        "next",
        "now",
        "next",
        "ahead",
    ]
    assert {places[s] for s in ("screening", "triaged", "answered")} == {"again"}


@pytest.mark.parametrize("kind", DECIDERS)
def test_every_place_in_a_course_has_words(kind: str) -> None:
    ways = load_ways(kind)
    places = {(stage, step.place) for stage in ways.stages for step in course(kind, stage, "en")}
    assert [p for p in places if not known(f"console.course.{p[1]}")] == []
    assert [s for s in ways.stages if (s, "now") not in places] == []


def test_a_form_says_where_its_command_leads_and_that_it_is_over_then() -> None:
    (answered,) = leads("case", "screening", "answer", "en")
    assert (answered.stage, answered.over) == ("answered", True)
    assert leads("case", "screening", "correct", "en") == ()
    assert leads("case", "archived", "answer", "en") == ()
    (opened,) = leads("session", "new", "schedule_session", "zh")
    assert not opened.over
