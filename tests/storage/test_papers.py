"""公文: what a commit owes is issued by that commit; numbers have no gap and none comes twice, whatever breaks."""

import random
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress

import pytest
from sqlalchemy import event

from activities.papers import digest
from domain.deciders import DECIDERS
from storage import listed
from storage.models import CounterRow, EffectRow, PaperRow
from storage.papers import take_numbers
from storage.rules import put_setting
from storage.unit_of_work import Database
from tests.domain.clock_helpers import sh
from tests.factories.book import Book
from tests.factories.city import rows
from tests.factories.papermill import DECIDER, KIND, Press, written

RULING, URGE, NOTE = "ruling_order", "urge_notice", "consultation_note"


@pytest.fixture(autouse=True)
def mill(monkeypatch: pytest.MonkeyPatch) -> None:
    """The process that prints is a kind like any other."""
    monkeypatch.setitem(DECIDERS, KIND, DECIDER)


def numbers(database: Database, kind: str = RULING, year: int = 2026) -> list[int]:
    return sorted(p.n for p in rows(database, PaperRow, kind=kind, year=year))


@contextmanager
def statements(database: Database) -> Iterator[list[str]]:
    """The SQL that is sent meanwhile."""
    sent: list[str] = []

    def note(_c: object, _k: object, statement: str, *_: object) -> None:
        sent.append(statement)

    event.listen(database.engine, "before_cursor_execute", note)
    yield sent
    event.remove(database.engine, "before_cursor_execute", note)


# ---------------------------------------------------------------------------------------------------------- at once


def test_a_commit_issues_the_document_it_owes_and_leaves_nothing_to_do(database: Database) -> None:
    press = Press(database)
    words = written(database, press.process, basis="依据三定规定。")
    fields = {"lead": "water", "co": ["roads"], "due": "2026-03-10T16:00:00+00:00"}
    paper = {"kind": RULING, "to": "water", "case": "20260302-000001", "fields": fields, "texts": words}
    result = press.begin({**paper, "signed_by": "system"})
    assert (result.effects, result.owed) == ((), 0)
    (kept,) = rows(database, PaperRow)
    (effect,) = rows(database, EffectRow)
    assert (kept.effect, kept.process, kept.seq) == (effect.id, press.process, 1)
    assert (kept.kind, kept.year, kept.n, kept.issued_at) == (RULING, 2026, 1, press.now)
    assert (effect.status, effect.outcome, effect.done_at) == ("done", "12345热线明责〔2026〕1号", press.now)
    assert kept.sha256 == digest(kept.zh, kept.en)
    for page, said in (
        (
            kept.zh,
            ["明责交办单", "12345热线", "water", "依据三定规定。", "2026年3月10日 24:00", "2026年3月2日", "（签章）"],
        ),
        (
            kept.en,
            [
                "Ruling Order",
                "12345 Hotline",
                "water",
                "依据三定规定。",
                "10 March 2026 24:00",
                "2 March 2026",
                "(Seal)",
            ],
        ),
    ):
        assert [w for w in said if w not in page] == []


@pytest.mark.usefixtures("by_activity")
def test_documents_are_issued_at_once_also_where_all_else_is_an_activity(database: Database) -> None:
    assert Press(database).begin(RULING).effects == ()
    assert [e.outcome for e in rows(database, EffectRow)] == ["12345热线明责〔2026〕1号"]


def test_the_issuing_body_is_a_setting_of_the_installation(database: Database) -> None:
    with database.write() as connection:
        put_setting(connection, "issuer", "烟海12345")
        put_setting(connection, "issuer_en", "Yanhai 12345")
    Press(database).begin(RULING)
    (kept,) = rows(database, PaperRow)
    assert rows(database, EffectRow)[0].outcome == "烟海12345明责〔2026〕1号"
    assert ">烟海12345<" in kept.zh
    assert ">Yanhai 12345<" in kept.en
    assert "12345热线" not in kept.zh + kept.en


def test_a_name_that_is_too_long_for_the_number_is_cut_and_breaks_nothing(database: Database) -> None:
    with database.write() as connection:
        put_setting(connection, "issuer", "长" * 300)
    Press(database).begin(RULING)
    assert len(rows(database, EffectRow)[0].outcome) <= 80


def test_a_document_nobody_foresaw_is_issued_all_the_same(database: Database) -> None:
    Press(database).begin(
        {"kind": "k" * 60, "fields": {"x": [[1, None, {"y": True}]], "z": "water"}, "texts": {"t": "gone#t"}}
    )
    (kept,) = rows(database, PaperRow)
    assert (kept.kind, kept.n) == ("k" * 40, 1)
    assert "（原文已不存）" in kept.zh


def test_a_repeated_command_issues_no_second_document(database: Database) -> None:
    press = Press(database)
    press.begin()
    for _ in range(2):
        press.send("release_matter", {"papers": [{"kind": RULING}]}, "again")
    assert numbers(database) == [1]


def test_a_commit_without_documents_asks_for_nothing(database: Database) -> None:
    book = Book(database).opened()
    with statements(database) as sent:
        book.do("triage", triage="routine")
        book.do("dispatch", lead="water")
    assert len(sent) > 10
    assert [s for s in sent if re.search(r"\b(paper|counter|setting|account)\b", s)] == []


# ---------------------------------------------------------------------------------------------------------- numbers


def test_each_kind_and_year_counts_by_itself_in_the_order_of_the_effects(database: Database) -> None:
    first, second = Press(database), Press(database)
    first.begin(URGE, RULING, URGE)
    second.begin(RULING)
    found = {p.effect: (p.kind, p.n) for p in rows(database, PaperRow)}
    of_first = [found[e.id] for e in sorted(rows(database, EffectRow, process=first.process), key=lambda e: e.id)]
    assert of_first == [(URGE, 1), (RULING, 1), (URGE, 2)]
    assert numbers(database) == [1, 2]
    assert len({e.outcome for e in rows(database, EffectRow)}) == 4


def test_the_year_is_that_of_the_wall_in_shanghai(database: Database) -> None:
    press = Press(database, sh("2026-12-31 23:59"))
    press.begin(RULING)
    press.print(RULING)
    press.now = sh("2027-01-01 00:00")
    press.print(RULING)
    assert (numbers(database), numbers(database, year=2027)) == ([1, 2], [1])
    assert {e.outcome for e in rows(database, EffectRow)} == {
        "12345热线明责〔2026〕1号",
        "12345热线明责〔2026〕2号",
        "12345热线明责〔2027〕1号",
    }


@pytest.mark.parametrize(
    "step", ["activities.papers.put_papers", "storage.journal.write_records", "storage.listed.write_todos"]
)
def test_a_commit_that_breaks_takes_its_numbers_back(
    database: Database, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    Press(database).begin(RULING)

    def breaks(*_: object) -> None:
        raise RuntimeError("here")

    with monkeypatch.context() as patch:
        patch.setattr(step, breaks)
        with pytest.raises(RuntimeError, match="here"):
            Press(database).begin(RULING, RULING)
    assert numbers(database) == [1]
    Press(database).begin(RULING)
    assert numbers(database) == [1, 2]


def test_a_decision_that_another_process_forestalls_takes_no_number(database: Database) -> None:
    Press(database).begin(RULING, claim="matter/x")
    refused = Press(database).begin(RULING, claim="matter/x")
    assert refused.code == "order_exists"
    Press(database).begin(RULING)
    assert numbers(database) == [1, 2]


def test_a_number_in_the_middle_of_another_commit_is_never_given_twice(database: Database) -> None:
    """Who takes the next number waits until the one before is certain."""
    with ThreadPoolExecutor(1) as other:
        with suppress(RuntimeError), database.write() as connection:
            assert list(take_numbers(connection, RULING, 2026, 2)) == [1, 2]
            waits = other.submit(lambda: Press(database).begin(RULING).outcome)
            with pytest.raises(TimeoutError):
                waits.result(0.3)
            raise RuntimeError("here")
        assert waits.result(30) == "recorded"
    assert numbers(database) == [1]


@pytest.mark.timeout(120)
def test_many_at_once_and_some_that_break_leave_no_gap_and_no_double(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two kinds, owed in either order: they are taken in one, so that no two commits wait for one another."""
    chance, whole = random.Random(7), listed.write_todos

    def sometimes(*given: object) -> None:
        if chance.random() < 0.25:
            raise RuntimeError("here")
        whole(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(listed, "write_todos", sometimes)

    def work(n: int) -> int:
        issued = 0
        for turn in range(6):
            kinds = (RULING, NOTE) if (n + turn) % 2 else (NOTE, RULING)
            with suppress(RuntimeError):
                Press(database).begin(*kinds, RULING)
                issued += 1
        return issued

    with ThreadPoolExecutor(8) as pool:
        issued = sum(pool.map(work, range(8)))
    assert 0 < issued < 48
    assert numbers(database) == list(range(1, 2 * issued + 1))
    assert numbers(database, NOTE) == list(range(1, issued + 1))
    assert {c.key: c.n for c in rows(database, CounterRow)} == {
        f"paper/{RULING}/2026": 2 * issued,
        f"paper/{NOTE}/2026": issued,
    }
    outcomes = [e.outcome for e in rows(database, EffectRow, kind="paper")]
    assert len(outcomes) == len(set(outcomes)) == 3 * issued
