"""Which runs a job carries out: its own, and others that wait for the same model."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncSession

from opsroom.core.jobs import queries
from opsroom.core.jobs.handler import Run
from opsroom.core.jobs.models import Job, JobStatus
from opsroom.quality.inference.models import InferenceJob
from opsroom.quality.kinds import InferenceStatus
from opsroom.quality.vision.runtime import Model

UNFINISHED = (InferenceStatus.QUEUED, InferenceStatus.RUNNING)


@dataclass(frozen=True, slots=True)
class Taken:
    """A run as the worker needs it. attempts: counts how often it was taken, this time included"""

    id: UUID
    attempts: int
    input_sha256: str
    threshold: float


async def take(session: AsyncSession, model: Model, run: Run, server: str) -> list[Taken]:
    """Mark runs as running under this job: its own, and up to the model's batch others that are due.

    What a job has taken from another is its own from then on, and is carried out again with it if its worker dies; the
    other job finds nothing left to do. After a failed attempt a job takes nothing from others.
    """
    own = select(InferenceJob.id).where(InferenceJob.job_id == run.job_id, InferenceJob.status.in_(UNFINISHED))
    chosen = list(await session.scalars(own.order_by(InferenceJob.id)))
    room = model.contract.max_batch - len(chosen)
    if chosen and room > 0 and run.attempt == 1:
        chosen += await _waiting_elsewhere(session, model.sha256, run.job_id, room)
    if not chosen:
        return []
    rows = await session.execute(
        update(InferenceJob)
        .where(InferenceJob.id.in_(chosen))
        .values(
            status=InferenceStatus.RUNNING,
            job_id=run.job_id,
            attempts=InferenceJob.attempts + 1,
            server=server,
            version=InferenceJob.version + 1,
            updated_at=await queries.moment(session),
        )
        .returning(InferenceJob.id, InferenceJob.attempts, InferenceJob.input_sha256, InferenceJob.threshold)
        .execution_options(synchronize_session=False)
    )
    return sorted((Taken(*row) for row in rows), key=lambda each: each.id)


async def _waiting_elsewhere(session: AsyncSession, sha256: str, job_id: UUID, room: int) -> Sequence[UUID]:
    query = (
        select(InferenceJob.id)
        .join(Job, Job.id == InferenceJob.job_id)
        .where(
            InferenceJob.model_sha256 == sha256,
            InferenceJob.status == InferenceStatus.QUEUED,
            InferenceJob.job_id != job_id,
            Job.status == JobStatus.QUEUED,
            Job.run_at <= await queries.moment(session),
        )
        .order_by(InferenceJob.priority, InferenceJob.created_at, InferenceJob.id)
        .limit(room)
        .with_for_update(of=InferenceJob, skip_locked=True)
    )
    return (await session.scalars(query)).all()


async def give_back(session: AsyncSession, taken: Sequence[Taken], error: str) -> None:
    """Runs of an attempt that is made again later wait once more, with what went wrong.

    A worker that was only slow gives nothing back: who took over its job has counted another attempt.
    """
    as_taken = tuple_(InferenceJob.id, InferenceJob.attempts).in_([(each.id, each.attempts) for each in taken])
    await session.execute(
        update(InferenceJob)
        .where(as_taken, InferenceJob.status == InferenceStatus.RUNNING)
        .values(
            status=InferenceStatus.QUEUED,
            error=error,
            version=InferenceJob.version + 1,
            updated_at=await queries.moment(session),
        )
        .execution_options(synchronize_session=False)
    )
