"""A test build of the API: it can die after the engine has said yes and before the person is told.

``python -m tests.faults.api_with_hook`` is ``python -m api`` with the port to the engine wrapped.
"""

import gc

if __name__ == "__main__":
    # as the product does
    gc.disable()

import functools
from typing import Any

from api.__main__ import main
from api.engine import Refused, TemporalEngine
from domain.messages import Decision, Receipt
from tests.faults.hooks import Orders


def install(orders: Orders) -> None:
    """Wrap the engine's answer: before it is handed on, look for an order to die."""
    real = TemporalEngine.decide

    @functools.wraps(real)
    async def decide(
        self: TemporalEngine, process: str, name: str, decision: Decision[Any], *, urgent: bool = False
    ) -> Receipt | Refused | None:
        answer = await real(self, process, name, decision, urgent=urgent)
        if isinstance(answer, Receipt):
            orders.obey("api", process=process, command=decision.id, seq=answer.seq)
        return answer

    TemporalEngine.decide = decide  # type: ignore[method-assign]


if __name__ == "__main__":
    install(Orders.from_environment())
    gc.freeze()
    gc.enable()
    main()
