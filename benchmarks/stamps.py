"""When each step was committed, told by whoever commits: the second half of "from sending a message to the commit"."""

import asyncio
import functools
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from activities.journal import Journal


class Stamps:
    """The instants (of the monotonic clock) at which commands and steps were committed, by their ids."""

    def __init__(self) -> None:
        self.at: dict[str, float] = {}
        self._awaited: dict[str, tuple[asyncio.AbstractEventLoop, asyncio.Event]] = {}

    def note(self, key: str) -> None:
        """The transaction has ended. May be called from any thread; the first time counts."""
        self.at.setdefault(key, time.perf_counter())
        if (waiter := self._awaited.pop(key, None)) is not None:
            waiter[0].call_soon_threadsafe(waiter[1].set)

    async def committed(self, key: str) -> None:
        """Wait until a step has been committed."""
        event = asyncio.Event()
        self._awaited[key] = (asyncio.get_running_loop(), event)
        if key in self.at:
            return
        await event.wait()


@contextmanager
def watching(stamps: Stamps) -> Iterator[None]:
    """Note every command that our journal commits meanwhile."""
    original: Callable[..., Any] = Journal.commit

    # wraps() takes the activity's definition along: the worker runs this function under the same name.
    @functools.wraps(original)
    def commit(journal: Journal, request: Any) -> Any:
        result = original(journal, request)
        if request.envelope is not None:
            stamps.note(request.envelope.id)
        return result

    setattr(Journal, "commit", commit)  # noqa: B010 - replaced for a measurement, which types forbid
    try:
        yield
    finally:
        setattr(Journal, "commit", original)  # noqa: B010 - as above
