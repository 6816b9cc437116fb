"""The instruments themselves: that they measure what they say. One whole benchmark is run as a process, on a few cases."""

import json
import os
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import func, select

from activities.journal import Journal
from benchmarks.__main__ import FULL, QUICK
from benchmarks.filling import LIVES, OF_A_CASE, Life, fill, found, number, take_requests
from benchmarks.lists import full_scans
from benchmarks.measuring import Span, centile, cpu_of, cpu_of_threads, table
from benchmarks.relay import look, put_behind
from benchmarks.shapes import SHAPES
from benchmarks.tables import COLUMNS, MARKS, TITLES, put_into, tables
from benchmarks.where import Book, timing
from cli.load import load
from storage.cases import Reach, list_cases, load_process
from storage.models import Base, ProcessRow
from storage.models import table as table_of
from storage.unit_of_work import Database

ROOT = Path(__file__).parents[2]
COPIES = 70


def burn(seconds: float) -> None:
    end = time.thread_time() + seconds
    while time.thread_time() < end:
        pass


def test_cpu_is_counted_for_the_thread_that_used_it() -> None:
    ready, counted = threading.Event(), threading.Event()

    def work() -> None:
        burn(0.2)
        ready.set()
        counted.wait(60)

    thread = threading.Thread(target=work, name="temporal_workflow_9", daemon=True)
    before = cpu_of_threads()
    thread.start()
    ready.wait()
    after = cpu_of_threads()
    counted.set()
    assert after["workflow"] - before["workflow"] >= 0.15
    assert after["commit"] - before["commit"] < 0.1


def test_cpu_of_a_process_has_that_of_its_children() -> None:
    program = "import subprocess, sys; subprocess.run([sys.executable, '-c', 'sum(range(20_000_000))']); input()"
    with subprocess.Popen([sys.executable, "-c", program], stdin=subprocess.PIPE) as process:
        end = time.monotonic() + 60
        while cpu_of(process.pid) < 0.2 and time.monotonic() < end:
            time.sleep(0.05)
        assert cpu_of(process.pid) >= 0.2
        process.communicate(b"\n")


def test_a_span_divides_what_was_used() -> None:
    span = Span({"own": os.getpid()})
    burn(0.3)
    line = span.end().per(3)
    # /proc counts by ticks: on a machine that does much else it misses some.
    assert line["cpu_ms"] >= 20
    assert line["server_cpu_ms"]["own"] >= 20
    assert line["cpu_ms"] == pytest.approx(sum(line["cpu_ms_by_thread"].values()), abs=0.1)


@pytest.mark.parametrize(("values", "which", "ms"), [([], 50, None), ([0.5], 99, 500.0), ([0.001] * 10, 50, 1.0)])
def test_a_centile_is_in_milliseconds(values: list[float], which: int, ms: float | None) -> None:
    assert centile(values, which) == ms


def test_a_place_does_not_count_what_happens_inside_another() -> None:
    book = Book()
    inner = book.wrap("inner", lambda: burn(0.1))

    def outside() -> None:
        burn(0.05)
        inner()

    book.wrap("outer", outside)()
    total = book.total()
    assert total["inner"][0] >= 0.09
    assert 0.04 <= total["outer"][0] < 0.09
    assert total["outer"][2] == 1


def test_all_places_exist_and_are_left_as_they_were() -> None:
    before = Journal.commit
    with timing(Book()) as missing:
        assert missing == []
        assert Journal.commit is not before
    assert Journal.commit is before


def test_full_scans_are_told_from_reads_by_index() -> None:
    assert (
        full_scans(
            [
                "SCAN CONSTANT ROW",
                "SCAN (subquery-1)",
                "SCAN case_row USING INDEX ix",
                "SEARCH todo USING INDEX ix (role=?)",
                "Index Scan using x on y",
            ]
        )
        == []
    )
    assert full_scans(["SCAN case_row", "Seq Scan on todo"]) == ["SCAN case_row", "Seq Scan on todo"]


def test_both_modes_measure_the_same_things_and_each_has_a_table() -> None:
    assert set(FULL) == set(QUICK) == set(COLUMNS) - {"machine"} | {"where"}
    assert set(TITLES) == set(COLUMNS)


def test_figures_go_between_the_marks_of_a_document_in_its_language(tmp_path: Path) -> None:
    document = tmp_path / "x.zh-CN.md"
    document.write_text(f"before\n{MARKS[0]}\nold\n{MARKS[1]}\nafter\n", encoding="utf-8")
    put_into(document, [{"benchmark": "memory", "database": "sqlite", "resident_mb": {"0": 1}, "kb_per_open_case": 2}])
    text = document.read_text(encoding="utf-8")
    assert "每件在办 KB" in text
    assert "old" not in text
    assert text.startswith("before\n")
    assert text.endswith(f"{MARKS[1]}\nafter\n")


def test_a_table_reads_into_mappings_and_leaves_out_what_is_not_there() -> None:
    text = table([{"a": 1000, "b": {"c": 2.5}}, {"a": 1}], {"a": "A", "b.c": "C"})
    assert text.splitlines()[2:] == ["| 1,000 | 2.5 |", "| 1 | – |"]


@pytest.fixture
def filled(database_url: str) -> Database:
    load(database_url, pack="haikou", departments=None)
    database = Database(database_url)
    originals = found(database, LIVES)
    fill(database_url, list(originals.values()), 1, COPIES)
    return database


def test_copies_have_all_rows_of_their_original_and_nobody_elses(filled: Database) -> None:
    with filled.read() as connection:
        for name in OF_A_CASE:
            rows = Base.metadata.tables[name]
            total = connection.execute(select(func.count()).select_from(rows)).scalar_one()
            assert total % (COPIES // len(LIVES) + 1) == 0, name
        listed = list_cases(connection, Reach(city=True), filters={}, limit=100)
        stored = load_process(connection, f"case/{number(5)}")
    assert {r.no for r in listed} >= {number(n) for n in range(1, COPIES + 1)}
    assert stored is not None
    assert stored.process.state.no == number(5)
    filled.close()


def test_a_fresh_case_lives_beside_the_copies(filled: Database) -> None:
    no = "20250102-000001"
    with filled.write() as connection:
        take_requests(connection, [no], "haikou", datetime.now(UTC))
    Life(Journal(filled), no).live(LIVES["closed"])
    with filled.read() as connection:
        stored = load_process(connection, f"case/{no}")
    assert stored is not None
    assert stored.process.state.stage == "closed"
    filled.close()


def test_nothing_is_behind_among_copies_until_it_is_put_so(filled: Database) -> None:
    assert look(filled)[1] == 0
    put_behind(filled, COPIES)
    p = table_of(ProcessRow)
    with filled.read() as connection:
        open_ = connection.execute(select(func.count()).select_from(p).where(p.c.closed.is_(False))).scalar_one()
    assert 0 < look(filled)[1] <= open_
    filled.close()


@pytest.mark.usefixtures("temporal_program")
def test_the_skeleton_measures_ours_and_bare_in_both_shapes() -> None:
    command = [sys.executable, "-m", "benchmarks.skeleton", "--cases", "2", "--in-flight", "2", "--shape", *SHAPES]
    done = subprocess.run(
        [*command, "--only", "bare-default", "ours"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    lines = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]  # the SDK logs there too
    assert [(line["shape"], line["what"]) for line in lines] == [
        (shape, what) for shape in SHAPES for what in ("bare-default", "ours")
    ]
    for line in lines:
        messages = len(SHAPES[line["shape"]].ours if line["what"] == "ours" else SHAPES[line["shape"]].messages)
        assert line["failed"] == {}
        assert line["decisions"] == line["commits_seen"] == 2 * messages
        assert 0 < line["commit_p50_ms"] <= line["decision_p50_ms"]
        assert line["server_cpu_ms"]["temporal"] > 0
    assert len(tables(lines).splitlines()) == 4 + len(lines)
