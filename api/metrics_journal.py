"""The journal's figures for Prometheus, read when somebody asks: what is owed, late, waiting, parked, behind.

The API serves them, not the worker: they must be there when no worker is. Several API processes give the same figures, so an alert
takes ``max``. Asked again within a few seconds, the figures of before are given.
"""

import threading
import time
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Final

from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from sqlalchemy.exc import SQLAlchemyError

from storage import operations as sql
from storage.operations import Figures
from storage.unit_of_work import Database, StorageUnavailable

FRESH_S: Final = 5.0

ONES: Final = (
    ("effects_owed_seconds", "Age of the oldest effect that is planned and not settled", "owed_s"),
    ("timers_late", "Open processes whose next timer has passed and not rung", "timers_late"),
    ("timers_late_seconds", "How late the latest of them is", "timers_late_s"),
    ("outbox", "Decisions stored at our door and not yet decided", "outbox"),
    ("outbox_seconds", "Age of the oldest of them", "outbox_s"),
    ("requests_unopened", "Registered requests whose case has not begun", "unopened"),
    ("processes_parked", "Processes that disagree with their journal", "parked"),
    ("processes_behind", "Processes whose workflow should have acted on the journal and has not", "behind"),
)
KINDS: Final = (
    ("effects_owed", "Effects planned and not settled, by kind", "owed"),
    ("incidents_open", "Effects that could not be performed and wait for a person, by kind", "incidents"),
)


class JournalFigures(Collector):
    """Reads the journal when it is asked; says so when the database is away."""

    def __init__(self, database: Database, now: Callable[[], datetime], after_s: float) -> None:
        self.database, self.now, self.after = database, now, timedelta(seconds=after_s)
        self._lock = threading.Lock()
        self._kept: tuple[float, Figures | None, float | None] = (float("-inf"), None, None)

    def describe(self) -> Iterable[Metric]:
        """Nothing: registering must not read the database."""
        return ()

    def collect(self) -> Iterable[Metric]:
        """Yield the figures; only ``journal_up`` 0 without a database."""
        with self._lock:
            if time.monotonic() - self._kept[0] > FRESH_S:
                self._kept = (time.monotonic(), *self._read())
            _, figures, lease_s = self._kept
        yield _one("journal_up", "Whether the journal can be read", 0 if figures is None else 1)
        if figures is None:
            return
        for name, about, attribute in ONES:
            yield _one(name, about, getattr(figures, attribute))
        for name, about, attribute in KINDS:
            family = GaugeMetricFamily(f"sanhuan_{name}", about, labels=("kind",))
            for kind, n in getattr(figures, attribute).items():
                family.add_metric((kind,), n)
            yield family
        if lease_s is not None:
            yield _one("relay_lease_seconds", "For how long a relay has said it is at work; below 0: none is", lease_s)

    def _read(self) -> tuple[Figures | None, float | None]:
        now = self.now()
        try:
            with self.database.read() as connection:
                lease = sql.lease(connection)
                figures = sql.figures(connection, now, now - self.after)
        except (StorageUnavailable, SQLAlchemyError):
            return None, None
        return figures, None if lease is None else (lease.until - now).total_seconds()


def _one(name: str, about: str, value: float) -> Metric:
    return GaugeMetricFamily(f"sanhuan_{name}", about, value=value)
