"""Hostile bodies at the doors beside JSON: signed webhooks, the console's forms, files, and bodies that never end.

Each is refused with its problem or its page, and nothing is half written. JSON doors: test_doors.py.
"""

import logging
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest

from domain.signing import sign
from tests.api.kit import REQUEST, SECRET, V1, Api, key, problem
from tests.api.test_doors import MALFORMED

FORM = "application/x-www-form-urlencoded"
PARTS = "multipart/form-data; boundary=b"
GOOD: dict[str, str] = {name: str(value) for name, value in REQUEST.items() if name != "caller"} | {
    "caller_type": "anonymous",
    "grade": "grade_normal",
    "reply_preference": "phone",
}
PNG = b"\x89PNG\r\n\x1a\n"
WRITTEN_BY_A_DOOR = {"audit"}
"""A failed sign-in, and nothing else, is written of what is refused."""


async def trickle(body: bytes, step: int = 60_000) -> AsyncIterator[bytes]:
    """A body in chunks, without its length."""
    for start in range(0, len(body), step):
        yield body[start : start + step]


# ------------------------------------------------------------------------------------------------------ signed webhooks


@pytest.mark.parametrize("name", MALFORMED)
async def test_malformed_webhooks_are_refused_though_rightly_signed(light_api: Api, name: str) -> None:
    body, status, code = MALFORMED[name]
    before, message = light_api.counts(), key()
    headers = sign(SECRET, message, datetime.now(UTC), body) | {"content-type": "application/cloudevents+json"}
    problem(await light_api.http.post(f"{V1}/departments/water/answers", content=body, headers=headers), status, code)
    assert light_api.grown(before) == {}


@pytest.mark.parametrize("path", ["/departments/water/answers", "/departments/water/documents?process=case/x"])
async def test_webhooks_have_a_largest_size_and_a_type(light_api: Api, path: str) -> None:
    before, large = light_api.counts(), b"x" * (11 * 2**20)
    headers = sign(SECRET, "m", datetime.now(UTC), large)
    media = {"content-type": "text/plain" if "documents" in path else "application/json"}
    for body in (large, trickle(large)):
        told = await light_api.http.post(V1 + path, content=body, headers=headers | media)
        problem(told, 413, "body_too_large")
    for wrong in ("application/xml", "application/json; charset=gbk", ""):
        told = await light_api.http.post(V1 + path, content=b"{}", headers=headers | {"content-type": wrong})
        problem(told, 415, "unsupported_media_type")
    assert light_api.grown(before) == {}


# ------------------------------------------------------------------------------------------------------------- console

FORMS = ("/sign-in", "/requests/new", "/cases/{no}/acts/triage", "/requests/{no}/caller", "/role")
FIELD = {"/sign-in": "user", "/requests/new": "title", "/cases/{no}/acts/triage": "reason", "/role": "role"}
HOSTILE: dict[str, tuple[bytes, str]] = {
    "broken UTF-8": (b"{field}=%ff%fe", FORM),
    "raw bytes": (b"{field}=\xff\xfe\x00", FORM),
    "NUL": (b"{field}=a%00b", FORM),
    "half a surrogate": (b"{field}=%ed%a0%80", FORM),
    "escape": (b"{field}=%1b[31m", FORM),
    "a long text": (b"{field}=" + b"x" * 200_000, FORM),
    "too large": (b"{field}=" + b"x" * (11 * 2**20), FORM),
    "many fields": (b"&".join(b"f%d=x" % n for n in range(3000)), FORM),
    "a field twice": (b"{field}=a&{field}=b", FORM),
    "nothing": (b"", FORM),
    "JSON": (b'{"{field}":"x"}', "application/json"),
    "no type": (b"{field}=x", ""),
    "parts without a boundary": (b"x", "multipart/form-data"),
    "parts cut short": (b'--b\r\nContent-Disposition: form-data; name="{field}"\r\n\r\nx', PARTS),
    "a file for a text": (
        b'--b\r\nContent-Disposition: form-data; name="{field}"; filename="x"\r\n\r\nx\r\n--b--\r\n',
        PARTS,
    ),
    "a part of 200 kB": (
        b'--b\r\nContent-Disposition: form-data; name="{field}"\r\n\r\n' + b"x" * 200_000 + b"\r\n--b--\r\n",
        PARTS,
    ),
    "NUL in a part": (b'--b\r\nContent-Disposition: form-data; name="{field}"\r\n\r\na\x00b\r\n--b--\r\n', PARTS),
    "parts in UTF-16": (
        b'--b\r\nContent-Disposition: form-data; name="{field}"\r\n\r\n\xff\xfea\x00\r\n--b--\r\n',
        PARTS,
    ),
}


HARMLESS = {"a field twice", "nothing", "JSON", "no type", "a long text", "parts cut short"}
"""What a form may take for one that says nothing, or less: signing in and choosing "all my roles" need no more."""


@pytest.mark.parametrize("name", HOSTILE)
async def test_hostile_forms_are_refused_on_a_page(light_api: Api, name: str) -> None:
    api = light_api
    no = await api.take()
    cookie = {"cookie": f"sanhuan_session={api.token('agent')}", "origin": "http://test"}
    template, media = HOSTILE[name]
    for form in FORMS:
        body = template.replace(b"{field}", FIELD.get(form, "why").encode())
        if media == FORM and name not in {"nothing", "too large", "many fields"}:
            rest = GOOD | {"key": key(), "triage": "routine"}
            body += b"&" + urlencode({k: v for k, v in rest.items() if k != FIELD.get(form)}).encode()
        before = api.counts()
        path = f"/console{form.replace('{no}', no)}"
        said = await api.http.post(path, content=body, headers=cookie | {"content-type": media})
        harmless = name in HARMLESS and said.status_code in {
            200,
            303,
        }
        assert 400 <= said.status_code < 500 or harmless, (form, said.status_code, said.text[:500])
        if not harmless:
            assert api.grown(before).keys() <= WRITTEN_BY_A_DOOR, form


# --------------------------------------------------------------------------------------------------------------- files


async def hand_in(api: Api, no: str, content: Any, media: str, name: str = "x.png") -> httpx.Response:
    return await api.http.post(
        f"{V1}/documents",
        params={"process": f"case/{no}", "name": name},
        content=content,
        headers=api.headers("agent", content_type=media, idempotency_key=key()),
    )


async def test_hostile_files_are_refused(light_api: Api) -> None:
    api = light_api
    no = await api.take()
    api.token("agent")
    before, large = api.counts(), PNG + b"x" * (11 * 2**20)
    problem(await hand_in(api, no, large, "image/png"), 413, "body_too_large")
    problem(await hand_in(api, no, trickle(large), "image/png"), 413, "body_too_large")
    problem(await hand_in(api, no, b"", "image/png"), 415, "bad_document")
    problem(await hand_in(api, no, b"<svg/>", "image/png"), 415, "bad_document")
    problem(await hand_in(api, no, b"a\x00b", "text/plain"), 415, "bad_document")
    problem(await hand_in(api, no, b"\xff\xfe", "text/plain"), 415, "bad_document")
    problem(await hand_in(api, no, PNG, "image/svg+xml"), 415, "unsupported_media_type")
    problem(await hand_in(api, no, PNG, "image/png", name="a\x00b"), 400, "bad_request_line")
    problem(await hand_in(api, no, b"x", "multipart/form-data"), 400, "bad_request")
    problem(
        await hand_in(api, no, b'--b\r\nContent-Disposition: form-data; name="file"\r\n\r\nx', PARTS),
        415,
        "bad_document",
    )
    assert api.grown(before) == {}


# ------------------------------------------------------------------------------------------------ bodies that never end


@pytest.mark.parametrize("path", ["/api/v1/requests", "/api/v1/documents?process=case/x", "/console/requests/new"])
async def test_who_leaves_in_the_middle_of_a_body_leaves_nothing_behind(
    light_api: Api, path: str, caplog: pytest.LogCaptureFixture
) -> None:
    api, sent = light_api, []
    token = api.token("agent")
    before = api.counts()
    came = iter([{"type": "http.request", "body": b'{"channel":', "more_body": True}, {"type": "http.disconnect"}])

    async def receive() -> Any:
        return next(came)

    async def send(message: Any) -> None:
        sent.append(message)

    media = {"/api/v1/requests": b"application/json", "/api/v1/documents?process=case/x": b"image/png"}.get(
        path, FORM.encode()
    )
    where, _, query = path.partition("?")
    headers = {
        b"host": b"test",
        b"origin": b"http://test",
        b"content-type": media,
        b"idempotency-key": b"k",
        b"cookie": f"sanhuan_session={token}".encode(),
    }
    scope = {
        "type": "http",
        "method": "POST",
        "path": where,
        "raw_path": where.encode(),
        "query_string": query.encode(),
        "headers": list(headers.items()),
        "client": ("127.0.0.1", 1),
        "server": ("test", 80),
        "scheme": "http",
        "http_version": "1.1",
        "root_path": "",
    }
    with caplog.at_level(logging.ERROR):
        await api.app(scope, receive, send)
    assert api.grown(before) == {}
    assert caplog.records == []  # nobody's error of ours
    assert [m["status"] for m in sent if m["type"] == "http.response.start" and m["status"] >= 500] == []
