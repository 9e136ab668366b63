"""Nonconformances and corrective actions, declared."""

from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from opsroom.core.actor import Actor
from opsroom.core.clock import now
from opsroom.core.resources.declaration import Resource
from opsroom.core.shapes import patch_of
from opsroom.quality.lots.models import Lot
from opsroom.quality.naming import id_of
from opsroom.quality.nonconformances.models import CorrectiveAction, Nonconformance
from opsroom.quality.nonconformances.schemas import (
    ActionChange,
    ActionCreate,
    ActionRead,
    NonconformanceChange,
    NonconformanceCreate,
    NonconformanceRead,
)


async def _prepare_nonconformance(
    session: AsyncSession, _actor: Actor, values: dict[str, Any], record_id: UUID | None
) -> dict[str, Any]:
    if record_id is not None:
        values = {name: value for name, value in values.items() if name != "number"}
    if "lot_id" not in values:
        return values
    values = values | {"lot_id": await id_of(session, Lot.lot_number, values["lot_id"], field="lot_id")}
    if record_id is not None:
        return values
    number = values["number"] or await _next_number(session)
    return values | {"number": number}


async def _next_number(session: AsyncSession) -> str:
    """`NCR-2026-0007`. Two that are given at once collide, and the second is refused."""
    prefix = f"NCR-{now().year}-"
    given = await session.scalar(
        select(func.count()).select_from(Nonconformance).where(Nonconformance.number.startswith(prefix))
    )
    return f"{prefix}{(given or 0) + 1:04}"


async def _prepare_action(
    session: AsyncSession, _actor: Actor, values: dict[str, Any], record_id: UUID | None
) -> dict[str, Any]:
    if record_id is not None:
        return values
    found = await id_of(session, Nonconformance.number, values["nonconformance_id"], field="nonconformance_id")
    return values | {"nonconformance_id": found}


NONCONFORMANCES = Resource(
    model=Nonconformance,
    prefix="/api/v1/quality/nonconformances",
    tags=("quality",),
    read=NonconformanceRead,
    create=NonconformanceCreate,
    update=patch_of(NonconformanceChange),
    permission="quality.nonconformances",
    key="number",
    search=("number", "title", "description", "owner"),
    deletable=False,
    prepare=_prepare_nonconformance,
)
CORRECTIVE_ACTIONS = Resource(
    model=CorrectiveAction,
    prefix="/api/v1/quality/corrective-actions",
    tags=("quality",),
    read=ActionRead,
    create=ActionCreate,
    update=patch_of(ActionChange),
    permission="quality.nonconformances",
    search=("description", "owner"),
    deletable=False,
    prepare=_prepare_action,
)
