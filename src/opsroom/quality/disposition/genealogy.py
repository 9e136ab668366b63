"""What a lot was made of, and what was made of it."""

from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from sqlalchemy import func, literal, select
from sqlalchemy.ext.asyncio import AsyncConnection

from opsroom.quality.inspections.models import Inspection
from opsroom.quality.kinds import InspectionResult, LotStatus
from opsroom.quality.lots.models import Lot, LotParent
from opsroom.quality.parts.models import Part

DEEPEST = 50
Direction = Literal["back", "forward"]


@dataclass(frozen=True, slots=True)
class Relative:
    """depth: 1 for parents (or children), 2 for theirs, by the shortest way; inspections: number, and those refused"""

    id: UUID
    lot_number: str
    part_number: str
    status: LotStatus
    on_hold: bool
    depth: int
    inspections: int
    rejections: int


async def relatives(connection: AsyncConnection, lot_id: UUID, direction: Direction) -> list[Relative]:
    """Everything above (back) or below (forward), nearest first, with what was inspected on the way."""
    near, far = (LotParent.lot_id, LotParent.parent_id)
    if direction == "forward":
        near, far = far, near
    walk = select(far.label("id"), literal(1).label("depth")).where(near == lot_id).cte("walk", recursive=True)
    walk = walk.union(select(far, walk.c.depth + 1).join(walk, near == walk.c.id).where(walk.c.depth < DEEPEST))
    nearest = select(walk.c.id, func.min(walk.c.depth).label("depth")).group_by(walk.c.id).subquery()
    of_lot = select(func.count()).where(Inspection.lot_id == Lot.id)
    query = (
        select(
            Lot.id,
            Lot.lot_number,
            Part.part_number,
            Lot.status,
            Lot.on_hold,
            nearest.c.depth,
            of_lot.scalar_subquery().label("inspections"),
            of_lot.where(Inspection.result == InspectionResult.REJECTED).scalar_subquery().label("rejections"),
        )
        .join(Part, Part.id == Lot.part_id)
        .join(nearest, nearest.c.id == Lot.id)
        .order_by(nearest.c.depth, Lot.lot_number)
    )
    return [Relative(**row) for row in (await connection.execute(query)).mappings()]
