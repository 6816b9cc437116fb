"""What the department systems keep: which messages they took and which answers were settled, on disk when a file is given.

A line of the file is one JSON object; it is read back whole at the start, so that a restarted city goes on where it was.
"""

import json
from collections import Counter
from pathlib import Path
from typing import Any

from simulation.departments.messages import OrderMessage


class Memory:
    """Messages by id, settled answers by id, and the counts of :meth:`stats`."""

    def __init__(self, file: Path | None = None) -> None:
        """Read ``file`` when it exists; a broken last line (the process was killed while writing) is dropped."""
        self.messages: dict[str, OrderMessage] = {}
        self.settled: dict[str, tuple[int, Any]] = {}
        self.counts: Counter[str] = Counter()
        self.refusals: Counter[str] = Counter()
        self.orders: Counter[tuple[str, str, str]] = Counter()
        self._file = None
        if file is not None:
            file.parent.mkdir(parents=True, exist_ok=True)
            if file.exists():
                self._read(file)
            self._file = file.open("a", encoding="utf-8")

    def take(self, message_id: str, message: OrderMessage) -> bool:
        """Keep a message; False when its id had been taken before (then it is counted as a duplicate)."""
        if message_id in self.messages:
            self.counts["duplicates"] += 1
            return False
        self._keep(message_id, message)
        self._write({"message": message_id, "event": message.model_dump(mode="json")})
        return True

    def settle(self, answer_id: str, status: int, body: dict[str, Any]) -> None:
        """Keep the final word on an answer of ours."""
        self.settled[answer_id] = (status, body)
        self._write({"answer": answer_id, "status": status, "body": body})

    def stats(self) -> dict[str, Any]:
        """Return the numbers of ``GET /stats``. ``orders_doubled`` must be 0: one order under two message ids."""
        return {
            "received": self.counts["received"],
            "distinct": len(self.messages),
            "duplicates": self.counts["duplicates"],
            "bad_signatures": self.counts["bad_signatures"],
            "malformed": self.counts["malformed"],
            "failed_on_purpose": self.counts["failed_on_purpose"],
            "orders": len(self.orders),
            "orders_doubled": sum(n - 1 for n in self.orders.values()),
            "answers_sent": self.counts["answers_sent"],
            "answers_acknowledged": self.counts["answers_acknowledged"],
            "answers_refused": self.counts["answers_refused"],
            "refusals": dict(sorted(self.refusals.items())),
            "documents": self.counts["documents"],
        }

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            self._file.close()

    def _keep(self, message_id: str, message: OrderMessage) -> None:
        self.messages[message_id] = message
        data = message.data
        if data.what == "order_sent":
            self.orders[data.unit, data.case, data.order] += 1

    def _write(self, line: dict[str, Any]) -> None:
        if self._file is not None:
            self._file.write(json.dumps(line, ensure_ascii=False) + "\n")
            self._file.flush()

    def _read(self, file: Path) -> None:
        lines = file.read_text(encoding="utf-8").splitlines()
        for n, text in enumerate(lines, start=1):
            try:
                line = json.loads(text)
            except json.JSONDecodeError:
                if n == len(lines):
                    break
                raise
            if "message" in line:
                self._keep(line["message"], OrderMessage.model_validate(line["event"]))
            else:
                self.settled[line["answer"]] = (line["status"], line["body"])
