"""Lots and their parents, declared."""

from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from opsroom.core.actor import Actor
from opsroom.core.errors import Conflict
from opsroom.core.resources.declaration import Parent, Resource
from opsroom.core.resources.presentation import Presentation
from opsroom.core.shapes import patch_of
from opsroom.quality.lots.models import Lot, LotParent
from opsroom.quality.lots.schemas import LotChange, LotCreate, LotRead, ParentCreate, ParentRead
from opsroom.quality.naming import id_of
from opsroom.quality.parts.models import Part


async def _prepare_lot(
    session: AsyncSession, _actor: Actor, values: dict[str, Any], lot_id: UUID | None
) -> dict[str, Any]:
    if "part_id" not in values:
        return values
    part = await session.get_one(Part, await id_of(session, Part.part_number, values["part_id"], field="part_id"))
    if lot_id is None and not part.active:
        raise Conflict(f"The part {part.part_number} is not active; no lot is made of it.", field="part_id")
    return values | {"part_id": part.id}


async def _prepare_parent(
    session: AsyncSession, _actor: Actor, values: dict[str, Any], _link_id: UUID | None
) -> dict[str, Any]:
    if "parent_id" not in values:
        return values
    return values | {"parent_id": await id_of(session, Lot.lot_number, values["parent_id"], field="parent_id")}


LOTS = Resource(
    model=Lot,
    prefix="/api/v1/quality/lots",
    tags=("quality",),
    read=LotRead,
    create=LotCreate,
    update=patch_of(LotChange),
    permission="quality.lots",
    key="lot_number",
    search=("lot_number", "supplier", "line"),
    presentation=Presentation(
        page="/console/quality/lots/{lot_number}",
        columns=("lot_number", "status", "on_hold", "quantity", "produced_at", "line"),
    ),
    prepare=_prepare_lot,
)
PARENTS = Resource(
    model=LotParent,
    prefix="/parents",
    parent=Parent(LOTS, "lot_id"),
    tags=("quality",),
    read=ParentRead,
    create=ParentCreate,
    permission="quality.lots",
    prepare=_prepare_parent,
)
