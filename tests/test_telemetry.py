"""Traces reach a collector, which here is a small HTTP server."""

import asyncio
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from uuid import UUID

import httpx
import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from sqlalchemy import select
from tests.conftest import sign_in

from opsroom.core.auth.models import Role
from opsroom.core.db.engine import Database
from opsroom.core.errors import WrongSetting
from opsroom.core.jobs.models import Job, JobStatus
from opsroom.core.parts import NoPayload
from opsroom.main import create_app
from opsroom.settings import Settings

TRACE = "0af7651916cd43dd8448eb211c80319c"


@dataclass
class Collector:
    url: str = ""
    bodies: list[bytes] = field(default_factory=list)

    def spans(self, name: str) -> list[Any]:
        asked = [ExportTraceServiceRequest.FromString(body) for body in self.bodies]
        scopes = (scope for each in asked for resource in each.resource_spans for scope in resource.scope_spans)
        return [span for scope in scopes for span in scope.spans if span.name == name]


@pytest.fixture
def collector() -> Iterator[Collector]:
    found = Collector()

    class Taking(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            assert self.path == "/v1/traces"
            found.bodies.append(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_words: Any) -> None:
            """Silence."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Taking)
    thread = Thread(target=server.serve_forever)
    thread.start()
    found.url = f"http://127.0.0.1:{server.server_port}"
    yield found
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_requests_and_jobs_are_told_to_the_collector(settings: Settings, collector: Collector) -> None:
    app = create_app(Settings.model_validate({**settings.model_dump(), "otlp_url": collector.url}))
    async with app.router.lifespan_context(app):
        token = await sign_in(app, Role.ADMIN, "admin")
        transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
        headers = {"Authorization": f"Bearer {token}", "traceparent": f"00-{TRACE}-b7ad6b7169203331-01"}
        async with httpx.AsyncClient(transport=transport, base_url="http://opsroom.test", headers=headers) as client:
            assert (await client.get("/api/v1/stores/absent")).status_code == 404
        async with app.state.database.transaction() as session:
            job = await app.state.queue.add(session, "audit.seal", NoPayload())
        await ended(app.state.database, job.id)
    (request,) = collector.spans("GET /api/v1/stores/{store_id}")
    assert request.trace_id.hex() == TRACE
    facts = facts_of(request)
    assert facts["http.response.status_code"].int_value == 404
    assert facts["opsroom.request_id"].string_value
    jobs = [facts_of(span)["opsroom.job_id"].string_value for span in collector.spans("job audit.seal")]
    assert str(job.id) in jobs, "beside the one that comes by itself"


def facts_of(span: Any) -> dict[str, Any]:
    return {each.key: each.value for each in span.attributes}


async def ended(database: Database, job_id: UUID) -> None:
    async with asyncio.timeout(60):
        while True:
            async with database.reading() as connection:
                if await connection.scalar(select(Job.status).where(Job.id == job_id)) is JobStatus.SUCCEEDED:
                    return
            await asyncio.sleep(0.02)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_without_the_extra_the_setting_is_refused_by_name(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "opsroom.telemetry", None)
    with pytest.raises(WrongSetting, match=r"OPSROOM_OTLP_URL: install opsroom\[telemetry\]"):
        create_app(Settings.model_validate({**settings.model_dump(), "otlp_url": "http://127.0.0.1:4318"}))
