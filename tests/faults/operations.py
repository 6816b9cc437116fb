"""The log of what the drivers did: one line an operation, with its start, its end and what they were told."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from api.idempotency import hashed

UNKNOWN = "unknown"
RECORDED = "recorded"
REFUSED = "refused"
READ = "read"


class Operation(BaseModel):
    """One operation of one person. Instants are seconds of the epoch on the driver's clock.

    ``command`` names what was asked; ``id`` is the command's id in the journal. ``result``: ``recorded``, ``refused`` (with
    ``code``), ``unknown`` (no answer), or ``read``. ``seq`` is where the person was told the process stands.
    """

    n: int
    person: str
    process: str
    command: str
    id: str
    start: float
    end: float | None = None
    result: str = UNKNOWN
    code: str | None = None
    seq: int | None = None
    events: tuple[str, ...] = ()


def command_id(person: str, process: str, key: str) -> str:
    """The id the API gives a decision, from who, about what and the key."""
    return "d/" + hashed(person, process, key)


def request_id(person: str, key: str) -> str:
    """The id the API gives a registration, from who and the key."""
    return "r/" + hashed(person, "requests", key)


class Log:
    """Operations, kept in memory and as JSON lines. Safe for threads."""

    def __init__(self, file: Path | None = None) -> None:
        self.operations: list[Operation] = []
        self._lock = threading.Lock()
        self._file = file.open("a", encoding="utf-8") if file is not None else None

    @contextmanager
    def operation(self, person: str, process: str, command: str, id_: str) -> Iterator[Operation]:
        """Log one operation; whatever breaks it off, its result stays ``unknown`` and its end open."""
        with self._lock:
            found = Operation(
                n=len(self.operations), person=person, process=process, command=command, id=id_, start=time.time()
            )
            self.operations.append(found)
        try:
            yield found
            if found.result != UNKNOWN:
                found.end = time.time()
        finally:
            if self._file is not None:
                with self._lock:
                    self._file.write(found.model_dump_json() + "\n")
                    self._file.flush()

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            self._file.close()


def answered(operation: Operation, status: int, body: dict[str, Any]) -> None:
    """Write down what the API said: a receipt, the status of a stored decision, or a problem."""
    receipt = body.get("receipt") or body
    if 200 <= status < 300 and "seq" in receipt:
        operation.result = RECORDED
        operation.seq, operation.events = receipt["seq"], tuple(receipt.get("events", ()))
    elif 400 <= status < 500 and status not in {401, 408, 425, 429}:
        operation.result, operation.code = REFUSED, str(body.get("code") or status)
