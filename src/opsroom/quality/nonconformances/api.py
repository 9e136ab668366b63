"""`/api/v1/quality/nonconformances/{number}` and `…/corrective-actions/{id}`: their course."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, Field

from opsroom.core.actor import Actor
from opsroom.core.auth.guards import allow
from opsroom.core.db.session import Unit
from opsroom.quality.kinds import NonconformanceStatus
from opsroom.quality.nonconformances import actions
from opsroom.quality.nonconformances.schemas import ActionRead, NonconformanceRead
from opsroom.quality.shapes import Words

router = APIRouter(prefix="/api/v1/quality", tags=["quality"])
MayWrite = Annotated[Actor, allow("quality.nonconformances.write")]


class Containment(BaseModel):
    containment: Words = Field(examples=["Lot held, line stopped"])


class Analysis(BaseModel):
    cause: Words = Field(examples=["Worn reamer"])


class EffectivenessCheck(BaseModel):
    effective: bool
    result: Words = Field(examples=["Five lots without a signal"])


@router.post("/nonconformances/{nonconformance_id}/contain")
async def contain_nonconformance(
    nonconformance_id: str, body: Containment, _actor: MayWrite, session: Unit
) -> NonconformanceRead:
    """Say what was done at once."""
    status = NonconformanceStatus.CONTAINED
    found = await actions.move_nonconformance(session, nonconformance_id, status, containment=body.containment)
    return NonconformanceRead.model_validate(found, from_attributes=True)


@router.post("/nonconformances/{nonconformance_id}/analyse")
async def analyse_nonconformance(
    nonconformance_id: str, body: Analysis, _actor: MayWrite, session: Unit
) -> NonconformanceRead:
    """Say why it came about."""
    status = NonconformanceStatus.ANALYSED
    found = await actions.move_nonconformance(session, nonconformance_id, status, cause=body.cause)
    return NonconformanceRead.model_validate(found, from_attributes=True)


@router.post("/nonconformances/{nonconformance_id}/close")
async def close_nonconformance(nonconformance_id: str, _actor: MayWrite, session: Unit) -> NonconformanceRead:
    """Close it, once an action has proved effective and none is unfinished."""
    found = await actions.move_nonconformance(session, nonconformance_id, NonconformanceStatus.CLOSED)
    return NonconformanceRead.model_validate(found, from_attributes=True)


@router.post("/nonconformances/{nonconformance_id}/cancel")
async def cancel_nonconformance(nonconformance_id: str, _actor: MayWrite, session: Unit) -> NonconformanceRead:
    """It was none."""
    found = await actions.move_nonconformance(session, nonconformance_id, NonconformanceStatus.CANCELLED)
    return NonconformanceRead.model_validate(found, from_attributes=True)


@router.post("/corrective-actions/{corrective_action_id}/done")
async def finish_corrective_action(corrective_action_id: UUID, _actor: MayWrite, session: Unit) -> ActionRead:
    """It was carried out; whether it helped is checked next."""
    found = await actions.finish_action(session, corrective_action_id)
    return ActionRead.model_validate(found, from_attributes=True)


@router.post("/corrective-actions/{corrective_action_id}/check")
async def check_corrective_action(
    corrective_action_id: UUID, body: EffectivenessCheck, actor: MayWrite, session: Unit
) -> ActionRead:
    """Judge, as another person than its owner, whether it helped."""
    found = await actions.check_action(
        session, actor, corrective_action_id, effective=body.effective, result=body.result
    )
    return ActionRead.model_validate(found, from_attributes=True)


@router.post("/corrective-actions/{corrective_action_id}/cancel")
async def cancel_corrective_action(corrective_action_id: UUID, _actor: MayWrite, session: Unit) -> ActionRead:
    """It is not carried out."""
    found = await actions.cancel_action(session, corrective_action_id)
    return ActionRead.model_validate(found, from_attributes=True)
