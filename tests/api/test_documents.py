"""材料: known by what they are, read by who may, every reading recorded."""

import httpx
import pytest

from storage.models import AuditRow, DocumentRow
from storage.unit_of_work import Database
from tests.api.kit import V1, Api, found_accounts, found_places, key, problem
from tests.factories.city import rows

PNG = b"\x89PNG\r\n\x1a\nx"


async def upload(
    api: Api, no: str, content: bytes, media: str, user: str = "liaison.water", **more: str
) -> httpx.Response:
    headers = api.headers(user) | {"content-type": media, "idempotency-key": key()} | more
    return await api.http.post(f"{V1}/documents", params={"process": f"case/{no}"}, content=content, headers=headers)


async def test_a_file_is_given_back_as_it_came_and_the_reading_is_recorded(api: Api) -> None:
    no = await api.dispatched()
    document = (await upload(api, no, PNG, "image/png")).json()["id"]
    response = await api.get("order_reviewer", f"/documents/{document}")
    assert (response.content, response.headers["content-type"]) == (PNG, "image/png")
    assert response.headers["content-disposition"].startswith("attachment")
    assert "sandbox" in response.headers["content-security-policy"]
    audit = rows(api.database, AuditRow, action="read_document")[0]
    assert (audit.user, audit.subject, audit.why) == ("order_reviewer", f"case/{no}", document)
    for user in ("liaison.parks", "operator", "auditor"):
        problem(
            await api.get(user, f"/documents/{document}"),
            404,
            "not_found" if user == "liaison.parks" else "unknown_document",
        )
    problem(await api.get("agent", "/documents/doc-none"), 404, "unknown_document")


async def test_a_form_works_too(light_api: Api) -> None:
    api = light_api
    no = await api.dispatched()
    headers = api.headers("liaison.water", idempotency_key=key())
    files = {"file": ("照片.png", PNG, "image/png")}
    response = await api.http.post(f"{V1}/documents", params={"process": f"case/{no}"}, files=files, headers=headers)
    assert response.status_code == 201, response.text
    assert rows(api.database, DocumentRow)[0].name == "照片.png"
    headers = api.headers("liaison.water", idempotency_key=key())
    broken = headers | {"content-type": "multipart/form-data"}
    problem(
        await api.http.post(f"{V1}/documents", params={"process": f"case/{no}"}, content=b"x", headers=broken),
        400,
        "bad_request",
    )
    none = await api.http.post(
        f"{V1}/documents", params={"process": f"case/{no}"}, files={"other": b"x"}, headers=headers
    )
    problem(none, 415, "bad_document")


@pytest.mark.parametrize(
    ("content", "media", "code"),
    [
        (b"MZ\x90\x00\x03", "image/png", "bad_document"),
        (PNG, "image/jpeg", "bad_document"),
        (b"", "text/plain", "bad_document"),
        (b"a\0b", "text/plain", "bad_document"),
        (b"\xff\xfe", "text/plain", "bad_document"),
        (b"<svg onload=alert(1)>", "image/svg+xml", "unsupported_media_type"),
        (PNG, "application/octet-stream", "unsupported_media_type"),
    ],
)
async def test_other_files_are_refused(light_api: Api, content: bytes, media: str, code: str) -> None:
    no = await light_api.dispatched()
    light_api.token("liaison.water")
    before = light_api.counts()
    problem(await upload(light_api, no, content, media), 415, code)
    assert light_api.grown(before) == {}


async def test_a_file_that_is_too_large_is_refused(light_api: Api) -> None:
    no = await light_api.dispatched()
    large = PNG + b"x" * light_api.place.settings.document_limit
    problem(await upload(light_api, no, large, "image/png"), 413, "body_too_large")
    assert (await upload(light_api, no, PNG + b"x" * 1_000_000, "image/png")).status_code == 201


async def test_files_for_cases_one_does_not_see_are_refused(light_api: Api) -> None:
    no = await light_api.dispatched()
    problem(await upload(light_api, no, PNG, "image/png", "liaison.parks"), 404, "not_found")
    problem(await upload(light_api, no, PNG, "image/png", "operator"), 403, "forbidden")
    problem(await upload(light_api, "20200101-000001", PNG, "image/png"), 404, "not_found")


async def test_a_process_holds_only_so_many_files_and_a_hand_brings_only_so_much_a_day(sqlite_url: str) -> None:
    database = Database(sqlite_url)
    found_places(database)
    found_accounts(database)
    async with Api.on(database, documents_most=2, documents_daily=1024) as api:
        no, other = await api.dispatched(), await api.dispatched()
        same = key()
        for content, more in ((PNG, {"idempotency-key": same}), (PNG * 50, {})):
            assert (await upload(api, no, content, "image/png", **more)).status_code == 201
        before = api.counts()
        problem(await upload(api, no, PNG, "image/png"), 409, "too_many_documents")
        assert (await upload(api, no, PNG, "image/png", **{"idempotency-key": same})).status_code == 201
        refused = await upload(api, other, PNG * 100, "image/png")
        problem(refused, 429, "document_quota")
        assert int(refused.headers["retry-after"]) > 0
        assert api.grown(before) == {}
        assert (await upload(api, other, PNG, "image/png")).status_code == 201
        assert (await upload(api, other, PNG * 100, "image/png", "agent")).status_code == 201, "another hand"
    database.close()
