"""`/console/quality/inspections/{id}`: what was seen and measured, with findings drawn over the images."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Request, Response
from fastapi.responses import StreamingResponse
from sqlalchemy import Row, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from opsroom.core.actor import Actor
from opsroom.core.auth.guards import allow
from opsroom.core.console.live import stream
from opsroom.core.console.render import html, render, see_other
from opsroom.core.db.session import Reading, TheDatabase
from opsroom.core.errors import NotFound
from opsroom.core.jobs.queue import TheQueue
from opsroom.quality.findings.models import Defect
from opsroom.quality.images.models import InspectionImage
from opsroom.quality.inference.api import TheCatalogue, have_it_looked_at
from opsroom.quality.inference.models import InferenceJob
from opsroom.quality.inference.schemas import InferAsked
from opsroom.quality.inspections.models import Inspection, SamplingPlan
from opsroom.quality.kinds import InferenceStatus, InspectionStatus
from opsroom.quality.lots.models import Lot
from opsroom.quality.measurements.models import Measurement
from opsroom.quality.parts.models import PartRevision

router = APIRouter(prefix="/console/quality/inspections", include_in_schema=False)

SHOWN = 500


@router.get("/{inspection_id}", name="console_quality_inspection", dependencies=[allow("quality.inspections.read")])
async def inspection_page(inspection_id: UUID, request: Request, connection: Reading) -> Response:
    async with AsyncSession(connection) as session:
        inspection = await session.get(Inspection, inspection_id)
        if inspection is None:
            raise NotFound(f"There is no inspection {inspection_id}.")
        lot = await session.get_one(Lot, inspection.lot_id)
        revision = await session.get_one(PartRevision, inspection.part_revision_id)
        plan = await session.scalar(select(SamplingPlan).where(SamplingPlan.inspection_id == inspection_id))
        session.expunge_all()
    looks = await _looks(connection, inspection_id)
    return render(
        request,
        "quality/inspection.html",
        inspection=inspection,
        lot=lot,
        revision=revision,
        plan=plan,
        takes_images=inspection.status in {InspectionStatus.PENDING, InspectionStatus.IN_PROGRESS},
        **_values(looks),
        measurements=sorted(
            await _all(connection, Measurement, inspection_id), key=lambda each: (each.characteristic, each.unit_number)
        ),
    )


@router.get(
    "/{inspection_id}/live", name="console_quality_inspection_live", dependencies=[allow("quality.inspections.read")]
)
async def inspection_live(inspection_id: UUID, request: Request) -> StreamingResponse:
    """Images and findings while a model looks at them."""
    return stream(
        request,
        partial(_looks, inspection_id=inspection_id),
        lambda looks: html(request, "quality/inspection_looks.html", **_values(looks)),
        lambda looks: not looks.unfinished,
    )


@router.post("/{inspection_id}/infer", name="console_quality_inspection_infer")
async def run_the_model(
    inspection_id: UUID,
    database: TheDatabase,
    queue: TheQueue,
    catalogue: TheCatalogue,
    actor: Annotated[Actor, allow("quality.inference_jobs.write")],
) -> Response:
    told = await have_it_looked_at(database, queue, catalogue, actor, inspection_id, InferAsked(model=None))
    toast = "The model is looking at the images." if told.job_ids else "The model has looked at every image."
    return see_other(f"/console/quality/inspections/{inspection_id}", toast=toast)


@dataclass(frozen=True)
class Looks:
    """Images, what was found on them, and the runs of models over them. Equal when the page would look the same."""

    findings: Sequence[Any]
    images: Sequence[Any]
    runs: Sequence[Row[*tuple[Any, ...]]]
    inspection_id: UUID

    @property
    def unfinished(self) -> int:
        return sum(run.status in {InferenceStatus.QUEUED, InferenceStatus.RUNNING} for run in self.runs)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Looks) and self._seen() == other._seen()

    __hash__ = None  # type: ignore[assignment]  # compared, never kept in a set

    def _seen(self) -> object:
        return [(each.id, each.version) for each in [*self.findings, *self.images]], list(self.runs)


async def _looks(connection: AsyncConnection, inspection_id: UUID) -> Looks:
    findings = await _all(connection, Defect, inspection_id)
    images = await _all(connection, InspectionImage, inspection_id)
    columns = (
        InferenceJob.id, InferenceJob.status, InferenceJob.model_name, InferenceJob.model_version,
        InferenceJob.model_sha256, InferenceJob.server, InferenceJob.input_artifact_id, InferenceJob.compute_ms,
        InferenceJob.error, InferenceJob.attempts, InferenceJob.job_id,
    )  # fmt: skip
    query = select(*columns).where(InferenceJob.inspection_id == inspection_id).order_by(InferenceJob.id).limit(SHOWN)
    return Looks(findings, images, (await connection.execute(query)).all(), inspection_id)


def _values(looks: Looks) -> dict[str, Any]:
    finished = len(looks.runs) - looks.unfinished
    return {
        "inspection_id": looks.inspection_id,
        "findings": looks.findings,
        "pictures": [
            (image, [each for each in looks.findings if each.image_artifact_id == image.artifact_id])
            for image in looks.images
        ],
        "runs": looks.runs,
        "models": {run.model_sha256: run for run in looks.runs},
        "failed": [run for run in looks.runs if run.error is not None],
        "units": {image.artifact_id: image.unit_number for image in looks.images},
        "unfinished": looks.unfinished,
        "done": finished / len(looks.runs) if looks.runs else None,
    }


async def _all(connection: AsyncConnection, model: Any, inspection_id: UUID) -> Sequence[Any]:
    async with AsyncSession(connection) as session:
        query = select(model).where(model.inspection_id == inspection_id).order_by(model.id).limit(SHOWN)
        found = (await session.scalars(query)).all()
        session.expunge_all()
    return found
