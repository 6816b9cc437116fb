"""`sanhuan papers`: every document can be printed again from the journal, and whatever was changed since is named."""

from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, update
from typer.testing import CliRunner

from activities.papers import digest
from api.papers.pdf import _pdf_of
from cli.main import app
from cli.papers import Difference, check
from domain.deciders import DECIDERS
from storage.models import CommandRow, CounterRow, EffectRow, EventRow, PaperRow, UnitRow, table
from storage.rules import put_setting
from storage.unit_of_work import Database
from tests.api.pdfs import plain
from tests.factories.city import rows
from tests.factories.papermill import DECIDER, KIND, Press, written

RULING, URGE = "ruling_order", "urge_notice"
FIRST, SECOND = "12345热线明责〔2026〕1号", "12345热线明责〔2026〕2号"


@pytest.fixture(autouse=True)
def chinese(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LC_ALL", "zh_CN.UTF-8")


@pytest.fixture
def press(database: Database, monkeypatch: pytest.MonkeyPatch) -> Press:
    """A process that has issued two rulings, with words and names, and an urge."""
    monkeypatch.setitem(DECIDERS, KIND, DECIDER)
    found = Press(database)
    ruling = {
        "kind": RULING,
        "to": "water",
        "case": "20260302-000001",
        "fields": {"lead": "water", "due": "2026-03-10T16:00:00+00:00", "co": ["roads"], "no_return": True},
        "signed_by": "nobody",
    }
    words = written(database, found.process, basis="依据三定规定。\n第二行", question="归谁管？")
    found.begin({**ruling, "texts": words}, {"kind": URGE, "to": "roads"})
    found.print({**ruling, "texts": words})
    return found


def differences(database: Database) -> list[Difference]:
    with database.read() as connection:
        return check(connection).differences


def change(database: Database, model: Any, values: dict[str, Any], **where: Any) -> None:
    t = table(model)
    with database.write() as connection:
        connection.execute(update(t).where(*(t.c[name] == value for name, value in where.items())).values(**values))


def paper(database: Database, n: int = 1) -> Any:
    return rows(database, PaperRow, kind=RULING, n=n)[0]


def forge(database: Database, old: str, new: str) -> None:
    """Change a word on a page as one who can write to the database would: with the hash that fits."""
    row = paper(database)
    assert old in row.zh
    zh = row.zh.replace(old, new)
    change(database, PaperRow, {"zh": zh, "sha256": digest(zh, row.en)}, effect=row.effect)


def said(database: Database, *more: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["papers", database.url, *more])
    return result.exit_code, result.output


def test_what_was_issued_is_printed_again_character_by_character(database: Database, press: Press) -> None:
    assert differences(database) == []
    code, output = said(database)
    assert (code, output) == (0, "一致：共核验公文 3 件\n")
    code, output = said(database, "--list")
    assert code == 0
    assert f"2026-03-02 09:00 {FIRST} 明责交办单 {press.process}\n" in output
    assert len(output.splitlines()) == 4


def test_documents_are_written_as_pdf_the_same_each_time(database: Database, press: Press, tmp_path: Path) -> None:
    code, output = said(database, "--pdf", str(tmp_path / "a"))
    assert code == 0
    assert "已写出公文 3 件的 PDF" in output
    names = {f.name for f in (tmp_path / "a").iterdir()}
    assert names == {
        "SHA256SUMS",
        *(f"{k}-2026-{n}.{lang}.pdf" for k, n in ((RULING, 1), (RULING, 2), (URGE, 1)) for lang in ("zh", "en")),
    }
    lines = (line.split("  ") for line in (tmp_path / "a" / "SHA256SUMS").read_text().splitlines())
    sums = {name: digest for digest, name in lines}
    found = {n: sha256((tmp_path / "a" / n).read_bytes()).hexdigest() for n in names - {"SHA256SUMS"}}
    assert sums == found
    assert FIRST in plain((tmp_path / "a" / f"{RULING}-2026-1.zh.pdf").read_bytes())
    _pdf_of.cache_clear()
    said(database, "--pdf", str(tmp_path / "b"))
    assert (tmp_path / "b" / "SHA256SUMS").read_text() == (tmp_path / "a" / "SHA256SUMS").read_text()


def test_a_journal_without_documents_agrees(database: Database) -> None:
    assert said(database) == (0, "一致：共核验公文 0 件\n")


def test_a_unit_that_was_renamed_since_is_told_as_that(database: Database, press: Press) -> None:
    change(database, UnitRow, {"name_zh": "水利局"}, code="water")
    assert differences(database) == [
        Difference("words_differ", FIRST, "unit:water water → 水利局"),
        Difference("words_differ", SECOND, "unit:water water → 水利局"),
    ]
    code, output = said(database)
    assert code == 1
    assert f"{FIRST}: 所用名称或措辞已变更：unit:water water → 水利局\n" in output
    assert "发现 2 处不一致" in output


def test_another_issuing_body_changes_no_document_of_before(database: Database, press: Press) -> None:
    with database.write() as connection:
        put_setting(connection, "issuer", "烟海12345")
    found = differences(database)
    assert {(d.kind, d.detail) for d in found} == {("words_differ", "issuer: 12345热线 → 烟海12345")}
    assert len(found) == 3


def test_words_that_somebody_changed_are_found_on_either_side(database: Database, press: Press) -> None:
    reference = paper(database)
    change(database, CommandRow, {"texts": {"basis": "另一依据。", "question": "归谁管？"}}, name="note")
    found = differences(database)
    assert [d.kind for d in found] == ["page_differs", "page_differs"]
    assert found[0].detail.startswith("zh ")
    assert "依据" not in said(database)[1], "what people wrote is not shown"
    change(database, CommandRow, {"texts": {"basis": "依据三定规定。\n第二行", "question": "归谁管？"}}, name="note")
    assert differences(database) == []
    change(database, PaperRow, {"zh": reference.zh.replace("三定", "四定")}, effect=reference.effect)
    assert [d.kind for d in differences(database)] == ["hash_differs", "page_differs"]


@pytest.mark.parametrize(
    ("old", "new", "kinds"),
    [
        ("第二行", "第三行", ["page_differs"]),
        ("2026年3月10日", "2026年4月10日", ["page_differs"]),
        ('<data value="unit:roads">roads', '<data value="unit:roads">parks', ["words_differ"]),
        ("〔2026〕1号", "〔2026〕9号", ["page_differs"]),
    ],
)
def test_a_forged_page_is_found_though_its_hash_fits(
    database: Database, press: Press, old: str, new: str, kinds: list[str]
) -> None:
    forge(database, old, new)
    found = differences(database)
    assert [d.kind for d in found] == kinds
    assert {d.paper for d in found} == {FIRST}


@pytest.mark.parametrize(
    ("values", "detail"),
    [
        ({"outcome": "12345热线明责〔2026〕5号"}, "number"),
        ({"status": "planned"}, "status"),
        ({"kind": "notice"}, "kind"),
        ({"seq": 7}, "process"),
    ],
)
def test_an_effect_that_says_otherwise_is_found(
    database: Database, press: Press, values: dict[str, Any], detail: str
) -> None:
    change(database, EffectRow, values, id=paper(database).effect)
    assert Difference("effect_differs", FIRST, detail) in differences(database)


def test_what_an_effect_owed_cannot_be_changed_behind_its_page(database: Database, press: Press) -> None:
    row = paper(database)
    body = rows(database, EffectRow, id=row.effect)[0].body
    change(database, EffectRow, {"body": body | {"fields": body["fields"] | {"lead": "parks"}}}, id=row.effect)
    assert [d.kind for d in differences(database)] == ["page_differs"]


def test_a_chain_that_was_written_anew_is_found(database: Database, press: Press) -> None:
    change(database, EventRow, {"head": "f" * 64}, process=press.process, seq=1)
    urge = "12345热线催办〔2026〕1号"
    assert differences(database) == [Difference("event_missing", FIRST), Difference("event_missing", urge)]


def test_a_template_of_another_release_is_named(database: Database, press: Press) -> None:
    change(database, PaperRow, {"template": "order/99"}, kind=RULING)
    assert {(d.kind, d.detail) for d in differences(database)} == {("template_missing", "order/99")}


def test_a_document_that_was_taken_away_leaves_a_gap_and_its_effect(database: Database, press: Press) -> None:
    effect = paper(database).effect
    with database.write() as connection:
        connection.execute(delete(table(PaperRow)).where(table(PaperRow).c.effect == effect))
    assert differences(database) == [Difference("number_missing", "明责〔2026〕1号"), Difference("not_issued", effect)]
    with database.write() as connection:
        connection.execute(delete(table(EffectRow)).where(table(EffectRow).c.id == effect))
    assert differences(database) == [Difference("number_missing", "明责〔2026〕1号")]


def test_numbers_and_their_counter_belong_together(database: Database, press: Press) -> None:
    change(database, CounterRow, {"n": 1}, key=f"paper/{RULING}/2026")
    assert differences(database) == [Difference("number_not_given", "明责〔2026〕2号")]
    change(database, CounterRow, {"n": 3}, key=f"paper/{RULING}/2026")
    assert differences(database) == [Difference("number_missing", "明责〔2026〕3号")]


def test_a_document_without_its_effect_is_found(database: Database, press: Press) -> None:
    with database.write() as connection:
        connection.execute(delete(table(EffectRow)).where(table(EffectRow).c.id == paper(database).effect))
    assert differences(database) == [Difference("effect_missing", FIRST)]


def test_a_database_that_is_not_there_is_said_to_be_away(tmp_path: Any) -> None:
    result = CliRunner().invoke(app, ["papers", f"sqlite:///{tmp_path}/none/none.db"])
    assert result.exit_code == 2
