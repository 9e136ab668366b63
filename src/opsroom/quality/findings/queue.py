"""What waits for review, the gravest and least certain first."""

from typing import Any
from uuid import UUID

from sqlalchemy import Select, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from opsroom.core.actor import Actor
from opsroom.quality.findings.models import WAITING, Defect
from opsroom.quality.inspections.models import Inspection
from opsroom.quality.kinds import ReviewStatus
from opsroom.quality.lots.models import Lot

MOST_COUNTED = 1000


def waiting_for(actor: Actor, limit: int) -> Select[UUID, str]:
    """Ids of findings, and their lots' numbers, that this person can do something about.

    The first ones are taken before anything is joined, so that the queue costs the same however long it is.
    """
    order = (Defect.severity_rank.desc(), Defect.uncertainty.desc(), Defect.created_at, Defect.id)
    first = _waiting_for(actor, Defect).order_by(*order).limit(limit).subquery()
    return (
        select(first.c.id, Lot.lot_number)
        .join(Inspection, Inspection.id == first.c.inspection_id)
        .join(Lot, Lot.id == Inspection.lot_id)
        .order_by(first.c.severity_rank.desc(), first.c.uncertainty.desc(), first.c.created_at, first.c.id)
    )


async def count_waiting(connection: AsyncConnection, actor: Actor) -> int:
    """How many wait for this person; more than `MOST_COUNTED` are not counted."""
    some = _waiting_for(actor, Defect.id).limit(MOST_COUNTED + 1).subquery()
    return await connection.scalar(select(func.count()).select_from(some)) or 0


def _waiting_for(actor: Actor, *columns: Any) -> Select[Any]:
    judged = (Defect.review_status == ReviewStatus.NEEDS_SECOND_REVIEW) & (Defect.first_reviewer_id == actor.user_id)
    return select(*columns).where(WAITING, ~judged)
