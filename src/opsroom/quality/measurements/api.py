"""`/api/v1/quality/measurements/{id}/confirm`."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter

from opsroom.core.actor import Actor
from opsroom.core.auth.guards import allow
from opsroom.core.db.session import Unit
from opsroom.quality.measurements.confirming import confirm_value
from opsroom.quality.measurements.schemas import MeasurementRead

router = APIRouter(prefix="/api/v1/quality/measurements", tags=["quality"])


@router.post("/{measurement_id}/confirm")
async def confirm_measurement(
    measurement_id: UUID, actor: Annotated[Actor, allow("quality.measurements.write")], session: Unit
) -> MeasurementRead:
    """Confirm, as a second person, a typed-in value outside its limits."""
    return MeasurementRead.model_validate(await confirm_value(session, actor, measurement_id), from_attributes=True)
