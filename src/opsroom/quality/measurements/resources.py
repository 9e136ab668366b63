"""Measurements, declared."""

from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from opsroom.core.actor import Actor
from opsroom.core.clock import now
from opsroom.core.db.origin import current_origin
from opsroom.core.errors import Invalid, NotFound
from opsroom.core.resources.declaration import Resource
from opsroom.core.shapes import patch_of
from opsroom.quality.devices.models import Gauge
from opsroom.quality.inspections.models import Inspection
from opsroom.quality.measurements.models import Measurement
from opsroom.quality.measurements.schemas import MeasurementChange, MeasurementCreate, MeasurementRead
from opsroom.quality.naming import id_of
from opsroom.quality.parts.models import PartRevision
from opsroom.quality.parts.schemas import Limits


async def prepare_measurement(
    session: AsyncSession, actor: Actor, values: dict[str, Any], measurement_id: UUID | None
) -> dict[str, Any]:
    """Judge the value by the revision that its inspection uses; a correction keeps what was first entered."""
    if measurement_id is None:
        return await _entered(session, actor, values)
    if "value" not in values:
        return values
    if not current_origin().reason:
        raise Invalid("A correction needs a reason: send it in the header X-Reason.", code="reason_needed")
    found = await session.get_one(Measurement, measurement_id)
    limits = await limits_of(session, found.inspection_id, found.characteristic)
    first = found.value if found.original_value is None else found.original_value
    return values | {
        "original_value": first,
        "within_limits": limits.passes(values["value"]),
        "operator_id": actor.user_id,
        "operator": actor.name,
        "confirmed_by_id": None,
        "confirmed_by": None,
        "confirmed_at": None,
    }


async def limits_of(session: AsyncSession, inspection_id: UUID, characteristic: str) -> Limits:
    """
    Raises:
        NotFound: there is no such inspection.
        Invalid: the revision that it uses does not specify this characteristic.
    """
    inspection = await session.get(Inspection, inspection_id)
    if inspection is None:
        raise NotFound(f"There is no inspection {inspection_id}.", field="inspection_id")
    revision = await session.get_one(PartRevision, inspection.part_revision_id)
    if characteristic not in revision.specifications:
        named = ", ".join(sorted(revision.specifications)) or "none"
        raise Invalid(
            f"Revision {revision.revision} does not specify {characteristic}; it specifies {named}.",
            field="characteristic",
        )
    return Limits.model_validate(revision.specifications[characteristic])


async def _entered(session: AsyncSession, actor: Actor, values: dict[str, Any]) -> dict[str, Any]:
    limits = await limits_of(session, values["inspection_id"], values["characteristic"])
    measured_at = values["measured_at"] or now()
    if measured_at > now():
        raise Invalid("measured_at lies in the future.", field="measured_at")
    gauge = await session.get_one(Gauge, await id_of(session, Gauge.gauge_number, values["gauge_id"], field="gauge_id"))
    if not gauge.active or gauge.calibration_due < measured_at.date():
        why = f"was due for calibration on {gauge.calibration_due}" if gauge.active else "is out of use"
        raise Invalid(
            f"The gauge {gauge.gauge_number} {why}; take another one, or calibrate it first.",
            code="out_of_calibration",
            field="gauge_id",
        )
    return values | {
        "gauge_id": gauge.id,
        "measured_at": measured_at,
        "operator_id": actor.user_id,
        "operator": actor.name,
        "within_limits": limits.passes(values["value"]),
    }


MEASUREMENTS = Resource(
    model=Measurement,
    prefix="/api/v1/quality/measurements",
    tags=("quality",),
    read=MeasurementRead,
    create=MeasurementCreate,
    update=patch_of(MeasurementChange),
    permission="quality.measurements",
    search=("characteristic", "operator"),
    deletable=False,  # a wrong value is corrected, and both stay on record
    prepare=prepare_measurement,
)
