"""公文, without a database: the table of kinds, and pages as pure functions of what the journal says and of words looked up.

``golden_papers`` holds pages as the release that first printed with a template printed them: added, never changed. A template that
is to look otherwise is another version; else ``sanhuan papers`` would find every document of that version forged.
"""

import ast
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jinja2 import TemplateNotFound

from activities.paper_page import TEMPLATES, Look, Quote, Source, asked, printed_with, render
from activities.papers import plain
from domain import telling
from domain.papers import FIELDS, KINDS, key_of, kind_of, place_of, year_of
from storage.texts import LANGUAGES, catalogue, known, text
from tests.conftest import ROOT
from tests.domain.clock_helpers import sh

GOLDEN = Path(__file__).parent / "golden_papers"
NAMES = {
    "unit:water": {"zh": "市水务局", "en": "Water Bureau"},
    "unit:roads": {"zh": "市城管局", "en": "City Roads"},
    "user:group.1": {"zh": "明责组一号", "en": "Group One"},
    "item:lamp": {"zh": "路灯", "en": "Lamps"},
    "issuer:": {"zh": "烟海12345", "en": "Yanhai 12345"},
}
WORDS = {
    "c1#question": "归谁管？",
    "c1#basis": "第一行\n第二行 <b>&\"'",
    "c2#said": "不归我单位。",
    "c2#what.0": "换灯",
}
BODY = telling.paper(
    "ruling_order",
    to="water",
    case="20260302-000001",
    fields={
        "process": "adjudication/1",
        "catalogue_item": "lamp",
        "form": "designate",
        "lead": "water",
        "co": ("roads", "gone"),
        "no_return": True,
        "extra_days": 5,
        "held_at": "2026-03-02T06:30:00+00:00",
        "until": "2027-03-01T16:00:00Z",
        "from": "2026-03-03",
        "note": None,
        "parties": [],
        "items": [{"item": "i2", "case": None, "agreed": True}, {"item": "i10", "lead": "water"}],
        "measures": [{"measure": 1, "unit": "water", "due": "2026-04-01"}],
        "unforeseen": {"unit": "roads", "n": [1, 2]},
    },
    texts={
        "question": "c1#question",
        "basis": "c1#basis",
        "statement/water": "c2#said",
        "statement/roads": "c9#gone",
        "measure/10": "c2#what.0",
        "measure/2": "c2#what.0",
        "basis/i1/roads": "c2#said",
    },
    signed_by="group.1",
).body
SOURCE = Source(
    "adjudication/1/5/0-abcdef12", "adjudication/1", "ruling_order", 2026, 7, sh("2026-03-02 09:00"), plain(BODY)
)
ALL_TEMPLATES = sorted({kind.template for kind in KINDS.values()})


def looking(lang: str) -> Look:
    """Words that no catalogue changes: of standing phrases their key."""

    def look(key: str) -> str | None:
        if key in NAMES:
            return NAMES[key][lang]
        home, colon, _ = key.partition(":")
        if colon:
            return f"{lang} {key}" if home == "kind" else None
        return f"{lang} {key}" if key.startswith("paper.") or key == "adjudication_form.designate" else None

    return look


QUOTE: Quote = WORDS.get


def printed(lang: str = "zh", template: str = "order/1", look: Look | None = None, **changed: Any) -> str:
    body = {**SOURCE.body, **changed}
    source = Source(SOURCE.effect, SOURCE.process, body["paper"], 2026, 7, SOURCE.issued_at, body)
    return render(source, template, lang, look or looking(lang), QUOTE)


def words(page: str) -> str:
    """A page as people read it."""
    return re.sub(r"<[^>]+>", "", page.partition("<body")[2])


# ------------------------------------------------------------------------------------------------------------ the table


def test_the_ten_kinds_have_titles_and_marks_of_their_own() -> None:
    assert [k.zh for k in KINDS.values()] == [
        "会商纪要",
        "明责交办单",
        "终诊意见书",
        "会议纪要",
        "催办通知书",
        "督办单",
        "工作提示函",
        "约谈通知",
        "通报",
        "问责建议书",
    ]
    for name in ("zh", "en", "mark_zh", "mark_en"):
        assert len({getattr(k, name) for k in KINDS.values()}) == len(KINDS), f"two numbers would read alike: {name}"


def test_a_number_names_mark_year_and_place_in_the_row() -> None:
    assert KINDS["ruling_order"].number(2026, 7) == "明责〔2026〕7号"
    assert "Yanhai 12345" + KINDS["ruling_order"].number(2026, 7, "en") == "Yanhai 12345 Ruling [2026] No. 7"
    assert kind_of("unforeseen").number(2026, 1) == "unforeseen〔2026〕1号"


def test_the_year_turns_at_midnight_in_shanghai() -> None:
    assert year_of(datetime(2026, 12, 31, 15, 59, tzinfo=UTC)) == 2026
    assert year_of(datetime(2026, 12, 31, 16, 0, tzinfo=UTC)) == 2027


def test_fields_stand_in_the_order_of_the_table_and_numbers_in_theirs() -> None:
    names = ["zz", "measure/10", "due", "measure/2", "case", "lead", "aa", "measure", "basis/i10/x", "basis/i9/x"]
    ranked = ["case", "basis/i9/x", "basis/i10/x", "lead", "measure", "measure/2", "measure/10", "due", "aa", "zz"]
    assert sorted(names, key=place_of) == ranked


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_field_has_a_label_and_every_kind_its_phrases(lang: str) -> None:
    wanted = {f"paper.field.{key}" for key in FIELDS}
    wanted |= {f"paper.{part}.{kind}" for part in ("intro", "closing") for kind in KINDS}
    wanted |= {key for key in asked(SOURCE)[0] if key.startswith("paper.") and "unforeseen" not in key}
    assert wanted - {"paper.field.n"} <= catalogue(lang).keys()


def test_a_label_of_a_field_is_of_a_field_there_is() -> None:
    labels = {key.rpartition(".")[2] for key in catalogue("zh") if key.startswith("paper.field.")}
    assert labels == FIELDS.keys()


# ------------------------------------------------------------------------------------------- what the rules of today issue


def issuing() -> Iterator[tuple[str, ast.FunctionDef]]:
    """Every function of the rules that issues a document."""
    for path in (ROOT / "domain").rglob("*.py"):
        if path.name in {"telling.py", "papers.py"}:
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef) and any(_is_paper(call) for call in ast.walk(node)):
                yield f"{path.relative_to(ROOT)}:{node.name}", node


def _is_paper(node: ast.AST) -> bool:
    name = node.func if isinstance(node, ast.Call) else None
    return (isinstance(name, ast.Attribute) and name.attr == "paper") or (
        isinstance(name, ast.Name) and name.id == "paper"
    )


def _keys(function: ast.FunctionDef) -> Iterator[str]:
    """The keys of ``fields`` and ``texts``, and of the small tables in them, as far as they are written down."""
    roots: list[ast.AST] = [
        k.value
        for c in ast.walk(function)
        if isinstance(c, ast.Call)
        for k in c.keywords
        if k.arg in {"fields", "texts"}
    ]
    for node in ast.walk(function):
        if isinstance(node, ast.Assign | ast.AugAssign | ast.AnnAssign) and node.value is not None:
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            names = {t.id for t in targets if isinstance(t, ast.Name)}
            if names & {"fields", "texts", "items"}:
                roots.append(node.value)
            roots += [
                t.slice
                for t in targets
                if isinstance(t, ast.Subscript) and getattr(t.value, "id", "") in {"fields", "texts"}
            ]
    for root in roots:
        for node in ast.walk(root):
            keys = node.keys if isinstance(node, ast.Dict) else [node.key] if isinstance(node, ast.DictComp) else []
            yield from (
                key
                for k in (*keys, *([root] if isinstance(root, ast.Constant | ast.JoinedStr) else []))
                if (key := _constant(k))
            )


def _constant(key: ast.AST | None) -> str | None:
    first = key.values[0] if isinstance(key, ast.JoinedStr) else key
    return str(first.value) if isinstance(first, ast.Constant) else None


def test_what_the_rules_print_has_a_label() -> None:
    """A key of ``fields`` or ``texts`` that nobody put into the table would be printed as its bare code."""
    unknown = {(where, key) for where, function in issuing() for key in _keys(function) if key_of(key)[0] not in FIELDS}
    assert unknown == set()


def test_the_rules_issue_documents_of_the_table_only() -> None:
    calls = [
        c
        for _, function in issuing()
        for c in ast.walk(function)
        if _is_paper(c) and isinstance(c, ast.Call) and c.args
    ]
    named = {kind for call in calls if (kind := _constant(call.args[0]))}
    assert named <= KINDS.keys()


# ------------------------------------------------------------------------------------------------------------- the page


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("template", ALL_TEMPLATES)
def test_a_page_is_what_it_was_when_its_template_was_released(template: str, lang: str) -> None:
    """Printed anew with ``python -m tests.domain.test_papers`` — for a template that no release has had."""
    assert printed(lang, template) == (GOLDEN / f"{template.replace('/', '.')}.{lang}.html").read_text(encoding="utf-8")


def test_no_page_is_left_of_a_template_that_nobody_can_print_with() -> None:
    there = {f"{p.stem}/{p.parent.name}" for p in TEMPLATES.glob("*/[!_]*.html")} - {"base/1"}
    assert there >= set(ALL_TEMPLATES)
    assert {p.name for p in GOLDEN.iterdir()} == {
        f"{t.replace('/', '.')}.{lang}.html" for t in there for lang in LANGUAGES
    }
    with pytest.raises(TemplateNotFound):
        printed(template="order/0")


def test_the_page_has_the_form_of_an_official_document() -> None:
    page = printed()
    order = [
        "烟海12345",
        "烟海12345明责〔2026〕7号",
        "zh kind:ruling_order",
        "市水务局：",
        "zh paper.intro.ruling_order",
        "zh paper.closing.ruling_order",
        "zh paper.field.signed_by：明责组一号",
        "2026年3月2日",
        "zh paper.seal",
    ]
    said = words(page)
    places = [said.index(part) for part in order[:6]] + [said.rindex(part) for part in order[6:]]
    assert places == sorted(places)
    assert page.startswith('<!DOCTYPE html>\n<html lang="zh-CN">')
    assert "@media print" in page
    assert "@page { size: A4" in page
    assert not re.search(r"<script|\son\w+=|\sstyle=|\ssrc=|\shref=|@import|url\(", page)


def test_codes_are_printed_in_words() -> None:
    said = words(printed())
    for label, value in (
        ("co", "市城管局、gone"),
        ("catalogue_item", "路灯"),
        ("form", "zh adjudication_form.designate"),
        ("no_return", "zh paper.yes"),
        ("extra_days", "5"),
        ("held_at", "2026年3月2日 14:30"),
        ("until", "2027年3月1日 24:00"),
        ("from", "2026年3月3日"),
        ("statement（市水务局）", "不归我单位。"),
        ("statement（市城管局）", "zh paper.text_missing"),
        ("basis（i1、市城管局）", "不归我单位。"),
        ("measure 2", "换灯"),
        ("unforeseen", "zh paper.field.unit：市城管局、zh paper.field.n：1、2"),
    ):
        assert f"zh paper.field.{label}{value}" in said, label
    assert "paper.field.note" not in said, "nothing is said of what is empty"
    assert "paper.field.parties" not in said
    english = words(printed("en"))
    for label, value in (
        ("held_at", "2 March 2026 14:30"),
        ("until", "1 March 2027 24:00"),
        ("statement (Water Bureau)", "不归我单位。"),
    ):
        assert f"en paper.field.{label}{value}" in english, label


@pytest.mark.parametrize("machine", ["system", "case/20260302-000001", None])
def test_a_machine_signs_nothing(machine: str | None) -> None:
    assert "signed_by" in printed()
    assert "signed_by" not in printed(signed_by=machine)


@pytest.mark.parametrize(
    "value", ["2026-02-30", "9999-12-31T23:59:59Z", "0001-01-01T00:00:00+08:00", "2026-03-02T99:00Z"]
)
def test_what_is_no_instant_is_printed_as_it_is(value: str) -> None:
    assert f"paper.field.due{value}" in words(printed(fields={"due": value}, texts={}))


def test_a_list_of_small_tables_is_a_table() -> None:
    page = printed()
    table = page[page.index("paper.field.items") :]
    head = re.findall(r'<th scope="col"><data value="paper.field.(\w+)">', table[: table.index("</table>")])
    assert head == ["item", "agreed", "lead"], "a column of which nothing is said is left out"
    rows = re.findall(r"<tr>(<td>.*?)</tr>", table[: table.index("</table>")])
    assert [[re.sub(r"<[^>]+>", "", cell) for cell in re.findall(r"<td>(.*?)</td>", row)] for row in rows] == [
        ["i2", "zh paper.yes", ""],
        ["i10", "", "市水务局"],
    ]


def test_what_people_wrote_cannot_become_part_of_the_page() -> None:
    assert "第一行<br>第二行 &lt;b&gt;&amp;&#34;&#39;" in printed()
    sly = '<data value="unit:water">别的局</data></style><script>'
    page = render(SOURCE, "letter/1", "zh", looking("zh"), lambda _: sly)
    assert "<script" not in page
    assert page.count("</style>") == 1
    assert printed_with(page)["unit:water"] == "市水务局"


def test_names_with_marks_are_printed_and_read_again_as_they_are() -> None:
    name = "水务<局> & \"所\" '二'"
    page = printed(look=lambda key: name if key == "unit:water" else looking("zh")(key))
    assert printed_with(page)["unit:water"] == name


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("template", ALL_TEMPLATES)
def test_a_page_printed_again_with_its_own_words_is_the_same(template: str, lang: str) -> None:
    def look(key: str) -> str | None:
        return NAMES.get(key, {}).get(lang) or (text(key, lang) if known(key) else None)

    page = printed(lang, template, look)
    assert printed(lang, template, printed_with(page).get) == page


def test_all_names_and_quotations_a_page_needs_can_be_known_before_it_is_printed() -> None:
    keys, references = asked(SOURCE)
    assert references == {*WORDS, "c9#gone"}
    assert {key for key in keys if ":" in key} >= {*NAMES, "unit:gone", "kind:ruling_order"}
    seen: set[str] = set()

    def look(key: str) -> str | None:
        seen.add(key)
        return looking("en")(key)

    for template in ALL_TEMPLATES:
        printed("en", template, look)
    assert seen <= keys


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(max_size=8)
    | st.sampled_from(["water", "c1#basis", "2026-13-99", "9999-12-31T23:59:59Z"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(max_size=6) | st.sampled_from(list(FIELDS)), inner, max_size=3)
    ),
    max_leaves=8,
)


@settings(max_examples=150, deadline=None)
@given(
    body=st.fixed_dictionaries(
        {"paper": st.sampled_from([*KINDS, "x"])},
        optional=dict.fromkeys(("to", "case", "fields", "texts", "signed_by"), JSON),
    )
)
def test_nothing_a_process_may_say_keeps_its_document_from_being_printed(body: dict[str, Any]) -> None:
    source = Source("p/1/1/0-00000000", "p/1", body["paper"], 2026, 1, SOURCE.issued_at, plain(body))
    asked(source)
    for lang in LANGUAGES:
        page = render(source, kind_of(source.kind).template, lang, looking(lang), QUOTE)
        assert render(source, kind_of(source.kind).template, lang, printed_with(page).get, QUOTE) == page


if __name__ == "__main__":
    GOLDEN.mkdir(exist_ok=True)
    for one in ALL_TEMPLATES:
        for language in LANGUAGES:
            (GOLDEN / f"{one.replace('/', '.')}.{language}.html").write_text(printed(language, one), encoding="utf-8")
