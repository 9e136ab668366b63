"""Carrying out an inspection: begin, complete, fail, cancel."""

from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from opsroom.core.actor import Actor
from opsroom.core.clock import now
from opsroom.core.errors import Conflict, NotFound
from opsroom.quality.conduct.sampling import judge
from opsroom.quality.findings.models import UNDECIDED, Defect
from opsroom.quality.inference.models import InferenceJob
from opsroom.quality.inference.taking import UNFINISHED
from opsroom.quality.inspections.models import INSPECTION_STATES, Inspection
from opsroom.quality.kinds import InspectionResult, InspectionStatus, InspectionType, LotStatus
from opsroom.quality.lots.models import Lot
from opsroom.quality.measurements.models import Measurement

BEFORE_INSPECTION = frozenset({LotStatus.CREATED, LotStatus.IN_PRODUCTION})


async def inspection_to_change(session: AsyncSession, inspection_id: UUID) -> Inspection:
    """The inspection, locked until the transaction ends.

    Raises:
        NotFound: there is none.
    """
    found = await session.get(Inspection, inspection_id, with_for_update=True, populate_existing=True)
    if found is None:
        raise NotFound(f"There is no inspection {inspection_id}.")
    return found


async def start(session: AsyncSession, actor: Actor, inspection: Inspection) -> Inspection:
    """Begin. The lot goes into inspection, unless it is looked at while it is being made."""
    _check(inspection, InspectionStatus.IN_PROGRESS)
    inspection.status = InspectionStatus.IN_PROGRESS
    inspection.started_at = now()
    inspection.inspector_id, inspection.inspector = actor.user_id, actor.name
    lot = await session.get_one(Lot, inspection.lot_id, with_for_update=True, populate_existing=True)
    if inspection.type is not InspectionType.IN_PROCESS and lot.status in BEFORE_INSPECTION:
        lot.status = LotStatus.IN_INSPECTION
    await session.flush()
    return inspection


async def complete(
    session: AsyncSession, inspection: Inspection, wanted: InspectionResult | None, remarks: str | None
) -> Inspection:
    """The result is what the plan says of the nonconforming units; a person may be stricter, never more lenient.

    Raises:
        Conflict: findings or values wait for a decision, or the result that was asked for contradicts the plan.
    """
    _check(inspection, InspectionStatus.COMPLETED)
    waiting = await _waiting(session, inspection.id)
    if waiting:
        raise Conflict(f"Decide first: {', '.join(waiting)}.", code="open_findings", waiting=waiting)
    judgement = await judge(session, inspection)
    if wanted is InspectionResult.ACCEPTED and judgement.result is InspectionResult.REJECTED:
        raise Conflict(f"The lot is not accepted: {judgement.why}.", code="plan_rejects")
    inspection.result = wanted or judgement.result
    inspection.status = InspectionStatus.COMPLETED
    inspection.completed_at = now()
    inspection.remarks = remarks or inspection.remarks
    await session.flush()
    return inspection


async def fail(session: AsyncSession, inspection: Inspection, reason: str) -> Inspection:
    """It could not be carried out; a re-inspection may replace it."""
    _check(inspection, InspectionStatus.FAILED)
    inspection.status, inspection.completed_at, inspection.remarks = InspectionStatus.FAILED, now(), reason
    await session.flush()
    return inspection


async def cancel(session: AsyncSession, inspection: Inspection, reason: str) -> Inspection:
    _check(inspection, InspectionStatus.CANCELLED)
    inspection.status, inspection.remarks = InspectionStatus.CANCELLED, reason
    await session.flush()
    return inspection


def _check(inspection: Inspection, status: InspectionStatus) -> None:
    before, after = inspection.status.value, status.value
    if before == after or not INSPECTION_STATES.allows(before, after):
        ways = ", ".join(INSPECTION_STATES.moves[before]) or "nothing any more"
        raise Conflict(f"The inspection is {before} and cannot become {after}; from here: {ways}.", code="status_moves")


async def _waiting(session: AsyncSession, inspection_id: UUID) -> list[str]:
    findings = await session.scalar(
        select(func.count()).where(Defect.inspection_id == inspection_id, Defect.review_status.in_(UNDECIDED))
    )
    values = await session.scalar(
        select(func.count()).where(
            Measurement.inspection_id == inspection_id,
            Measurement.manual,
            ~Measurement.within_limits,
            Measurement.confirmed_by_id.is_(None),
        )
    )
    looks = await session.scalar(
        select(func.count()).where(InferenceJob.inspection_id == inspection_id, InferenceJob.status.in_(UNFINISHED))
    )
    told = [
        (findings, "findings wait for review"),
        (values, "values outside their limits wait for a second person"),
        (looks, "images wait for a model"),
    ]
    return [f"{count} {what}" for count, what in told if count]
