"""A test build of the API: it can die after the engine has said yes, or a request was written, and before the person is told.

``python -m tests.faults.api_with_hook`` is ``python -m api`` with the port to the engine wrapped.
"""

import gc

if __name__ == "__main__":
    # as the product does
    gc.disable()

import functools
from typing import Any

from api.__main__ import main
from api.access import Viewer
from api.engine import Refused, TemporalEngine
from api.requests import intake, routes
from api.requests.intake import Taken
from api.requests.schemas import RequestIn
from api.services import Services
from domain.messages import Decision, Receipt
from tests.faults.hooks import Orders
from tests.faults.operations import request_id


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

    taken_in = intake.register

    @functools.wraps(taken_in)
    def register(place: Services, who: Viewer, key: str, asked: RequestIn) -> Taken:
        taken = taken_in(place, who, key, asked)
        if taken.new:
            command = request_id(who.account.user, key)
            orders.obey("api", process=taken.registered.process, command=command, seq=0)
        return taken

    routes.register = register  # type: ignore[attr-defined]  # the name it has there


if __name__ == "__main__":
    install(Orders.from_environment())
    gc.freeze()
    gc.enable()
    main()
