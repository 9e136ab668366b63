"""Which severity the next lot of a part takes: the switching rules of ISO 2859-1 on what was found before."""

from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from opsroom.quality.conduct.counting import nonconforming_units
from opsroom.quality.inspections.models import Inspection, SamplingPlan
from opsroom.quality.kinds import InspectionResult, InspectionStatus, InspectionType
from opsroom.quality.lots.models import Lot
from opsroom.quality.spc.plans import Severity, acceptable_quality_limits, plan_for_code
from opsroom.quality.spc.switching import LotOutcome, SwitchingState, after_lot

FARTHEST_BACK = 100  # lots


@dataclass(frozen=True, slots=True)
class Standing:
    """severity: for the next lot; stopped: acceptance inspection ends until the supplier acts
    may_reduce: the score allows reduced inspection, which whoever is responsible has to agree to
    lots: that were looked at
    """

    severity: Severity
    stopped: bool
    may_reduce: bool
    score: int
    lots: int


async def standing(session: AsyncSession, part_id: UUID, kind: InspectionType, level: str, aql: float) -> Standing:
    """Of lots that were inspected by the same level and limit, in the order of production; re-inspections do not count.

    What a person chose counts as the severity that was in force: the rules go on from there.
    """
    produced = func.coalesce(Lot.produced_at, Lot.created_at)
    query = (
        select(Inspection.id, Inspection.result, SamplingPlan)
        .join(SamplingPlan, SamplingPlan.inspection_id == Inspection.id)
        .join(Lot, Lot.id == Inspection.lot_id)
        .where(
            Lot.part_id == part_id,
            Inspection.type == kind,
            Inspection.status == InspectionStatus.COMPLETED,
            Inspection.replaces_id.is_(None),
            SamplingPlan.level == level,
            SamplingPlan.aql == aql,
        )
        .order_by(produced.desc(), Inspection.completed_at.desc(), Inspection.id.desc())
        .limit(FARTHEST_BACK)
    )
    rows = (await session.execute(query)).all()[::-1]
    state, may_reduce = SwitchingState(), False
    for row in rows:
        if row.SamplingPlan.severity != state.severity or state.stopped:
            state = SwitchingState(severity=row.SamplingPlan.severity)
        after = after_lot(state, await _outcome(session, row))
        may_reduce = state.severity == "normal" and after.severity == "reduced"
        state = replace(state, recent=after.recent, score=state.score) if may_reduce else after
    return Standing(state.severity, state.stopped, may_reduce, state.score, len(rows))


async def _outcome(session: AsyncSession, row: Any) -> LotOutcome:
    plan: SamplingPlan = row.SamplingPlan
    accepted = row.result is InspectionResult.ACCEPTED
    if plan.ac < 2 and plan.severity != "reduced":
        return LotOutcome(accepted, plan.ac)
    found = await nonconforming_units(session, row.id)
    return LotOutcome(
        accepted,
        plan.ac,
        accepted_one_step_tighter=found <= _one_step_tighter(plan),
        between_numbers=plan.ac < found < plan.re,
    )


def _one_step_tighter(plan: SamplingPlan) -> int:
    """The acceptance number at the next smaller limit; less than nothing where there is none."""
    smaller = [limit for limit in acceptable_quality_limits() if limit < plan.aql * 0.999]
    return plan_for_code(plan.code, smaller[-1], plan.severity).ac if smaller else -1
