"""A test build of the worker: it can die between the journal's commit and the end of the workflow task.

``python -m tests.faults.worker_with_hook`` is ``python -m worker`` with ``Journal.commit`` wrapped.
"""

import gc

if __name__ == "__main__":
    # as the product does
    gc.disable()

import asyncio
import functools
import os
import sys

from activities.journal import Journal
from activities.signatures import CommitRequest, CommitResult
from tests.faults.hooks import Orders
from worker.__main__ import main
from worker.settings import WorkerSettings


def install(orders: Orders) -> None:
    """Wrap the commit: after a decision, look for an order to die; ``worker_owing`` wants one that owes something."""
    real = Journal.commit

    @functools.wraps(real)
    def commit(self: Journal, request: CommitRequest) -> CommitResult:
        result = real(self, request)
        envelope = request.envelope
        if envelope is not None and result.outcome == "recorded":
            owed = tuple(e.id for e in result.effects)
            for part in ("worker", "worker_owing") if owed else ("worker",):
                orders.obey(part, process=request.process, command=envelope.id, seq=result.seq, effects=owed)
        return result

    Journal.commit = commit  # type: ignore[method-assign]


if __name__ == "__main__":
    install(Orders.from_environment())
    gc.freeze()
    gc.enable()
    asyncio.run(main(WorkerSettings()))
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)
