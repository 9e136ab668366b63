"""Asking for a model to look at images: a run for each, and jobs that carry them out a batch at a time."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from pydantic import BaseModel
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from opsroom.core.actor import Actor
from opsroom.core.errors import Conflict, NotFound
from opsroom.core.jobs.queue import JobQueue
from opsroom.core.storage.models import Artifact
from opsroom.quality.images.models import InspectionImage
from opsroom.quality.inference.backends.backend import IN_PROCESS
from opsroom.quality.inference.models import InferenceJob
from opsroom.quality.inspections.models import Inspection
from opsroom.quality.kinds import InferenceStatus, InspectionStatus
from opsroom.quality.vision.runtime import Model

JOB = "quality.infer"
STANDING = (InferenceStatus.QUEUED, InferenceStatus.RUNNING, InferenceStatus.SUCCEEDED)


class InferPayload(BaseModel):
    """The runs themselves are rows that name their job."""

    model_sha256: str


@dataclass(frozen=True, slots=True)
class Wish:
    """artifact_id: one image; without it all of the inspection

    threshold: findings below it are left out; without it the model's own
    """

    model: Model
    artifact_id: UUID | None = None
    threshold: float | None = None
    priority: int = 5


async def ask(
    session: AsyncSession, queue: JobQueue, actor: Actor, inspection_id: UUID, wish: Wish
) -> list[InferenceJob]:
    """The runs of this model over the images, in their order. One that waits, runs or succeeded is not asked again.

    Raises:
        NotFound, Conflict: there is no such inspection or image, the inspection has ended, or it has no image.
    """
    await _open_inspection(session, inspection_id)
    images = await _images(session, inspection_id, wish.artifact_id)
    standing = await _standing(session, inspection_id, wish.model.sha256)
    new = [image for image in images if image.id not in standing]
    batch = wish.model.contract.max_batch
    parts = [new[start : start + batch] for start in range(0, len(new), batch)]
    payload = InferPayload(model_sha256=wish.model.sha256)
    job_ids = await queue.add_many(session, JOB, [payload] * len(parts), actor=actor)
    for job_id, part in zip(job_ids, parts, strict=True):
        for image in part:
            standing[image.id] = new_run((image.id, image.sha256), job_id, inspection_id, actor, wish)
            session.add(standing[image.id])
    await session.flush()
    return [standing[image.id] for image in images]


def new_run(image: tuple[UUID, str], job_id: UUID, inspection_id: UUID, actor: Actor, wish: Wish) -> InferenceJob:
    """image: id and hash of the artifact"""
    contract = wish.model.contract
    return InferenceJob(
        inspection_id=inspection_id,
        model_name=contract.name,
        model_version=contract.version,
        model_sha256=wish.model.sha256,
        input_artifact_id=image[0],
        input_sha256=image[1],
        server=IN_PROCESS,
        priority=wish.priority,
        threshold=contract.threshold if wish.threshold is None else wish.threshold,
        job_id=job_id,
        requested_by=actor.name,
    )


async def _open_inspection(session: AsyncSession, inspection_id: UUID) -> None:
    """Locked, so that two who ask at once do not both get the same image looked at."""
    inspection = await session.get(Inspection, inspection_id, with_for_update=True, populate_existing=True)
    if inspection is None:
        raise NotFound(f"There is no inspection {inspection_id}.")
    if inspection.status not in {InspectionStatus.PENDING, InspectionStatus.IN_PROGRESS}:
        raise Conflict("An inspection that has ended takes no further findings.", code="inspection_ended")


async def _images(session: AsyncSession, inspection_id: UUID, artifact_id: UUID | None) -> Sequence[Artifact]:
    query = (
        select(Artifact)
        .join(InspectionImage, InspectionImage.artifact_id == Artifact.id)
        .where(InspectionImage.inspection_id == inspection_id)
        .order_by(InspectionImage.id)
    )
    if artifact_id is not None:
        query = query.where(Artifact.id == artifact_id)
    found = (await session.scalars(query)).all()
    if not found and artifact_id is not None:
        raise NotFound(f"The inspection has no image {artifact_id}; hand it in first.", field="artifact_id")
    if not found:
        raise Conflict("The inspection has no images yet; hand some in first.", code="no_images")
    return found


async def _standing(session: AsyncSession, inspection_id: UUID, model_sha256: str) -> dict[UUID, InferenceJob]:
    query = select(InferenceJob).where(
        InferenceJob.inspection_id == inspection_id,
        InferenceJob.model_sha256 == model_sha256,
        InferenceJob.status.in_(STANDING),
    )
    return {run.input_artifact_id: run for run in await session.scalars(query)}
