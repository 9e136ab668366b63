"""Traces of requests and jobs, sent to an OpenTelemetry collector; comes with the extra `telemetry`."""

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.propagate import extract
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import Span, SpanKind, StatusCode
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from opsroom import __version__


class Telemetry:
    """One provider of a process. A collector that is away costs spans, never an answer."""

    def __init__(self, url: str) -> None:
        resource = Resource.create({"service.name": "opsroom", "service.version": __version__})
        self._provider = TracerProvider(resource=resource)
        exporter = OTLPSpanExporter(f"{url.rstrip('/')}/v1/traces")
        self._provider.add_span_processor(BatchSpanProcessor(exporter))
        self.tracer = self._provider.get_tracer("opsroom", __version__)

    @contextmanager
    def of_job(self, job_type: str, job_id: UUID) -> Iterator[None]:
        facts = {"opsroom.job_id": str(job_id), "opsroom.job_type": job_type}
        with self.tracer.start_as_current_span(f"job {job_type}", kind=SpanKind.CONSUMER, attributes=facts):
            yield

    def close(self) -> None:
        """Send what is left."""
        self._provider.shutdown()


class Traced:
    """Outermost middleware: a span for each request, continuing the caller's trace."""

    def __init__(self, app: ASGIApp, telemetry: Telemetry) -> None:
        self.app = app
        self.telemetry = telemetry

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        caller = extract({name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]})
        start = self.telemetry.tracer.start_as_current_span
        with start(scope["method"], context=caller, kind=SpanKind.SERVER) as span:

            async def send_and_tell(message: Message) -> None:
                if message["type"] == "http.response.start":
                    _tell(span, scope, message["status"])
                await send(message)

            await self.app(scope, receive, send_and_tell)


def _tell(span: Span, scope: Scope, status: int) -> None:
    route = getattr(scope.get("route"), "path", "unmatched")
    span.update_name(f"{scope['method']} {route}")
    span.set_attributes({
        "http.request.method": scope["method"],
        "http.route": route,
        "http.response.status_code": status,
        "opsroom.request_id": scope["state"]["request_id"],
    })  # fmt: skip
    if status >= 500:
        span.set_status(StatusCode.ERROR)
