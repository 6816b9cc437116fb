"""Department systems: signed, idempotent by webhook-id, and through the same door as people."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from domain.signing import SignatureError, new_secret, sign, verify
from storage.models import CommandRow, DocumentRow
from tests.api.kit import SECRET, V1, Api, key, problem
from tests.factories.city import rows

NOW = datetime(2026, 3, 2, tzinfo=UTC)


def data(no: str, command: str = "sign", order: str = "a1", **body: Any) -> dict[str, Any]:
    return {"case": no, "order": order, "command": command, "body": body}


async def test_a_department_works_its_order_by_webhooks(api: Api) -> None:
    no = await api.dispatched()
    for command, body in (
        ("sign", {}),
        ("contact", {"how": "visit"}),
        ("report_progress", {"note": "已到现场"}),
        ("submit_result", {"code": "explained", "reply": "已说明"}),
    ):
        response = await api.answer("water", data(no, command, **body))
        assert response.status_code == 200, response.text
    row = rows(api.database, CommandRow, name="sign")[0]
    assert (row.user, row.role, row.unit) == ("unit:water", "unit_liaison", "water")


async def test_a_replayed_webhook_gets_the_same_answer_and_does_nothing(api: Api) -> None:
    no = await api.dispatched()
    first = await api.answer("water", data(no), message="m1")
    before = api.counts()
    again = await api.answer("water", data(no), message="m1")
    assert (again.status_code, again.json()) == (200, first.json())
    problem(await api.answer("water", data(no, "contact"), message="m1"), 422, "idempotency_key_reused")
    assert api.grown(before) == {}


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"secret": new_secret()}, "signature_wrong"),
        ({"at": datetime.now(UTC) - timedelta(minutes=20)}, "signature_expired"),
        ({"at": datetime.now(UTC) + timedelta(minutes=20)}, "signature_expired"),
        ({"body": b"{}"}, "signature_wrong"),
        ({"headers": {"webhook-id": "other"}}, "signature_wrong"),
        ({"headers": {"webhook-signature": ""}}, "signature_missing"),
        ({"headers": {"webhook-signature": "v2,abc v1,abc"}}, "signature_wrong"),
        ({"headers": {"webhook-timestamp": "now"}}, "signature_missing"),
        ({"headers": {"webhook-timestamp": "9" * 40}}, "signature_missing"),
    ],
)
async def test_what_is_not_rightly_signed_is_not_believed(light_api: Api, change: dict[str, Any], code: str) -> None:
    before = light_api.counts()
    problem(await light_api.answer("water", data("20260105-000001"), **change), 401, code)
    assert light_api.grown(before) == {}


async def test_units_without_a_system_and_unknown_units(light_api: Api) -> None:
    problem(await light_api.answer("east", data("20260105-000001")), 401, "bad_secret")
    problem(await light_api.answer("nowhere", data("20260105-000001")), 404, "unknown_unit")


async def test_a_unit_answers_for_its_own_orders_only_and_only_what_a_system_may(light_api: Api) -> None:
    api = light_api
    no = await api.dispatched()
    problem(await api.answer("roads", data(no, order="a1")), 403, "not_permitted")
    problem(await api.answer("water", data(no, "review_result", accept=True)), 403, "command_not_for_units")
    told = problem(
        await api.answer("water", {"case": no, "order": "a1", "command": "sign", "body": {"order": "a2"}}),
        422,
        "invalid_input",
    )
    assert told["errors"][0]["place"] == "/data/body/order"
    told = problem(await api.answer("water", data(no, "contact", how="pigeon")), 422, "invalid_input")
    assert told["errors"][0]["place"] == "/data/body/how"
    told = problem(await api.answer("water", {"case": no}), 422, "invalid_input")
    assert {e["place"] for e in told["errors"]} == {"/data/order", "/data/command"}
    problem(await api.answer("water", data("20200101-000001")), 404, "unknown_process")
    problem(await api.answer("water", data("../../x")), 422, "invalid_input")


async def test_a_department_hands_in_a_file_once(light_api: Api) -> None:
    api = light_api
    no = await api.dispatched()
    content = b"\x89PNG\r\n\x1a\n123"

    async def hand_in(unit: str, message: str, body: bytes = content, media: str = "image/png") -> Any:
        headers = sign(SECRET, message, datetime.now(UTC), body) | {"content-type": media}
        path = f"{V1}/departments/{unit}/documents"
        return await api.http.post(
            path, params={"process": f"case/{no}", "name": "a/b.png"}, content=body, headers=headers
        )

    first = await hand_in("water", "m1")
    assert first.status_code == 201, first.text
    assert (await hand_in("water", "m1")).json() == first.json()
    problem(await hand_in("water", "m1", content + b"4"), 422, "idempotency_key_reused")
    assert [(d.name, d.uploaded_by) for d in rows(api.database, DocumentRow)] == [("a_b.png", "unit:water")]
    problem(await hand_in("parks", key()), 403, "forbidden")
    problem(await hand_in("water", key(), b"MZ\x90\x00"), 415, "bad_document")
    problem(await hand_in("water", key(), media="application/zip"), 415, "unsupported_media_type")
    done = await api.answer(
        "water", data(no, "submit_result", code="solved", reply="好", documents=[first.json()["id"]])
    )
    assert done.status_code in {200, 409}, done.text


def test_signatures_fit_only_what_was_signed() -> None:
    headers = sign(SECRET, "m", NOW, b"body")
    assert verify(SECRET, headers, b"body", NOW + timedelta(minutes=5)) == "m"
    assert verify(SECRET, headers | {"webhook-signature": f"v1,xx {headers['webhook-signature']}"}, b"body", NOW) == "m"
    for changed in ({"webhook-id": "n"}, {"webhook-timestamp": str(int(NOW.timestamp()) + 1)}):
        with pytest.raises(SignatureError):
            verify(SECRET, headers | changed, b"body", NOW)
    with pytest.raises(SignatureError):
        verify(SECRET, headers, b"Body", NOW)
    with pytest.raises(SignatureError):
        verify("whsec_not base64", headers, b"body", NOW)


def test_the_signature_is_the_one_of_the_standard() -> None:
    """The example of the Standard Webhooks libraries."""
    secret, body = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", b'{"test": 2432232314}'
    headers = sign(secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", datetime.fromtimestamp(1614265330, UTC), body)
    assert headers["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
