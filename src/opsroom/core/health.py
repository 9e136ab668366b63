"""Is it alive, is it ready, and what is wrong: answers for load balancers and for people."""

import time
from typing import Annotated, Any

import structlog
from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import PlainTextResponse
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from opsroom.core.audit.check import gaps
from opsroom.core.audit.sealed.sealing import latest_checkpoint
from opsroom.core.auth.guards import PUBLIC, AllowUnseen, allow
from opsroom.core.db.base import Base
from opsroom.core.db.engine import Database
from opsroom.core.db.session import TheDatabase
from opsroom.core.gauges import read_gauges
from opsroom.core.jobs.queries import worker_heartbeat
from opsroom.core.metrics import Metrics

router = APIRouter(tags=["health"])
unseen = Depends(AllowUnseen(PUBLIC), scope="function")


async def metrics_of(request: Request) -> Metrics:
    metrics: Metrics = request.app.state.metrics
    return metrics


@router.get("/livez", dependencies=[unseen])
async def livez() -> dict[str, str]:
    """The process answers."""
    return {"status": "ok"}


@router.get("/readyz", dependencies=[unseen])
async def readyz(database: TheDatabase, response: Response) -> dict[str, str]:
    """The process can serve: the database answers."""
    return await _short(database, response)


@router.get("/healthz", dependencies=[unseen])
async def healthz(database: TheDatabase, response: Response) -> dict[str, str]:
    """As existing clients of the uptime service ask."""
    return await _short(database, response)


@router.get("/api/health", dependencies=[allow("health.read")])
async def health(request: Request, database: TheDatabase, response: Response) -> dict[str, Any]:
    """Database latency, schema revision, pool, the latest sign of life of a worker, what the trail misses, and how
    far it is sealed.
    """
    started = time.perf_counter()
    short = await _short(database, response)
    latency = round((time.perf_counter() - started) * 1000, 2)
    if short["database"] != "ok":
        return {**short, "latency_ms": None}
    async with database.reading() as connection:
        revisions = {table: await _revision(connection, table) for table in request.app.state.schema_heads}
        heartbeat = await worker_heartbeat(connection)
        unrecorded = await connection.run_sync(gaps, Base.metadata)
        sealed = await latest_checkpoint(connection)
    return {
        **short,
        "status": "degraded" if unrecorded else short["status"],
        "latency_ms": latency,
        "schema_revision": revisions["alembic_version"],
        "schema_current": revisions == request.app.state.schema_heads,
        "pool": database.writer.pool.status(),
        "worker_heartbeat": heartbeat,
        "audit_gaps": unrecorded,
        "audit_sealed": None if sealed is None else {"entries": sealed.size, "at": sealed.at},
        "version": request.app.version,
    }


@router.get("/metrics", dependencies=[allow("metrics.read")], response_class=PlainTextResponse)
async def read_metrics(
    request: Request, metrics: Annotated[Metrics, Depends(metrics_of)], database: TheDatabase
) -> Response:
    """What this process has counted, and the gauges, which are the same from every process."""
    figures = await read_gauges(database, request.app.state.gauges)
    return Response(metrics.text() + figures, media_type="text/plain; version=0.0.4; charset=utf-8")


async def _revision(connection: AsyncConnection, version_table: str) -> str | None:
    found: str | None = await connection.scalar(text(f"SELECT version_num FROM {version_table}"))  # noqa: S608  a name of ours
    return found


async def _short(database: Database, response: Response) -> dict[str, str]:
    try:
        async with database.reading() as connection:
            await connection.execute(text("SELECT 1"))
    except Exception as error:  # noqa: BLE001  whatever keeps the database from answering is the answer
        structlog.get_logger("opsroom.health").warning("database does not answer", error=repr(error))
        response.status_code = 503
        return {"status": "error", "database": "unavailable"}
    return {"status": "ok", "database": "ok"}
