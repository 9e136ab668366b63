"""The statements by which jobs are asked for, claimed, kept and ended. Each runs alike on both engines."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Delete, Insert, Select, Update, delete, func, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from opsroom.core.clock import now
from opsroom.core.jobs.models import UNFINISHED, Job, JobStatus, Worker


async def moment(session: AsyncSession) -> datetime:
    """The present by the clock that leases are measured with, read when the transaction may already write.

    On PostgreSQL it is the server's, the same for workers on many machines. On SQLite the wait for
    the writer's turn can be long; an instant read before it would be a lease half spent.
    """
    connection = await session.connection()
    if connection.dialect.name == "sqlite":
        return now()
    at: datetime = (await session.execute(select(func.clock_timestamp()))).scalar_one()
    return at


def claim(types: list[str], worker: str, at: datetime, lease: timedelta, *, skip_locked: bool) -> Update:
    """Take the oldest job that is due, or whose worker has been silent for longer than its lease.

    On PostgreSQL rows that another worker is claiming or saving are skipped; SQLite has one writer,
    so the conditional update alone decides.
    """
    due: Select[UUID] = (
        select(Job.id)
        .where(
            Job.type.in_(types),
            Job.status.in_(UNFINISHED),
            or_(Job.run_at <= at, Job.cancel_requested),  # a cancelled one need not wait for its next attempt
            or_(Job.status == JobStatus.QUEUED, Job.lease_until < at),
        )
        .order_by(Job.run_at, Job.id)
        .limit(1)
    )
    if skip_locked:
        due = due.with_for_update(skip_locked=True)
    return (
        update(Job)
        .where(Job.id == due.scalar_subquery())
        .values(
            status=JobStatus.RUNNING,
            attempt=Job.attempt + 1,
            fence=Job.fence + 1,
            worker=worker,
            lease_until=at + lease,
            progress=0.0,
            message=None,
            started_at=at,
            updated_at=at,
            version=Job.version + 1,
        )
        .returning(
            Job.id, Job.type, Job.payload, Job.attempt, Job.max_attempts, Job.fence,
            Job.cancel_requested, Job.requested_by, Job.user_id, Job.request_id,
        )
        .execution_options(synchronize_session=False)
    )  # fmt: skip


def held(job_id: UUID, fence: int) -> Update:
    """An update of a job that changes nothing unless this claim is still the latest."""
    return (
        update(Job)
        .where(Job.id == job_id, Job.fence == fence, Job.status == JobStatus.RUNNING)
        .execution_options(synchronize_session=False)
    )


def renew(job_id: UUID, fence: int, at: datetime, lease: timedelta, progress: float, message: str) -> Update:
    """Prolong the lease, write the progress, and learn whether somebody asked to cancel."""
    values: dict[str, Any] = {"lease_until": at + lease, "version": Job.version + 1, "updated_at": at}
    return (
        held(job_id, fence)
        .values(values | {"progress": progress, "message": message[:400] or None})
        .returning(Job.cancel_requested)
    )


def excuse_silence(began: datetime, at: datetime, grace: timedelta) -> Update:
    """Give leases that ran out between two instants a little longer.

    On SQLite a long save keeps every other writer out, heartbeats too: a worker that could not
    speak is not dead.
    """
    return (
        update(Job)
        .where(Job.status == JobStatus.RUNNING, Job.lease_until.between(began, at))
        .values(lease_until=at + grace, version=Job.version + 1, updated_at=at)
        .execution_options(synchronize_session=False)
    )


async def worker_heartbeat(connection: AsyncConnection) -> datetime | None:
    """When any worker last gave a sign of life."""
    found: datetime | None = await connection.scalar(select(func.max(Worker.seen_at)))
    return found


async def heartbeat_of_host(connection: AsyncConnection, host: str) -> datetime | None:
    """When a worker of this host last gave one."""
    query = select(func.max(Worker.seen_at)).where(Worker.name.startswith(f"{host}:", autoescape=True))
    found: datetime | None = await connection.scalar(query)
    return found


def forget_workers(name: str, silent_since: datetime) -> Delete:
    """Remove a worker, and those that have been silent for so long that they will not come back."""
    return delete(Worker).where(or_(Worker.name == name, Worker.seen_at < silent_since))


def worker_row(name: str, at: datetime) -> Insert:
    return insert(Worker).values(name=name, started_at=at, seen_at=at)


def worker_seen(name: str, at: datetime) -> Update:
    return update(Worker).where(Worker.name == name).values(seen_at=at)


def running_workers(host: str) -> Select[str | None]:
    """Workers of a host that jobs are marked as running on."""
    return select(Job.worker).where(Job.status == JobStatus.RUNNING, Job.worker.startswith(f"{host}:")).distinct()


def release(workers: list[str], at: datetime) -> Update:
    """End the leases of workers known to be dead."""
    return (
        update(Job)
        .where(Job.status == JobStatus.RUNNING, Job.worker.in_(workers))
        .values(lease_until=at - timedelta(microseconds=1), version=Job.version + 1, updated_at=at)
        .execution_options(synchronize_session=False)
    )
