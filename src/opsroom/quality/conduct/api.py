"""`/api/v1/quality/inspections/{id}`: its plan and its course; `…/sampling-plan`: looking one up."""

from dataclasses import asdict
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from sqlalchemy.ext.asyncio import AsyncSession

from opsroom.core.actor import Actor
from opsroom.core.auth.guards import allow
from opsroom.core.db.session import Reading, Unit
from opsroom.quality.conduct import actions
from opsroom.quality.conduct.sampling import draw_plan, usable
from opsroom.quality.conduct.schemas import (
    CompletionAsked,
    LevelName,
    PlanAsked,
    PlanRead,
    ReasonAsked,
    SeverityName,
    StandingRead,
)
from opsroom.quality.conduct.switching import standing
from opsroom.quality.inspections.schemas import InspectionRead, SamplingPlanRead
from opsroom.quality.kinds import InspectionType
from opsroom.quality.naming import id_of
from opsroom.quality.parts.models import Part
from opsroom.quality.spc.acceptance import operating_characteristic
from opsroom.quality.spc.plans import sampling_plan

router = APIRouter(prefix="/api/v1/quality", tags=["quality"])
MayWrite = Annotated[Actor, allow("quality.inspections.write")]


@router.get("/sampling-plan", dependencies=[allow("quality.inspections.read")])
async def look_up_sampling_plan(
    lot: Annotated[int, Query(ge=2, lt=1 << 31, description="units in the lot")],
    aql: Annotated[float, Query(gt=0, le=1000)],
    level: LevelName = "II",
    severity: SeverityName = "normal",
) -> PlanRead:
    """The single sampling plan of ISO 2859-1 for a lot, with its operating characteristic."""
    with usable("aql"):
        plan = sampling_plan(lot, level, aql, severity)
        curve = operating_characteristic(lot, plan)
    return PlanRead.model_validate(asdict(plan) | {"inspect_all": plan.n >= lot, "oc": [asdict(p) for p in curve]})


@router.get("/sampling-plan/severity", dependencies=[allow("quality.inspections.read")])
async def look_up_severity(
    connection: Reading,
    part: Annotated[str, Query(max_length=80, description="part number")],
    aql: Annotated[float, Query(gt=0, le=1000)],
    level: LevelName = "II",
    type: InspectionType = InspectionType.FINAL,  # noqa: A002  the parameter's name
) -> StandingRead:
    """How severe the inspection of a part's next lot is, by the switching rules of ISO 2859-1."""
    async with AsyncSession(connection) as session:
        part_id = await id_of(session, Part.part_number, part, field="part")
        return StandingRead.model_validate(await standing(session, part_id, type, level, aql))


@router.post("/inspections/{inspection_id}/sampling-plan", status_code=201)
async def draw_sampling_plan(inspection_id: UUID, body: PlanAsked, _actor: MayWrite, session: Unit) -> SamplingPlanRead:
    """Draw the plan for this inspection's lot and keep it with the inspection."""
    inspection = await actions.inspection_to_change(session, inspection_id)
    plan = await draw_plan(session, inspection, body.level, body.aql, body.severity)
    return SamplingPlanRead.model_validate(plan, from_attributes=True)


@router.post("/inspections/{inspection_id}/start")
async def start_inspection(inspection_id: UUID, actor: MayWrite, session: Unit) -> InspectionRead:
    """Begin; whoever does so is its inspector."""
    inspection = await actions.inspection_to_change(session, inspection_id)
    return _read(await actions.start(session, actor, inspection))


@router.post("/inspections/{inspection_id}/complete")
async def complete_inspection(
    inspection_id: UUID, body: CompletionAsked, _actor: MayWrite, session: Unit
) -> InspectionRead:
    """End it with a result, once every finding is decided."""
    inspection = await actions.inspection_to_change(session, inspection_id)
    return _read(await actions.complete(session, inspection, body.result, body.remarks))


@router.post("/inspections/{inspection_id}/fail")
async def fail_inspection(inspection_id: UUID, body: ReasonAsked, _actor: MayWrite, session: Unit) -> InspectionRead:
    """It could not be carried out."""
    inspection = await actions.inspection_to_change(session, inspection_id)
    return _read(await actions.fail(session, inspection, body.reason))


@router.post("/inspections/{inspection_id}/cancel")
async def cancel_inspection(inspection_id: UUID, body: ReasonAsked, _actor: MayWrite, session: Unit) -> InspectionRead:
    """It is not carried out."""
    inspection = await actions.inspection_to_change(session, inspection_id)
    return _read(await actions.cancel(session, inspection, body.reason))


def _read(inspection: object) -> InspectionRead:
    return InspectionRead.model_validate(inspection, from_attributes=True)
