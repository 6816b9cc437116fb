"""What a worker tells Temporal and its own log about errors: types and places, never messages (law 8)."""

import logging

import structlog
import temporalio.api.failure.v1
from temporalio.converter import DefaultFailureConverter, PayloadConverter
from temporalio.exceptions import ApplicationError, FailureError

from storage.reticence import log_reticently, name_of, render_exception


class ReticentFailures(DefaultFailureConverter):
    """Writes errors that are not ours into a history by their type only: their messages may quote what people said.

    Failures we raise on purpose (``ApplicationError``) carry codes and are written as they are.
    """

    def to_failure(
        self, exception: BaseException, payload_converter: PayloadConverter, failure: temporalio.api.failure.v1.Failure
    ) -> None:
        """Write one error, and in the same way what caused it."""
        if not isinstance(exception, FailureError):
            quiet = ApplicationError(name_of(exception), type=type(exception).__name__)
            quiet.__traceback__, quiet.__cause__ = exception.__traceback__, exception.__cause__
            exception = quiet
        super().to_failure(exception, payload_converter, failure)


def log_for_operators() -> None:
    """Let structlog and logging of this process write one line an event, with tracebacks that tell no message."""
    log_reticently(logging.INFO)
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            render_exception,
            structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback),
        ]
    )
