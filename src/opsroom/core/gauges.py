"""Gauges: figures that are read from the database whenever Prometheus asks, the same whichever process answers."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import structlog
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client import Gauge as Family
from sqlalchemy import Select, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from opsroom.core.audit.check import gaps
from opsroom.core.audit.models import AuditTransaction
from opsroom.core.audit.sealed.models import AuditCheckpoint
from opsroom.core.clock import now
from opsroom.core.db.base import Base
from opsroom.core.db.engine import Database
from opsroom.core.jobs.models import UNFINISHED, Job, JobStatus, Worker
from opsroom.core.metrics import Gauge

SILENT = timedelta(minutes=2)  # four times the default lease: who says nothing for longer is gone
DAY = timedelta(days=1)


async def read_gauges(database: Database, gauges: Sequence[Gauge]) -> bytes:
    """In Prometheus' text format. A database that does not answer is a figure, not an error."""
    registry = CollectorRegistry()
    _of_pools(registry, {"write": database.writer, "read": database.reader})
    up = Family("opsroom_database_up", "1 when the database answers", registry=registry)
    try:
        async with database.reading() as connection:
            for gauge in gauges:
                await _of_query(registry, connection, gauge)
            missing = await connection.run_sync(gaps, Base.metadata)
        Family("opsroom_audit_gaps", "Tables whose changes are not recorded", registry=registry).set(len(missing))
        up.set(1)
    except Exception as error:  # noqa: BLE001  whatever keeps the database from answering is the answer
        structlog.get_logger("opsroom.health").warning("gauges not read", error=repr(error))
    return generate_latest(registry)


def _of_pools(registry: CollectorRegistry, engines: dict[str, AsyncEngine]) -> None:
    labels = ("pool", "state")
    family = Family("opsroom_pool_connections", "Connections of this process", labels, registry=registry)
    for name, engine in engines.items():
        pool: Any = engine.pool
        family.labels(name, "in_use").set(pool.checkedout())
        family.labels(name, "limit").set(pool.size() + pool._max_overflow)  # noqa: SLF001  has no public name


async def _of_query(registry: CollectorRegistry, connection: AsyncConnection, gauge: Gauge) -> None:
    family = Family(gauge.name, gauge.what, gauge.labels, registry=registry)
    at = now()
    for *labels, found in await connection.execute(gauge.query(at)):
        value = max((at - found).total_seconds(), 0) if isinstance(found, datetime) else found or 0
        (family.labels(*labels) if labels else family).set(value)


def _unfinished(_at: datetime) -> Select[*tuple[Any, ...]]:
    return select(Job.type, Job.status, func.count()).where(Job.status.in_(UNFINISHED)).group_by(Job.type, Job.status)


def _due_since(at: datetime) -> Select[*tuple[Any, ...]]:
    return select(func.min(Job.run_at)).where(Job.status == JobStatus.QUEUED, Job.run_at <= at)


def _failed(at: datetime) -> Select[*tuple[Any, ...]]:
    """Keys begin with the millisecond they were drawn in, so that those of a day are a range of the primary key."""
    drawn_since = UUID(int=int((at - DAY).timestamp() * 1000) << 80)
    query = select(Job.type, func.count()).where(Job.id >= drawn_since, Job.status == JobStatus.FAILED)
    return query.group_by(Job.type)


def _alive(at: datetime) -> Select[*tuple[Any, ...]]:
    return select(func.count()).where(Worker.seen_at > at - SILENT)


def _unsealed_since(_at: datetime) -> Select[*tuple[Any, ...]]:
    """Not by what is sealed: that is known of each entry only, and late ones lie between others."""
    sealed_at = select(func.max(AuditCheckpoint.at)).scalar_subquery()
    return select(func.min(AuditTransaction.at)).where(or_(sealed_at.is_(None), AuditTransaction.at > sealed_at))


GAUGES = (
    Gauge("opsroom_jobs_unfinished", "Jobs that wait or run", _unfinished, ("type", "status")),
    Gauge("opsroom_job_wait_seconds", "For how long the longest waiting job has been due", _due_since),
    Gauge("opsroom_jobs_failed", "Jobs asked for within a day that failed for good", _failed, ("type",)),
    Gauge("opsroom_workers", "Processes that run jobs and gave a sign of life within two minutes", _alive),
    Gauge("opsroom_audit_unsealed_seconds", "Age of the oldest change since the trail was sealed", _unsealed_since),
)
