"""What was written by an older release is read whole: all it says is still said; a newer one may say more of its own."""

from typing import Any


def keeps(now: Any, then: Any) -> bool:
    """Say whether everything of ``then`` stands in ``now``."""
    if isinstance(then, dict):
        return isinstance(now, dict) and all(name in now and keeps(now[name], value) for name, value in then.items())
    if isinstance(then, list):
        return isinstance(now, list) and len(now) == len(then) and all(map(keeps, now, then))
    return bool(now == then)
