"""The shapes, a file a part of a case's life or a kind of process; importing them enters them in the registry."""

from tests.replay.shapes import (
    agendas,
    asking,
    batches,
    byways,
    clocks,
    closing,
    engine,
    journal,
    ledger,
    orders,
    pressure,
    rings,
    screening,
    sittings,
    upward,
)
from tests.replay.shapes.registry import SHAPES, Shape, Stage

__all__ = [
    "SHAPES",
    "Shape",
    "Stage",
    "agendas",
    "asking",
    "batches",
    "byways",
    "clocks",
    "closing",
    "engine",
    "journal",
    "ledger",
    "orders",
    "pressure",
    "rings",
    "screening",
    "sittings",
    "upward",
]
