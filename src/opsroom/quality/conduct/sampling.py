"""Drawing a sampling plan for an inspection, and judging by it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from opsroom.core.errors import Conflict, Invalid
from opsroom.quality.conduct.counting import nonconforming_units
from opsroom.quality.conduct.switching import standing
from opsroom.quality.inspections.models import Inspection, SamplingPlan
from opsroom.quality.kinds import InspectionResult
from opsroom.quality.lots.models import Lot
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
    session: AsyncSession, inspection: Inspection, level: str, aql: float, severity: str | None
) -> SamplingPlan:
    """Keep the plan with the inspection, and its sample size (never more than the lot). Without a severity the
    switching rules say which.

    Raises:
        Conflict: it has one; or the rules say that inspection stops.
        Invalid: there is no such level, limit or severity.
    """
    present = select(SamplingPlan.id).where(SamplingPlan.inspection_id == inspection.id)
    if await session.scalar(present):
        raise Conflict("The inspection has its plan already; a plan is kept as it was drawn.", code="plan_kept")
    lot = await session.get_one(Lot, inspection.lot_id)
    level = _written(level)
    if severity is None:
        now = await standing(session, lot.part_id, inspection.type, level, aql)
        if now.stopped:
            raise Conflict(
                "Five lots were not accepted on tightened inspection: inspection stops until the supplier has acted. "
                "Name a severity to go on.",
                code="inspection_stopped",
            )
        severity = now.severity
    with usable("aql"):
        plan = sampling_plan(lot.quantity, level, aql, severity)
    drawn = SamplingPlan(
        inspection_id=inspection.id,
        lot_size=lot.quantity,
        level=level,
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
    count = await nonconforming_units(session, inspection.id)
    plan = await session.scalar(select(SamplingPlan).where(SamplingPlan.inspection_id == inspection.id))
    if plan is None:
        accepted = count == 0
        why = f"{count} nonconforming units, and no sampling plan allows any"
    else:
        # Between the numbers of reduced inspection the lot is accepted, and normal inspection comes back.
        accepted = count < plan.re
        why = f"{count} nonconforming units; the plan accepts up to {plan.re - 1} and rejects from {plan.re}"
    return Judgement(count, InspectionResult.ACCEPTED if accepted else InspectionResult.REJECTED, why)


def _written(level: str) -> str:
    name = level.upper()
    return name if "-" in name or not name.startswith("S") else f"S-{name[1:]}"
