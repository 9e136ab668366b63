"""Policies read without waiting for anybody who writes."""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from opsroom.core.db.engine import Database
from opsroom.core.errors import NotFound
from opsroom.stores.sla.models import SlaPolicy


async def active_policies(database: Database) -> list[SlaPolicy]:
    async with database.reading() as connection, AsyncSession(connection) as session:
        query = select(SlaPolicy).where(SlaPolicy.active).order_by(SlaPolicy.name)
        found = list(await session.scalars(query))
        session.expunge_all()
        return found


async def find_policy(database: Database, policy_id: UUID) -> SlaPolicy:
    """
    Raises:
        NotFound: there is none.
    """
    async with database.reading() as connection, AsyncSession(connection) as session:
        policy = await session.get(SlaPolicy, policy_id)
        if policy is None:
            raise NotFound(f"There is no SLA policy {policy_id}.")
        session.expunge_all()
        return policy
