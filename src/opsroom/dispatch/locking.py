"""Dispatchers take turns: what reads the state for a decision and what commits one hold the same lock."""

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

DISPATCH_LOCK = 7_301_155  # any number that nothing else takes as an advisory lock


async def take_turn(session: AsyncSession) -> None:
    """Wait for the other dispatchers, until the transaction ends. On SQLite every writing transaction does."""
    if session.get_bind().dialect.name == "postgresql":
        await session.execute(text(f"SELECT pg_advisory_xact_lock({DISPATCH_LOCK})"))
