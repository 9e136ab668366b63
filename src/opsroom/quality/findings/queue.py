"""What waits for review, the gravest and least certain first."""

from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession
from sqlalchemy.orm import aliased

from opsroom.core.actor import Actor
from opsroom.quality.findings.models import WAITING, Defect
from opsroom.quality.inspections.models import Inspection
from opsroom.quality.kinds import ReviewStatus
from opsroom.quality.lots.models import Lot

MOST_COUNTED = 1000


async def waiting_for(connection: AsyncConnection, actor: Actor, limit: int) -> list[tuple[str, Defect]]:
    """Findings that this person can do something about, with their lots' numbers.

    The first ones are taken before anything is joined, so that the queue costs the same however long it is.
    """
    first = _waiting_for(actor, Defect).order_by(*_order(Defect)).limit(limit).subquery()
    found = aliased(Defect, first)
    query = (
        select(Lot.lot_number, found)
        .join(Inspection, Inspection.id == found.inspection_id)
        .join(Lot, Lot.id == Inspection.lot_id)
        .order_by(*_order(found))
    )
    async with AsyncSession(connection) as session:
        rows = [(number, finding) for number, finding in await session.execute(query)]
        session.expunge_all()
    return rows


async def count_waiting(connection: AsyncConnection, actor: Actor) -> int:
    """How many wait for this person; more than `MOST_COUNTED` are not counted."""
    some = _waiting_for(actor, Defect.id).limit(MOST_COUNTED + 1).subquery()
    return await connection.scalar(select(func.count()).select_from(some)) or 0


def _waiting_for(actor: Actor, *columns: Any) -> Select[Any]:
    judged = (Defect.review_status == ReviewStatus.NEEDS_SECOND_REVIEW) & (Defect.first_reviewer_id == actor.user_id)
    return select(*columns).where(WAITING, ~judged)


def _order(finding: type[Defect]) -> tuple[Any, ...]:
    return finding.severity_rank.desc(), finding.uncertainty.desc(), finding.created_at, finding.id
