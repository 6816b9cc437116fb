"""A worker to which every limit counts days, so that it spreads all timers: ``benchmarks.timers --spread``.

The measurement needs an instant that comes soon; in the pack ``demo``, which has such, days are seconds and nothing is spread.
"""

import asyncio
from unittest.mock import patch

from worker.__main__ import main
from worker.settings import WorkerSettings

if __name__ == "__main__":
    with patch("domain.kernel._counts_days", return_value=True):
        asyncio.run(main(WorkerSettings()))
