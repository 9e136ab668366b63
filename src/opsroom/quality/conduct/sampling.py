"""Drawing a sampling plan for an inspection, and judging by it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from opsroom.core.errors import Conflict, Invalid
from opsroom.quality.findings.models import Defect
from opsroom.quality.inspections.models import Inspection, SamplingPlan
from opsroom.quality.kinds import InspectionResult, ReviewStatus
from opsroom.quality.lots.models import Lot
from opsroom.quality.measurements.models import Measurement
from opsroom.quality.spc.arrays import UnusableData
from opsroom.quality.spc.plans import sampling_plan


@contextmanager
def usable(field: str = "") -> Iterator[None]:
    """What the engine cannot use is the caller's to mend."""
    try:
        yield
    except UnusableData as refusal:
        sentence = str(refusal)
        raise Invalid(f"{sentence[:1].upper()}{sentence[1:]}.", code="unusable_data", field=field) from None


async def draw_plan(
    session: AsyncSession, inspection: Inspection, level: str, aql: float, severity: str
) -> SamplingPlan:
    """Keep the plan with the inspection, and its sample size (never more than the lot).

    Raises:
        Conflict: it has one.
        Invalid: there is no such level, limit or severity.
    """
    present = select(SamplingPlan.id).where(SamplingPlan.inspection_id == inspection.id)
    if await session.scalar(present):
        raise Conflict("The inspection has its plan already; a plan is kept as it was drawn.", code="plan_kept")
    lot = await session.get_one(Lot, inspection.lot_id)
    with usable("aql"):
        plan = sampling_plan(lot.quantity, level, aql, severity)
    drawn = SamplingPlan(
        inspection_id=inspection.id,
        lot_size=lot.quantity,
        level=_written(level),
        aql=aql,
        severity=plan.severity,
        code=plan.code,
        plan_code=plan.plan_code,
        n=plan.n,
        ac=plan.ac,
        re=plan.re,
    )
    inspection.sample_size = min(plan.n, lot.quantity)
    session.add(drawn)
    await session.flush()
    return drawn


@dataclass(frozen=True, slots=True)
class Judgement:
    """nonconforming: units with a confirmed finding or a value outside its limits; findings that name no unit count
    as one unit each. `result` is by the plan, or without one accepted where nothing is nonconforming.
    """

    nonconforming: int
    result: InspectionResult
    why: str


async def judge(session: AsyncSession, inspection: Inspection) -> Judgement:
    count = await _nonconforming(session, inspection.id)
    plan = await session.scalar(select(SamplingPlan).where(SamplingPlan.inspection_id == inspection.id))
    if plan is None:
        accepted = count == 0
        why = f"{count} nonconforming units, and no sampling plan allows any"
    else:
        # Between the numbers of reduced inspection the lot is accepted, and normal inspection comes back.
        accepted = count < plan.re
        why = f"{count} nonconforming units; the plan accepts up to {plan.re - 1} and rejects from {plan.re}"
    return Judgement(count, InspectionResult.ACCEPTED if accepted else InspectionResult.REJECTED, why)


async def _nonconforming(session: AsyncSession, inspection_id: UUID) -> int:
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


def _written(level: str) -> str:
    name = level.upper()
    return name if "-" in name or not name.startswith("S") else f"S-{name[1:]}"
