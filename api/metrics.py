"""Figures for Prometheus: requests by route and status, and how long they took. One registry an app.

They are served on a port of their own, on this machine only unless told otherwise (:mod:`api.__main__`): behind a proxy every
request seems to come from this machine, so a guarded path at the public port would be open to all.
"""

import logging

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Histogram,
    ProcessCollector,
    generate_latest,
    start_http_server,
)

log = logging.getLogger(__name__)
BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)


class Metrics:
    """The figures of one app. Routes are templates, so that no number or name becomes a label."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        self._requests = Counter(
            "sanhuan_api_requests", "Requests answered", ("method", "route", "status"), registry=self.registry
        )
        self._seconds = Histogram(
            "sanhuan_api_seconds", "Seconds until answered", ("route",), registry=self.registry, buckets=BUCKETS
        )

    def seen(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count one request."""
        known = method if method in {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"} else "other"
        self._requests.labels(known, route, str(status)).inc()
        self._seconds.labels(route).observe(seconds)

    def serve(self, host: str, port: int) -> None:
        """Serve the figures; a port that is taken is said and costs nothing but the figures."""
        try:
            start_http_server(port, host, registry=self.registry)
        except OSError as error:
            log.warning("metrics are not served on port %d: %s", port, type(error).__name__)

    def text(self) -> bytes:
        """Return the figures in Prometheus' text form."""
        return generate_latest(self.registry)
