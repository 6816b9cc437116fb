"""The shapes, a file a part of a case's life; importing them enters them in the registry."""

from tests.replay.shapes import asking, batches, byways, clocks, closing, engine, journal, orders, screening, upward
from tests.replay.shapes.registry import SHAPES, Shape, Stage

__all__ = [
    "SHAPES",
    "Shape",
    "Stage",
    "asking",
    "batches",
    "byways",
    "clocks",
    "closing",
    "engine",
    "journal",
    "orders",
    "screening",
    "upward",
]
