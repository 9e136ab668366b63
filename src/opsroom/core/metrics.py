"""What Prometheus reads at `/metrics`. One registry per application, so that tests do not share counts."""

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest


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

    def observe_request(self, method: str, route: str, status: int, seconds: float) -> None:
        self._requests.labels(method, route, str(status)).observe(seconds)

    def count_job(self, job_type: str, outcome: str) -> None:
        self._jobs.labels(job_type, outcome).inc()

    def text(self) -> bytes:
        return generate_latest(self.registry)
