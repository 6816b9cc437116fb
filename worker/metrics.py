"""A worker's figures for Prometheus: commits, other activities, the relay. The SDK serves its own on a port of its own.

Measured where the SDK calls an activity, so that no activity knows of it. Labels are names of our own code (commands, outcomes,
codes of refusals, activities), never a number of a case, a unit or a person; a name we do not know becomes ``other``.
"""

import re
import time
from collections.abc import Iterable
from typing import Any, Final

import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, start_http_server
from temporalio import activity
from temporalio.exceptions import ApplicationError
from temporalio.worker import ActivityInboundInterceptor, ExecuteActivityInput, Interceptor

from activities.signatures import CommitRequest, CommitResult, Performed
from domain.deciders import DECIDERS
from domain.kernel import KERNEL_COMMANDS, TICK

log = structlog.get_logger()

COMMIT: Final = "journal.commit"
SECONDS: Final = (0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
CODE: Final = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,79}")
MOST_CODES: Final = 200
OTHER: Final = "other"
COMMANDS: Final = frozenset({TICK, *KERNEL_COMMANDS, *(name for d in DECIDERS.values() for name in d.commands)})


class Codes:
    """Lets codes of our own become labels: the first 200 of them, so that nothing that comes from elsewhere can fill a store."""

    def __init__(self, most: int = MOST_CODES) -> None:
        self.most = most
        self._seen: set[str] = set()

    def label(self, code: str | None) -> str:
        """Return the code, or ``other``."""
        if code is None or not CODE.fullmatch(code):
            return OTHER
        if code not in self._seen and len(self._seen) >= self.most:
            return OTHER
        self._seen.add(code)
        return code


class WorkerMetrics:
    """The figures of one worker process, in a registry of their own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        self.codes = Codes()
        r = self.registry
        self.commits = Counter("sanhuan_commits", "Commits to the journal", ("kind", "command", "outcome"), registry=r)
        self.commit_seconds = Histogram(
            "sanhuan_commit_seconds",
            "Seconds of a commit, waiting for a thread included",
            ("way",),
            registry=r,
            buckets=SECONDS,
        )
        self.fallbacks = Counter(
            "sanhuan_commit_fallbacks", "Commits tried as a normal activity because the local one failed", registry=r
        )
        self.refusals = Counter("sanhuan_refusals", "Decisions the journal refused", ("code",), registry=r)
        self.activities = Counter(
            "sanhuan_activities", "Other activities by how they went", ("activity", "outcome"), registry=r
        )
        self.activity_seconds = Histogram(
            "sanhuan_activity_seconds", "Seconds of other activities", ("activity",), registry=r, buckets=SECONDS
        )
        self.relay_signals = Counter(
            "sanhuan_relay_signals", "What the relay brought on its way", ("what",), registry=r
        )
        self.relay_found = Gauge(
            "sanhuan_relay_found",
            "What the relay found in its last round; 0 while another one is at work",
            ("what",),
            registry=r,
        )
        self.relay_rounds = Counter("sanhuan_relay_rounds", "Rounds of the relay", ("outcome",), registry=r)

    def serve(self, host: str, port: int) -> None:
        """Serve the figures; a port that is taken is said and costs nothing but the figures."""
        try:
            start_http_server(port, host, registry=self.registry)
        except OSError as error:
            log.warning("metrics_not_served", port=port, error=type(error).__name__)

    def committed(self, request: CommitRequest, outcome: str, code: str | None, seconds: float, *, local: bool) -> None:
        """Count one commit."""
        kind = request.process.partition("/")[0]
        name = request.envelope.name if request.envelope else TICK
        self.commits.labels(
            kind if kind in DECIDERS else OTHER, name if name in COMMANDS else OTHER, self.codes.label(outcome)
        ).inc()
        self.commit_seconds.labels("local" if local else "fallback").observe(seconds)
        if not local:
            self.fallbacks.inc()
        if outcome == "refused":
            self.refusals.labels(self.codes.label(code)).inc()

    def round(self, outcome: str, found: dict[str, Iterable[Any]], brought: dict[str, Iterable[Any]]) -> None:
        """Count one round of the relay: ``done``, ``failed``, or ``elsewhere`` when another relay has the lease."""
        self.relay_rounds.labels(outcome).inc()
        for what in ("requests", "commands", "behind", "hanging"):
            self.relay_found.labels(what).set(len(list(found.get(what, ()))))
            self.relay_signals.labels(what).inc(len(list(brought.get(what, ()))))


class Measuring(Interceptor):
    """Measures every activity of a worker."""

    def __init__(self, metrics: WorkerMetrics) -> None:
        self.metrics = metrics

    def intercept_activity(self, next: ActivityInboundInterceptor) -> ActivityInboundInterceptor:  # noqa: A002 - the SDK's name
        """Stand before the activity."""
        return _Measured(next, self.metrics)


class _Measured(ActivityInboundInterceptor):
    def __init__(self, inner: ActivityInboundInterceptor, metrics: WorkerMetrics) -> None:
        super().__init__(inner)
        self.metrics = metrics

    async def execute_activity(self, input: ExecuteActivityInput) -> Any:  # noqa: A002 - the SDK's name
        info, begun = activity.info(), time.perf_counter()
        result: Any = None
        outcome, code = "failed", None
        try:
            result = await self.next.execute_activity(input)
            outcome, code = _went(result)
        except ApplicationError as error:
            outcome = error.type or outcome
            raise
        finally:
            seconds = time.perf_counter() - begun
            if info.activity_type == COMMIT and input.args and isinstance(input.args[0], CommitRequest):
                self.metrics.committed(input.args[0], outcome, code, seconds, local=info.is_local)
            else:
                name = self.metrics.codes.label(info.activity_type.replace(".", "_"))
                self.metrics.activities.labels(name, self.metrics.codes.label(outcome)).inc()
                self.metrics.activity_seconds.labels(name).observe(seconds)
        return result


def _went(result: Any) -> tuple[str, str | None]:
    """Return how an activity went, and the code of a refusal."""
    if isinstance(result, CommitResult):
        return result.outcome, result.code
    return (result.status, result.code) if isinstance(result, Performed) else ("done", None)
