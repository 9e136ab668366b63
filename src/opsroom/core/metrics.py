"""What Prometheus reads at `/metrics`. One registry per application, so that tests do not share counts."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from sqlalchemy import Select


@dataclass(frozen=True, slots=True)
class Gauge:
    """A figure that is asked of the database, as an app declares it.

    query: of an instant, now, the SELECT whose rows are the values of `labels`, then the figure; an instant is told
        as the seconds that have passed since. It runs at every look of Prometheus, so an index should answer it.
    """

    name: str
    what: str
    query: Callable[[datetime], Select[*tuple[Any, ...]]]
    labels: tuple[str, ...] = ()


class Metrics:
    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._requests = Histogram(
            "opsroom_request_seconds",
            "Time to answer, by route",
            ("method", "route", "status"),
            registry=self.registry,
            buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
        )
        self._jobs = Counter("opsroom_jobs", "Job attempts ended", ("type", "outcome"), registry=self.registry)
        self._cached = Counter(
            "opsroom_cached_answers",
            "Answers that may be kept: found in this process, in Redis, or computed",
            ("kind", "where"),
            registry=self.registry,
        )

    def observe_request(self, method: str, route: str, status: int, seconds: float) -> None:
        self._requests.labels(method, route, str(status)).observe(seconds)

    def count_job(self, job_type: str, outcome: str) -> None:
        self._jobs.labels(job_type, outcome).inc()

    def count_cached(self, packing: str, where: str) -> None:
        self._cached.labels(packing, where).inc()

    def text(self) -> bytes:
        return generate_latest(self.registry)
