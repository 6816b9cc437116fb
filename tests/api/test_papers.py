"""公文 through HTTP: who lists them, who reads of them, who opens the page; the page runs no script and has its own style only."""

import base64
import hashlib
import re
from datetime import timedelta

import pytest

from api.papers.pdf import _pdf_of
from domain.deciders import DECIDERS
from tests.api.kit import DISTRICT, V1, Api, problem
from tests.api.pdfs import plain
from tests.factories.papermill import DECIDER, KIND, MONDAY, Press, written

RULING, URGE = "ruling_order", "urge_notice"
WORDS = "<script>alert(1)</script>他说的话"
READERS = ("agent", "supervisor", f"centre.{DISTRICT}", "liaison.water", "head.roads")
"""City staff with words, the district's centre, and units it is about."""
CODES_ONLY = ("operator", "auditor", "catalogue_keeper")
OUTSIDERS = ("centre.west", "liaison.parks", "liaison.west")


@pytest.fixture(autouse=True)
def mill(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(DECIDERS, KIND, DECIDER)


@pytest.fixture
def press(api: Api) -> Press:
    """A process of the district about two units, which has issued a ruling to one of them."""
    found = Press(api.database)
    words = written(api.database, found.process, basis=WORDS)
    paper = {"kind": RULING, "to": "water", "case": "20260302-000001", "fields": {"lead": "water"}, "texts": words}
    result = found.begin(paper, units=["water", "roads"], district=DISTRICT)
    assert result.outcome == "recorded", result
    return found


async def listed(api: Api, user: str, **params: str) -> list[str]:
    response = await api.get(user, "/papers", **params)
    assert response.status_code == 200, response.text
    return [item["id"] for item in response.json()["items"]]


async def test_a_document_is_told_in_codes_and_shown_as_it_was_issued(api: Api, press: Press) -> None:
    told = (await api.get("agent", "/papers/ruling_order-2026-1")).json()
    assert told.pop("sha256")
    assert told == {
        "id": "ruling_order-2026-1",
        "kind": RULING,
        "title": "明责交办单",
        "number": "12345热线明责〔2026〕1号",
        "year": 2026,
        "n": 1,
        "process": press.process,
        "seq": 1,
        "case": "20260302-000001",
        "to": ["water"],
        "issued_at": "2026-03-02T01:00:00Z",
        "template": "order/1",
    }
    for lang, title in (("zh", "明责交办单"), ("en", "Ruling Order")):
        page = await api.get("agent", "/papers/ruling_order-2026-1/page", lang=lang)
        assert page.status_code == 200
        assert page.headers["content-type"] == "text/html; charset=utf-8"
        assert page.headers["content-language"] == lang
        assert title in page.text
    english = await api.http.get(
        f"{V1}/papers/ruling_order-2026-1/page", headers=api.headers("agent", accept_language="en")
    )
    assert "Ruling Order" in english.text


async def test_the_page_runs_no_script_and_has_no_style_but_its_own(api: Api, press: Press) -> None:
    page = await api.get("agent", "/papers/ruling_order-2026-1/page")
    policy = page.headers["content-security-policy"]
    (style,) = re.findall(r"<style>(.*?)</style>", page.text, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert f"style-src 'sha256-{digest}';" in policy
    assert "default-src 'none'" in policy
    assert "script-src" not in policy
    assert "unsafe" not in policy
    assert "<script" not in page.text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;他说的话" in page.text
    assert not re.search(r"\s(style|on\w+|src|href)=", page.text)


async def test_the_pdf_says_what_the_page_says_in_the_same_bytes_each_time(api: Api, press: Press) -> None:
    first = await api.get("agent", "/papers/ruling_order-2026-1/pdf", lang="zh")
    assert first.status_code == 200
    assert first.headers["content-type"] == "application/pdf"
    assert first.headers["etag"] == f'"{hashlib.sha256(first.content).hexdigest()}"'
    assert first.headers["content-language"] == "zh"
    said = plain(first.content)
    for words in ("明责交办单", "12345热线明责〔2026〕1号", "市供水公司" if "市供水公司" in said else "water", WORDS):
        assert words.replace(" ", "") in said
    _pdf_of.cache_clear()
    assert (await api.get("agent", "/papers/ruling_order-2026-1/pdf", lang="zh")).content == first.content
    english = await api.get("agent", "/papers/ruling_order-2026-1/pdf", lang="en")
    assert "RulingOrder" in plain(english.content)


@pytest.mark.parametrize("user", READERS)
async def test_who_reads_the_words_of_the_process_opens_its_documents(api: Api, press: Press, user: str) -> None:
    assert await listed(api, user) == await listed(api, user, process=press.process) == ["ruling_order-2026-1"]
    assert (await api.get(user, "/papers/ruling_order-2026-1")).status_code == 200
    assert (await api.get(user, "/papers/ruling_order-2026-1/page")).status_code == 200
    assert (await api.get(user, "/papers/ruling_order-2026-1/pdf")).status_code == 200


@pytest.mark.parametrize("user", CODES_ONLY)
async def test_who_reads_codes_only_knows_of_a_document_and_does_not_open_it(api: Api, press: Press, user: str) -> None:
    assert await listed(api, user) == ["ruling_order-2026-1"]
    assert (await api.get(user, "/papers/ruling_order-2026-1")).status_code == 200
    for form in ("page", "pdf"):
        problem(await api.get(user, f"/papers/ruling_order-2026-1/{form}"), 404, "not_found")


@pytest.mark.parametrize("user", OUTSIDERS)
async def test_for_everybody_else_there_is_no_such_document(api: Api, press: Press, user: str) -> None:
    assert await listed(api, user) == await listed(api, user, process=press.process) == []
    for path in ("/papers/ruling_order-2026-1", *(f"/papers/ruling_order-2026-1/{form}" for form in ("page", "pdf"))):
        problem(await api.get(user, path), 404, "not_found")


async def test_strangers_are_asked_to_sign_in(api: Api, press: Press) -> None:
    for path in (
        "/papers",
        "/papers/ruling_order-2026-1",
        *(f"/papers/ruling_order-2026-1/{form}" for form in ("page", "pdf")),
    ):
        problem(await api.get(None, path), 401, "not_signed_in")


async def test_a_document_that_was_never_issued_is_not_found(api: Api, press: Press) -> None:
    for paper in ("ruling_order-2026-2", "urge_notice-2026-1", "ruling_order-2025-1", "nothing-2026-1"):
        problem(await api.get("agent", f"/papers/{paper}"), 404, "not_found")
    problem(await api.get("agent", "/papers/ruling_order-26-1"), 422, "invalid_input")
    problem(await api.get("agent", "/papers/ruling_order-2026-1/page", lang="fr"), 422, "invalid_input")


async def test_a_unit_that_a_process_was_about_still_opens_what_was_sent_to_it(api: Api, press: Press) -> None:
    left = Press(api.database, MONDAY + timedelta(hours=1))
    left.begin({"kind": URGE, "to": "water"}, {"kind": URGE, "to": "roads"}, units=["water", "roads"])
    left.send("apply_decision", {"units": []})
    assert await listed(api, "liaison.water", process=left.process) == ["urge_notice-2026-2", "urge_notice-2026-1"]
    for form in ("page", "pdf"):
        assert (await api.get("liaison.water", f"/papers/urge_notice-2026-1/{form}")).status_code == 200
        problem(await api.get("liaison.water", f"/papers/urge_notice-2026-2/{form}"), 404, "not_found")


async def test_lists_go_page_by_page_the_latest_first_and_by_kind(api: Api, press: Press) -> None:
    press.now += timedelta(hours=1)
    press.print(RULING, URGE)
    press.now += timedelta(hours=1)
    press.print(RULING)
    seen: list[str] = []
    cursor: dict[str, str] = {}
    for _ in range(4):
        page = (await api.get("agent", "/papers", limit="1", **cursor)).json()
        seen += [item["id"] for item in page["items"]]
        cursor = {"cursor": page["next"]}
    assert page["next"] is None
    assert seen == ["ruling_order-2026-3", "urge_notice-2026-1", "ruling_order-2026-2", "ruling_order-2026-1"]
    assert await listed(api, "agent", kind=URGE) == ["urge_notice-2026-1"]
    assert await listed(api, "agent", process="mill/none") == []


async def test_documents_of_a_case_are_read_as_the_case_is(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    """A case owes none yet; one that did would show them by its own disclosure."""
    no = await api.dispatched(district=DISTRICT)
    press = Press(api.database)
    press.process = f"case/{no}"
    press.issue({"kind": URGE, "to": "water", "case": no})
    for user in ("agent", f"centre.{DISTRICT}", "liaison.water"):
        assert await listed(api, user) == ["urge_notice-2026-1"], user
        assert (await api.get(user, "/papers/urge_notice-2026-1/page")).status_code == 200, user
    for user in ("centre.west", "liaison.parks"):
        assert await listed(api, user) == []
        problem(await api.get(user, "/papers/urge_notice-2026-1/page"), 404, "not_found")
