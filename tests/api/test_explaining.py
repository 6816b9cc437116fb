"""The explanation of a clock: whole in both languages, no code and no design document before a clerk."""

import re
from collections.abc import Iterator

import pytest

from api.cases.explaining import lines_of, pause_words, source_words
from domain.casework.handling import SUBMITTED
from domain.casework.more_time import RUNNING
from domain.clock import OFFICE_HOURS, ClockRule, Limit, pause_clock, start_clock
from domain.policy import Pack
from storage.policies import load_calendar, load_pack, pack_ids
from tests.domain.clock_helpers import sh

HANDLING = ("handle", "redo", "handle_co", "redo_co")
CHINESE = re.compile(r"[\u3000-\u9fff\uff00-\uffef]")
ENGLISH = re.compile(r"[A-Za-z]{2,}")


def rules(pack: Pack) -> Iterator[ClockRule]:
    for triage in pack.triages:
        for grade in pack.grades:
            for case_type in pack.case_types:
                yield from (pack.rule(k, triage=triage, case_type=case_type, grade=grade) for k in HANDLING)
        yield from (pack.rule(step, triage=triage) for step in pack.steps if pack.has_step(step, triage))


SOURCES = sorted(
    {rule.source for name in pack_ids() for rule in rules(load_pack(name))}
    | {pause.source for name in pack_ids() for pause in load_pack(name).pauses.values()}
)


@pytest.mark.parametrize("source", SOURCES)
def test_every_source_of_our_packs_is_said_in_the_readers_language(source: str) -> None:
    zh, en = source_words(source, "zh"), source_words(source, "en")
    assert ENGLISH.findall(zh) == []
    assert CHINESE.findall(en) == []
    for words in (zh, en):
        assert "domain" not in words
        assert "()" not in words
        assert not re.search(r"\bM\d", words)


def test_a_source_nobody_knows_stays_as_it_was_written() -> None:
    assert source_words("某市热线办〔2027〕3 号", "zh") == "某市热线办〔2027〕3 号"


def test_every_ground_of_a_pause_is_a_word() -> None:
    kinds = {k for name in pack_ids() for k in load_pack(name).pauses} | {SUBMITTED, RUNNING}
    assert [k for k in sorted(kinds) if pause_words(k, "zh") == k] == []


def test_an_explanation_reads_in_both_languages() -> None:
    rule = ClockRule(id="haikou/handle/routine/complaint", version="1", limit=Limit.parse("7wd"), source="our default")
    clock = start_clock("a1/handle", rule, sh("2026-02-13 10:00"), load_calendar(), OFFICE_HOURS)
    zh = {line.code: line.text for line in lines_of(clock, "zh")}
    assert (zh["limit"], zh["source"], zh["due"]) == ("时限：7 个工作日", "依据：本系统默认", "截止：2026-03-02 24:00")
    paused = pause_clock(clock, sh("2026-02-14 10:00"), SUBMITTED)
    en = {line.code: line.text for line in lines_of(paused, "en")}
    assert en["pause_open"] == "Paused (handed in, awaiting review) since 2026-02-14 10:00"
    assert not [t for t in (*zh.values(), *en.values()) if "{" in t]
