"""公文 as PDF: whatever a page says is set, on as many sheets as it takes, with its fonts, and always in the same bytes."""

import hashlib
import html
import re
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from api.papers.pdf import _pdf_of, _Reading, _Sheet, pdf_of
from tests.api.pdfs import pages, plain

AT = datetime(2026, 3, 2, 1, tzinfo=UTC)
KEPT = sorted((Path(__file__).parents[1] / "domain" / "golden_papers").rglob("*.html"))


def page(body: str, title: str = "明责交办单") -> str:
    head = f"<head><style>p {{ }}</style><title>{title}</title></head>"
    return f"<!DOCTYPE html><html>{head}<body><article>{body}</article></body></html>"


@pytest.mark.parametrize("path", KEPT, ids=lambda p: p.name)
def test_every_kind_of_document_is_set_whole(path: Path) -> None:
    """All words of the page stand in the PDF, in their order."""
    content = path.read_text(encoding="utf-8")
    reading = _Reading()
    reading.feed(content)
    words = "".join(b.text + "".join("".join(row) for row in b.rows) for b in reading.blocks)
    body = re.sub(r"<[^>]+>", "", content.partition("<body")[2].partition(">")[2])
    assert re.sub(r"\s", "", words) == re.sub(r"\s", "", html.unescape(body))
    found = plain(pdf_of(content, "en" if path.stem.endswith("en") else "zh", AT))
    assert sorted(found) == sorted(re.sub(r"\s", "", words))


def test_the_same_page_is_the_same_bytes_also_in_another_process() -> None:
    content = page('<h1>明责交办单</h1><p class="words">关于某小区供水问题</p>')
    here = hashlib.sha256(pdf_of(content, "zh", AT)).hexdigest()
    _pdf_of.cache_clear()
    assert hashlib.sha256(pdf_of(content, "zh", AT)).hexdigest() == here
    code = (
        "import hashlib, sys; from datetime import datetime, UTC; from api.papers.pdf import pdf_of;"
        "print(hashlib.sha256(pdf_of(sys.argv[1], 'zh', datetime(2026, 3, 2, 1, tzinfo=UTC))).hexdigest())"
    )
    there = subprocess.run([sys.executable, "-c", code, content], capture_output=True, text=True, check=True)
    assert there.stdout.strip() == here


def test_another_word_or_day_is_another_file() -> None:
    one = pdf_of(page("<p>甲</p>"), "zh", AT)
    assert one != pdf_of(page("<p>乙</p>"), "zh", AT)
    assert one != pdf_of(page("<p>甲</p>"), "zh", AT.replace(day=3))


def test_the_fonts_are_inside() -> None:
    content = pdf_of(page("<h2>依据</h2><p>三定规定</p>"), "zh", AT)
    assert content.count(b"/FontFile3") == 2
    assert b"NotoSerifSC" in content
    assert b"NotoSansSC" in content


def test_a_long_document_goes_on_and_a_head_stands_on_every_page() -> None:
    rows = "".join(f"<tr><td>单位{n}</td><td>{'措施' * 30}</td></tr>" for n in range(60))
    head = "<thead><tr><th>单位名称</th><th>事项内容</th></tr></thead>"
    found = pages(pdf_of(page(f'<table class="list">{head}<tbody>{rows}</tbody></table>'), "zh", AT))
    assert len(found) > 3
    assert all("单位名称事项内容" in p for p in found)
    assert found[1].endswith("—2—")
    assert [n for n in range(60) if f"单位{n}措施" not in "".join(found)] == []


def test_one_row_longer_than_a_page_is_set_whole() -> None:
    words = "".join(f"第{n}条。" for n in range(900))
    content = pdf_of(page(f'<table class="form"><tr><th>理由</th><td>{words}</td></tr></table>'), "zh", AT)
    assert words in plain(content)
    assert len(pages(content)) > 2


def test_lines_break_as_chinese_does_and_words_stay_whole() -> None:
    sheet = _Sheet("zh")
    sheet.set_font("serif", size=16)
    lines = list(sheet._broken("市水务局（供水处）负责，关于 supervision-2026 一事。" * 12, 100))
    assert [x for x in lines if x[:1] in "，。）" or x[-1:] == "（"] == []
    assert [x for x in lines if "supervision" in x and "supervision-2026" not in x] == []
    assert len(next(iter(sheet._broken("水" * 40, 100, 20)))) < len(next(iter(sheet._broken("水" * 40, 100))))
    first = next(iter(sheet._broken("a" * 200, 60)))
    sheet.finished()
    assert first.startswith("aaa")


@pytest.mark.parametrize(
    "body",
    ["", "<p>", "<table></table>", "<table><tr></tr></table>", "<td>x", "</p></p>", "<p>\x00\u202e\U0001f600</p>"],
)
def test_whatever_a_page_says_it_can_be_printed(body: str) -> None:
    assert pdf_of(page(body), "zh", AT).startswith(b"%PDF")
