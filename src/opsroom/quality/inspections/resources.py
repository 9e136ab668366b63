"""Inspections and sampling plans, declared."""

from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from opsroom.core.actor import Actor
from opsroom.core.clock import now
from opsroom.core.errors import Conflict, Invalid
from opsroom.core.resources.declaration import Resource
from opsroom.core.resources.presentation import Presentation
from opsroom.core.shapes import patch_of
from opsroom.quality.devices.models import Station
from opsroom.quality.inspections.models import Inspection, SamplingPlan
from opsroom.quality.inspections.schemas import InspectionChange, InspectionCreate, InspectionRead, SamplingPlanRead
from opsroom.quality.kinds import LotStatus
from opsroom.quality.lots.models import Lot
from opsroom.quality.naming import id_of
from opsroom.quality.parts.models import Part, PartRevision


async def _prepare(
    session: AsyncSession, _actor: Actor, values: dict[str, Any], inspection_id: UUID | None
) -> dict[str, Any]:
    if inspection_id is not None:
        return values
    lot_id = await id_of(session, Lot.lot_number, values["lot_id"], field="lot_id")
    # Whoever decides on the lot holds this lock too: no inspection slips in behind a release.
    lot = await session.get_one(Lot, lot_id, with_for_update=True)
    if lot.status in {LotStatus.RELEASED, LotStatus.REJECTED}:
        raise Conflict(
            f"The lot {lot.lot_number} is {lot.status.value}; it takes no inspection.", code="lot_is_decided"
        )
    in_force = (
        select(PartRevision.id)
        .join(Part, (Part.id == PartRevision.part_id) & (Part.revision == PartRevision.revision))
        .where(Part.id == lot.part_id)
    )
    if values["station_id"] is not None:
        values = values | {"station_id": await _usable_station(session, values["station_id"])}
    await _check_replaced(session, lot_id, values["replaces_id"])
    return values | {"lot_id": lot_id, "part_revision_id": (await session.scalars(in_force)).one()}


async def _usable_station(session: AsyncSession, named: str) -> UUID:
    station = await session.get_one(Station, await id_of(session, Station.station_number, named, field="station_id"))
    if not station.active:
        raise Invalid(f"The station {station.station_number} is out of use.", field="station_id")
    if station.calibration_due is not None and station.calibration_due < now().date():
        raise Invalid(
            f"The station {station.station_number} was due for calibration on {station.calibration_due}; "
            "calibrate it first.",
            code="out_of_calibration",
            field="station_id",
        )
    return station.id


async def _check_replaced(session: AsyncSession, lot_id: UUID, replaces_id: UUID | None) -> None:
    if replaces_id is None:
        return
    replaced = await session.get(Inspection, replaces_id)
    if replaced is None or replaced.lot_id != lot_id:
        raise Invalid("replaces_id names no inspection of this lot.", field="replaces_id")


INSPECTIONS = Resource(
    model=Inspection,
    prefix="/api/v1/quality/inspections",
    tags=("quality",),
    read=InspectionRead,
    create=InspectionCreate,
    update=patch_of(InspectionChange),
    permission="quality.inspections",
    search=("inspector", "remarks"),
    presentation=Presentation(
        page="/console/quality/inspections/{id}",
        columns=("id", "type", "status", "result", "priority", "inspector", "completed_at"),
    ),
    prepare=_prepare,
)
SAMPLING_PLANS = Resource(
    model=SamplingPlan,
    prefix="/api/v1/quality/sampling-plans",
    tags=("quality",),
    read=SamplingPlanRead,
    permission="quality.inspections",
)
