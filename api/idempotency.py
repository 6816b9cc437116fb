"""Keys that make a repeated request harmless: an id from who, where and key; a digest of what was said."""

import hashlib
from typing import Any

from domain.kernel import canonical


def hashed(*parts: str) -> str:
    """Return the hash of parts that cannot run into each other."""
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def digest(value: Any) -> str:
    """Return the hash of a plain value in its one canonical form."""
    return hashlib.sha256(canonical(value).encode()).hexdigest()
