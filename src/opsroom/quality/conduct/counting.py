"""How many units of an inspection are nonconforming."""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from opsroom.quality.findings.models import Defect
from opsroom.quality.kinds import ReviewStatus
from opsroom.quality.measurements.models import Measurement


async def nonconforming_units(session: AsyncSession, inspection_id: UUID) -> int:
    """Units with a confirmed finding or a value outside its limits; findings that name no unit count as one each."""
    found = await session.execute(
        select(Defect.id, Defect.unit_number).where(
            Defect.inspection_id == inspection_id, Defect.review_status == ReviewStatus.CONFIRMED
        )
    )
    units: set[object] = {row.unit_number if row.unit_number is not None else row.id for row in found}
    outside = select(Measurement.unit_number).where(
        Measurement.inspection_id == inspection_id, ~Measurement.within_limits
    )
    return len(units | set(await session.scalars(outside)))
