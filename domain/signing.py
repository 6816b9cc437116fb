"""Signatures of webhooks, as Standard Webhooks describes them: HMAC-SHA256 over ``{id}.{timestamp}.{body}``.

Both directions use it: what we send to department systems, and what they answer. A secret is written ``whsec_`` and base64.
"""

import base64
import binascii
import hashlib
import hmac
import re
import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

PREFIX: Final = "whsec_"
TOLERANCE: Final = timedelta(minutes=5)
MOST_SIGNATURES: Final = 10
MOST_DIGITS: Final = 12
_ID: Final = re.compile(r"[\x21-\x7e]{1,200}")
ID, TIMESTAMP, SIGNATURE = "webhook-id", "webhook-timestamp", "webhook-signature"


class SignatureError(Exception):
    """A message that is not to be believed. ``code``: signature_missing, signature_expired, signature_wrong, bad_secret."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def new_secret() -> str:
    """Return a fresh secret of 256 bits."""
    return PREFIX + base64.b64encode(secrets.token_bytes(32)).decode()


def sign(secret: str, message: str, at: datetime, body: bytes) -> dict[str, str]:
    """Return the three headers for one message. ``message`` is its id, the same at every attempt."""
    timestamp = str(int(at.timestamp()))
    return {ID: message, TIMESTAMP: timestamp, SIGNATURE: f"v1,{_mac(secret, message, timestamp, body)}"}


def verify(secret: str, headers: Mapping[str, str], body: bytes, now: datetime) -> str:
    """Return the id of a message that was signed with ``secret`` within five minutes of ``now``.

    ``headers`` are looked up by lower-case names. Raises :class:`SignatureError`.
    """
    message, timestamp, given = announced(headers, now)
    expected = _mac(secret, message, timestamp, body).encode()
    candidates = [part.partition(",") for part in given.split(" ")[:MOST_SIGNATURES]]
    if not any(version == "v1" and hmac.compare_digest(mac.encode(), expected) for version, _, mac in candidates):
        raise SignatureError("signature_wrong")
    return message


def announced(headers: Mapping[str, str], now: datetime) -> tuple[str, str, str]:
    """Return id, time and signatures as the headers give them, before the body is looked at. Raises :class:`SignatureError`."""
    message, timestamp, given = (headers.get(name, "") for name in (ID, TIMESTAMP, SIGNATURE))
    if not (
        _ID.fullmatch(message)
        and given
        and timestamp.isascii()
        and timestamp.isdigit()
        and len(timestamp) <= MOST_DIGITS
    ):
        raise SignatureError("signature_missing")
    if abs(now.timestamp() - int(timestamp)) > TOLERANCE.total_seconds():
        raise SignatureError("signature_expired")
    return message, timestamp, given


def _mac(secret: str, message: str, timestamp: str, body: bytes) -> str:
    try:
        key = base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except binascii.Error as error:
        raise SignatureError("bad_secret") from error
    if not key:
        raise SignatureError("bad_secret")
    signed = f"{message}.{timestamp}.".encode() + body
    return base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
