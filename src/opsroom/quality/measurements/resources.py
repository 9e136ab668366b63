"""Measurements, declared."""

from contextlib import suppress
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from opsroom.core.actor import Actor
from opsroom.core.clock import now
from opsroom.core.db.origin import current_origin
from opsroom.core.errors import Conflict, Invalid, NotFound
from opsroom.core.resources.declaration import Resource
from opsroom.core.shapes import patch_of
from opsroom.quality.devices.models import Gauge
from opsroom.quality.inspections.models import Inspection
from opsroom.quality.kinds import InspectionStatus
from opsroom.quality.lots.models import Lot
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
    inspection_id = await _inspection_named(session, values["inspection_id"])
    limits = await limits_of(session, inspection_id, values["characteristic"])
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
        "inspection_id": inspection_id,
        "gauge_id": gauge.id,
        "measured_at": measured_at,
        "operator_id": actor.user_id,
        "operator": actor.name,
        "within_limits": limits.passes(values["value"]),
    }


async def _inspection_named(session: AsyncSession, named: str) -> UUID:
    """By its id; or by the number of a lot, which has to have one inspection under way."""
    with suppress(ValueError):
        return UUID(named)
    lot_id = await id_of(session, Lot.lot_number, named, field="inspection_id")
    begun = (Inspection.lot_id == lot_id, Inspection.status == InspectionStatus.IN_PROGRESS)
    found = (await session.scalars(select(Inspection.id).where(*begun).limit(2))).all()
    if len(found) != 1:
        count = "more than one inspection" if found else "no inspection"
        raise Conflict(f"The lot {named} has {count} under way; name one by its id.", field="inspection_id")
    return found[0]


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
