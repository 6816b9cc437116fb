"""A worker to which every limit counts days, so that it spreads all timers: ``benchmarks.timers --spread``.

The measurement needs an instant that comes soon; in the pack ``demo``, which has such, days are seconds and nothing is spread.
"""

import asyncio

from domain import kernel
from worker.__main__ import main
from worker.settings import WorkerSettings

if __name__ == "__main__":
    kernel._counts_days = lambda _limit: True  # type: ignore[assignment]  # noqa: SLF001 - a measurement, no setting of the product
    asyncio.run(main(WorkerSettings()))
