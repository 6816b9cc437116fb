"""Hand a message about an order to its unit: signed over HTTP to its department system, or into its inbox."""

import json
from collections.abc import Mapping
from concurrent.futures import Executor
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.departments.message import compose
from activities.signatures import EffectOrder, Performed
from domain.signing import SignatureError, sign
from storage import effects
from storage.effects import Owed
from storage.unit_of_work import Database, StorageUnavailable

TRY_AGAIN = frozenset({408, 409, 423, 425, 429})
NOT_SENT = "not_sent"
"""The type of the error when it was our fault that nothing was sent: it does not count against the unit's budget."""
SHORT = 64 * 1024


class Departments:
    """Sends order messages. The effect's id is the idempotency key: a system that took it before takes it as done."""

    def __init__(self, database: Database, http: httpx.Client, calls: Executor) -> None:
        """``calls`` makes the calls, which a system may keep waiting for as long as it likes: it does nothing else."""
        self.database = database
        self.http = http
        self.calls = calls

    @activity.defn(name="departments.send_message", no_thread_cancel_exception=True)
    def send_order_message(self, order: EffectOrder) -> Performed:
        """Send one message. Errors of the far side are tried again within its budget; after it, or refused, an incident.

        Only what the far side does counts against the budget: an outage of our own, however long, makes no incident.
        """
        now = datetime.now(UTC)
        attempt = activity.info().attempt if activity.in_activity() else 1
        try:
            with self.database.write() as connection:
                effect = effects.owed(connection, order.id)
                if effect is None:
                    return Performed(status="done")
                unit = effects.unit(connection, effect.target)
                if unit is None or not unit.endpoint:
                    # No department system: the todo in the unit's inbox is the message; note that it is there.
                    effects.delivered(connection, effect, effect.target, "inbox", attempt, now)
                    return Performed(status="done")
                message = compose(connection, effect, now)
                if message is None:
                    effects.delivered(connection, effect, effect.target, "overtaken", attempt, now)
                    return Performed(status="done")
            try:
                self._post(effect, unit, message, order.timeout_s)
            except ApplicationError as error:
                if error.non_retryable or error.type == NOT_SENT or not activity.in_activity():
                    raise
                raise _counted(error, order) from error
            with self.database.write() as connection:
                effects.delivered(connection, effect, effect.target, "webhook", attempt, datetime.now(UTC))
        except StorageUnavailable as error:
            raise ApplicationError("the database did not answer", type="StorageUnavailable") from error
        return Performed(status="done")

    def _post(self, effect: Owed, unit: Any, message: dict[str, Any], timeout_s: float) -> None:
        body = json.dumps(message, ensure_ascii=False).encode()
        try:
            if not unit.secret:
                raise SignatureError("bad_secret")  # noqa: TRY301 - one place words both
            headers = sign(unit.secret, effect.id, datetime.now(UTC), body)
        except SignatureError as error:
            raise ApplicationError("no usable secret", type="unit_secret", non_retryable=True) from error
        headers["content-type"] = "application/cloudevents+json"
        # httpx limits each phase of a call, and the search for the address not at all; what is promised is the whole.
        call = self.calls.submit(self._status, unit.endpoint, body, headers, timeout_s)
        try:
            status = call.result(timeout_s)
        except (httpx.InvalidURL, httpx.UnsupportedProtocol) as error:
            raise ApplicationError(type(error).__name__, type="unit_address", non_retryable=True) from error
        except httpx.HTTPError as error:
            raise ApplicationError(type(error).__name__, type="unit_unreachable") from error
        except TimeoutError as error:
            if call.cancel():
                raise ApplicationError("no call was free", type=NOT_SENT) from error
            raise ApplicationError("no answer in time", type="unit_unreachable") from error
        if httpx.codes.is_success(status):
            return
        passing = status >= httpx.codes.INTERNAL_SERVER_ERROR or status in TRY_AGAIN
        raise ApplicationError(
            f"HTTP {status}",
            type="unit_error" if passing else "unit_rejects",
            non_retryable=not passing,
        )

    def _status(self, url: str, body: bytes, headers: Mapping[str, str], timeout_s: float) -> int:
        """Post and return the status. What else a system says is not listened to, however much it is."""
        with self.http.stream("POST", url, content=body, headers=headers, timeout=timeout_s) as response:
            if int(response.headers.get("content-length", SHORT + 1)) <= SHORT:
                response.read()  # so that the connection can be used again
            return response.status_code


def _counted(error: ApplicationError, order: EffectOrder) -> ApplicationError:
    """Return the error with its place in the unit's budget: when to try again, or that this was the last try.

    Temporal counts every attempt, ours that found no database among them; the unit's failures are kept as heartbeat details,
    which outlive an attempt.
    """
    failures = 1 + sum(int(n) for n in activity.info().heartbeat_details[:1])
    activity.heartbeat(failures)
    wait = min(order.first_s * order.factor ** (failures - 1), order.longest_s)
    return ApplicationError(
        error.message,
        type=error.type,
        non_retryable=failures >= order.tries,
        next_retry_delay=timedelta(seconds=wait),
    )
