"""What callers say in a fault run: the sample texts, or the messages of a CSV that the user names. Nothing of a file is kept."""

from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Final

from simulation.feed import Fed, csv_rows
from simulation.texts import Intake, requests

LONGEST_TITLE: Final = 100
LONGEST_CONTENT: Final = 5000
"""Planted words are added to every text and must fit; longer messages are left out."""


def said(n: int, seed: int, file: Path | None = None) -> Sequence[tuple[str, str]]:
    """Return titles and contents for ``n`` requests, the same for the same seed; a short file is begun again.

    Raises ValueError for a file without a usable message or of other columns than ``simulation.feed`` reads.
    """
    found = list(islice(_fitting(csv_rows(file, Fed(), seed=seed) if file else requests(n, seed)), n))
    if not found:
        raise ValueError(f"{file}: no message fits")
    return [found[i % len(found)] for i in range(n)]


def _fitting(rows: Iterator[Intake]) -> Iterator[tuple[str, str]]:
    for row in rows:
        if len(row.title) <= LONGEST_TITLE and len(row.content) <= LONGEST_CONTENT:
            yield row.title, row.content
