"""Which files are taken, known by what they begin with, not by what they are called."""

import re
from typing import Final

from api.bodies import UNWANTED
from api.problems import Problem

MAGIC: Final = (
    ("image/jpeg", b"\xff\xd8\xff"),
    ("image/png", b"\x89PNG\r\n\x1a\n"),
    ("application/pdf", b"%PDF-"),
)
PLAIN: Final = "text/plain"
TYPES: Final = frozenset({*(media for media, _ in MAGIC), PLAIN})
MOST_NAME: Final = 200


def checked(content: bytes, claimed: str) -> str:
    """Return the media type of a file. Refuses with 415 what is not on the list, or not what it claims to be."""
    found = next((media for media, magic in MAGIC if content.startswith(magic)), None)
    if found is None and content and _is_text(content):
        found = PLAIN
    if found is None or found != claimed:
        raise Problem(415, "bad_document")
    return found


def file_name(name: str | None, media: str) -> str:
    """Return a harmless name for a file."""
    plain = re.sub(r'[\\/:*?"<>|\n\r\t]', "_", UNWANTED.sub("_", name or "")).strip(" .")[-MOST_NAME:]
    return plain or f"document.{media.partition('/')[2]}"


def _is_text(content: bytes) -> bool:
    try:
        return UNWANTED.search(content.decode("utf-8")) is None
    except UnicodeDecodeError:
        return False
