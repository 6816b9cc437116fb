"""Feeds requests at the front door as a channel's machine account does: sample texts of our own, or a CSV the user names.

``python -m simulation.feed --api URL [--messages FILE.csv] [-n 200] [--rate 10] [--in-flight 8] [--seed 1]``. Each request has
its source's id as Idempotency-Key, so feeding the same file again gives the same requests. What cannot be read is skipped and
what the API does not take is refused, each counted by reason; nothing is shortened.
"""

import asyncio
import csv
import json
import random
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from http import HTTPStatus
from itertools import islice
from pathlib import Path
from typing import Annotated, Any, Final
from urllib.parse import quote

import httpx
import typer
from pydantic import ValidationError

from domain.casework.words import CallerType, CaseType, Channel
from simulation.city import DEMO_PASSWORD, City, load_city
from simulation.client import Api, Pace
from simulation.texts import Caller, Intake, requests

ACCOUNT: Final = "channel.web"
COLUMNS: Final = ("message_id", "user", "title", "created_at", "body", "dislikes", "likes")
WITH_PLACE: Final = 0.8
LONGEST_CELL: Final = 1_000_000
KIND_WORDS: Final = (
    ("感谢", CaseType.praise),
    ("表扬", CaseType.praise),
    ("举报", CaseType.report),
    ("投诉", CaseType.complaint),
    ("咨询", CaseType.consult),
    ("建议", CaseType.suggestion),
)
"""The first word found in the title tells the type; otherwise it is a call for help."""


class Fed:
    """The numbers of a feed."""

    def __init__(self) -> None:
        """Nothing is fed yet."""
        self.numbers: list[str] = []
        self.skipped: Counter[str] = Counter()
        self.refusals: Counter[str] = Counter()
        self.seconds: list[float] = []
        self.began = time.monotonic()

    @property
    def refused(self) -> int:
        """How many requests the API did not take."""
        return self.refusals.total()

    def report(self) -> dict[str, Any]:
        """Return the numbers; ``requests`` are those that got a number, ``repeated`` how many got one given before."""
        spent = sorted(self.seconds)
        return {
            "requests": len(set(self.numbers)),
            "repeated": len(self.numbers) - len(set(self.numbers)),
            "skipped": dict(sorted(self.skipped.items())),
            "refused": self.refused,
            "refusals": dict(sorted(self.refusals.items())),
            "wall_s": round(time.monotonic() - self.began, 3),
            "intake_p50_ms": _quantile(spent, 0.5),
            "intake_p99_ms": _quantile(spent, 0.99),
        }


async def send_all(
    api: Api,
    rows: Iterable[Intake],
    *,
    fed: Fed | None = None,
    rate: float | None = None,
    in_flight: int = 8,
    account: str = ACCOUNT,
    on_taken: Callable[[str], None] | None = None,
) -> Fed:
    """Send every row, at most ``rate`` a second and ``in_flight`` at once; return the numbers when all have an answer.

    A row that the API does not take is counted by the code of its problem. ``on_taken`` hears each request's number.
    """
    fed = fed or Fed()
    pace = Pace(rate) if rate else None
    slots = asyncio.Semaphore(in_flight)

    async def send(row: Intake) -> None:
        try:
            began = time.monotonic()
            outcome = await api.post(
                account, "/requests", row.model_dump(mode="json", exclude_none=True), quote(row.source)
            )
            if outcome.status in {HTTPStatus.OK, HTTPStatus.CREATED}:
                fed.seconds.append(time.monotonic() - began)
                fed.numbers.append(str(outcome.body["no"]))
                if on_taken is not None:
                    on_taken(str(outcome.body["no"]))
            else:
                fed.refusals[_reason(outcome.body, outcome.status)] += 1
        finally:
            slots.release()

    async with asyncio.TaskGroup() as group:
        for row in rows:
            if pace is not None:
                await pace.wait()
            await slots.acquire()
            group.create_task(send(row))
    return fed


def csv_rows(file: Path, fed: Fed, *, seed: int = 1, city: City | None = None) -> Iterator[Intake]:
    """Yield the requests of a CSV with the columns message_id, user, title, created_at, body, dislikes, likes.

    Rows of the wrong shape or without text are skipped and counted in ``fed``. The file has no places of our city: most rows
    get a district and a street by ``seed``. The user's code is not taken over; nobody can be called back by it.
    """
    city = city or load_city()
    rng = random.Random(f"csv/{seed}")
    csv.field_size_limit(LONGEST_CELL)
    with file.open(encoding="utf-8-sig", newline="", errors="replace") as lines:
        reader = csv.DictReader(lines, strict=False)
        missing = [c for c in ("message_id", "title", "body") if c not in (reader.fieldnames or ())]
        if missing:
            raise ValueError(f"{file.name}: columns missing: {', '.join(missing)}; expected {', '.join(COLUMNS)}")
        rows = _guarded(reader, fed)
        for row in rows:
            street = rng.choice(city.streets()) if rng.random() < WITH_PLACE else None
            if row.get(None) or None in row.values():  # type: ignore[call-overload]  # DictReader's key for what is too much
                fed.skipped["wrong_number_of_cells"] += 1
                continue
            number, title, body = (row[c].strip() for c in ("message_id", "title", "body"))
            if not number or not (title or body):
                fed.skipped["empty"] += 1
                continue
            try:
                yield Intake(
                    source=f"{file.name}:{number}",
                    title=title or body[:40],
                    content=body or title,
                    case_type=_kind(title),
                    channel=Channel.web,
                    caller=Caller(type=CallerType.person),
                    district=street.district if street else None,
                    street=street.code if street else None,
                )
            except ValidationError:
                fed.skipped["not_readable"] += 1


def _guarded(reader: Iterator[dict[str, str]], fed: Fed) -> Iterator[dict[str, str]]:
    while True:
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error:
            fed.skipped["not_csv"] += 1
            continue
        yield row


def _kind(title: str) -> CaseType:
    return next((kind for word, kind in KIND_WORDS if word in title), CaseType.help)


def _reason(body: dict[str, Any], status: int) -> str:
    """Return the problem's code with the places it names."""
    places = ",".join(str(e.get("place", "")) for e in body.get("errors", []) if isinstance(e, dict))
    return f"{body.get('code') or status}{' ' + places if places else ''}"


def _quantile(values: list[float], q: float) -> float | None:
    return round(values[min(len(values) - 1, int(len(values) * q))] * 1000, 1) if values else None


def feed(
    address: str,
    *,
    messages: Path | None = None,
    n: int = 200,
    rate: float | None = None,
    in_flight: int = 8,
    seed: int = 1,
    password: str = DEMO_PASSWORD,
) -> Fed:
    """Feed at most ``n`` requests from a CSV, or from the sample texts, to the API at ``address``; return the numbers.

    Raises ValueError when the CSV has not the columns, OSError when it cannot be read.
    """

    async def run() -> Fed:
        fed = Fed()
        rows = requests(n, seed) if messages is None else islice(csv_rows(messages, fed, seed=seed), n)
        async with httpx.AsyncClient(base_url=address, timeout=30) as http:
            api = Api(http, password=password, in_flight=in_flight)
            return await send_all(api, rows, fed=fed, rate=rate, in_flight=in_flight)

    return asyncio.run(run())


def main(
    *,
    api: Annotated[str, typer.Option(help="Address of Sanhuan's API, without /api/v1.")],
    messages: Annotated[Path | None, typer.Option(help="CSV; without it sample texts of our own.")] = None,
    n: Annotated[int, typer.Option("-n", help="How many requests at most.")] = 200,
    rate: Annotated[float | None, typer.Option(help="Requests a second at most.")] = None,
    in_flight: Annotated[int, typer.Option(help="Requests at once.")] = 8,
    seed: Annotated[int, typer.Option(help="The same seed gives the same requests.")] = 1,
) -> None:
    """Feed requests and print the numbers as one JSON line."""
    report = feed(api, messages=messages, n=n, rate=rate, in_flight=in_flight, seed=seed).report()
    sys.stdout.write(json.dumps(report, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    typer.run(main)
