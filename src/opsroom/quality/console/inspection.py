"""`/console/quality/inspections/{id}`: what was seen and measured, with findings drawn over the images."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request, Response
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from opsroom.core.auth.guards import allow
from opsroom.core.console.render import render
from opsroom.core.db.session import Reading
from opsroom.core.errors import NotFound
from opsroom.quality.findings.models import Defect
from opsroom.quality.images.models import InspectionImage
from opsroom.quality.inspections.models import Inspection, SamplingPlan
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
    findings = await _all(connection, Defect, inspection_id)
    images = await _all(connection, InspectionImage, inspection_id)
    return render(
        request,
        "quality/inspection.html",
        inspection=inspection,
        lot=lot,
        revision=revision,
        plan=plan,
        findings=findings,
        pictures=[(image, [f for f in findings if f.image_artifact_id == image.artifact_id]) for image in images],
        measurements=sorted(
            await _all(connection, Measurement, inspection_id), key=lambda each: (each.characteristic, each.unit_number)
        ),
    )


async def _all(connection: AsyncConnection, model: Any, inspection_id: UUID) -> Sequence[Any]:
    async with AsyncSession(connection) as session:
        query = select(model).where(model.inspection_id == inspection_id).order_by(model.id).limit(SHOWN)
        found = (await session.scalars(query)).all()
        session.expunge_all()
    return found
